//! The tabs by which the list is narrowed to a status.

use crate::event::Status;
use serde::{Deserialize, Serialize};

/// The statuses whose assets the list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusTab {
    /// Every asset.
    #[default]
    All,
    /// Those whose newest event failed.
    Failed,
    /// Those whose newest event succeeded.
    Succeed,
    /// Those with any other status.
    Other,
}

impl StatusTab {
    /// All tabs in the order of the screen.
    pub const ALL: [Self; 4] = [Self::All, Self::Failed, Self::Succeed, Self::Other];

    /// Returns the next tab; the first after the last.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::All => Self::Failed,
            Self::Failed => Self::Succeed,
            Self::Succeed => Self::Other,
            Self::Other => Self::All,
        }
    }

    /// Returns the tab of a status, beside the one of all assets.
    pub(super) fn of(status: &Status) -> Self {
        match status {
            Status::Failed => Self::Failed,
            Status::Succeed => Self::Succeed,
            Status::Other(_) => Self::Other,
        }
    }

    /// Returns whether it shows assets of a status.
    pub fn shows(self, status: &Status) -> bool {
        match self {
            Self::All => true,
            Self::Failed => *status == Status::Failed,
            Self::Succeed => *status == Status::Succeed,
            Self::Other => matches!(status, Status::Other(_)),
        }
    }
}
