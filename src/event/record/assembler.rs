//! Lines → whole records: parts of cut lines joined, the lines of pretty-printed objects collected.
//!
//! Each writer's lines are a stream of their own, known by container, heading or name. Nothing is dropped: what never
//! becomes whole comes out as it is.

use super::{
    colours::without_colours,
    container::{self, LinePart, PartEnd},
    partial::{PartialLine, Target},
    place::LinePlace,
    pretty::{Keys, OpenObject, ends_open},
    stamps::{strip_stamp, without_inner_stamps},
    stream::{RecordStream, Step},
    times::{ParsedTime, TimeContext},
    writer::{StreamId, WriterCertainty, tail_heading},
};
use crate::event::{
    needle::{looks_like_event, needle},
    url::asset_in,
};
use std::borrow::Cow;

/// The longest text that is carried, as the longest line.
const CARRY_MAX: usize = 16 << 20;

/// A whole record, or what there is of one.
#[derive(Debug)]
pub(in crate::event) struct Record<'a> {
    pub(in crate::event) text: Cow<'a, [u8]>,
    /// The places of its lines.
    pub(in crate::event) places: Vec<LinePlace>,
    /// The time that its container gave to its first line.
    pub(in crate::event) stamp: Option<ParsedTime>,
    pub(in crate::event) doubt: Doubt,
}

/// The doubts about the parts of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) enum Doubt {
    None,
    /// It was joined from parts of which nothing says that one writer wrote them.
    Joined,
    /// It was joined from parts of one writer, of which nothing says that none is missing.
    Unnumbered,
    /// Its other parts cannot be distinguished from those of other lines.
    Mixed,
    /// Its carrier numbered its parts, and one before or behind it has not come.
    Gap,
}

/// A line of the file, or of what a container stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::event) struct PlainLine<'a> {
    pub(in crate::event) text: &'a [u8],
    pub(in crate::event) place: LinePlace,
    pub(in crate::event) stamp: Option<ParsedTime>,
    /// `true` if it may hold an event.
    pub(in crate::event) has_needle: bool,
    pub(in crate::event) doubt: Doubt,
}

/// The state between lines.
#[derive(Clone, Debug, Default)]
pub(in crate::event) struct RecordAssembler {
    /// The streams in which something is pending, oldest first.
    streams: Vec<RecordStream>,
    /// The name in the last heading of `tail`.
    heading: Option<Box<[u8]>>,
}

/// Returns `true` for a line that matters even if it holds no event and nothing is pending: the first line of an
/// object, a part of a line, a heading.
pub(in crate::event) fn may_begin(line: &[u8]) -> bool {
    ends_open(line) || container::is_cut(line) || line.starts_with(b"==> ")
}

impl RecordAssembler {
    /// The most streams in which something is pending.
    const STREAMS_MAX: usize = 64;

    /// Returns `true` if something is pending that the next line may continue.
    pub(in crate::event) fn is_carrying(&self) -> bool {
        !self.streams.is_empty()
    }

    /// Returns `true` if only lines with the name of a writer go on with what is pending.
    pub(in crate::event) fn is_named(&self) -> bool {
        self.streams.iter().all(RecordStream::is_named)
    }

    /// Returns `true` if the lines so far decide how the next one is read, even where nothing is pending.
    pub(in crate::event) fn has_context(&self) -> bool {
        self.heading.is_some()
    }

    /// Returns the byte at which the oldest pending line begins.
    pub(in crate::event) fn byte(&self) -> Option<u64> {
        self.streams.iter().filter_map(RecordStream::byte).min()
    }

    /// Returns the newest pending text that has a key of an event, and the byte at which it ends so far.
    pub(in crate::event) fn unfinished(&self) -> Option<(u64, &[u8])> {
        let texts = self.streams.iter().flat_map(RecordStream::unfinished);
        texts.filter(|(_, text)| needle(text, 0).is_some()).max_by_key(|(end, _)| *end)
    }

    /// Goes on with what was pending at the end of another file.
    pub(in crate::event) fn resume(&mut self, mut other: Self) {
        other.streams.iter_mut().for_each(RecordStream::move_to_beginning);
        self.streams.append(&mut other.streams);
    }

    /// Takes everything that is pending.
    pub(in crate::event) fn finish<'a>(&mut self) -> Vec<Record<'a>> {
        std::mem::take(&mut self.streams).into_iter().flat_map(end).collect()
    }

    /// Reads a line; returns the records that end with it.
    pub(in crate::event) fn take<'a>(&mut self, line: PlainLine<'a>, clock: &TimeContext) -> Vec<Record<'a>> {
        let mut records = Vec::new();
        if let Some(name) = tail_heading(line.text) {
            self.heading = Some(name.into());
            self.streams.iter_mut().for_each(|stream| stream.is_unheaded = false);
            return records;
        }
        self.end_unheaded(clock, &mut records);
        let part = container::read(line.text, clock);
        let id = self.under_heading(part.as_ref().map_or(StreamId::PLAIN, |part| part.stream));
        match part {
            Some(part) => self.part(LinePart { stream: id, ..part }, line, clock, &mut records),
            None => self.plain_line(line, clock, &mut records),
        }
        self.end_idle(id, &mut records);
        self.streams.retain(RecordStream::is_pending);
        records
    }

    /// Ends the streams of which no line came for long, where the present one is of the stream `of`, and the oldest where
    /// there are too many.
    fn end_idle(&mut self, of: StreamId, records: &mut Vec<Record<'_>>) {
        let mut surplus = self.streams.len().saturating_sub(Self::STREAMS_MAX);
        let mut at = 0;
        while let Some(stream) = self.streams.get_mut(at) {
            if stream.count_line(of) || surplus > 0 {
                surplus = surplus.saturating_sub(1);
                records.extend(end(self.streams.remove(at)));
            } else {
                at += 1;
            }
        }
    }

    /// Returns the stream of this kind of the writer that the last heading names.
    fn under_heading(&self, id: StreamId) -> StreamId {
        self.heading.as_ref().map_or(id, |name| id.named(name))
    }

    /// Reads a line that no container stored.
    fn plain_line<'a>(&mut self, line: PlainLine<'a>, clock: &TimeContext, records: &mut Vec<Record<'a>>) {
        let id = self.under_heading(StreamId::PLAIN);
        if self.heading.is_none() {
            return self.line(id, line, clock, records);
        }
        // `tail` prints what there is of a line, and goes on with it under the next heading of the same file.
        let stream = self.stream(id);
        if !stream.partial.is_empty() {
            let whole = stream.partial.join(0, line.text, line.place.end);
            return self.joined(id, &whole, Doubt::None, clock, records);
        }
        if line.has_needle && stream.open.is_empty() && !ends_open(line.text) && !container::is_finished(line.text) {
            let cut = PartialLine { text: line.text.to_vec(), place: line.place, stamp: line.stamp, parts: 1 };
            stream.is_unheaded = true;
            stream.partial.push(cut);
            return;
        }
        self.line(id, line, clock, records);
    }

    /// Ends a line that looked cut, where the line after it was no heading.
    fn end_unheaded(&mut self, clock: &TimeContext, records: &mut Vec<Record<'_>>) {
        let Some(id) = self.heading.as_ref().map(|name| StreamId::PLAIN.named(name)) else { return };
        let cut = self.streams.iter_mut().find(|stream| stream.id == id && stream.is_unheaded);
        if let Some(line) = cut.and_then(RecordStream::take_unheaded) {
            self.joined(id, &line, Doubt::None, clock, records);
        }
    }

    /// Reads a stored line or a part of one; `line` is the line as it was stored.
    fn part<'a>(
        &mut self,
        part: LinePart<'a>,
        line: PlainLine<'a>,
        clock: &TimeContext,
        records: &mut Vec<Record<'a>>,
    ) {
        let LinePart { stream: id, stamp, mut text, end, number } = part;
        let stream = self.stream(id);
        if end == PartEnd::Rest && !stream.is_pending() && !ends_open(&text) {
            return self.line(StreamId::PLAIN, line, clock, records);
        }
        if !stream.partial.is_empty() {
            strip_stamp(&mut text, stamp, clock);
        }
        let has_key = needle(&text, 0).is_some();
        if number.is_some_and(|number| number != stream.partial.parts() + 1) {
            records.extend(stream.partial.take_all().into_iter().map(|line| unjoined(line, Doubt::Gap)));
            if has_key {
                records.push(Record { text, places: vec![line.place], stamp, doubt: Doubt::Gap });
            }
            return;
        }
        let asset = std::str::from_utf8(&text).ok().filter(|_| !stream.partial.is_empty()).and_then(asset_in);
        let ends = |text: &[u8]| match end {
            PartEnd::Line | PartEnd::Rest => true,
            PartEnd::Part => text.len() > CARRY_MAX,
            PartEnd::Unknown => text.len() > CARRY_MAX || container::is_finished(text),
        };
        match stream.partial.target(&text, asset, has_key, id.certainty()) {
            Target::New if ends(&text) => {
                let has_needle = line.has_needle || has_key;
                self.owned_or_borrowed(id, text, PlainLine { stamp, has_needle, ..line }, clock, records);
            }
            Target::New => {
                let cut = PartialLine { text: text.into_owned(), place: line.place, stamp, parts: 1 };
                records.extend(stream.partial.push(cut).map(|oldest| unjoined(oldest, Doubt::None)));
            }
            Target::Line(at) => {
                if ends(&stream.partial.append(at, &text, line.place.end).text) {
                    let whole = stream.partial.take(at);
                    let doubt = match id.certainty() {
                        _ if whole.parts == 1 || number.is_some() => Doubt::None,
                        WriterCertainty::Named => Doubt::Unnumbered,
                        WriterCertainty::Unnamed => Doubt::Joined,
                    };
                    self.joined(id, &whole, doubt, clock, records);
                }
            }
            Target::Unknown => {
                records.extend(stream.partial.take_all().into_iter().map(|line| unjoined(line, Doubt::Mixed)));
                if has_key {
                    let record = Record { text, places: vec![line.place], stamp, doubt: Doubt::Mixed };
                    records.push(record);
                }
            }
        }
    }

    /// Reads a line of a stream that was joined, or waited to be.
    fn joined(
        &mut self,
        id: StreamId,
        whole: &PartialLine,
        doubt: Doubt,
        clock: &TimeContext,
        records: &mut Vec<Record<'_>>,
    ) {
        let PartialLine { text, place, stamp, .. } = whole;
        let line = PlainLine { text, place: *place, stamp: *stamp, has_needle: true, doubt };
        let mut own = Vec::new();
        self.line(id, line, clock, &mut own);
        records.extend(own.into_iter().map(Record::into_owned));
    }

    /// Reads the text of a stored line as a line of a stream.
    fn owned_or_borrowed<'a>(
        &mut self,
        id: StreamId,
        text: Cow<'a, [u8]>,
        line: PlainLine<'a>,
        clock: &TimeContext,
        records: &mut Vec<Record<'a>>,
    ) {
        match text {
            Cow::Borrowed(text) => self.line(id, PlainLine { text, ..line }, clock, records),
            Cow::Owned(text) => {
                let mut own = Vec::new();
                self.line(id, PlainLine { text: &text, ..line }, clock, &mut own);
                records.extend(own.into_iter().map(Record::into_owned));
            }
        }
    }

    /// Returns the state of a stream.
    fn stream(&mut self, id: StreamId) -> &mut RecordStream {
        let at = self.streams.iter().position(|stream| stream.id == id).unwrap_or_else(|| {
            self.streams.push(RecordStream::new(id));
            self.streams.len() - 1
        });
        &mut self.streams[at]
    }

    /// Reads a whole line of a stream.
    fn line<'a>(&mut self, id: StreamId, line: PlainLine<'a>, clock: &TimeContext, records: &mut Vec<Record<'a>>) {
        let text = without_colours(line.text);
        let text = match without_inner_stamps(&text, clock) {
            Cow::Owned(plain) => Cow::Owned(plain),
            Cow::Borrowed(_) => text,
        };
        let keys = if line.has_needle && (self.is_carrying() || ends_open(&text)) { keys_of(&text) } else { Keys::Any };
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
            let (step, ended) = stream.step(&text, line.place, keys);
            records.extend(ended.into_iter().map(opened));
            if step == Step::Taken {
                return;
            }
        }
        match OpenObject::begin(&text, line.place, line.stamp, keys) {
            Some(open) => records.extend(self.stream(id).begin(open).map(opened)),
            None if line.has_needle => {
                records.push(Record { text, places: vec![line.place], stamp: line.stamp, doubt: line.doubt });
            }
            None => {}
        }
    }
}

impl Record<'_> {
    fn into_owned<'b>(self) -> Record<'b> {
        Record { text: Cow::Owned(self.text.into_owned()), ..self }
    }
}

/// Returns the kind of keys in a line. PHP's `var_dump` has the value on the line after the key.
fn keys_of(text: &[u8]) -> Keys {
    let names_event = text.trim_ascii_end().ends_with(b"=>") || looks_like_event(&String::from_utf8_lossy(text));
    if names_event { Keys::Event } else { Keys::Any }
}

/// Returns what is pending in a stream.
fn end<'a>(mut stream: RecordStream) -> Vec<Record<'a>> {
    let lines = stream.partial.take_all().into_iter().map(|line| unjoined(line, Doubt::None));
    lines.chain(stream.open.into_iter().map(opened)).collect()
}

/// Returns what there is of a line whose last part has not come.
fn unjoined<'a>(line: PartialLine, doubt: Doubt) -> Record<'a> {
    Record { text: Cow::Owned(line.text), places: vec![line.place], stamp: line.stamp, doubt }
}

/// Returns the record of an object, which may have no end.
fn opened<'a>(open: OpenObject) -> Record<'a> {
    let (text, places, stamp) = open.into_parts();
    Record { text: Cow::Owned(text), places, stamp, doubt: Doubt::None }
}
