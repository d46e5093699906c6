//! Lines as container runtimes and log shippers store them.
//!
//! docker's json-file puts each line into an object, CRI (containerd, CRI-O) puts words before it; journald, fluentd and
//! Fluent Bit mark the parts of a line in fields of their own. All cut long lines into parts, and the parts of several
//! streams may be mixed.

use super::{
    outline::{JsonOutline, OutlineProgress},
    times::{ParsedTime, TimeContext},
    writer::{StreamId, split_name},
};
use crate::event::fields::{Fields, same_name};
use memchr::{memchr, memmem, memrchr};
use regex::bytes::Regex;
use std::{borrow::Cow, sync::LazyLock};

/// A line or a part of one.
#[derive(Debug)]
pub(in crate::event) struct LinePart<'a> {
    pub(in crate::event) stream: StreamId,
    pub(in crate::event) stamp: Option<ParsedTime>,
    pub(in crate::event) text: Cow<'a, [u8]>,
    pub(in crate::event) end: PartEnd,
    /// The number of the part in its line, from 1, where its carrier numbers parts.
    pub(in crate::event) number: Option<u32>,
}

/// The end of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) enum PartEnd {
    /// The line ends here.
    Line,
    /// The line goes on in the next part.
    Part,
    /// The line may end here: shippers cut off docker's newline.
    Unknown,
    /// An incomplete line of the stream ends here; without one, the record stands for itself.
    Rest,
}

/// Reads a stored line; returns `None` for a line that nothing stored.
pub(in crate::event) fn read<'a>(line: &'a [u8], clock: &TimeContext) -> Option<LinePart<'a>> {
    match line.first()? {
        b'{' => docker(line, clock).or_else(|| shipped(line, None, clock)),
        b'0'..=b'9' => cri(line, clock).or_else(|| fluentd_file(line, clock)),
        _ => {
            let (name, rest) = split_name(line, is_stored)?;
            let part = docker(rest, clock).or_else(|| cri(rest, clock))?;
            Some(LinePart { stream: part.stream.named(name), ..part })
        }
    }
}

/// Returns `true` for a part of a line, or the first line of an object; decided without parsing it.
pub(in crate::event) fn is_cut(line: &[u8]) -> bool {
    match line.first() {
        Some(b'{') if line.starts_with(DOCKER) => is_docker_cut(line),
        Some(b'0'..=b'9') => Cri::split(line).is_some_and(|parts| parts.end == PartEnd::Part),
        Some(b'{') | None => false,
        Some(_) => split_name(line, is_stored).is_some_and(|(_, rest)| match rest.first() {
            Some(b'{') => is_docker_cut(rest),
            _ => Cri::split(rest).is_some_and(|parts| parts.end == PartEnd::Part),
        }),
    }
}

fn is_docker_cut(line: &[u8]) -> bool {
    match memmem::find(line, br#"\n","stream":"#) {
        Some(at) => matches!(line.get(at - 1), Some(b'{' | b'[' | b',')),
        None => true,
    }
}

fn is_stored(text: &[u8]) -> bool {
    text.starts_with(DOCKER) || text.first().is_some_and(u8::is_ascii_digit) && Cri::split(text).is_some()
}

/// The length from which on a text is not scanned: it would be for each of its parts.
const SCAN_MAX: usize = 1 << 20;

/// Returns `true` if no JSON object goes on behind a part of a line. Long texts are not scanned: those come from docker
/// itself, which ends the last part with a newline.
pub(in crate::event) fn is_finished(text: &[u8]) -> bool {
    if text.len() >= SCAN_MAX {
        return false;
    }
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
    true
}

/// Returns the time of a line that holds no event.
pub(in crate::event) fn line_stamp(line: &[u8], clock: &TimeContext) -> Option<ParsedTime> {
    if line.first() == Some(&b'{') {
        return clock.fields(&Fields::read(std::str::from_utf8(line).ok()?).ok()?);
    }
    clock.find(line)
}

/// The head of each line of docker's json-file.
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
    if let Some(part) = fluentd(&fields, clock).or_else(|| fluent_bit(&fields, None, clock)) {
        return Some(part);
    }
    let stream = StreamId::PLAIN.of(b"docker").of(fields.text("stream")?.as_bytes());
    let stamp = clock.field(&fields.text("time")?)?;
    let mut text = fields.text("log")?.into_owned().into_bytes();
    let whole = text.pop_if(|last| *last == b'\n').is_some();
    text.pop_if(|last| whole && *last == b'\r');
    let end = if whole { PartEnd::Line } else { PartEnd::Unknown };
    Some(LinePart { stream, stamp: Some(stamp), text: Cow::Owned(text), end, number: None })
}

/// `2026-03-14T09:15:06.000047514+08:00 stdout F text`, with `P` for all parts but the last.
fn cri<'a>(line: &'a [u8], clock: &TimeContext) -> Option<LinePart<'a>> {
    let parts = Cri::split(line)?;
    let stamp = clock.find(parts.time)?;
    let stream = StreamId::PLAIN.of(b"cri").of(parts.stream);
    Some(LinePart { stream, stamp: Some(stamp), text: Cow::Borrowed(parts.text), end: parts.end, number: None })
}

struct Cri<'a> {
    time: &'a [u8],
    stream: &'static [u8],
    end: PartEnd,
    text: &'a [u8],
}

impl<'a> Cri<'a> {
    fn split(line: &'a [u8]) -> Option<Self> {
        let (time, rest) = line.split_at(memchr(b' ', line.get(..40.min(line.len()))?)?);
        let (stream, rest) = match rest.strip_prefix(b" stdout ") {
            Some(rest) => (&b"stdout"[..], rest),
            None => (&b"stderr"[..], rest.strip_prefix(b" stderr ")?),
        };
        let tag = rest.get(..memchr(b' ', rest).unwrap_or(rest.len()))?;
        let text = rest.get(tag.len() + 1..).unwrap_or_default();
        // More tags may follow the first: `P:x`.
        let (first, more) = tag.split_first()?;
        let end = match first {
            b'P' => PartEnd::Part,
            b'F' => PartEnd::Line,
            _ => return None,
        };
        matches!(more, [] | [b':', ..]).then_some(Self { time, stream, end, text })
    }
}

/// `2026-03-14T01:15:02+00:00<TAB>tag<TAB>{…}`, as fluentd writes to files.
fn fluentd_file<'a>(line: &'a [u8], clock: &TimeContext) -> Option<LinePart<'a>> {
    let head = line.get(..NAME_MAX.min(line.len()))?;
    let brace = memchr(b'{', head)?;
    let tab = memrchr(b'\t', head.get(..brace)?)?;
    (tab + 1 == brace).then(|| shipped(line.get(brace..)?, clock.find(head), clock))?
}

/// The most bytes of a time and a tag before an object.
const NAME_MAX: usize = 300;

/// An object in which journald, fluentd or Fluent Bit stored a part of a line. `stamp` is the time before it.
fn shipped<'a>(line: &'a [u8], stamp: Option<ParsedTime>, clock: &TimeContext) -> Option<LinePart<'a>> {
    static MARKERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#""_STREAM_ID"|"CONTAINER_|"_LINE_BREAK"|"container_id"|"logtag"|"_p""#)
            .expect("the words are a valid pattern")
    });
    // The beginnings of the markers are found in less time than the pattern takes to begin.
    static BEGINNINGS: LazyLock<[memmem::Finder<'_>; 4]> =
        LazyLock::new(|| [r#""_"#, r#""CONTAINER_"#, r#""container_id""#, r#""logtag""#].map(memmem::Finder::new));
    if !BEGINNINGS.iter().any(|beginning| beginning.find(line).is_some()) || !MARKERS.is_match(line) {
        return None;
    }
    let line = match String::from_utf8_lossy(line) {
        Cow::Borrowed(line) => line,
        Cow::Owned(line) => return shipped(line.as_bytes(), stamp, clock).map(LinePart::into_owned),
    };
    let fields = Fields::read(line).ok()?;
    let part = journald(&fields, clock).or_else(|| fluentd(&fields, clock));
    let part = part.or_else(|| fluent_bit(&fields, stamp, clock))?;
    Some(LinePart { stamp: part.stamp.or(stamp), ..part })
}

/// An entry of the journal: of a container (`CONTAINER_PARTIAL_MESSAGE`), or a line that journald cut itself
/// (`_LINE_BREAK`).
fn journald<'a>(fields: &Fields<'a>, clock: &TimeContext) -> Option<LinePart<'a>> {
    fields.get("__REALTIME_TIMESTAMP").or(fields.get("__CURSOR")).or(fields.get("_BOOT_ID"))?;
    let bytes = || serde_json::from_str(fields.get("MESSAGE")?.get()).ok();
    let text = fields.text("MESSAGE").map(|text| text.into_owned().into_bytes()).or_else(bytes)?;
    let id = |names: &[&str]| names.iter().find_map(|name| fields.scalar(name));
    let container = ["CONTAINER_PARTIAL_ID", "CONTAINER_ID_FULL", "CONTAINER_ID", "CONTAINER_NAME"];
    let stream = match id(&["_STREAM_ID"]) {
        _ if is_true(fields, "CONTAINER_PARTIAL_MESSAGE") || id(&container).is_some() => {
            StreamId::PLAIN.of(b"journald container").named(id(&container).unwrap_or_default().as_bytes())
        }
        Some(id) => StreamId::PLAIN.of(b"journald stream").named(id.as_bytes()),
        None => StreamId::PLAIN.of(b"journald process").named(id(&["_PID"])?.as_bytes()),
    };
    let is_cut = is_true(fields, "CONTAINER_PARTIAL_MESSAGE") && !is_true(fields, "CONTAINER_PARTIAL_LAST")
        || fields.scalar("_LINE_BREAK").is_some_and(|word| word == "line-max");
    let number = fields.scalar("CONTAINER_PARTIAL_ORDINAL").and_then(|number| number.parse().ok());
    Some(LinePart { stream, stamp: clock.fields(fields), text: Cow::Owned(text), end: rest_unless(is_cut), number })
}

/// A record of docker's fluentd driver: `partial_message`, `partial_id`, `partial_ordinal`, `partial_last`.
fn fluentd<'a>(fields: &Fields<'a>, clock: &TimeContext) -> Option<LinePart<'a>> {
    let id = fields.scalar("partial_id").or_else(|| fields.scalar("container_id"))?;
    let text = fields.text("log").or_else(|| fields.text("message"))?.into_owned().into_bytes();
    let is_cut = is_true(fields, "partial_message") && !is_true(fields, "partial_last");
    let source = fields.text("source").unwrap_or_default();
    let stream = StreamId::PLAIN.of(b"fluentd").of(source.as_bytes()).named(id.as_bytes());
    let number = fields.scalar("partial_ordinal").and_then(|number| number.parse().ok());
    Some(LinePart { stream, stamp: clock.fields(fields), text: Cow::Owned(text), end: rest_unless(is_cut), number })
}

/// A record of Fluent Bit's CRI parser, which keeps the tag `P` or `F` as `logtag` or `_p`.
fn fluent_bit<'a>(fields: &Fields<'a>, stamp: Option<ParsedTime>, clock: &TimeContext) -> Option<LinePart<'a>> {
    let tag = fields.text("logtag").or_else(|| fields.text("_p"))?;
    let text = fields.text("log").or_else(|| fields.text("message"))?.into_owned().into_bytes();
    let stream = StreamId::PLAIN.of(b"fluent bit").of(fields.text("stream").unwrap_or_default().as_bytes());
    let pod = fields.object("kubernetes").unwrap_or_default();
    let pod_names = ["docker_id", "container_id", "pod_name", "container_name"].map(|name| pod.word(name));
    let names = ["file", "filename", "file_path", "path", "tag"].map(|name| fields.word(name));
    let name: Vec<&str> = pod_names.iter().chain(&names).map(AsRef::as_ref).filter(|name| !name.is_empty()).collect();
    let stream = if name.is_empty() { stream } else { stream.named(name.join("\n").as_bytes()) };
    let end = rest_unless(tag.starts_with('P'));
    Some(LinePart { stream, stamp: clock.fields(fields).or(stamp), text: Cow::Owned(text), end, number: None })
}

fn rest_unless(is_cut: bool) -> PartEnd {
    if is_cut { PartEnd::Part } else { PartEnd::Rest }
}

/// Returns `true` for a field with the value `true`, as a word or a string.
fn is_true(fields: &Fields<'_>, name: &str) -> bool {
    fields.get(name).is_some_and(|raw| same_name(raw.get().trim_matches('"'), "true"))
}

impl LinePart<'_> {
    fn into_owned<'b>(self) -> LinePart<'b> {
        LinePart { text: Cow::Owned(self.text.into_owned()), ..self }
    }
}
