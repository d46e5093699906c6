//! Places in a partition: where reading begins, and what is done about records that are no longer there.
//!
//! Pure.

/// The event at a partition whose broker does not have the offset that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Displacement {
    /// So many records were deleted before they were read; reading goes on at the oldest that is kept.
    Deleted {
        /// The number of offsets that were skipped.
        count: i64,
        /// The offset of the oldest record.
        next: i64,
    },
    /// The partition ends before the place: the topic was deleted and created again, or a broker lost its end.
    Restarted {
        /// The offset of the oldest record.
        next: i64,
    },
    /// The offset is there by now.
    None,
}

impl Displacement {
    /// Returns what happened, from the offsets of a partition.
    pub(super) fn of(position: i64, earliest: i64, latest: i64) -> Self {
        if position < earliest {
            Self::Deleted { count: earliest - position, next: earliest }
        } else if position > latest {
            Self::Restarted { next: earliest }
        } else {
            Self::None
        }
    }
}

/// The offsets before the end that are searched for the last so many events, fewest first.
pub(super) fn search_depths(events: u64) -> impl Iterator<Item = i64> {
    let first = i64::try_from(events).unwrap_or(i64::MAX).clamp(64, i64::MAX / 8);
    std::iter::successors(Some(first), |depth| depth.checked_mul(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_have_a_size() {
        let check = |position, earliest, latest, expected| {
            assert_eq!(Displacement::of(position, earliest, latest), expected);
        };
        check(10, 25, 40, Displacement::Deleted { count: 15, next: 25 });
        check(10, 25, 25, Displacement::Deleted { count: 15, next: 25 });
        check(500, 0, 20, Displacement::Restarted { next: 0 });
        check(20, 0, 20, Displacement::None);
        check(20, 20, 20, Displacement::None);
    }

    #[test]
    fn the_search_for_events_goes_back_in_ever_longer_steps() {
        assert_eq!(search_depths(10).take(3).collect::<Vec<_>>(), [64, 512, 4096]);
        assert_eq!(search_depths(100).next(), Some(100));
        assert!(search_depths(u64::MAX).count() < 3);
    }
}
