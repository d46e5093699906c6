//! A last line without its newline, or a last event without its last part: when to show it as incomplete.

use std::time::Duration;

/// The time for which a last line or event may stay as it is before it is shown as incomplete.
pub const INCOMPLETE: Duration = Duration::from_secs(5);

/// The end of a file, as far as it is incomplete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum IncompleteEnd {
    /// It is complete.
    #[default]
    None,
    /// It has ended at this byte since then.
    Waiting { end: u64, since: Duration },
    /// It was shown as incomplete while it ended at this byte.
    Shown { end: u64 },
}

/// The change to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IncompleteChange {
    Unchanged,
    Show,
    Clear,
}

impl IncompleteEnd {
    /// Notes the byte at which the file ends, if it is incomplete there.
    pub(super) fn observe(&mut self, end: Option<u64>, now: Duration) -> IncompleteChange {
        let (next, change) = match (*self, end) {
            (Self::None | Self::Waiting { .. }, None) => (Self::None, IncompleteChange::Unchanged),
            (Self::Shown { .. }, None) => (Self::None, IncompleteChange::Clear),
            (Self::Shown { end: before }, Some(end)) if before == end => (*self, IncompleteChange::Unchanged),
            (Self::Shown { .. }, Some(end)) => (Self::Waiting { end, since: now }, IncompleteChange::Clear),
            (Self::Waiting { end: before, since }, Some(end)) if before == end => {
                if now.saturating_sub(since) >= INCOMPLETE {
                    (Self::Shown { end }, IncompleteChange::Show)
                } else {
                    (*self, IncompleteChange::Unchanged)
                }
            }
            (Self::None | Self::Waiting { .. }, Some(end)) => {
                (Self::Waiting { end, since: now }, IncompleteChange::Unchanged)
            }
        };
        *self = next;
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_after_five_seconds_and_cleared_when_it_grows_or_ends() {
        let mut incomplete = IncompleteEnd::default();
        let steps = [
            (0, None, IncompleteChange::Unchanged),
            (1, Some(7), IncompleteChange::Unchanged),
            (5, Some(7), IncompleteChange::Unchanged),
            (5, Some(8), IncompleteChange::Unchanged),
            (9, Some(8), IncompleteChange::Unchanged),
            (10, Some(8), IncompleteChange::Show),
            (30, Some(8), IncompleteChange::Unchanged),
            (31, Some(9), IncompleteChange::Clear),
            (36, Some(9), IncompleteChange::Show),
            (37, None, IncompleteChange::Clear),
            (38, None, IncompleteChange::Unchanged),
        ];
        for (second, end, change) in steps {
            assert_eq!(incomplete.observe(end, Duration::from_secs(second)), change, "at {second} s");
        }
    }
}
