//! The list of assets: its rows, their order, and the selected one.
//!
//! The selection is an asset, not a row: it stays while rows arrive, move and vanish. Rows are updated in batches, so
//! that a log of 300 000 assets loads without a sort for each event. Nothing here knows of pictures or of the screen but
//! its height in rows.

pub mod counts;
pub mod filter;
mod filtering;
mod found;
pub mod grammar;
pub mod lines;
pub mod order;
mod rows;
pub mod search;
pub mod tab;
mod word;

use super::{
    action::ListAction,
    asset_limit::{AssetLimit, MemoryUse},
    direction::Direction,
    message::Now,
    notices::Notices,
    outcome::ActionOutcome,
};
use crate::{
    catalog::{Asset, AssetKey, AssetLookup, Catalog},
    event::{AssetId, Status, Time},
    judge::CheckTally,
    picture::EventKey,
    text::number::thousands,
};
use counts::{PassingAssets, TabCounts, is_shown};
use filter::Filter;
use found::{FoundRow, found_message};
use jiff::tz::TimeZone;
use lines::{ListLine, lines};
use order::{Criterion, SortDirection, SortOrder};
use rows::Rows;
use search::{HitCount, Search, TextSearch};
use std::{collections::HashMap, time::Duration};
use tab::StatusTab;

/// A list of more rows than this is updated at most every [`UPDATE_INTERVAL`], since that takes a pass over all of them if
/// an asset that is listed has changed.
const MANY_ROWS: usize = 5_000;
const UPDATE_INTERVAL: Duration = Duration::from_millis(50);

/// Assets beyond the number to keep are dropped in batches of this share of it.
const DROP_SHARE: usize = 64;

/// The list of assets.
#[derive(Clone, Debug, Default)]
pub struct AssetList {
    /// Every asset in the order of time, from which the rows are made when the filter or the order changes.
    all: Rows,
    /// The listed assets; `None` where those are all of them in the order of time.
    rows: Option<Rows>,
    /// Assets that are new or have changed since the last update; one may stand in it several times.
    pending: Vec<AssetKey>,
    updated_at: Duration,
    selected: Option<AssetKey>,
    /// The asset that the operator selected; it is selected again when it is listed again.
    chosen: Option<AssetKey>,
    selected_row: usize,
    top: usize,
    height: usize,
    stick: Stick,
    unread: Unread,
    tab: StatusTab,
    filter: Filter,
    /// The assets that pass the filter, on whatever tab; `None` without a filter.
    passing: Option<PassingAssets>,
    order: SortOrder,
    search: Option<Search>,
    /// The counts of the pictures of events, by verdict.
    checked: HashMap<EventKey, CheckTally>,
    /// The asset to select as soon as it is read.
    awaited: Option<AssetId>,
    /// The number of assets that are kept.
    pub asset_limit: AssetLimit,
}

/// The bond of the selection to the newest row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stick {
    /// The selection moves to the newest row as rows arrive.
    #[default]
    Sticking,
    /// The selection stays on its asset, which the operator looks at.
    Holding,
}

/// The events that arrived while the list did not stick to the newest row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// All of them.
    pub new: usize,
    /// The failures among them.
    pub failed: usize,
}

impl AssetList {
    /// Carries out an action.
    pub(super) fn act(&mut self, action: ListAction, catalog: &Catalog, now: Time) -> ActionOutcome {
        match action {
            ListAction::FindFailure(direction) => self.find_failure(direction, catalog),
            ListAction::FindHit(direction) => self.find_hit(direction),
            ListAction::NextTab => {
                self.set_tab(self.tab.next(), catalog, now);
                ActionOutcome::default()
            }
            ListAction::NextOrder => self.sort(SortOrder { by: self.order.by.next(), ..self.order }, catalog, now),
            ListAction::Reverse => {
                self.sort(SortOrder { direction: self.order.direction.other(), ..self.order }, catalog, now)
            }
        }
    }

    /// Selects an asset as soon as it is there, unless another one is selected before.
    pub(super) fn await_asset(&mut self, id: Option<AssetId>) {
        self.awaited = id;
    }

    /// The asset that is selected as soon as it is there.
    pub fn awaited(&self) -> Option<&AssetId> {
        self.awaited.as_ref()
    }

    /// Stops waiting for an asset that was not in what was read; returns whether there was one.
    pub(super) fn give_up_awaited(&mut self, catalog: &Catalog) -> bool {
        self.awaited.take_if(|id| catalog.find(id).is_none()).is_some()
    }

    /// Selects the awaited asset once it is there.
    fn select_awaited(&mut self, catalog: &Catalog) {
        let found = self.awaited.as_ref().and_then(|id| catalog.find(id)).map(|asset| asset.key());
        if let Some(key) = found {
            self.awaited = None;
            self.select(key);
        }
    }

    /// Notes that an asset is new or has changed; [`Self::update_rows`] moves it to its place.
    pub fn note_change(&mut self, key: AssetKey) {
        self.pending.push(key);
    }

    /// Notes what is known of the pictures of an event of an asset.
    pub(super) fn note_checked(&mut self, asset: AssetKey, event: EventKey, tally: CheckTally) {
        self.checked.insert(event, tally);
        if self.filter.needs_check() {
            self.pending.push(asset);
        }
    }

    /// The counts of the pictures of an asset, by verdict.
    pub fn checked(&self, asset: &Asset<'_>) -> Option<&CheckTally> {
        self.checked.get(&asset.picture_event()?.key)
    }

    /// Counts an event that arrived while the list did not stick to the newest row.
    pub fn count_unread(&mut self, status: &Status) {
        if self.stick == Stick::Holding {
            self.unread.new += 1;
            self.unread.failed += usize::from(*status == Status::Failed);
        }
    }

    /// Returns whether changes wait for [`Self::update_rows`].
    pub fn has_pending_changes(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Applies pending changes if it is time for that; returns whether it was.
    pub fn update_if_due(&mut self, catalog: &Catalog, now: Now) -> bool {
        let is_early = self.rows().len() >= MANY_ROWS && now.mono.saturating_sub(self.updated_at) < UPDATE_INTERVAL;
        if self.pending.is_empty() || is_early {
            return false;
        }
        self.updated_at = now.mono;
        self.update_rows(catalog, now.wall);
        true
    }

    /// Moves changed assets to their places. The selection stays on its asset.
    pub fn update_rows(&mut self, catalog: &Catalog, now: Time) {
        let changed = self.update_all(catalog);
        if let Some(passing) = &mut self.passing {
            passing.update(&changed, catalog, |asset| self.filter.passes(asset, &self.checked, now));
        }
        if let Some(Search { pattern, found, .. }) = &mut self.search {
            found.update(&changed, catalog, |asset| pattern.matches(asset));
        }
        if let Some(rows) = &mut self.rows {
            // An asset that the operator looks at stays, whatever became of it.
            let held = self.chosen.filter(|_| self.stick == Stick::Holding);
            let is_shown = is_shown(self.tab, self.passing.as_ref(), catalog);
            rows.put(&changed, self.order, catalog, |asset| is_shown(asset.key()) || Some(asset.key()) == held);
        }
        self.keep_selection();
        self.select_awaited(catalog);
    }

    /// Lowers the number of assets that are kept where the memory in use demands it, and says so the first time.
    pub(super) fn limit_by_memory(&mut self, memory: MemoryUse, now: Time, notices: &mut Notices) -> ActionOutcome {
        self.asset_limit.lower(memory, self.all.keys().len(), now).map_or_else(ActionOutcome::default, |notice| {
            notices.notice(notice.clone());
            ActionOutcome::say(notice.text)
        })
    }

    /// Removes the oldest assets beyond those that are kept, once they are enough to be worth a pass over all rows, and
    /// returns them. The selected asset is never among them.
    pub(super) fn remove_oldest(&mut self, catalog: &Catalog) -> Vec<AssetKey> {
        let Some(keep) = self.asset_limit.keep() else { return Vec::new() };
        let excess = self.all.keys().len().saturating_sub(keep);
        if excess <= keep / DROP_SHARE {
            return Vec::new();
        }
        let keys = self.all.keys().iter().take(excess).copied();
        let oldest: Vec<_> = keys.filter(|key| Some(*key) != self.selected && Some(*key) != self.chosen).collect();
        for event in oldest.iter().filter_map(|key| catalog.asset(*key)).flat_map(|asset| asset.history()) {
            self.checked.remove(&event);
        }
        self.remove(&oldest);
        oldest
    }

    /// Removes assets.
    fn remove(&mut self, keys: &[AssetKey]) {
        self.all.remove(keys);
        if let Some(rows) = &mut self.rows {
            rows.remove(keys);
        }
        let found = self.search.as_mut().map(|search| &mut search.found);
        self.passing.iter_mut().chain(found).for_each(|passing| passing.remove(keys));
        self.keep_selection();
    }

    /// Moves changed assets to their places among all assets, and returns them.
    fn update_all(&mut self, catalog: &Catalog) -> Vec<AssetKey> {
        let mut changed = std::mem::take(&mut self.pending);
        changed.sort_unstable();
        changed.dedup();
        self.all.put(&changed, SortOrder::default(), catalog, |_| true);
        changed
    }

    /// The rows on the screen, from the top.
    pub fn visible(&self) -> &[AssetKey] {
        let end = (self.top + self.height).min(self.rows().len());
        self.rows().get(self.top.min(end)..end).unwrap_or_default()
    }

    /// All rows that pass the tab and the filter.
    pub fn rows(&self) -> &[AssetKey] {
        self.listed().keys()
    }

    fn listed(&self) -> &Rows {
        self.rows.as_ref().unwrap_or(&self.all)
    }

    /// The lines on the screen.
    pub fn lines(&self, catalog: &Catalog, now: Time, zone: &TimeZone) -> Vec<ListLine> {
        if self.order.by == Criterion::Time {
            lines(self.visible(), self.selected, self.height, catalog, now, zone)
        } else {
            self.visible().iter().copied().map(ListLine::Asset).collect()
        }
    }

    /// The selected asset.
    pub fn selected(&self) -> Option<AssetKey> {
        self.selected
    }

    /// The row of the selected asset, from 0.
    pub fn selected_row(&self) -> usize {
        self.selected_row
    }

    /// The assets in the rows above and below the selected one.
    pub fn neighbours(&self) -> impl Iterator<Item = AssetKey> {
        let rows = [self.selected_row.checked_sub(1), Some(self.selected_row + 1)];
        rows.into_iter().flatten().filter_map(|row| self.rows().get(row).copied())
    }

    /// The bond of the selection to the newest row.
    pub fn stick(&self) -> Stick {
        self.stick
    }

    /// The events that arrived since the list stopped sticking to the newest row.
    pub fn unread(&self) -> Unread {
        self.unread
    }

    /// The status tab.
    pub fn tab(&self) -> StatusTab {
        self.tab
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The number of assets that pass the filter, by status; `None` without a filter.
    pub fn filtered_counts(&self) -> Option<TabCounts> {
        self.passing.as_ref().map(PassingAssets::counts)
    }

    /// Returns whether an asset passes the filter, on whatever tab.
    pub fn passes_filter(&self, key: AssetKey) -> bool {
        self.passing.as_ref().is_none_or(|passing| passing.contains(key))
    }

    /// Returns whether an asset that may not be listed yet passes the filter.
    pub(super) fn passes(&self, asset: &Asset<'_>, now: Time) -> bool {
        self.filter.passes(asset, &self.checked, now)
    }

    /// The order of the rows.
    pub fn order(&self) -> SortOrder {
        self.order
    }

    /// The search, while there is one.
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// The number of rows that fit on the screen.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Sets the number of rows that fit on the screen.
    pub fn set_height(&mut self, height: usize) {
        self.height = height;
        self.keep_selection();
    }

    /// Moves the selection by rows and holds it. The list sticks to the newest row again if it is moved to that end at
    /// once, by `isize::MIN` or `isize::MAX`.
    pub fn step(&mut self, by: isize) {
        self.choose(self.selected_row.saturating_add_signed(by));
        if matches!(by, isize::MIN | isize::MAX) && self.selected_row == self.newest_row() {
            self.stick = Stick::Sticking;
            self.unread = Unread::default();
        }
        self.scroll();
    }

    /// Holds the selection on its asset, which the operator looks at.
    pub fn hold(&mut self) {
        self.stick = Stick::Holding;
        self.chosen = self.selected;
        self.awaited = None;
    }

    fn choose(&mut self, row: usize) {
        self.selected_row = row.min(self.rows().len().saturating_sub(1));
        self.selected = self.rows().get(self.selected_row).copied();
        self.chosen = self.selected;
        self.stick = Stick::Holding;
        self.awaited = None;
    }

    /// Selects a row that was looked for, and shows the rows around it.
    fn jump_to(&mut self, row: usize) {
        self.choose(row);
        self.reveal();
    }

    /// Selects an asset if it is listed; returns whether it is.
    pub fn select(&mut self, key: AssetKey) -> bool {
        let row = self.rows().iter().position(|row| *row == key);
        if let Some(row) = row {
            self.jump_to(row);
        }
        row.is_some()
    }

    /// Sets the status tab.
    pub fn set_tab(&mut self, tab: StatusTab, catalog: &Catalog, now: Time) {
        self.tab = tab;
        self.rebuild(catalog, now);
    }

    /// Sets the order. The selection stays on its asset.
    pub fn set_order(&mut self, order: SortOrder, catalog: &Catalog, now: Time) {
        self.order = order;
        let stick = self.stick;
        if stick == Stick::Sticking {
            self.hold();
        }
        self.rebuild(catalog, now);
        if self.selected_row == self.newest_row() {
            self.stick = stick;
        }
    }

    /// Searches and goes to the first hit from the selection on.
    fn set_search(&mut self, (pattern, found): (TextSearch, PassingAssets)) -> ActionOutcome {
        let rows = self.listed().places_where(|key| found.contains(key));
        let first = rows.get(rows.partition_point(|row| *row < self.selected_row)).or(rows.first()).copied();
        let text = pattern.pattern();
        self.search = Some(Search { pattern, found, hits: rows.len() });
        if let Some(row) = first {
            self.jump_to(row);
        }
        ActionOutcome::say(match rows.len() {
            0 => format!("no hit for {text}"),
            1 => format!("1 hit for {text}"),
            hits => format!("{hits} hits for {text} · `n` next, `N` previous"),
        })
    }

    /// Begins to count the hits of a search.
    pub(super) fn count_hits(&self, search: TextSearch, catalog: &Catalog) -> HitCount {
        HitCount::new(search, self.all.keys(), self.listed().listed(), catalog)
    }

    /// Searches for a pattern, of which hits may have been counted; ends the search if it is empty.
    pub(super) fn search_for(&mut self, pattern: &str, hits: Option<HitCount>, catalog: &Catalog) -> ActionOutcome {
        if pattern.is_empty() {
            self.search = None;
            return ActionOutcome::default();
        }
        let hits = hits.filter(|hits| hits.is_of(pattern, catalog));
        match hits.map_or_else(|| TextSearch::new(pattern).map(|search| self.count_hits(search, catalog)), Ok) {
            Ok(hits) => self.set_search(hits.finish(catalog)),
            Err(error) => ActionOutcome::say(error.to_string()),
        }
    }

    /// Ends the search, or else clears the filter; returns whether there was one.
    pub(super) fn clear_search_or_filter(&mut self, catalog: &Catalog, now: Time) -> bool {
        if self.search.take().is_some() {
            return true;
        }
        let is_filtered = !self.filter.is_empty();
        if is_filtered {
            self.set_filter(Filter::default(), catalog, now);
        }
        is_filtered
    }

    fn sort(&mut self, order: SortOrder, catalog: &Catalog, now: Time) -> ActionOutcome {
        self.set_order(order, catalog, now);
        ActionOutcome::say(format!("sorted {order}"))
    }

    /// Selects the asset that a name means.
    pub(super) fn select_named(&mut self, name: &str, catalog: &Catalog) -> ActionOutcome {
        ActionOutcome::say(match catalog.find_named(name) {
            AssetLookup::None => format!("no asset has an id or title like \"{name}\""),
            AssetLookup::One(key) if self.select(key) => return ActionOutcome::default(),
            AssetLookup::One(_) => format!("\"{name}\" is not listed now · `Esc` clears the filter and the tab"),
            AssetLookup::Several(count) => {
                format!("{} assets have an id or title like \"{name}\": type more of it", thousands(count as u64))
            }
        })
    }

    /// Goes to the nearest row in a direction of which `wanted` holds, past the end of the list if need be.
    pub fn find(&mut self, direction: Direction, wanted: impl Fn(AssetKey) -> bool) -> Option<FoundRow> {
        let rows = self.listed().places_where(wanted);
        let count = rows.len();
        if count == 0 {
            return None;
        }
        let (at, is_wrapped) = match direction {
            Direction::Forward => {
                let after = rows.partition_point(|row| *row <= self.selected_row);
                (after % count, after == count)
            }
            Direction::Backward => {
                let after = rows.partition_point(|row| *row < self.selected_row);
                ((after + count - 1) % count, after == 0)
            }
        };
        self.jump_to(rows[at]);
        Some(FoundRow { number: at + 1, count, is_wrapped })
    }

    /// Goes to the next failed asset in a direction.
    fn find_failure(&mut self, direction: Direction, catalog: &Catalog) -> ActionOutcome {
        let is_failed = |key| catalog.asset(key).is_some_and(|asset| *asset.status() == Status::Failed);
        match self.find(direction, is_failed) {
            Some(found) => found_message("FAILED asset", found, direction),
            None => ActionOutcome::say("no FAILED asset is listed"),
        }
    }

    /// Goes to the next hit of the search in a direction.
    fn find_hit(&mut self, direction: Direction) -> ActionOutcome {
        let Some(search) = self.search.take() else {
            return ActionOutcome::say("no search yet · `/` searches");
        };
        let found = self.find(direction, |key| search.found.contains(key));
        let pattern = self.search.insert(search).pattern.pattern();
        match found {
            Some(found) => found_message("hit", found, direction),
            None => ActionOutcome::say(format!("no hit for {pattern}")),
        }
    }

    fn keep_selection(&mut self) {
        if self.stick == Stick::Sticking {
            self.selected_row = self.newest_row();
        } else if self.selected.is_none() || self.rows().get(self.selected_row) != self.chosen.as_ref() {
            let row_of = |key: Option<AssetKey>| self.rows().iter().position(|row| Some(*row) == key);
            let row = row_of(self.chosen).or_else(|| row_of(self.selected));
            self.selected_row = row.unwrap_or(self.selected_row).min(self.rows().len().saturating_sub(1));
        }
        self.selected = self.rows().get(self.selected_row).copied();
        self.reveal();
    }

    /// The row of the newest asset; in another order than that of time, the row at that end.
    fn newest_row(&self) -> usize {
        match self.order.direction {
            SortDirection::Rising => self.rows().len().saturating_sub(1),
            SortDirection::Falling => 0,
        }
    }

    /// Scrolls the selection to the middle of the screen if it is outside.
    fn reveal(&mut self) {
        if !(self.top..self.top + self.height).contains(&self.selected_row) {
            self.top = self.selected_row.saturating_sub(self.height / 2);
        }
        self.scroll();
    }

    /// Keeps the selection on the screen, and the screen full.
    fn scroll(&mut self) {
        let lowest = self.rows().len().saturating_sub(self.height);
        let highest = (self.selected_row + 1).saturating_sub(self.height);
        self.top = self.top.min(self.selected_row).max(highest).min(lowest);
    }
}

#[cfg(test)]
mod tests;
