//! The assets of a log.
//!
//! [`Catalog::apply`] takes events in any order and cannot fail: the newest event of an asset is the greatest by time,
//! place of its file among the arguments, and place in the file, so every order of reading gives the same catalog. An
//! asset is shown once a thumbnail event or an API answer named it; what other events told of it before is kept for
//! that day. What the screen asks for each frame is kept at hand, so that no call sorts or allocates.

mod format;
mod requests;
mod store;
mod update;

pub use format::ListFormat;
pub use store::{Event, Rank};

use crate::{
    event::{AssetId, Counts, EventKind, Fault, FileId, LogEvent, Offset, Origin, Pictures, Status, Time},
    picture::{EventKey, PictureRequest},
    text::Safe,
};
use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};
use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _},
    num::NonZeroU32,
    sync::Arc,
};
use store::EventStore;

/// An asset in this catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetKey(pub u32);

/// An event that was added to a catalog, and its asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The asset.
    pub asset: AssetKey,
    /// The event.
    pub event: EventKey,
}

/// All assets, their events and the counts.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    assets: Vec<AssetEntry>,
    /// Indices into `assets`, by their ids.
    by_id: HashTable<u32>,
    hasher: DefaultHashBuilder,
    events: EventStore,
    /// The event of each delivery that has an id.
    deliveries: HashMap<u64, EventKey>,
    files: BTreeMap<FileId, Arc<str>>,
    tally: Tally,
}

#[derive(Clone, Debug)]
struct AssetEntry {
    id: AssetId,
    events: AssetEvents,
    /// The newest thumbnail event or API answer.
    newest: OptionalEvent,
    /// The newest of these that succeeded.
    pictured: OptionalEvent,
    /// The number of thumbnail events.
    thumbnail_events: u32,
    facts: Option<Box<AssetFacts>>,
}

/// The events of an asset from the oldest to the newest. Most assets have one.
#[derive(Clone, Debug)]
enum AssetEvents {
    One(EventKey),
    #[expect(clippy::box_collection, reason = "few assets have several events, and each has this field")]
    Many(Box<Vec<EventKey>>),
}

/// An event or none, in the room of a key: its number and one more.
#[derive(Clone, Copy, Debug, Default)]
struct OptionalEvent(Option<NonZeroU32>);

/// Whether an asset was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Known,
    New,
}

/// What the events of an asset told of it, and which event did.
#[derive(Clone, Debug, Default)]
struct AssetFacts {
    title: Option<(EventKey, Safe)>,
    duration: Option<(EventKey, Offset)>,
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
    /// Adds an event; returns `None` for a redelivery.
    ///
    /// # Panics
    ///
    /// At 2^32 events, which no memory holds.
    pub fn apply(&mut self, event: LogEvent) -> Option<Applied> {
        let delivery = delivery(&event);
        if let Some(known) = delivery.and_then(|delivery| self.deliveries.get(&delivery)) {
            self.tally.duplicates += 1;
            self.redeliver(*known, event);
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
        let key = self.events.next_key();
        let (asset, presence) = self.find_or_add(&event.asset, key);
        self.events.push(event, asset.0);
        if let Some(delivery) = delivery {
            self.deliveries.insert(delivery, key);
        }
        if presence == Presence::Known {
            let events = &self.events;
            self.assets[asset.0 as usize].events.insert(key, |key| events.rank(key));
        }
        self.include(asset, key);
        Some(Applied { asset, event: key })
    }

    /// Sets a file's name.
    pub fn set_file_name(&mut self, file: FileId, name: Arc<str>) {
        self.files.insert(file, name);
    }

    /// Sets line numbers that were not known when the events came: each the byte of an event of `file`, and its line.
    pub fn set_lines(&mut self, file: FileId, lines: &[(u64, NonZeroU32)]) {
        self.events.set_lines(file, &lines.iter().copied().collect());
    }

    /// Adds what a source counted.
    pub fn add_counts(&mut self, counts: Counts) {
        self.tally.counts += counts;
    }

    /// The counts so far.
    pub fn tally(&self) -> Tally {
        Tally { other_events: self.tally.other_events + self.tally.counts.other_events, ..self.tally }
    }

    /// The assets that are shown, in no order that means anything.
    pub fn assets(&self) -> impl Iterator<Item = Asset<'_>> {
        (0u32..).zip(&self.assets).filter_map(|(at, entry)| {
            Some(Asset { catalog: self, key: AssetKey(at), entry, newest: entry.newest.get()? })
        })
    }

    /// One asset, where it is shown.
    pub fn asset(&self, key: AssetKey) -> Option<Asset<'_>> {
        let entry = self.assets.get(key.0 as usize)?;
        Some(Asset { catalog: self, key, entry, newest: entry.newest.get()? })
    }

    /// The asset of an id, where it is shown.
    pub fn find(&self, id: &AssetId) -> Option<Asset<'_>> {
        self.asset(self.find_key(id)?)
    }

    /// An event.
    pub fn event(&self, key: EventKey) -> Event<'_> {
        self.events.event(key, &self.assets[self.events.asset(key) as usize].id)
    }

    /// The name of a file as the user gave it.
    pub fn file_name(&self, file: FileId) -> Safe {
        Safe::new(self.raw_file_name(file))
    }

    /// The name of a file as it came, for machine output.
    pub fn raw_file_name(&self, file: FileId) -> &str {
        self.files.get(&file).map_or("", |name| name)
    }

    fn find_key(&self, id: &AssetId) -> Option<AssetKey> {
        let hash = self.hasher.hash_one(id);
        self.by_id.find(hash, |at| self.assets[*at as usize].id == *id).map(|at| AssetKey(*at))
    }

    /// Returns the asset of an id; a new one is added with `event` as its first event.
    fn find_or_add(&mut self, id: &AssetId, event: EventKey) -> (AssetKey, Presence) {
        let (assets, hasher) = (&mut self.assets, &self.hasher);
        let is_same = |at: &u32| assets[*at as usize].id == *id;
        let rehash = |at: &u32| hasher.hash_one(&assets[*at as usize].id);
        match self.by_id.entry(hasher.hash_one(id), is_same, rehash) {
            Entry::Occupied(known) => (AssetKey(*known.get()), Presence::Known),
            Entry::Vacant(vacant) => {
                let at = u32::try_from(assets.len()).expect("fewer than 2^32 assets fit in memory");
                vacant.insert(at);
                assets.push(AssetEntry {
                    id: id.clone(),
                    events: AssetEvents::One(event),
                    newest: OptionalEvent::default(),
                    pictured: OptionalEvent::default(),
                    thumbnail_events: 0,
                    facts: None,
                });
                (AssetKey(at), Presence::New)
            }
        }
    }

    /// Updates what is cached of an asset, and the tally, with one more of its events.
    fn include(&mut self, asset: AssetKey, key: EventKey) {
        let events = &self.events;
        let newer = |before: Option<EventKey>| before.is_none_or(|before| events.rank(before) < events.rank(key));
        let entry = &mut self.assets[asset.0 as usize];
        let kind = events.kind(key);
        entry.thumbnail_events += u32::from(*kind == EventKind::Thumbnail);
        let facts = events.facts(key);
        if let Some(title) = facts.and_then(|facts| facts.title.as_deref()) {
            let known = entry.facts.get_or_insert_default();
            if newer(known.title.as_ref().map(|(event, _)| *event)) {
                known.title = Some((key, Safe::new(title)));
            }
        }
        if let Some(duration) = facts.and_then(|facts| facts.duration) {
            let known = entry.facts.get_or_insert_default();
            if newer(known.duration.map(|(event, _)| event)) {
                known.duration = Some((key, duration));
            }
        }
        if !matches!(kind, EventKind::Thumbnail | EventKind::Details) {
            return;
        }
        if *events.status(key) == Status::Succeed && newer(entry.pictured.get()) {
            entry.pictured = OptionalEvent::new(key);
        }
        if newer(entry.newest.get()) {
            let before = std::mem::replace(&mut entry.newest, OptionalEvent::new(key));
            match before.get() {
                Some(before) => *self.tally.of(events.status(before)) -= 1,
                None => self.tally.assets += 1,
            }
            *self.tally.of(events.status(key)) += 1;
        }
    }

    /// Keeps the earliest delivery of a message, in whatever order they are read.
    fn redeliver(&mut self, known: EventKey, event: LogEvent) {
        let origin = event.origin;
        let rank = Rank { time: event.time.or(event.clock), file: origin.file, byte: origin.byte, part: origin.part };
        if self.events.rank(known) <= rank {
            return;
        }
        let asset = AssetKey(self.events.asset(known));
        self.events.replace(known, event);
        let entry = &mut self.assets[asset.0 as usize];
        let keys = entry.events.as_slice().to_vec();
        if let Some(before) = std::mem::take(&mut entry.newest).get() {
            *self.tally.of(self.events.status(before)) -= 1;
            self.tally.assets -= 1;
        }
        (entry.pictured, entry.thumbnail_events, entry.facts) = (OptionalEvent::default(), 0, None);
        entry.events = AssetEvents::One(keys[0]);
        for (at, key) in keys.into_iter().enumerate() {
            if at > 0 {
                let events = &self.events;
                self.assets[asset.0 as usize].events.insert(key, |key| events.rank(key));
            }
            self.include(asset, key);
        }
    }
}

/// The hash of what a redelivery has in common with the first delivery. A message id alone may be used twice.
fn delivery(event: &LogEvent) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    (event.delivery?, &event.kind, &event.asset, &event.status).hash(&mut hasher);
    Some(hasher.finish())
}

impl OptionalEvent {
    fn new(key: EventKey) -> Self {
        Self(NonZeroU32::MIN.checked_add(key.0))
    }

    fn get(self) -> Option<EventKey> {
        self.0.map(|number| EventKey(number.get() - 1))
    }
}

impl AssetEvents {
    fn insert(&mut self, event: EventKey, rank: impl Fn(EventKey) -> Rank) {
        let many = match self {
            Self::One(first) => {
                *self = Self::Many(Box::new(vec![*first]));
                return self.insert(event, rank);
            }
            Self::Many(many) => many,
        };
        let own = rank(event);
        let at = many.partition_point(|known| rank(*known) < own);
        many.insert(at, event);
    }

    fn as_slice(&self) -> &[EventKey] {
        match self {
            Self::One(event) => std::slice::from_ref(event),
            Self::Many(events) => events,
        }
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
    newest: EventKey,
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
    pub fn newest(&self) -> Event<'a> {
        self.catalog.events.event(self.newest, &self.entry.id)
    }

    /// The key by which assets are sorted.
    pub fn rank(&self) -> Rank {
        self.catalog.events.rank(self.newest)
    }

    /// The status of its newest event.
    pub fn status(&self) -> &'a Status {
        self.catalog.events.status(self.newest)
    }

    /// The fault of its newest event.
    pub fn fault(&self) -> Option<&'a Fault> {
        self.newest().fault
    }

    /// The event whose pictures are shown, listed and exported: the newest that succeeded.
    pub fn picture_event(&self) -> Option<Event<'a>> {
        Some(self.catalog.events.event(self.entry.pictured.get()?, &self.entry.id))
    }

    /// The pictures of [`Self::picture_event`].
    pub fn pictures(&self) -> Option<&'a Pictures> {
        Some(self.catalog.events.pictures(self.entry.pictured.get()?))
    }

    /// Requests for these pictures, in order; see [`Event::requests`].
    pub fn requests(&self) -> Vec<PictureRequest> {
        self.picture_event().map_or_else(Vec::new, |event| event.requests())
    }

    /// The first of [`Self::requests`].
    pub fn first_request(&self) -> Option<PictureRequest> {
        self.picture_event()?.first_request()
    }

    /// Its events, newest first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = EventKey> + ExactSizeIterator + 'a {
        self.entry.events.as_slice().iter().rev().copied()
    }

    /// The number of its thumbnail events.
    pub fn thumbnail_events(&self) -> usize {
        self.entry.thumbnail_events as usize
    }

    /// The times of its first and its last event.
    pub fn seen(&self) -> (Option<Time>, Option<Time>) {
        let time = |event| self.catalog.event(event).time;
        // Timed events are ordered by their time, so the first from either end is the one.
        (self.history().rev().find_map(time), self.history().find_map(time))
    }

    /// Its title, from the newest event that gives one.
    pub fn title(&self) -> Option<&'a Safe> {
        self.entry.facts.as_ref()?.title.as_ref().map(|(_, title)| title)
    }

    /// [`Self::title`] as it came, for machine output.
    pub fn title_text(&self) -> Option<&'a str> {
        let (event, _) = self.entry.facts.as_ref()?.title.as_ref()?;
        self.catalog.events.facts(*event)?.title.as_deref()
    }

    /// The video's length, from the newest event that gives one.
    pub fn duration(&self) -> Option<Offset> {
        Some(self.entry.facts.as_ref()?.duration?.1)
    }

    /// The record of its newest event.
    pub fn origin(&self) -> Origin {
        self.newest().origin
    }
}
