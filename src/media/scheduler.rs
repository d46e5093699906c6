//! The order in which wanted pictures are fetched and decoded.
//!
//! One task owns all state: what is wanted, running, waiting for a retry, and answered. Fetches and decodes run as
//! tasks of its own and end with it. Each time something changes, the most urgent pictures that may be fetched are
//! started, as far as the limits allow. Invariant: a key is in at most one of `jobs` and `backoff`.

use super::{
    body::{FetchProgress, HttpBody},
    cache::Cache,
    config::MediaConfig,
    decoder::DecoderPool,
    demand::{Demand, Demands, FetchSource},
    error::FetchError,
    fetch::Fetcher,
    job::{self, BodySource},
    jpeg::JpegError,
    policy::Policy,
    reason::FailureContext,
};
use crate::{
    event::PictureUrl,
    picture::{Picture, PictureFailure, PictureKey, PictureRequest, PictureUpdate},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    select,
    sync::{mpsc, oneshot, watch},
    task::{Id, JoinError, JoinSet, spawn_blocking},
    time::{Instant, sleep_until},
};
use url::Url;

/// The time for which a host that answered 429 gets fewer requests.
const THROTTLE_PERIOD: Duration = Duration::from_mins(1);

/// The number of requests that may run at once to a throttled host.
const THROTTLED_JOBS: usize = 2;

/// The time between two attempts to get a descriptor, and their number: 30 s in all.
const FILE_WAIT: Duration = Duration::from_millis(500);
const MAX_FILE_WAITS: u32 = 60;

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
    /// Keys that wait to be fetched again.
    backoff: HashMap<PictureKey, FetchRetry>,
    /// Hosts that answered 429, and until when they get fewer requests.
    throttled: HashMap<String, Instant>,
}

/// A fetch that is to be repeated.
#[derive(Clone, Copy)]
struct FetchRetry {
    /// The time at which it may start.
    at: Instant,
    attempt: Attempt,
    /// The number of times that it has waited for descriptors.
    waits: u32,
}

/// A picture in work.
struct FetchJob {
    request: PictureRequest,
    task: Id,
    stage: Stage,
    attempt: Attempt,
    waits: u32,
    /// Tells the task that its picture is no longer wanted; `None` after it was told.
    cancel: Option<oneshot::Sender<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Fetching,
    Decoding,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    Second,
}

/// The result of a task.
enum TaskResult {
    Fetched(PictureKey, Result<HttpBody, FetchError>),
    Decoded(PictureKey, Result<Picture, (JpegError, HttpBody)>),
    Cancelled(PictureKey),
    Cached,
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
            decoders: Arc::new(DecoderPool::new(config.decoder.clone())),
            cache: cache.map(Arc::new),
            unused_proxy: PROXY_VARIABLES.into_iter().find(is_set).filter(|_| config.proxy.is_none()),
            config,
            updates,
            wanted: Arc::default(),
            answered: HashMap::new(),
            jobs: HashMap::new(),
            tasks: JoinSet::new(),
            backoff: HashMap::new(),
            throttled: HashMap::new(),
        }
    }

    /// Runs until the handle or the receiver of the updates is dropped.
    pub(super) async fn run(mut self, mut demands: watch::Receiver<Demands>) {
        loop {
            let next_retry = self.backoff.values().map(|retry| retry.at).min();
            let handled = select! {
                changed = demands.changed() => match changed {
                    Ok(()) => {
                        let list = demands.borrow_and_update().list.clone();
                        self.set_wanted(list).await
                    }
                    Err(_handle_dropped) => return,
                },
                Some(ended) = self.tasks.join_next_with_id() => self.task_ended(ended).await,
                () = sleep_until(next_retry.unwrap_or_else(Instant::now)), if next_retry.is_some() => Ok(()),
            };
            let Ok(()) = handled else { return };
            let Ok(()) = self.start_jobs().await else { return };
        }
    }

    async fn send(&self, update: PictureUpdate) -> Result<(), UpdatesClosed> {
        self.updates.send(update).await.map_err(|_receiver_dropped| UpdatesClosed)
    }

    /// Replaces the list of wanted pictures and cancels what is no longer on it.
    async fn set_wanted(&mut self, wanted: Arc<[Demand]>) -> Result<(), UpdatesClosed> {
        let listed: HashMap<PictureKey, u64> = wanted.iter().map(|demand| (demand.request.key, demand.since)).collect();
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
        let mut running: HashMap<String, usize> = HashMap::new();
        for job in self.jobs.values().filter(|job| job.stage == Stage::Fetching) {
            *running.entry(host_key(&job.request.url)).or_default() += 1;
        }
        let mut free = self.config.jobs.max(1).saturating_sub(running.values().sum());
        // Bodies that wait for a decoder take memory.
        free = free.min((2 * self.config.jobs.max(1)).saturating_sub(self.jobs.len()));
        let wanted = self.wanted.clone();
        let mut seen = HashSet::new();
        for demand in wanted.iter().filter(|demand| seen.insert(demand.request.key)) {
            if free == 0 {
                break;
            }
            let key = demand.request.key;
            let waits = self.backoff.get(&key).is_some_and(|retry| retry.at > now);
            if waits || self.answered.contains_key(&key) || self.jobs.contains_key(&key) {
                continue;
            }
            let host = host_key(&demand.request.url);
            let at_host = running.entry(host.clone()).or_default();
            if self.throttled.contains_key(&host) && *at_host >= THROTTLED_JOBS {
                continue;
            }
            *at_host += 1;
            free -= 1;
            self.start_fetch(demand.request.clone(), demand.source).await?;
        }
        Ok(())
    }

    async fn start_fetch(&mut self, request: PictureRequest, source: FetchSource) -> Result<(), UpdatesClosed> {
        let key = request.key;
        let retry = self.backoff.remove(&key);
        let (attempt, waits) = retry.map_or((Attempt::First, 0), |retry| (retry.attempt, retry.waits));
        let (cancel, cancelled) = oneshot::channel();
        let progress = Arc::new(FetchProgress::default());
        let source = BodySource {
            cache: self.cache.clone().filter(|_| source == FetchSource::CacheOrNetwork),
            mode: self.config.fetch,
            max_bytes: self.config.max_bytes,
            fetcher: self.fetcher.clone(),
        };
        let fetch = source.fetch(request.clone(), progress.clone());
        let fetch = async move {
            let fetched = job::until_cancelled(fetch, cancelled, progress).await;
            fetched.map_or(TaskResult::Cancelled(key), |fetched| TaskResult::Fetched(key, fetched))
        };
        let task = self.tasks.spawn(fetch).id();
        let stage = Stage::Fetching;
        self.jobs.insert(key, FetchJob { request, task, stage, attempt, waits, cancel: Some(cancel) });
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
            Ok((_, TaskResult::Fetched(key, Ok(body)))) => {
                self.start_decode(key, body);
                Ok(())
            }
            Ok((_, TaskResult::Fetched(key, Err(error)))) => self.retry_or_fail(key, &error).await,
            Ok((_, TaskResult::Cached)) => Ok(()),
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
                let failure =
                    PictureFailure { what: "internal error of thumbview".into(), advice: Vec::new(), allow: None };
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
        self.tasks.spawn(async move {
            // The cache itself reports its errors.
            let _done = spawn_blocking(move || cache.put(&request, &jpeg)).await;
            TaskResult::Cached
        });
    }

    /// Schedules a second fetch if that may help, else reports the failure.
    async fn retry_or_fail(&mut self, key: PictureKey, error: &FetchError) -> Result<(), UpdatesClosed> {
        let Some(job) = self.jobs.get(&key) else { return Ok(()) };
        let now = Instant::now();
        if job::is_throttling(error) {
            self.throttled.insert(host_key(&job.request.url), now + THROTTLE_PERIOD);
        }
        let retry = if matches!(error, FetchError::TooManyFiles) {
            // The fault is on this side, so that the attempt does not count.
            let waits = job.waits + 1;
            (waits <= MAX_FILE_WAITS).then_some(FetchRetry { at: now + FILE_WAIT, attempt: job.attempt, waits })
        } else {
            let backoff = job::backoff(error).filter(|_| job.attempt == Attempt::First);
            backoff.map(|backoff| FetchRetry { at: now + backoff, attempt: Attempt::Second, waits: job.waits })
        };
        if let Some(retry) = retry.filter(|_| job.cancel.is_some()) {
            self.jobs.remove(&key);
            self.backoff.insert(key, retry);
            return Ok(());
        }
        let failure = self.failure_context(&job.request.url).explain_fetch(error);
        self.finish(key, PictureUpdate::Failed(key, failure)).await
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

/// Returns the host and port of a URL, by which requests to one host are counted; empty if it has none.
fn host_key(url: &PictureUrl) -> String {
    let url = Url::parse(url.reveal()).ok();
    url.and_then(|url| Some(format!("{}:{}", url.host()?, url.port_or_known_default()?))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_keys_tell_hosts_and_ports_apart() {
        let check = |url: &str, expected: &str| assert_eq!(host_key(&PictureUrl::new(url)), expected);
        check("https://A.example/x", "a.example:443");
        check("http://a.example/x", "a.example:80");
        check("http://127.1:8787/x", "127.0.0.1:8787");
        check("nonsense", "");
    }
}
