//! One GET: from the URL in the log to the bytes of a JPEG, or the reason why there are none.
//!
//! Follows redirects itself, each checked by the policy; counts the body while it arrives; ends when nothing arrives.
//! The first bytes of a body decide what it is, never its `Content-Type`. Retrying is the scheduler's task, decoding
//! the decoder's. Errors of the HTTP client never leave this module, since their text holds the whole URL.

use super::{
    body::{FetchProgress, HttpBody, Truncation, TruncationCause},
    client,
    config::MediaConfig,
    error::{ErrorResponse, FetchError, MAX_REDIRECTS, UnexpectedBody, is_reset, obs_error},
    policy::{Policy, Refusal, Trust},
};
use crate::{event::PictureUrl, picture::FetchInfo, text::Safe};
use reqwest::{Client, Response, StatusCode, Version, header};
use std::{
    ops::Deref,
    time::{Duration, Instant},
};
use tokio::{
    sync::{OnceCell, watch},
    time::timeout,
};
use url::Url;

/// The most bytes that a fetch may still lack to be finished although its picture is no longer wanted: a new
/// connection, or the same picture a moment later, would cost more.
const NEARLY_DONE_BYTES: u64 = 64 << 10;

/// The bytes of an error's body that are read.
const ERROR_BODY_BYTES: usize = 4 << 10;

/// The longest wait for the body of an error.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// Fetches pictures by the settings of one session.
pub(super) struct Fetcher {
    config: MediaConfig,
    policy: watch::Receiver<Policy>,
    unlisted: OnceCell<Client>,
    listed: OnceCell<Client>,
}

impl Fetcher {
    pub(super) fn new(config: MediaConfig, policy: watch::Receiver<Policy>) -> Self {
        Self { config, policy, unlisted: OnceCell::new(), listed: OnceCell::new() }
    }

    /// Fetches one picture within three times the idle timeout.
    pub(super) async fn fetch(&self, url: &PictureUrl, progress: &FetchProgress) -> Result<HttpBody, FetchError> {
        let begun = Instant::now();
        let deadline = tokio::time::Instant::now() + self.total_timeout();
        let response = tokio::time::timeout_at(deadline, self.follow_redirects(url));
        let response = response.await.unwrap_or(Err(FetchError::TotalTimeout(self.total_timeout())))?;
        let mut body = self.read_body(response, deadline, progress).await?;
        body.info.took = begun.elapsed();
        Ok(body)
    }

    fn total_timeout(&self) -> Duration {
        self.config.idle_timeout * 3
    }

    /// Sends requests until a response is not a redirect.
    async fn follow_redirects(&self, url: &PictureUrl) -> Result<Response, FetchError> {
        let mut url = Url::parse(url.reveal())
            .map_err(|error| FetchError::Refused { refusal: Refusal::NotAUrl(error.to_string()), redirected: false })?;
        for hop in 0..=MAX_REDIRECTS {
            let response = self.request(&url).await.map_err(|mut error| {
                if let FetchError::Refused { redirected, .. } = &mut error {
                    *redirected = hop > 0;
                }
                error
            })?;
            let Some(next) = redirect_target(&response, &url) else { return Ok(response) };
            if url.scheme() == "https" && next.scheme() == "http" {
                return Err(FetchError::Refused { refusal: Refusal::Downgrade, redirected: true });
            }
            url = next;
        }
        Err(FetchError::TooManyRedirects)
    }

    /// Sends one request, if the policy admits its URL.
    async fn request(&self, url: &Url) -> Result<Response, FetchError> {
        let judged = self.policy.borrow().judge(url);
        let trust = judged.map_err(|refusal| FetchError::Refused { refusal, redirected: false })?;
        let mut request = self.client(trust).await?.get(url.clone());
        for bound in self.config.referer.iter().filter(|bound| bound.host.covers_url(url)) {
            request = request.header(header::REFERER, bound.value.as_str());
        }
        for bound in self.config.headers.iter().filter(|bound| bound.host.covers_url(url)) {
            request = request.header(&bound.value.name, &bound.value.value);
        }
        let idle_timeout = self.config.idle_timeout;
        timeout(idle_timeout, request.send())
            .await
            .map_err(|_elapsed| FetchError::IdleTimeout(idle_timeout))?
            .map_err(|error| FetchError::from_client(url, &error, idle_timeout))
    }

    async fn client(&self, trust: Trust) -> Result<&Client, FetchError> {
        let cell = match trust {
            Trust::Unlisted => &self.unlisted,
            Trust::Listed => &self.listed,
        };
        let config = self.config.clone();
        cell.get_or_try_init(|| async move {
            tokio::task::spawn_blocking(move || client::build(&config, trust))
                .await
                .unwrap_or_else(|error| Err(FetchError::Setup(error.to_string())))
        })
        .await
    }

    /// Reads the body of a response and counts its bytes.
    async fn read_body(
        &self,
        mut response: Response,
        deadline: tokio::time::Instant,
        progress: &FetchProgress,
    ) -> Result<HttpBody, FetchError> {
        let limit = self.config.max_bytes;
        let expected = response.content_length();
        let info = fetch_info(&response);
        if response.status() != StatusCode::OK {
            return Err(self.error_response(response).await);
        }
        if expected.is_some_and(|expected| expected > limit) {
            return Err(FetchError::TooLarge { limit, declared: expected });
        }
        let mut bytes: Vec<u8> = Vec::new();
        let broken = loop {
            match self.read_chunk(&mut response, deadline).await {
                Ok(Some(chunk)) if bytes.len() as u64 + chunk.len() as u64 > limit => {
                    return Err(FetchError::TooLarge { limit, declared: None });
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break None,
                Err(cause) => break Some(cause),
            }
            if bytes.len() >= ERROR_BODY_BYTES && !is_jpeg(&bytes) {
                break None;
            }
            let missing = expected.map(|expected| expected.saturating_sub(bytes.len() as u64));
            progress.set_nearly_done(missing.is_some_and(|missing| missing <= NEARLY_DONE_BYTES));
        };
        progress.set_nearly_done(true);
        if is_jpeg(&bytes) {
            return Ok(HttpBody { bytes, info, truncated: broken.map(|cause| Truncation { expected, cause }) });
        }
        Err(unusable(bytes, &info, broken))
    }

    async fn read_chunk(
        &self,
        response: &mut Response,
        deadline: tokio::time::Instant,
    ) -> Result<Option<impl Deref<Target = [u8]> + use<>>, TruncationCause> {
        let idle = tokio::time::Instant::now() + self.config.idle_timeout;
        match tokio::time::timeout_at(idle.min(deadline), response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) if is_reset(&error) => Err(TruncationCause::Reset),
            Ok(Err(_)) => Err(TruncationCause::Closed),
            Err(_) if idle <= deadline => Err(TruncationCause::IdleTimeout(self.config.idle_timeout)),
            Err(_) => Err(TruncationCause::TotalTimeout(self.total_timeout())),
        }
    }

    async fn error_response(&self, mut response: Response) -> FetchError {
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let mut head = Vec::new();
        let read = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                head.extend_from_slice(&chunk);
                if head.len() >= ERROR_BODY_BYTES {
                    break;
                }
            }
        };
        // The body only adds to the explanation, so that a slow one is not waited for.
        let _elapsed = timeout(self.config.idle_timeout.min(ERROR_BODY_TIMEOUT), read).await;
        FetchError::Status(Box::new(ErrorResponse { status, retry_after, obs: obs_error(&head) }))
    }
}

/// Returns the error for a body that does not begin like a JPEG.
fn unusable(mut bytes: Vec<u8>, info: &FetchInfo, broken: Option<TruncationCause>) -> FetchError {
    match broken {
        Some(TruncationCause::IdleTimeout(after)) => FetchError::IdleTimeout(after),
        Some(TruncationCause::TotalTimeout(after)) => FetchError::TotalTimeout(after),
        Some(TruncationCause::Closed) if bytes.is_empty() => {
            FetchError::ConnectionLost("closed before the body".to_owned())
        }
        Some(TruncationCause::Reset) if bytes.is_empty() => {
            FetchError::ConnectionLost("reset before the body".to_owned())
        }
        Some(TruncationCause::Closed | TruncationCause::Reset) | None => {
            bytes.truncate(ERROR_BODY_BYTES);
            let content_type = info.content_type.as_ref().map(|text| text.as_str().to_owned());
            FetchError::NotJpeg(Box::new(UnexpectedBody { content_type, head: bytes }))
        }
    }
}

fn fetch_info(response: &Response) -> FetchInfo {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    FetchInfo {
        status: Some(response.status().as_u16()),
        content_type: content_type.map(|value| Safe::from_bytes(value.as_bytes()).fit(80)),
        took: Duration::ZERO,
        from_cache: false,
        version: match response.version() {
            Version::HTTP_10 => Some("HTTP/1.0"),
            Version::HTTP_11 => Some("HTTP/1.1"),
            Version::HTTP_2 => Some("HTTP/2"),
            _ => None,
        },
    }
}

/// Returns the target of a redirect. A `Location` that is not a URL counts as none, so that the status is reported.
fn redirect_target(response: &Response, url: &Url) -> Option<Url> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(header::LOCATION).filter(|_| redirects)?;
    url.join(location.to_str().ok()?).ok()
}

/// Returns whether the bytes begin with the magic number of a JPEG.
fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff])
}
