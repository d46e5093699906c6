//! The age of the signature in a URL.
//!
//! Knows the hotlink keys of Huawei's CDN and the signed links of OBS and S3, and reads the time in them to explain an
//! answer that denies access. It does not verify a signature. Pure; the current time is an argument.

use crate::event::PictureUrl;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::time::Duration;
use url::Url;

/// The signature of a URL and its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// The URL is not signed.
    None,
    /// Signed at a time that the URL does not tell.
    UnknownAge,
    /// Signed this long ago, valid for an unknown time.
    Signed(Duration),
    /// Expired this long ago.
    Expired(Duration),
}

/// Returns the signature of a URL. Hotlink keys of type A and C hold the time of signing, but not how long they are
/// valid; links of OBS and S3 hold both; types B (whose time zone is not documented) and D (encrypted) tell neither.
pub(super) fn signature(url: &PictureUrl, now: Timestamp) -> Signature {
    let Ok(url) = Url::parse(url.reveal()) else { return Signature::None };
    let query =
        |key: &str| url.query_pairs().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, value)| value.into_owned());
    let since = |unix: i64| Timestamp::from_second(unix).ok().map(|then| now.duration_since(then));
    let ago =
        |unix: i64| since(unix).and_then(|age| age.try_into().ok()).map_or(Signature::UnknownAge, Signature::Signed);
    let expired =
        |unix: i64| since(unix).and_then(|age| age.try_into().ok()).map_or(Signature::UnknownAge, Signature::Expired);
    if let Some(key) = query("auth_key") {
        return key.split('-').next().and_then(|unix| unix.parse().ok()).map_or(Signature::UnknownAge, ago);
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
        return Signature::UnknownAge;
    }
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().take_while(|s| *s != "asset").collect();
    match segments[..] {
        [digest, hex] if is_digest(digest) => i64::from_str_radix(hex, 16).map_or(Signature::None, ago),
        [_, digest] if is_digest(digest) => Signature::UnknownAge,
        _ => Signature::None,
    }
}

fn is_digest(segment: &str) -> bool {
    segment.len() == 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Parses `20260314T011502Z`.
fn basic_time(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000;

    #[test]
    fn reads_the_age_of_signatures() {
        let digest = "0123456789abcdef0123456789abcdef";
        let check = |url: &str, expected| {
            assert_eq!(signature(&PictureUrl::new(url), Timestamp::from_second(NOW).unwrap()), expected, "{url}");
        };
        let hours = |n: u64| Duration::from_secs(n * 3600);
        check("https://h/asset/x/0.jpg", Signature::None);
        check(&format!("https://h/x.jpg?auth_key={}-0-0-{digest}", NOW - 3 * 3600), Signature::Signed(hours(3)));
        check(&format!("https://h/x.jpg?auth_key={}-0-0-{digest}", NOW + 60), Signature::UnknownAge);
        check("https://h/x.jpg?auth_key=SECRET", Signature::UnknownAge);
        check("https://h/x.jpg?auth_key=99999999999999999-0-0-0", Signature::UnknownAge);
        check(&format!("https://h/{digest}/{:x}/asset/x/0.jpg", NOW - 7200), Signature::Signed(hours(2)));
        check(&format!("https://h/202603140115/{digest}/asset/x/0.jpg"), Signature::UnknownAge);
        check("https://h/asset/x/0.jpg?auth_info=abc.def", Signature::UnknownAge);
        check(
            &format!("https://h/x?AWSAccessKeyId=a&Expires={}&Signature=s", NOW - 3600),
            Signature::Expired(hours(1)),
        );
        check("https://h/x?X-Amz-Date=20260314T011502Z&X-Amz-Expires=60", {
            Signature::Expired(Duration::from_secs(u64::try_from(NOW - 1_773_450_902 - 60).unwrap()))
        });
    }
}
