//! The wait before something that ended or failed is started again: longer each time, and not the same for all.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);

/// The waits of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Returns the next wait: doubled each time from 1 s to 30 s, then shortened by up to a quarter, as `random` says.
    pub(super) fn next(&mut self, random: u8) -> Duration {
        let wait = FIRST.saturating_mul(1 << self.failures.min(5)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        wait.saturating_sub(wait / 4 * u32::from(random) / 255)
    }

    /// Begins again with the first wait.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Returns a random byte, by which several sources do not try at the same time; 0 where the system has none.
pub(super) fn jitter() -> u8 {
    let mut byte = [0];
    match aws_lc_rs::rand::fill(&mut byte) {
        Ok(()) => byte[0],
        Err(_unspecified) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_one_second_to_thirty() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..8).map(|_| backoff.next(0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff.next(255), Duration::from_millis(22_500));
        backoff.reset();
        assert_eq!(backoff.next(255), Duration::from_millis(750));
    }
}
