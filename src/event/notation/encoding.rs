//! Texts within an encoding that hides or changes quotes: CSV cells, HTML entities, percent-encoding, Base64 and the
//! string literals of Python.
//!
//! Each function finds the extent of the encoded text around a position and returns it decoded. What is not surely
//! encoded is left alone; a decoded text is searched for events like any other.

use super::literal::string_end;
use crate::event::{base64_text, fields::unescape};
use std::ops::Range;

/// An encoded text: its extent and its content.
pub(in crate::event) type DecodedText = (Range<usize>, String);

/// Decodes the rest of a CSV cell (RFC 4180) from `start` on, in which quotes are doubled.
pub(in crate::event) fn csv_cell(text: &str, start: usize) -> Option<DecodedText> {
    let bytes = text.as_bytes();
    let mut end = start;
    while let Some(quote) = memchr::memchr(b'"', bytes.get(end..)?) {
        end += quote;
        if bytes.get(end + 1) != Some(&b'"') {
            break;
        }
        end += 2;
    }
    let end = if bytes.get(end) == Some(&b'"') { end } else { bytes.len() };
    Some((start..end, text.get(start..end)?.replace("\"\"", "\"")))
}

/// Decodes the HTML entities of quotes, ampersands and angle brackets from `start` to the next tag.
pub(in crate::event) fn html(text: &str, start: usize) -> Option<DecodedText> {
    let rest = text.get(start..)?;
    let len = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
    let mut decoded = rest.get(..len)?.to_owned();
    let entities =
        [("&quot;", "\""), ("&#34;", "\""), ("&#x22;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&apos;", "'")];
    let entities = entities.into_iter().chain([("&lt;", "<"), ("&gt;", ">"), ("&#x2F;", "/"), ("&amp;", "&")]);
    for (entity, character) in entities {
        if decoded.contains(entity) {
            decoded = decoded.replace(entity, character);
        }
    }
    Some((start..start + len, decoded))
}

/// Decodes the percent-encoded text around `at`: from the last encoded `{` with which a token begins to the token's end.
pub(in crate::event) fn percent(text: &str, at: usize) -> Option<DecodedText> {
    let bytes = text.as_bytes();
    let ends_token = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'<' | b'>' | b'{' | b'}' | b'\\');
    let token = bytes.get(..at)?.iter().rposition(ends_token).map_or(0, |before| before + 1);
    let len = bytes.get(at..)?.iter().position(ends_token).unwrap_or(bytes.len() - at);
    let before = text.get(token..at)?.to_ascii_uppercase();
    let brace = ["%7B", "%257B", "%25257B"].iter().filter_map(|brace| before.find(brace)).min()?;
    let start = token + brace;
    let mut decoded = Vec::with_capacity(at + len - start);
    let mut rest = bytes.get(start..at + len)?;
    while let Some((first, tail)) = rest.split_first() {
        let hex = || u8::from_str_radix(std::str::from_utf8(tail.get(..2)?).ok()?, 16).ok();
        let (byte, skip) = match first {
            b'%' => hex().map_or((b'%', 0), |byte| (byte, 2)),
            b'+' => (b' ', 0),
            _ => (*first, 0),
        };
        decoded.push(byte);
        rest = tail.get(skip..).unwrap_or_default();
    }
    Some((start..at + len, String::from_utf8_lossy(&decoded).into_owned()))
}

/// The three Base64 encodings of `event_type`, by its position modulo 3 in the encoded bytes.
pub(in crate::event) const BASE64_KEYS: [&str; 3] = ["ZXZlbnRfdHlwZ", "V2ZW50X3R5cG", "ldmVudF90eXBl"];

/// Decodes the Base64 text (RFC 4648, both alphabets) around `at`.
pub(in crate::event) fn base64(text: &str, at: usize) -> Option<DecodedText> {
    let bytes = text.as_bytes();
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    let start = bytes.get(..at)?.iter().rposition(|b| !is_digit(b)).map_or(0, |before| before + 1);
    let end = at + bytes.get(at..)?.iter().take_while(|b| is_digit(b)).count();
    let token = bytes.get(start..end)?;
    // A `/` or `-` before the text looks like a part of it and moves the groups of four.
    (0..4).find_map(|skip| {
        let decoded = base64_text::decode(token.get(skip..)?)?;
        let text = String::from_utf8_lossy(&decoded).into_owned();
        text.contains("event_type").then_some((start + skip..end, text))
    })
}

/// Decodes the Python string literal that stands around the `{` at `brace` and begins at most 256 bytes before it, if
/// there is one: `b'…'`, or `'…'` whose backslashes are all doubled.
pub(in crate::event) fn python_string(text: &str, brace: usize) -> Option<DecodedText> {
    let bytes = text.as_bytes();
    let from = brace.saturating_sub(256);
    let quote = from + bytes.get(from..brace)?.iter().rposition(|b| matches!(b, b'\'' | b'"' | b'\n'))?;
    let before = |back: usize| quote.checked_sub(back).and_then(|at| bytes.get(at));
    let is_word =
        |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'\\' | b'\'' | b'"'));
    let of_bytes = matches!(before(1), Some(b'b' | b'B')) && !is_word(before(2)) && bytes.get(quote) != Some(&b'\n');
    if !of_bytes && (bytes.get(quote) != Some(&b'\'') || is_word(before(1))) {
        return None;
    }
    let end = string_end(bytes, quote).filter(|end| *end > brace)?;
    let inner = text.get(quote + 1..end - 1)?;
    (of_bytes || is_repr(inner)).then(|| (quote..end, unescape(inner).into_owned()))
}

/// Returns `true` if a text with backslashes is a `repr`: each backslash of its content is doubled in it, so that `\"`
/// and `\u` occur after an even number of them only, or it escapes an apostrophe, which JSON does not.
fn is_repr(text: &str) -> bool {
    let mut is_certain = false;
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'\\', rest) {
        match rest.get(at + 1) {
            Some(b'\\' | b'\'') => is_certain = true,
            Some(b'"' | b'/' | b'u' | b'b' | b'f') | None => return false,
            Some(_) => {}
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    is_certain
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{
        Engine as _, alphabet,
        engine::{GeneralPurpose, GeneralPurposeConfig},
    };

    #[expect(clippy::needless_pass_by_value, reason = "a table reads better without borrows")]
    fn check(decoded: Option<DecodedText>, expected: Option<&str>) {
        assert_eq!(decoded.as_ref().map(|(_, text)| text.as_str()), expected);
    }

    #[test]
    fn decodes_csv_cells() {
        check(csv_cell(r#"1,"{""a"":""b"",""c"":""""}",2"#, 3), Some(r#"{"a":"b","c":""}"#));
        check(csv_cell(r#"{""a"":""{\""b\"":1}""}""#, 0), Some(r#"{"a":"{\"b\":1}"}"#));
        check(csv_cell(r#"{""a"":""cut"#, 0), Some(r#"{"a":"cut"#));
    }

    #[test]
    fn decodes_a_string_that_escapes_only_an_apostrophe() {
        check(python_string(r#"cb '{"a":"it\'s"}'"#, 4), Some(r#"{"a":"it's"}"#));
        check(python_string(r#"cb '{"a":"b"}'"#, 4), None);
    }

    #[test]
    fn decodes_entities() {
        check(html("<p>{&quot;a&quot;:&#34;x?b=1&amp;c=2&#34;}</p>", 3), Some(r#"{"a":"x?b=1&c=2"}"#));
        check(html("{&quot;a&quot;:&quot;&amp;quot;&quot;}", 0), Some(r#"{"a":"&quot;"}"#));
    }

    #[test]
    fn decodes_percent() {
        check(percent("POST /x?body=%7B%22event_type%22%3A%22a+b%22%7D HTTP/1.1", 22), Some(r#"{"event_type":"a b"}"#));
        check(percent("q=%7b%22event_type%22:%22%E6%88%AA%22%7d", 11), Some(r#"{"event_type":"截"}"#));
        check(percent("q=%257B%2522event_type%2522%257D", 14), Some("%7B%22event_type%22%7D"));
        check(percent("event_type=thumbnailComplete", 0), None);
    }

    #[test]
    fn decodes_base64_in_every_alignment() {
        for (shift, pad) in ["", " ", "  "].iter().enumerate() {
            let json = format!(r#"{pad}{{"event_type":"thumbnailComplete","x":"截图??>>"}}"#);
            for (alphabet, prefix) in
                [(&alphabet::STANDARD, ""), (&alphabet::URL_SAFE, "body="), (&alphabet::STANDARD, "a/")]
            {
                let encoded = GeneralPurpose::new(alphabet, GeneralPurposeConfig::new()).encode(&json);
                let text = format!("{prefix}{encoded}\" rest");
                let at = BASE64_KEYS.iter().find_map(|key| text.find(key));
                let at = at.unwrap_or_else(|| panic!("no key at shift {shift} of {text}"));
                check(base64(&text, at), Some(&json));
            }
        }
    }

    #[test]
    fn decodes_python_strings() {
        check(python_string(r#"body b'{"a":"\xe6\x88\xaa"}'"#, 7), Some(r#"{"a":"截"}"#));
        check(python_string(r#"body b'recv {"a":"{\\"b\\":1}"}'"#, 12), Some(r#"recv {"a":"{\"b\":1}"}"#));
        check(python_string(r#"'{"a":"{\\"b\\":1}"}'"#, 1), Some(r#"{"a":"{\"b\":1}"}"#));
        check(python_string(r#"curl -d '{"a":"{\"b\":1}"}'"#, 9), None);
        check(python_string(r#"it's {"a":"b\\"}'"#, 5), None);
        check(python_string(r#"{"a":1}"#, 0), None);
    }
}
