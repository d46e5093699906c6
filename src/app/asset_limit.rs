//! The number of assets that the screen keeps.
//!
//! Without a number that the operator chose, all assets are kept until the program uses more memory than its limit. Memory
//! that is freed serves new events, but does not all go back to the system. So the number is lowered once when the limit
//! is passed, and again only when the use has risen further.

use crate::{
    event::{Notice, Severity, Time},
    text::{Safe, number::bytes},
};
use std::num::NonZeroUsize;

/// The memory that the program uses, and the most that it should use, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// The memory in use.
    pub used: u64,
    /// The most that should be in use.
    pub limit: u64,
}

impl MemoryUse {
    /// Returns the notice that the limit is passed.
    fn notice(self, time: Time) -> Notice {
        let text = format!(
            "more than {} of memory is used: the oldest assets are dropped; --keep N sets how many stay",
            bytes(self.limit)
        );
        Notice { time, severity: Severity::Warning, text: Safe::new(&text) }
    }
}

/// The number of newest assets that are kept, and the reason for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssetLimit {
    /// All are kept.
    #[default]
    All,
    /// The operator chose the number.
    Chosen(NonZeroUsize),
    /// The memory allows no more.
    ByMemory {
        /// The number.
        keep: usize,
        /// The use of memory above which the number is lowered again, in bytes.
        next: u64,
    },
}

impl From<Option<NonZeroUsize>> for AssetLimit {
    /// The number that the operator chose, or none.
    fn from(chosen: Option<NonZeroUsize>) -> Self {
        chosen.map_or(Self::All, Self::Chosen)
    }
}

impl AssetLimit {
    /// The fewest assets that are kept, however little memory there is.
    pub const LEAST: usize = 1000;

    /// The number is lowered each time that the use has risen by this share of the limit.
    const STEP_SHARE: u64 = 16;

    /// Returns the number of assets to keep.
    pub fn keep(self) -> Option<usize> {
        match self {
            Self::All => None,
            Self::Chosen(keep) => Some(keep.get()),
            Self::ByMemory { keep, .. } => Some(keep),
        }
    }

    /// Lowers the number where so much memory is in use that it must be; returns a notice the first time.
    pub(super) fn lower(&mut self, memory: MemoryUse, assets: usize, now: Time) -> Option<Notice> {
        let before = std::mem::replace(self, self.with_memory(memory, assets));
        (before == Self::All && *self != before).then(|| memory.notice(now))
    }

    /// Returns what is to be kept of so many assets now that so much memory is in use. A chosen number stays.
    #[must_use]
    fn with_memory(self, memory: MemoryUse, assets: usize) -> Self {
        let (most, threshold) = match self {
            Self::Chosen(_) => return self,
            Self::All => (assets, memory.limit),
            Self::ByMemory { keep, next } => (keep.min(assets), next),
        };
        if memory.used <= threshold || most <= Self::LEAST {
            return self;
        }
        let keep = (most - most / 8).max(Self::LEAST);
        Self::ByMemory { keep, next: memory.used.saturating_add(memory.limit / Self::STEP_SHARE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_lowered_when_the_limit_is_passed_and_when_the_use_rises_further() {
        let mut limit = AssetLimit::All;
        let mut check = |used, assets, expected| {
            limit = limit.with_memory(MemoryUse { used, limit: 1600 }, assets);
            assert_eq!(limit.keep(), expected, "{used} bytes, {assets} assets");
        };
        check(1600, 80_000, None);
        check(1601, 80_000, Some(70_000));
        check(1601, 70_000, Some(70_000));
        check(1701, 70_500, Some(70_000));
        check(1702, 70_500, Some(61_250));
        check(1500, 61_250, Some(61_250));
        check(1900, 1_100, Some(AssetLimit::LEAST));
        check(9000, 1_100, Some(AssetLimit::LEAST));
    }

    #[test]
    fn few_assets_and_a_chosen_number_stay() {
        let memory = MemoryUse { used: 9000, limit: 1600 };
        assert_eq!(AssetLimit::All.with_memory(memory, AssetLimit::LEAST), AssetLimit::All);
        let chosen = NonZeroUsize::new(5).map_or(AssetLimit::All, AssetLimit::Chosen);
        assert_eq!(chosen.with_memory(memory, 80_000).keep(), Some(5));
    }
}
