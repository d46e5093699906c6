//! The FAILED events over the time of all events, in a few equal bins, as the header draws them.
//!
//! It takes events in any order and one at a time: a bin is doubled in length, with its neighbour, whenever the time of
//! all events no longer fits. So the bins depend on the events alone, and an event costs the same in a log of any length.

use crate::event::{Status, Time};

/// The most bins.
const MAX_BINS: i64 = 32;

/// The FAILED events over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureBins {
    /// A bin takes two to the power of this many seconds.
    shift: u32,
    /// The first and the last second of all events.
    range: Option<(i64, i64)>,
    /// The failures in each bin, from the one of the first event to the one of the last.
    bins: Vec<u64>,
}

impl FailureBins {
    /// Takes an event.
    pub fn note(&mut self, time: Time, status: &Status) {
        let second = time.as_micros().div_euclid(1_000_000);
        let (first, last) = self.range.get_or_insert((second, second));
        let before = *first;
        (*first, *last) = ((*first).min(second), (*last).max(second));
        let (first, last) = (*first, *last);
        let bin = |second: i64, shift: u32| second >> shift;
        let mut begin = bin(before, self.shift);
        while bin(last, self.shift) - bin(first, self.shift) >= MAX_BINS {
            self.bins = merged(&self.bins, begin);
            self.shift += 1;
            begin = bin(before, self.shift);
        }
        let place = |at: i64| usize::try_from(at).unwrap_or(0);
        let earlier = place(begin - bin(first, self.shift));
        self.bins.splice(0..0, std::iter::repeat_n(0, earlier));
        self.bins.resize(place(bin(last, self.shift) - bin(first, self.shift)) + 1, 0);
        if *status == Status::Failed {
            self.bins[place(bin(second, self.shift) - bin(first, self.shift))] += 1;
        }
    }

    /// The failures in each bin, the oldest first; empty without an event that has a time.
    pub fn bins(&self) -> &[u64] {
        &self.bins
    }

    /// The seconds from the first event to the last.
    pub fn seconds(&self) -> u64 {
        self.range.map_or(0, |(first, last)| last.abs_diff(first))
    }
}

/// Returns bins of twice the length, where `begin` is the number of the first bin since 1970.
fn merged(bins: &[u64], begin: i64) -> Vec<u64> {
    let mut wide: Vec<u64> = Vec::with_capacity(bins.len() / 2 + 1);
    for (number, count) in (begin..).zip(bins) {
        // A bin with an even number begins a wide one.
        match wide.last_mut().filter(|_| number.rem_euclid(2) == 1) {
            Some(last) => *last += count,
            None => wide.push(*count),
        }
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(seconds: &[i64]) -> FailureBins {
        let mut bins = FailureBins::default();
        for second in seconds {
            let status = if second % 3 == 0 { Status::Failed } else { Status::Succeed };
            bins.note(Time::from_micros(second * 1_000_000), &status);
        }
        bins
    }

    #[test]
    fn failures_are_counted_over_the_time_of_all_events() {
        assert_eq!(noted(&[]).bins(), [0_u64; 0]);
        assert_eq!(noted(&[3]).bins(), [1]);
        assert_eq!(noted(&[1, 3, 5]).bins(), [0, 0, 1, 0, 0]);
        assert_eq!((noted(&[-4, 60]).seconds(), noted(&[-4, 60]).bins().iter().sum::<u64>()), (64, 1));
    }

    #[test]
    fn the_order_of_the_events_does_not_matter() {
        let mut seconds: Vec<i64> = (0..500).map(|n: i64| n * n * 7 % 9001 - 400).collect();
        let forward = noted(&seconds);
        seconds.reverse();
        assert_eq!(noted(&seconds), forward);
        seconds.sort_by_key(|second| second % 17);
        assert_eq!(noted(&seconds), forward);
        let failed = seconds.iter().filter(|second| *second % 3 == 0).count() as u64;
        assert_eq!(forward.bins().iter().sum::<u64>(), failed);
        assert!((16..=32).contains(&forward.bins().len()));
    }

    #[test]
    fn times_at_the_ends_of_the_calendar_fit() {
        let bins = noted(&[i64::MIN / 1_000_000, 0, i64::MAX / 1_000_000]);
        assert!(bins.bins().len() <= 32);
    }
}
