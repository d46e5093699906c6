//! URLs without their secrets.
//!
//! A log's URLs are signed: whoever reads one over a shoulder, in a ticket or in a recorded session may fetch the
//! picture. Here the signatures are taken out, of URLs alone and of text that has URLs in it. Its invariant: a query's
//! value is shown only where its key is known to be harmless.

use regex::{Captures, Regex};
use std::sync::LazyLock;
use url::Url;

/// A URL in any text, as it stands or as JSON escapes it, once or several times over: `https:\/\/h\/?a=b\u0026c=d`.
static IN_TEXT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)[a-z][a-z0-9+.-]*:(?:\\*/){2}(?:[^\s"'<>\\]|\\+[^\s"\\nrt])+"#)
        .expect("the pattern is fixed, and tested below")
});

/// A visible character as JSON may write it, once or several times over.
static ESCAPED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\\+u00([2-7][0-9a-fA-F])").expect("the pattern is fixed, and tested below"));

/// A slash as JSON may write it, once or several times over.
static ESCAPED_SLASH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\\+/").expect("the pattern is fixed, and tested below"));

/// Query keys whose values may be read by anyone. Any other value could be a signature under a name of its own.
const PLAIN_QUERY_KEYS: [&str; 6] = ["offset", "t", "time", "w", "h", "x-image-process"];

/// The treatment of secrets in URLs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reveal {
    /// Printed as `***`.
    #[default]
    Hide,
    /// Printed as they are.
    Show,
}

/// Returns `text` with the secrets of every URL in it as `***`.
pub fn redact_urls(text: &str) -> String {
    // Quotes and backslashes say where a text ends, so they stay as they are.
    let decoded = |found: &Captures<'_>| match u8::from_str_radix(&found[1], 16).map(char::from) {
        Ok(c @ '!'..='~') if c != '"' && c != '\\' => c.to_string(),
        _ => found[0].to_owned(),
    };
    let text = ESCAPED.replace_all(text, decoded);
    // JSON may put a backslash before a slash. Any other backslash is the URL's own, and ends its host.
    let plain = |found: &Captures<'_>| url(&ESCAPED_SLASH.replace_all(&found[0], "/"));
    IN_TEXT.replace_all(&text, plain).into_owned()
}

/// Returns a URL with its secrets as `***`.
pub(super) fn url(text: &str) -> String {
    let (rest, query) = text.split_once(['?', '#']).map_or((text, None), |(rest, query)| (rest, Some(query)));
    let (scheme, rest) = rest.split_once("://").map_or(("", rest), |(scheme, rest)| (scheme, rest));
    // In the URLs that are fetched a backslash is a slash, so that what precedes it is the host that is asked.
    let ends: &[char] = if Url::parse(text).is_ok() { &['/', '\\'] } else { &['/'] };
    let (host, path) = rest.split_once(ends).map_or((rest, None), |(host, path)| (host, Some(path)));
    let mut out = String::with_capacity(text.len());
    if !scheme.is_empty() {
        out.push_str(scheme);
        out.push_str("://");
    }
    match host.rsplit_once('@') {
        Some((_, host)) => out.extend(["***@", host]),
        None => out.push_str(host),
    }
    if let Some(path) = path {
        out.push('/');
        add_path(path, &mut out);
    }
    if let Some(query) = query {
        out.push('?');
        for part in query.split_inclusive(['&', ';', '?', '#']) {
            let ended = part.ends_with(['&', ';', '?', '#']);
            let (text, end) = part.split_at(part.len() - usize::from(ended));
            out.push_str(&pair(text));
            out.push_str(end);
        }
    }
    out
}

/// Hides the segments before `asset/` that look like a time or a digest (hotlink keys of type B and C).
fn add_path(path: &str, out: &mut String) {
    let segments: Vec<&str> = path.split('/').collect();
    let asset = segments.iter().position(|segment| *segment == "asset").unwrap_or(0);
    let shown: Vec<&str> = segments
        .iter()
        .enumerate()
        .map(|(at, segment)| {
            let digest = segment.len() >= 8 && segment.bytes().all(|b| b.is_ascii_hexdigit());
            if at < asset && digest { "***" } else { segment }
        })
        .collect();
    out.push_str(&shown.join("/"));
}

fn pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((key, value)) if PLAIN_QUERY_KEYS.contains(&key.to_ascii_lowercase().as_str()) => format!("{key}={value}"),
        Some((key, _)) => format!("{key}=***"),
        None if pair.len() > 16 => "***".to_owned(),
        None => pair.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_their_secrets_wherever_they_stand() {
        let check = |text: &str, expected: &str| assert_eq!(redact_urls(text), expected);
        check("nothing to hide", "nothing to hide");
        check("get https://h/x.jpg?auth_key=SECRET failed", "get https://h/x.jpg?auth_key=*** failed");
        check(r#"{"url":"http://u:SECRET@h/x?t=1&token=SECRET"}"#, r#"{"url":"http://***@h/x?t=1&token=***"}"#);
        check(r#""https:\/\/h\/x?w=1\u0026auth_key=SECRET""#, r#""https://h/x?w=1&auth_key=***""#);
        check(r#"\"https:\\/\\/h\\/x?w=1\\u0026sign=SECRET\","#, r#"\"https://h/x?w=1&sign=***\","#);
        check("HTTPS://h/?sign=SECRET,HTTP://h/?sign=SECRET", "HTTPS://h/?sign=***?sign=***");
        check("http://h/0123456789abcdef/6ab13c00/asset/x/0.jpg", "http://h/***/***/asset/x/0.jpg");
        check("<a href='http://h/?a=SECRET'>", "<a href='http://h/?a=***'>");
        check("http://", "http://");
        check(r"at https://h/a?auth_key\\u003dSECRET end", "at https://h/a?auth_key=*** end");
        check(r"https:\u002f\u002fh\u002fa?sign=SECRET", "https://h/a?sign=***");
        check(r"https://h/a?x=\xff&auth_key=SECRET", "https://h/a?x=***&auth_key=***");
        check(r"https://h/a?w=1\nnext", r"https://h/a?w=1\nnext");
        check("https://h/a?w=1;sign=SECRET", "https://h/a?w=1;sign=***");
        check("https://h/a?w=1#sign=SECRET", "https://h/a?w=1#sign=***");
        check("ftp://u:SECRET@h/x", "ftp://***@h/x");
        check(r"http://127.0.0.1:9000\@169.254.169.254/x", "http://127.0.0.1:9000/@169.254.169.254/x");
        check(r"http://127.0.0.1:9000\\@169.254.169.254/x", r"http://127.0.0.1:9000/\@169.254.169.254/x");
        check(r"http://127.0.0.1\x@h/?a=SECRET", "http://127.0.0.1/x@h/?a=***");
        check(r"http://u:SECRET\@h/x", "http://***@h/x");
    }
}
