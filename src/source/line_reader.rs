//! The reader of one file's or stream's lines: decodes what is not UTF-8, and finds the events.

use crate::{
    event::{FoundEvents, RecordReader},
    source::{
        encoding::{EncodingSet, LineDecoder},
        lines::SplitLine,
    },
};
use std::{
    num::NonZeroU32,
    ops::{Deref, DerefMut},
};

/// The reader of one file's or stream's lines.
#[derive(Clone, Debug)]
pub(super) struct LineReader {
    records: RecordReader,
    decoder: LineDecoder,
}

impl LineReader {
    pub(super) fn new(records: RecordReader) -> Self {
        Self { records, decoder: LineDecoder::default() }
    }

    /// Goes on with another reader of records, which takes over the cache. The encoding of earlier lines is kept.
    #[cfg(feature = "kafka")]
    pub(super) fn restart(&mut self, records: RecordReader) {
        let mut cache = crate::event::ReaderCache::default();
        self.records.swap_cache(&mut cache);
        self.records = records;
        self.records.swap_cache(&mut cache);
    }

    /// Reads whole lines, as [`RecordReader::read`] does.
    pub(super) fn read(&mut self, bytes: &[u8], byte: u64, line: Option<NonZeroU32>, found: &mut FoundEvents) {
        let Self { records, decoder } = self;
        let first_line = found.counts.lines;
        let after = |found: &FoundEvents| {
            let lines = u32::try_from(found.counts.lines - first_line).unwrap_or(u32::MAX);
            line.and_then(|line| line.checked_add(lines))
        };
        // Lines are looked at one by one, and not those that are read anyway, until one must be decoded.
        let plain = if !decoder.is_in_use() {
            records.read_while(bytes, byte, line, LineDecoder::is_plain, found)
        } else if LineDecoder::is_plain(bytes) {
            return records.read(bytes, byte, line, found);
        } else {
            0
        };
        if plain > 0 {
            decoder.pass_plain();
        }
        decoder.decode(bytes.get(plain..).unwrap_or_default(), byte + plain as u64, |run| {
            let before = found.counts.bytes;
            records.read(&run.text, byte + (plain + run.at) as u64, after(found), found);
            found.counts.bytes = before + run.len as u64;
        });
    }

    /// Reads what a splitter hands on.
    pub(super) fn read_split(&mut self, lines: SplitLine<'_>, found: &mut FoundEvents) {
        match lines {
            SplitLine::Whole { bytes, byte, line } => self.read(bytes, byte, line, found),
            SplitLine::Overlong { head, byte, len, line } => self.records.overlong(head, byte, len, line, found),
        }
    }

    /// Returns the encodings other than UTF-8 that were met.
    pub(super) fn met(&self) -> EncodingSet {
        self.decoder.met()
    }

    /// Notes encodings that were met elsewhere in the file.
    pub(super) fn add_met(&mut self, met: EncodingSet) {
        self.decoder.add_met(met);
    }
}

impl Deref for LineReader {
    type Target = RecordReader;

    fn deref(&self) -> &RecordReader {
        &self.records
    }
}

impl DerefMut for LineReader {
    fn deref_mut(&mut self) -> &mut RecordReader {
        &mut self.records
    }
}
