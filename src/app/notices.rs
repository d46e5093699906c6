//! The unparsed lines, the events with pictures of another asset, and the notices of the sources, as the key `!` shows
//! them.
//!
//! Unparsed lines of one reason share an entry that counts them and keeps the latest; so do all those events, by the first. Each cap has a counter, so that
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

/// Unparsed lines by reason, events with pictures of another asset, and notices.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    rejected: VecDeque<FoldedNotice>,
    foreign: Option<ForeignEvents>,
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

/// The events of which a picture is of another asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignEvents {
    /// Their number.
    pub count: u64,
    /// The place of the first of them in the log.
    pub first: Origin,
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

    /// Counts an event of which a picture is of another asset.
    pub fn add_foreign(&mut self, origin: Origin) {
        let foreign = self.foreign.get_or_insert(ForeignEvents { count: 0, first: origin });
        foreign.count += 1;
        self.received += 1;
        foreign.first = std::cmp::min_by_key(foreign.first, origin, |place| (place.file, place.byte, place.part));
    }

    /// Sets line numbers that were not known before: pairs of the byte at which a record of `file` begins and its line.
    pub fn number(&mut self, file: FileId, lines: &[(u64, NonZeroU32)]) {
        let rejected = self.rejected.iter_mut().map(|folded| &mut folded.latest.origin);
        let foreign = self.foreign.iter_mut().map(|foreign| &mut foreign.first);
        for origin in rejected.chain(foreign).filter(|origin| origin.file == file) {
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
        let place = origin.place();
        let rejected = self.rejected().find(|folded| folded.latest.origin == origin);
        let why = rejected.map(|folded| format!(":{}  {}", folded.latest.column, folded.latest.reason));
        Safe::new(&format!("{file_name}:{place}{}", why.unwrap_or_default()))
    }

    /// The unparsed lines by reason, the latest last.
    pub fn rejected(&self) -> impl ExactSizeIterator<Item = &FoldedNotice> + DoubleEndedIterator {
        self.rejected.iter()
    }

    /// The events of which a picture is of another asset; `None` without any.
    pub fn foreign(&self) -> Option<ForeignEvents> {
        self.foreign
    }

    /// The notices, the newest last.
    pub fn notices(&self) -> impl ExactSizeIterator<Item = &Notice> + DoubleEndedIterator {
        self.sources.iter()
    }

    /// The number of notices that need attention.
    pub fn warnings(&self) -> usize {
        usize::from(self.foreign.is_some())
            + self.sources.iter().filter(|notice| notice.severity == Severity::Warning).count()
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
        for byte in [30, 10, 20] {
            notices.add_foreign(Origin { byte, ..Origin::default() });
        }
        notices.number(FileId::default(), &[(10, NonZeroU32::MIN)]);
        let first = Origin { byte: 10, line: Some(NonZeroU32::MIN), ..Origin::default() };
        assert_eq!(notices.foreign(), Some(ForeignEvents { count: 3, first }));
        for _ in 0..250 {
            notices.notice(Notice { time: Time::from_micros(0), severity: Severity::Routine, text: "rotated".into() });
        }
        assert_eq!((notices.notices().len(), notices.dropped(), notices.warnings()), (200, 50, 1));
    }
}
