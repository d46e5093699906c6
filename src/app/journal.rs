//! What `!` shows: lines that could not be read, and what happened to the sources.
//!
//! Floods are folded: rejections of one reason share a row that counts them and shows the latest. Each cap has a
//! counter, so that nothing is dropped silently.

use crate::{
    event::{FileId, Notice, Rejected},
    text::Safe,
};
use std::{collections::VecDeque, num::NonZeroU32};

/// Rejections of different reasons that are kept.
const REASONS: usize = 100;
/// Notices that are kept.
const NOTICES: usize = 200;

/// Lines that could not be read, and notices.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    rejected: VecDeque<FoldedNotice>,
    notices: VecDeque<Notice>,
    dropped: u64,
}

/// Rejections of one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedNotice {
    /// How many there were.
    pub count: u64,
    /// The latest.
    pub latest: Rejected,
}

impl Notices {
    /// Takes a line that could not be read.
    pub fn reject(&mut self, rejected: Rejected) {
        if let Some(at) = self.rejected.iter().position(|folded| folded.latest.reason == rejected.reason) {
            // The latest stands last.
            if let Some(mut folded) = self.rejected.remove(at) {
                folded.count += 1;
                folded.latest = rejected;
                self.rejected.push_back(folded);
            }
            return;
        }
        self.rejected.push_back(FoldedNotice { count: 1, latest: rejected });
        if self.rejected.len() > REASONS {
            self.rejected.pop_front();
            self.dropped += 1;
        }
    }

    /// Notes line numbers that were not known when the lines came: each the byte of a record of `file`, and its line.
    pub fn number(&mut self, file: FileId, lines: &[(u64, NonZeroU32)]) {
        for folded in self.rejected.iter_mut().filter(|folded| folded.latest.origin.file == file) {
            let origin = &mut folded.latest.origin;
            let found = lines.iter().find(|(byte, _)| *byte == origin.byte).map(|(_, line)| *line);
            origin.line = origin.line.or(found);
        }
    }

    /// Takes a notice.
    pub fn notice(&mut self, notice: Notice) {
        self.notices.push_back(notice);
        if self.notices.len() > NOTICES {
            self.notices.pop_front();
            self.dropped += 1;
        }
    }

    /// The newest notice.
    pub fn last_notice(&self) -> Option<&Safe> {
        self.notices.back().map(|notice| &notice.text)
    }

    /// Rejections by reason, the latest last.
    pub fn rejected(&self) -> impl ExactSizeIterator<Item = &FoldedNotice> + DoubleEndedIterator {
        self.rejected.iter()
    }

    /// Notices, the newest last.
    pub fn notices(&self) -> impl ExactSizeIterator<Item = &Notice> + DoubleEndedIterator {
        self.notices.iter()
    }

    /// Rows that had to go.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Origin, Time};

    #[test]
    fn floods_are_folded_and_counted() {
        let mut journal = Notices::default();
        let reject = |reason: &str, byte| Rejected {
            origin: Origin { byte, ..Origin::default() },
            column: 1,
            reason: reason.into(),
            raw: Safe::default(),
        };
        for byte in 0..1000 {
            journal.reject(reject("unexpected end", byte));
        }
        journal.reject(reject("no asset id", 1000));
        let rows: Vec<(u64, u64)> = journal.rejected().map(|row| (row.count, row.latest.origin.byte)).collect();
        assert_eq!(rows, [(1000, 999), (1, 1000)]);
        for _ in 0..250 {
            journal.notice(Notice { time: Time::from_micros(0), text: "rotated".into() });
        }
        assert_eq!((journal.notices().len(), journal.dropped()), (200, 50));
    }
}
