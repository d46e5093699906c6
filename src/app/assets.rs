//! The list pane: which assets stand in it, in which order, and which one is selected.
//!
//! The selection is an asset, not a row: it stays where it is while rows arrive, move and vanish. *Stick* is the list's
//! bond to its newest row. Rows are settled in batches, so that a log of 300 000 assets loads without a sort an event.

use crate::{
    app::filter::{Filter, Search, StatusTab},
    catalog::{Asset, AssetKey, Catalog, Rank},
    event::{AssetId, Offset, Status, Time},
};
use std::collections::HashSet;

/// The list pane.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    rows: Vec<AssetKey>,
    /// Whether an asset stands in `rows`, by its key.
    listed: Vec<bool>,
    changed: HashSet<AssetKey>,
    selected: Option<AssetKey>,
    at: usize,
    top: usize,
    height: usize,
    stick: Stick,
    unread: Unread,
    tab: StatusTab,
    filter: Filter,
    order: Order,
    search: Option<(Search, usize)>,
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

/// What the list is sorted by; of equal ones the older stands above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
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

impl Order {
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

    /// The word on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Id => "id",
            Self::Status => "status",
            Self::Pictures => "pictures",
            Self::Duration => "duration",
        }
    }

    /// What places an asset among the others. Made once a row: a sort asks for it twenty times.
    fn place(self, asset: &Asset<'_>) -> Place {
        let by = match self {
            Self::Time => By::Nothing,
            Self::Id => By::Id(asset.id().clone()),
            Self::Status => By::Number(match asset.status() {
                Status::Succeed => 0,
                Status::Other(_) => 1,
                Status::Failed => 2,
            }),
            Self::Pictures => By::Number(pictures(asset)),
            Self::Duration => By::Number(length(asset).map_or(i64::MIN, Offset::as_millis)),
        };
        Place { by, rank: asset.rank(), key: asset.key() }
    }
}

/// A row in the making, with what sorts it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    by: By,
    rank: Rank,
    key: AssetKey,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Nothing,
    Number(i64),
    Id(AssetId),
}

fn pictures(asset: &Asset<'_>) -> i64 {
    asset.pictures().map_or(0, |pictures| i64::try_from(pictures.len()).unwrap_or(i64::MAX))
}

fn length(asset: &Asset<'_>) -> Option<Offset> {
    asset.duration().or_else(|| asset.pictures().and_then(crate::event::Pictures::last_offset))
}

impl Assets {
    /// Notes that an asset is new or has another newest event; [`Self::settle`] puts it into its place.
    pub fn changed(&mut self, key: AssetKey) {
        self.changed.insert(key);
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
        let changed = std::mem::take(&mut self.changed);
        let assets = changed.iter().filter_map(|key| catalog.asset(*key)).filter(|asset| self.shows(asset, now));
        let mut fresh: Vec<Place> = assets.map(|asset| self.order.place(&asset)).collect();
        fresh.sort_unstable();
        // Most of what changed is new, and no row need be looked at.
        let mut moved: Vec<AssetKey> = changed.into_iter().filter(|key| self.is_listed(*key)).collect();
        if !moved.is_empty() {
            moved.sort_unstable();
            self.rows.retain(|key| moved.binary_search(key).is_err());
            for key in &moved {
                self.list(*key, false);
            }
        }
        for place in &fresh {
            self.list(place.key, true);
        }
        self.merge(catalog, &fresh);
        self.keep_selection();
    }

    /// Filters and sorts all rows anew.
    fn rebuild(&mut self, catalog: &Catalog, now: Time) {
        self.changed.clear();
        let assets = catalog.assets().filter(|asset| self.shows(asset, now));
        let mut places: Vec<Place> = assets.map(|asset| self.order.place(&asset)).collect();
        // Events come nearly in the order of time, and a stable sort makes use of that.
        places.sort();
        self.rows = places.iter().map(|place| place.key).collect();
        self.listed.clear();
        for place in &places {
            self.list(place.key, true);
        }
        self.keep_selection();
    }

    fn is_listed(&self, key: AssetKey) -> bool {
        self.listed.get(key.0 as usize).is_some_and(|listed| *listed)
    }

    fn list(&mut self, key: AssetKey, listed: bool) {
        let at = key.0 as usize;
        if self.listed.len() <= at {
            self.listed.resize(at + 1, false);
        }
        self.listed[at] = listed;
    }

    /// The rows on the screen: their keys, oldest first.
    pub fn visible(&self) -> &[AssetKey] {
        let end = (self.top + self.height).min(self.rows.len());
        self.rows.get(self.top.min(end)..end).unwrap_or_default()
    }

    /// All rows that pass the tab and the filter.
    pub fn rows(&self) -> &[AssetKey] {
        &self.rows
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
    pub fn order(&self) -> Order {
        self.order
    }

    /// The search and its number of hits when it was typed.
    pub fn search(&self) -> Option<&(Search, usize)> {
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

    /// Moves the selection by rows; anything but the last row unsticks.
    pub fn step(&mut self, by: isize) {
        self.go_to(self.at.saturating_add_signed(by));
    }

    /// Selects a row, counted from 0.
    pub fn go_to(&mut self, row: usize) {
        let last = self.rows.len().saturating_sub(1);
        self.at = row.min(last);
        self.selected = self.rows.get(self.at).copied();
        if self.at == last {
            self.stick = Stick::ToNewest;
            self.unread = Unread::default();
        } else {
            self.stick = Stick::ToAsset;
        }
        self.scroll();
    }

    /// Selects an asset where it is in the list; returns whether it is.
    pub fn select(&mut self, key: AssetKey) -> bool {
        let row = self.rows.iter().position(|row| *row == key);
        if let Some(row) = row {
            self.go_to(row);
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

    /// Sorts otherwise.
    pub fn set_order(&mut self, order: Order, catalog: &Catalog, now: Time) {
        self.order = order;
        self.rebuild(catalog, now);
    }

    /// Searches and goes to the first hit from the selection on; returns the number of hits.
    pub fn set_search(&mut self, search: Option<Search>, catalog: &Catalog) -> usize {
        let Some(search) = search else {
            self.search = None;
            return 0;
        };
        let hit = |row: &usize| catalog.asset(self.rows[*row]).is_some_and(|asset| search.matches(&asset));
        let rows: Vec<usize> = (0..self.rows.len()).filter(hit).collect();
        let first = rows.get(rows.partition_point(|row| *row < self.at)).or(rows.first()).copied();
        let hits = rows.len();
        self.search = Some((search, hits));
        if let Some(row) = first {
            self.go_to(row);
        }
        hits
    }

    /// Goes to the next row below, or above, of which `wanted` holds, round the ends. Returns its number among such
    /// rows, from 1, and how many there are.
    pub fn find(&mut self, on: bool, wanted: impl Fn(AssetKey) -> bool) -> Option<(usize, usize)> {
        let hits: Vec<usize> = (0..self.rows.len()).filter(|row| wanted(self.rows[*row])).collect();
        let after = hits.partition_point(|row| if on { *row <= self.at } else { *row < self.at });
        let number = match (on, hits.len()) {
            (_, 0) => return None,
            (true, count) => after % count,
            (false, count) => (after + count - 1) % count,
        };
        self.go_to(hits[number]);
        Some((number + 1, hits.len()))
    }

    fn shows(&self, asset: &Asset<'_>, now: Time) -> bool {
        self.tab.shows(asset.status()) && self.filter.matches(asset, now)
    }

    /// Merges sorted rows into the sorted list; nearly always they belong at its end.
    fn merge(&mut self, catalog: &Catalog, fresh: &[Place]) {
        let Some(first) = fresh.first() else { return };
        let place = |key: &AssetKey| catalog.asset(*key).map(|asset| self.order.place(&asset));
        let from = self.rows.partition_point(|row| place(row).is_some_and(|row| row < *first));
        let mut tail: Vec<Place> = self.rows[from..].iter().filter_map(place).collect();
        self.rows.truncate(from);
        tail.extend_from_slice(fresh);
        // Two sorted runs: a stable sort merges them.
        tail.sort();
        self.rows.extend(tail.iter().map(|place| place.key));
    }

    fn keep_selection(&mut self) {
        let last = self.rows.len().saturating_sub(1);
        if self.stick == Stick::ToNewest {
            self.at = last;
        } else if self.rows.get(self.at) != self.selected.as_ref() {
            let row = self.rows.iter().position(|row| Some(*row) == self.selected);
            self.at = row.unwrap_or(self.at).min(last);
        }
        self.selected = self.rows.get(self.at).copied();
        self.scroll();
    }

    /// Keeps the selection on the screen, and the screen full.
    fn scroll(&mut self) {
        let lowest = self.rows.len().saturating_sub(self.height);
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(self.height)).min(lowest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventKind, LogEvent, Oddities, Origin, Pictures};

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

    struct List {
        catalog: Catalog,
        assets: Assets,
    }

    impl List {
        fn new(events: &[(&str, i64, &str)]) -> Self {
            let mut list = Self { catalog: Catalog::default(), assets: Assets::default() };
            list.assets.set_height(3);
            list.add(events);
            list
        }

        fn add(&mut self, events: &[(&str, i64, &str)]) {
            for (id, at, status) in events {
                let key = self.catalog.apply(event(id, *at, status)).unwrap();
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
        let mut list = List::new(&[("b", 2, "SUCCEED"), ("a", 1, "FAILED"), ("c", 3, "SUCCEED")]);
        assert_eq!(list.ids(list.assets.rows()), "abc");
        assert_eq!(list.selected(), "c");
        list.add(&[("d", 4, "SUCCEED")]);
        assert_eq!((list.selected().as_str(), list.ids(list.assets.visible()).as_str()), ("d", "bcd"));
    }

    #[test]
    fn the_selection_stays_on_its_asset() {
        let mut list = List::new(&[("a", 1, ""), ("b", 2, ""), ("c", 3, "")]);
        list.assets.step(-1);
        list.add(&[("d", 4, ""), ("a", 5, "")]);
        assert_eq!(list.ids(list.assets.rows()), "bcda");
        assert_eq!(list.selected(), "b");
        list.add(&[("b", 9, "")]);
        assert_eq!((list.selected().as_str(), list.assets.at()), ("b", 3));
    }

    #[test]
    fn a_late_event_of_old_time_goes_up() {
        let mut list = List::new(&[("a", 10, ""), ("c", 30, "")]);
        list.add(&[("b", 20, ""), ("d", 40, ""), ("0", 5, "")]);
        assert_eq!(list.ids(list.assets.rows()), "0abcd");
    }

    #[test]
    fn tabs_filter_and_find() {
        let mut list = List::new(&[
            ("a", 1, "FAILED"),
            ("b", 2, "SUCCEED"),
            ("c", 3, "FAILED"),
            ("d", 4, "X"),
            ("e", 5, "SUCCEED"),
        ]);
        let failed = |list: &List| {
            let catalog = list.catalog.clone();
            move |key| catalog.asset(key).is_some_and(|asset| *asset.status() == Status::Failed)
        };
        let test = failed(&list);
        assert_eq!(list.assets.find(true, &test), Some((1, 2)));
        assert_eq!(list.selected(), "a");
        assert_eq!(list.assets.find(true, &test), Some((2, 2)));
        assert_eq!(list.assets.find(false, &test), Some((1, 2)));
        assert_eq!(list.assets.find(false, &test), Some((2, 2)));
        list.assets.set_tab(StatusTab::Failed, &list.catalog, NOW);
        assert_eq!((list.ids(list.assets.rows()).as_str(), list.selected().as_str()), ("ac", "c"));
        list.assets.set_tab(StatusTab::Other, &list.catalog, NOW);
        assert_eq!(list.selected(), "d");
    }

    #[test]
    fn an_empty_list_bears_every_step() {
        let mut assets = Assets::default();
        assets.step(1);
        assets.step(-1);
        assets.go_to(7);
        assert_eq!((assets.selected(), assets.visible().len(), assets.find(true, |_| true)), (None, 0, None));
    }
}
