//! One GET, from the URL in the log to the bytes of a JPEG, or the reason why not.
//!
//! Follows redirects itself, each hop judged by the policy; counts while it reads; gives up on silence. It decides by
//! the first bytes what the body is, never by its `Content-Type`. What it does not do: retry, which is the desk's
//! affair, and decode. No error text of the client leaves this room, for they print whole URLs.

use super::{
    MediaConfig,
    connect::{self, LookupError},
    policy::{HostPort, Policy, Refusal, Trust},
};
use crate::{event::PictureUrl, picture::FetchInfo, text::Safe};
use reqwest::{Client, Response, StatusCode, Version, header};
use rustls::CertificateError as Bad;
use std::{
    error::Error,
    io,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use tokio::{
    sync::{OnceCell, watch},
    time::timeout,
};
use url::Url;

/// Redirects that are followed.
const MAX_HOPS: usize = 3;

/// A fetch with no more than this to go is let finish although nobody wants it any longer: a new connection, or the
/// same picture a moment later, would cost more.
const NEARLY_DONE: u64 = 64 << 10;

/// Bytes of an error's body that are looked at.
const ERROR_BODY: usize = 4 << 10;

/// A body that begins like a JPEG.
#[derive(Debug)]
pub(super) struct HttpBody {
    pub(super) bytes: Vec<u8>,
    pub(super) fetched: FetchInfo,
    /// Where the server broke off.
    pub(super) cut: Option<TruncatedBody>,
}

/// A body that ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TruncatedBody {
    /// `Content-Length`, where there was one.
    pub(super) expected: Option<u64>,
    pub(super) why: TruncatedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TruncatedBy {
    /// The connection was closed.
    Server,
    /// The connection was reset (RST): by the server, or by something between.
    Reset,
    /// Nothing came for this long.
    Silence(Duration),
    /// The whole took this long.
    Slowness(Duration),
}

/// Why there are no bytes.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{refusal}")]
    Refused { refusal: Refusal, redirected: bool },
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
    #[error("{host}: {why}")]
    Lookup { host: String, why: String },
    #[error("{host}: no answer from DNS for {after:?}")]
    SlowLookup { host: String, after: Duration },
    #[error("{host}: {why}")]
    Connect { host: String, why: String },
    #[error("{host}: no connection within {after:?}")]
    SlowConnect { host: String, after: Duration },
    #[error("{host}: {fault:?}")]
    Tls { host: String, fault: TlsFault },
    #[error("no answer for {0:?}")]
    Silence(Duration),
    #[error("not here after {0:?}")]
    Slow(Duration),
    #[error("the connection broke before an answer: {0}")]
    Broken(String),
    #[error("more than {MAX_HOPS} redirects")]
    Redirects,
    #[error("HTTP {}", .0.status)]
    Status(Box<Denial>),
    #[error("larger than {limit} bytes")]
    TooLarge { limit: u64, said: Option<u64> },
    #[error("not a JPEG")]
    NotJpeg(Box<UnexpectedBody>),
    #[error("--no-fetch")]
    Off,
}

/// What is wrong with a server's certificate or its handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TlsFault {
    Expired,
    NotYetValid,
    WrongHost,
    UnknownIssuer,
    Other(String),
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denial {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// `<Code>` and `<Message>` of OBS.
    pub(super) obs: Option<(String, String)>,
}

/// A body that is something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UnexpectedBody {
    pub(super) content_type: Option<String>,
    /// Its first bytes, at most [`ERROR_BODY`].
    pub(super) head: Vec<u8>,
}

/// How far a fetch is. Written by the fetch, read by the desk when nobody wants the picture any longer.
#[derive(Debug, Default)]
pub(super) struct FetchProgress(AtomicBool);

impl FetchProgress {
    pub(super) fn nearly_done(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Fetches by the rules of one session.
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

    /// Fetches one picture within three times the longest silence.
    pub(super) async fn fetch(&self, url: &PictureUrl, progress: &FetchProgress) -> Result<HttpBody, FetchError> {
        let begun = Instant::now();
        let deadline = tokio::time::Instant::now() + self.whole();
        let open = tokio::time::timeout_at(deadline, self.open(url));
        let response = open.await.unwrap_or(Err(FetchError::Slow(self.whole())))?;
        let mut body = self.receive(response, deadline, progress).await?;
        body.fetched.took = begun.elapsed();
        Ok(body)
    }

    fn whole(&self) -> Duration {
        self.config.silence * 3
    }

    /// Asks, and follows redirects, until an answer comes that is none.
    async fn open(&self, url: &PictureUrl) -> Result<Response, FetchError> {
        let mut url = Url::parse(url.reveal())
            .map_err(|error| FetchError::Refused { refusal: Refusal::NotAUrl(error.to_string()), redirected: false })?;
        for hop in 0..=MAX_HOPS {
            let response = self.ask(&url).await.map_err(|mut error| {
                if let FetchError::Refused { redirected, .. } = &mut error {
                    *redirected = hop > 0;
                }
                error
            })?;
            let Some(next) = redirect_of(&response, &url) else { return Ok(response) };
            if url.scheme() == "https" && next.scheme() == "http" {
                return Err(FetchError::Refused { refusal: Refusal::Downgrade, redirected: true });
            }
            url = next;
        }
        Err(FetchError::Redirects)
    }

    /// One request, to a URL that the policy lets through.
    async fn ask(&self, url: &Url) -> Result<Response, FetchError> {
        let judged = self.policy.borrow().judge(url);
        let trust = judged.map_err(|refusal| FetchError::Refused { refusal, redirected: false })?;
        let mut request = self.client(trust).await?.get(url.clone());
        for bound in self.config.referer.iter().filter(|bound| bound.host.covers_url(url)) {
            request = request.header(header::REFERER, bound.value.as_str());
        }
        for bound in self.config.headers.iter().filter(|bound| bound.host.covers_url(url)) {
            request = request.header(&bound.value.name, &bound.value.value);
        }
        timeout(self.config.silence, request.send())
            .await
            .map_err(|_elapsed| FetchError::Silence(self.config.silence))?
            .map_err(|error| self.explain(url, &error))
    }

    async fn client(&self, trust: Trust) -> Result<&Client, FetchError> {
        let cell = match trust {
            Trust::Unlisted => &self.unlisted,
            Trust::Listed => &self.listed,
        };
        let config = self.config.clone();
        cell.get_or_try_init(|| async move {
            tokio::task::spawn_blocking(move || connect::client(&config, trust))
                .await
                .unwrap_or_else(|error| Err(FetchError::Setup(error.to_string())))
        })
        .await
    }

    /// Finds the cause in a client's error; the error's own text holds the URL.
    fn explain(&self, url: &Url, error: &reqwest::Error) -> FetchError {
        let host = url.host_str().unwrap_or_default().to_owned();
        let refused = |ip, class| {
            let site = url.host().zip(url.port_or_known_default()).map(|(host, port)| HostPort::of(&host, port));
            let refusal = site.map_or(Refusal::NoHost, |site| Refusal::Address { site, ip, class });
            FetchError::Refused { refusal, redirected: false }
        };
        if let Some(lookup) = cause::<LookupError>(error) {
            return match lookup {
                LookupError::Slow(after) => FetchError::SlowLookup { host, after: *after },
                LookupError::Refused { ip, class } => refused(*ip, *class),
                LookupError::System(_) | LookupError::Nothing => FetchError::Lookup { host, why: lookup.to_string() },
            };
        }
        if let Some(tls) = cause::<rustls::Error>(error) {
            return FetchError::Tls { host, fault: tls_fault(tls) };
        }
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => FetchError::SlowConnect { host, after: self.config.silence / 2 },
            (true, false) => FetchError::Connect { host, why: root(error) },
            (false, true) => FetchError::Silence(self.config.silence),
            (false, false) => FetchError::Broken(root(error)),
        }
    }

    /// Reads the body, counting.
    async fn receive(
        &self,
        mut response: Response,
        deadline: tokio::time::Instant,
        progress: &FetchProgress,
    ) -> Result<HttpBody, FetchError> {
        let limit = self.config.max_bytes;
        let expected = response.content_length();
        let fetched = how(&response);
        if response.status() != StatusCode::OK {
            return Err(self.denial(response).await);
        }
        if expected.is_some_and(|expected| expected > limit) {
            return Err(FetchError::TooLarge { limit, said: expected });
        }
        let mut bytes: Vec<u8> = Vec::new();
        let broken = loop {
            match self.chunk(&mut response, deadline).await {
                Ok(Some(chunk)) if bytes.len() as u64 + chunk.len() as u64 > limit => {
                    return Err(FetchError::TooLarge { limit, said: None });
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break None,
                Err(why) => break Some(why),
            }
            if bytes.len() >= ERROR_BODY && !is_jpeg(&bytes) {
                break None;
            }
            let to_go = expected.map(|expected| expected.saturating_sub(bytes.len() as u64));
            progress.0.store(to_go.is_some_and(|to_go| to_go <= NEARLY_DONE), Ordering::Relaxed);
        };
        progress.0.store(true, Ordering::Relaxed);
        if is_jpeg(&bytes) {
            return Ok(HttpBody { bytes, fetched, cut: broken.map(|why| TruncatedBody { expected, why }) });
        }
        match broken {
            Some(TruncatedBy::Silence(after)) => Err(FetchError::Silence(after)),
            Some(TruncatedBy::Slowness(after)) => Err(FetchError::Slow(after)),
            Some(TruncatedBy::Server) if bytes.is_empty() => {
                Err(FetchError::Broken("closed before the body".to_owned()))
            }
            Some(TruncatedBy::Reset) if bytes.is_empty() => Err(FetchError::Broken("reset before the body".to_owned())),
            Some(TruncatedBy::Server | TruncatedBy::Reset) | None => {
                bytes.truncate(ERROR_BODY);
                let content_type = fetched.content_type.map(|text| text.as_str().to_owned());
                Err(FetchError::NotJpeg(Box::new(UnexpectedBody { content_type, head: bytes })))
            }
        }
    }

    async fn chunk(
        &self,
        response: &mut Response,
        deadline: tokio::time::Instant,
    ) -> Result<Option<impl AsRef<[u8]> + std::ops::Deref<Target = [u8]> + use<>>, TruncatedBy> {
        let silent = tokio::time::Instant::now() + self.config.silence;
        match tokio::time::timeout_at(silent.min(deadline), response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) if is_reset(&error) => Err(TruncatedBy::Reset),
            Ok(Err(_)) => Err(TruncatedBy::Server),
            Err(_) if silent <= deadline => Err(TruncatedBy::Silence(self.config.silence)),
            Err(_) => Err(TruncatedBy::Slowness(self.whole())),
        }
    }

    async fn denial(&self, mut response: Response) -> FetchError {
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let mut head = Vec::new();
        // The body is a courtesy; what has not come after a second is not waited for.
        let read = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                head.extend_from_slice(&chunk);
                if head.len() >= ERROR_BODY {
                    break;
                }
            }
        };
        // Whether it came in time makes no difference to what is said.
        let _elapsed = timeout(self.config.silence.min(Duration::from_secs(1)), read).await;
        FetchError::Status(Box::new(Denial { status, retry_after, obs: obs_error(&head) }))
    }
}

fn how(response: &Response) -> FetchInfo {
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

/// Where an answer sends us, if it does. A `Location` that is no URL counts as none, so the status is reported.
fn redirect_of(response: &Response, url: &Url) -> Option<Url> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(header::LOCATION).filter(|_| redirects)?;
    url.join(location.to_str().ok()?).ok()
}

/// The magic number, as far as there are bytes.
fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8, 0xff])
}

/// `<Code>` and `<Message>` of an error of OBS (its API reference, "Error responses").
pub(super) fn obs_error(body: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(inner, _)| inner.chars().take(120).collect::<String>())
    };
    Some((element("Code")?, element("Message").unwrap_or_default()))
}

/// The first error of type `E` in the chain, also within `io::Error`s, which hide theirs.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = error.downcast_ref().or_else(|| cause::<E>(inner?)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn is_reset(error: &reqwest::Error) -> bool {
    cause::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

/// The innermost error's text: `connection refused (os error 111)`.
fn root(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// The texts of an error and its causes, for errors that hold no URL.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn tls_fault(error: &rustls::Error) -> TlsFault {
    let rustls::Error::InvalidCertificate(certificate) = error else { return TlsFault::Other(error.to_string()) };
    if matches!(certificate, Bad::Expired | Bad::ExpiredContext { .. }) {
        TlsFault::Expired
    } else if matches!(certificate, Bad::NotValidYet | Bad::NotValidYetContext { .. }) {
        TlsFault::NotYetValid
    } else if matches!(certificate, Bad::NotValidForName | Bad::NotValidForNameContext { .. }) {
        TlsFault::WrongHost
    } else if matches!(certificate, Bad::UnknownIssuer) {
        TlsFault::UnknownIssuer
    } else {
        TlsFault::Other(certificate.to_string())
    }
}
