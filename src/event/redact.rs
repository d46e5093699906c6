//! Text without secrets.
//!
//! URLs of a log are signed: whoever reads one over a shoulder, in a ticket or in a recorded session may fetch the
//! picture. [`redact`] takes the secrets out of URLs, whole, relative or without a scheme, and out of any other text;
//! all that is shown or printed goes through it. Its invariant: the value of a query is shown only where its key is
//! known to be harmless.

use super::base64_text;
use regex::{Captures, Regex};
use std::{borrow::Cow, sync::LazyLock};
use url::Url;

/// A visible character as JSON may write it, once or several times over.
static ESCAPED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\\+u00([2-7][0-9a-fA-F])"));

/// A URL in any text, as it stands or as JSON escapes it, once or several times over: `https:\/\/h\/?a=b\u0026c=d`.
static ABSOLUTE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)[a-z][a-z0-9+.-]*:(?:\\*/){2}(?:[^\s"'<>\\]|\\+[^\s"\\nrt])+"#));

/// A URL with a query and without a scheme: `/asset/0.jpg?a=b`, `h/0.jpg%3Fa=b`, `0.jpg?a=b`, `?a=b`.
static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?i)(?:[^\s"'<>\\]|\\+/)*(?:[?#]|%(?:25)?3f)(?:[^\s"'<>\\]|\\+/)*(?:=|%(?:25)?3d)(?:[^\s"'<>\\]|\\+/)*"#)
});

/// A name and a password before a host.
static USER_INFO: LazyLock<Regex> = LazyLock::new(|| pattern(r#"[^\s/@:"'<>=]+:[^\s/@"'<>]+@([A-Za-z0-9.\[-])"#));

/// A pair whose key names a secret, wherever it stands.
static SECRET_PAIR: LazyLock<Regex> = LazyLock::new(|| {
    let key = [
        "auth[_-]?(?:key|info)",
        "token",
        "signature",
        "[?&;]sign",
        "access[_-]?key(?:[_-]?id)?",
        "secret(?:[_-]?key)?",
        "passw(?:or)?d",
        "x-amz-[a-z-]+",
        "authorization",
    ];
    // In a URL that is encoded once more, `_` and `-` may be too.
    let key = key.join("|").replace("[_-]", "(?:[_-]|%(?:25)?5f|%(?:25)?2d)");
    let quote = r#"(?:\\*["']|%(?:25)?2[27])"#;
    // A pair, an element of XML, a pair in a list.
    let between = format!(r"{quote}?(?:\s*=>?\s*|\s*:\s*|%(?:25)?3[ad]|>){quote}?|{quote}\s*,\s*{quote}");
    pattern(&format!(r#"(?i)((?:{key})(?:{between})(?:(?:bearer|basic)\s)?)([^\s"'<>&;,?#\\{{\[]+)"#))
});

/// A token as HTTP sends it, without the name of its header.
static CREDENTIALS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?i)\b(bearer|basic)(\s+|%(?:25)?20|\+|\\*["']?\s*[:=]\s*\\*["']?)([a-z0-9._~+/-]{4,}=*)"#)
});

/// Base64, of at least 24 characters, whose slashes JSON may escape, and a URL encode.
static BASE64: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:[A-Za-z0-9+/_-]|\\+/|%(?:25)?2[BbFf]){24,}={0,2}"));

/// A slash or a plus sign as JSON or a URL writes it within Base64.
static BASE64_ESCAPE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\\+/|%(?:25)?2[BbFf]"));

/// The least length of readable text within decoded Base64 that is searched for secrets, in bytes.
const BASE64_TEXT_MIN: usize = 12;

/// The path segments of hotlink keys: a time and a digest (type B), or a digest and a time (type C).
static SIGNED_PATH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)(asset/)?\b(?:[0-9]{12}/[0-9a-f]{32}|[0-9a-f]{32}/[0-9a-f]{8})\b"));

/// A URL that holds its content.
static DATA: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?i)\b(data:)[a-z0-9.+/;=-]*,[^\s"'<>\\]*"#));

static SEPARATOR: LazyLock<Regex> = LazyLock::new(|| pattern("(?i)[&;?#]|%(?:25)?(?:26|3b|3f|23)"));
static EQUALS: LazyLock<Regex> = LazyLock::new(|| pattern("(?i)=|%(?:25)?3d"));
static QUERY: LazyLock<Regex> = LazyLock::new(|| pattern("(?i)[?#]|%(?:25)?3f"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are fixed, and tested below")
}

/// A slash as JSON may write it, once or several times over.
static ESCAPED_SLASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"\\+/"));

/// Query keys whose values may be read by anyone. Any other value could be a signature under a name of its own.
const PLAIN_QUERY_KEYS: [&str; 6] = ["offset", "t", "time", "w", "h", "x-image-process"];

/// The treatment of secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reveal {
    /// Printed as `***`.
    #[default]
    Hide,
    /// Printed as they are.
    Show,
}

impl Reveal {
    /// Returns `text` as it may be shown.
    pub fn apply(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Hide => redact(text),
            Self::Show => Cow::Borrowed(text),
        }
    }
}

/// Returns `text` with its secrets as `***`.
pub fn redact(text: &str) -> Cow<'_, str> {
    // Every other secret follows one of these, and most texts have none.
    if !text.bytes().any(|byte| matches!(byte, b'/' | b'=' | b':' | b'@' | b'%' | b'?' | b'"' | b'\'')) {
        return map(hide_credentials(text), hide_base64);
    }
    // Quotes and backslashes say where a text ends, so they stay as they are.
    let decoded = |found: &Captures<'_>| match u8::from_str_radix(&found[1], 16).map(char::from) {
        Ok(c @ '!'..='~') if c != '"' && c != '\\' => c.to_string(),
        _ => found[0].to_owned(),
    };
    let text = ESCAPED.replace_all(text, decoded);
    // JSON may put a backslash before a slash. Any other backslash is the URL's own, and ends its host.
    let plain = |found: &Captures<'_>| url(&ESCAPED_SLASH.replace_all(&found[0], "/"));
    let text = map(text, |text| ABSOLUTE.replace_all(text, plain));
    let text = map(text, |text| RELATIVE.replace_all(text, plain));
    redact_rest(text)
}

/// Hides the secrets that need no URL around them.
fn redact_rest(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = map(text, |text| DATA.replace_all(text, "$1***"));
    let text = map(text, |text| USER_INFO.replace_all(text, "***@$1"));
    let text = map(text, |text| SECRET_PAIR.replace_all(text, "$1***"));
    let text = map(text, hide_credentials);
    let text = map(text, hide_base64);
    map(text, |text| {
        SIGNED_PATH.replace_all(text, |found: &Captures<'_>| match found.get(1) {
            // The id of an asset, and a folder.
            Some(_) => found[0].to_owned(),
            None => "***/***".to_owned(),
        })
    })
}

/// Hides tokens after `Bearer` and `Basic`. A word of lower-case letters, whatever the first is, belongs to the sentence,
/// as in `Basic Authentication`.
fn hide_credentials(text: &str) -> Cow<'_, str> {
    CREDENTIALS.replace_all(text, |found: &Captures<'_>| {
        let is_word = found[3].starts_with(|first: char| first.is_ascii_alphabetic())
            && found[3].bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
        if is_word { found[0].to_owned() } else { format!("{}{}***", &found[1], &found[2]) }
    })
}

/// Hides Base64 that holds text with secrets, such as the body of a request to a gateway.
fn hide_base64(text: &str) -> Cow<'_, str> {
    // Base64 of text has upper-case letters; the ids and digests of most URLs have none.
    let may_be_text = |token: &str| token.bytes().any(|digit| digit.is_ascii_uppercase());
    if !may_be_text(text) {
        return Cow::Borrowed(text);
    }
    let plain_digit = |escape: &Captures<'_>| if escape[0].ends_with(['b', 'B']) { "+" } else { "/" };
    let holds_secrets = |text: &str| matches!(redact(text), Cow::Owned(redacted) if redacted != text);
    let longest_text = |bytes: &Vec<u8>| bytes.utf8_chunks().map(|chunk| chunk.valid().len()).max();
    BASE64.replace_all(text, |found: &Captures<'_>| {
        if !may_be_text(&found[0]) {
            return found[0].to_owned();
        }
        let token = BASE64_ESCAPE.replace_all(&found[0], plain_digit);
        // A letter before the text, as in `\neyJ…`, looks like a part of it and moves the groups of four.
        let decoded = (0..4).filter_map(|skip| base64_text::decode(token.as_bytes().get(skip..)?));
        let is_secret = decoded.max_by_key(longest_text).is_some_and(|bytes| {
            let mut texts = bytes.utf8_chunks().map(|chunk| chunk.valid());
            texts.any(|text| text.len() >= BASE64_TEXT_MIN && holds_secrets(text))
        });
        if is_secret { "***".to_owned() } else { found[0].to_owned() }
    })
}

fn map(text: Cow<'_, str>, change: impl Fn(&str) -> Cow<'_, str>) -> Cow<'_, str> {
    match change(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => Cow::Owned(changed),
    }
}

/// Returns a URL with its secrets as `***`.
pub(super) fn url(text: &str) -> String {
    let (rest, query) = QUERY.find(text).map_or((text, ""), |found| text.split_at(found.start()));
    let (scheme, rest) = rest.split_once("://").map_or(("", rest), |(scheme, rest)| (scheme, rest));
    // In the URLs that are fetched a backslash is a slash, so that what precedes it is the host that is asked.
    let ends: &[char] = if text.contains('\\') && Url::parse(text).is_ok() { &['/', '\\'] } else { &['/'] };
    let (host, path) = rest.split_once(ends).map_or((rest, None), |(host, path)| (host, Some(path)));
    let mut out = String::with_capacity(text.len());
    if !scheme.is_empty() {
        out.push_str(scheme);
        out.push_str("://");
    }
    match host.rsplit_once('@') {
        Some((_, host)) => out.extend(["***@", host]),
        None => add_pairs(host, &mut out),
    }
    if let Some(path) = path {
        out.push('/');
        add_path(path, &mut out);
    }
    add_pairs(query, &mut out);
    redact_rest(Cow::Owned(out)).into_owned()
}

/// Hides the segments before `asset/` that look like a time or a digest (hotlink keys of type B and C).
fn add_path(path: &str, out: &mut String) {
    let asset = path.split('/').position(|segment| segment == "asset").unwrap_or(0);
    for (at, segment) in path.split('/').enumerate() {
        if at > 0 {
            out.push('/');
        }
        let digest = segment.len() >= 8 && segment.bytes().all(|b| b.is_ascii_hexdigit());
        if at < asset && digest { out.push_str("***") } else { add_pairs(segment, out) }
    }
}

/// Adds text up to its first separator as it is, and after it the pairs with their values hidden.
fn add_pairs(text: &str, out: &mut String) {
    let mut rest = text;
    let mut is_pair = false;
    loop {
        let (part, separator, after) = match SEPARATOR.find(rest) {
            Some(found) => {
                let (before, from) = rest.split_at(found.start());
                (before, found.as_str(), from.split_at(found.len()).1)
            }
            None => (rest, "", ""),
        };
        if is_pair {
            add_pair(part, out);
        } else {
            out.push_str(part);
        }
        out.push_str(separator);
        if separator.is_empty() {
            return;
        }
        (rest, is_pair) = (after, true);
    }
}

fn add_pair(pair: &str, out: &mut String) {
    let Some(equals) = EQUALS.find(pair) else {
        out.push_str(if pair.is_empty() { "" } else { "***" });
        return;
    };
    let (key, _) = pair.split_at(equals.start());
    if PLAIN_QUERY_KEYS.contains(&key.to_ascii_lowercase().as_str()) {
        out.push_str(pair);
    } else {
        out.extend([key, equals.as_str(), "***"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_in_every_spelling() {
        let check = |text: &str, expected: &str| assert_eq!(redact(text), expected);
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
        check("GET /x.jpg?auth_key=SECRET: 403", "GET /x.jpg?auth_key=*** 403");
        check("h.example/x.jpg?v=SECRET, again", "h.example/x.jpg?v=*** again");
        check("x.jpg?v=SECRET", "x.jpg?v=***");
        check("http://h/x.jpg;auth_key=SECRET", "http://h/x.jpg;auth_key=***");
        check("http://h/x.jpg%3Fauth_key=SECRET", "http://h/x.jpg%3Fauth_key=***");
        check("http://h/x.jpg%253fw=1%2526sign%253DSECRET", "http://h/x.jpg%253fw=1%2526sign%253D***");
        check("http://h/x.jpg?SECRET", "http://h/x.jpg?***");
        check("auth_key=SECRET", "auth_key=***");
        check(r#"{"auth_key":"SECRET","a":1}"#, r#"{"auth_key":"***","a":1}"#);
        check("X-Auth-Token: SECRET", "X-Auth-Token: ***");
        check("Authorization: Bearer SECRET", "Authorization: Bearer ***");
    }

    #[test]
    fn secrets_of_other_notations_are_hidden() {
        let check = |text: &str, expected: &str| assert_eq!(redact(text), expected);
        check("sent Bearer eyJhbGciOiJub25lIn0.SECRET again", "sent Bearer *** again");
        check("curl -u, Basic dTpTRUNSRVQ= was refused", "curl -u, Basic *** was refused");
        check("basic authentication failed", "basic authentication failed");
        check("Basic Authentication failed", "Basic Authentication failed");
        check(r#""auth_key" => "SECRET", "a" => 1"#, r#""auth_key" => "***", "a" => 1"#);
        check("auth_key = SECRET", "auth_key = ***");
        check("auth%5Fkey=SECRET", "auth%5Fkey=***");
        check("next=auth%255fkey%253DSECRET", "next=auth%255fkey%253D***");
        check("body eyJ1IjoiaHR0cDovL2gvP2F1dGhfa2V5PVNFQ1JFVCJ9 sent", "body *** sent");
        check("secret=SECRET", "secret=***");
        check("secret_key=SECRET&a", "secret_key=***&a");
        check("auth_key  =  SECRET", "auth_key  =  ***");
        check(r#"[("X-Auth-Token", "SECRET")]"#, r#"[("X-Auth-Token", "***")]"#);
        check("<auth_key>SECRET</auth_key>", "<auth_key>***</auth_key>");
        check("%7B%22auth_key%22%3A%22SECRET", "%7B%22auth_key%22%3A%22***");
        check("sent Bearer%20SECRET1 again", "sent Bearer%20*** again");
        check("sent bearer: SECRET1 again", "sent bearer: *** again");
        check(r#"{"Bearer":"SECRET1"}"#, r#"{"Bearer":"***"}"#);
        // Base64 with a character before it, with its slashes escaped or encoded, and with bytes that are no UTF-8.
        check("body neyJ1IjoiaHR0cDovL2gvP2F1dGhfa2V5PVNFQ1JFVCJ9 sent", "body *** sent");
        check(r"body Pz8\/IHsiYXV0aF9rZXkiOiJTRUNSRVQxMjM0NSJ9 sent", "body *** sent");
        check(r"body eyJhIjoiw7\\/Dvz8\\/PiIsImF1dGhfa2V5IjoiU0VDUkVUIn0= sent", "body *** sent");
        check("body P2F1dGhfa2V5PT8%2FPz9TRUNSRVQ= sent", "body *** sent");
        check("body P2F1dGhfa2V5PVNFQ1JFVP8gZW5k sent", "body *** sent");
        check(
            "body eyJ1IjoiaHR0cDovL2gvP3Q9MTIzNDU2Nzg5MDEyMyJ9 sent",
            "body eyJ1IjoiaHR0cDovL2gvP3Q9MTIzNDU2Nzg5MDEyMyJ9 sent",
        );
        check("data:image/jpeg;base64,SECRET", "data:***");
        check("u:SECRET@h/x", "***@h/x");
        let digest = "0123456789abcdef0123456789abcdef";
        check(&format!("http://h/202603140915/{digest}/x.jpg"), "http://h/***/***/x.jpg");
        check(&format!("/{digest}/6ab13c00/x.jpg"), "/***/***/x.jpg");
        let id = format!("http://h/asset/{digest}/6ab13c00/0.jpg");
        check(&id, &id);
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in [
            "VOD.10104: the input is damaged",
            "2026-03-14T01:15:02Z INFO scheduler: tick 3, queue depth 3",
            r#"{"event_type":"thumbnailComplete","thumbnail_info":{"status":"SUCCEED","sample":[{"offset":5}]}}"#,
            "what? a=b",
            "http://h/asset/14d7b2faba0dddd6b4e8936272d6bc3f/snapshot/sample/0.jpg?t=3",
            "截图失败：参数错误",
            "50% done: 3/4",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn what_was_redacted_stays_as_it_is() {
        for text in ["http://***@h/x?auth_key=***&w=1", "/***/***/x.jpg?v=***", "data:***"] {
            assert_eq!(redact(text), text);
        }
    }
}
