//! The object that a `{` begins, in any notation that is read.

use crate::event::{
    fields::unescape,
    notation::{
        encoding::{self, DecodedText},
        literal::{self, LiteralError},
    },
    record::outline::{JsonOutline, OutlineProgress, string_end},
};
use memchr::memmem;
use std::borrow::Cow;

/// The text that a `{` begins.
pub(super) enum Candidate<'t> {
    /// An object, or a text in which it stands, up to this index.
    Found(usize, Inner<'t>),
    /// JSON that is cut off or damaged.
    Damaged,
    /// An object from which its printer has left out a part.
    Elided,
    /// No object.
    Nothing,
}

/// The content of a candidate.
pub(super) enum Inner<'t> {
    /// A JSON object, perhaps converted from another notation.
    Object(Cow<'t, str>),
    /// A decoded text, which is to be searched again.
    Text(Cow<'t, str>),
}

/// Classifies the text that begins at `brace`. The work on what turns out to be none is taken from `budget`, in bytes.
pub(super) fn classify<'t>(text: &'t str, brace: usize, budget: &mut usize) -> Candidate<'t> {
    let bytes = text.as_bytes();
    let rest = bytes.get(brace..).unwrap_or_default();
    let after = rest.iter().skip(1).position(|b| !b.is_ascii_whitespace()).map_or(rest.len(), |at| at + 1);
    let inner = rest.get(after..).filter(|inner| !inner.is_empty() && *budget > 0).unwrap_or_default();
    if brace > 0 && bytes.get(brace - 1) == Some(&b'\'') && !inner.is_empty() {
        *budget = budget.saturating_sub(64);
        if let Some(decoded) = encoding::python_string(text, brace) {
            return found(decoded);
        }
    }
    match inner {
        [b'"', b'"', b'a'..=b'z' | b'A'..=b'Z', ..] => {
            encoding::csv_cell(text, brace).map_or(Candidate::Nothing, found)
        }
        [b'"', ..] => json(text, brace, budget),
        [b'&', ..] if ["&quot;", "&#34;", "&#x22;"].iter().any(|quote| inner.starts_with(quote.as_bytes())) => {
            encoding::html(text, brace).map_or(Candidate::Nothing, found)
        }
        [b'\'' | b':' | b'_' | b'`' | b'a'..=b'z' | b'A'..=b'Z', ..] => {
            other_notation(text, brace, budget).unwrap_or(Candidate::Nothing)
        }
        [b'\\', ..] => {
            // The string that it stands in ends before the next quote without a backslash.
            let end = brace.checked_sub(1).and_then(|before| string_end(bytes, before)).map(|end| end - 1);
            let end = end.unwrap_or(bytes.len());
            Candidate::Found(end, Inner::Text(unescape(text.get(brace..end).unwrap_or_default())))
        }
        [b'#', b'0', b'1', ..] => {
            let plain = without_octal(text.get(brace..).unwrap_or_default());
            Candidate::Found(bytes.len(), Inner::Text(plain.into()))
        }
        _ => Candidate::Nothing,
    }
}

/// Classifies an object whose first key is in double quotes.
fn json<'t>(text: &'t str, brace: usize, budget: &mut usize) -> Candidate<'t> {
    let rest = text.get(brace..).unwrap_or_default();
    match JsonOutline::new().take(rest.as_bytes()) {
        OutlineProgress::Closed(len) => {
            let object = rest.get(..len).unwrap_or_default();
            // Few objects have a backslash at all.
            let escape = memchr::memchr(b'\\', object.as_bytes()).and_then(|at| object.as_bytes().get(at..));
            let has_bytes = escape.is_some_and(|rest| memmem::find(rest, b"\\x").is_some());
            let literal = if has_bytes { encoding::python_string(text, brace) } else { None };
            literal.map_or_else(|| Candidate::Found(brace + len, Inner::Object(object.into())), found)
        }
        OutlineProgress::Broken(len) => {
            *budget = budget.saturating_sub(len.max(64));
            other_notation(text, brace, budget).unwrap_or(Candidate::Damaged)
        }
        OutlineProgress::Open | OutlineProgress::Cut(_) => {
            *budget = budget.saturating_sub(rest.len());
            Candidate::Damaged
        }
    }
}

/// Classifies an object that is no JSON; `None` where it is of no notation that is read.
fn other_notation<'t>(text: &'t str, brace: usize, budget: &mut usize) -> Option<Candidate<'t>> {
    let (len, literal) = literal::to_json(text.get(brace..).unwrap_or_default());
    *budget = budget.saturating_sub(len.max(64));
    match literal {
        Ok(json) => Some(Candidate::Found(brace + len, Inner::Object(json.into()))),
        Err(LiteralError::Elided) => Some(Candidate::Elided),
        Err(LiteralError::Syntax) => encoding::python_string(text, brace).map(found),
    }
}

fn found<'t>((at, text): DecodedText) -> Candidate<'t> {
    Candidate::Found(at.end, Inner::Text(text.into()))
}

/// Undoes rsyslog's escapes of control characters, `#` and three octal digits.
fn without_octal(text: &str) -> String {
    text.replace("#011", "\t").replace("#012", "\n").replace("#015", "\r")
}
