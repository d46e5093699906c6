//! Lines → the events in them.

use crate::{
    event::{Counts, FileId, LogEvent, Origin, Rejected, decode},
    text::Safe,
};
use std::num::NonZeroU32;

/// Reads the lines of one file. Pure: it is given bytes and knows no file.
#[derive(Clone, Debug)]
pub struct Reader {
    file: FileId,
    zone: jiff::tz::TimeZone,
    year: i16,
}

/// What was found in a chunk.
#[derive(Debug, Default)]
pub struct Found {
    /// Events in the order of the file.
    pub events: Vec<LogEvent>,
    /// What looked like an event and was not taken.
    pub rejected: Vec<Rejected>,
    /// What was counted.
    pub counts: Counts,
}

/// The most bytes of a rejected text that are kept.
const RAW_MAX: usize = 4096;

impl Reader {
    /// A reader that takes times without a zone for UTC.
    pub fn new(file: FileId) -> Self {
        Self::with_zone(file, jiff::tz::TimeZone::UTC, 1970)
    }

    /// A reader that takes times without a zone for `zone`'s, and times without a year for `year`'s.
    pub fn with_zone(file: FileId, zone: jiff::tz::TimeZone, year: i16) -> Self {
        Self { file, zone, year }
    }

    /// Reads whole lines, newline-ended (the last may lack it only at the end of a file).
    ///
    /// `byte` is where `chunk` begins in the file, `line` the number of its first line where that is known.
    pub fn read(&mut self, chunk: &[u8], byte: u64, line: Option<NonZeroU32>, found: &mut Found) {
        let mut byte = byte;
        for (number, text) in (0u32..).zip(chunk.split_inclusive(|b| *b == b'\n')) {
            found.counts.lines += 1;
            found.counts.bytes += text.len() as u64;
            let origin = Origin {
                file: self.file,
                byte,
                len: u32::try_from(text.len()).unwrap_or(u32::MAX),
                line: line.and_then(|line| line.checked_add(number)),
                hash: 0,
            };
            byte += text.len() as u64;
            if memchr::memmem::find(text, b"event_type").is_some() {
                take_line(text, origin, found);
            }
        }
    }

    /// The end of the file: takes what is still pending.
    pub fn finish(&mut self, _found: &mut Found) {}

    /// Whether something is pending that the next line may continue.
    pub fn is_carrying(&self) -> bool {
        let _ = (&self.zone, self.year);
        false
    }

    /// A line longer than the cap: its head only. Rejected with a reason where the head looks like an event.
    pub fn overlong(&mut self, head: &[u8], byte: u64, len: u64, line: Option<NonZeroU32>, found: &mut Found) {
        found.counts.lines += 1;
        found.counts.bytes += len;
        if memchr::memmem::find(head, b"event_type").is_some() {
            let origin = Origin {
                file: self.file,
                byte,
                len: u32::try_from(len).unwrap_or(u32::MAX),
                line,
                ..Origin::default()
            };
            reject(head, origin, 1, &format!("line of {len} bytes: longer than 16 MiB"), found);
        }
    }
}

fn take_line(text: &[u8], origin: Origin, found: &mut Found) {
    let start = text.iter().position(|b| *b == b'{').unwrap_or(0);
    match decode::simple(text.get(start..).unwrap_or_default(), origin) {
        Ok(Some(event)) => found.events.push(event),
        Ok(None) => found.counts.other_events += 1,
        Err(reason) => reject(text, origin, 1, &reason, found),
    }
}

fn reject(text: &[u8], origin: Origin, column: u32, reason: &str, found: &mut Found) {
    found.counts.unparsed += 1;
    let raw = Safe::from_bytes(text.get(..RAW_MAX.min(text.len())).unwrap_or_default());
    found.rejected.push(Rejected { origin, column, reason: Safe::new(reason), raw });
}
