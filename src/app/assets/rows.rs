//! Rows in an order, and how they stay in it while assets come and change.
//!
//! A list of 300 000 assets is not sorted for one that changed: what changed is taken out and put back into its place,
//! which is nearly always near the end. Of assets that an order holds for equal the older counts as less; so every order
//! begins from the order of time, and a filter alone never sorts.

use crate::{
    catalog::{Asset, AssetKey, Catalog},
    event::{Offset, Pictures, Status},
};
use std::{cmp::Ordering, fmt};

/// How the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SortOrder {
    /// By what; of equal ones the older counts as less.
    pub by: Criterion,
    /// Which end is on top.
    pub direction: SortDirection,
}

/// Which end of an order is on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortDirection {
    /// The least, so that the newest stands at the bottom, as in a log.
    #[default]
    Rising,
    /// The greatest.
    Falling,
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Criterion {
    /// The time of the newest event.
    #[default]
    Time,
    /// The asset's id.
    Id,
    /// The status, failures last.
    Status,
    /// How many pictures there are.
    Pictures,
    /// The video's length.
    Duration,
}

impl SortOrder {
    fn compare(self, a: &Asset<'_>, b: &Asset<'_>) -> Ordering {
        let rising = self.by.compare(a, b).then_with(|| a.rank().cmp(&b.rank()));
        match self.direction {
            SortDirection::Rising => rising,
            SortDirection::Falling => rising.reverse(),
        }
    }
}

/// As the header says it.
impl fmt::Display for SortOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.direction {
            SortDirection::Rising => write!(f, "by {}", self.by.as_str()),
            SortDirection::Falling => write!(f, "by {}, reversed", self.by.as_str()),
        }
    }
}

impl SortDirection {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Rising => Self::Falling,
            Self::Falling => Self::Rising,
        }
    }
}

impl Criterion {
    /// The next one, round.
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

    /// What sorts an asset where that is a number; the same for all where it is not.
    fn number(self, asset: &Asset<'_>) -> i64 {
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

/// Assets in an order.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    keys: Vec<AssetKey>,
    /// Whether an asset stands in `keys`, by its key.
    listed: Vec<bool>,
}

impl Rows {
    /// The assets.
    pub(super) fn keys(&self) -> &[AssetKey] {
        &self.keys
    }

    /// Those of these rows, which are in the order of time, oldest first, that pass, in another order.
    pub(super) fn sorted(&self, order: SortOrder, catalog: &Catalog, passes: impl Fn(&Asset<'_>) -> bool) -> Self {
        let shown = |key: &AssetKey| catalog.asset(*key).is_some_and(|asset| passes(&asset));
        let mut rows = Self::default();
        rows.keys.extend(self.keys.iter().copied().filter(shown));
        // These sorts are stable: the older remains before the newer.
        match order.by {
            Criterion::Time => {}
            Criterion::Id => rows.keys.sort_by_cached_key(|key| catalog.asset(*key).map(|asset| asset.id().clone())),
            Criterion::Status | Criterion::Pictures | Criterion::Duration => {
                rows.keys.sort_by_cached_key(|key| catalog.asset(*key).map(|asset| order.by.number(&asset)));
            }
        }
        if order.direction == SortDirection::Falling {
            rows.keys.reverse();
        }
        rows.listed.resize(self.listed.len(), false);
        for key in &rows.keys {
            rows.listed[key.0 as usize] = true;
        }
        rows
    }

    /// Puts assets that are new or have changed into their places in `order`; of these, what does not pass goes.
    pub(super) fn put(
        &mut self,
        changed: &[AssetKey],
        order: SortOrder,
        catalog: &Catalog,
        passes: impl Fn(&Asset<'_>) -> bool,
    ) {
        self.remove(changed);
        let mut fresh: Vec<Asset<'_>> = changed.iter().filter_map(|key| catalog.asset(*key)).filter(passes).collect();
        // By time they nearly are in order already, and a stable sort makes use of that.
        fresh.sort_by(|a, b| order.compare(a, b));
        self.merge(&fresh, order, catalog);
    }

    fn remove(&mut self, keys: &[AssetKey]) {
        let mut is_listed = false;
        for key in keys {
            is_listed |= self.listed.get_mut(key.0 as usize).is_some_and(std::mem::take);
        }
        if is_listed {
            let listed = &self.listed;
            self.keys.retain(|key| listed[key.0 as usize]);
        }
    }

    /// Merges assets that are in order, the last first: what stands behind it moves once, and is not looked at.
    fn merge(&mut self, fresh: &[Asset<'_>], order: SortOrder, catalog: &Catalog) {
        let Some(last) = fresh.iter().map(|asset| asset.key().0 as usize).max() else { return };
        if self.listed.len() <= last {
            self.listed.resize(last + 1, false);
        }
        let mut end = self.keys.len();
        self.keys.resize(end + fresh.len(), AssetKey(0));
        for (before, asset) in fresh.iter().enumerate().rev() {
            let stands_behind = |key: &AssetKey| {
                catalog.asset(*key).is_some_and(|known| order.compare(&known, asset) == Ordering::Greater)
            };
            let at = place_from_end(&self.keys[..end], stands_behind);
            self.keys.copy_within(at..end, at + before + 1);
            self.keys[at + before] = asset.key();
            self.listed[asset.key().0 as usize] = true;
            end = at;
        }
    }
}

/// Where the last rows begin of which `stands_behind` holds; they are few most of the time, so the search begins at the end.
fn place_from_end(rows: &[AssetKey], stands_behind: impl Fn(&AssetKey) -> bool) -> usize {
    let mut reach = 1;
    while reach <= rows.len() && stands_behind(&rows[rows.len() - reach]) {
        reach *= 2;
    }
    let from = rows.len().saturating_sub(reach);
    from + rows[from..].partition_point(|row| !stands_behind(row))
}
