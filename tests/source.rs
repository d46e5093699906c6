//! The source from outside: files, globs, archives, pipes and streams in, updates out.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use thumbview::{
    event::{Counts, Health, LogEvent, LogUpdate},
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
        self.events().map(|event| event.origin.line.map(std::num::NonZeroU32::get)).collect()
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
