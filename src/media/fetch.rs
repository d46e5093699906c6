//! One GET: from the URL in the log to the bytes of a JPEG, or the reason why there are none.
//!
//! Follows redirects itself, each checked by the policy; counts the body while it arrives; ends when nothing arrives.
//! The first bytes of a body decide what it is, never its `Content-Type`. Retrying is the scheduler's task, decoding
//! the decoder's. Errors of the HTTP client never leave this module, since their text holds the whole URL.

use super::{
    body::{FetchProgress, HttpBody, Truncation, TruncationCause},
    client::Connections,
    clients::Clients,
    config::MediaConfig,
    encoding::{ContentEncoding, DecodedBody},
    error::{ErrorResponse, FetchError, MAX_REDIRECTS, UnexpectedBody, is_invalid_http, is_reset, obs_error},
    policy::{Policy, Refusal, Trust},
};
use crate::{event::PictureUrl, picture::FetchInfo, text::Safe};
use reqwest::{Response, Version, header};
use std::{
    ops::Deref,
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::timeout};
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
    clients: Clients,
}

impl Fetcher {
    pub(super) fn new(config: MediaConfig, policy: watch::Receiver<Policy>) -> Self {
        Self { clients: Clients::new(config.clone()), config, policy }
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

    /// Returns whether the policy refuses a URL, so that no request is made for it.
    pub(super) fn refuses(&self, url: &PictureUrl) -> bool {
        Url::parse(url.reveal()).map_or(true, |url| self.policy.borrow().judge(&url).is_err())
    }

    /// Opens a page for its effect, within three times the idle timeout; its body is not read.
    pub(super) async fn visit(&self, url: &PictureUrl) -> Result<(), FetchError> {
        let response = tokio::time::timeout(self.total_timeout(), self.follow_redirects(url)).await;
        let response = response.unwrap_or(Err(FetchError::TotalTimeout(self.total_timeout())))?;
        if response.status().is_success() { Ok(()) } else { Err(self.error_response(response).await) }
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
        let connections = self.clients.connections(url);
        let response = match self.send(url, trust, connections).await {
            // A server may close a connection that it kept at any time, also when the next request is on its way.
            Err(FetchError::ConnectionLost(_)) if self.clients.may_reuse(url) => {
                self.send(url, trust, Connections::Fresh).await?
            }
            sent => sent?,
        };
        self.clients.note_response(url);
        Ok(response)
    }

    async fn send(&self, url: &Url, trust: Trust, connections: Connections) -> Result<Response, FetchError> {
        let mut request = self.clients.get(trust, connections).await?.get(url.clone());
        for bound in self.config.referer.iter().filter(|bound| bound.host.covers_url(url)) {
            request = request.header(header::REFERER, bound.value.as_str());
        }
        for bound in self.config.headers.iter().filter(|bound| bound.host.covers_url(url)) {
            request = request.header(&bound.value.name, &bound.value.value);
        }
        let idle_timeout = self.config.idle_timeout;
        if let Ok(sent) = timeout(idle_timeout, request.send()).await {
            return sent.map_err(|error| FetchError::from_client(url, &error, idle_timeout));
        }
        self.clients.close(trust).await;
        Err(FetchError::IdleTimeout(idle_timeout))
    }

    /// Reads the body of a response and counts its bytes.
    async fn read_body(
        &self,
        mut response: Response,
        deadline: tokio::time::Instant,
        progress: &FetchProgress,
    ) -> Result<HttpBody, FetchError> {
        let limit = self.config.max_bytes;
        let declared = response.content_length();
        let info = fetch_info(&response);
        if !matches!(response.status().as_u16(), 200 | 203 | 206) {
            return Err(self.error_response(response).await);
        }
        if declared.is_some_and(|declared| declared > limit) {
            return Err(FetchError::TooLarge { limit, declared });
        }
        let total = total_length(&response);
        let encoding = ContentEncoding::of(response.headers());
        let mut bytes: Vec<u8> = Vec::new();
        let mut broken = loop {
            match self.read_chunk(&mut response, deadline).await {
                Ok(Some(chunk)) if bytes.len() as u64 + chunk.len() as u64 > limit => {
                    return Err(FetchError::TooLarge { limit, declared: None });
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break None,
                Err(cause) => break Some(cause),
            }
            if bytes.len() >= ERROR_BODY_BYTES && !is_jpeg(&bytes) && encoding == ContentEncoding::Identity {
                break None;
            }
            let missing = declared.map(|declared| declared.saturating_sub(bytes.len() as u64));
            progress.set_nearly_done(missing.is_some_and(|missing| missing <= NEARLY_DONE_BYTES));
        };
        progress.set_nearly_done(true);
        let mut expected = total.or(declared);
        // A JPEG that is said to be encoded is taken as it is.
        if encoding != ContentEncoding::Identity && !is_jpeg(&bytes) {
            (bytes, broken) = decode_body(encoding, bytes, broken, limit).await?;
            expected = None;
        }
        if !is_jpeg(&bytes) {
            return Err(unusable(bytes, &info, broken));
        }
        let is_part = expected.is_some_and(|expected| expected > bytes.len() as u64);
        let cause = broken.or(is_part.then_some(TruncationCause::Partial));
        Ok(HttpBody { bytes, info, truncated: cause.map(|cause| Truncation { expected, cause }) })
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
            Ok(Err(error)) if is_invalid_http(&error) => Err(TruncationCause::InvalidHttp),
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
        let encoding = ContentEncoding::of(response.headers());
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
        let head = match encoding.decode(&head, 16 * ERROR_BODY_BYTES as u64) {
            DecodedBody::Whole(head) | DecodedBody::Partial(head) => head,
            DecodedBody::TooLarge => Vec::new(),
        };
        FetchError::Status(Box::new(ErrorResponse { status, retry_after, obs: obs_error(&head) }))
    }
}

/// Removes the encoding of a body off the runtime's threads. What was broken stays so.
async fn decode_body(
    encoding: ContentEncoding,
    bytes: Vec<u8>,
    broken: Option<TruncationCause>,
    limit: u64,
) -> Result<(Vec<u8>, Option<TruncationCause>), FetchError> {
    if let ContentEncoding::Other(name) = encoding {
        return Err(FetchError::Encoding(name));
    }
    let decoded = tokio::task::spawn_blocking(move || encoding.decode(&bytes, limit)).await;
    match decoded.map_err(|error| FetchError::Setup(error.to_string()))? {
        DecodedBody::Whole(bytes) => Ok((bytes, broken)),
        DecodedBody::Partial(bytes) => Ok((bytes, broken.or(Some(TruncationCause::InvalidEncoding)))),
        DecodedBody::TooLarge => Err(FetchError::TooLarge { limit, declared: None }),
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
        Some(TruncationCause::InvalidHttp) if bytes.is_empty() => {
            FetchError::InvalidHttp("its body cannot be read".to_owned())
        }
        Some(TruncationCause::InvalidEncoding) if bytes.is_empty() => {
            FetchError::Encoding("gzip or deflate, and is neither".to_owned())
        }
        Some(
            TruncationCause::Closed
            | TruncationCause::Reset
            | TruncationCause::InvalidHttp
            | TruncationCause::InvalidEncoding
            | TruncationCause::Partial,
        )
        | None => {
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
    // Some servers leave characters beyond ASCII as they are.
    url.join(std::str::from_utf8(location.as_bytes()).ok()?).ok()
}

/// Returns the length of the whole picture of which a response with status 206 sends a part (RFC 9110, section 14.4).
fn total_length(response: &Response) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE).filter(|_| response.status().as_u16() == 206)?;
    range.to_str().ok()?.rsplit_once('/')?.1.trim().parse().ok()
}

/// Returns whether the bytes begin with the magic number of a JPEG.
fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff])
}
