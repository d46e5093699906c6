//! The unparsed lines and the notices of the sources, as the key `!` shows them.
//!
//! Unparsed lines of one reason share an entry that counts them and keeps the latest. Each cap has a counter, so that
//! nothing is dropped silently.

use crate::{
    event::{FileId, Notice, Origin, Rejected, Severity},
    text::Safe,
};
use std::{collections::VecDeque, num::NonZeroU32};

/// The number of reasons that are kept.
const MAX_REASONS: usize = 100;
/// The number of notices that are kept.
const MAX_NOTICES: usize = 200;

/// Unparsed lines by reason, and notices.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    rejected: VecDeque<FoldedNotice>,
    sources: VecDeque<Notice>,
    dropped: u64,
    received: u64,
}

/// The unparsed lines of one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedNotice {
    /// Their number.
    pub count: u64,
    /// The latest of them.
    pub latest: Rejected,
}

impl Notices {
    /// Adds an unparsed line.
    pub fn reject(&mut self, rejected: Rejected) {
        self.received += 1;
        if let Some(at) = self.rejected.iter().position(|folded| folded.latest.reason == rejected.reason) {
            if let Some(mut folded) = self.rejected.remove(at) {
                folded.count += 1;
                folded.latest = rejected;
                self.rejected.push_back(folded);
            }
            return;
        }
        self.rejected.push_back(FoldedNotice { count: 1, latest: rejected });
        if self.rejected.len() > MAX_REASONS {
            self.rejected.pop_front();
            self.dropped += 1;
        }
    }

    /// Sets line numbers that were not known before: pairs of the byte at which a record of `file` begins and its line.
    pub fn number(&mut self, file: FileId, lines: &[(u64, NonZeroU32)]) {
        for folded in self.rejected.iter_mut().filter(|folded| folded.latest.origin.file == file) {
            let origin = &mut folded.latest.origin;
            let found = lines.iter().find(|(byte, _)| *byte == origin.byte).map(|(_, line)| *line);
            origin.line = origin.line.or(found);
        }
    }

    /// Adds a notice.
    pub fn notice(&mut self, notice: Notice) {
        self.received += 1;
        self.sources.push_back(notice);
        if self.sources.len() > MAX_NOTICES {
            self.sources.pop_front();
            self.dropped += 1;
        }
    }

    /// The place of a text in a file, with the reason why it was not parsed if it was not.
    pub(super) fn heading(&self, origin: Origin, file_name: &Safe) -> Safe {
        let line = origin.line.map_or_else(|| format!("@{}", origin.byte), |line| line.to_string());
        let rejected = self.rejected().find(|folded| folded.latest.origin == origin);
        let why = rejected.map(|folded| format!(":{}  {}", folded.latest.column, folded.latest.reason));
        Safe::new(&format!("{file_name}:{line}{}", why.unwrap_or_default()))
    }

    /// The unparsed lines by reason, the latest last.
    pub fn rejected(&self) -> impl ExactSizeIterator<Item = &FoldedNotice> + DoubleEndedIterator {
        self.rejected.iter()
    }

    /// The notices, the newest last.
    pub fn notices(&self) -> impl ExactSizeIterator<Item = &Notice> + DoubleEndedIterator {
        self.sources.iter()
    }

    /// The number of notices that need attention.
    pub fn warnings(&self) -> usize {
        self.sources.iter().filter(|notice| notice.severity == Severity::Warning).count()
    }

    /// The number of unparsed lines and notices so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The number of entries that were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Time;

    #[test]
    fn lines_of_one_reason_share_an_entry() {
        let mut notices = Notices::default();
        let reject = |reason: &str, byte| Rejected {
            origin: Origin { byte, ..Origin::default() },
            column: 1,
            reason: reason.into(),
            raw: Safe::default(),
        };
        for byte in 0..1000 {
            notices.reject(reject("unexpected end", byte));
        }
        notices.reject(reject("no asset id", 1000));
        let rows: Vec<(u64, u64)> = notices.rejected().map(|row| (row.count, row.latest.origin.byte)).collect();
        assert_eq!(rows, [(1000, 999), (1, 1000)]);
        for _ in 0..250 {
            notices.notice(Notice { time: Time::from_micros(0), severity: Severity::Routine, text: "rotated".into() });
        }
        assert_eq!((notices.notices().len(), notices.dropped(), notices.warnings()), (200, 50, 0));
    }
}
