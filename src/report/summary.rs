//! The counts of a summary.

use crate::catalog::{Catalog, Tally};
use serde::{Serialize, Serializer};

/// The counts of a catalog, in their order.
pub(super) struct Summary {
    counts: Vec<(String, u64)>,
}

/// A count: its name, and the number that it is.
type Count = (&'static str, fn(&Tally) -> u64);

/// All counts, in their order. Scripts rely on it.
const COUNTS: [Count; 10] = [
    ("assets", |tally| tally.assets),
    ("succeed", |tally| tally.succeed),
    ("failed", |tally| tally.failed),
    ("other", |tally| tally.other),
    ("events", |tally| tally.events),
    ("other_events", |tally| tally.other_events),
    ("duplicates", |tally| tally.duplicates),
    ("replayed", |tally| tally.counts.replayed),
    ("lines", |tally| tally.counts.lines),
    ("unparsed", |tally| tally.counts.unparsed),
];

impl Summary {
    /// Counts a whole catalog.
    pub(super) fn new(catalog: &Catalog) -> Self {
        let tally = catalog.tally();
        Self { counts: COUNTS.iter().map(|(name, count)| ((*name).to_owned(), count(&tally))).collect() }
    }

    /// Returns names and numbers, in their order.
    pub(super) fn counts(&self) -> &[(String, u64)] {
        &self.counts
    }
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.counts.iter().map(|(name, count)| (name, count)))
    }
}
