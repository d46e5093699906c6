//! The assets of a log.
//!
//! [`Catalog::apply`] takes events in any order and cannot fail: the newest event of an asset is the greatest by time,
//! place of its file among the arguments, and byte, so every order of reading gives the same catalog. An asset is
//! shown once a thumbnail event or an API answer named it; what other events told of it before is kept for that day.

use crate::{
    event::{AssetId, Counts, EventKind, Fault, FileId, LogEvent, Offset, Origin, Pictures, Status, Time},
    picture::RunKey,
    text::Safe,
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    num::NonZeroU32,
    sync::Arc,
};

/// An asset in this catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetKey(pub u32);

/// What orders events: time, then file, then byte. The greatest is the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// When; untimed events come before timed ones unless the source gave them a time to go by.
    pub time: Option<Time>,
    /// Which file.
    pub file: FileId,
    /// Where in it.
    pub byte: u64,
}

/// All assets, their events and the counts.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    assets: Vec<AssetEntry>,
    events: Vec<LogEvent>,
    by_id: HashMap<AssetId, AssetKey>,
    deliveries: HashSet<u64>,
    files: BTreeMap<FileId, Arc<str>>,
    tally: Tally,
}

#[derive(Clone, Debug)]
struct AssetEntry {
    id: AssetId,
    events: Vec<RunKey>,
    /// The newest thumbnail event or API answer.
    newest: Option<RunKey>,
}

/// What was counted; see `summary` in the README's description of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Assets that are shown.
    pub assets: u64,
    /// Of these, by the status of their newest event.
    pub succeed: u64,
    /// As `succeed`.
    pub failed: u64,
    /// As `succeed`: all other statuses.
    pub other: u64,
    /// Thumbnail events, redeliveries not counted.
    pub events: u64,
    /// Other event types, confirmations, template texts.
    pub other_events: u64,
    /// Redeliveries.
    pub duplicates: u64,
    /// What the sources counted.
    pub counts: Counts,
}

impl Catalog {
    /// Takes an event; returns its asset, or `None` for a redelivery.
    ///
    /// # Panics
    ///
    /// At 2^32 events, which no memory holds.
    pub fn apply(&mut self, event: LogEvent) -> Option<AssetKey> {
        if event.delivery.is_some_and(|delivery| !self.deliveries.insert(delivery)) {
            self.tally.duplicates += 1;
            return None;
        }
        match event.kind {
            EventKind::Thumbnail => self.tally.events += 1,
            EventKind::Details => {}
            EventKind::Create
            | EventKind::Parse
            | EventKind::Transcode
            | EventKind::Cover
            | EventKind::Review
            | EventKind::AudioExtract
            | EventKind::Template
            | EventKind::Other(_) => self.tally.other_events += 1,
        }
        let key = self.key_of(&event.asset);
        let run = RunKey(u32::try_from(self.events.len()).expect("fewer than 2^32 events fit in memory"));
        let shows = matches!(event.kind, EventKind::Thumbnail | EventKind::Details);
        self.events.push(event);
        let before = self.assets[key.0 as usize].newest;
        self.assets[key.0 as usize].events.push(run);
        if shows && before.is_none_or(|old| self.rank(old) <= self.rank(run)) {
            self.assets[key.0 as usize].newest = Some(run);
            self.move_tally(before, run);
        }
        Some(key)
    }

    /// Notes a file's name.
    pub fn open(&mut self, file: FileId, name: Arc<str>) {
        self.files.insert(file, name);
    }

    /// Notes line numbers that were not known when the events came: each the byte of an event of `file`, and its line.
    pub fn number(&mut self, file: FileId, lines: &[(u64, NonZeroU32)]) {
        let lines: HashMap<u64, NonZeroU32> = lines.iter().copied().collect();
        for event in self.events.iter_mut().filter(|event| event.origin.file == file && event.origin.line.is_none()) {
            event.origin.line = lines.get(&event.origin.byte).copied();
        }
    }

    /// Adds what a source counted.
    pub fn count(&mut self, counts: Counts) {
        self.tally.counts += counts;
    }

    /// The counts so far.
    pub fn tally(&self) -> Tally {
        Tally { other_events: self.tally.other_events + self.tally.counts.other_events, ..self.tally }
    }

    /// The assets that are shown, in no order that means anything.
    pub fn assets(&self) -> impl Iterator<Item = Asset<'_>> {
        (0u32..)
            .zip(&self.assets)
            .filter_map(|(at, entry)| Some(Asset { catalog: self, key: AssetKey(at), entry, newest: entry.newest? }))
    }

    /// One asset, where it is shown.
    pub fn asset(&self, key: AssetKey) -> Option<Asset<'_>> {
        let entry = self.assets.get(key.0 as usize)?;
        Some(Asset { catalog: self, key, entry, newest: entry.newest? })
    }

    /// The asset of an id, where it is shown.
    pub fn find(&self, id: &AssetId) -> Option<Asset<'_>> {
        self.asset(*self.by_id.get(id)?)
    }

    /// An event.
    pub fn event(&self, run: RunKey) -> &LogEvent {
        &self.events[run.0 as usize]
    }

    /// The name of a file as the user gave it.
    pub fn file_name(&self, file: FileId) -> Safe {
        self.files.get(&file).map(|name| Safe::new(name)).unwrap_or_default()
    }

    /// The name of a file as it came, for machine output.
    pub fn file(&self, file: FileId) -> &str {
        self.files.get(&file).map_or("", |name| name)
    }

    fn rank(&self, run: RunKey) -> Rank {
        let event = self.event(run);
        Rank { time: event.time, file: event.origin.file, byte: event.origin.byte }
    }

    fn key_of(&mut self, id: &AssetId) -> AssetKey {
        if let Some(key) = self.by_id.get(id) {
            return *key;
        }
        let key = AssetKey(u32::try_from(self.assets.len()).expect("fewer than 2^32 assets fit in memory"));
        self.assets.push(AssetEntry { id: id.clone(), events: Vec::new(), newest: None });
        self.by_id.insert(id.clone(), key);
        key
    }

    fn move_tally(&mut self, before: Option<RunKey>, after: RunKey) {
        if let Some(before) = before {
            let status = self.event(before).status.clone();
            *self.tally.of(&status) -= 1;
        } else {
            self.tally.assets += 1;
        }
        let status = self.event(after).status.clone();
        *self.tally.of(&status) += 1;
    }
}

impl Tally {
    fn of(&mut self, status: &Status) -> &mut u64 {
        match status {
            Status::Succeed => &mut self.succeed,
            Status::Failed => &mut self.failed,
            Status::Other(_) => &mut self.other,
        }
    }
}

/// One asset of a catalog.
#[derive(Clone, Copy, Debug)]
pub struct Asset<'a> {
    catalog: &'a Catalog,
    key: AssetKey,
    entry: &'a AssetEntry,
    newest: RunKey,
}

impl<'a> Asset<'a> {
    /// Its key.
    pub fn key(&self) -> AssetKey {
        self.key
    }

    /// Its id.
    pub fn id(&self) -> &'a AssetId {
        &self.entry.id
    }

    /// Its newest thumbnail event or API answer.
    pub fn newest(&self) -> &'a LogEvent {
        self.catalog.event(self.newest)
    }

    /// The key of [`Self::newest`].
    pub fn newest_run(&self) -> RunKey {
        self.newest
    }

    /// What sorts it among the others.
    pub fn rank(&self) -> Rank {
        self.catalog.rank(self.newest)
    }

    /// The status of its newest event.
    pub fn status(&self) -> &'a Status {
        &self.newest().status
    }

    /// The fault of its newest event.
    pub fn fault(&self) -> Option<&'a Fault> {
        self.newest().fault.as_deref()
    }

    /// The newest successful run; its pictures are the ones to show.
    pub fn run(&self) -> Option<RunKey> {
        self.history().find(|run| {
            let event = self.catalog.event(*run);
            matches!(event.kind, EventKind::Thumbnail | EventKind::Details) && event.status == Status::Succeed
        })
    }

    /// The pictures of [`Self::run`].
    pub fn pictures(&self) -> Option<&'a Pictures> {
        Some(&self.catalog.event(self.run()?).pictures)
    }

    /// Its events, newest first.
    pub fn history(&self) -> impl Iterator<Item = RunKey> + 'a {
        let mut runs = self.entry.events.clone();
        runs.sort_by_key(|run| std::cmp::Reverse(self.catalog.rank(*run)));
        runs.into_iter()
    }

    /// How many thumbnail events it has.
    pub fn events(&self) -> usize {
        self.entry.events.iter().filter(|run| self.catalog.event(**run).kind == EventKind::Thumbnail).count()
    }

    /// When it was first and last heard of.
    pub fn seen(&self) -> (Option<Time>, Option<Time>) {
        let times = || self.entry.events.iter().filter_map(|run| self.catalog.event(*run).time);
        (times().min(), times().max())
    }

    /// Its title, from the newest event that gives one.
    pub fn title(&self) -> Option<Safe> {
        self.history().find_map(|run| self.catalog.event(run).facts.as_ref()?.title.as_deref().map(Safe::new))
    }

    /// [`Self::title`] as it came, for machine output.
    pub fn title_text(&self) -> Option<&'a str> {
        self.history().find_map(|run| self.catalog.event(run).facts.as_ref()?.title.as_deref())
    }

    /// The video's length, from the newest event that gives one.
    pub fn duration(&self) -> Option<Offset> {
        self.history().find_map(|run| self.catalog.event(run).facts.as_ref()?.duration)
    }

    /// Where its newest event stands.
    pub fn source(&self) -> Origin {
        self.newest().origin
    }
}
