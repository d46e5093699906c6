//! The last text of a stream, for showing records again.

use std::collections::VecDeque;

/// The number of bytes of a stream's text that are kept.
const CAPACITY: usize = 16 << 20;

/// The last 16 MiB of a stream's text.
#[derive(Debug, Default)]
pub(super) struct Tape {
    /// The number of bytes that were pushed in all.
    end: u64,
    text: VecDeque<u8>,
}

impl Tape {
    /// Appends text; the oldest text beyond the capacity is dropped.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.end += bytes.len() as u64;
        self.text.extend(bytes);
        let excess = self.text.len().saturating_sub(CAPACITY);
        self.text.drain(..excess);
    }

    /// Returns up to `len` bytes at a place, as far as they have come; `None` where they were dropped already.
    pub(super) fn read(&self, byte: u64, len: usize) -> Option<Vec<u8>> {
        let begin = self.end - self.text.len() as u64;
        let from = usize::try_from(byte.checked_sub(begin)?).ok()?;
        let end = from.saturating_add(len).min(self.text.len());
        (from <= end).then(|| self.text.range(from..end).copied().collect())
    }
}
