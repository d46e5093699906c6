//! A file that lost its name and is read on for late writers.

use crate::source::{
    error::ReadError,
    file::follow::{
        observation::FileStamp,
        open_file::{OpenFile, ReadOutcome},
    },
    sink::Sink,
};
use std::{os::unix::fs::MetadataExt as _, time::Duration};

/// The time for which a file that lost its name is read on after it last grew.
pub const GRACE: Duration = Duration::from_secs(5);

/// A file that lost its name.
#[derive(Debug)]
pub(super) struct RotatedFile {
    pub(super) open: OpenFile,
    /// When it lost its name.
    since: Duration,
    /// When it last grew.
    grown: Duration,
}

/// Whether a rotated file is read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RotatedOutcome {
    Keep,
    LetGo,
}

impl RotatedFile {
    pub(super) fn new(open: OpenFile, now: Duration) -> Self {
        Self { open, since: now, grown: now }
    }

    /// Reads what was appended.
    pub(super) fn poll(&mut self, now: Duration, sink: &mut impl Sink) -> Result<RotatedOutcome, ReadError> {
        if self.open.packed {
            return Ok(RotatedOutcome::LetGo);
        }
        let metadata = self.open.file.metadata()?;
        let stamp = FileStamp::of(&metadata);
        if self.open.stamp != Some(stamp) {
            let before = self.open.anchor.offset();
            let outcome = self.open.read_on(true, sink)?;
            if outcome == ReadOutcome::Changed {
                return Ok(RotatedOutcome::LetGo);
            }
            self.open.stamp = (outcome == ReadOutcome::UpToDate).then_some(stamp);
            if self.open.anchor.offset() > before {
                self.grown = now;
            }
        }
        // A deleted file that is held open keeps its space on the disk.
        let from = if metadata.nlink() == 0 { self.since } else { self.grown };
        let is_due = now.saturating_sub(from) >= GRACE && self.open.stamp.is_some();
        Ok(if is_due { RotatedOutcome::LetGo } else { RotatedOutcome::Keep })
    }
}
