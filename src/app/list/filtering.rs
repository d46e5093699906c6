//! The filter of the list: how the rows change with it.
//!
//! Most letters that are typed narrow the filter. Then only the assets that passed before are tested again, and the rows
//! need no sort, so that a key is answered at once on a list of a million assets.

use super::{
    AssetList,
    counts::{PassingAssets, is_shown},
    filter::Filter,
    order::SortOrder,
    tab::StatusTab,
};
use crate::{
    app::outcome::ActionOutcome,
    catalog::{Asset, Catalog},
    event::Time,
};

impl AssetList {
    /// Sets the filter.
    pub fn set_filter(&mut self, filter: Filter, catalog: &Catalog, now: Time) {
        let is_narrower = filter.implies(&self.filter);
        let is_wider = self.filter.implies(&filter);
        if is_narrower {
            // Pending changes are tested by the filter that the rows are of.
            self.update_rows(catalog, now);
        }
        self.filter = filter;
        match (is_narrower, is_wider) {
            // The same words, as when Enter ends typing: the rows are up to date.
            (true, true) => {}
            (true, false) => self.narrow(catalog, now),
            (false, _) => self.rebuild(catalog, now),
        }
    }

    /// Removes the rows that a narrower filter does not pass.
    fn narrow(&mut self, catalog: &Catalog, now: Time) {
        let passes = |asset: &Asset<'_>| self.filter.passes(asset, &self.checked, now);
        match &mut self.passing {
            Some(passing) => passing.retain(catalog, passes),
            None => self.passing = Some(PassingAssets::new(catalog, passes)),
        }
        let is_shown = is_shown(self.tab, self.passing.as_ref(), catalog);
        match &mut self.rows {
            Some(rows) => rows.retain(is_shown),
            None => self.rows = Some(self.all.sorted(self.order, catalog, is_shown)),
        }
        self.keep_selection();
    }

    /// Filters and sorts all rows from scratch.
    pub(super) fn rebuild(&mut self, catalog: &Catalog, now: Time) {
        self.update_all(catalog);
        self.passing = (!self.filter.is_empty())
            .then(|| PassingAssets::new(catalog, |asset| self.filter.passes(asset, &self.checked, now)));
        let is_all = self.tab == StatusTab::All && self.filter.is_empty() && self.order == SortOrder::default();
        let is_shown = is_shown(self.tab, self.passing.as_ref(), catalog);
        self.rows = (!is_all).then(|| self.all.sorted(self.order, catalog, is_shown));
        self.keep_selection();
    }

    /// Parses and sets the filter.
    pub(in crate::app) fn enter_filter(&mut self, text: &str, catalog: &Catalog, now: Time) -> ActionOutcome {
        match Filter::parse(text) {
            Ok(filter) => {
                self.set_filter(filter, catalog, now);
                self.check_statuses(catalog)
            }
            Err(error) => ActionOutcome::say(error.to_string()),
        }
    }

    /// Says which status of the filter no asset has, where it is no documented one.
    pub(in crate::app) fn check_statuses(&self, catalog: &Catalog) -> ActionOutcome {
        match self.filter.unknown_status_in(catalog) {
            Some(word) => ActionOutcome::say(format!("no asset has status {word} yet")),
            None => ActionOutcome::default(),
        }
    }
}
