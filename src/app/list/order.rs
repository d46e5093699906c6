//! The order of the list: a criterion and a direction.
//!
//! Of assets that a criterion holds for equal the older counts as less, so that every order is total.

use crate::{
    catalog::Asset,
    event::{Offset, Pictures, Status},
};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt};

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SortOrder {
    /// The property that is compared; of equal assets the older comes first.
    pub by: Criterion,
    /// The end that is on top.
    pub direction: SortDirection,
}

/// The end of an order that is on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortDirection {
    /// The least, so that the newest stands at the bottom, as in a log.
    #[default]
    Rising,
    /// The greatest.
    Falling,
}

/// The property by which the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Criterion {
    /// The time of the newest event.
    #[default]
    Time,
    /// The asset's id.
    Id,
    /// The status, failures last.
    Status,
    /// The number of pictures.
    Pictures,
    /// The video's length.
    Duration,
}

impl SortOrder {
    pub(super) fn compare(self, a: &Asset<'_>, b: &Asset<'_>) -> Ordering {
        let rising = self.by.compare(a, b).then_with(|| a.rank().cmp(&b.rank()));
        match self.direction {
            SortDirection::Rising => rising,
            SortDirection::Falling => rising.reverse(),
        }
    }
}

impl fmt::Display for SortOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.direction {
            SortDirection::Rising => write!(f, "by {}", self.by.as_str()),
            SortDirection::Falling => write!(f, "by {}, reversed", self.by.as_str()),
        }
    }
}

impl SortDirection {
    /// Returns the other direction.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Rising => Self::Falling,
            Self::Falling => Self::Rising,
        }
    }
}

impl Criterion {
    /// Returns the next criterion; the first after the last.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Time => Self::Id,
            Self::Id => Self::Status,
            Self::Status => Self::Pictures,
            Self::Pictures => Self::Duration,
            Self::Duration => Self::Time,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Id => "id",
            Self::Status => "status",
            Self::Pictures => "pictures",
            Self::Duration => "duration",
        }
    }

    fn compare(self, a: &Asset<'_>, b: &Asset<'_>) -> Ordering {
        match self {
            Self::Time => Ordering::Equal,
            Self::Id => a.id().cmp(b.id()),
            Self::Status | Self::Pictures | Self::Duration => self.number(a).cmp(&self.number(b)),
        }
    }

    /// The number that is compared; 0 for criteria that compare no numbers.
    pub(super) fn number(self, asset: &Asset<'_>) -> i64 {
        match self {
            Self::Time | Self::Id => 0,
            Self::Status => match asset.status() {
                Status::Succeed => 0,
                Status::Other(_) => 1,
                Status::Failed => 2,
            },
            Self::Pictures => asset.pictures().map_or(0, |pictures| i64::try_from(pictures.len()).unwrap_or(i64::MAX)),
            Self::Duration => {
                let length = asset.duration().or_else(|| asset.pictures().and_then(Pictures::last_offset));
                length.map_or(i64::MIN, Offset::as_millis)
            }
        }
    }
}
