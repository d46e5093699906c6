//! The wait before a failed step is tried again.
//!
//! A name that cannot be opened, or a file that cannot be read, is tried again after 250 ms, then less and less often.
//! As soon as an observation differs, it is tried at once.

use crate::source::file::follow::observation::Observation;
use std::time::Duration;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_millis(250);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(2);

/// The backoff of one name.
#[derive(Debug, Default)]
pub(super) struct ReopenRetry {
    failed: Option<Failed>,
}

#[derive(Debug)]
struct Failed {
    seen: Observation,
    due: Duration,
    wait: Duration,
}

impl ReopenRetry {
    /// Returns whether to try now, after this observation.
    pub(super) fn is_due(&self, now: Duration, seen: &Observation) -> bool {
        self.failed.as_ref().is_none_or(|failed| now >= failed.due || failed.seen != *seen)
    }

    /// Notes a failure after this observation.
    pub(super) fn fail(&mut self, now: Duration, seen: Observation) {
        let before = self.failed.take().filter(|failed| failed.seen == seen);
        let wait = before.map_or(FIRST, |failed| (failed.wait * 2).min(LONGEST));
        self.failed = Some(Failed { seen, due: now + wait, wait });
    }

    /// Notes a success.
    pub(super) fn succeed(&mut self) {
        self.failed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_and_not_at_all_after_a_change() {
        let mut retry = ReopenRetry::default();
        let locked = || Observation::Unreachable("permission denied".into());
        let mut now = Duration::ZERO;
        let mut waits = Vec::new();
        for _ in 0..6 {
            assert!(retry.is_due(now, &locked()));
            retry.fail(now, locked());
            let begun = now;
            while !retry.is_due(now, &locked()) {
                assert!(retry.is_due(now, &Observation::Absent));
                now += Duration::from_millis(250);
            }
            waits.push(now.abs_diff(begun).as_millis());
        }
        assert_eq!(waits, [250, 500, 1000, 2000, 2000, 2000]);
        retry.fail(now, Observation::Absent);
        assert!(retry.is_due(now + FIRST, &Observation::Absent), "another failure is the first of its kind");
        retry.succeed();
        assert!(retry.is_due(now, &locked()));
    }
}
