//! The events of a catalog in little memory.
//!
//! A log of a gigabyte has 400 000 events, so an entry takes at most 72 bytes: words are interned, fields that few events
//! have are boxed, and picture lists are shared. [`Event`] is the view that others read.

use super::chunked::ChunkedVec;
use crate::{
    event::{AssetId, EventKind, Facts, Fault, FileId, LogEvent, Oddities, Origin, Pictures, Status, Time},
    picture::EventKey,
};
use std::{collections::HashMap, hash::Hash, num::NonZeroU32};

/// An event of a catalog.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event<'a> {
    /// Its key in the catalog.
    pub key: EventKey,
    /// Its kind.
    pub kind: &'a EventKind,
    /// Its asset.
    pub asset: &'a AssetId,
    /// The status of the job.
    pub status: &'a Status,
    /// The time given by the innermost envelope that has one.
    pub time: Option<Time>,
    /// The place of its record.
    pub origin: Origin,
    /// Samples and dots of a thumbnail event, covers of a cover event.
    pub pictures: &'a Pictures,
    /// Code and message of a failure.
    pub fault: Option<&'a Fault>,
    /// Title, duration and the like.
    pub facts: Option<&'a Facts>,
    /// The defects of its picture lists.
    pub oddities: Oddities,
}

/// The key by which events are sorted: time, then file, then place in it. The greatest is the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// Its time; an untimed event has that of an earlier record, or comes before all timed ones.
    pub time: Option<Time>,
    /// The file.
    pub file: FileId,
    /// The byte in the file.
    pub byte: u64,
    /// The index of the event in its record.
    pub part: u32,
}

/// All events, by [`EventKey`].
#[derive(Clone, Debug, Default)]
pub(super) struct EventStore {
    entries: ChunkedVec<StoredEvent>,
    kinds: InternTable<EventKind>,
    statuses: InternTable<Status>,
}

#[derive(Clone, Debug)]
struct StoredEvent {
    clock: Option<PackedTime>,
    byte: u64,
    hash: u64,
    pictures: Pictures,
    rare: Option<Box<RareFields>>,
    asset: u32,
    len: u32,
    line: Option<NonZeroU32>,
    file: FileId,
    kind: u32,
    status: u32,
    part: u32,
    /// `true` if `clock` is the event's own time.
    timed: bool,
}

/// Microseconds since 1970, plus one where they are not negative: zero is left for "none".
type PackedTime = std::num::NonZeroI64;

/// Fields that few events have.
#[derive(Clone, Debug, Default, PartialEq)]
struct RareFields {
    fault: Option<Box<Fault>>,
    facts: Option<Box<Facts>>,
    oddities: Oddities,
}

/// Interned words.
#[derive(Clone, Debug)]
struct InternTable<T> {
    list: Vec<T>,
    places: HashMap<T, u32>,
}

impl EventStore {
    /// The key that the next event will have.
    pub(super) fn next_key(&self) -> EventKey {
        EventKey(u32::try_from(self.entries.len()).expect("fewer than 2^32 events fit in memory"))
    }

    /// Keeps an event of the asset at `asset`.
    pub(super) fn push(&mut self, event: LogEvent, asset: u32) {
        let entry = self.entry(event, asset);
        self.entries.push(entry);
    }

    /// Removes an event, which must not be asked for again.
    pub(super) fn remove(&mut self, key: EventKey) {
        let entry = &mut self.entries[key.0 as usize];
        (entry.pictures, entry.rare) = (Pictures::default(), None);
        self.entries.remove(key.0 as usize);
    }

    /// Replaces an event.
    pub(super) fn replace(&mut self, key: EventKey, event: LogEvent) {
        let asset = self.asset(key);
        self.entries[key.0 as usize] = self.entry(event, asset);
    }

    /// Sets the lines of events of `file` that were not known when they came.
    pub(super) fn set_lines(&mut self, file: FileId, lines: &HashMap<u64, NonZeroU32>) {
        for entry in self.entries.iter_mut().filter(|entry| entry.file == file && entry.line.is_none()) {
            entry.line = lines.get(&entry.byte).copied();
        }
    }

    /// The index of the asset of an event.
    pub(super) fn asset(&self, key: EventKey) -> u32 {
        self.entries[key.0 as usize].asset
    }

    /// The index of the asset of an event; `None` where its memory was freed.
    pub(super) fn asset_if_kept(&self, key: EventKey) -> Option<u32> {
        self.entries.get(key.0 as usize).map(|entry| entry.asset)
    }

    /// An event of the asset of `id`.
    pub(super) fn event<'a>(&'a self, key: EventKey, id: &'a AssetId) -> Event<'a> {
        let entry = &self.entries[key.0 as usize];
        let rare = entry.rare.as_deref();
        Event {
            key,
            kind: self.kind(key),
            asset: id,
            status: self.status(key),
            time: entry.clock.filter(|_| entry.timed).map(from_clock),
            origin: Origin {
                file: entry.file,
                byte: entry.byte,
                len: entry.len,
                line: entry.line,
                hash: entry.hash,
                part: entry.part,
            },
            pictures: &entry.pictures,
            fault: rare.and_then(|rare| rare.fault.as_deref()),
            facts: rare.and_then(|rare| rare.facts.as_deref()),
            oddities: rare.map(|rare| rare.oddities).unwrap_or_default(),
        }
    }

    pub(super) fn kind(&self, key: EventKey) -> &EventKind {
        &self.kinds.list[self.entries[key.0 as usize].kind as usize]
    }

    pub(super) fn status(&self, key: EventKey) -> &Status {
        &self.statuses.list[self.entries[key.0 as usize].status as usize]
    }

    pub(super) fn pictures(&self, key: EventKey) -> &Pictures {
        &self.entries[key.0 as usize].pictures
    }

    pub(super) fn facts(&self, key: EventKey) -> Option<&Facts> {
        self.entries[key.0 as usize].rare.as_ref()?.facts.as_deref()
    }

    pub(super) fn fault(&self, key: EventKey) -> Option<&Fault> {
        self.entries[key.0 as usize].rare.as_ref()?.fault.as_deref()
    }

    pub(super) fn rank(&self, key: EventKey) -> Rank {
        let entry = &self.entries[key.0 as usize];
        Rank { time: entry.clock.map(from_clock), file: entry.file, byte: entry.byte, part: entry.part }
    }

    fn entry(&mut self, event: LogEvent, asset: u32) -> StoredEvent {
        let rare = RareFields { fault: event.fault, facts: event.facts, oddities: event.oddities };
        StoredEvent {
            clock: event.time.or(event.clock).map(to_clock),
            byte: event.origin.byte,
            hash: event.origin.hash,
            pictures: event.pictures,
            rare: (rare != RareFields::default()).then(|| Box::new(rare)),
            asset,
            len: event.origin.len,
            line: event.origin.line,
            file: event.origin.file,
            kind: self.kinds.place(event.kind),
            status: self.statuses.place(event.status),
            part: event.origin.part,
            timed: event.time.is_some(),
        }
    }
}

impl<T: Clone + Eq + Hash> InternTable<T> {
    fn place(&mut self, word: T) -> u32 {
        // The first few words are nearly all there are; to compare them is less work than to hash one.
        let early = self.list.iter().take(4).position(|known| *known == word);
        if let Some(place) = early.and_then(|at| u32::try_from(at).ok()).or_else(|| self.places.get(&word).copied()) {
            return place;
        }
        let place = u32::try_from(self.list.len()).expect("fewer than 2^32 words fit in memory");
        self.list.push(word.clone());
        self.places.insert(word, place);
        place
    }
}

impl<T> Default for InternTable<T> {
    fn default() -> Self {
        Self { list: Vec::new(), places: HashMap::new() }
    }
}

fn to_clock(time: Time) -> PackedTime {
    let micros = time.as_micros();
    let shifted = if micros < 0 { micros } else { micros.saturating_add(1) };
    PackedTime::new(shifted).unwrap_or(PackedTime::MIN)
}

fn from_clock(clock: PackedTime) -> Time {
    let shifted = clock.get();
    Time::from_micros(if shifted < 0 { shifted } else { shifted - 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_come_back() {
        for micros in [i64::MIN, -1, 0, 1, 1_773_450_901_000_000, i64::MAX - 1] {
            let time = Time::from_micros(micros);
            assert_eq!(from_clock(to_clock(time)), time);
        }
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<StoredEvent>() <= 72, "{} bytes an event", size_of::<StoredEvent>());
    }
}
