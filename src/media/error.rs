//! The ways in which a fetch fails.
//!
//! An error of the HTTP client is classified here, by the errors that it wraps; its own text is never shown, since it
//! holds the whole URL. The sentences for the operator are in `reason`.

use super::{
    address::AddressClass,
    policy::{HostPort, Refusal},
    tls::TlsFault,
};
use rustix::io::Errno;
use std::{error::Error, io, net::IpAddr, time::Duration};
use url::Url;

/// The longest chain of redirects that is followed.
pub(super) const MAX_REDIRECTS: usize = 3;

/// The reason why a fetch gave no body.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{refusal}")]
    Refused { refusal: Refusal, redirected: bool },
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
    #[error("{host}: {cause}")]
    Lookup { host: String, cause: String },
    #[error("{host}: no answer from DNS for {after:?}")]
    LookupTimeout { host: String, after: Duration },
    #[error("{host}: {cause}")]
    Connect { host: String, cause: String },
    #[error("{host}: no connection within {after:?}")]
    ConnectTimeout { host: String, after: Duration },
    #[error("{host}: {fault:?}")]
    Tls { host: String, fault: TlsFault },
    #[error("no answer for {0:?}")]
    IdleTimeout(Duration),
    #[error("not complete after {0:?}")]
    TotalTimeout(Duration),
    #[error("the connection broke before an answer: {0}")]
    ConnectionLost(String),
    #[error("the answer is not valid HTTP: {0}")]
    InvalidHttp(String),
    #[error("too many open files")]
    TooManyFiles,
    #[error("encoded as {0}")]
    Encoding(String),
    #[error("more than {MAX_REDIRECTS} redirects")]
    TooManyRedirects,
    #[error("HTTP {}", .0.status)]
    Status(Box<ErrorResponse>),
    #[error("larger than {limit} bytes")]
    TooLarge { limit: u64, declared: Option<u64> },
    #[error("not a JPEG")]
    NotJpeg(Box<UnexpectedBody>),
    #[error("--no-fetch")]
    Disabled,
}

/// The stage at which a fetch failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FetchStage {
    /// It was not made, or failed here.
    NotMade,
    /// It was made, and no valid response came.
    Unanswered,
    /// A response came whose status is not a success.
    Denied(u16),
    /// A response came that leads to no picture.
    Unusable,
}

/// A response whose status is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ErrorResponse {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// `<Code>` and `<Message>` of OBS.
    pub(super) obs: Option<(String, String)>,
}

/// A body that is not a JPEG.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UnexpectedBody {
    pub(super) content_type: Option<String>,
    /// Its first bytes, at most 4 KiB.
    pub(super) head: Vec<u8>,
}

/// The reason why a name gave no address to connect to. Found again in the chain of the client's error.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    #[error("the name look-up took more than {0:?}")]
    Timeout(Duration),
    #[error("{0}")]
    System(io::Error),
    #[error("{ip} is {class}")]
    Refused { ip: IpAddr, class: AddressClass },
    #[error("the name has no address")]
    NoAddress,
}

impl FetchError {
    /// Returns how far the request came.
    pub(super) fn stage(&self) -> FetchStage {
        match self {
            Self::Refused { .. } | Self::Setup(_) | Self::TooManyFiles | Self::Disabled => FetchStage::NotMade,
            Self::Lookup { .. }
            | Self::LookupTimeout { .. }
            | Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Tls { .. }
            | Self::IdleTimeout(_)
            | Self::TotalTimeout(_)
            | Self::ConnectionLost(_)
            | Self::InvalidHttp(_) => FetchStage::Unanswered,
            Self::Status(response) => FetchStage::Denied(response.status),
            Self::TooManyRedirects | Self::TooLarge { .. } | Self::NotJpeg(_) | Self::Encoding(_) => {
                FetchStage::Unusable
            }
        }
    }

    /// Classifies an error of the HTTP client for a request to `url`.
    pub(super) fn from_client(url: &Url, error: &reqwest::Error, idle_timeout: Duration) -> Self {
        let host = url.host_str().unwrap_or_default().to_owned();
        if let Some(lookup) = find_source::<LookupError>(error) {
            return match lookup {
                LookupError::Timeout(after) => Self::LookupTimeout { host, after: *after },
                LookupError::Refused { ip, class } => {
                    let site = HostPort::of_url(url);
                    let refusal =
                        site.map_or(Refusal::NoHost, |site| Refusal::Address { site, ip: *ip, class: *class });
                    Self::Refused { refusal, redirected: false }
                }
                LookupError::System(_) | LookupError::NoAddress => Self::Lookup { host, cause: lookup.to_string() },
            };
        }
        if let Some(tls) = find_source::<rustls::Error>(error) {
            return Self::Tls { host, fault: TlsFault::of(tls) };
        }
        if find_source::<io::Error>(error).is_some_and(is_out_of_files) {
            return Self::TooManyFiles;
        }
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => Self::ConnectTimeout { host, after: idle_timeout / 2 },
            (true, false) => Self::Connect { host, cause: innermost(error) },
            (false, true) => Self::IdleTimeout(idle_timeout),
            (false, false) if is_invalid_http(error) => Self::InvalidHttp(innermost(error)),
            (false, false) => Self::ConnectionLost(innermost(error)),
        }
    }
}

/// Returns `<Code>` and `<Message>` of an error of OBS (its API reference, "Error responses").
pub(super) fn obs_error(body: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(inner, _)| inner.chars().take(120).collect::<String>())
    };
    Some((element("Code")?, element("Message").unwrap_or_default()))
}

/// Returns the first error of type `E` in the chain, also within `io::Error`s, whose `source` skips the inner error.
fn find_source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = error.downcast_ref().or_else(|| find_source::<E>(inner?)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Returns whether the process or the system has no descriptor left.
pub(super) fn is_out_of_files(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    code == Some(Errno::MFILE.raw_os_error()) || code == Some(Errno::NFILE.raw_os_error())
}

/// Returns whether the peer sent something that is not HTTP, as opposed to nothing.
pub(super) fn is_invalid_http(error: &reqwest::Error) -> bool {
    let parse = find_source::<hyper::Error>(error).is_some_and(hyper::Error::is_parse);
    let io = find_source::<io::Error>(error).map(io::Error::kind);
    parse || matches!(io, Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData))
}

/// Returns whether the connection was reset.
pub(super) fn is_reset(error: &reqwest::Error) -> bool {
    find_source::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

/// Returns the innermost error's text, such as `connection refused (os error 111)`.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Returns the texts of an error and its sources, for errors that hold no URL.
pub(super) fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
