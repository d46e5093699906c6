//! Settings of the media module.
//!
//! Plain data that the command line fills in and that stays the same for a session; only the policy may grow while the
//! program runs. Nothing here does any work. Values of request headers never appear in debug output.

use super::policy::{HostPort, Policy};
use crate::picture::{FetchMode, PixelFormat};
use reqwest::header::{HeaderName, HeaderValue};
use std::{fmt, path::PathBuf, str::FromStr, time::Duration};
use url::Url;

/// Settings of [`spawn`](super::spawn).
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// The hosts and networks that may be connected to.
    pub policy: Policy,
    /// The longest time without a byte from the server (`--timeout`). Connecting may take half of it, a whole fetch
    /// three times as long.
    pub idle_timeout: Duration,
    /// The longest body in bytes (`--max-size`), before and after decompression.
    pub max_bytes: u64,
    /// The number of fetches that may run at once (`--jobs`).
    pub jobs: usize,
    /// Values of the `Referer` header (`--referer`), each sent to its host only.
    pub referer: Vec<HostBound<Url>>,
    /// Additional request headers (`--header`), each sent to its host only.
    pub headers: Vec<HostBound<Header>>,
    /// The HTTP proxy (`--proxy`). It resolves the names, so that only literal addresses are checked by the policy.
    pub proxy: Option<Url>,
    /// A PEM file of issuers that are trusted in addition to the system's (`--ca-file`).
    pub ca_file: Option<PathBuf>,
    /// The directory that holds the picture cache; `None` with `--no-cache`.
    pub cache_dir: Option<PathBuf>,
    /// The pictures that are fetched; with [`FetchMode::Never`] only cached ones are shown.
    pub fetch: FetchMode,
    /// The process that decodes pictures.
    pub decoder: Decoder,
    /// The pixels that it returns.
    pub format: PixelFormat,
    /// The limits of requests for [`Media::check`](super::Media::check).
    pub check: CheckLimits,
}

/// The limits of a check's requests to one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckLimits {
    /// The requests that may run at once (`--per-host`).
    pub per_host: usize,
    /// The least time between two requests (`--interval`).
    pub interval: Duration,
}

impl Default for CheckLimits {
    fn default() -> Self {
        Self { per_host: 4, interval: Duration::from_millis(50) }
    }
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            idle_timeout: Duration::from_secs(10),
            max_bytes: 16 << 20,
            jobs: 6,
            referer: Vec::new(),
            headers: Vec::new(),
            proxy: None,
            ca_file: None,
            cache_dir: None,
            fetch: FetchMode::Prefetch,
            decoder: Decoder::InProcess,
            format: PixelFormat::Rgb,
            check: CheckLimits::default(),
        }
    }
}

/// The process that decodes pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Decoder {
    /// Child processes that run this program with [`DECODE_ARGUMENT`](super::DECODE_ARGUMENT).
    Process(PathBuf),
    /// A thread of this process, which a bug of the decoder may then abort.
    #[default]
    InProcess,
}

/// A value that is sent to one host only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostBound<T> {
    /// The host that receives the value.
    pub host: HostPort,
    /// The value.
    pub value: T,
}

impl<T: FromStr> HostBound<T> {
    /// Parses `HOST=VALUE`, or `VALUE` alone if `default_host` is given. Fails with a sentence that says what is wrong.
    pub fn parse(text: &str, default_host: Option<&HostPort>) -> Result<Self, &'static str> {
        if let Some((host, value)) = text.split_once('=')
            && let (Ok(host), Ok(value)) = (host.parse(), value.parse())
        {
            return Ok(Self { host, value });
        }
        let value = text.parse().map_err(|_unreadable| "neither HOST=VALUE nor a value")?;
        let host = default_host.cloned().ok_or("which host is it for? HOST=VALUE, or exactly one --allow-host")?;
        Ok(Self { host, value })
    }
}

/// A request header, parsed from `NAME: VALUE`. Its value may be a secret and is left out of debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_values_that_are_bound_to_a_host() {
        let only: HostPort = "cdn.example".parse().unwrap();
        let check = |text: &str, default_host: Option<&HostPort>, expected: Result<&str, &str>| {
            let header = HostBound::<Header>::parse(text, default_host);
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
    fn debug_output_hides_header_values() {
        let header: Header = "X-Auth-Token: SECRET".parse().unwrap();
        assert_eq!(format!("{header:?}"), "Header(x-auth-token: ***)");
    }
}
