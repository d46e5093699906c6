//! The read positions that belong to updates which wait in the channel.
//!
//! A position may be saved once every update up to it was received and dealt with. Positions and updates are matched by
//! the number of updates.

use crate::source::saved_state::SavedState;
use std::collections::VecDeque;

/// The read positions that were not taken yet, oldest first.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    waiting: VecDeque<Checkpoint>,
}

/// Read positions, and the updates that belong to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number of updates that were sent before.
    pub updates: u64,
    /// The positions.
    pub state: SavedState,
}

impl Checkpoints {
    /// The most positions that wait; the channel holds fewer updates.
    const MAX: usize = 32;

    /// Notes the position after so many updates.
    pub(super) fn push(&mut self, updates: u64, state: SavedState) {
        if self.waiting.back().is_some_and(|last| last.updates == updates) {
            self.waiting.pop_back();
        }
        if self.waiting.len() >= Self::MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Checkpoint { updates, state });
    }

    /// Takes the newest position that belongs to no more than so many updates.
    pub(super) fn take(&mut self, updates: u64) -> Option<Checkpoint> {
        let count = self.waiting.iter().take_while(|checkpoint| checkpoint.updates <= updates).count();
        self.waiting.drain(..count).next_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::saved_state::SavedName;
    use std::path::Path;

    #[test]
    fn gives_the_newest_that_was_dealt_with() {
        let state = |name: &str| SavedState::new(vec![SavedName::new(Path::new(name), vec![], vec![])]);
        let mut checkpoints = Checkpoints::default();
        checkpoints.push(2, state("two"));
        checkpoints.push(3, state("three"));
        checkpoints.push(3, state("three again"));
        checkpoints.push(5, state("five"));
        assert_eq!(checkpoints.take(1), None);
        assert_eq!(checkpoints.take(4), Some(Checkpoint { updates: 3, state: state("three again") }));
        assert_eq!(checkpoints.take(4), None);
        assert_eq!(checkpoints.take(9), Some(Checkpoint { updates: 5, state: state("five") }));
    }
}
