//! Lines as container runtimes write them.
//!
//! docker's json-file puts each line into an object, CRI (containerd, CRI-O) puts words before it. Both cut long lines
//! into pieces and let the pieces of the two streams mix.

use super::{
    outline::{JsonOutline, OutlineProgress},
    times::{ParsedTime, TimeContext},
};
use crate::event::fields::Fields;
use memchr::{memchr, memmem};
use std::borrow::Cow;

/// What the program in the container wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) enum Stream {
    Out,
    Err,
}

/// A line or a part of one.
#[derive(Debug)]
pub(in crate::event) struct LinePart<'a> {
    pub(in crate::event) stream: Stream,
    pub(in crate::event) stamp: ParsedTime,
    pub(in crate::event) text: Cow<'a, [u8]>,
    /// Whether the line ends here.
    pub(in crate::event) whole: bool,
    /// Whether the line may end here although nothing says so: shippers cut off docker's newline.
    pub(in crate::event) maybe_whole: bool,
}

/// Takes the container off a line; `None` where there is none.
pub(in crate::event) fn read<'a>(line: &'a [u8], clock: &TimeContext) -> Option<LinePart<'a>> {
    match line.first()? {
        b'{' => docker(line, clock),
        b'0'..=b'9' => cri(line, clock),
        _ => None,
    }
}

/// Whether a line is a piece of a longer one, or holds the first line of an object; decided without parsing it.
pub(in crate::event) fn is_cut(line: &[u8]) -> bool {
    match line.first() {
        Some(b'{') if line.starts_with(DOCKER) => match memmem::find(line, br#"\n","stream":"#) {
            Some(at) => matches!(line.get(at - 1), Some(b'{' | b'[' | b',')),
            None => true,
        },
        Some(b'0'..=b'9') => Cri::split(line).is_some_and(|parts| parts.partial),
        _ => false,
    }
}

/// Whether no JSON object goes on behind a piece of a line. Long texts are not asked: those come from docker itself,
/// which ends the last piece with a newline.
pub(in crate::event) fn is_finished(text: &[u8]) -> bool {
    let mut from = 0;
    let mut budget = 4 << 20;
    while let Some(at) = memchr(b'{', text.get(from..).unwrap_or_default()) {
        let brace = from + at;
        let rest = text.get(brace..).unwrap_or_default();
        // Quotes with a backslash are an object that stands in a string.
        let escaped = rest.get(1) == Some(&b'\\');
        from = match JsonOutline::new().take(rest) {
            OutlineProgress::Closed(len) => brace + len,
            OutlineProgress::Broken(len) if !escaped && budget > len => {
                budget -= len;
                brace + 1
            }
            OutlineProgress::Open | OutlineProgress::Cut(_) | OutlineProgress::Broken(_) => return false,
        };
    }
    text.len() < 1 << 20
}

/// The time of a line that holds no event.
pub(in crate::event) fn line_stamp(line: &[u8], clock: &TimeContext) -> Option<ParsedTime> {
    if line.first() == Some(&b'{') {
        return clock.fields(&Fields::read(std::str::from_utf8(line).ok()?).ok()?);
    }
    clock.find(line)
}

/// How docker begins each line.
const DOCKER: &[u8] = br#"{"log":""#;

/// `{"log":"text\n","stream":"stdout","time":"2026-03-14T01:15:01.000007919Z"}`
fn docker<'a>(line: &'a [u8], clock: &TimeContext) -> Option<LinePart<'a>> {
    if !line.starts_with(DOCKER) {
        return None;
    }
    let line = match String::from_utf8_lossy(line) {
        Cow::Borrowed(line) => line,
        // Rare, and not worth a borrow of its own.
        Cow::Owned(line) => return docker(line.as_bytes(), clock).map(LinePart::into_owned),
    };
    let fields = Fields::read(line).ok()?;
    let stream = match &*fields.text("stream")? {
        "stderr" => Stream::Err,
        _ => Stream::Out,
    };
    let stamp = clock.field(&fields.text("time")?)?;
    let mut text = fields.text("log")?.into_owned().into_bytes();
    let whole = text.pop_if(|last| *last == b'\n').is_some();
    text.pop_if(|last| whole && *last == b'\r');
    Some(LinePart { stream, stamp, text: Cow::Owned(text), whole, maybe_whole: true })
}

/// `2026-03-14T09:15:06.000047514+08:00 stdout F text`, with `P` for all pieces but the last.
fn cri<'a>(line: &'a [u8], clock: &TimeContext) -> Option<LinePart<'a>> {
    let parts = Cri::split(line)?;
    let stamp = clock.find(parts.time)?;
    let text = Cow::Borrowed(parts.text);
    Some(LinePart { stream: parts.stream, stamp, text, whole: !parts.partial, maybe_whole: false })
}

struct Cri<'a> {
    time: &'a [u8],
    stream: Stream,
    partial: bool,
    text: &'a [u8],
}

impl<'a> Cri<'a> {
    fn split(line: &'a [u8]) -> Option<Self> {
        let (time, rest) = line.split_at(memchr(b' ', line.get(..40.min(line.len()))?)?);
        let (stream, rest) = match rest.strip_prefix(b" stdout ") {
            Some(rest) => (Stream::Out, rest),
            None => (Stream::Err, rest.strip_prefix(b" stderr ")?),
        };
        let tag = rest.get(..memchr(b' ', rest).unwrap_or(rest.len()))?;
        let text = rest.get(tag.len() + 1..).unwrap_or_default();
        // More tags may follow the first: `P:x`.
        let (first, more) = tag.split_first()?;
        let known = matches!(first, b'P' | b'F') && matches!(more, [] | [b':', ..]);
        known.then_some(Self { time, stream, partial: *first == b'P', text })
    }
}

impl LinePart<'_> {
    fn into_owned<'b>(self) -> LinePart<'b> {
        LinePart { text: Cow::Owned(self.text.into_owned()), ..self }
    }
}
