//! The lines of one file → the events in them.
//!
//! [`RecordReader`] is pure and incremental: it is given whole lines in any portions and keeps what a later line may
//! continue, a pretty-printed object or a line that a container runtime cut. Most lines hold no event; they are passed
//! over at the speed of memory. What looks like an event and cannot be taken is [`Rejected`](super::Rejected), never dropped.
//!
//! A record begins on the line on which the event's outermost object begins, and ends with the line on which that
//! ends. An untimed event is ordered by the nearest earlier timed record that this reader has seen. One that begins
//! in the middle of a file has seen none; [`RecordReader::look_back`] shows it what lies before.

use crate::event::{
    decode::EventBody,
    envelope::{self, Embedded},
    fast::FastReader,
    fingerprint::{self, Fingerprint},
    found::FoundEvents,
    log_event::LogEvent,
    needle::{looks_like_event, needle},
    origin::{FileId, Origin},
    pictures::{builder::Templates, continuity::is_continuous},
    record::{
        assembler::{self, Doubt, PlainLine, Record, RecordAssembler},
        container, heading,
        place::LinePlace,
        pretty::OpenObject,
        times::{ParsedTime, TimeContext},
    },
    time::Time,
};
use jiff::{Timestamp, tz::TimeZone};
use memchr::{memchr, memchr_iter, memrchr};
use std::{borrow::Cow, num::NonZeroU32};

/// The reader of one file's lines. A clone goes on from the same place, on another thread.
#[derive(Clone, Debug)]
pub struct RecordReader {
    file: FileId,
    clock: TimeContext,
    cache: ReaderCache,
    assembler: RecordAssembler,
    /// The first byte and the hash of each line since the oldest that is carried.
    lines: Vec<(u64, u64)>,
    /// The time of the nearest earlier timed record.
    newest: Option<Time>,
    /// The time in an earlier line of the present record, where its own line has none.
    heading: Option<ParsedTime>,
    /// The first byte of the event before, and its index in its record.
    before: Option<(u64, u32)>,
}

/// A reader's cache of the lists that it has read. It changes the speed of reading, never the result.
#[derive(Clone, Debug, Default)]
pub struct ReaderCache {
    templates: Templates,
    fast: FastReader,
}

/// Records that a reader has begun and not finished; the next file of the same name may continue them.
#[derive(Debug)]
pub struct PendingRecords(RecordAssembler);

/// A chunk, and the byte from which on no line's time has been read.
struct LineChunk<'a> {
    text: &'a [u8],
    untimed: usize,
}

/// The reason for which joined parts are refused.
const MIXED: &str = "parts of cut lines of several writers are mixed: read each writer's log by itself, or prefix each \
                     line with the writer's name (kubectl logs --prefix, tail with several files)";

/// The reason for which an event of parts without numbers is refused.
const INCOMPLETE: &str = "a part of this line seems to be missing: its pictures do not follow each other; docker and CRI do \
                          not number the parts of a long line";

/// The reason for which parts with numbers are refused.
const GAP: &str = "a part of this line is missing or late: journald and docker's fluentd driver number the parts, and the \
                   numbers do not follow each other";

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
            assembler: RecordAssembler::default(),
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
        self.read_while(chunk, byte, line, |_| true, found);
    }

    /// Reads whole lines as [`Self::read`] does, up to the first that `is_readable` rejects; returns the bytes read.
    ///
    /// The usual events are read without asking: they are UTF-8 without control characters.
    pub fn read_while(
        &mut self,
        chunk: &[u8],
        byte: u64,
        line: Option<NonZeroU32>,
        is_readable: impl Fn(&[u8]) -> bool,
        found: &mut FoundEvents,
    ) -> usize {
        let mut chunk = LineChunk { text: chunk, untimed: 0 };
        let (mut at, mut count, mut key) = (0, 0u32, 0..0);
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
                let whole = rest.get(..after).unwrap_or_default();
                if !is_readable(whole) {
                    break;
                }
                let text = trim_end(whole);
                if key.start < at || key.is_empty() {
                    let next = needle(chunk.text, at).map(|found| found.range());
                    key = next.unwrap_or(chunk.text.len()..usize::MAX);
                }
                let has_needle = key.start < at + text.len();
                if has_needle || self.is_carrying() || assembler::may_begin(text) {
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
        self.look(&mut chunk, at);
        self.heading = heading::carried(chunk.text.get(..at).unwrap_or_default(), self.heading, &self.clock);
        found.counts.lines += u64::from(count);
        found.counts.bytes += at as u64;
        at
    }

    /// Ends the file: what is still pending is read as it is.
    pub fn finish(&mut self, found: &mut FoundEvents) {
        for record in self.assembler.finish() {
            self.search(&record, found);
        }
        self.lines.clear();
    }

    /// Takes the records that are pending, so that the reader of the next file can go on with them.
    pub fn take_pending(&mut self) -> PendingRecords {
        self.lines.clear();
        PendingRecords(std::mem::take(&mut self.assembler))
    }

    /// Goes on with records of the file before. A record that the first lines complete begins at byte 0 of this file.
    pub fn resume(&mut self, PendingRecords(pending): PendingRecords) {
        self.assembler.resume(pending);
    }

    /// Returns `true` if something is pending that the next line may continue.
    pub fn is_carrying(&self) -> bool {
        self.assembler.is_carrying()
    }

    /// Returns the newest event of which a part has not come, as far as it has, and the byte at which that ends.
    pub fn unfinished(&self) -> Option<(u64, &[u8])> {
        self.assembler.unfinished()
    }

    /// Returns `true` if lines before the next one decide how it is read, even where nothing is pending.
    pub fn has_context(&self) -> bool {
        self.assembler.has_context()
    }

    /// Counts a line longer than the cap, of which there is only the head; rejects it if that looks like an event.
    pub fn overlong(&mut self, head: &[u8], byte: u64, len: u64, line: Option<NonZeroU32>, found: &mut FoundEvents) {
        self.finish(found);
        found.counts.lines += 1;
        found.counts.bytes += len;
        let text = String::from_utf8_lossy(head);
        if looks_like_event(&text) {
            let len = u32::try_from(len).unwrap_or(u32::MAX);
            let origin = Origin { file: self.file, byte, len, line, ..Origin::default() };
            found.reject(head, origin, 1, "the line is longer than 16 MiB");
        }
    }

    /// Reads the time of the last timed line of `before`, the whole lines that lie before the next chunk.
    ///
    /// For readers that begin in the middle of a file: without it, untimed events ahead of the first timed record of
    /// a block count as older than all timed ones. Where `before` has no timed line either, that remains so.
    pub fn look_back(&mut self, before: &[u8]) {
        let end = before.len();
        self.look(&mut LineChunk { text: before, untimed: 0 }, end);
        self.heading = heading::carried(before, None, &self.clock);
    }

    /// Returns the time of the nearest earlier timed record.
    pub fn newest(&self) -> Option<Time> {
        self.newest
    }

    /// Sets the time of a record before all that was read, which holds until a timed record is read.
    pub fn follow(&mut self, newest: Option<Time>) {
        self.newest = self.newest.or(newest);
    }

    /// Swaps the cache with that of another reader, so that a thread fills it once and not once a block.
    pub fn swap_cache(&mut self, cache: &mut ReaderCache) {
        std::mem::swap(&mut self.cache, cache);
    }

    /// Reads a canonical event that fills its line; returns it, its length, and the length of the line.
    fn read_canonical(&mut self, rest: &[u8]) -> Option<(EventBody, usize, usize)> {
        // Only a line with a name goes on with an object of a named writer.
        if rest.first() != Some(&b'{') || !self.assembler.is_named() {
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
        let line = PlainLine { text, place, stamp: self.heading, has_needle, doubt: Doubt::None };
        for record in self.assembler.take(line, &self.clock) {
            self.search(&record, found);
        }
    }

    /// Reads the events of a record.
    fn search(&mut self, record: &Record<'_>, found: &mut FoundEvents) {
        let Record { text, places, stamp, doubt } = record;
        let text = String::from_utf8_lossy(text);
        // By lines, because what is no UTF-8 has another length now.
        let starts: Vec<usize> = match **places {
            [_] => vec![0],
            _ => std::iter::once(0).chain(memchr_iter(b'\n', text.as_bytes()).map(|newline| newline + 1)).collect(),
        };
        let line_of = |at: usize| starts.partition_point(|start| *start <= at).clamp(1, places.len()) - 1;
        for piece in envelope::search(&text, *stamp, &self.clock, &mut self.cache.templates) {
            match piece {
                Embedded::Event { at, body, stamp, delivery } => {
                    let first = line_of(at.start);
                    if let Some(reason) = inconsistency(*doubt, &body) {
                        let origin = self.origin([places[first], places[places.len() - 1]]);
                        found.reject(text.as_bytes().get(starts[first]..).unwrap_or_default(), origin, 1, reason);
                        continue;
                    }
                    let last = line_of(at.end.saturating_sub(1));
                    self.push(*body, stamp.map(|stamp| stamp.time), delivery, [places[first], places[last]], found);
                }
                Embedded::Refused { at, reason } => {
                    let line = line_of(at);
                    let origin = self.origin([places[line], places[places.len() - 1]]);
                    let column = u32::try_from(at - starts[line] + 1).unwrap_or(u32::MAX);
                    let reason = match doubt {
                        Doubt::None => Cow::Borrowed(reason.as_str()),
                        Doubt::Joined | Doubt::Unnumbered => {
                            Cow::Owned(format!("{reason}, in a line joined from parts"))
                        }
                        Doubt::Mixed => Cow::Borrowed(MIXED),
                        Doubt::Gap => Cow::Borrowed(GAP),
                    };
                    found.reject(text.as_bytes().get(starts[line]..).unwrap_or_default(), origin, column, &reason);
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

    /// Keeps the hash of a line, and drops lines before the oldest that is carried.
    fn note(&mut self, text: &[u8], byte: u64) {
        if !self.is_carrying() {
            self.lines.clear();
        } else if self.lines.len() > OpenObject::LINES_MAX {
            let begins = self.assembler.byte().unwrap_or(byte);
            let before = self.lines.partition_point(|(byte, _)| *byte < begins);
            // Many at a time, since those behind are moved.
            if before > self.lines.len() / 2 {
                self.lines.drain(..before);
            }
        }
        self.lines.push((byte, fingerprint::hash(text)));
    }

    /// Returns the place of the record from one line to another.
    fn origin(&self, [first, last]: [LinePlace; 2]) -> Origin {
        let mut hash = Fingerprint::default();
        let end = last.end.max(first.byte + 1);
        let from = self.lines.partition_point(|(byte, _)| *byte < first.byte);
        let lines = self.lines.get(from..).unwrap_or_default().iter();
        lines.take_while(|(byte, _)| *byte < end).for_each(|(_, line)| hash.add(*line));
        Origin {
            file: self.file,
            byte: first.byte,
            len: u32::try_from(last.end - first.byte).unwrap_or(u32::MAX),
            line: first.number,
            hash: hash.value(),
            part: 0,
        }
    }

    /// Reads the time of the last timed line before `end` that has not been read.
    fn look(&mut self, chunk: &mut LineChunk<'_>, end: usize) {
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

/// Returns the reason for which an event of joined parts is refused, if it is not consistent with itself.
fn inconsistency(doubt: Doubt, body: &EventBody) -> Option<&'static str> {
    match doubt {
        Doubt::Joined if body.oddities.foreign > 0 => Some(MIXED),
        Doubt::Joined | Doubt::Unnumbered if !is_continuous(&body.pictures, &body.asset) => Some(INCOMPLETE),
        Doubt::None | Doubt::Joined | Doubt::Unnumbered | Doubt::Mixed | Doubt::Gap => None,
    }
}

fn trim_end(line: &[u8]) -> &[u8] {
    fingerprint::without_returns(line.strip_suffix(b"\n").unwrap_or(line))
}
