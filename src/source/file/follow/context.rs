//! The surroundings of one poll.

use crate::source::file::follow::history::ReadHistory;
use std::time::Duration;

/// The clock, the history and the sink of one poll.
#[derive(Debug)]
pub struct FollowContext<'a, S> {
    /// The present time by any clock that never goes back.
    pub now: Duration,
    /// The read positions of all files of the source.
    pub history: &'a mut ReadHistory,
    /// The receiver of lines and reports.
    pub sink: &'a mut S,
}
