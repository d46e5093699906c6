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
            container::{self, Stream},
            heading,
            pretty::{LineOutcome, LinePlace, OpenObject, ends_open},
            times::{ParsedTime, TimeContext},
        },
        redact::redact_urls,
        time::Time,
        update::{Counts, Rejected},
    },
    text::Safe,
};
use jiff::{Timestamp, tz::TimeZone};
use memchr::{memchr, memchr_iter, memrchr};
use std::num::NonZeroU32;

/// Reads the lines of one file. A clone goes on from the same place; it is for another thread.
#[derive(Clone, Debug)]
pub struct RecordReader {
    file: FileId,
    clock: TimeContext,
    cache: ReaderCache,
    /// The file's own lines, and the two streams of a container.
    lanes: [RecordStream; 3],
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

/// Lines that belong together, and what one of them began.
#[derive(Clone, Debug, Default)]
struct RecordStream {
    /// A line that the container runtime cut, as far as it has come.
    cut: Option<CarriedLine>,
    open: Option<OpenObject>,
}

/// A line after its container is taken off.
#[derive(Clone, Debug)]
struct CarriedLine {
    text: Vec<u8>,
    place: LinePlace,
    stamp: Option<ParsedTime>,
}

/// A chunk, and from where on no line's time has been looked at.
struct Chunk<'a> {
    text: &'a [u8],
    untimed: usize,
}

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
        let last_change = Timestamp::from_second(364 * 86_400).expect("a second of 1970");
        Self::with_zone(file, TimeZone::UTC, last_change)
    }

    /// Creates a reader for which times without a zone are in `zone`, and those without a year in the latest year in
    /// which they are not later than the file's last change.
    pub fn with_zone(file: FileId, zone: TimeZone, last_change: Timestamp) -> Self {
        Self {
            file,
            clock: TimeContext { zone, last_change },
            cache: ReaderCache::default(),
            lanes: Default::default(),
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
                if has_needle || self.is_carrying() || ends_open(text) || container::is_cut(text) {
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

    /// The end of the file: takes what is still pending.
    pub fn finish(&mut self, found: &mut FoundEvents) {
        for lane in 0..self.lanes.len() {
            if let Some(line) = self.lanes[lane].cut.take() {
                self.line(lane, &line.text, line.place, line.stamp, true, found);
            }
            if let Some(open) = self.lanes[lane].open.take() {
                self.search(open.text(), open.places(), open.stamp(), found);
            }
        }
        self.lines.clear();
    }

    /// Whether something is pending that the next line may continue.
    pub fn is_carrying(&self) -> bool {
        self.lanes.iter().any(|lane| lane.cut.is_some() || lane.open.is_some())
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
        if rest.first() != Some(&b'{') || self.is_carrying() {
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

    /// Takes a line that may matter.
    fn take(&mut self, text: &[u8], place: LinePlace, has_needle: bool, found: &mut FoundEvents) {
        self.note(text, place.byte);
        let Some(piece) = container::read(text, &self.clock) else {
            return self.line(0, text, place, self.heading, has_needle, found);
        };
        let lane = match piece.stream {
            Stream::Out => 1,
            Stream::Err => 2,
        };
        let mut cut = match self.lanes[lane].cut.take() {
            Some(cut) => cut,
            None if piece.whole => return self.line(lane, &piece.text, place, Some(piece.stamp), has_needle, found),
            None => CarriedLine { text: Vec::new(), place, stamp: Some(piece.stamp) },
        };
        cut.text.extend_from_slice(&piece.text);
        cut.place.end = place.end;
        if piece.whole || cut.text.len() > CARRY_MAX || piece.maybe_whole && container::is_finished(&cut.text) {
            self.line(lane, &cut.text, cut.place, cut.stamp, true, found);
        } else {
            self.lanes[lane].cut = Some(cut);
        }
    }

    /// Takes a whole line of a lane.
    fn line(
        &mut self,
        lane: usize,
        text: &[u8],
        place: LinePlace,
        stamp: Option<ParsedTime>,
        has_needle: bool,
        found: &mut FoundEvents,
    ) {
        let text = &*without_colours(text);
        if let Some(mut open) = self.lanes[lane].open.take() {
            match open.take(text, place) {
                LineOutcome::Open if open.text().len() <= CARRY_MAX && open.places().len() <= OpenObject::LINES_MAX => {
                    self.lanes[lane].open = Some(open);
                    return;
                }
                LineOutcome::Open => return self.search(open.text(), open.places(), open.stamp(), found),
                LineOutcome::Closed(next) => {
                    self.search(open.text(), open.places(), open.stamp(), found);
                    self.lanes[lane].open = next.map(|next| *next);
                    return;
                }
                // What was open is no JSON after all: this line is one like any other.
                LineOutcome::Broken => self.search(open.text(), open.places(), open.stamp(), found),
            }
        }
        self.lanes[lane].open = OpenObject::begin(text, place, stamp);
        if has_needle && self.lanes[lane].open.is_none() {
            self.search(text, &[place], stamp, found);
        }
    }

    /// Takes the events of a text whose lines stand at `places`.
    fn search(&mut self, text: &[u8], places: &[LinePlace], stamp: Option<ParsedTime>, found: &mut FoundEvents) {
        let text = String::from_utf8_lossy(text);
        // By lines, because what is no UTF-8 has another length now.
        let starts: Vec<usize> = match places {
            [_] => vec![0],
            _ => std::iter::once(0).chain(memchr_iter(b'\n', text.as_bytes()).map(|newline| newline + 1)).collect(),
        };
        let line_of = |at: usize| starts.partition_point(|start| *start <= at).clamp(1, places.len()) - 1;
        for piece in envelope::search(&text, stamp, &self.clock, &mut self.cache.templates) {
            match piece {
                Embedded::Event { at, body, stamp, delivery } => {
                    let first = line_of(at.start);
                    let last = line_of(at.end.saturating_sub(1));
                    self.push(*body, stamp.map(|stamp| stamp.time), delivery, [places[first], places[last]], found);
                }
                Embedded::Refused { at, reason } => {
                    let line = line_of(at);
                    let origin = self.origin([places[line], places[places.len() - 1]]);
                    let column = u32::try_from(at - starts[line] + 1).unwrap_or(u32::MAX);
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
            let begins = self.lanes.iter().filter_map(RecordStream::byte).min().unwrap_or(byte);
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

impl RecordStream {
    /// Where what is carried begins.
    fn byte(&self) -> Option<u64> {
        let cut = self.cut.as_ref().map(|line| line.place.byte);
        let open = self.open.as_ref().and_then(|open| open.places().first()).map(|place| place.byte);
        cut.into_iter().chain(open).min()
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
        let raw = Safe::from(redact_urls(raw.as_str()));
        found.rejected.push(Rejected { origin, column, reason: Safe::new(reason), raw });
    }
}
