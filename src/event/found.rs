//! The findings of a reader in one chunk of a log.

use super::{
    log_event::LogEvent,
    origin::Origin,
    redact::redact,
    update::{Counts, Rejected},
};
use crate::text::Safe;

/// The findings in a chunk.
#[derive(Debug, Default)]
pub struct FoundEvents {
    /// Events in the order of the file, but for those that end after a later one.
    pub events: Vec<LogEvent>,
    /// Texts that look like events and could not be read: at most [`FoundEvents::REJECTED_MAX`], all are counted.
    pub rejected: Vec<Rejected>,
    /// The counts.
    pub counts: Counts,
}

/// The most bytes of a rejected text that are kept.
const RAW_MAX: usize = 4096;

impl FoundEvents {
    /// The most rejected texts that are kept until the caller takes them.
    pub const REJECTED_MAX: usize = 256;

    /// Counts a text that looks like an event and could not be read, and keeps its head.
    pub(super) fn reject(&mut self, text: &[u8], origin: Origin, column: u32, reason: &str) {
        self.counts.unparsed += 1;
        if self.rejected.len() < Self::REJECTED_MAX {
            let raw = Safe::from_bytes(text.get(..RAW_MAX.min(text.len())).unwrap_or_default());
            let raw = Safe::new(&redact(raw.as_str()));
            self.rejected.push(Rejected { origin, column, reason: Safe::new(reason), raw });
        }
    }
}
