//! The assets that pass the filter or match the search, and their number by status.
//!
//! Each is asked once for each asset; the answers are kept, so that a change of one asset is counted without
//! asking for the others.

use super::tab::StatusTab;
use crate::catalog::{Asset, AssetKey, Catalog};

/// The numbers of assets on the status tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TabCounts {
    /// All of them.
    pub all: u64,
    /// Those whose newest event failed.
    pub failed: u64,
    /// Those whose newest event succeeded.
    pub succeed: u64,
    /// The others.
    pub other: u64,
}

impl TabCounts {
    /// The number on a tab.
    pub fn of(self, tab: StatusTab) -> u64 {
        match tab {
            StatusTab::All => self.all,
            StatusTab::Failed => self.failed,
            StatusTab::Succeed => self.succeed,
            StatusTab::Other => self.other,
        }
    }

    fn of_status(&mut self, tab: StatusTab) -> &mut u64 {
        match tab {
            StatusTab::Failed => &mut self.failed,
            StatusTab::Succeed => &mut self.succeed,
            StatusTab::All | StatusTab::Other => &mut self.other,
        }
    }
}

/// The assets that pass a filter or match a search, and their number on each tab.
#[derive(Clone, Debug, Default)]
pub(super) struct PassingAssets {
    /// The tab of the status of each asset that passes, by its key.
    tabs: Vec<Option<StatusTab>>,
    counts: TabCounts,
}

impl PassingAssets {
    /// Asks `passes` for every asset.
    pub(super) fn new(catalog: &Catalog, passes: impl Fn(&Asset<'_>) -> bool) -> Self {
        let mut passing = Self::default();
        for asset in catalog.assets() {
            passing.set(asset.key(), passes(&asset).then(|| StatusTab::of(asset.status())));
        }
        passing
    }

    /// Adds an asset.
    pub(super) fn add(&mut self, asset: &Asset<'_>) {
        self.set(asset.key(), Some(StatusTab::of(asset.status())));
    }

    /// Asks `passes` again for assets that have changed.
    pub(super) fn update(&mut self, changed: &[AssetKey], catalog: &Catalog, passes: impl Fn(&Asset<'_>) -> bool) {
        for key in changed {
            let asset = catalog.asset(*key).filter(&passes);
            self.set(*key, asset.map(|asset| StatusTab::of(asset.status())));
        }
    }

    /// Asks `passes` again for those that pass so far.
    pub(super) fn retain(&mut self, catalog: &Catalog, passes: impl Fn(&Asset<'_>) -> bool) {
        for key in (0..).take(self.tabs.len()).map(AssetKey) {
            if self.contains(key) && !catalog.asset(key).is_some_and(|asset| passes(&asset)) {
                self.set(key, None);
            }
        }
    }

    /// Forgets assets.
    pub(super) fn remove(&mut self, keys: &[AssetKey]) {
        for key in keys {
            self.set(*key, None);
        }
    }

    fn set(&mut self, AssetKey(key): AssetKey, tab: Option<StatusTab>) {
        let index = key as usize;
        if self.tabs.len() <= index {
            self.tabs.resize(index + 1, None);
        }
        if let Some(before) = std::mem::replace(&mut self.tabs[index], tab) {
            self.counts.all -= 1;
            *self.counts.of_status(before) -= 1;
        }
        if let Some(tab) = tab {
            self.counts.all += 1;
            *self.counts.of_status(tab) += 1;
        }
    }

    /// Returns whether an asset passes.
    pub(super) fn contains(&self, AssetKey(key): AssetKey) -> bool {
        self.tabs.get(key as usize).is_some_and(Option::is_some)
    }

    /// Returns whether a tab shows an asset that passes.
    pub(super) fn shows(&self, tab: StatusTab, AssetKey(key): AssetKey) -> bool {
        let own = self.tabs.get(key as usize).copied().flatten();
        own.is_some_and(|own| tab == StatusTab::All || own == tab)
    }

    /// The number of assets that pass, by status.
    pub(super) fn counts(&self) -> TabCounts {
        self.counts
    }
}

/// Returns a test for the assets of a tab that pass the filter; without a filter there are no `passing` assets.
pub(super) fn is_shown(
    tab: StatusTab,
    passing: Option<&PassingAssets>,
    catalog: &Catalog,
) -> impl Fn(AssetKey) -> bool {
    move |key| match passing {
        Some(passing) => passing.shows(tab, key),
        None => tab == StatusTab::All || catalog.asset(key).is_some_and(|asset| tab.shows(asset.status())),
    }
}
