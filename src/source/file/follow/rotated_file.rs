//! A file that lost its name and is read on for late writers.

use crate::source::{
    error::ReadError,
    file::access::FileSystem,
    file::follow::{
        open_file::{OpenFile, ReadOutcome},
        writers::Writers,
    },
    sink::Sink,
};
use std::time::Duration;

/// The time for which a file that lost its name is read on after it last grew.
pub const GRACE: Duration = Duration::from_mins(1);

/// The time after which a file without any name is given up where no process has it open for writing: as long as it is
/// open here, it keeps its space on the disk.
pub const GRACE_DELETED: Duration = Duration::from_secs(5);

/// The time between two searches for processes that have the file open for writing.
const SEARCH_PERIOD: Duration = Duration::from_secs(10);

/// A file that lost its name.
#[derive(Debug)]
pub(super) struct RotatedFile {
    pub(super) open: OpenFile,
    /// The time at which it lost its name.
    since: Duration,
    /// The time at which it last grew.
    grown: Duration,
    /// The time of the next search for writers, and the result of the last one.
    writers: (Duration, Writers),
}

/// The decision to read on in a rotated file or not, and the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RotatedOutcome {
    Keep,
    LetGo,
    /// The bytes that were read are no longer there.
    Changed,
}

/// The names that lead to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    Some,
    None,
}

impl RotatedFile {
    pub(super) fn new(open: OpenFile, now: Duration) -> Self {
        Self { open, since: now, grown: now, writers: (Duration::ZERO, Writers::Unknown) }
    }

    /// Returns whether it has not been read for so long that it is given up.
    pub(super) fn is_overdue(&self, now: Duration) -> bool {
        now.saturating_sub(self.grown.max(self.since)) >= GRACE
    }

    /// Returns whether there may be more to read now.
    pub(super) fn is_behind(&self) -> bool {
        self.open.stamp.is_none() && !self.open.packed
    }

    /// Reads what was appended.
    pub(super) fn poll(
        &mut self,
        files: &dyn FileSystem,
        now: Duration,
        sink: &mut impl Sink,
    ) -> Result<RotatedOutcome, ReadError> {
        if self.open.packed {
            return Ok(RotatedOutcome::LetGo);
        }
        let stat = self.open.file.stat()?;
        let stamp = stat.stamp;
        if self.open.stamp != Some(stamp) {
            let before = self.open.anchor.offset();
            let outcome = self.open.read_on(sink)?;
            if outcome == ReadOutcome::Changed {
                return Ok(RotatedOutcome::Changed);
            }
            self.open.stamp = (outcome == ReadOutcome::UpToDate).then_some(stamp);
            if self.open.anchor.offset() > before {
                self.grown = now;
            }
        }
        let links = if stat.links == 0 { Links::None } else { Links::Some };
        let idle = now.saturating_sub(self.grown.max(self.since));
        if self.open.stamp.is_none() || decide(links, idle, Writers::None) == RotatedOutcome::Keep {
            return Ok(RotatedOutcome::Keep);
        }
        if now >= self.writers.0 {
            self.writers = (now + SEARCH_PERIOD, files.writers_of(stat.id));
        }
        Ok(decide(links, idle, self.writers.1))
    }
}

/// Decides by the time since the last growth, and by who may still write.
fn decide(links: Links, idle: Duration, writers: Writers) -> RotatedOutcome {
    let is_due = match (links, writers) {
        (Links::Some | Links::None, Writers::Some) => false,
        (Links::None, Writers::None) => idle >= GRACE_DELETED,
        (Links::None, Writers::Unknown) | (Links::Some, Writers::None | Writers::Unknown) => idle >= GRACE,
    };
    if is_due { RotatedOutcome::LetGo } else { RotatedOutcome::Keep }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_kept_while_somebody_may_write() {
        let cases = [
            (Links::Some, 0, Writers::None, RotatedOutcome::Keep),
            (Links::Some, 59, Writers::None, RotatedOutcome::Keep),
            (Links::Some, 60, Writers::None, RotatedOutcome::LetGo),
            (Links::Some, 60, Writers::Unknown, RotatedOutcome::LetGo),
            (Links::Some, 86_400, Writers::Some, RotatedOutcome::Keep),
            (Links::None, 4, Writers::None, RotatedOutcome::Keep),
            (Links::None, 5, Writers::None, RotatedOutcome::LetGo),
            (Links::None, 59, Writers::Unknown, RotatedOutcome::Keep),
            (Links::None, 60, Writers::Unknown, RotatedOutcome::LetGo),
            (Links::None, 86_400, Writers::Some, RotatedOutcome::Keep),
        ];
        for (links, idle, writers, outcome) in cases {
            assert_eq!(decide(links, Duration::from_secs(idle), writers), outcome, "{links:?} {idle} s {writers:?}");
        }
    }
}
