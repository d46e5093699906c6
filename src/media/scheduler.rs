//! The order in which wanted pictures are fetched and decoded.
//!
//! One task owns all state: what is wanted, running, waiting for a retry, and answered. Fetches and decodes run as
//! tasks of its own and end with it. Each time something changes, the most urgent pictures that may be fetched are
//! started, as far as the limits allow. A picture to check is first looked for in the cache, so that only requests are
//! subject to the limits of its host. Invariant: a key is in at most one of `jobs` and `backoff`.

use super::{
    body::{FetchProgress, HttpBody},
    cache::Cache,
    config::MediaConfig,
    decoder::DecoderPool,
    demand::{Demand, Demands, FetchSource, Priority},
    error::FetchError,
    fetch::Fetcher,
    host::{HostAnswer, HostClosure, HostGate, HostRecord},
    job::{self, BodySource},
    jpeg::JpegError,
    policy::Policy,
    reason::FailureContext,
};
use crate::{
    event::PictureUrl,
    picture::{FailureKind, FetchMode, Picture, PictureFailure, PictureKey, PictureRequest, PictureUpdate},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    select,
    sync::{mpsc, oneshot, watch},
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until, timeout},
};

/// The time for which a host that answered 429 gets fewer requests.
const THROTTLE_PERIOD: Duration = Duration::from_mins(1);

/// The number of requests that may run at once to a throttled host.
const THROTTLED_JOBS: usize = 2;

/// The time between two attempts to get a descriptor, and their number: 30 s in all.
const FILE_WAIT: Duration = Duration::from_millis(500);
const MAX_FILE_WAITS: u32 = 60;

/// The longest wait at the end for pictures that are being written to the cache.
const CACHE_WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// The environment's proxy variables, most important first.
const PROXY_VARIABLES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

/// Fetches and decodes what is wanted; see the module.
pub(super) struct Scheduler {
    config: MediaConfig,
    fetcher: Arc<Fetcher>,
    decoders: Arc<DecoderPool>,
    cache: Option<Arc<Cache>>,
    updates: mpsc::Sender<PictureUpdate>,
    unused_proxy: Option<&'static str>,
    wanted: Arc<[Demand]>,
    /// Listed keys that were answered, with the revision since which they were listed at that time.
    answered: HashMap<PictureKey, u64>,
    jobs: HashMap<PictureKey, FetchJob>,
    tasks: JoinSet<TaskResult>,
    /// Writes to the cache, which are waited for at the end.
    cache_writes: JoinSet<()>,
    /// Keys that wait to be fetched again.
    backoff: HashMap<PictureKey, FetchRetry>,
    /// Hosts that answered 429, and until when they get fewer requests.
    throttled: HashMap<Arc<str>, Instant>,
    /// The hosts of the check that is going on.
    hosts: HashMap<Arc<str>, HostRecord>,
    /// The time at which something that waits may start.
    wake_at: Option<Instant>,
}

/// A fetch that is to be continued.
#[derive(Clone, Copy)]
struct FetchRetry {
    /// The time at which it may start.
    at: Instant,
    /// The requests that were made.
    attempts: u32,
    /// The number of times that it has waited for descriptors.
    waits: u32,
}

/// A picture in work.
struct FetchJob {
    request: PictureRequest,
    host: Arc<str>,
    priority: Priority,
    task: Id,
    stage: Stage,
    /// The requests that were made, with the present one.
    attempts: u32,
    waits: u32,
    /// Tells the task that its picture is no longer wanted; `None` after it was told.
    cancel: Option<oneshot::Sender<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Being looked for in the cache alone.
    Seeking,
    Fetching,
    Decoding,
}

/// The result of a task.
enum TaskResult {
    Fetched(PictureKey, Result<HttpBody, FetchError>),
    /// The cache does not have it.
    Uncached(PictureKey),
    Decoded(PictureKey, Result<Picture, (JpegError, HttpBody)>),
    Cancelled(PictureKey),
}

/// The receiver of the updates is gone.
struct UpdatesClosed;

impl Scheduler {
    pub(super) fn new(
        config: MediaConfig,
        policy: watch::Receiver<Policy>,
        cache: Option<Cache>,
        updates: mpsc::Sender<PictureUpdate>,
    ) -> Self {
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            fetcher: Arc::new(Fetcher::new(config.clone(), policy)),
            decoders: Arc::new(DecoderPool::new(config.decoder.clone(), config.format)),
            cache: cache.map(Arc::new),
            unused_proxy: PROXY_VARIABLES.into_iter().find(is_set).filter(|_| config.proxy.is_none()),
            config,
            updates,
            wanted: Arc::default(),
            answered: HashMap::new(),
            jobs: HashMap::new(),
            tasks: JoinSet::new(),
            cache_writes: JoinSet::new(),
            backoff: HashMap::new(),
            throttled: HashMap::new(),
            hosts: HashMap::new(),
            wake_at: None,
        }
    }

    /// Runs until the handle or the receiver of the updates is dropped.
    pub(super) async fn run(mut self, mut demands: watch::Receiver<Demands>) {
        loop {
            let wake_at = self.wake_at;
            let handled = select! {
                changed = demands.changed() => match changed {
                    Ok(()) => {
                        let list = demands.borrow_and_update().list.clone();
                        self.set_wanted(list).await
                    }
                    Err(_handle_dropped) => return self.finish_cache_writes().await,
                },
                Some(_written) = self.cache_writes.join_next() => Ok(()),
                Some(ended) = self.tasks.join_next_with_id() => self.task_ended(ended).await,
                () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => Ok(()),
            };
            let Ok(()) = handled else { return };
            let Ok(()) = self.start_jobs().await else { return };
        }
    }

    /// Waits for the cache, but not for a disk that hangs.
    async fn finish_cache_writes(mut self) {
        self.tasks.abort_all();
        let written = async { while self.cache_writes.join_next().await.is_some() {} };
        let _elapsed = timeout(CACHE_WRITE_TIMEOUT, written).await;
    }

    async fn send(&self, update: PictureUpdate) -> Result<(), UpdatesClosed> {
        self.updates.send(update).await.map_err(|_receiver_dropped| UpdatesClosed)
    }

    /// Replaces the list of wanted pictures and cancels what is no longer on it.
    async fn set_wanted(&mut self, wanted: Arc<[Demand]>) -> Result<(), UpdatesClosed> {
        let listed: HashMap<PictureKey, u64> = wanted.iter().map(|demand| (demand.request.key, demand.since)).collect();
        let is_check = |demand: &Demand| demand.priority == Priority::Check;
        if !wanted.iter().any(is_check) {
            self.hosts.clear();
        }
        self.wanted = wanted;
        self.answered.retain(|key, since| listed.get(key) == Some(since));
        for (key, job) in &mut self.jobs {
            if !listed.contains_key(key)
                && let Some(cancel) = job.cancel.take()
            {
                // Fails if the task has just ended by itself.
                let _ended = cancel.send(());
            }
        }
        let dropped: Vec<PictureKey> = self.backoff.keys().filter(|key| !listed.contains_key(key)).copied().collect();
        for key in dropped {
            self.backoff.remove(&key);
            self.send(PictureUpdate::Dropped(key)).await?;
        }
        Ok(())
    }

    /// Starts fetches, most urgent first, as far as the limits allow.
    async fn start_jobs(&mut self) -> Result<(), UpdatesClosed> {
        let now = Instant::now();
        self.throttled.retain(|_, until| *until > now);
        self.wake_at = None;
        let is_fetching = |job: &&FetchJob| job.stage == Stage::Fetching;
        let mut running: HashMap<Arc<str>, usize> = HashMap::new();
        for job in self.jobs.values().filter(is_fetching) {
            *running.entry(job.host.clone()).or_default() += 1;
        }
        let busy = self.jobs.values().filter(|job| job.stage != Stage::Decoding).count();
        let mut free = self.config.jobs.max(1).saturating_sub(busy);
        // Bodies that wait for a decoder take memory.
        free = free.min((2 * self.config.jobs.max(1)).saturating_sub(self.jobs.len()));
        let wanted = self.wanted.clone();
        for demand in wanted.iter() {
            if free == 0 {
                break;
            }
            let key = demand.request.key;
            if self.answered.contains_key(&key) || self.jobs.contains_key(&key) {
                continue;
            }
            let stage = self.first_stage(demand);
            let at_host = running.get(&demand.host).copied().unwrap_or(0);
            match self.gate(demand, stage, at_host, now) {
                HostGate::Open => {
                    free -= 1;
                    if stage == Stage::Fetching {
                        *running.entry(demand.host.clone()).or_default() += 1;
                        let host = self.hosts.entry(demand.host.clone()).or_default();
                        host.note_start(now, self.config.check);
                    }
                    self.start_fetch(demand, stage).await?;
                }
                HostGate::At(time) => self.wake_at = Some(self.wake_at.map_or(time, |wake_at| wake_at.min(time))),
                HostGate::AfterOthers => {}
                HostGate::Closed(closure) => self.leave_out(demand, closure).await?,
            }
        }
        Ok(())
    }

    /// Returns whether the cache alone is asked first: a picture to check must not wait for its host if it is there.
    fn first_stage(&self, demand: &Demand) -> Stage {
        let seeks = demand.priority == Priority::Check
            && demand.source == FetchSource::CacheOrNetwork
            && self.cache.is_some()
            && !self.backoff.contains_key(&demand.request.key);
        if seeks { Stage::Seeking } else { Stage::Fetching }
    }

    /// Returns whether a stage may begin now, while `at_host` requests to the host are running.
    fn gate(&self, demand: &Demand, stage: Stage, at_host: usize, now: Instant) -> HostGate {
        match self.backoff.get(&demand.request.key) {
            Some(retry) if retry.at > now => return HostGate::At(retry.at),
            Some(_) | None => {}
        }
        let is_request = stage == Stage::Fetching && self.config.fetch != FetchMode::Never;
        if is_request && demand.priority == Priority::Check && !self.fetcher.refuses(&demand.request.url) {
            let gate = self.hosts.get(&demand.host).map(|host| host.gate(now, at_host, self.config.check));
            match gate {
                Some(HostGate::Open) | None => {}
                Some(closed) => return closed,
            }
        }
        let is_throttled = self.throttled.contains_key(&demand.host) && at_host >= THROTTLED_JOBS;
        if is_request && is_throttled { HostGate::AfterOthers } else { HostGate::Open }
    }

    /// Reports a picture whose host is asked no more.
    async fn leave_out(&mut self, demand: &Demand, closure: HostClosure) -> Result<(), UpdatesClosed> {
        let key = demand.request.key;
        self.backoff.remove(&key);
        let failure = self.failure_context(&demand.request.url).explain_closure(closure);
        self.finish(key, PictureUpdate::Failed(key, failure)).await
    }

    async fn start_fetch(&mut self, demand: &Demand, stage: Stage) -> Result<(), UpdatesClosed> {
        let (key, request) = (demand.request.key, demand.request.clone());
        let retry = self.backoff.remove(&key);
        let (attempts, waits) = retry.map_or((0, 0), |retry| (retry.attempts, retry.waits));
        let is_sought = demand.priority == Priority::Check && stage == Stage::Fetching;
        let (cancel, cancelled) = oneshot::channel();
        let progress = Arc::new(FetchProgress::default());
        let mut source = BodySource {
            cache: self.cache.clone().filter(|_| demand.source == FetchSource::CacheOrNetwork && !is_sought),
            mode: self.config.fetch,
            max_bytes: self.config.max_bytes,
            fetcher: self.fetcher.clone(),
        };
        let (wanted, noted) = (request.clone(), progress.clone());
        let fetch = async move {
            if stage == Stage::Seeking {
                let found = source.cached(wanted).await;
                return found.map_or(TaskResult::Uncached(key), |body| TaskResult::Fetched(key, Ok(body)));
            }
            TaskResult::Fetched(key, source.fetch(wanted, noted).await)
        };
        let fetch =
            async move { job::until_cancelled(fetch, cancelled, progress).await.unwrap_or(TaskResult::Cancelled(key)) };
        let job = FetchJob {
            request,
            host: demand.host.clone(),
            priority: demand.priority,
            task: self.tasks.spawn(fetch).id(),
            stage,
            attempts: attempts + u32::from(stage == Stage::Fetching),
            waits,
            cancel: Some(cancel),
        };
        self.jobs.insert(key, job);
        match retry {
            None => self.send(PictureUpdate::Started(key)).await,
            Some(_) => Ok(()),
        }
    }

    async fn task_ended(&mut self, ended: Result<(Id, TaskResult), JoinError>) -> Result<(), UpdatesClosed> {
        match ended {
            Ok((_, TaskResult::Cancelled(key))) => {
                self.jobs.remove(&key);
                self.send(PictureUpdate::Dropped(key)).await
            }
            Ok((_, TaskResult::Uncached(key))) => self.start_request_later(key).await,
            Ok((_, TaskResult::Fetched(key, Ok(body)))) => {
                if !body.info.from_cache {
                    self.note_answer(key, HostAnswer::Picture);
                }
                self.start_decode(key, body);
                Ok(())
            }
            Ok((_, TaskResult::Fetched(key, Err(error)))) => self.retry_or_fail(key, &error).await,
            Ok((_, TaskResult::Decoded(key, Ok(picture)))) => {
                self.start_caching(key, &picture);
                self.finish(key, PictureUpdate::Loaded(key, Arc::new(picture))).await
            }
            Ok((_, TaskResult::Decoded(key, Err((error, body))))) => {
                let Some(job) = self.jobs.get(&key) else { return Ok(()) };
                let failure = self.failure_context(&job.request.url).explain_jpeg(&error, &body);
                self.finish(key, PictureUpdate::Failed(key, failure)).await
            }
            Err(panicked) => {
                let job = self.jobs.iter().find(|(_, job)| job.task == panicked.id());
                let Some(key) = job.map(|(key, _)| *key) else { return Ok(()) };
                let failure = PictureFailure {
                    kind: FailureKind::Unknown,
                    what: "internal error of thumbview".into(),
                    advice: Vec::new(),
                    allow: None,
                };
                self.finish(key, PictureUpdate::Failed(key, failure)).await
            }
        }
    }

    fn start_decode(&mut self, key: PictureKey, body: HttpBody) {
        let Some(job) = self.jobs.get_mut(&key) else { return };
        job.stage = Stage::Decoding;
        let decoders = self.decoders.clone();
        job.task = self.tasks.spawn(async move { TaskResult::Decoded(key, job::decode(&decoders, body).await) }).id();
    }

    /// Writes an undamaged picture to the cache in the background.
    fn start_caching(&mut self, key: PictureKey, picture: &Picture) {
        let Some((cache, job)) = self.cache.clone().zip(self.jobs.get(&key)) else { return };
        if picture.damage.is_some() || picture.fetched.from_cache {
            return;
        }
        let (request, jpeg) = (job.request.clone(), picture.jpeg.clone());
        // The cache itself reports its errors.
        self.cache_writes.spawn_blocking(move || cache.put(&request, &jpeg));
    }

    /// Has a picture that the cache does not have requested as soon as its host may be asked.
    async fn start_request_later(&mut self, key: PictureKey) -> Result<(), UpdatesClosed> {
        let Some(job) = self.jobs.remove(&key) else { return Ok(()) };
        if job.cancel.is_none() {
            return self.send(PictureUpdate::Dropped(key)).await;
        }
        self.backoff.insert(key, FetchRetry { at: Instant::now(), attempts: job.attempts, waits: job.waits });
        Ok(())
    }

    /// Schedules another fetch if that may help, else reports the failure.
    async fn retry_or_fail(&mut self, key: PictureKey, error: &FetchError) -> Result<(), UpdatesClosed> {
        let Some(job) = self.jobs.get(&key) else { return Ok(()) };
        let now = Instant::now();
        let host = job.host.clone();
        if job::is_throttling(error) {
            self.throttled.insert(host.clone(), now + THROTTLE_PERIOD);
        }
        let retry = if matches!(error, FetchError::TooManyFiles) {
            // The fault is on this side, so that the attempt does not count.
            let (waits, attempts) = (job.waits + 1, job.attempts.saturating_sub(1));
            (waits <= MAX_FILE_WAITS).then_some(FetchRetry { at: now + FILE_WAIT, attempts, waits })
        } else {
            let backoff = job::backoff(error, job.priority, job.attempts);
            backoff.map(|backoff| FetchRetry { at: now + backoff, attempts: job.attempts, waits: job.waits })
        };
        let retry = retry.filter(|_| job.cancel.is_some());
        // Only a check gives up a host that limits it: a picture that is looked at is one request.
        let is_last = retry.is_none() && job.priority == Priority::Check;
        if let Some(answer) = job::host_answer(error, is_last) {
            self.note_answer(key, answer);
        }
        if let Some(after) = job::retry_after(error) {
            self.hosts.entry(host.clone()).or_default().not_before(now + after);
        }
        if let Some(retry) = retry {
            self.jobs.remove(&key);
            self.backoff.insert(key, retry);
            return Ok(());
        }
        let Some(job) = self.jobs.get(&key) else { return Ok(()) };
        let mut failure = self.failure_context(&job.request.url).explain_fetch(error);
        let is_limited = self.hosts.get(&host).is_some_and(HostRecord::is_limiting);
        if is_limited && job.priority == Priority::Check && failure.kind == FailureKind::Forbidden {
            failure.kind = FailureKind::Throttled;
        }
        self.finish(key, PictureUpdate::Failed(key, failure)).await
    }

    /// Notes the answer of a host to the request for a picture.
    fn note_answer(&mut self, key: PictureKey, answer: HostAnswer) {
        let Some(job) = self.jobs.get(&key) else { return };
        let host = self.hosts.entry(job.host.clone()).or_default();
        host.note_answer(answer, &job.request.asset, Instant::now());
    }

    fn failure_context<'a>(&self, url: &'a PictureUrl) -> FailureContext<'a> {
        FailureContext { url, now: jiff::Timestamp::now(), unused_proxy: self.unused_proxy }
    }

    /// Ends a job and reports its result.
    async fn finish(&mut self, key: PictureKey, update: PictureUpdate) -> Result<(), UpdatesClosed> {
        self.jobs.remove(&key);
        if let Some(demand) = self.wanted.iter().find(|demand| demand.request.key == key) {
            self.answered.insert(key, demand.since);
        }
        self.send(update).await
    }
}
