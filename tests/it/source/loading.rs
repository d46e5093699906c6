//! The first reading of a log: in parallel, the end first, or in order.

use super::*;

/// Id, byte, line, hash, and the time that an event goes by.
type Placed = (String, u64, Option<u32>, u64, Option<Time>);

impl Heard {
    /// Every event's place, with the lines that were told later, in the order of the file.
    pub(super) fn places(&self) -> Vec<Placed> {
        let told = self.all.iter().flat_map(|update| match update {
            LogUpdate::Lines { lines, .. } => lines.as_slice(),
            _ => &[],
        });
        let told: BTreeMap<u64, NonZeroU32> = told.copied().collect();
        let mut places: Vec<_> = self.events().map(|event| place(event, &told)).collect();
        places.sort_by_key(|(_, byte, ..)| *byte);
        places
    }
}

/// What the sequential reading of a text gives: the truth for the parallel one.
fn read_in_order(text: &str) -> Vec<Placed> {
    let mut reader = RecordReader::new(FileId::default());
    let mut found = FoundEvents::default();
    reader.read(text.as_bytes(), 0, NonZeroU32::new(1), &mut found);
    reader.finish(&mut found);
    found.events.iter().map(|event| place(event, &BTreeMap::new())).collect()
}

fn place(event: &LogEvent, lines: &BTreeMap<u64, NonZeroU32>) -> Placed {
    let Origin { byte, line, hash, .. } = event.origin;
    let line = line.or_else(|| lines.get(&byte).copied());
    (event.asset.to_string(), byte, line.map(NonZeroU32::get), hash, event.clock)
}

/// A log of some size whose records are lines, pretty-printed objects, or both. Few of its lines have a time.
fn big_log(size: usize, pretty_every: u32) -> String {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < size {
        number += 1;
        let event = event(&format!("asset-{number}"));
        if pretty_every > 0 && number % pretty_every == 0 {
            let value: serde_json::Value = serde_json::from_str(&event).unwrap();
            text.push_str(&serde_json::to_string_pretty(&value).unwrap());
            text.push('\n');
        } else {
            if number % 50 == 0 {
                writeln!(text, "2026-03-14 09:{:02}:{:02} INFO tick", number / 50 / 60 % 60, number / 50 % 60).unwrap();
            }
            text.push_str(&event);
        }
        text.push_str(&"noise without an event in it, as logs have it; ".repeat(40));
        text.push('\n');
    }
    text
}

fn parallel_loading_gives_what_reading_in_order_gives() {
    let folder = Folder::new();
    for (name, size, pretty_every) in [("lines", 9 << 20, 0), ("mixed", 9 << 20, 20), ("pretty", 3 << 20, 1)] {
        let path = folder.path(name);
        let text = big_log(size + 1000, pretty_every);
        fs::write(&path, &text).unwrap();
        let mut heard = Heard::new(&[&path], ReadMode::Once);
        heard.until_finished();
        let (expected, places) = (read_in_order(&text), heard.places());
        assert_eq!(places.len(), expected.len(), "{name}");
        let wrong = places.iter().zip(&expected).find(|(place, expected)| place != expected);
        assert_eq!(wrong, None, "{name}");
        assert_eq!(heard.counts().lines, text.lines().count() as u64, "{name}");
        assert_eq!(heard.counts().bytes, text.len() as u64, "{name}");
        assert_eq!(heard.counts().unparsed, 0, "{name}");
        let end_first = heard.events().next().unwrap().origin.byte > 1 << 20;
        assert_eq!(end_first, name != "pretty", "{name}: whether the end of the file comes first");
    }
}

fn in_the_order_of_the_log_each_event_has_its_line() {
    let folder = Folder::new();
    let path = folder.path("lines");
    let text = big_log(9 << 20, 0);
    fs::write(&path, &text).unwrap();
    let mut heard = Heard::start(&[&path], ReadMode::Once, Start::All, Order::Log);
    heard.until_finished();
    let origins: Vec<Origin> = heard.events().map(|event| event.origin).collect();
    assert!(origins.is_sorted_by_key(|origin| origin.byte), "the events come in the order of the log");
    assert!(origins.iter().all(|origin| origin.line.is_some()), "each has its line when it comes");
    assert!(!heard.all.iter().any(|update| matches!(update, LogUpdate::Lines { .. })));
    assert_eq!(heard.places(), read_in_order(&text));
}

fn a_line_longer_than_the_end_that_comes_first_is_one_line() {
    let folder = Folder::new();
    let long = |id: &str| event(id).replacen('{', &format!("{{\"filler\":\"{}\",", "x".repeat(6 << 20)), 1);
    let short: String = (0..40_000).map(|number| event(&format!("short-{number}"))).collect();
    for (name, text) in [
        ("all", long("one")),
        ("last", short.clone() + &long("last")),
        ("over the border", short.clone() + &long("border") + &log(0..9000)),
        ("first", long("first") + &short),
    ] {
        let path = folder.path(name);
        fs::write(&path, &text).unwrap();
        let mut heard = Heard::new(&[&path], ReadMode::Once);
        heard.until_finished();
        assert_eq!(heard.places(), read_in_order(&text), "{name}");
        assert_eq!(heard.counts().lines, text.lines().count() as u64, "{name}");
        assert_eq!(heard.counts().unparsed, 0, "{name}");
    }
}

fn a_record_that_the_load_left_open_is_finished_by_following() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    let text = big_log(2 << 20, 7);
    let cut = text.len() - 120;
    fs::write(&path, text.get(..cut).unwrap()).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Follow);
    heard.until_loaded();
    append(&path, text.get(cut..).unwrap());
    let expected = read_in_order(&text);
    heard.until("all", |heard| heard.events().count() == expected.len());
    assert_eq!(heard.places().last(), expected.last());
}

fn a_hole_of_a_tebibyte_is_skipped_by_the_first_reading() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    let text = "noise without an event\n".repeat(1 << 17) + &log(0..2);
    fs::write(&path, &text).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    let far = (1 << 40) + 12345;
    if file.set_len(1 << 40).is_err() || file.metadata().unwrap().blocks() > 1 << 16 {
        skip("the file system knows no holes");
    }
    file.write_all_at((log(2..4) + &text + &log(4..5)).as_bytes(), far).unwrap();
    for (start, order, expected) in [
        (
            Start::All,
            Order::Log,
            ["asset-0", "asset-1", "asset-2", "asset-3", "asset-0", "asset-1", "asset-4"].as_slice(),
        ),
        (Start::Last(4), Order::Log, &["asset-3", "asset-0", "asset-1", "asset-4"]),
        (Start::Last(6), Order::Log, &["asset-1", "asset-2", "asset-3", "asset-0", "asset-1", "asset-4"]),
    ] {
        let mut heard = Heard::start(&[&path], ReadMode::Once, start, order);
        heard.until_finished();
        assert_eq!(heard.ids(), expected, "{start:?}");
    }
    let mut heard = Heard::start(&[&path], ReadMode::Once, Start::All, Order::Log);
    heard.until_finished();
    let line = 2 * (1 << 17) + 5 + 2;
    assert_eq!(heard.lines().last(), Some(&Some(line)), "lines are counted over the hole");
}

crate::tests! {
    parallel_loading_gives_what_reading_in_order_gives,
    in_the_order_of_the_log_each_event_has_its_line,
    a_line_longer_than_the_end_that_comes_first_is_one_line,
    a_record_that_the_load_left_open_is_finished_by_following,
    a_hole_of_a_tebibyte_is_skipped_by_the_first_reading,
}
