//! The lines that a program prints on stderr, as many of them as an operator may read.

use std::time::Duration;

/// The most lines that are passed on within [`SPAN`].
const LINES_MAX: u32 = 20;

/// The time after which as many lines are passed on again.
const SPAN: Duration = Duration::from_secs(10);

/// The lines of one program's stderr. Those beyond a rate are counted instead of passed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::source) struct Complaints {
    since: Duration,
    passed: u32,
    left_out: u64,
}

impl Complaints {
    /// Takes a line and returns the sentences to report.
    pub(in crate::source) fn take(&mut self, line: &str, now: Duration) -> Vec<String> {
        let mut sentences = Vec::new();
        if now.saturating_sub(self.since) >= SPAN {
            sentences.extend(self.rest());
            (self.since, self.passed) = (now, 0);
        }
        if self.passed < LINES_MAX {
            self.passed += 1;
            sentences.push(line.to_owned());
        } else {
            self.left_out += 1;
        }
        sentences
    }

    /// Returns the sentence about the lines that were left out, if any were.
    pub(in crate::source) fn rest(&mut self) -> Option<String> {
        match std::mem::take(&mut self.left_out) {
            0 => None,
            1 => Some("1 more line on stderr is left out".to_owned()),
            count => Some(format!("{count} more lines on stderr are left out")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_a_rate_are_counted() {
        let mut complaints = Complaints::default();
        let passed: usize = (0..50).map(|_| complaints.take("no", Duration::from_secs(1)).len()).sum();
        assert_eq!(passed, 20);
        assert_eq!(
            complaints.take("late", Duration::from_secs(11)),
            ["30 more lines on stderr are left out".to_owned(), "late".to_owned()]
        );
        assert_eq!(complaints.rest(), None);
    }
}
