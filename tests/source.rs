//! The source from outside: files, globs, archives, pipes and streams in, updates out.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    num::NonZeroU32,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use thumbview::{
    event::{
        Counts, FileId, Health, LogEvent, LogUpdate, Origin,
        envelope::{Found, Reader},
    },
    source::{self, Config, Mode, Source, Start},
};
use tokio::sync::mpsc::Receiver;

/// Longer than any step takes on a busy machine; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running source and all that it said.
struct Heard {
    source: Source,
    updates: Receiver<LogUpdate>,
    all: Vec<LogUpdate>,
}

impl Heard {
    fn new(files: &[&Path], mode: Mode) -> Self {
        Self::start(files, mode, Start::All)
    }

    fn start(files: &[&Path], mode: Mode, start: Start) -> Self {
        let files = files.iter().map(|path| path.to_str().unwrap().to_owned()).collect();
        let (source, updates) = source::spawn(Config { files, mode, start, zone: jiff::tz::TimeZone::UTC });
        Self { source, updates, all: Vec::new() }
    }

    /// Listens until what was heard is as it should be.
    fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            match self.updates.try_recv() {
                Ok(update) => self.all.push(update),
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
            assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}; heard {:#?}", self.all);
        }
    }

    fn until_loaded(&mut self) {
        self.until("loaded", |heard| heard.all.contains(&LogUpdate::Loaded));
    }

    fn until_finished(&mut self) {
        self.until("finished", |heard| heard.all.contains(&LogUpdate::Finished));
    }

    fn until_ids(&mut self, expected: &[String]) {
        self.until(&format!("{expected:?}"), |heard| heard.ids() == expected);
    }

    fn events(&self) -> impl Iterator<Item = &LogEvent> {
        self.all.iter().flat_map(|update| match update {
            LogUpdate::Batch { events, .. } => events.as_slice(),
            _ => &[],
        })
    }

    fn ids(&self) -> Vec<String> {
        self.events().map(|event| event.asset.to_string()).collect()
    }

    fn lines(&self) -> Vec<Option<u32>> {
        self.events().map(|event| event.origin.line.map(NonZeroU32::get)).collect()
    }

    fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for update in &self.all {
            if let LogUpdate::Batch { counts, .. } = update {
                sum += *counts;
            }
        }
        sum
    }

    fn health(&self, rank: u16) -> Option<&Health> {
        self.all.iter().rev().find_map(|update| match update {
            LogUpdate::Health { rank: of, health } if *of == rank => Some(health),
            _ => None,
        })
    }

    fn noticed(&self, word: &str) -> bool {
        self.all.iter().any(|update| matches!(update, LogUpdate::Notice(notice) if notice.text.as_str().contains(word)))
    }
}

fn event(id: &str) -> String {
    format!(
        "{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{{\"asset_id\":\"{id}\",\"status\":\"SUCCEED\",\"sample\":[],\"dots\":[]}}}}\n"
    )
}

fn ids(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| format!("asset-{n}")).collect()
}

fn log(range: std::ops::Range<u32>) -> String {
    ids(range).iter().map(|id| event(id)).collect()
}

fn append(path: &Path, text: &str) {
    fs::File::options().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

#[test]
fn reads_a_file_once_with_its_last_unfinished_line() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, format!("noise\n{}", log(0..3).trim_end())).unwrap();
    let mut heard = Heard::new(&[&path], Mode::Once);
    heard.until_finished();
    assert_eq!(heard.ids(), ids(0..3));
    assert_eq!(heard.lines(), [Some(2), Some(3), Some(4)]);
    assert_eq!(heard.counts().lines, 4);
    assert_eq!(heard.health(0), Some(&Health::Loaded));
}

#[test]
fn follows_what_is_appended_and_waits_for_the_newline() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..2)).unwrap();
    let mut heard = Heard::new(&[&path], Mode::Follow);
    heard.until_loaded();
    let line = event("asset-2");
    let (head, tail) = line.split_at(40);
    append(&path, head);
    thread::sleep(Duration::from_millis(300));
    append(&path, tail);
    heard.until_ids(&ids(0..3));
    assert_eq!(heard.health(0), Some(&Health::Live));
}

#[test]
fn a_missing_file_fails_once_and_is_waited_for_when_followed() {
    let folder = Folder::new();
    let (here, missing) = (folder.path("a.log"), folder.path("sub/b.log"));
    fs::write(&here, log(0..1)).unwrap();
    let mut heard = Heard::new(&[&missing, &here], Mode::Once);
    heard.until_finished();
    assert!(matches!(heard.health(0), Some(Health::Failed(why)) if why.as_str() == "not there yet"));
    assert_eq!(heard.ids(), ids(0..1));

    let mut heard = Heard::new(&[&missing], Mode::Follow);
    heard.until_loaded();
    assert!(matches!(heard.health(0), Some(Health::Waiting(_))));
    fs::create_dir(folder.path("sub")).unwrap();
    fs::write(&missing, log(0..2)).unwrap();
    heard.until_ids(&ids(0..2));
    assert_eq!(heard.health(0), Some(&Health::Live));
}

#[test]
fn following_can_be_turned_on_later() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..2).trim_end()).unwrap();
    let mut heard = Heard::new(&[&path], Mode::Once);
    heard.until_finished();
    append(&path, "\n");
    append(&path, &log(2..3));
    heard.source.set_follow(Mode::Follow);
    heard.until_ids(&ids(0..3));
}

/// What the sequential reading of a text gives: the truth for the parallel one.
fn read_in_order(text: &str) -> Vec<(String, u64, Option<u32>, u64)> {
    let mut reader = Reader::new(FileId::default());
    let mut found = Found::default();
    reader.read(text.as_bytes(), 0, NonZeroU32::new(1), &mut found);
    reader.finish(&mut found);
    found.events.iter().map(|event| place(event, &BTreeMap::new())).collect()
}

fn place(event: &LogEvent, lines: &BTreeMap<u64, NonZeroU32>) -> (String, u64, Option<u32>, u64) {
    let Origin { byte, line, hash, .. } = event.origin;
    let line = line.or_else(|| lines.get(&byte).copied());
    (event.asset.to_string(), byte, line.map(NonZeroU32::get), hash)
}

impl Heard {
    /// Every event's place, with the lines that were told later, in the order of the file.
    fn places(&self) -> Vec<(String, u64, Option<u32>, u64)> {
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

/// A log of some size whose records are lines, pretty-printed objects, or both.
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
            text.push_str(&format!("2026-03-14 09:15:00 INFO {event}"));
        }
        text.push_str("some noise without an event in it, as logs have it\n");
    }
    text
}

#[test]
fn parallel_loading_gives_what_reading_in_order_gives() {
    let folder = Folder::new();
    for (name, size, pretty_every) in [("lines", 9 << 20, 0), ("mixed", 9 << 20, 20), ("pretty", 3 << 20, 1)] {
        let path = folder.path(name);
        let text = big_log(size + 1000, pretty_every);
        fs::write(&path, &text).unwrap();
        let mut heard = Heard::new(&[&path], Mode::Once);
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

#[test]
fn a_record_that_the_load_left_open_is_finished_by_following() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    let text = big_log(2 << 20, 7);
    let cut = text.len() - 120;
    fs::write(&path, text.get(..cut).unwrap()).unwrap();
    let mut heard = Heard::new(&[&path], Mode::Follow);
    heard.until_loaded();
    append(&path, text.get(cut..).unwrap());
    let expected = read_in_order(&text);
    heard.until("all", |heard| heard.events().count() == expected.len());
    assert_eq!(heard.places().last(), expected.last());
}
