//! The lines of one file → the events in them.
//!
//! [`RecordReader`] is pure and incremental: it is given whole lines in any portions and keeps what a later line may
//! continue, a pretty-printed object or a line that a container runtime cut. Most lines hold no event; they are passed
//! over at the speed of memory. What looks like an event and cannot be taken is [`Rejected`], never dropped.
//!
//! A record begins on the line on which the event's outermost object begins, and ends with the line on which that
//! ends. An untimed event is ordered by the nearest earlier timed record that this reader has seen. One that begins
//! in the middle of a file has seen none; [`RecordReader::look_back`] shows it what lies before.

use crate::{
    event::{
        decode::EventBody,
        envelope::{self, Embedded},
        fast::FastReader,
        fingerprint::{self, Fingerprint},
        log_event::LogEvent,
        origin::{FileId, Origin},
        pictures::builder::Templates,
        record::{
            colours::without_colours,
            container::{self, LinePart, PartEnd},
            heading,
            partial::{PartialLine, Target},
            place::LinePlace,
            pretty::{Keys, OpenObject, ends_open},
            stamps::{strip_stamp, without_inner_stamps},
            stream::{RecordStream, Step},
            times::{ParsedTime, TimeContext},
            writer::{Certainty, StreamId, tail_heading},
        },
        redact::redact,
        time::Time,
        update::{Counts, Rejected},
        url::asset_in,
    },
    text::Safe,
};
use jiff::{Timestamp, tz::TimeZone};
use memchr::{memchr, memchr_iter, memrchr};
use std::{borrow::Cow, num::NonZeroU32};

/// Reads the lines of one file. A clone goes on from the same place; it is for another thread.
#[derive(Clone, Debug)]
pub struct RecordReader {
    file: FileId,
    clock: TimeContext,
    cache: ReaderCache,
    /// The streams in which something is pending.
    streams: Vec<RecordStream>,
    /// The name in the last heading of `tail`.
    tail_heading: Option<Box<[u8]>>,
    /// The lines since the oldest that is carried, by where they begin, and their hashes.
    lines: Vec<(u64, u64)>,
    /// Time of the nearest earlier timed record.
    newest: Option<Time>,
    /// The time in an earlier line of the present record, where its own line has none.
    heading: Option<ParsedTime>,
    /// Where the event before begins, and which of its record it is.
    before: Option<(u64, u32)>,
}

/// What a reader caches of the lists that it has read. It changes the speed of reading, never the result.
#[derive(Clone, Debug, Default)]
pub struct ReaderCache {
    templates: Templates,
    fast: FastReader,
}

/// Records that a reader has begun and not finished; the next file of the same name may continue them.
#[derive(Debug)]
pub struct PendingRecords(Vec<RecordStream>);

/// What was found in a chunk.
#[derive(Debug, Default)]
pub struct FoundEvents {
    /// Events in the order of the file, but for those that end after a later one.
    pub events: Vec<LogEvent>,
    /// What looked like an event and was not taken: at most [`FoundEvents::REJECTED_MAX`], all are counted.
    pub rejected: Vec<Rejected>,
    /// What was counted.
    pub counts: Counts,
}

/// A line without its container.
struct PlainLine<'a> {
    text: &'a [u8],
    place: LinePlace,
    stamp: Option<ParsedTime>,
    /// `true` if it may hold an event.
    has_needle: bool,
    /// `true` if it was joined from parts of which nothing says that one writer wrote them.
    is_doubtful: bool,
}

/// A chunk, and from where on no line's time has been looked at.
struct Chunk<'a> {
    text: &'a [u8],
    untimed: usize,
}

/// The doubts about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    None,
    /// It was joined from parts of which nothing says that one writer wrote them.
    Joined,
    /// Its other parts could not be told from those of other lines.
    Mixed,
}

/// The reason for which joined parts are refused.
const MIXED: &str = "parts of cut lines of several writers are mixed: read each writer's log by itself, or have their \
                     names put before the lines (kubectl logs --prefix, tail with several files)";

/// The longest text that is carried, as the longest line.
const CARRY_MAX: usize = 16 << 20;

/// The most bytes of a rejected text that are kept.
const RAW_MAX: usize = 4096;

impl FoundEvents {
    /// The most rejected texts that are kept until the caller takes them.
    pub const REJECTED_MAX: usize = 256;
}

impl RecordReader {
    /// Creates a reader for which times without a zone are in UTC, and those without a year in 1970.
    pub fn new(file: FileId) -> Self {
        let last_change = Timestamp::constant(364 * 86_400, 0);
        Self::with_zone(file, TimeZone::UTC, last_change)
    }

    /// Creates a reader for which times without a zone are in `zone`, and those without a year in the latest year in
    /// which they are not later than the file's last change.
    pub fn with_zone(file: FileId, zone: TimeZone, last_change: Timestamp) -> Self {
        Self {
            file,
            clock: TimeContext { zone, last_change },
            cache: ReaderCache::default(),
            streams: Vec::new(),
            tail_heading: None,
            lines: Vec::new(),
            newest: None,
            heading: None,
            before: None,
        }
    }

    /// Sets the time of the file's last change, which lies later when a file is followed.
    pub fn set_last_change(&mut self, last_change: Timestamp) {
        self.clock.last_change = last_change;
    }

    /// Reads whole lines, newline-ended (the last may lack it only at the end of a file).
    ///
    /// `byte` is where `chunk` begins in the file, `line` the number of its first line where that is known. A chunk
    /// must follow the one before it, unless [`Self::is_carrying`] is false.
    pub fn read(&mut self, chunk: &[u8], byte: u64, line: Option<NonZeroU32>, found: &mut FoundEvents) {
        let mut chunk = Chunk { text: chunk, untimed: 0 };
        let (mut at, mut count, mut needle) = (0, 0u32, 0..0);
        while let Some(rest) = chunk.text.get(at..).filter(|rest| !rest.is_empty()) {
            let place = |len: usize| LinePlace {
                byte: byte + at as u64,
                end: byte + (at + len) as u64,
                number: line.and_then(|line| line.checked_add(count)),
            };
            let after = if let Some((body, len, after)) = self.read_canonical(rest) {
                self.note(rest.get(..len).unwrap_or_default(), byte + at as u64);
                self.look(&mut chunk, at);
                self.push(body, None, None, [place(len); 2], found);
                chunk.untimed = at + after;
                after
            } else {
                let after = memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
                let text = rest.get(..after).map(trim_end).unwrap_or_default();
                if needle.start < at || needle.is_empty() {
                    let next = envelope::needle(chunk.text, at).map(|found| found.range());
                    needle = next.unwrap_or(chunk.text.len()..usize::MAX);
                }
                let has_needle = needle.start < at + text.len();
                if has_needle
                    || self.is_carrying()
                    || ends_open(text)
                    || container::is_cut(text)
                    || text.starts_with(b"==> ")
                {
                    self.look(&mut chunk, at);
                    self.heading =
                        heading::find(chunk.text.get(..at).unwrap_or_default(), text, self.heading, &self.clock);
                    let before = found.events.len();
                    self.take(text, place(text.len()), has_needle, found);
                    if self.is_carrying() || found.events.len() > before {
                        chunk.untimed = at + after;
                    }
                }
                after
            };
            at += after;
            count = count.saturating_add(1);
        }
        let end = chunk.text.len();
        self.look(&mut chunk, end);
        self.heading = heading::carried(chunk.text, self.heading, &self.clock);
        found.counts.lines += u64::from(count);
        found.counts.bytes += end as u64;
    }

    /// Ends the file: what is still pending is read as it is.
    pub fn finish(&mut self, found: &mut FoundEvents) {
        for mut stream in std::mem::take(&mut self.streams) {
            for line in stream.partial.take_all() {
                self.search(&line.text, &[line.place], line.stamp, Doubt::None, found);
            }
            for open in stream.open {
                self.search(open.text(), open.places(), open.stamp(), Doubt::None, found);
            }
        }
        self.lines.clear();
    }

    /// Takes the records that are pending, so that the reader of the next file can go on with them.
    pub fn take_pending(&mut self) -> PendingRecords {
        self.lines.clear();
        PendingRecords(std::mem::take(&mut self.streams))
    }

    /// Goes on with records of the file before. A record that the first lines complete begins at byte 0 of this file.
    pub fn resume(&mut self, PendingRecords(mut streams): PendingRecords) {
        streams.iter_mut().for_each(RecordStream::move_to_beginning);
        self.streams.append(&mut streams);
    }

    /// Returns `true` if something is pending that the next line may continue.
    pub fn is_carrying(&self) -> bool {
        !self.streams.is_empty()
    }

    /// Returns `true` if lines before the next one decide how it is read, even where nothing is pending.
    pub fn has_context(&self) -> bool {
        self.tail_heading.is_some()
    }

    /// A line longer than the cap: its head only. Rejected with a reason where the head looks like an event.
    pub fn overlong(&mut self, head: &[u8], byte: u64, len: u64, line: Option<NonZeroU32>, found: &mut FoundEvents) {
        self.finish(found);
        found.counts.lines += 1;
        found.counts.bytes += len;
        let text = String::from_utf8_lossy(head);
        if envelope::looks_like_event(&text) {
            let len = u32::try_from(len).unwrap_or(u32::MAX);
            let origin = Origin { file: self.file, byte, len, line, ..Origin::default() };
            reject(head, origin, 1, "the line is longer than 16 MiB", found);
        }
    }

    /// Takes the time of the last timed line of `before`, the whole lines that lie before the next chunk.
    ///
    /// For readers that begin in the middle of a file: without it, untimed events ahead of the first timed record of
    /// a block count as older than all timed ones. Where `before` has no timed line either, that remains so.
    pub fn look_back(&mut self, before: &[u8]) {
        let end = before.len();
        self.look(&mut Chunk { text: before, untimed: 0 }, end);
        self.heading = heading::carried(before, None, &self.clock);
    }

    /// Time of the nearest earlier timed record.
    pub fn newest(&self) -> Option<Time> {
        self.newest
    }

    /// Takes the time of a record that lies before all that was read: it counts as long as nothing else was timed.
    pub fn follow(&mut self, newest: Option<Time>) {
        self.newest = self.newest.or(newest);
    }

    /// Swaps the cache with that of another reader, so that a thread fills it once and not once a block.
    pub fn swap_cache(&mut self, cache: &mut ReaderCache) {
        std::mem::swap(&mut self.cache, cache);
    }

    /// A compact event that fills its line: the event, its length, the length of the line.
    fn read_canonical(&mut self, rest: &[u8]) -> Option<(EventBody, usize, usize)> {
        // Only a line with a name goes on with an object of a named writer.
        if rest.first() != Some(&b'{') || !self.streams.iter().all(RecordStream::is_named) {
            return None;
        }
        let (body, len) = self.cache.fast.read(rest, &mut self.cache.templates)?;
        let end = match rest.get(len..)? {
            [] => len,
            [b'\n', ..] => len + 1,
            [b'\r', b'\n', ..] => len + 2,
            _ => return None,
        };
        Some((body, len, end))
    }

    /// Reads a line that may matter.
    fn take(&mut self, text: &[u8], place: LinePlace, has_needle: bool, found: &mut FoundEvents) {
        self.note(text, place.byte);
        if let Some(name) = tail_heading(text) {
            self.tail_heading = Some(name.into());
            self.streams.iter_mut().for_each(|stream| stream.is_unheaded = false);
            return;
        }
        self.end_unheaded(found);
        let line = PlainLine { text, place, stamp: self.heading, has_needle, is_doubtful: false };
        let Some(part) = container::read(text, &self.clock) else { return self.plain_line(line, found) };
        let id = self.under_heading(part.stream);
        self.part(LinePart { stream: id, ..part }, line, found);
    }

    /// Returns the stream of this kind of the writer that the last heading names.
    fn under_heading(&self, id: StreamId) -> StreamId {
        self.tail_heading.as_ref().map_or(id, |name| id.named(name))
    }

    /// Reads a line that no container stored.
    fn plain_line(&mut self, line: PlainLine<'_>, found: &mut FoundEvents) {
        let id = self.under_heading(StreamId::PLAIN);
        if self.tail_heading.is_none() {
            return self.line(id, line, found);
        }
        // `tail` prints what there is of a line, and goes on with it under the next heading of the same file.
        let stream = self.stream(id);
        if !stream.partial.is_empty() {
            let whole = stream.partial.join(0, line.text, line.place.end);
            let line =
                PlainLine { text: &whole.text, place: whole.place, stamp: whole.stamp, has_needle: true, ..line };
            return self.line(id, line, found);
        }
        if line.has_needle && stream.open.is_empty() && !ends_open(line.text) && !container::is_finished(line.text) {
            stream.is_unheaded = true;
            stream.partial.push(PartialLine {
                text: line.text.to_vec(),
                place: line.place,
                stamp: line.stamp,
                parts: 1,
            });
            return;
        }
        self.line(id, line, found);
    }

    /// Ends lines that looked cut, where the line after them was no heading.
    fn end_unheaded(&mut self, found: &mut FoundEvents) {
        if self.tail_heading.is_none() {
            return;
        }
        let id = self.under_heading(StreamId::PLAIN);
        let cut = self.streams.iter_mut().find(|stream| stream.id == id && stream.is_unheaded);
        let Some(line) = cut.and_then(RecordStream::take_unheaded) else { return };
        let line =
            PlainLine { text: &line.text, place: line.place, stamp: line.stamp, has_needle: true, is_doubtful: false };
        self.line(id, line, found);
    }

    /// Reads a stored line or a part of one; `record` is the line as it was stored.
    fn part(&mut self, part: LinePart<'_>, record: PlainLine<'_>, found: &mut FoundEvents) {
        let id = part.stream;
        let mut text = part.text;
        let has_key = envelope::needle(&text, 0).is_some();
        let stream = self.stream(id);
        if !stream.partial.is_empty() {
            strip_stamp(&mut text, part.stamp, &self.clock);
        }
        let stream = self.stream(id);
        let named = std::str::from_utf8(&text).ok().and_then(asset_in);
        let target = match part.end {
            PartEnd::Rest if stream.partial.is_empty() && stream.open.is_empty() && !ends_open(&text) => {
                self.streams.retain(RecordStream::is_pending);
                return self.line(StreamId::PLAIN, record, found);
            }
            PartEnd::Line | PartEnd::Part | PartEnd::Unknown | PartEnd::Rest => {
                stream.partial.target(&text, named, has_key, id.certainty())
            }
        };
        let ends = |text: &[u8]| match part.end {
            PartEnd::Line | PartEnd::Rest => true,
            PartEnd::Part => text.len() > CARRY_MAX,
            PartEnd::Unknown => text.len() > CARRY_MAX || container::is_finished(text),
        };
        match target {
            Target::New if ends(&text) => {
                let has_needle = record.has_needle || has_key;
                self.line(id, PlainLine { text: &text, stamp: part.stamp, has_needle, ..record }, found);
            }
            Target::New => {
                let line = PartialLine { text: text.into_owned(), place: record.place, stamp: part.stamp, parts: 1 };
                if let Some(oldest) = stream.partial.push(line) {
                    self.search(&oldest.text, &[oldest.place], oldest.stamp, Doubt::None, found);
                }
            }
            Target::Line(at) => {
                if ends(&stream.partial.append(at, &text, record.place.end).text) {
                    let whole = stream.partial.take(at);
                    let PartialLine { text, place, stamp, parts } = &whole;
                    let is_doubtful = id.certainty() == Certainty::Unnamed && *parts > 1;
                    let line = PlainLine { text, place: *place, stamp: *stamp, has_needle: true, is_doubtful };
                    self.line(id, line, found);
                }
            }
            Target::Unknown => {
                for line in stream.partial.take_all() {
                    self.search(&line.text, &[line.place], line.stamp, Doubt::Mixed, found);
                }
                if has_key {
                    self.search(&text, &[record.place], part.stamp, Doubt::Mixed, found);
                }
            }
        }
        self.streams.retain(RecordStream::is_pending);
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
    fn line(&mut self, id: StreamId, line: PlainLine<'_>, found: &mut FoundEvents) {
        let plain = without_colours(line.text);
        let text = &*without_inner_stamps(&plain, &self.clock);
        let doubt = if line.is_doubtful { Doubt::Joined } else { Doubt::None };
        let mut keys = Keys::Any;
        if line.has_needle && (self.is_carrying() || ends_open(text)) {
            // PHP's `var_dump` has the value on the line after the key.
            let names_event =
                text.trim_ascii_end().ends_with(b"=>") || envelope::looks_like_event(&String::from_utf8_lossy(text));
            keys = if names_event { Keys::Event } else { Keys::Any };
        }
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
            let (step, ended) = stream.step(text, line.place, keys);
            for open in ended {
                self.search(open.text(), open.places(), open.stamp(), Doubt::None, found);
            }
            if step == Step::Taken {
                self.streams.retain(RecordStream::is_pending);
                return;
            }
        }
        match OpenObject::begin(text, line.place, line.stamp, keys) {
            Some(open) => {
                if let Some(oldest) = self.stream(id).begin(open) {
                    self.search(oldest.text(), oldest.places(), oldest.stamp(), Doubt::None, found);
                }
            }
            None if line.has_needle => self.search(text, &[line.place], line.stamp, doubt, found),
            None => {}
        }
        self.streams.retain(RecordStream::is_pending);
    }

    /// Takes the events of a text whose lines stand at `places`.
    fn search(
        &mut self,
        text: &[u8],
        places: &[LinePlace],
        stamp: Option<ParsedTime>,
        doubt: Doubt,
        found: &mut FoundEvents,
    ) {
        let text = String::from_utf8_lossy(text);
        // By lines, because what is no UTF-8 has another length now.
        let starts: Vec<usize> = match places {
            [_] => vec![0],
            _ => std::iter::once(0).chain(memchr_iter(b'\n', text.as_bytes()).map(|newline| newline + 1)).collect(),
        };
        let line_of = |at: usize| starts.partition_point(|start| *start <= at).clamp(1, places.len()) - 1;
        for piece in envelope::search(&text, stamp, &self.clock, &mut self.cache.templates) {
            match piece {
                Embedded::Event { at, body, .. } if doubt == Doubt::Joined && body.oddities.foreign > 0 => {
                    let line = line_of(at.start);
                    let origin = self.origin([places[line], places[places.len() - 1]]);
                    reject(text.as_bytes().get(starts[line]..).unwrap_or_default(), origin, 1, MIXED, found);
                }
                Embedded::Event { at, body, stamp, delivery } => {
                    let first = line_of(at.start);
                    let last = line_of(at.end.saturating_sub(1));
                    self.push(*body, stamp.map(|stamp| stamp.time), delivery, [places[first], places[last]], found);
                }
                Embedded::Refused { at, reason } => {
                    let line = line_of(at);
                    let origin = self.origin([places[line], places[places.len() - 1]]);
                    let column = u32::try_from(at - starts[line] + 1).unwrap_or(u32::MAX);
                    let reason = match doubt {
                        Doubt::None => Cow::Borrowed(reason.as_str()),
                        Doubt::Joined => Cow::Owned(format!("{reason}, in a line joined from parts")),
                        Doubt::Mixed => Cow::Borrowed(MIXED),
                    };
                    reject(text.as_bytes().get(starts[line]..).unwrap_or_default(), origin, column, &reason, found);
                }
                Embedded::Other => found.counts.other_events += 1,
            }
        }
    }

    fn push(
        &mut self,
        body: EventBody,
        time: Option<Time>,
        delivery: Option<u64>,
        at: [LinePlace; 2],
        found: &mut FoundEvents,
    ) {
        let mut origin = self.origin(at);
        origin.part =
            self.before.filter(|(byte, _)| *byte == origin.byte).map_or(0, |(_, part)| part.saturating_add(1));
        self.before = Some((origin.byte, origin.part));
        self.newest = time.or(self.newest);
        let EventBody { kind, asset, status, pictures, fault, facts, oddities } = body;
        let clock = self.newest;
        found.events.push(LogEvent {
            kind,
            asset,
            status,
            time,
            clock,
            origin,
            delivery,
            pictures,
            fault,
            facts,
            oddities,
        });
    }

    /// Notes the hash of a line, and forgets lines that nothing carried began on.
    fn note(&mut self, text: &[u8], byte: u64) {
        if !self.is_carrying() {
            self.lines.clear();
        } else if self.lines.len() > OpenObject::LINES_MAX {
            let begins = self.streams.iter().filter_map(RecordStream::byte).min().unwrap_or(byte);
            self.lines.retain(|(byte, _)| *byte >= begins);
        }
        self.lines.push((byte, fingerprint::hash(text)));
    }

    /// The record from one line to another.
    fn origin(&self, [first, last]: [LinePlace; 2]) -> Origin {
        let mut hash = Fingerprint::default();
        let within = |byte: u64| first.byte <= byte && byte < last.end.max(first.byte + 1);
        self.lines.iter().filter(|(byte, _)| within(*byte)).for_each(|(_, line)| hash.add(*line));
        Origin {
            file: self.file,
            byte: first.byte,
            len: u32::try_from(last.end - first.byte).unwrap_or(u32::MAX),
            line: first.number,
            hash: hash.value(),
            part: 0,
        }
    }

    /// Takes the time of the last timed line before `end` that has not been looked at.
    fn look(&mut self, chunk: &mut Chunk<'_>, end: usize) {
        let mut rest = chunk.text.get(chunk.untimed..end).unwrap_or_default();
        chunk.untimed = end;
        while !rest.is_empty() {
            let text = rest.strip_suffix(b"\n").unwrap_or(rest);
            let (before, line) = text.split_at(memrchr(b'\n', text).map_or(0, |newline| newline + 1));
            if let Some(stamp) = container::line_stamp(line, &self.clock) {
                self.newest = Some(stamp.time);
                return;
            }
            rest = before;
        }
    }
}

fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn reject(text: &[u8], origin: Origin, column: u32, reason: &str, found: &mut FoundEvents) {
    found.counts.unparsed += 1;
    if found.rejected.len() < FoundEvents::REJECTED_MAX {
        let raw = Safe::from_bytes(text.get(..RAW_MAX.min(text.len())).unwrap_or_default());
        let raw = Safe::new(&redact(raw.as_str()));
        found.rejected.push(Rejected { origin, column, reason: Safe::new(reason), raw });
    }
}
