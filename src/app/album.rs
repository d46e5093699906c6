//! The pictures that are here, on their way, or not to be had.
//!
//! Keeps decoded pictures and what was prepared of them within a budget of bytes, the least recently looked at going
//! first. What to want next is decided in `app.rs`; this only knows what became of each wish.

use super::App;
use crate::{
    event::PictureKind,
    picture::{Fit, Picture, PictureFailure, PictureKey, PictureUpdate, Prepared},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Bytes of decoded and prepared pictures that are kept.
pub const BUDGET: usize = 96 << 20;

/// Below this mean luma (0 to 255) a picture is as good as black.
const BLACK: u8 = 8;

/// What became of a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureState {
    /// Not asked for, or asked for and not begun.
    Absent,
    /// Being fetched.
    Loading,
    /// Here.
    Ready(Arc<Picture>),
    /// Not to be had.
    Failed(PictureFailure),
}

#[derive(Clone, Debug)]
struct AlbumEntry {
    state: PictureState,
    prepared: Vec<(Fit, Arc<Prepared>)>,
    black: bool,
    /// [`Picture::pixel_hash`] of a picture that is here.
    pixel_hash: Option<u64>,
    used: u64,
}

/// All pictures of the session.
#[derive(Clone, Debug)]
pub struct Album {
    slots: HashMap<PictureKey, AlbumEntry>,
    by_use: BTreeMap<u64, PictureKey>,
    clock: u64,
    cost: usize,
    budget: usize,
}

impl Default for Album {
    fn default() -> Self {
        Self::new(BUDGET)
    }
}

impl Album {
    /// An album that keeps at most `budget` bytes, and always the picture taken last.
    pub fn new(budget: usize) -> Self {
        Self { slots: HashMap::new(), by_use: BTreeMap::new(), clock: 0, cost: 0, budget }
    }

    /// Takes what `media` and `graphics` say.
    pub fn take(&mut self, update: PictureUpdate) {
        match update {
            PictureUpdate::Started(key) => self.set(key, PictureState::Loading),
            PictureUpdate::Dropped(key) => self.forget(key),
            PictureUpdate::Loaded(key, picture) => self.set(key, PictureState::Ready(picture)),
            PictureUpdate::Failed(key, trouble) => self.set(key, PictureState::Failed(trouble)),
            PictureUpdate::Prepared(key, fit, prepared) => self.add_prepared(key, fit, prepared),
        }
        self.shrink();
    }

    /// What became of a picture.
    pub fn state(&self, key: PictureKey) -> &PictureState {
        self.slots.get(&key).map_or(&PictureState::Absent, |slot| &slot.state)
    }

    /// The picture, where it is here.
    pub fn picture(&self, key: PictureKey) -> Option<&Arc<Picture>> {
        match self.state(key) {
            PictureState::Ready(picture) => Some(picture),
            PictureState::Absent | PictureState::Loading | PictureState::Failed(_) => None,
        }
    }

    /// Whether a picture is here and as good as black.
    pub fn is_black(&self, key: PictureKey) -> bool {
        self.slots.get(&key).is_some_and(|slot| slot.black)
    }

    /// Whether two pictures are here and look the same.
    pub fn are_same(&self, one: PictureKey, other: PictureKey) -> bool {
        let pixel_hash = |key| self.slots.get(&key)?.pixel_hash;
        pixel_hash(one).is_some_and(|one| pixel_hash(other) == Some(one))
    }

    /// What was prepared for just this box.
    pub fn prepared(&self, key: PictureKey, fit: Fit) -> Option<&Arc<Prepared>> {
        self.slots.get(&key)?.prepared.iter().find(|(known, _)| *known == fit).map(|(_, prepared)| prepared)
    }

    /// What was prepared last for that box in that protocol, with whatever care.
    pub fn prepared_for_box(&self, key: PictureKey, fit: Fit) -> Option<(Fit, &Arc<Prepared>)> {
        let same = |known: &Fit| Fit { quality: fit.quality, target_bytes: fit.target_bytes, ..*known } == fit;
        let (fit, prepared) = self.slots.get(&key)?.prepared.iter().rfind(|(known, _)| same(known))?;
        Some((*fit, prepared))
    }

    /// Marks a picture as looked at, so that it stays longest.
    pub fn touch(&mut self, key: PictureKey) {
        if let Some(slot) = self.slots.get_mut(&key) {
            self.by_use.remove(&slot.used);
            self.clock += 1;
            slot.used = self.clock;
            self.by_use.insert(self.clock, key);
        }
    }

    /// Forgets a picture, or that it failed; returns whether there was anything to forget.
    pub fn retry(&mut self, key: PictureKey) -> bool {
        let answered = matches!(self.state(key), PictureState::Failed(_) | PictureState::Ready(_));
        if answered {
            self.forget(key);
        }
        answered
    }

    /// Forgets all failures; returns how many there were.
    pub fn retry_all(&mut self) -> usize {
        let failed: Vec<PictureKey> = self
            .slots
            .iter()
            .filter(|(_, slot)| matches!(slot.state, PictureState::Failed(_)))
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
        let black = matches!(&state, PictureState::Ready(picture) if picture.mean_luma() < BLACK);
        let pixel_hash = if let PictureState::Ready(picture) = &state { Some(picture.pixel_hash()) } else { None };
        let slot = AlbumEntry { state, prepared: Vec::new(), black, pixel_hash, used: self.clock };
        self.cost += slot.cost();
        self.by_use.insert(self.clock, key);
        self.slots.insert(key, slot);
    }

    fn forget(&mut self, key: PictureKey) {
        if let Some(slot) = self.slots.remove(&key) {
            self.cost -= slot.cost();
            self.by_use.remove(&slot.used);
        }
    }

    fn add_prepared(&mut self, key: PictureKey, fit: Fit, prepared: Arc<Prepared>) {
        if let Some(slot) = self.slots.get_mut(&key) {
            self.cost -= slot.cost();
            slot.prepared.retain(|(known, _)| *known != fit);
            // One box, one thumbnail, a preview of each and a box before a resize; more are not looked at again.
            if slot.prepared.len() >= 5 {
                slot.prepared.remove(0);
            }
            slot.prepared.push((fit, prepared));
            self.cost += slot.cost();
        }
    }

    fn shrink(&mut self) {
        while self.cost > self.budget && self.slots.len() > 1 {
            let Some((_, oldest)) = self.by_use.first_key_value() else { return };
            self.forget(*oldest);
        }
    }
}

impl App {
    /// The neighbour on the timeline that a picture looks the same as: a video that stood still, or a job that took one
    /// picture twice. Pictures of one offset are meant to look the same, and covers are taken from somewhere.
    pub fn twin(&self, at: usize) -> Option<usize> {
        let marks = self.timeline().marks();
        let mark = marks.get(at)?;
        let same = |near: &usize| {
            marks.get(*near).is_some_and(|other| {
                let cover = [mark, other].iter().any(|mark| mark.key.kind == PictureKind::Cover);
                !cover && mark.offset != other.offset && self.album().are_same(mark.key, other.key)
            })
        };
        [at.checked_sub(1), Some(at + 1)].into_iter().flatten().find(same)
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
    use crate::picture::{EventKey, FetchInfo, PixelSize};

    fn key(index: u32) -> PictureKey {
        PictureKey { event: EventKey(0), kind: PictureKind::Sample, index }
    }

    fn picture() -> Arc<Picture> {
        let size = PixelSize { width: 10, height: 1 };
        Arc::new(Picture {
            size,
            rgb: vec![0; 30].into(),
            jpeg: vec![0; 70].into(),
            fetched: FetchInfo::default(),
            damage: None,
        })
    }

    #[test]
    fn the_least_recently_seen_goes_first() {
        let mut album = Album::new(250);
        album.take(PictureUpdate::Loaded(key(0), picture()));
        album.take(PictureUpdate::Loaded(key(1), picture()));
        album.touch(key(0));
        album.take(PictureUpdate::Loaded(key(2), picture()));
        assert!(album.picture(key(0)).is_some());
        assert!(album.picture(key(1)).is_none());
        assert_eq!(album.cost, 200);
    }

    #[test]
    fn what_was_answered_can_be_tried_again() {
        let mut album = Album::default();
        album.take(PictureUpdate::Loaded(key(1), picture()));
        assert!(album.retry(key(1)));
        assert!(album.picture(key(1)).is_none());
        let trouble = PictureFailure { what: "HTTP 403".into(), advice: Vec::new(), allow: None };
        album.take(PictureUpdate::Failed(key(0), trouble));
        assert!(album.retry(key(0)));
        assert!(!album.retry(key(0)));
        assert_eq!(album.state(key(0)), &PictureState::Absent);
    }
}
