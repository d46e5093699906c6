//! The list as assets come, change and are looked for.

use super::*;
use crate::event::{EventKind, Fault, LogEvent, Oddities, Origin, Pictures};
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
            self.assets.note_change(key);
        }
        self.assets.update_rows(&self.catalog, NOW);
    }

    fn ids(&self, keys: &[AssetKey]) -> String {
        keys.iter().map(|key| self.catalog.asset(*key).unwrap().id().to_string()).collect()
    }

    fn selected(&self) -> String {
        self.assets.selected().map(|key| self.ids(&[key])).unwrap_or_default()
    }
}

#[test]
fn the_newest_row_is_at_the_bottom_and_selected() {
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
    assert_eq!((list.selected().as_str(), list.assets.selected_row()), ("b", 3));
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
    assert_eq!((list.selected().as_str(), list.assets.stick()), ("d", Stick::Holding));
    list.assets.step(isize::MIN);
    assert_eq!((list.selected().as_str(), list.assets.stick()), ("f", Stick::Sticking));
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
    let found = |number, is_wrapped| Some(FoundRow { number, count: 2, is_wrapped });
    assert_eq!(list.assets.find(Direction::Forward, &test), found(1, true));
    assert_eq!(list.selected(), "a");
    assert_eq!(list.assets.find(Direction::Forward, &test), found(2, false));
    assert_eq!(list.assets.find(Direction::Backward, &test), found(1, false));
    assert_eq!(list.assets.find(Direction::Backward, &test), found(2, true));
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

/// Filters as they are typed, some of which ask for less than others.
const TYPED: [&str; 17] = [
    "",
    "1",
    "11",
    "11 since:1h",
    "11 !fa",
    "11 !fail",
    "status:f",
    "status:failed 1",
    "!status:f",
    "status:o",
    "status:other",
    "code:1",
    "FAIL",
    "f",
    "fail",
    "Fail",
    "samples<5",
];

proptest! {
    /// Whatever filter stood there before, the rows of a filter are those of a list that had no other.
    #[test]
    fn the_rows_of_a_filter_depend_on_no_other(
        steps in prop::collection::vec(
            (0..TYPED.len(), prop::collection::vec((0..30u8, 0..40i64, 0..3usize), 0..6)), 1..9,
        ),
        order in 0..5usize, tab in 0..4usize,
    ) {
        let mut list = ListFixture::new(&[]);
        let by = (0..order).fold(Criterion::Time, |by, _| by.next());
        let order = SortOrder { by, ..SortOrder::default() };
        list.assets.set_order(order, &list.catalog, NOW);
        list.assets.set_tab(StatusTab::ALL[tab], &list.catalog, NOW);
        for ((filter, events), step) in steps.iter().zip(0..) {
            for ((id, at, status), n) in events.iter().zip(0..) {
                let status = ["SUCCEED", "FAILED", "OX"][*status];
                let id = format!("{id}-{}", ["fail", "Fail", ""][usize::from(*id) % 3]);
                let fault = Fault { code: "11".into(), message: "FAIL".into() };
                let key = list.catalog.apply(LogEvent {
                    fault: (status == "FAILED").then(|| Box::new(fault)),
                    ..event(&id, at * 1000 + step * 10 + n, status)
                }).unwrap().asset;
                list.assets.note_change(key);
            }
            list.assets.set_filter(Filter::parse(TYPED[*filter]).unwrap(), &list.catalog, NOW);
            let mut other = AssetList::default();
            list.catalog.assets().for_each(|asset| other.note_change(asset.key()));
            other.set_order(order, &list.catalog, NOW);
            other.set_tab(StatusTab::ALL[tab], &list.catalog, NOW);
            other.set_filter(Filter::parse(TYPED[*filter]).unwrap(), &list.catalog, NOW);
            prop_assert_eq!(list.ids(list.assets.rows()), list.ids(other.rows()), "{}", TYPED[*filter]);
            prop_assert_eq!(list.assets.filtered_counts(), other.filtered_counts());
        }
    }
}

#[test]
fn an_empty_list_bears_every_step() {
    let mut assets = AssetList::default();
    assets.step(1);
    assets.step(-1);
    assets.step(7);
    assert_eq!((assets.selected(), assets.visible().len(), assets.find(Direction::Forward, |_| true)), (None, 0, None));
}

#[test]
fn hits_of_a_search_follow_what_is_read() {
    let mut list = ListFixture::new(&[("a1", 1, "SUCCEED"), ("b2", 2, "FAILED"), ("a3", 3, "SUCCEED")]);
    let mut typed = list.assets.count_hits(TextSearch::new("a").unwrap(), &list.catalog);
    typed.advance(&list.catalog);
    assert_eq!((typed.hits(), typed.is_complete()), (2, true));
    list.add(&[("a4", 4, "SUCCEED")]);
    let _sentence = list.assets.search_for("a", Some(typed), &list.catalog);
    assert_eq!(list.assets.search().map(|search| search.hits), Some(3));
    list.add(&[("a5", 5, "FAILED"), ("b6", 6, "SUCCEED")]);
    list.assets.set_tab(StatusTab::Failed, &list.catalog, NOW);
    list.assets.set_tab(StatusTab::All, &list.catalog, NOW);
    let found = list.assets.search().unwrap().found.clone();
    let found = list.assets.find(Direction::Forward, |key| found.contains(key)).unwrap();
    assert_eq!(found.count, 4);
}

#[test]
fn every_order_is_total() {
    let ids = ["b0", "14d7b2faba0dddd6b4e8936272d6bc3f", "14d7b2faba0dddd6000000000000000f", "0", "a7"];
    let events: Vec<(&str, i64, &str)> =
        ids.iter().zip(1..).map(|(id, at)| (*id, at, if at % 2 == 0 { "FAILED" } else { "SUCCEED" })).collect();
    let mut list = ListFixture::new(&events);
    for by in [Criterion::Time, Criterion::Id, Criterion::Status, Criterion::Pictures, Criterion::Duration] {
        for direction in [SortDirection::Rising, SortDirection::Falling] {
            let order = SortOrder { by, direction };
            list.assets.set_order(order, &list.catalog, NOW);
            let rows = list.assets.rows().iter().map(|key| list.catalog.asset(*key).unwrap());
            assert!(rows.is_sorted_by(|a, b| order.compare(a, b).is_lt()), "{order}");
            assert_eq!(list.assets.rows().len(), ids.len());
        }
    }
}
