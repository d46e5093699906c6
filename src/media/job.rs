//! The work of one picture: its body from the cache or the network, then its pixels.
//!
//! Futures for the scheduler to run, and the rule by which a failed fetch is tried a second time. Nothing here knows
//! of other pictures.

use super::{
    body::{FetchProgress, HttpBody},
    cache::Cache,
    decoder::DecoderPool,
    demand::Priority,
    error::{FetchError, FetchStage},
    fetch::Fetcher,
    host::HostAnswer,
    jpeg::{self, JpegError},
    reason,
};
use crate::picture::{FetchInfo, FetchMode, Picture, PictureRequest};
use std::{sync::Arc, time::Duration};
use tokio::{
    select,
    sync::oneshot,
    task::spawn_blocking,
    time::{Instant, timeout},
};

/// The time that a picture which is no longer wanted has to arrive when it is nearly done.
const CANCEL_GRACE: Duration = Duration::from_secs(1);

/// The longest `Retry-After` that is waited for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// The backoff after a 404. The CDN caches one for 3 s (its documentation), so that an earlier retry would see the same.
const NOT_FOUND_BACKOFF: Duration = Duration::from_millis(3500);

/// The backoff after an error of the connection or the server.
const ERROR_BACKOFF: Duration = Duration::from_millis(500);

/// The number of attempts after the first one that a check makes, and the wait before the first of them.
const CHECK_RETRIES: u32 = 2;
const CHECK_BACKOFF: Duration = Duration::from_secs(1);

/// The places that may hold a picture's body.
pub(super) struct BodySource {
    /// `None` if the cache is disabled or bypassed.
    pub(super) cache: Option<Arc<Cache>>,
    pub(super) mode: FetchMode,
    pub(super) max_bytes: u64,
    pub(super) fetcher: Arc<Fetcher>,
}

impl BodySource {
    /// Returns the body from the cache, or else from the network.
    pub(super) async fn fetch(
        mut self,
        request: PictureRequest,
        progress: Arc<FetchProgress>,
    ) -> Result<HttpBody, FetchError> {
        let url = request.url.clone();
        if let Some(body) = self.cached(request).await {
            return Ok(body);
        }
        match self.mode {
            FetchMode::Prefetch | FetchMode::OnDemand => self.fetcher.fetch(&url, &progress).await,
            FetchMode::Never => Err(FetchError::Disabled),
        }
    }

    /// Returns the body from the cache, if it is there.
    pub(super) async fn cached(&mut self, request: PictureRequest) -> Option<HttpBody> {
        let (begun, max_bytes, cache) = (Instant::now(), self.max_bytes, self.cache.take()?);
        let bytes = spawn_blocking(move || cache.get(&request, max_bytes)).await.ok()??;
        let info = FetchInfo { from_cache: true, took: begun.elapsed(), ..FetchInfo::default() };
        Some(HttpBody { bytes, info, truncated: None })
    }
}

/// Runs a fetch until it ends, or until it is cancelled and not nearly done. Returns `None` if it was cancelled.
pub(super) async fn until_cancelled<T>(
    fetch: impl Future<Output = T>,
    cancelled: oneshot::Receiver<()>,
    progress: Arc<FetchProgress>,
) -> Option<T> {
    let mut fetch = std::pin::pin!(fetch);
    select! {
        fetched = &mut fetch => Some(fetched),
        _ = cancelled => {
            let grace = if progress.is_nearly_done() { CANCEL_GRACE } else { Duration::ZERO };
            timeout(grace, fetch).await.ok()
        }
    }
}

/// Decodes a body. An error comes with the body, which may explain it.
pub(super) async fn decode(pool: &DecoderPool, body: HttpBody) -> Result<Picture, (JpegError, HttpBody)> {
    let info = match jpeg::inspect(&body.bytes) {
        Ok(info) => info,
        Err(error) => return Err((error, body)),
    };
    let jpeg: Arc<[u8]> = body.bytes.as_slice().into();
    match pool.decode(jpeg.clone(), info).await {
        Ok(decoded) => Ok(Picture {
            damage: reason::damage(info, &body, decoded.damage),
            size: decoded.size,
            pixels: decoded.pixels.into(),
            format: pool.format(),
            jpeg,
            fetched: body.info,
        }),
        Err(error) => Err((error, body)),
    }
}

/// Returns whether the host asked for fewer requests.
pub(super) fn is_throttling(error: &FetchError) -> bool {
    matches!(error, FetchError::Status(response) if response.status == 429)
}

/// Returns the time to wait before the next attempt at a failed fetch after `attempts` of them; `None` if it is given up.
pub(super) fn backoff(error: &FetchError, priority: Priority, attempts: u32) -> Option<Duration> {
    match priority {
        Priority::View if attempts > 1 => None,
        Priority::View => view_backoff(error),
        Priority::Check if attempts > CHECK_RETRIES => None,
        Priority::Check => check_backoff(error, attempts),
    }
}

/// Returns the backoff of a check: twice as long after each attempt, unless the host names a time.
fn check_backoff(error: &FetchError, attempts: u32) -> Option<Duration> {
    let usual = Some(CHECK_BACKOFF * 2_u32.pow(attempts.saturating_sub(1).min(8)));
    match error.stage() {
        // A name that does not exist and a certificate that is refused stay so.
        FetchStage::Unanswered => {
            usual.filter(|_| !matches!(error, FetchError::Lookup { .. } | FetchError::Tls { .. }))
        }
        FetchStage::Denied(429 | 500..=599) => match retry_after(error) {
            Some(after) => (after <= MAX_RETRY_AFTER).then_some(after),
            None => usual,
        },
        FetchStage::NotMade | FetchStage::Denied(_) | FetchStage::Unusable => None,
    }
}

/// Returns the time after which the host allows the next request, if it names one.
pub(super) fn retry_after(error: &FetchError) -> Option<Duration> {
    if let FetchError::Status(response) = error { response.retry_after } else { None }
}

/// Returns how a host has answered a request, as far as its record is concerned; `None` if none was made.
pub(super) fn host_answer(error: &FetchError, is_last: bool) -> Option<HostAnswer> {
    match error.stage() {
        FetchStage::NotMade => None,
        FetchStage::Unanswered | FetchStage::Denied(500..=599) => Some(HostAnswer::None),
        FetchStage::Denied(403) => Some(HostAnswer::Denied),
        FetchStage::Denied(429) if is_last => Some(HostAnswer::Limited),
        FetchStage::Denied(_) | FetchStage::Unusable => Some(HostAnswer::NoPicture),
    }
}

/// Returns the time to wait before the second and last attempt at a picture that is looked at; `None` if that would not
/// help.
fn view_backoff(error: &FetchError) -> Option<Duration> {
    match error {
        FetchError::Connect { .. }
        | FetchError::ConnectTimeout { .. }
        | FetchError::ConnectionLost(_)
        | FetchError::InvalidHttp(_) => Some(ERROR_BACKOFF),
        FetchError::Status(response) => match (response.status, response.retry_after) {
            (429 | 500..=599, Some(after)) => (after <= MAX_RETRY_AFTER).then_some(after),
            (500..=599, None) => Some(ERROR_BACKOFF),
            (404, _) => Some(NOT_FOUND_BACKOFF),
            _ => None,
        },
        FetchError::Refused { .. }
        | FetchError::Setup(_)
        | FetchError::Lookup { .. }
        | FetchError::LookupTimeout { .. }
        | FetchError::Tls { .. }
        | FetchError::IdleTimeout(_)
        | FetchError::TotalTimeout(_)
        | FetchError::TooManyRedirects
        | FetchError::TooLarge { .. }
        | FetchError::NotJpeg(_)
        | FetchError::Encoding(_)
        | FetchError::TooManyFiles
        | FetchError::Disabled => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::error::ErrorResponse;

    #[test]
    fn backoff_depends_on_the_status() {
        let check = |status, retry_after: Option<u64>, expected: Option<u64>| {
            let retry_after = retry_after.map(Duration::from_secs);
            let error = FetchError::Status(Box::new(ErrorResponse { status, retry_after, obs: None }));
            let found = backoff(&error, Priority::View, 1);
            assert_eq!(found, expected.map(Duration::from_millis), "{status} {retry_after:?}");
            assert_eq!(backoff(&error, Priority::View, 2), None);
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
        assert_eq!(backoff(&FetchError::TooManyRedirects, Priority::View, 1), None);
    }

    #[test]
    fn a_check_tries_twice_more() {
        let error = |status, retry_after: Option<u64>| {
            let retry_after = retry_after.map(Duration::from_secs);
            FetchError::Status(Box::new(ErrorResponse { status, retry_after, obs: None }))
        };
        let waits = |error: &FetchError| {
            [1, 2, 3].map(|attempts| backoff(error, Priority::Check, attempts).map(|wait| wait.as_secs()))
        };
        assert_eq!(waits(&error(429, None)), [Some(1), Some(2), None]);
        assert_eq!(waits(&error(503, Some(7))), [Some(7), Some(7), None]);
        assert_eq!(waits(&error(429, Some(31))), [None; 3]);
        assert_eq!(waits(&FetchError::IdleTimeout(Duration::ZERO)), [Some(1), Some(2), None]);
        assert_eq!(waits(&error(404, None)), [None; 3]);
        assert_eq!(waits(&error(403, None)), [None; 3]);
    }
}
