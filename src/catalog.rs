//! The assets of a log.
//!
//! [`Catalog::apply`] accepts events in any order and cannot fail: the newest event of an asset is the greatest by time,
//! index of its file among the arguments, and place in the file, so every order of reading gives the same catalog. An
//! asset is shown once a thumbnail event or an API answer has named it; facts from other events are kept until then.
//! Everything that the screen reads in each frame is cached, so that no such call sorts or allocates.

mod asset;
mod chunked;
mod entry;
mod format;
mod lookup;
mod requests;
mod store;
mod tally;
mod update;

pub use asset::Asset;
pub use entry::AssetKey;
pub use format::ListFormat;
pub use lookup::AssetLookup;
pub use store::{Event, Rank};
pub use tally::Tally;

use crate::{
    event::{AssetId, Counts, EventKind, FileId, LogEvent, Status, redact},
    picture::EventKey,
    text::Safe,
};
use chunked::ChunkedVec;
use entry::{AssetEntry, AssetEvents, OptionalEvent};
use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::BuildHasher as _,
    num::NonZeroU32,
    sync::Arc,
};
use store::EventStore;

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
    assets: ChunkedVec<AssetEntry>,
    /// The assets by their ids.
    by_id: HashTable<IdIndex>,
    hasher: DefaultHashBuilder,
    events: EventStore,
    /// The event of each delivery that has an id.
    deliveries: HashMap<u64, EventKey>,
    files: BTreeMap<FileId, Arc<str>>,
    tally: Tally,
}

/// An asset in the table of ids, with its hash: a table that grows hashes nothing again, which takes a cache miss for each
/// asset and 100 ms at a million.
#[derive(Clone, Copy, Debug)]
struct IdIndex {
    /// The index into the assets.
    at: u32,
    /// The lower half of the hash of the id.
    hash: u32,
}

/// Presence of an asset before an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Known,
    New,
}

impl Catalog {
    /// Adds an event; returns `None` for a redelivery.
    ///
    /// # Panics
    ///
    /// At 2^32 events, which no memory holds.
    pub fn apply(&mut self, event: LogEvent) -> Option<Applied> {
        let delivery = event.delivery_key();
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

    /// Drops assets whole, with their events. Nothing may ask for these events afterwards.
    pub fn drop_assets(&mut self, keys: &[AssetKey]) {
        let mut events = HashSet::new();
        for key in keys {
            let Some(newest) = self.asset(*key).map(|asset| asset.newest().key) else { continue };
            *self.tally.of(self.events.status(newest)) -= 1;
            self.tally.assets -= 1;
            self.tally.dropped += 1;
            let at = key.0 as usize;
            let entry = &mut self.assets[at];
            let hash = hash_of(&self.hasher, &entry.id);
            if let Ok(known) = self.by_id.find_entry(spread(hash), |known| known.at == key.0) {
                known.remove();
            }
            (entry.newest, entry.pictured, entry.facts) = (OptionalEvent::default(), OptionalEvent::default(), None);
            for event in entry.events.as_slice() {
                events.insert(*event);
                self.events.remove(*event);
            }
            self.assets.remove(at);
        }
        self.deliveries.retain(|_, event| !events.contains(event));
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

    /// Returns the counts as they are if only these assets are shown. What the logs hold besides is counted as a whole.
    pub fn tally_of(&self, keys: &[AssetKey]) -> Tally {
        let whole = self.tally();
        let mut tally = Tally { assets: 0, succeed: 0, failed: 0, other: 0, events: 0, ..whole };
        for asset in keys.iter().filter_map(|key| self.asset(*key)) {
            tally.add(asset.status(), asset.thumbnail_events());
        }
        tally
    }

    /// The assets that are shown, in no order that means anything.
    pub fn assets(&self) -> impl Iterator<Item = Asset<'_>> {
        self.assets
            .iter()
            .filter_map(|(at, entry)| Asset::new(&self.events, &self.files, AssetKey(u32::try_from(at).ok()?), entry))
    }

    /// One asset, where it is shown.
    pub fn asset(&self, key: AssetKey) -> Option<Asset<'_>> {
        Asset::new(&self.events, &self.files, key, self.assets.get(key.0 as usize)?)
    }

    /// The asset of an id, where it is shown.
    pub fn find(&self, id: &AssetId) -> Option<Asset<'_>> {
        self.asset(self.find_key(id)?)
    }

    /// An event. [`Self::event_if_kept`] is for keys that may be older than a drop.
    pub fn event(&self, key: EventKey) -> Event<'_> {
        self.events.event(key, &self.assets[self.events.asset(key) as usize].id)
    }

    /// An event; `None` once its asset was dropped.
    pub fn event_if_kept(&self, key: EventKey) -> Option<Event<'_>> {
        self.asset(AssetKey(self.events.asset_if_kept(key)?)).map(|_| self.event(key))
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
        let hash = hash_of(&self.hasher, id);
        let is_same = |known: &IdIndex| known.hash == hash && self.assets[known.at as usize].id == *id;
        self.by_id.find(spread(hash), is_same).map(|known| AssetKey(known.at))
    }

    /// Returns the asset of an id; a new one is added with `event` as its first event.
    fn find_or_add(&mut self, id: &AssetId, event: EventKey) -> (AssetKey, Presence) {
        let assets = &mut self.assets;
        let hash = hash_of(&self.hasher, id);
        let is_same = |known: &IdIndex| known.hash == hash && assets[known.at as usize].id == *id;
        match self.by_id.entry(spread(hash), is_same, |known| spread(known.hash)) {
            Entry::Occupied(known) => (AssetKey(known.get().at), Presence::Known),
            Entry::Vacant(vacant) => {
                let at = u32::try_from(assets.len()).expect("fewer than 2^32 assets fit in memory");
                vacant.insert(IdIndex { at, hash });
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
                known.title = Some((key, Safe::new(&redact(title))));
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
        let succeeded = |key| *events.status(key) == Status::Succeed;
        let preference = |key| (succeeded(key), events.rank(key));
        if (succeeded(key) || !events.pictures(key).is_empty())
            && entry.pictured.get().is_none_or(|before| preference(before) < preference(key))
        {
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

/// Returns the lower half of the hash of an id.
fn hash_of(hasher: &DefaultHashBuilder, id: &AssetId) -> u32 {
    let [b0, b1, b2, b3, ..] = hasher.hash_one(id).to_le_bytes();
    u32::from_le_bytes([b0, b1, b2, b3])
}

/// Spreads half a hash over the whole, since a table takes the place of an entry from one end and its tag from the other.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}
