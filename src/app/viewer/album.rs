//! The cache of pictures: decoded, loading, or failed.
//!
//! Decoded pictures and their prepared forms are kept within a budget of bytes; the least recently viewed go first. The
//! album only records the state of each picture; `prefetch` decides what is requested.

use crate::picture::{EventKey, Fit, Picture, PictureFailure, PictureKey, PictureUpdate, Prepared};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The bytes of decoded and prepared pictures that are kept. With what preparing takes and the decoders, the whole program
/// stays below 150 MB on the largest screens.
const BUDGET: usize = 64 << 20;

/// The state of a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureState {
    /// Not requested, or requested and not started.
    Absent,
    /// Being fetched.
    Loading,
    /// Decoded.
    Ready(Arc<Picture>),
    /// Not available.
    Failed(PictureFailure),
}

#[derive(Clone, Debug)]
struct AlbumEntry {
    state: PictureState,
    prepared: Vec<(Fit, Arc<Prepared>)>,
    /// [`Picture::pixel_hash`] of a decoded picture.
    pixel_hash: Option<u64>,
    /// The value of [`Album::clock`] at the last use.
    used: u64,
}

/// The pictures of the session.
#[derive(Clone, Debug)]
pub struct Album {
    entries: HashMap<PictureKey, AlbumEntry>,
    by_use: BTreeMap<u64, PictureKey>,
    /// A failed picture of each event that has one.
    failed: HashMap<EventKey, PictureKey>,
    /// The number of uses so far.
    clock: u64,
    /// Bytes that are kept now.
    cost: usize,
    budget: usize,
}

impl Default for Album {
    fn default() -> Self {
        Self::new(BUDGET)
    }
}

impl Album {
    /// Creates an album that keeps at most `budget` bytes, and always the picture added last.
    pub fn new(budget: usize) -> Self {
        Self { entries: HashMap::new(), by_use: BTreeMap::new(), failed: HashMap::new(), clock: 0, cost: 0, budget }
    }

    /// Applies a change that `media` or `graphics` reports.
    pub fn apply(&mut self, update: PictureUpdate) {
        match update {
            PictureUpdate::Started(key) => self.set(key, PictureState::Loading),
            PictureUpdate::Dropped(key) => self.forget(key),
            PictureUpdate::Loaded(key, picture) => self.set(key, PictureState::Ready(picture)),
            PictureUpdate::Failed(key, failure) => self.set(key, PictureState::Failed(failure)),
            PictureUpdate::Prepared(key, fit, prepared) => self.add_prepared(key, fit, prepared),
        }
        self.shrink();
    }

    /// The state of a picture.
    pub fn state(&self, key: PictureKey) -> &PictureState {
        self.entries.get(&key).map_or(&PictureState::Absent, |entry| &entry.state)
    }

    /// The decoded picture, if there is one.
    pub fn picture(&self, key: PictureKey) -> Option<&Arc<Picture>> {
        match self.state(key) {
            PictureState::Ready(picture) => Some(picture),
            PictureState::Absent | PictureState::Loading | PictureState::Failed(_) => None,
        }
    }

    /// The failure of a picture of an event, if one is known.
    pub fn failure_of(&self, event: EventKey) -> Option<&PictureFailure> {
        match self.state(*self.failed.get(&event)?) {
            PictureState::Failed(failure) => Some(failure),
            PictureState::Absent | PictureState::Loading | PictureState::Ready(_) => None,
        }
    }

    /// Returns whether two pictures are decoded and look alike.
    pub fn are_alike(&self, one: PictureKey, other: PictureKey) -> bool {
        let pixel_hash = |key| self.entries.get(&key)?.pixel_hash;
        pixel_hash(one).is_some_and(|one| pixel_hash(other) == Some(one))
    }

    /// The picture as prepared for exactly this fit.
    pub fn prepared(&self, key: PictureKey, fit: Fit) -> Option<&Arc<Prepared>> {
        self.entries.get(&key)?.prepared.iter().find(|(known, _)| *known == fit).map(|(_, prepared)| prepared)
    }

    /// The picture as last prepared for the same area and protocol, of any quality.
    pub fn prepared_for_area(&self, key: PictureKey, fit: Fit) -> Option<(Fit, &Arc<Prepared>)> {
        let same = |known: &Fit| Fit { quality: fit.quality, target_bytes: fit.target_bytes, ..*known } == fit;
        let (fit, prepared) = self.entries.get(&key)?.prepared.iter().rfind(|(known, _)| same(known))?;
        Some((*fit, prepared))
    }

    /// Marks a picture as viewed, so that it is kept longest.
    pub fn touch(&mut self, key: PictureKey) {
        if let Some(entry) = self.entries.get_mut(&key) {
            self.by_use.remove(&entry.used);
            self.clock += 1;
            entry.used = self.clock;
            self.by_use.insert(self.clock, key);
        }
    }

    /// Forgets a decoded or failed picture, so that it is requested again; returns whether it was one.
    pub fn retry(&mut self, key: PictureKey) -> bool {
        let is_answered = matches!(self.state(key), PictureState::Failed(_) | PictureState::Ready(_));
        if is_answered {
            self.forget(key);
        }
        is_answered
    }

    /// Forgets all failed pictures; returns their number.
    pub fn retry_all(&mut self) -> usize {
        let failed: Vec<PictureKey> = self
            .entries
            .iter()
            .filter(|(_, entry)| matches!(entry.state, PictureState::Failed(_)))
            .map(|(key, _)| *key)
            .collect();
        for key in &failed {
            self.forget(*key);
        }
        failed.len()
    }

    fn set(&mut self, key: PictureKey, state: PictureState) {
        self.forget(key);
        self.clock += 1;
        let pixel_hash = if let PictureState::Ready(picture) = &state { Some(picture.pixel_hash()) } else { None };
        let entry = AlbumEntry { state, prepared: Vec::new(), pixel_hash, used: self.clock };
        self.cost += entry.cost();
        self.by_use.insert(self.clock, key);
        if matches!(entry.state, PictureState::Failed(_)) {
            self.failed.insert(key.event, key);
        }
        self.entries.insert(key, entry);
    }

    fn forget(&mut self, key: PictureKey) {
        if let Some(entry) = self.entries.remove(&key) {
            self.cost -= entry.cost();
            self.by_use.remove(&entry.used);
            if self.failed.get(&key.event) == Some(&key) {
                self.failed.remove(&key.event);
            }
        }
    }

    fn add_prepared(&mut self, key: PictureKey, fit: Fit, prepared: Arc<Prepared>) {
        if let Some(entry) = self.entries.get_mut(&key) {
            self.cost -= entry.cost();
            entry.prepared.retain(|(known, _)| *known != fit);
            // The pane, a thumbnail, a preview of each, and the pane before a resize; more are not shown again.
            if entry.prepared.len() >= 5 {
                entry.prepared.remove(0);
            }
            entry.prepared.push((fit, prepared));
            self.cost += entry.cost();
        }
    }

    fn shrink(&mut self) {
        while self.cost > self.budget && self.entries.len() > 1 {
            let Some((_, oldest)) = self.by_use.first_key_value() else { return };
            self.forget(*oldest);
        }
    }
}

impl AlbumEntry {
    fn cost(&self) -> usize {
        let picture = match &self.state {
            PictureState::Ready(picture) => picture.cost(),
            PictureState::Absent | PictureState::Loading | PictureState::Failed(_) => 0,
        };
        picture + self.prepared.iter().map(|(_, prepared)| prepared.cost()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::PictureKind,
        picture::{FailureKind, PixelSize},
    };

    fn key(index: u32) -> PictureKey {
        PictureKey { event: EventKey(0), kind: PictureKind::Sample, index }
    }

    fn picture() -> Arc<Picture> {
        let picture = Picture::of_rgb(PixelSize { width: 10, height: 1 }, [0; 30]);
        Arc::new(Picture { jpeg: [0; 70].into(), ..picture })
    }

    #[test]
    fn the_least_recently_viewed_goes_first() {
        let mut album = Album::new(250);
        album.apply(PictureUpdate::Loaded(key(0), picture()));
        album.apply(PictureUpdate::Loaded(key(1), picture()));
        album.touch(key(0));
        album.apply(PictureUpdate::Loaded(key(2), picture()));
        assert!(album.picture(key(0)).is_some());
        assert!(album.picture(key(1)).is_none());
        assert_eq!(album.cost, 200);
    }

    #[test]
    fn an_answered_picture_can_be_retried() {
        let mut album = Album::default();
        album.apply(PictureUpdate::Loaded(key(1), picture()));
        assert!(album.retry(key(1)));
        assert!(album.picture(key(1)).is_none());
        let failure =
            PictureFailure { kind: FailureKind::Forbidden, what: "HTTP 403".into(), advice: Vec::new(), allow: None };
        album.apply(PictureUpdate::Failed(key(0), failure));
        assert!(album.retry(key(0)));
        assert!(!album.retry(key(0)));
        assert_eq!(album.state(key(0)), &PictureState::Absent);
    }
}
