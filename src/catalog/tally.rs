//! Counts of a catalog.

use crate::event::{Counts, Status};

/// The counts of a catalog, as `summary` prints them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Assets that are shown.
    pub assets: u64,
    /// Of these, those whose newest event succeeded.
    pub succeed: u64,
    /// Of these, those whose newest event failed.
    pub failed: u64,
    /// Of these, those whose newest event has any other status.
    pub other: u64,
    /// Thumbnail events, redeliveries not counted.
    pub events: u64,
    /// Other event types, confirmations, template texts.
    pub other_events: u64,
    /// Redeliveries.
    pub duplicates: u64,
    /// Assets that were dropped to bound the memory.
    pub dropped: u64,
    /// The counts of the sources.
    pub counts: Counts,
}

impl Tally {
    /// Adds an asset and its thumbnail events.
    pub(super) fn add(&mut self, status: &Status, thumbnail_events: usize) {
        self.assets += 1;
        self.events += thumbnail_events as u64;
        *self.of(status) += 1;
    }

    /// Returns the count of the assets of a status.
    pub(super) fn of(&mut self, status: &Status) -> &mut u64 {
        match status {
            Status::Succeed => &mut self.succeed,
            Status::Failed => &mut self.failed,
            Status::Other(_) => &mut self.other,
        }
    }
}
