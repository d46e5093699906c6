//! Fetches the pictures that a log names, decodes them under limits, and says why a picture is missing.
//!
//! The URLs come from a log that an attacker may write. Every request therefore passes the [`Policy`], every body is
//! counted while it arrives, and every picture is measured before it is decoded. [`spawn`] starts one task, the
//! scheduler; [`Media::want`] replaces the list of pictures that it works on. The module draws nothing and keeps no
//! decoded picture. Invariant: each key that was reported as `Started` is reported once more, as `Loaded`, `Failed` or
//! `Dropped`.
//!
//! ```text
//! want ─ watch ─► scheduler ─► cache ─► fetch ─ policy, client ─► decoder ─ jpeg ─► PictureUpdate
//!                                          └─► reason ─► PictureUpdate::Failed
//! ```

mod address;
mod body;
mod cache;
mod client;
mod clients;
mod config;
mod decoder;
mod demand;
mod encoding;
mod error;
mod fetch;
mod host;
mod job;
mod jpeg;
mod policy;
mod reason;
mod roots;
mod scheduler;
mod signature;
mod tls;

pub use address::AddressClass;
pub use cache::{check_cache, clear_cache};
pub use config::{CheckLimits, Decoder, Header, HostBound, MediaConfig};
pub use decoder::{DECODE_ARGUMENT, decode_main};
pub use jpeg::{Decoded, JpegError};
pub use policy::{HostPort, Policy, Refusal};
pub use roots::TrustedRoots;

use crate::{
    event::PictureUrl,
    picture::{PictureKey, PictureRequest, PictureUpdate, PixelFormat},
    text::Safe,
};
use demand::{Demands, Priority};
use tokio::sync::{mpsc, watch};
use url::Url;

/// The capacity of the channel of updates.
const UPDATE_CAPACITY: usize = 32;

/// The handle of the scheduler. Dropping it ends the scheduler and all fetches.
#[derive(Debug)]
pub struct Media {
    demands: watch::Sender<Demands>,
    policy: watch::Sender<Policy>,
    notice: watch::Receiver<Option<Safe>>,
}

/// Starts the scheduler on the current tokio runtime. The HTTP client is built at the first fetch.
#[must_use = "dropping the handle ends the scheduler"]
pub fn spawn(config: MediaConfig) -> (Media, mpsc::Receiver<PictureUpdate>) {
    let (demands, demands_receiver) = watch::channel(Demands::default());
    let (policy, policy_receiver) = watch::channel(config.policy.clone());
    let (updates, updates_receiver) = mpsc::channel(UPDATE_CAPACITY);
    let (notices, notice) = watch::channel(None);
    let cache = config.cache_dir.as_deref().map(|dir| cache::Cache::new(dir, notices));
    tokio::spawn(scheduler::Scheduler::new(config, policy_receiver, cache, updates).run(demands_receiver));
    (Media { demands, policy, notice }, updates_receiver)
}

/// Opens a page for its effect: one GET under the policy, whose answer is a success or an error in words.
pub async fn visit(config: &MediaConfig, url: &Url) -> Result<(), Safe> {
    let (_allowing, policy) = watch::channel(config.policy.clone());
    let url = PictureUrl::new(url.as_str());
    let visited = fetch::Fetcher::new(config.clone(), policy).visit(&url).await;
    let now = jiff::Timestamp::now();
    let context = reason::FailureContext { url: &url, now, unused_proxy: None };
    visited.map_err(|error| context.explain_fetch(&error).what)
}

/// Decodes a JPEG on the calling thread under the usual limits. For fuzzing.
pub fn decode(jpeg: &[u8]) -> Result<Decoded, JpegError> {
    jpeg::decode(jpeg, jpeg::inspect(jpeg)?, PixelFormat::Rgb)
}

impl Media {
    /// Replaces the list of wanted pictures, most urgent first. A fetch that is no longer listed is cancelled, unless
    /// it is nearly done. A key that was answered is fetched again only after it has left the list and returned.
    pub fn want(&self, wanted: Vec<PictureRequest>) {
        self.demands.send_modify(|demands| demands.replace(Priority::View, wanted));
    }

    /// Replaces the list of pictures to check, to which [`CheckLimits`] apply and pictures that are looked at go before.
    /// A failed fetch is tried twice more; a host that fails or limits requests is left alone, and its pictures are
    /// reported as failed. An empty list ends the check; the next one asks every host again.
    pub fn check(&self, wanted: Vec<PictureRequest>) {
        self.demands.send_modify(|demands| demands.replace(Priority::Check, wanted));
    }

    /// Has the next fetch of `key` bypass the cache: an event that was repeated gives the same URL to another picture.
    pub fn refetch(&self, key: PictureKey) {
        self.demands.send_modify(|demands| demands.bypass_cache(key));
    }

    /// Allows connections to `HOST` or `HOST:PORT` for this session. Fails for other text, and for addresses that are
    /// always refused. Pictures that were refused before must leave the list and return to be fetched.
    pub fn allow(&self, host: &str) -> Result<(), Refusal> {
        let host = host.parse()?;
        let mut result = Ok(());
        self.policy.send_modify(|policy| result = policy.allow(host));
        result
    }

    /// Returns a channel with the reason why the cache is no longer used, if that happens; at most one in a session.
    pub fn notice(&self) -> watch::Receiver<Option<Safe>> {
        self.notice.clone()
    }
}
