//! The list pane: which assets stand in it, in which order, and which one is selected.
//!
//! The selection is an asset, not a row: it stays where it is while rows arrive, move and vanish. *Stick* is the list's
//! bond to its newest row. Rows are settled in batches, so that a log of 300 000 assets loads without a sort an event.

mod rows;

pub use rows::{Criterion, SortDirection, SortOrder};

use crate::{
    app::filter::{Filter, StatusTab, TextSearch},
    catalog::{Asset, AssetKey, Catalog},
    event::{Status, Time},
};
use rows::Rows;

/// The list pane.
#[derive(Clone, Debug, Default)]
pub struct AssetList {
    /// Every asset, by time: what the list is made from when its filter or its order changes.
    all: Rows,
    /// What stands in the list; `None` where that is all of them, by time.
    rows: Option<Rows>,
    /// What waits for [`Self::settle`]; an asset may stand in it several times.
    changed: Vec<AssetKey>,
    selected: Option<AssetKey>,
    /// The asset that was selected on purpose; it is selected again as soon as it is listed again.
    chosen: Option<AssetKey>,
    at: usize,
    top: usize,
    height: usize,
    stick: Stick,
    unread: Unread,
    tab: StatusTab,
    filter: Filter,
    order: SortOrder,
    search: Option<(TextSearch, usize)>,
}

/// Whether the selection moves on to the newest row as rows arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stick {
    /// It does.
    #[default]
    ToNewest,
    /// It stays on its asset.
    ToAsset,
}

/// What came while the list did not stick to the newest row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Events.
    pub new: usize,
    /// Of these, failures.
    pub failed: usize,
}

/// A row that was looked for and found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which of such rows it is, from 1.
    pub number: usize,
    /// How many there are.
    pub count: usize,
    /// Whether the way led over an end of the list.
    pub round: bool,
}

impl AssetList {
    /// Notes that an asset is new or has another newest event; [`Self::settle`] puts it into its place.
    pub fn changed(&mut self, key: AssetKey) {
        self.changed.push(key);
    }

    /// Counts an event that came while the list did not stick.
    pub fn count_unread(&mut self, status: &Status) {
        if self.stick == Stick::ToAsset {
            self.unread.new += 1;
            self.unread.failed += usize::from(*status == Status::Failed);
        }
    }

    /// Whether rows wait for [`Self::settle`].
    pub fn is_unsettled(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Puts what changed into its place and keeps the selection on its asset.
    pub fn settle(&mut self, catalog: &Catalog, now: Time) {
        let changed = self.settle_all(catalog);
        if let Some(rows) = &mut self.rows {
            rows.put(&changed, self.order, catalog, shows(self.tab, &self.filter, now));
        }
        self.keep_selection();
    }

    /// Filters and sorts all rows anew.
    fn rebuild(&mut self, catalog: &Catalog, now: Time) {
        self.settle_all(catalog);
        let is_all = self.tab == StatusTab::All && self.filter.is_empty() && self.order == SortOrder::default();
        self.rows = (!is_all).then(|| self.all.sorted(self.order, catalog, shows(self.tab, &self.filter, now)));
        self.keep_selection();
    }

    /// Puts what changed into its place among all assets, and tells what that was.
    fn settle_all(&mut self, catalog: &Catalog) -> Vec<AssetKey> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        self.all.put(&changed, SortOrder::default(), catalog, |_| true);
        changed
    }

    /// The rows on the screen: their keys, oldest first.
    pub fn visible(&self) -> &[AssetKey] {
        let end = (self.top + self.height).min(self.rows().len());
        self.rows().get(self.top.min(end)..end).unwrap_or_default()
    }

    /// All rows that pass the tab and the filter.
    pub fn rows(&self) -> &[AssetKey] {
        self.rows.as_ref().unwrap_or(&self.all).keys()
    }

    /// The selected asset.
    pub fn selected(&self) -> Option<AssetKey> {
        self.selected
    }

    /// The row of the selected asset, from 0.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Whether the list sticks to the newest row.
    pub fn stick(&self) -> Stick {
        self.stick
    }

    /// What came meanwhile.
    pub fn unread(&self) -> Unread {
        self.unread
    }

    /// Which statuses are shown.
    pub fn tab(&self) -> StatusTab {
        self.tab
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// What the rows are sorted by.
    pub fn order(&self) -> SortOrder {
        self.order
    }

    /// The search and its number of hits when it was typed.
    pub fn search(&self) -> Option<&(TextSearch, usize)> {
        self.search.as_ref()
    }

    /// Rows that fit on the screen.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Tells how many rows fit on the screen.
    pub fn set_height(&mut self, height: usize) {
        self.height = height;
        self.keep_selection();
    }

    /// Moves the selection by rows; anything but the newest row unsticks.
    pub fn step(&mut self, by: isize) {
        self.go_to(self.at.saturating_add_signed(by));
    }

    /// Selects a row, counted from 0.
    pub fn go_to(&mut self, row: usize) {
        self.choose(row);
        self.scroll();
    }

    fn choose(&mut self, row: usize) {
        self.at = row.min(self.rows().len().saturating_sub(1));
        self.selected = self.rows().get(self.at).copied();
        self.chosen = self.selected;
        if self.at == self.newest() {
            self.stick = Stick::ToNewest;
            self.unread = Unread::default();
        } else {
            self.stick = Stick::ToAsset;
        }
    }

    /// Selects a row that was looked for, and shows what is around it.
    fn jump_to(&mut self, row: usize) {
        self.choose(row);
        self.reveal();
    }

    /// Selects an asset where it is in the list; returns whether it is.
    pub fn select(&mut self, key: AssetKey) -> bool {
        let row = self.rows().iter().position(|row| *row == key);
        if let Some(row) = row {
            self.jump_to(row);
        }
        row.is_some()
    }

    /// Shows other statuses.
    pub fn set_tab(&mut self, tab: StatusTab, catalog: &Catalog, now: Time) {
        self.tab = tab;
        self.rebuild(catalog, now);
    }

    /// Filters otherwise.
    pub fn set_filter(&mut self, filter: Filter, catalog: &Catalog, now: Time) {
        self.filter = filter;
        self.rebuild(catalog, now);
    }

    /// Sorts otherwise; the selection stays on its asset, wherever that comes to stand.
    pub fn set_order(&mut self, order: SortOrder, catalog: &Catalog, now: Time) {
        self.order = order;
        if self.stick == Stick::ToNewest {
            self.chosen = self.selected;
        }
        self.stick = Stick::ToAsset;
        self.rebuild(catalog, now);
        if self.at == self.newest() {
            self.stick = Stick::ToNewest;
            self.unread = Unread::default();
        }
    }

    /// Searches and goes to the first hit from the selection on; returns the number of hits.
    pub fn set_search(&mut self, search: Option<TextSearch>, catalog: &Catalog) -> usize {
        let Some(search) = search else {
            self.search = None;
            return 0;
        };
        let rows = self.rows_of(|key| catalog.asset(key).is_some_and(|asset| search.matches(&asset)));
        let first = rows.get(rows.partition_point(|row| *row < self.at)).or(rows.first()).copied();
        let hits = rows.len();
        self.search = Some((search, hits));
        if let Some(row) = first {
            self.jump_to(row);
        }
        hits
    }

    /// Goes to the next row below, or above, of which `wanted` holds, round the ends.
    pub fn find(&mut self, on: bool, wanted: impl Fn(AssetKey) -> bool) -> Option<Hit> {
        let hits = self.rows_of(wanted);
        let after = hits.partition_point(|row| if on { *row <= self.at } else { *row < self.at });
        let (at, round) = match (on, hits.len()) {
            (_, 0) => return None,
            (true, count) => (after % count, after == count),
            (false, count) => ((after + count - 1) % count, after == 0),
        };
        self.jump_to(hits[at]);
        Some(Hit { number: at + 1, count: hits.len(), round })
    }

    /// The rows of which something holds. It is asked in the order in which assets lie in memory: in the order of their
    /// ids, each would be waited for.
    fn rows_of(&self, wanted: impl Fn(AssetKey) -> bool) -> Vec<usize> {
        let mut keys = self.rows().to_vec();
        keys.sort_unstable();
        keys.retain(|key| wanted(*key));
        let mut holds = vec![false; keys.last().map_or(0, |AssetKey(last)| *last as usize + 1)];
        for AssetKey(key) in keys {
            holds[key as usize] = true;
        }
        let rows = self.rows().iter().enumerate();
        rows.filter(|(_, AssetKey(key))| holds.get(*key as usize) == Some(&true)).map(|(row, _)| row).collect()
    }

    fn keep_selection(&mut self) {
        if self.stick == Stick::ToNewest {
            self.at = self.newest();
        } else if self.selected.is_none() || self.rows().get(self.at) != self.chosen.as_ref() {
            let row_of = |key: Option<AssetKey>| self.rows().iter().position(|row| Some(*row) == key);
            let row = row_of(self.chosen).or_else(|| row_of(self.selected));
            self.at = row.unwrap_or(self.at).min(self.rows().len().saturating_sub(1));
        }
        self.selected = self.rows().get(self.at).copied();
        self.reveal();
    }

    /// The row of the newest asset where the list is sorted by time, and that end of it where it is not.
    fn newest(&self) -> usize {
        match self.order.direction {
            SortDirection::Rising => self.rows().len().saturating_sub(1),
            SortDirection::Falling => 0,
        }
    }

    /// Brings the selection to the middle of the screen where it would stand outside.
    fn reveal(&mut self) {
        if !(self.top..self.top + self.height).contains(&self.at) {
            self.top = self.at.saturating_sub(self.height / 2);
        }
        self.scroll();
    }

    /// Keeps the selection on the screen, and the screen full.
    fn scroll(&mut self) {
        let lowest = self.rows().len().saturating_sub(self.height);
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(self.height)).min(lowest);
    }
}

/// Whether an asset stands in the list.
fn shows(tab: StatusTab, filter: &Filter, now: Time) -> impl Fn(&Asset<'_>) -> bool {
    move |asset| tab.shows(asset.status()) && filter.matches(asset, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AssetId, EventKind, LogEvent, Oddities, Origin, Pictures};
    use proptest::prelude::*;

    const NOW: Time = Time::from_micros(0);

    fn event(id: &str, at: i64, status: &str) -> LogEvent {
        LogEvent {
            kind: EventKind::Thumbnail,
            asset: AssetId::new(id).unwrap(),
            status: Status::new(status),
            time: Some(Time::from_micros(at)),
            origin: Origin { byte: u64::try_from(at).unwrap(), ..Origin::default() },
            delivery: None,
            clock: None,
            pictures: Pictures::default(),
            fault: None,
            facts: None,
            oddities: Oddities::default(),
        }
    }

    struct ListFixture {
        catalog: Catalog,
        assets: AssetList,
    }

    impl ListFixture {
        fn new(events: &[(&str, i64, &str)]) -> Self {
            let mut list = Self { catalog: Catalog::default(), assets: AssetList::default() };
            list.assets.set_height(3);
            list.add(events);
            list
        }

        fn add(&mut self, events: &[(&str, i64, &str)]) {
            for (id, at, status) in events {
                let key = self.catalog.apply(event(id, *at, status)).unwrap().asset;
                self.assets.changed(key);
            }
            self.assets.settle(&self.catalog, NOW);
        }

        fn ids(&self, keys: &[AssetKey]) -> String {
            keys.iter().map(|key| self.catalog.asset(*key).unwrap().id().to_string()).collect()
        }

        fn selected(&self) -> String {
            self.assets.selected().map(|key| self.ids(&[key])).unwrap_or_default()
        }
    }

    #[test]
    fn newest_stands_at_the_bottom_and_is_stuck_to() {
        let mut list = ListFixture::new(&[("b", 2, "SUCCEED"), ("a", 1, "FAILED"), ("c", 3, "SUCCEED")]);
        assert_eq!(list.ids(list.assets.rows()), "abc");
        assert_eq!(list.selected(), "c");
        list.add(&[("d", 4, "SUCCEED")]);
        assert_eq!((list.selected().as_str(), list.ids(list.assets.visible()).as_str()), ("d", "bcd"));
    }

    #[test]
    fn the_selection_stays_on_its_asset() {
        let mut list = ListFixture::new(&[("a", 1, ""), ("b", 2, ""), ("c", 3, "")]);
        list.assets.step(-1);
        list.add(&[("d", 4, ""), ("a", 5, "")]);
        assert_eq!(list.ids(list.assets.rows()), "bcda");
        assert_eq!(list.selected(), "b");
        list.add(&[("b", 9, "")]);
        assert_eq!((list.selected().as_str(), list.assets.at()), ("b", 3));
    }

    #[test]
    fn a_late_event_of_old_time_goes_up() {
        let mut list = ListFixture::new(&[("a", 10, ""), ("c", 30, "")]);
        list.add(&[("b", 20, ""), ("d", 40, ""), ("0", 5, "")]);
        assert_eq!(list.ids(list.assets.rows()), "0abcd");
    }

    #[test]
    fn the_other_way_round_the_newest_is_stuck_to_on_top() {
        let mut list = ListFixture::new(&[("a", 1, ""), ("b", 2, ""), ("c", 3, ""), ("d", 4, "")]);
        let falling = SortOrder { direction: SortDirection::Falling, ..SortOrder::default() };
        list.assets.set_order(falling, &list.catalog, NOW);
        assert_eq!((list.ids(list.assets.rows()).as_str(), list.selected().as_str()), ("dcba", "d"));
        list.add(&[("e", 5, "")]);
        assert_eq!((list.ids(list.assets.visible()).as_str(), list.selected().as_str()), ("edc", "e"));
        list.assets.step(1);
        list.add(&[("f", 6, "")]);
        assert_eq!((list.selected().as_str(), list.assets.stick()), ("d", Stick::ToAsset));
        list.assets.step(isize::MIN);
        assert_eq!((list.selected().as_str(), list.assets.stick()), ("f", Stick::ToNewest));
    }

    #[test]
    fn tabs_filter_and_find() {
        let mut list = ListFixture::new(&[
            ("a", 1, "FAILED"),
            ("b", 2, "SUCCEED"),
            ("c", 3, "FAILED"),
            ("d", 4, "X"),
            ("e", 5, "SUCCEED"),
        ]);
        let failed = |list: &ListFixture| {
            let catalog = list.catalog.clone();
            move |key| catalog.asset(key).is_some_and(|asset| *asset.status() == Status::Failed)
        };
        let test = failed(&list);
        let hit = |number, round| Some(Hit { number, count: 2, round });
        assert_eq!(list.assets.find(true, &test), hit(1, true));
        assert_eq!(list.selected(), "a");
        assert_eq!(list.assets.find(true, &test), hit(2, false));
        assert_eq!(list.assets.find(false, &test), hit(1, false));
        assert_eq!(list.assets.find(false, &test), hit(2, true));
        list.assets.set_tab(StatusTab::Failed, &list.catalog, NOW);
        assert_eq!((list.ids(list.assets.rows()).as_str(), list.selected().as_str()), ("ac", "c"));
        list.assets.set_tab(StatusTab::Other, &list.catalog, NOW);
        assert_eq!(list.selected(), "d");
    }

    proptest! {
        /// However the rows came into their places, they stand as if all were sorted at once.
        #[test]
        fn rows_put_into_place_stand_as_sorted_rows(
            batches in prop::collection::vec(prop::collection::vec((0..12u8, 0..40i64, 0..3usize), 0..9), 1..9),
            order in 0..5usize, falling: bool, tab in 0..4usize,
        ) {
            let mut list = ListFixture::new(&[]);
            let by = (0..order).fold(Criterion::Time, |by, _| by.next());
            let direction = if falling { SortDirection::Falling } else { SortDirection::Rising };
            list.assets.set_order(SortOrder { by, direction }, &list.catalog, NOW);
            list.assets.set_tab(StatusTab::ALL[tab], &list.catalog, NOW);
            for (batch, batch_number) in batches.iter().zip(0..) {
                let ids: Vec<String> = batch.iter().map(|(id, ..)| id.to_string()).collect();
                // No two events stand at one place.
                let events: Vec<_> = (0..)
                    .zip(batch.iter().zip(&ids))
                    .map(|(n, ((_, at, status), id))| {
                        (id.as_str(), at * 1000 + batch_number * 10 + n, ["SUCCEED", "FAILED", "X"][*status])
                    })
                    .collect();
                list.add(&events);
            }
            let mut whole = list.assets.clone();
            whole.set_order(list.assets.order(), &list.catalog, NOW);
            prop_assert_eq!(list.ids(list.assets.rows()), list.ids(whole.rows()));
            let shown = list.catalog.assets().filter(|asset| StatusTab::ALL[tab].shows(asset.status())).count();
            prop_assert_eq!(whole.rows().len(), shown);
        }
    }

    #[test]
    fn an_empty_list_bears_every_step() {
        let mut assets = AssetList::default();
        assets.step(1);
        assets.step(-1);
        assets.go_to(7);
        assert_eq!((assets.selected(), assets.visible().len(), assets.find(true, |_| true)), (None, 0, None));
    }
}
