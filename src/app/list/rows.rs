//! The rows of the list, kept in order while assets come and change.
//!
//! A list of 300 000 assets is not sorted again for one that changed: it is taken out and put back, which is nearly
//! always near the end. Every order begins from the order of time, so a filter alone never sorts.

use super::order::{Criterion, SortDirection, SortOrder};
use crate::{
    catalog::{Asset, AssetKey, Catalog},
    event::AssetId,
};
use std::cmp::Ordering;

/// Assets in an order.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    keys: Vec<AssetKey>,
    /// The assets in `keys`: `true` at the index of each key.
    listed: Vec<bool>,
}

impl Rows {
    /// The assets.
    pub(super) fn keys(&self) -> &[AssetKey] {
        &self.keys
    }

    /// For each key whether the asset is among them.
    pub(super) fn listed(&self) -> &[bool] {
        &self.listed
    }

    /// Returns the places of the assets of which `wanted` holds. It is asked in the order in which assets lie in memory,
    /// since asking in the order of their ids misses the processor's cache for each.
    pub(super) fn places_where(&self, wanted: impl Fn(AssetKey) -> bool) -> Vec<usize> {
        let keys = (0..).map(AssetKey).zip(&self.listed);
        let holds: Vec<bool> = keys.map(|(key, is_listed)| *is_listed && wanted(key)).collect();
        let rows = self.keys.iter().enumerate();
        rows.filter(|(_, key)| holds[key.0 as usize]).map(|(row, _)| row).collect()
    }

    /// Returns those of these rows that pass, sorted by `order`. These rows are in the order of time, oldest first.
    pub(super) fn sorted(&self, order: SortOrder, catalog: &Catalog, passes: impl Fn(AssetKey) -> bool) -> Self {
        let mut rows = Self::default();
        rows.keys.extend(self.keys.iter().copied().filter(|key| passes(*key)));
        match order.by {
            Criterion::Time => {}
            Criterion::Id => {
                let id = |key: AssetKey| catalog.asset(key).map(|asset| asset.id());
                let prefix = |key| id(key).map_or(u64::MAX, AssetId::prefix);
                rows.sort_by_number(prefix, |group| group.sort_by(|a, b| id(*a).cmp(&id(*b))));
            }
            Criterion::Status | Criterion::Pictures | Criterion::Duration => {
                // Moved so that negative numbers come first.
                let number = |key| catalog.asset(key).map_or(0, |asset| order.by.number(&asset));
                rows.sort_by_number(|key| number(key).cast_unsigned() ^ 1 << 63, |_equal| {});
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

    /// Sorts by a number. Of equal ones the older remains before the newer, since the place is the lower part of what is
    /// compared; `sort_equal` sorts each group of several.
    fn sort_by_number(&mut self, number: impl Fn(AssetKey) -> u64, sort_equal: impl Fn(&mut [AssetKey])) {
        let numbers = (0_u64..).zip(&self.keys).map(|(place, key)| u128::from(number(*key)) << 64 | u128::from(place));
        let mut numbers: Vec<u128> = numbers.collect();
        numbers.sort_unstable();
        let places = numbers.iter().map(|number| self.keys[(number & u128::from(u64::MAX)) as usize]);
        self.keys = places.collect();
        let mut rest = self.keys.as_mut_slice();
        for group in numbers.chunk_by(|a, b| a >> 64 == b >> 64) {
            let (equal, after) = rest.split_at_mut(group.len());
            if equal.len() > 1 {
                sort_equal(equal);
            }
            rest = after;
        }
    }

    /// Moves assets that are new or have changed to their places in `order`, and removes those that do not pass.
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

    /// Removes assets that do not pass. The others stay in their order.
    pub(super) fn retain(&mut self, passes: impl Fn(AssetKey) -> bool) {
        let listed = &mut self.listed;
        self.keys.retain(|key| {
            let is_kept = passes(*key);
            listed[key.0 as usize] = is_kept;
            is_kept
        });
    }

    /// Removes assets.
    pub(super) fn remove(&mut self, keys: &[AssetKey]) {
        let mut is_listed = false;
        for key in keys {
            is_listed |= self.listed.get_mut(key.0 as usize).is_some_and(std::mem::take);
        }
        if is_listed {
            let listed = &self.listed;
            self.keys.retain(|key| listed[key.0 as usize]);
        }
    }

    /// Merges sorted assets, the last first, so that each row behind them moves once.
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

/// Returns the start of the last rows of which `stands_behind` holds. They are few most of the time, so the search begins
/// at the end.
fn place_from_end(rows: &[AssetKey], stands_behind: impl Fn(&AssetKey) -> bool) -> usize {
    let mut reach = 1;
    while reach <= rows.len() && stands_behind(&rows[rows.len() - reach]) {
        reach *= 2;
    }
    let from = rows.len().saturating_sub(reach);
    from + rows[from..].partition_point(|row| !stands_behind(row))
}
