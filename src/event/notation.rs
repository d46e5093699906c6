//! Notations other than plain JSON in which logs hold events.
//!
//! [`literal`] and [`encoding`] convert what can be converted without loss. [`Notation`] recognises a key that names a
//! snapshot event in any notation, so that an event which cannot be read is counted with a reason and with what to
//! change in the program that wrote it. No text is interpreted here beyond its notation.

pub(super) mod encoding;
pub(super) mod literal;

use crate::event::{decode, kind::EventKind};
use std::ops::Range;

/// The notation of a key and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// A quoted key and a colon, whatever the quotes are.
    Json,
    /// `event_type: 'thumbnailComplete'`
    Inspect,
    /// `event_type: thumbnailComplete`
    Yaml,
    /// `{event_type=thumbnailComplete, …}`
    ToString,
    /// `map[event_type:thumbnailComplete …]`, `{EventType:thumbnailComplete …}`
    GoValue,
    /// `[event_type] => thumbnailComplete`
    PhpPrint,
    /// `'event_type' => 'thumbnailComplete'`
    Hash,
    /// `event_type=thumbnailComplete`
    Logfmt,
    /// `%{"event_type" => "thumbnailComplete"}`, `%{event_type: "thumbnailComplete"}`
    ElixirMap,
    /// `"event_type" = thumbnailComplete;`
    PropertyList,
    /// `('event_type', 'thumbnailComplete')`
    PythonPairs,
    /// `<<"event_type">> => <<"thumbnailComplete">>`
    ErlangTerm,
    /// Both words, and between them quotes and other signs.
    Unknown,
}

/// The ways to write a quote, longest first, and what may stand between a key, its separator and its value.
const QUOTES: [&str; 13] =
    ["&quot;", "&#x22;", "\\u0022", "&#34;", "%2522", "\\x22", "%22", "%27", "%20", "\"", "'", "`", "\\"];
const SEPARATORS: [(&str, Separator); 5] = [
    ("=>", Separator::Arrow),
    (":", Separator::Colon),
    ("%3a", Separator::Colon),
    ("%253a", Separator::Colon),
    ("=", Separator::Equals),
];

/// The most bytes between a key and its value.
const BETWEEN_MAX: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Arrow,
    Colon,
    Equals,
}

impl Notation {
    /// Returns the notation in which the key `event_type` at `key` has the value `thumbnailComplete`, in any spelling
    /// of both; `None` where it has not.
    pub(super) fn of_thumbnail(text: &[u8], key: Range<usize>) -> Option<Self> {
        let word = text.get(key.clone())?;
        if !word.get(..5)?.eq_ignore_ascii_case(b"event") {
            return None;
        }
        let (before, after) = (text.get(..key.start)?, text.get(key.end..)?);
        Self::of_separated(before, after).or_else(|| Self::of_quoted(before, after))
    }

    /// Returns the notation in which only a separator, quotes and a type stand between key and value.
    fn of_separated(before: &[u8], after: &[u8]) -> Option<Self> {
        let (quoted, after) = skip_quotes(after);
        let (bracketed, after) = match after.strip_prefix(b"]") {
            Some(after) => (true, after),
            None => (false, after),
        };
        let (separator, after) = separator(after.trim_ascii_start())?;
        let (value_quoted, value) = skip_quotes(skip_type(after.trim_ascii_start()));
        let value = thumbnail_value(value)?;
        let is_elixir = before.iter().rposition(|b| *b == b'{').is_some_and(|brace| before[..brace].ends_with(b"%"));
        Some(match separator {
            Separator::Arrow | Separator::Colon if is_elixir => Self::ElixirMap,
            Separator::Equals if is_property(after, &value) => Self::PropertyList,
            Separator::Arrow if bracketed || before.ends_with(b"[") => Self::PhpPrint,
            Separator::Arrow => Self::Hash,
            Separator::Equals if in_brackets(before) => Self::ToString,
            Separator::Equals => Self::Logfmt,
            Separator::Colon if quoted == Quoted::Yes => Self::Json,
            Separator::Colon if value_quoted == Quoted::Yes && !in_go(before, after) => Self::Inspect,
            Separator::Colon if in_go(before, after) => Self::GoValue,
            Separator::Colon => Self::Yaml,
        })
    }

    /// Returns the notation in which quotes and other signs stand between key and value, without spaces around them.
    fn of_quoted(before: &[u8], after: &[u8]) -> Option<Self> {
        let len = after.iter().take(BETWEEN_MAX).take_while(|byte| !byte.is_ascii_alphanumeric()).count();
        let (between, value) = after.split_at(len);
        thumbnail_value(value)?;
        let has_spaces = between.first()?.is_ascii_whitespace() || between.last()?.is_ascii_whitespace();
        // In a binary notation the length of the value is no text.
        let is_quoted = str::from_utf8(between).map_or(true, |between| {
            between.contains(['"', '\'', '`', '“', '”', '«', '»']) && !between.contains(char::is_alphanumeric)
        });
        if has_spaces || !is_quoted {
            return None;
        }
        Some(match before.trim_ascii_end() {
            [.., b'(', b'\'' | b'"'] => Self::PythonPairs,
            [.., b'<', b'<', b'"'] => Self::ErlangTerm,
            _ => Self::Unknown,
        })
    }

    /// Returns the sentence that says why an event in this notation is not read, and what to log instead.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Json => "event_type is thumbnailComplete, but not inside a JSON object",
            Self::Inspect => {
                "an object printed by Node's console.log or a debug format, incomplete or cut off: log it as JSON \
                 (JSON.stringify)"
            }
            Self::Yaml => "YAML, which is not read: log the event as JSON",
            Self::ToString => "an object printed by Java's toString, with unquoted texts: log the body as received",
            Self::GoValue => "a Go value printed by %v or %+v, with unquoted texts: log the body with %s",
            Self::PhpPrint => "an array printed by PHP's print_r or var_dump: log json_encode($event)",
            Self::Hash => "a hash or a PHP array (=>) that is cut off or in several parts: log the event as JSON",
            Self::Logfmt => "the fields of an event as key=value pairs: log the body as one quoted field",
            Self::ElixirMap => "a map printed by Elixir's inspect: log Jason.encode!(event)",
            Self::PropertyList => "a dictionary printed by NSLog or a property list: log the body as received",
            Self::PythonPairs => "pairs printed by Python, as of an OrderedDict: log json.dumps(event)",
            Self::ErlangTerm => "a term printed by Erlang: log the event as JSON",
            Self::Unknown => "an event in a notation that is not known: log it as JSON",
        }
    }
}

/// Returns the word at the beginning of a value if it names a snapshot event.
fn thumbnail_value(value: &[u8]) -> Option<String> {
    let letters = value.iter().take(32).take_while(|b| b.is_ascii_alphabetic() || **b == b'_');
    let word: String = letters.map(|b| char::from(*b)).collect();
    (decode::kind(&word).0 == EventKind::Thumbnail).then_some(word)
}

/// Returns `true` if a semicolon follows the value, whatever its quotes.
fn is_property(after: &[u8], value: &str) -> bool {
    let rest = memchr::memmem::find(after, value.as_bytes()).and_then(|at| after.get(at + value.len()..));
    rest.is_some_and(|rest| skip_quotes(rest).1.trim_ascii_start().starts_with(b";"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quoted {
    Yes,
    No,
}

/// Skips quotes in any notation.
fn skip_quotes(text: &[u8]) -> (Quoted, &[u8]) {
    let mut rest = text;
    while let Some(after) = QUOTES.iter().find_map(|quote| rest.strip_prefix(quote.as_bytes())) {
        rest = after;
    }
    (if rest.len() < text.len() { Quoted::Yes } else { Quoted::No }, rest)
}

/// Skips the type of a value: `string(17) ` of PHP's `var_dump`, `String(` of Rust's `Debug`.
fn skip_type(text: &[u8]) -> &[u8] {
    let word = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let Some(inner) = text.get(word..).and_then(|rest| rest.strip_prefix(b"(")).filter(|_| word > 0) else {
        return text;
    };
    let digits = inner.iter().take_while(|b| b.is_ascii_digit()).count();
    inner.get(digits..).and_then(|rest| rest.strip_prefix(b") ")).unwrap_or(inner)
}

fn separator(text: &[u8]) -> Option<(Separator, &[u8])> {
    SEPARATORS.iter().find_map(|(spelling, separator)| {
        let (head, rest) = text.split_at_checked(spelling.len())?;
        head.eq_ignore_ascii_case(spelling.as_bytes()).then_some((*separator, rest))
    })
}

/// Returns `true` if a key is the first one in brackets or follows another one there.
fn in_brackets(before: &[u8]) -> bool {
    match before.trim_ascii_end().last() {
        Some(b'{' | b'(' | b'[') => true,
        Some(b',') => {
            let bracket = before.iter().rposition(|b| matches!(b, b'{' | b'(' | b'[' | b'}' | b')' | b']'));
            bracket.is_some_and(|at| matches!(before.get(at), Some(b'{' | b'(' | b'[')))
        }
        _ => false,
    }
}

/// Returns `true` if an unquoted key with a colon is one of a Go value: in `map[…]`, or in braces with no space after the
/// colon.
fn in_go(before: &[u8], after: &[u8]) -> bool {
    let tight = !after.first().is_some_and(u8::is_ascii_whitespace);
    tight && matches!(before.trim_ascii_end().last(), Some(b'[' | b'{'))
        || memchr::memmem::find(before, b"map[").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_a_key_in_every_notation() {
        let check = |text: &str, expected: Option<Notation>| {
            let key = ["event_type", "EventType", "eventType"]
                .iter()
                .find_map(|key| Some(text.find(key)?..text.find(key)? + key.len()));
            let key = key.unwrap_or_else(|| panic!("no key in {text}"));
            assert_eq!(Notation::of_thumbnail(text.as_bytes(), key), expected, "{text}");
        };
        check(r#"{"event_type" : "thumbnailComplete"}"#, Some(Notation::Json));
        check(r"{'event_type': 'thumbnailComplete'}", Some(Notation::Json));
        check(r#"{\"event_type\":\"ThumbnailComplete\""#, Some(Notation::Json));
        check(r#"{\\\"event_type\\\":\\\"thumbnailComplete\\\""#, Some(Notation::Json));
        check(r"{\x22event_type\x22:\x22thumbnailComplete\x22", Some(Notation::Json));
        check(r#"{""event_type"":""thumbnailComplete"""#, Some(Notation::Json));
        check("{&quot;event_type&quot;:&quot;thumbnailComplete&quot;}", Some(Notation::Json));
        check("%7B%22event_type%22%3A%22thumbnailComplete%22%7D", Some(Notation::Json));
        check("  event_type: 'thumbnailComplete',", Some(Notation::Inspect));
        check("event_type: thumbnailComplete", Some(Notation::Yaml));
        check("{event_type=thumbnailComplete, thumbnail_info={", Some(Notation::ToString));
        check("ThumbnailEvent(eventType=thumbnailComplete, info=", Some(Notation::ToString));
        check("map[event_type:thumbnailComplete thumbnail_info:map[", Some(Notation::GoValue));
        check("{EventType:thumbnailComplete ThumbnailInfo:{", Some(Notation::GoValue));
        check(r#"main.Event{EventType:"thumbnailComplete", "#, Some(Notation::GoValue));
        check("    [event_type] => thumbnailComplete", Some(Notation::PhpPrint));
        check("[\"event_type\"]=>\n  string(17) \"thumbnailComplete\"", Some(Notation::PhpPrint));
        check(r#"Event { event_type: "thumbnailComplete", "#, Some(Notation::Inspect));
        check(r#"Object {"event_type": String("thumbnailComplete")"#, Some(Notation::Json));
        check("  'event_type' => 'thumbnailComplete',", Some(Notation::Hash));
        check(r#"{:event_type=>"thumbnailComplete", "#, Some(Notation::Hash));
        check("level=info event_type=thumbnailComplete id=1", Some(Notation::Logfmt));
        check(r#"%{"event_type" => "thumbnailComplete", "#, Some(Notation::ElixirMap));
        check(r#"%{asset_id: "a", event_type: "thumbnailComplete"}"#, Some(Notation::ElixirMap));
        check(r#"%{"x" => %{"event_type" => "thumbnailComplete"}}"#, Some(Notation::ElixirMap));
        check(r#"    "event_type" = thumbnailComplete;"#, Some(Notation::PropertyList));
        check(r#"{ event_type = "thumbnailComplete"; }"#, Some(Notation::PropertyList));
        check("OrderedDict([('event_type', 'thumbnailComplete'), (", Some(Notation::PythonPairs));
        check(r#"#{<<"event_type">> => <<"thumbnailComplete">>,"#, Some(Notation::ErlangTerm));
        check("“event_type”: \"thumbnailComplete\"", Some(Notation::Unknown));
        check("\"event_type\":\u{a0}\"thumbnailComplete\"", Some(Notation::Unknown));
        check("the event_type thumbnailComplete is subscribed", None);
        check("the event_type 'thumbnailComplete' is subscribed", None);
        check("event_type为thumbnailComplete", None);
        check("event_type “为” thumbnailComplete", None);
        check("/event_type/thumbnailComplete", None);
        check("event_type: thumbnailCompleted", None);
        check(r#"{"event_type":"coverComplete"}"#, None);
        check("event_type", None);
    }
}
