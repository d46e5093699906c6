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
        if LineDecoder::is_plain(bytes) {
            self.records.read(bytes, byte, line, found);
            return;
        }
        let Self { records, decoder } = self;
        let mut line = line;
        decoder.decode(bytes, |run| {
            let before = (found.counts.lines, found.counts.bytes);
            records.read(&run.text, byte + run.at as u64, line, found);
            found.counts.bytes = before.1 + run.len as u64;
            let lines = u32::try_from(found.counts.lines - before.0).unwrap_or(u32::MAX);
            line = line.and_then(|line| line.checked_add(lines));
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
