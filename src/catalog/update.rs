//! The one way by which what a source says enters a catalog.

use super::{Applied, Catalog};
use crate::event::LogUpdate;

impl Catalog {
    /// Applies the events of `update`, which are taken out of it, its counts, names and line numbers.
    ///
    /// Calls `applied` after each event that is no redelivery, with the catalog as it is then. What `update` says
    /// besides (rejected texts, notices, the state of sources) is left to the caller.
    pub fn apply_update(&mut self, update: &mut LogUpdate, mut applied: impl FnMut(&Self, Applied)) {
        match update {
            LogUpdate::Opened { file, name, .. } => self.set_file_name(*file, name.clone()),
            LogUpdate::Batch { events, counts, .. } => {
                self.add_counts(*counts);
                for event in events.drain(..) {
                    if let Some(one) = self.apply(event) {
                        applied(self, one);
                    }
                }
            }
            LogUpdate::Lines { file, lines } => self.set_lines(*file, lines),
            LogUpdate::Health { .. }
            | LogUpdate::Incomplete { .. }
            | LogUpdate::Notice(_)
            | LogUpdate::Loaded
            | LogUpdate::Finished => {}
        }
    }
}
