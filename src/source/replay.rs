//! The records that a rewritten file repeats.
//!
//! VOD's events bear no time, so equal lines are two events wherever they may be. Only where a file's content was
//! replaced with no copy of it beside the name, and the new content begins as the old one did, is a record a replay of
//! one that was taken before; each as often as it had been taken.

use crate::source::sink::ContentChange;
use std::collections::{HashMap, VecDeque};

/// The number of records of a file that are remembered.
pub(super) const RECORDS_MAX: usize = 1 << 20;

/// The number of bytes in which the new content must begin as the old one did.
pub(super) const BEGINNING: usize = 256;

/// The records that were taken of one name's content, and those that may still be repeated.
#[derive(Debug, Default)]
pub(super) struct ReplayLedger {
    /// The hashes of the records taken of the present content, oldest first.
    taken: VecDeque<u64>,
    /// The byte before which the present content was left out at the start.
    skipped: u64,
    /// The number of times that each record may still be repeated.
    repeatable: HashMap<u64, u32>,
    /// The byte before which everything is a repetition.
    repeatable_before: u64,
    /// The first bytes of the old content, while the new one may still differ.
    beginning: Vec<u8>,
    /// Set once the oldest hashes were dropped.
    is_incomplete: bool,
}

impl ReplayLedger {
    /// Begins with new content. Returns whether records may be taken twice because too many were remembered.
    pub(super) fn begin(&mut self, content: ContentChange) -> bool {
        let taken = std::mem::take(&mut self.taken);
        let skipped = std::mem::take(&mut self.skipped);
        let is_incomplete = std::mem::take(&mut self.is_incomplete);
        self.forget();
        match content {
            ContentChange::New => false,
            ContentChange::Rewritten { mut beginning } => {
                for hash in taken {
                    *self.repeatable.entry(hash).or_default() += 1;
                }
                self.repeatable_before = skipped;
                beginning.truncate(BEGINNING);
                self.beginning = beginning;
                is_incomplete
            }
        }
    }

    /// Notes that the present content was left out before this byte.
    pub(super) fn set_skipped(&mut self, skipped: u64) {
        self.skipped = skipped;
    }

    /// Compares bytes of the present content with the beginning of the old one.
    pub(super) fn compare(&mut self, byte: u64, bytes: &[u8]) {
        let Some(old) = usize::try_from(byte).ok().and_then(|byte| self.beginning.get(byte..)) else { return };
        if old.iter().zip(bytes).any(|(old, new)| old != new) {
            self.forget();
        }
    }

    /// Takes a record of the present content; returns whether it is a replay.
    pub(super) fn take(&mut self, hash: u64, byte: u64) -> bool {
        self.taken.push_back(hash);
        if self.taken.len() > RECORDS_MAX {
            self.taken.pop_front();
            self.is_incomplete = true;
        }
        if byte < self.repeatable_before {
            return true;
        }
        match self.repeatable.get_mut(&hash) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            Some(_) | None => false,
        }
    }

    fn forget(&mut self) {
        self.repeatable = HashMap::new();
        self.repeatable_before = 0;
        self.beginning = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(beginning: &str) -> ContentChange {
        ContentChange::Rewritten { beginning: beginning.into() }
    }

    /// Takes records, of which the old content had 7, 7 and 8, and returns which are replays.
    fn replays(content: ContentChange, begins: &[u8], records: &[u64]) -> Vec<bool> {
        let mut ledger = ReplayLedger::default();
        assert!(!ledger.begin(ContentChange::New));
        for hash in [7, 7, 8] {
            assert!(!ledger.take(hash, 0), "equal records of one content are several events");
        }
        assert!(!ledger.begin(content));
        ledger.compare(0, begins);
        records.iter().map(|hash| ledger.take(*hash, 0)).collect()
    }

    #[test]
    fn a_record_is_a_replay_as_often_as_it_was_taken() {
        let (yes, no) = (true, false);
        let records = [7, 9, 7, 7, 8, 8];
        assert_eq!(replays(rewritten("head"), b"head and more", &records), [yes, no, yes, no, yes, no]);
        assert_eq!(replays(rewritten("head"), b"he", &records), [yes, no, yes, no, yes, no], "not different so far");
        assert_eq!(replays(rewritten("head"), b"tail and more", &records), [no; 6], "it begins with other text");
        assert_eq!(replays(ContentChange::New, b"head and more", &records), [no; 6], "the old content lies beside");
    }

    #[test]
    fn later_bytes_of_the_beginning_count_too() {
        let mut ledger = ReplayLedger::default();
        ledger.take(7, 0);
        ledger.begin(rewritten("one\ntwo\n"));
        ledger.compare(0, b"one\n");
        ledger.compare(4, b"six\n");
        assert!(!ledger.take(7, 0));
    }

    #[test]
    fn what_was_left_out_at_the_start_is_left_out_again() {
        let mut ledger = ReplayLedger::default();
        ledger.set_skipped(100);
        ledger.take(7, 100);
        ledger.begin(rewritten("one"));
        assert_eq!(
            [(1, 0), (2, 60), (7, 100), (3, 160)].map(|(hash, byte)| ledger.take(hash, byte)),
            [true, true, true, false]
        );
    }

    #[test]
    fn the_oldest_are_dropped_beyond_the_cap_and_that_is_told() {
        let mut ledger = ReplayLedger::default();
        for hash in 0..=RECORDS_MAX as u64 {
            ledger.take(hash, 0);
        }
        assert!(ledger.begin(rewritten("one")));
        assert!(!ledger.take(0, 0));
        assert!(ledger.take(1, 0));
    }
}
