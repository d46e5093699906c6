//! The point at which a session resumes with the option `--resume`: what was looked at when the last one ended.

use super::list::{AssetList, Stick, filter::Filter, order::SortOrder, tab::StatusTab};
use crate::{
    catalog::Catalog,
    event::{AssetId, Time},
};
use serde::{Deserialize, Serialize};

/// The list and the asset that were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumePoint {
    /// The filter, as it was typed.
    pub filter: String,
    /// The order of the list.
    pub order: SortOrder,
    /// The status tab.
    pub tab: StatusTab,
    /// The id of the asset that was looked at; `None` while the list stuck to the newest.
    pub asset: Option<String>,
}

impl ResumePoint {
    /// Returns what is looked at now.
    pub fn of(list: &AssetList, catalog: &Catalog) -> Self {
        let held = list.selected().filter(|_| list.stick() == Stick::Holding).and_then(|key| catalog.asset(key));
        let asset = held.map(|asset| asset.id()).or(list.awaited());
        let filter = list.filter().to_string();
        Self { filter, order: list.order(), tab: list.tab(), asset: asset.map(ToString::to_string) }
    }

    /// Shows it again in a list. A filter that the list has goes before that of the point.
    pub(super) fn restore(self, list: &mut AssetList, catalog: &Catalog, now: Time) {
        if list.filter().is_empty() {
            list.set_filter(Filter::parse_valid_terms(&self.filter), catalog, now);
        }
        list.set_order(self.order, catalog, now);
        list.set_tab(self.tab, catalog, now);
        list.await_asset(self.asset.and_then(|id| AssetId::new(&id)));
    }
}
