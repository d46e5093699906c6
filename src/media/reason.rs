//! Why a picture is missing, in words that help.
//!
//! For an operator the reason is half of the job: which phase failed, what is likely, what can be done. The causes are
//! those that Huawei's documents give for VOD, its CDN and OBS. Pure; the time comes in. Nothing a server wrote is
//! quoted before the URL's own secrets were taken out of it.

use super::{
    fetch::{Denial, FetchError, HttpBody, TlsFault, TruncatedBy, UnexpectedBody},
    jpeg::{JpegFault, JpegOutline},
    policy::Refusal,
};
use crate::{event::PictureUrl, picture::PictureFailure, text::Safe};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::{borrow::Cow, time::Duration};
use url::Url;

/// Characters of a foreign body that are quoted.
const QUOTE: usize = 200;

/// What a reason depends on besides the failure itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) url: &'a PictureUrl,
    pub(super) now: Timestamp,
    /// The environment's proxy variable that is set and not used.
    pub(super) unused_proxy: Option<&'static str>,
}

impl Context<'_> {
    /// Explains a fetch that failed.
    pub(super) fn fetch(self, error: &FetchError) -> PictureFailure {
        let (what, mut advice) = match error {
            FetchError::Refused { refusal, redirected } => return self.refused(refusal, *redirected),
            FetchError::Off => {
                ("not fetched".to_owned(), vec!["--no-fetch is on, and the cache does not have it".to_owned()])
            }
            FetchError::Setup(why) => (format!("the HTTP client cannot be set up: {why}"), Vec::new()),
            FetchError::Lookup { host, why } => (
                format!("DNS knows no {host}"),
                vec![
                    why.clone(),
                    "does this host reach the CDN? ssh HOST tail -F LOG | thumbview - runs where it is reached"
                        .to_owned(),
                ],
            ),
            FetchError::SlowLookup { host, after } => {
                (format!("no answer from DNS for {}", seconds(*after)), vec![format!("while looking up {host}")])
            }
            FetchError::Connect { host, why } => (format!("no connection to {host}"), vec![why.clone()]),
            FetchError::SlowConnect { host, after } => (
                format!("no connection to {host} within {}", seconds(*after)),
                vec!["firewall? --timeout waits longer".to_owned()],
            ),
            FetchError::Tls { host, fault } => tls(host, fault),
            FetchError::Silence(after) => (
                format!("no answer for {}", seconds(*after)),
                vec!["the server took the request and is silent · --timeout waits longer".to_owned()],
            ),
            FetchError::Slow(after) => (
                format!("not here after {}", seconds(*after)),
                vec!["it came too slowly · --timeout waits longer".to_owned()],
            ),
            FetchError::Broken(why) => ("the server hung up".to_owned(), vec![why.clone()]),
            FetchError::Redirects => (error.to_string(), vec!["a loop?".to_owned()]),
            FetchError::Status(denial) => (error.to_string(), self.denied(denial)),
            FetchError::TooLarge { limit, said } => too_large(*limit, *said),
            FetchError::NotJpeg(other) => not_a_jpeg(other),
        };
        let unreached = matches!(
            error,
            FetchError::Lookup { .. }
                | FetchError::SlowLookup { .. }
                | FetchError::Connect { .. }
                | FetchError::SlowConnect { .. }
                | FetchError::Silence(_)
        );
        if let Some(variable) = self.unused_proxy.filter(|_| unreached) {
            advice.insert(0, format!("{variable} is set, not used · --proxy"));
        }
        self.trouble(what, advice)
    }

    /// Explains a JPEG that gives no pixels.
    pub(super) fn jpeg(self, fault: &JpegFault, body: &HttpBody) -> PictureFailure {
        let mut advice = Vec::new();
        if let Some(text) = truncation(body.bytes.len(), body) {
            advice.push(text);
        }
        self.trouble(fault.to_string(), advice)
    }

    fn refused(self, refusal: &Refusal, redirected: bool) -> PictureFailure {
        let mut advice = Vec::new();
        let allow = refusal.allow().map(ToString::to_string);
        match &allow {
            Some(host) => advice.extend(["a allows it now".to_owned(), format!("--allow-host {host} always")]),
            None => advice.push("never fetched, whatever is allowed".to_owned()),
        }
        if redirected {
            advice.push("the address in the log redirects there".to_owned());
        }
        PictureFailure { allow: allow.map(Safe::from), ..self.trouble(refusal.to_string(), advice) }
    }

    fn denied(self, denial: &Denial) -> Vec<String> {
        let mut advice = Vec::new();
        let signed = signature(self.url, self.now);
        if let Some((code, message)) = &denial.obs {
            advice.push(format!("OBS: {code} {message}"));
        }
        match denial.status {
            401 | 403 => {
                advice.push(match signed {
                    Signed::Ago(age) => format!("hotlink protection? signed {} ago", span(age)),
                    Signed::Expired(age) => format!("the signed URL expired {} ago", span(age)),
                    Signed::Sometime => "hotlink protection? signed, at an unknown time".to_owned(),
                    Signed::Not => "hotlink protection? the URL is not signed".to_owned(),
                });
                advice.push("a Referer list? --referer sends one".to_owned());
                advice.push("blocked after review (VOD.10099)?".to_owned());
                advice.push("the CDN's limit per IP (10 min)? fewer at once: -j 2".to_owned());
                advice.push("IP or User-Agent list, or a disabled domain?".to_owned());
            }
            404 | 410 => advice.push("deleted, never made, or another domain; asked twice".to_owned()),
            429 => advice.push(match denial.retry_after {
                Some(after) => format!("too many requests; the server says: again in {}", span(after)),
                None => "too many requests; now 2 at once for a minute".to_owned(),
            }),
            500..=599 => advice.push("the server's own trouble; asked twice".to_owned()),
            300..=399 => advice.push("a redirect to nowhere".to_owned()),
            _ => {}
        }
        advice
    }

    fn trouble(self, what: String, advice: Vec<String>) -> PictureFailure {
        let secrets = Secrets::of(self.url);
        let safe = |text: String| Safe::new(&secrets.scrub(&text));
        PictureFailure { what: safe(what), advice: advice.into_iter().map(safe).collect(), allow: None }
    }
}

fn tls(host: &str, fault: &TlsFault) -> (String, Vec<String>) {
    let what = match fault {
        TlsFault::Expired => format!("TLS: the certificate of {host} has expired"),
        TlsFault::NotYetValid => format!("TLS: the certificate of {host} is not valid yet"),
        TlsFault::WrongHost => format!("TLS: the certificate is not for {host}"),
        TlsFault::UnknownIssuer => format!("TLS: unknown issuer of the certificate of {host}"),
        TlsFault::Other(why) => format!("TLS with {host}: {why}"),
    };
    let advice = match fault {
        TlsFault::Expired | TlsFault::NotYetValid => "is this host's clock right?",
        TlsFault::WrongHost => "a domain of one's own needs its own certificate (VOD.10107)",
        TlsFault::UnknownIssuer => "--ca-file PEM names an issuer to trust",
        TlsFault::Other(_) => return (what, Vec::new()),
    };
    (what, vec![advice.to_owned()])
}

fn too_large(limit: u64, said: Option<u64>) -> (String, Vec<String>) {
    let what = match said {
        Some(said) => format!("too large: {}", size(said)),
        None => format!("too large: more than {}", size(limit)),
    };
    (what, vec![format!("--max-size is {}", size(limit))])
}

fn not_a_jpeg(other: &UnexpectedBody) -> (String, Vec<String>) {
    if other.head.is_empty() {
        return ("an empty answer".to_owned(), Vec::new());
    }
    let kind = match other.head.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => Cow::Borrowed("a PNG picture"),
        [b'G', b'I', b'F', b'8', ..] => "a GIF picture".into(),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "a WebP picture".into(),
        [0xff, 0xd8, ..] => "only the first bytes of one".into(),
        _ => other.content_type.clone().map_or(Cow::Borrowed("unknown type"), Cow::Owned),
    };
    let mut advice = Vec::new();
    if let Some((code, message)) = super::fetch::obs_error(&other.head) {
        advice.push(format!("OBS: {code} {message}"));
    }
    if let Ok(text) = std::str::from_utf8(&other.head) {
        let words: Vec<&str> = text.split_whitespace().collect();
        advice.push(format!("begins: {}", words.join(" ").chars().take(QUOTE).collect::<String>()));
    }
    (format!("not a JPEG: {kind}"), advice)
}

/// What makes a decoded picture not a healthy one: `truncated: 12 of 38 KB`.
pub(super) fn damage(outline: JpegOutline, body: &HttpBody) -> Option<Safe> {
    let cut = truncation(body.bytes.len(), body);
    let open =
        || (!outline.complete).then(|| format!("truncated: no end marker after {}", size(body.bytes.len() as u64)));
    cut.or_else(open).map(Safe::from)
}

fn truncation(got: usize, body: &HttpBody) -> Option<String> {
    let cut = body.cut.as_ref()?;
    let got = got as u64;
    let why = match cut.why {
        TruncatedBy::Server => String::new(),
        TruncatedBy::Reset => ", then the connection was reset".to_owned(),
        TruncatedBy::Silence(after) => format!(", then nothing for {}", seconds(after)),
        TruncatedBy::Slowness(after) => format!(" in {}", seconds(after)),
    };
    Some(match cut.expected {
        Some(expected) if got / 1000 == expected / 1000 => format!("truncated: {got} of {expected} bytes{why}"),
        Some(expected) if expected < 1_000_000 => format!("truncated: {} of {} KB{why}", got / 1000, expected / 1000),
        Some(expected) => format!("truncated: {} of {}{why}", size(got), size(expected)),
        None => format!("truncated after {}{why}", size(got)),
    })
}

/// `38 KB`, in powers of ten.
fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{} KB", bytes / 1000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

/// `3 h`, in the largest unit of which there are two or more.
fn span(duration: Duration) -> String {
    match duration.as_secs() {
        s @ 0..120 => format!("{s} s"),
        s @ 120..7200 => format!("{} min", s / 60),
        s @ 7200..172_800 => format!("{} h", s / 3600),
        s => format!("{} days", s / 86400),
    }
}

/// What a URL tells of its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    Not,
    Sometime,
    Ago(Duration),
    Expired(Duration),
}

/// Reads the time of signing out of a URL. Hotlink keys of type A and C hold it, and not how long they are valid;
/// links of OBS and S3 hold both; types B (whose zone is not documented) and D (encrypted) do not tell.
fn signature(url: &PictureUrl, now: Timestamp) -> Signed {
    let Ok(url) = Url::parse(url.reveal()) else { return Signed::Not };
    let query =
        |key: &str| url.query_pairs().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, value)| value.into_owned());
    let since = |unix: i64| Timestamp::from_second(unix).ok().map(|then| now.duration_since(then));
    let ago = |unix: i64| since(unix).and_then(|age| age.try_into().ok()).map_or(Signed::Sometime, Signed::Ago);
    let expired = |unix: i64| since(unix).and_then(|age| age.try_into().ok()).map_or(Signed::Sometime, Signed::Expired);
    if let Some(key) = query("auth_key") {
        return key.split('-').next().and_then(|unix| unix.parse().ok()).map_or(Signed::Sometime, ago);
    }
    if let Some(unix) = query("Expires").and_then(|unix| unix.parse().ok()) {
        return expired(unix);
    }
    for prefix in ["X-Obs", "X-Amz"] {
        let begin = query(&format!("{prefix}-Date")).and_then(|text| basic_time(&text));
        let valid = query(&format!("{prefix}-Expires")).and_then(|text| text.parse::<u32>().ok());
        if let (Some(begin), Some(valid)) = (begin, valid) {
            return expired(begin.as_second().saturating_add(valid.into()));
        }
    }
    if query("auth_info").is_some() {
        return Signed::Sometime;
    }
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().take_while(|s| *s != "asset").collect();
    match segments[..] {
        [digest, hex] if is_digest(digest) => i64::from_str_radix(hex, 16).map_or(Signed::Not, ago),
        [_, digest] if is_digest(digest) => Signed::Sometime,
        _ => Signed::Not,
    }
}

fn is_digest(segment: &str) -> bool {
    segment.len() == 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `20260314T011502Z`.
fn basic_time(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// The parts of a URL that no screen may show.
struct Secrets(Vec<String>);

impl Secrets {
    /// Whatever the redacted form of the URL lacks: values of the query, user info, digests in the path.
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

    fn scrub(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PixelSize;

    const NOW: i64 = 1_790_000_000;

    fn context(url: &PictureUrl) -> Context<'_> {
        Context { url, now: Timestamp::from_second(NOW).unwrap(), unused_proxy: None }
    }

    fn line(trouble: &PictureFailure) -> String {
        let advice: Vec<&str> = trouble.advice.iter().map(Safe::as_str).collect();
        format!("{} | {}", trouble.what, advice.join(" | "))
    }

    fn denial(status: u16) -> FetchError {
        FetchError::Status(Box::new(Denial { status, retry_after: None, obs: None }))
    }

    #[test]
    fn signatures_tell_their_age() {
        let digest = "0123456789abcdef0123456789abcdef";
        let check = |url: &str, expected| {
            assert_eq!(signature(&PictureUrl::new(url), Timestamp::from_second(NOW).unwrap()), expected, "{url}");
        };
        let hours = |n: u64| Duration::from_secs(n * 3600);
        check("https://h/asset/x/0.jpg", Signed::Not);
        check(&format!("https://h/x.jpg?auth_key={}-0-0-{digest}", NOW - 3 * 3600), Signed::Ago(hours(3)));
        check(&format!("https://h/x.jpg?auth_key={}-0-0-{digest}", NOW + 60), Signed::Sometime);
        check("https://h/x.jpg?auth_key=SECRET", Signed::Sometime);
        check("https://h/x.jpg?auth_key=99999999999999999-0-0-0", Signed::Sometime);
        check(&format!("https://h/{digest}/{:x}/asset/x/0.jpg", NOW - 7200), Signed::Ago(hours(2)));
        check(&format!("https://h/202603140115/{digest}/asset/x/0.jpg"), Signed::Sometime);
        check("https://h/asset/x/0.jpg?auth_info=abc.def", Signed::Sometime);
        check(&format!("https://h/x?AWSAccessKeyId=a&Expires={}&Signature=s", NOW - 3600), Signed::Expired(hours(1)));
        check("https://h/x?X-Amz-Date=20260314T011502Z&X-Amz-Expires=60", {
            Signed::Expired(Duration::from_secs(u64::try_from(NOW - 1_773_450_902 - 60).unwrap()))
        });
    }

    #[test]
    fn statuses_name_their_likely_causes() {
        let url = PictureUrl::new(&format!("https://h/x.jpg?auth_key={}-0-0-0123", NOW - 3 * 3600));
        let text = line(&context(&url).fetch(&denial(403)));
        assert!(text.starts_with("HTTP 403 | hotlink protection? signed 3 h ago | a Referer list?"), "{text}");
        let plain = PictureUrl::new("https://h/x.jpg");
        let text = line(&context(&plain).fetch(&denial(403)));
        assert!(text.starts_with("HTTP 403 | hotlink protection? the URL is not signed"), "{text}");
        let text = line(&context(&plain).fetch(&denial(404)));
        assert_eq!(text, "HTTP 404 | deleted, never made, or another domain; asked twice");
        assert_eq!(line(&context(&plain).fetch(&denial(418))), "HTTP 418 | ");
    }

    #[test]
    fn refusals_say_what_would_allow_them() {
        let url = PictureUrl::new("http://127.0.0.1:8787/");
        let refused = |refusal, redirected| context(&url).fetch(&FetchError::Refused { refusal, redirected });
        let refusal = super::super::Policy::default().judge(&Url::parse(url.reveal()).unwrap()).unwrap_err();
        let trouble = refused(refusal, false);
        assert_eq!(
            line(&trouble),
            "127.0.0.1:8787 is a loopback address | a allows it now | --allow-host 127.0.0.1:8787 always"
        );
        assert_eq!(trouble.allow, Some(Safe::new("127.0.0.1:8787")));
        assert_eq!(refused(Refusal::Downgrade, true).allow, None);
    }

    #[test]
    fn what_is_no_jpeg_is_named() {
        let url = PictureUrl::new("http://h/x?auth_key=SECRETSECRET");
        let check = |content_type: Option<&str>, head: &[u8], expected: &str| {
            let other = UnexpectedBody { content_type: content_type.map(str::to_owned), head: head.to_vec() };
            assert_eq!(line(&context(&url).fetch(&FetchError::NotJpeg(Box::new(other)))), expected);
        };
        check(Some("image/jpeg"), b"\x89PNG\r\n\x1a\n\0\0\xff", "not a JPEG: a PNG picture | ");
        check(Some("text/html"), b"<html>\n <b>log in", "not a JPEG: text/html | begins: <html> <b>log in");
        check(None, b"", "an empty answer | ");
        check(
            Some("application/xml"),
            b"<Error><Code>NoSuchKey</Code><Message>gone\x1b</Message>x?auth_key=SECRETSECRET</Error>",
            "not a JPEG: application/xml | OBS: NoSuchKey gone␛ | begins: \
             <Error><Code>NoSuchKey</Code><Message>gone␛</Message>x?auth_key=***</Error>",
        );
    }

    #[test]
    fn proxies_that_are_not_used_are_named_where_they_may_be_the_cause() {
        let url = PictureUrl::new("http://h/x");
        let context = Context { unused_proxy: Some("HTTPS_PROXY"), ..context(&url) };
        let trouble = context.fetch(&FetchError::SlowConnect { host: "h".to_owned(), after: Duration::from_secs(5) });
        assert!(line(&trouble).starts_with("no connection to h within 5 s | HTTPS_PROXY is set, not used"));
        assert!(!line(&context.fetch(&denial(403))).contains("PROXY"));
    }

    #[test]
    fn truncated_pictures_are_marked() {
        use super::super::fetch::TruncatedBody;
        let check = |complete, len: usize, cut: Option<TruncatedBody>, expected: Option<&str>| {
            let outline = JpegOutline { size: PixelSize { width: 1, height: 1 }, components: 3, complete };
            let body = HttpBody { bytes: vec![0; len], fetched: crate::picture::FetchInfo::default(), cut };
            assert_eq!(damage(outline, &body).as_ref().map(Safe::as_str), expected);
        };
        let cut = |expected, why| Some(TruncatedBody { expected, why });
        check(true, 38_000, None, None);
        check(false, 38_000, None, Some("truncated: no end marker after 38 KB"));
        check(false, 12_000, cut(Some(38_000), TruncatedBy::Server), Some("truncated: 12 of 38 KB"));
        check(true, 38_001, cut(Some(38_009), TruncatedBy::Server), Some("truncated: 38001 of 38009 bytes"));
        let silence = TruncatedBy::Silence(Duration::from_secs(10));
        check(
            false,
            12_000,
            cut(Some(38_000), TruncatedBy::Reset),
            Some("truncated: 12 of 38 KB, then the connection was reset"),
        );
        check(false, 12_000, cut(None, silence), Some("truncated after 12 KB, then nothing for 10 s"));
    }
}
