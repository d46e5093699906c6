//! A row that was looked for, and the sentence about it.

use crate::app::{direction::Direction, outcome::ActionOutcome};

/// A row that a search among the rows went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundRow {
    /// Its number among the rows that match, from 1.
    pub number: usize,
    /// The number of rows that match.
    pub count: usize,
    /// An end of the list was passed on the way.
    pub is_wrapped: bool,
}

/// Says which of the matching rows was found, and whether an end of the list was passed: an operator on the newest row
/// did not mean the oldest failure.
pub(super) fn found_message(what: &str, found: FoundRow, direction: Direction) -> ActionOutcome {
    let from = match (found.is_wrapped, direction) {
        (false, _) => "",
        (true, Direction::Forward) => "  (continued from the top)",
        (true, Direction::Backward) => "  (continued from the bottom)",
    };
    ActionOutcome::say(format!("{what} {}/{}{from}", found.number, found.count))
}
