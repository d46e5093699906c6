//! Who is served next.
//!
//! One task owns all that is known of what is wanted, in flight, to be retried and answered; fetches and decodings are
//! tasks of its own that end with it. It decides only: what is asked for most urgently and may be fetched begins as
//! soon as there is a place. Its invariant: a key is in at most one of `jobs` and `resting`.

use super::{
    Demand, Demands, FetchFrom, FetchMode, MediaConfig, Policy,
    cache::Cache,
    decoder::Workers,
    fetch::{FetchError, FetchProgress, Fetcher, HttpBody},
    jpeg::{self, JpegFault},
    reason::{self, Context},
};
use crate::{
    event::PictureUrl,
    picture::{FetchInfo, Picture, PictureFailure, PictureKey, PictureRequest, PictureUpdate},
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
    time::{Instant, sleep_until, timeout},
};
use url::Url;

/// How long a host that answered 429 is asked for little, and how little that is.
const THROTTLE: Duration = Duration::from_mins(1);
const THROTTLED_JOBS: usize = 2;

/// How long a picture that nobody wants any longer may take when it is nearly here.
const GRACE: Duration = Duration::from_secs(1);

/// The longest `Retry-After` that is waited for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// The CDN keeps a 404 for 3 s (its documentation), so that an earlier second look would see the same.
const NOT_FOUND_RETRY: Duration = Duration::from_millis(3500);

/// What a host's own trouble may need to pass.
const FAULT_RETRY: Duration = Duration::from_millis(500);

/// The environment's proxies, in the order of their importance.
const PROXY_VARIABLES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

/// See the module.
pub(super) struct Scheduler {
    config: MediaConfig,
    fetcher: Arc<Fetcher>,
    workers: Arc<Workers>,
    cache: Option<Arc<Cache>>,
    updates: mpsc::Sender<PictureUpdate>,
    unused_proxy: Option<&'static str>,
    wanted: Arc<[Demand]>,
    /// Keys of the list that were answered, and the round since which they had been wanted.
    answered: HashMap<PictureKey, u64>,
    jobs: HashMap<PictureKey, FetchJob>,
    tasks: JoinSet<TaskResult>,
    /// What will be fetched a second time, and when.
    resting: HashMap<PictureKey, Instant>,
    /// Hosts that answered 429, and until when they are spared.
    throttled: HashMap<String, Instant>,
}

/// A request in flight.
struct FetchJob {
    request: PictureRequest,
    task: Id,
    stage: Stage,
    attempt: Attempt,
    /// Tells the task that nobody wants its picture any longer.
    leave: Option<oneshot::Sender<()>>,
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

/// What a task ends with.
enum TaskResult {
    Fetched(PictureKey, Result<HttpBody, FetchError>),
    Decoded(PictureKey, Result<Picture, (JpegFault, HttpBody)>),
    Left(PictureKey),
    Kept,
}

/// Nobody listens to the updates any longer.
struct UpdatesClosed;

impl Scheduler {
    pub(super) fn new(
        config: MediaConfig,
        policy: watch::Receiver<Policy>,
        cache: Option<Cache>,
        updates: mpsc::Sender<PictureUpdate>,
    ) -> Self {
        let set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            fetcher: Arc::new(Fetcher::new(config.clone(), policy)),
            workers: Arc::new(Workers::new(config.decoder.clone())),
            cache: cache.map(Arc::new),
            unused_proxy: PROXY_VARIABLES.into_iter().find(set).filter(|_| config.proxy.is_none()),
            config,
            updates,
            wanted: Arc::default(),
            answered: HashMap::new(),
            jobs: HashMap::new(),
            tasks: JoinSet::new(),
            resting: HashMap::new(),
            throttled: HashMap::new(),
        }
    }

    /// Works until the handle or the receiver of the updates is gone.
    pub(super) async fn run(mut self, mut wishes: watch::Receiver<Demands>) {
        loop {
            let next_retry = self.resting.values().min().copied();
            let goes_on = select! {
                changed = wishes.changed() => match changed {
                    Ok(()) => { let list = wishes.borrow_and_update().list.clone(); self.look_at(list).await }
                    Err(_handle_is_gone) => return,
                },
                Some(step) = self.tasks.join_next_with_id() => self.step(step).await,
                () = sleep_until(next_retry.unwrap_or_else(Instant::now)), if next_retry.is_some() => Ok(()),
            };
            let Ok(()) = goes_on else { return };
            let Ok(()) = self.begin_what_may_begin().await else { return };
        }
    }

    async fn say(&self, update: PictureUpdate) -> Result<(), UpdatesClosed> {
        self.updates.send(update).await.map_err(|_receiver_is_gone| UpdatesClosed)
    }

    /// Takes a new list, and lets go of what is no longer on it.
    async fn look_at(&mut self, wanted: Arc<[Demand]>) -> Result<(), UpdatesClosed> {
        let listed: HashMap<PictureKey, u64> = wanted.iter().map(|wish| (wish.request.key, wish.since)).collect();
        self.wanted = wanted;
        self.answered.retain(|key, since| listed.get(key) == Some(since));
        for (key, job) in &mut self.jobs {
            if !listed.contains_key(key)
                && let Some(leave) = job.leave.take()
            {
                // A task that has ended already needs no telling.
                let _ended = leave.send(());
            }
        }
        let gone: Vec<PictureKey> = self.resting.keys().filter(|key| !listed.contains_key(key)).copied().collect();
        for key in gone {
            self.resting.remove(&key);
            self.say(PictureUpdate::Dropped(key)).await?;
        }
        Ok(())
    }

    /// Begins fetches, the most urgent first, as far as there are places.
    async fn begin_what_may_begin(&mut self) -> Result<(), UpdatesClosed> {
        let now = Instant::now();
        self.throttled.retain(|_, until| *until > now);
        let mut busy: HashMap<String, usize> = HashMap::new();
        for job in self.jobs.values().filter(|job| job.stage == Stage::Fetching) {
            *busy.entry(host_of(&job.request.url)).or_default() += 1;
        }
        let mut free = self.config.jobs.max(1).saturating_sub(busy.values().sum());
        // Bodies that wait for a decoder take memory.
        free = free.min((2 * self.config.jobs.max(1)).saturating_sub(self.jobs.len()));
        let wanted = self.wanted.clone();
        let mut seen = HashSet::new();
        for wish in wanted.iter().filter(|wish| seen.insert(wish.request.key)) {
            if free == 0 {
                break;
            }
            let key = wish.request.key;
            let rests = self.resting.get(&key).is_some_and(|until| *until > now);
            if rests || self.answered.contains_key(&key) || self.jobs.contains_key(&key) {
                continue;
            }
            let host = host_of(&wish.request.url);
            let at_host = busy.entry(host.clone()).or_default();
            if self.throttled.contains_key(&host) && *at_host >= THROTTLED_JOBS {
                continue;
            }
            *at_host += 1;
            free -= 1;
            self.begin(wish.request.clone(), wish.from).await?;
        }
        Ok(())
    }

    async fn begin(&mut self, request: PictureRequest, from: FetchFrom) -> Result<(), UpdatesClosed> {
        let key = request.key;
        let attempt = if self.resting.remove(&key).is_some() { Attempt::Second } else { Attempt::First };
        let (leave, left) = oneshot::channel();
        let progress = Arc::new(FetchProgress::default());
        let source = BodySource {
            cache: self.cache.clone().filter(|_| from == FetchFrom::Anywhere),
            mode: self.config.fetch,
            max_bytes: self.config.max_bytes,
            fetcher: self.fetcher.clone(),
        };
        let fetch = source.fetch(request.clone(), progress.clone());
        let task = self.tasks.spawn(fetch_until_left(key, fetch, left, progress)).id();
        self.jobs.insert(key, FetchJob { request, task, stage: Stage::Fetching, attempt, leave: Some(leave) });
        match attempt {
            Attempt::First => self.say(PictureUpdate::Started(key)).await,
            Attempt::Second => Ok(()),
        }
    }

    /// Takes what a task ended with.
    async fn step(&mut self, step: Result<(Id, TaskResult), JoinError>) -> Result<(), UpdatesClosed> {
        match step {
            Ok((_, TaskResult::Left(key))) => {
                self.jobs.remove(&key);
                self.say(PictureUpdate::Dropped(key)).await
            }
            Ok((_, TaskResult::Fetched(key, Ok(body)))) => {
                self.decode(key, body);
                Ok(())
            }
            Ok((_, TaskResult::Fetched(key, Err(error)))) => self.failed(key, &error).await,
            Ok((_, TaskResult::Kept)) => Ok(()),
            Ok((_, TaskResult::Decoded(key, Ok(picture)))) => {
                self.keep(key, &picture);
                self.answer(key, PictureUpdate::Loaded(key, Arc::new(picture))).await
            }
            Ok((_, TaskResult::Decoded(key, Err((fault, body))))) => {
                let trouble = self.jobs.get(&key).map(|job| self.context(&job.request.url).jpeg(&fault, &body));
                self.fail(key, trouble).await
            }
            Err(error) => {
                let key = self.jobs.iter().find(|(_, job)| job.task == error.id()).map(|(key, _)| *key);
                let trouble =
                    PictureFailure { what: "an error in thumbview itself".into(), advice: Vec::new(), allow: None };
                match key {
                    Some(key) => self.fail(key, Some(trouble)).await,
                    None => Ok(()),
                }
            }
        }
    }

    fn decode(&mut self, key: PictureKey, body: HttpBody) {
        let Some(job) = self.jobs.get_mut(&key) else { return };
        job.stage = Stage::Decoding;
        let workers = self.workers.clone();
        job.task = self.tasks.spawn(async move { TaskResult::Decoded(key, decode(&workers, body).await) }).id();
    }

    /// Writes a healthy picture to the disk, while the loop goes on.
    fn keep(&mut self, key: PictureKey, picture: &Picture) {
        let Some((cache, job)) = self.cache.clone().zip(self.jobs.get(&key)) else { return };
        if picture.damage.is_some() || picture.fetched.from_cache {
            return;
        }
        let (request, jpeg) = (job.request.clone(), picture.jpeg.clone());
        self.tasks.spawn(async move {
            // What goes wrong is told by the cache itself.
            let _done = spawn_blocking(move || cache.put(&request, &jpeg)).await;
            TaskResult::Kept
        });
    }

    /// Tries once more where that may help, else says why there is no picture.
    async fn failed(&mut self, key: PictureKey, error: &FetchError) -> Result<(), UpdatesClosed> {
        let Some(job) = self.jobs.get(&key) else { return Ok(()) };
        let now = Instant::now();
        if is_throttling(error) {
            self.throttled.insert(host_of(&job.request.url), now + THROTTLE);
        }
        let pause = pause_before_retry(error).filter(|_| job.attempt == Attempt::First && job.leave.is_some());
        if let Some(pause) = pause {
            self.jobs.remove(&key);
            self.resting.insert(key, now + pause);
            return Ok(());
        }
        let trouble = self.context(&job.request.url).fetch(error);
        self.fail(key, Some(trouble)).await
    }

    fn context<'a>(&self, url: &'a PictureUrl) -> Context<'a> {
        Context { url, now: jiff::Timestamp::now(), unused_proxy: self.unused_proxy }
    }

    async fn fail(&mut self, key: PictureKey, trouble: Option<PictureFailure>) -> Result<(), UpdatesClosed> {
        match trouble {
            Some(trouble) => self.answer(key, PictureUpdate::Failed(key, trouble)).await,
            None => Ok(()),
        }
    }

    async fn answer(&mut self, key: PictureKey, update: PictureUpdate) -> Result<(), UpdatesClosed> {
        self.jobs.remove(&key);
        if let Some(wish) = self.wanted.iter().find(|wish| wish.request.key == key) {
            self.answered.insert(key, wish.since);
        }
        self.say(update).await
    }
}

/// The host and port that a URL names, as the key of what is known of a host.
fn host_of(url: &PictureUrl) -> String {
    let url = Url::parse(url.reveal()).ok();
    url.and_then(|url| Some(format!("{}:{}", url.host()?, url.port_or_known_default()?))).unwrap_or_default()
}

/// Where a body comes from.
struct BodySource {
    cache: Option<Arc<Cache>>,
    mode: FetchMode,
    max_bytes: u64,
    fetcher: Arc<Fetcher>,
}

impl BodySource {
    async fn fetch(self, request: PictureRequest, progress: Arc<FetchProgress>) -> Result<HttpBody, FetchError> {
        let begun = Instant::now();
        let url = request.url.clone();
        if let Some(cache) = self.cache {
            let found = spawn_blocking(move || cache.get(&request, self.max_bytes)).await;
            if let Ok(Some(bytes)) = found {
                let fetched = FetchInfo { from_cache: true, took: begun.elapsed(), ..FetchInfo::default() };
                return Ok(HttpBody { bytes, fetched, cut: None });
            }
        }
        match self.mode {
            FetchMode::Yes => self.fetcher.fetch(&url, &progress).await,
            FetchMode::No => Err(FetchError::Off),
        }
    }
}

/// Fetches until the picture is here, or nobody wants it and it is not nearly here.
async fn fetch_until_left(
    key: PictureKey,
    fetch: impl Future<Output = Result<HttpBody, FetchError>>,
    left: oneshot::Receiver<()>,
    progress: Arc<FetchProgress>,
) -> TaskResult {
    let mut fetch = std::pin::pin!(fetch);
    select! {
        fetched = &mut fetch => TaskResult::Fetched(key, fetched),
        _ = left => {
            let grace = if progress.nearly_done() { GRACE } else { Duration::ZERO };
            timeout(grace, fetch).await.map_or(TaskResult::Left(key), |fetched| TaskResult::Fetched(key, fetched))
        }
    }
}

async fn decode(workers: &Workers, body: HttpBody) -> Result<Picture, (JpegFault, HttpBody)> {
    let outline = match jpeg::outline(&body.bytes) {
        Ok(outline) => outline,
        Err(fault) => return Err((fault, body)),
    };
    let jpeg: Arc<[u8]> = body.bytes.as_slice().into();
    match workers.decode(jpeg.clone(), outline).await {
        Ok(decoded) => Ok(Picture {
            size: decoded.size,
            rgb: decoded.rgb.into(),
            jpeg,
            damage: reason::damage(outline, &body),
            fetched: body.fetched,
        }),
        Err(fault) => Err((fault, body)),
    }
}

fn is_throttling(error: &FetchError) -> bool {
    matches!(error, FetchError::Status(denial) if denial.status == 429)
}

/// How long to wait before a failed fetch is tried a second and last time; `None` where that would not help.
fn pause_before_retry(error: &FetchError) -> Option<Duration> {
    match error {
        FetchError::Connect { .. } | FetchError::SlowConnect { .. } | FetchError::Broken(_) => Some(FAULT_RETRY),
        FetchError::Status(denial) => match (denial.status, denial.retry_after) {
            (429 | 500..=599, Some(after)) => (after <= MAX_RETRY_AFTER).then_some(after),
            (500..=599, None) => Some(FAULT_RETRY),
            (404, _) => Some(NOT_FOUND_RETRY),
            _ => None,
        },
        FetchError::Refused { .. }
        | FetchError::Setup(_)
        | FetchError::Lookup { .. }
        | FetchError::SlowLookup { .. }
        | FetchError::Tls { .. }
        | FetchError::Silence(_)
        | FetchError::Slow(_)
        | FetchError::Redirects
        | FetchError::TooLarge { .. }
        | FetchError::NotJpeg(_)
        | FetchError::Off => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::fetch::Denial;

    #[test]
    fn retries_where_it_may_help() {
        let check = |status, retry_after: Option<u64>, expected: Option<u64>| {
            let retry_after = retry_after.map(Duration::from_secs);
            let error = FetchError::Status(Box::new(Denial { status, retry_after, obs: None }));
            assert_eq!(pause_before_retry(&error), expected.map(Duration::from_millis), "{status} {retry_after:?}");
        };
        check(404, None, Some(3500));
        check(403, None, None);
        check(403, Some(1), None);
        check(429, None, None);
        check(429, Some(30), Some(30_000));
        check(429, Some(31), None);
        check(503, None, Some(500));
        check(503, Some(2), Some(2000));
        check(503, Some(3600), None);
        assert_eq!(pause_before_retry(&FetchError::Redirects), None);
    }

    #[test]
    fn hosts_are_told_apart() {
        let check = |url: &str, expected: &str| assert_eq!(host_of(&PictureUrl::new(url)), expected);
        check("https://A.example/x", "a.example:443");
        check("http://a.example/x", "a.example:80");
        check("http://127.1:8787/x", "127.0.0.1:8787");
        check("nonsense", "");
    }
}
