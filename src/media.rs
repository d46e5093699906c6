//! Pictures from the network: fetched safely, decoded under limits, and a reason where there is none.
//!
//! The URLs come from a log, so every request passes the [`Policy`], every body is counted, and every picture is
//! measured before it is decoded. [`spawn`] starts one task, the desk; [`Media::want`] tells it what is looked at now,
//! and the latest list wins. This room shows nothing and keeps nothing in memory beyond what it works on: the album of
//! `app` does. Its invariant: every key that was `Started` is answered once, as `Loaded`, `Failed` or `Dropped`.
//!
//! ```text
//! want ─ watch ─► desk ─► cache ─► fetch ─ policy, connect ─► decoder ─ jpeg ─► PictureUpdate
//!                                    └─► reason ─► PictureUpdate::Failed
//! ```

mod address;
mod cache;
mod connect;
mod decoder;
mod fetch;
mod jpeg;
mod policy;
mod reason;
mod scheduler;

pub use address::Class;
pub use cache::clear_cache;
pub use decoder::{DECODE_ARGUMENT, decode_main};
pub use jpeg::{Decoded, JpegFault};
pub use policy::{HostPort, Policy, Refusal};

use crate::{
    picture::{PictureKey, PictureRequest, PictureUpdate},
    text::Safe,
};
use reqwest::header::{HeaderName, HeaderValue};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::PathBuf,
    str::FromStr,
    sync::Arc,
    time::Duration,
};
use tokio::sync::{mpsc, watch};
use url::Url;

/// Updates that may wait for the loop.
const UPDATES: usize = 32;

/// What the operator decided about fetching.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Where we may connect to.
    pub policy: Policy,
    /// `--timeout`: the longest silence. Connecting may take half of it, the whole three times.
    pub silence: Duration,
    /// `--max-size` in bytes.
    pub max_bytes: u64,
    /// `--jobs`: how many fetches may be in flight.
    pub jobs: usize,
    /// `--referer`, each for its host only.
    pub referer: Vec<HostBound<Url>>,
    /// `--header`, each for its host only.
    pub headers: Vec<HostBound<Header>>,
    /// `--proxy`. With one, the proxy looks names up and judges addresses.
    pub proxy: Option<Url>,
    /// `--ca-file`: issuers that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Where pictures are kept; `None` with `--no-cache`.
    pub cache_dir: Option<PathBuf>,
    /// Whether anything is fetched at all.
    pub fetch: FetchMode,
    /// Where pictures are decoded.
    pub decoder: Decoder,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            silence: Duration::from_secs(10),
            max_bytes: 16 << 20,
            jobs: 6,
            referer: Vec::new(),
            headers: Vec::new(),
            proxy: None,
            ca_file: None,
            cache_dir: None,
            fetch: FetchMode::Yes,
            decoder: Decoder::InProcess,
        }
    }
}

/// Whether pictures are fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FetchMode {
    /// From the network.
    #[default]
    Yes,
    /// Only what the cache has is shown (`--no-fetch`).
    No,
}

/// Where pictures are decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Decoder {
    /// In child processes of this program, which is `thumbview` itself: it is called with [`DECODE_ARGUMENT`].
    Process(PathBuf),
    /// On a thread of this process. A decoder's bug may then end the program.
    #[default]
    InProcess,
}

/// Something that is sent to one host only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostBound<T> {
    /// The host.
    pub host: HostPort,
    /// What it is sent.
    pub value: T,
}

impl<T: FromStr> HostBound<T> {
    /// Reads `HOST=VALUE`, or `VALUE` where `only` names the one host that it can mean; else says what is wrong.
    pub fn parse(text: &str, only: Option<&HostPort>) -> Result<Self, &'static str> {
        if let Some((host, value)) = text.split_once('=')
            && let (Ok(host), Ok(value)) = (host.parse(), value.parse())
        {
            return Ok(Self { host, value });
        }
        let value = text.parse().map_err(|_unreadable| "neither HOST=VALUE nor a value")?;
        let host = only.cloned().ok_or("which host is it for? HOST=VALUE, or exactly one --allow-host")?;
        Ok(Self { host, value })
    }
}

/// A request header, `NAME: VALUE`. Its value may be a secret and is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    name: HeaderName,
    value: HeaderValue,
}

impl FromStr for Header {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once(':').ok_or("no colon")?;
        let name = name.trim().parse().map_err(|_invalid| "no header name")?;
        let mut value: HeaderValue = value.trim().parse().map_err(|_invalid| "no header value")?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({}: ***)", self.name)
    }
}

/// A hold on the desk. Dropping it ends the desk and whatever is in flight.
#[derive(Debug)]
pub struct Media {
    wishes: watch::Sender<Demands>,
    policy: watch::Sender<Policy>,
    notice: watch::Receiver<Option<Safe>>,
}

/// The latest list.
#[derive(Clone, Debug, Default)]
struct Demands {
    /// How many lists there were.
    round: u64,
    /// The most urgent first.
    list: Arc<[Demand]>,
    /// What the cache is not to be asked for.
    anew: HashSet<PictureKey>,
}

/// A picture that is wanted, and since which round without a break. A key that left and returned between two looks of
/// the desk is thereby known to be asked for anew.
#[derive(Clone, Debug)]
struct Demand {
    since: u64,
    from: FetchFrom,
    request: PictureRequest,
}

/// Where a picture may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FetchFrom {
    /// The cache, or else the network.
    Anywhere,
    /// The network alone, whatever the cache has.
    Network,
}

/// Starts the desk on the current tokio runtime. The HTTP client is not built before the first want.
#[must_use = "dropping the handle ends the desk"]
pub fn spawn(config: MediaConfig) -> (Media, mpsc::Receiver<PictureUpdate>) {
    let (wishes, wishes_seen) = watch::channel(Demands::default());
    let (policy, policy_seen) = watch::channel(config.policy.clone());
    let (updates, updates_seen) = mpsc::channel(UPDATES);
    let (notices, notice) = watch::channel(None);
    let cache = config.cache_dir.as_deref().map(|dir| cache::Cache::new(dir, notices));
    tokio::spawn(scheduler::Scheduler::new(config, policy_seen, cache, updates).run(wishes_seen));
    (Media { wishes, policy, notice }, updates_seen)
}

/// Decodes a JPEG on this very thread, under the limits that hold for all: for fuzzing, which wants the decoder bare.
pub fn decode(jpeg: &[u8]) -> Result<Decoded, JpegFault> {
    jpeg::decode(jpeg, jpeg::outline(jpeg)?)
}

impl Media {
    /// Says what is wanted now, the most urgent first. What is in flight and no longer listed is dropped, unless it is
    /// nearly here. A key that was answered is not looked at again until it has left the list and returned.
    pub fn want(&self, wanted: Vec<PictureRequest>) {
        self.wishes.send_modify(|wishes| {
            wishes.round += 1;
            let round = wishes.round;
            let before: HashMap<PictureKey, u64> =
                wishes.list.iter().map(|wish| (wish.request.key, wish.since)).collect();
            let since = |key| before.get(&key).copied().unwrap_or(round);
            let listed: HashSet<PictureKey> = wanted.iter().map(|request| request.key).collect();
            wishes.anew.retain(|key| listed.contains(key));
            let anew = &wishes.anew;
            let from = |key| if anew.contains(&key) { FetchFrom::Network } else { FetchFrom::Anywhere };
            let wish = |request: PictureRequest| Demand { since: since(request.key), from: from(request.key), request };
            wishes.list = wanted.into_iter().map(wish).collect();
        });
    }

    /// Has a picture come from the network when it is wanted next, although the cache may hold it: a run that was made
    /// again gives the same URL to another picture.
    pub fn refetch(&self, key: PictureKey) {
        self.wishes.send_modify(|wishes| {
            wishes.anew.insert(key);
        });
    }

    /// Lets `HOST` or `HOST:PORT` through for this session; fails for text that is neither, and for addresses that are
    /// closed for good. Pictures that were refused before are asked for anew by leaving the list and returning.
    pub fn allow(&self, host: &str) -> Result<(), Refusal> {
        let host = host.parse()?;
        let mut result = Ok(());
        self.policy.send_modify(|policy| result = policy.allow(host));
        result
    }

    /// What the operator should know beside the pictures: that the cache gave up, and why. At most one in a session.
    pub fn notice(&self) -> watch::Receiver<Option<Safe>> {
        self.notice.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bound_to_a_host() {
        let only: HostPort = "cdn.example".parse().unwrap();
        let check = |text: &str, only: Option<&HostPort>, expected: Result<&str, &str>| {
            let header = HostBound::<Header>::parse(text, only);
            let shown = header.map(|bound| format!("{} {}", bound.host, bound.value.name));
            assert_eq!(shown.as_deref().map_err(|error| *error), expected, "{text}");
        };
        check("a.example=X-Auth-Token: SECRET", None, Ok("a.example x-auth-token"));
        check("a.example:8080=X: y=z", Some(&only), Ok("a.example:8080 x"));
        check("Authorization: Basic abc=", Some(&only), Ok("cdn.example authorization"));
        check("X: y", None, Err("which host is it for? HOST=VALUE, or exactly one --allow-host"));
        check("X", Some(&only), Err("neither HOST=VALUE nor a value"));
        let referer = HostBound::<Url>::parse("https://a.example/?b=c", Some(&only)).unwrap();
        assert_eq!((referer.host, referer.value.as_str()), (only, "https://a.example/?b=c"));
    }

    #[test]
    fn header_values_are_never_printed() {
        let header: Header = "X-Auth-Token: SECRET".parse().unwrap();
        assert_eq!(format!("{header:?}"), "Header(x-auth-token: ***)");
    }
}
