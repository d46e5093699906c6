//! Explains to the operator why a picture is missing or damaged.
//!
//! A [`PictureFailure`] says which phase failed, what the likely causes are, and what can be done. The causes are those
//! that Huawei's documents give for VOD, its CDN and OBS. Pure; the current time is an argument. Invariant: text of a
//! server is quoted only after the secrets of the URL were removed from it.

use super::{
    body::{HttpBody, TruncationCause},
    error::{ErrorResponse, FetchError, FetchStage, UnexpectedBody, obs_error},
    host::HostClosure,
    jpeg::{JpegError, JpegInfo},
    policy::Refusal,
    signature::{Signature, signature},
    tls::TlsFault,
};
use crate::{
    event::PictureUrl,
    picture::{FailureKind, PictureDamage, PictureFailure},
    text::{Safe, number::bytes},
};
use jiff::Timestamp;
use std::{borrow::Cow, time::Duration};
use url::Url;

/// The characters of a body that are quoted.
const QUOTE_LEN: usize = 200;

/// The facts besides the error that an explanation depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct FailureContext<'a> {
    pub(super) url: &'a PictureUrl,
    pub(super) now: Timestamp,
    /// The environment's proxy variable that is set but not used.
    pub(super) unused_proxy: Option<&'static str>,
}

impl FailureContext<'_> {
    /// Explains why a fetch failed.
    pub(super) fn explain_fetch(self, error: &FetchError) -> PictureFailure {
        let (what, mut advice) = match error {
            FetchError::Refused { refusal, redirected } => return self.explain_refusal(refusal, *redirected),
            FetchError::Disabled => {
                ("not fetched".to_owned(), vec!["--no-fetch is set, and the picture is not in the cache".to_owned()])
            }
            FetchError::Setup(cause) => (format!("the HTTP client cannot be set up: {cause}"), Vec::new()),
            FetchError::Lookup { host, cause } => (
                format!("DNS does not know {host}"),
                vec![
                    cause.clone(),
                    "no way to the CDN from here? where there is one, run `thumbview tail HOST:LOG`".to_owned(),
                ],
            ),
            FetchError::LookupTimeout { host, after } => {
                (format!("no answer from DNS for {}", seconds(*after)), vec![format!("while looking up {host}")])
            }
            FetchError::Connect { host, cause } => (format!("no connection to {host}"), vec![cause.clone()]),
            FetchError::ConnectTimeout { host, after } => (
                format!("no connection to {host} within {}", seconds(*after)),
                vec!["firewall? --timeout waits longer".to_owned()],
            ),
            FetchError::Tls { host, fault } => tls(host, fault),
            FetchError::IdleTimeout(after) => (
                format!("no answer for {}", seconds(*after)),
                vec!["the server accepted the request and went silent · --timeout waits longer".to_owned()],
            ),
            FetchError::TotalTimeout(after) => (
                format!("not complete after {}", seconds(*after)),
                vec!["the transfer was too slow · --timeout waits longer".to_owned()],
            ),
            FetchError::ConnectionLost(cause) => ("the server closed the connection".to_owned(), vec![cause.clone()]),
            FetchError::InvalidHttp(cause) => ("the answer is not valid HTTP".to_owned(), vec![cause.clone()]),
            FetchError::TooManyFiles => (
                "too many open files".to_owned(),
                vec!["no connection could be opened for 30 s · ulimit -n 4096 allows more".to_owned()],
            ),
            FetchError::Encoding(name) => (
                format!("the answer is encoded as {name}"),
                vec!["gzip and deflate are decoded; no encoding was asked for".to_owned()],
            ),
            FetchError::TooManyRedirects => (error.to_string(), vec!["a loop?".to_owned()]),
            FetchError::Status(response) => (error.to_string(), self.status_causes(response)),
            FetchError::TooLarge { limit, declared } => too_large(*limit, *declared),
            FetchError::NotJpeg(body) => not_a_jpeg(body),
        };
        let is_unreachable = matches!(
            error,
            FetchError::Lookup { .. }
                | FetchError::LookupTimeout { .. }
                | FetchError::Connect { .. }
                | FetchError::ConnectTimeout { .. }
                | FetchError::IdleTimeout(_)
        );
        if let Some(variable) = self.unused_proxy.filter(|_| is_unreachable) {
            advice.insert(0, format!("{variable} is set but not used · --proxy uses it"));
        }
        self.failure(self.fetch_kind(error), what, advice)
    }

    /// Explains why a check does not request a picture.
    pub(super) fn explain_closure(self, closure: HostClosure) -> PictureFailure {
        let url = Url::parse(self.url.reveal()).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or("its host");
        let (kind, what) = match closure {
            HostClosure::Down => (FailureKind::Unreachable, format!("not requested: {host} failed too often")),
            HostClosure::Limits => (FailureKind::Unknown, format!("not requested: {host} limits requests")),
        };
        self.failure(kind, what, Vec::new())
    }

    /// Explains why a JPEG is not decoded.
    pub(super) fn explain_jpeg(self, error: &JpegError, body: &HttpBody) -> PictureFailure {
        let mut advice = Vec::new();
        if let Some(text) = truncation(body) {
            advice.push(text);
        }
        self.failure(error.kind(), error.to_string(), advice)
    }

    /// Returns the kind of a failed fetch.
    fn fetch_kind(self, error: &FetchError) -> FailureKind {
        match (error.stage(), error) {
            (_, FetchError::Refused { .. } | FetchError::TooLarge { .. }) => FailureKind::Refused,
            (FetchStage::NotMade, _) => FailureKind::Unknown,
            (FetchStage::Unanswered, _) | (_, FetchError::TooManyRedirects) => FailureKind::Unreachable,
            (FetchStage::Denied(status), _) => self.status_kind(status),
            (FetchStage::Unusable, _) => FailureKind::NotJpeg,
        }
    }

    fn status_kind(self, status: u16) -> FailureKind {
        match status {
            404 | 410 => FailureKind::Missing,
            429 => FailureKind::Throttled,
            401 | 403 if matches!(signature(self.url, self.now), Signature::Expired(_)) => FailureKind::Expired,
            400..=499 => FailureKind::Forbidden,
            _ => FailureKind::Unreachable,
        }
    }

    fn explain_refusal(self, refusal: &Refusal, redirected: bool) -> PictureFailure {
        let mut advice = Vec::new();
        let allow = refusal.allowable().map(ToString::to_string);
        match &allow {
            Some(host) => advice.push(format!("--allow-host {host} allows it for good")),
            None => advice.push("never fetched, not even with --allow-host".to_owned()),
        }
        if redirected {
            advice.push("the address in the log redirects there".to_owned());
        }
        PictureFailure {
            allow: allow.map(Safe::from),
            ..self.failure(FailureKind::Refused, refusal.to_string(), advice)
        }
    }

    fn status_causes(self, response: &ErrorResponse) -> Vec<String> {
        let mut advice = Vec::new();
        if let Some((code, message)) = &response.obs {
            advice.push(format!("OBS: {code} {message}"));
        }
        match response.status {
            401 | 403 => {
                advice.push(match signature(self.url, self.now) {
                    Signature::Signed(age) => format!("hotlink protection? signed {} ago", duration(age)),
                    Signature::Expired(age) => format!("the signed URL expired {} ago", duration(age)),
                    Signature::UnknownAge => "hotlink protection? signed, at an unknown time".to_owned(),
                    Signature::None => "hotlink protection? the URL has no auth_key".to_owned(),
                });
                advice.push("Referer list? --referer sends one".to_owned());
                advice.push("blocked after review (VOD.10099)?".to_owned());
                advice.push("the CDN's limit per IP (10 min)? try fewer at once: -j 2".to_owned());
                advice.push("IP or User-Agent list, or a disabled domain?".to_owned());
            }
            404 | 410 => advice.push("deleted, never created, or on another domain; tried twice".to_owned()),
            429 => advice.push(match response.retry_after {
                Some(after) => format!("too many requests; the server asks to wait {}", duration(after)),
                None => "too many requests; only 2 at a time for the next minute".to_owned(),
            }),
            500..=599 => advice.push("an error of the server; tried twice".to_owned()),
            300..=399 => advice.push("a redirect without a target".to_owned()),
            _ => {}
        }
        advice
    }

    fn failure(self, kind: FailureKind, what: String, advice: Vec<String>) -> PictureFailure {
        let secrets = Secrets::of(self.url);
        let safe = |text: String| Safe::new(&secrets.remove_from(&text));
        PictureFailure { kind, what: safe(what), advice: advice.into_iter().map(safe).collect(), allow: None }
    }
}

fn tls(host: &str, fault: &TlsFault) -> (String, Vec<String>) {
    let what = match fault {
        TlsFault::Expired => format!("TLS: the certificate of {host} has expired"),
        TlsFault::NotYetValid => format!("TLS: the certificate of {host} is not valid yet"),
        TlsFault::WrongHost => format!("TLS: the certificate is not for {host}"),
        TlsFault::UnknownIssuer => format!("TLS: the certificate of {host} has an unknown issuer"),
        TlsFault::Certificate(words) => format!("TLS: the certificate of {host} {words}"),
        TlsFault::Handshake(words) => format!("TLS with {host}: {words}"),
    };
    let advice = match fault {
        TlsFault::Expired | TlsFault::NotYetValid => "is the clock of this machine right?",
        TlsFault::WrongHost => "a custom domain needs its own certificate (VOD.10107)",
        TlsFault::UnknownIssuer => "--ca-file PEM adds an issuer to trust",
        TlsFault::Certificate(_) | TlsFault::Handshake(_) => return (what, Vec::new()),
    };
    (what, vec![advice.to_owned()])
}

fn too_large(limit: u64, declared: Option<u64>) -> (String, Vec<String>) {
    let what = match declared {
        Some(declared) => format!("too large: {}", bytes(declared)),
        None => format!("too large: more than {}", bytes(limit)),
    };
    (what, vec![format!("--max-size is {}", bytes(limit))])
}

fn not_a_jpeg(body: &UnexpectedBody) -> (String, Vec<String>) {
    if body.head.is_empty() {
        return ("the answer is empty".to_owned(), Vec::new());
    }
    let kind = match format_name(&body.head) {
        Some(name) => Cow::Borrowed(name),
        None => body.content_type.clone().map_or(Cow::Borrowed("unknown type"), Cow::Owned),
    };
    let mut advice = Vec::new();
    if let Some((code, message)) = obs_error(&body.head) {
        advice.push(format!("OBS: {code} {message}"));
    }
    if let Ok(text) = std::str::from_utf8(&body.head) {
        let words: Vec<&str> = text.split_whitespace().collect();
        advice.push(format!("begins: {}", words.join(" ").chars().take(QUOTE_LEN).collect::<String>()));
    }
    (format!("not a JPEG: {kind}"), advice)
}

/// Returns the format that the first bytes of a file name.
fn format_name(head: &[u8]) -> Option<&'static str> {
    Some(match head {
        [0x89, b'P', b'N', b'G', ..] => "a PNG picture",
        [b'G', b'I', b'F', b'8', ..] => "a GIF picture",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "a WebP picture",
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => "a BMP picture",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "a TIFF picture",
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => "a JPEG XL picture",
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => "a JPEG 2000 picture",
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand.get(..4) {
            Some(b"avif" | b"avis") => "an AVIF picture",
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => "a HEIC picture",
            Some(_) | None => "an MP4 video",
        },
        [0x1f, 0x8b, ..] => "gzip data",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        [0xff, 0xd8, ..] => "only the first bytes of a JPEG",
        _ => return None,
    })
}

/// Returns the damage of a picture, such as `truncated: 12 of 38 KB`: of its body, or else of its data.
pub(super) fn damage(info: JpegInfo, body: &HttpBody, of_data: Option<PictureDamage>) -> Option<PictureDamage> {
    let no_end_marker =
        || (!info.complete).then(|| format!("truncated: no end marker after {}", bytes(body.bytes.len() as u64)));
    let truncated = truncation(body).or_else(no_end_marker);
    truncated.map(|text| PictureDamage::Truncated(text.into())).or(of_data)
}

fn truncation(body: &HttpBody) -> Option<String> {
    let truncation = body.truncated.as_ref()?;
    let got = body.bytes.len() as u64;
    let cause = match truncation.cause {
        TruncationCause::Closed => String::new(),
        TruncationCause::Reset => ", then the connection was reset".to_owned(),
        TruncationCause::IdleTimeout(after) => format!(", then nothing for {}", seconds(after)),
        TruncationCause::TotalTimeout(after) => format!(" in {}", seconds(after)),
        TruncationCause::InvalidHttp => ", then the HTTP is invalid".to_owned(),
        TruncationCause::InvalidEncoding => ", then the encoded data is invalid or ends".to_owned(),
        TruncationCause::Partial => ", the server sent only a part".to_owned(),
    };
    Some(match truncation.expected {
        Some(expected) if got / 1000 == expected / 1000 => format!("truncated: {got} of {expected} bytes{cause}"),
        Some(expected) if expected < 1_000_000 => format!("truncated: {} of {} KB{cause}", got / 1000, expected / 1000),
        Some(expected) => format!("truncated: {} of {}{cause}", bytes(got), bytes(expected)),
        None => format!("truncated after {}{cause}", bytes(got)),
    })
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

/// Formats a duration in the largest unit of which it has two or more: `3 h`.
fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        s @ 0..120 => format!("{s} s"),
        s @ 120..7200 => format!("{} min", s / 60),
        s @ 7200..172_800 => format!("{} h", s / 3600),
        s => format!("{} days", s / 86400),
    }
}

/// The parts of a URL that must not be shown.
struct Secrets(Vec<String>);

impl Secrets {
    /// Collects what the redacted form of a URL lacks: values of the query, user info, digests in the path.
    fn of(url: &PictureUrl) -> Self {
        let redacted = url.redacted();
        let parts = |text: &str| -> Vec<String> {
            text.split(['/', '?', '&', '=', '@', ':', '#']).filter(|part| part.len() >= 4).map(str::to_owned).collect()
        };
        let shown = parts(&redacted);
        let mut secrets: Vec<String> = parts(url.reveal()).into_iter().filter(|part| !shown.contains(part)).collect();
        let decoded = Url::parse(url.reveal()).ok();
        let values = decoded.iter().flat_map(Url::query_pairs).map(|(_, value)| value.into_owned());
        secrets.extend(values.filter(|value| value.len() >= 4 && !redacted.contains(value.as_str())));
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// Replaces each secret in `text` by `***`.
    fn remove_from(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PixelSize;

    const NOW: i64 = 1_790_000_000;

    fn context(url: &PictureUrl) -> FailureContext<'_> {
        FailureContext { url, now: Timestamp::from_second(NOW).unwrap(), unused_proxy: None }
    }

    fn line(failure: &PictureFailure) -> String {
        let advice: Vec<&str> = failure.advice.iter().map(Safe::as_str).collect();
        format!("{} | {}", failure.what, advice.join(" | "))
    }

    fn denial(status: u16) -> FetchError {
        FetchError::Status(Box::new(ErrorResponse { status, retry_after: None, obs: None }))
    }

    #[test]
    fn statuses_name_their_likely_causes() {
        let url = PictureUrl::new(&format!("https://h/x.jpg?auth_key={}-0-0-0123", NOW - 3 * 3600));
        let text = line(&context(&url).explain_fetch(&denial(403)));
        assert!(text.starts_with("HTTP 403 | hotlink protection? signed 3 h ago | Referer list?"), "{text}");
        let plain = PictureUrl::new("https://h/x.jpg");
        let text = line(&context(&plain).explain_fetch(&denial(403)));
        assert!(text.starts_with("HTTP 403 | hotlink protection? the URL has no auth_key"), "{text}");
        let text = line(&context(&plain).explain_fetch(&denial(404)));
        assert_eq!(text, "HTTP 404 | deleted, never created, or on another domain; tried twice");
        assert_eq!(line(&context(&plain).explain_fetch(&denial(418))), "HTTP 418 | ");
    }

    #[test]
    fn failures_have_kinds() {
        let kind = |url: &str, error: &FetchError| context(&PictureUrl::new(url)).explain_fetch(error).kind;
        let expired = format!("https://h/x?AWSAccessKeyId=a&Expires={}&Signature=s", NOW - 3600);
        for (status, expected) in [
            (404, FailureKind::Missing),
            (410, FailureKind::Missing),
            (403, FailureKind::Forbidden),
            (401, FailureKind::Forbidden),
            (400, FailureKind::Forbidden),
            (429, FailureKind::Throttled),
            (500, FailureKind::Unreachable),
            (304, FailureKind::Unreachable),
        ] {
            assert_eq!(kind("https://h/x.jpg", &denial(status)), expected, "{status}");
        }
        assert_eq!(kind(&expired, &denial(403)), FailureKind::Expired);
        assert_eq!(kind(&expired, &denial(404)), FailureKind::Missing);
        let too_large = FetchError::TooLarge { limit: 1, declared: None };
        assert_eq!(kind("https://h/x", &too_large), FailureKind::Refused);
        assert_eq!(kind("https://h/x", &FetchError::Disabled), FailureKind::Unknown);
        assert_eq!(kind("https://h/x", &FetchError::NotJpeg(Box::default())), FailureKind::NotJpeg);
        assert_eq!(kind("https://h/x", &FetchError::IdleTimeout(Duration::ZERO)), FailureKind::Unreachable);
    }

    #[test]
    fn refusals_name_the_host_to_allow() {
        let url = PictureUrl::new("http://127.0.0.1:8787/");
        let refused = |refusal, redirected| context(&url).explain_fetch(&FetchError::Refused { refusal, redirected });
        let refusal = crate::media::Policy::default().judge(&Url::parse(url.reveal()).unwrap()).unwrap_err();
        let failure = refused(refusal, false);
        assert_eq!(
            line(&failure),
            "127.0.0.1:8787 is a loopback address | --allow-host 127.0.0.1:8787 allows it for good"
        );
        assert_eq!(failure.allow, Some(Safe::new("127.0.0.1:8787")));
        assert_eq!(refused(Refusal::Downgrade, true).allow, None);
    }

    #[test]
    fn other_bodies_are_named() {
        let url = PictureUrl::new("http://h/x?auth_key=SECRETSECRET");
        let check = |content_type: Option<&str>, head: &[u8], expected: &str| {
            let body = UnexpectedBody { content_type: content_type.map(str::to_owned), head: head.to_vec() };
            assert_eq!(line(&context(&url).explain_fetch(&FetchError::NotJpeg(Box::new(body)))), expected);
        };
        check(Some("image/jpeg"), b"\x89PNG\r\n\x1a\n\0\0\xff", "not a JPEG: a PNG picture | ");
        check(Some("text/html"), b"<html>\n <b>log in", "not a JPEG: text/html | begins: <html> <b>log in");
        check(None, b"", "the answer is empty | ");
        check(
            Some("application/xml"),
            b"<Error><Code>NoSuchKey</Code><Message>gone\x1b</Message>x?auth_key=SECRETSECRET</Error>",
            "not a JPEG: application/xml | OBS: NoSuchKey gone␛ | begins: \
             <Error><Code>NoSuchKey</Code><Message>gone␛</Message>x?auth_key=***</Error>",
        );
    }

    #[test]
    fn formats_are_named_by_their_first_bytes() {
        let check = |head: &[u8], expected| assert_eq!(format_name(head), expected, "{}", head.escape_ascii());
        check(b"\0\0\0\x1cftypheic\0\0\0\0mif1", Some("a HEIC picture"));
        check(b"\0\0\0\x20ftypmif1\0\0\0\0heic", Some("a HEIC picture"));
        check(b"\0\0\0\x20ftypavif\0\0\0\0mif1", Some("an AVIF picture"));
        check(b"\0\0\0\x20ftypisom\0\0\x02\0", Some("an MP4 video"));
        check(b"\0\0\0\x20ftyp", Some("an MP4 video"));
        check(b"RIFF\x10\xff\0\0WEBPVP8 ", Some("a WebP picture"));
        check(b"RIFF\x10\xff\0\0WAVEfmt ", None);
        check(b"\x89PNG\r\n\x1a\n", Some("a PNG picture"));
        check(b"\xff\x0a\0", Some("a JPEG XL picture"));
        check(b"\x1f\x8b\x08\0", Some("gzip data"));
        check(b"<html>", None);
        check(b"", None);
    }

    #[test]
    fn an_unused_proxy_is_named_if_it_may_be_the_cause() {
        let url = PictureUrl::new("http://h/x");
        let context = FailureContext { unused_proxy: Some("HTTPS_PROXY"), ..context(&url) };
        let failure =
            context.explain_fetch(&FetchError::ConnectTimeout { host: "h".to_owned(), after: Duration::from_secs(5) });
        assert!(line(&failure).starts_with("no connection to h within 5 s | HTTPS_PROXY is set but not used"));
        assert!(!line(&context.explain_fetch(&denial(403))).contains("PROXY"));
    }

    #[test]
    fn truncated_pictures_are_marked() {
        use crate::media::body::Truncation;
        let check = |complete, len: usize, truncated: Option<Truncation>, expected: Option<&str>| {
            let info = JpegInfo { size: PixelSize { width: 1, height: 1 }, components: 3, complete };
            let body = HttpBody { bytes: vec![0; len], info: crate::picture::FetchInfo::default(), truncated };
            assert_eq!(damage(info, &body, None).map(|damage| damage.to_string()).as_deref(), expected);
        };
        let truncated = |expected, cause| Some(Truncation { expected, cause });
        check(true, 38_000, None, None);
        check(false, 38_000, None, Some("truncated: no end marker after 38 KB"));
        check(false, 12_000, truncated(Some(38_000), TruncationCause::Closed), Some("truncated: 12 of 38 KB"));
        check(true, 38_001, truncated(Some(38_009), TruncationCause::Closed), Some("truncated: 38001 of 38009 bytes"));
        let idle = TruncationCause::IdleTimeout(Duration::from_secs(10));
        check(
            false,
            12_000,
            truncated(Some(38_000), TruncationCause::Reset),
            Some("truncated: 12 of 38 KB, then the connection was reset"),
        );
        check(false, 12_000, truncated(None, idle), Some("truncated after 12 KB, then nothing for 10 s"));
    }
}
