//! The picture list of one event, without a string for each picture.

use super::progression::{Progression, Progressions};
use crate::event::{asset_id::AssetId, kind::PictureKind, offset::Offset, url::PictureUrl};
use std::sync::Arc;

/// A picture that an event names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The list that names it.
    pub kind: PictureKind,
    /// Its index in that list.
    pub index: u32,
    /// Its place in the video.
    pub offset: Offset,
    /// Its address.
    pub url: PictureUrl,
}

impl Snapshot {
    /// The sort key by which pictures are shown, listed and exported: by offset, a sample before a dot before a cover,
    /// equal ones as the log has them.
    pub fn order(&self) -> (Offset, PictureKind, u32) {
        (self.offset, self.kind, self.index)
    }
}

/// The pictures of one event. Clones share the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures(pub(super) Option<Arc<Progressions>>);

impl Pictures {
    /// Returns the pictures of `asset`, sorted by [`Snapshot::order`].
    pub fn sorted(&self, asset: &AssetId) -> Vec<Snapshot> {
        let mut snapshots: Vec<_> = self.iter(asset).collect();
        snapshots.sort_by_key(Snapshot::order);
        snapshots
    }

    /// Returns the number of pictures.
    pub fn len(&self) -> usize {
        self.progressions().iter().map(|progression| progression.count as usize).sum()
    }

    /// Returns `true` if there are no pictures.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the number of pictures of one kind.
    pub fn count(&self, kind: PictureKind) -> usize {
        self.progressions()
            .iter()
            .filter(|progression| progression.kind == kind)
            .map(|progression| progression.count as usize)
            .sum()
    }

    /// Returns the greatest offset.
    pub fn last_offset(&self) -> Option<Offset> {
        self.progressions()
            .iter()
            .flat_map(|progression| [progression.offset_at(0), progression.offset_at(progression.count - 1)])
            .max()
    }

    /// Returns the pictures of `asset`, kind after kind, each in the log's order. Allocates each URL.
    pub fn iter<'a>(&'a self, asset: &'a AssetId) -> impl Iterator<Item = Snapshot> + 'a {
        let id = asset.to_string();
        let mut texts = self.texts();
        self.places().map(move |(progression, kind, index, at)| {
            let url = progression.url_at(at, &id, texts);
            if at + 1 == progression.count {
                texts = texts.get(progression.kept_texts_len()..).unwrap_or_default();
            }
            Snapshot { kind, index, offset: progression.offset_at(at), url }
        })
    }

    /// Returns kind, index and offset of each picture in the order of [`Self::iter`], without making URLs.
    pub fn offsets(&self) -> impl Iterator<Item = (PictureKind, u32, Offset)> + '_ {
        self.places().map(|(progression, kind, index, at)| (kind, index, progression.offset_at(at)))
    }

    /// Returns one picture of `asset`.
    pub fn get(&self, asset: &AssetId, kind: PictureKind, index: u32) -> Option<Snapshot> {
        let mut at = index;
        let mut texts = self.texts();
        for progression in self.progressions() {
            if progression.kind == kind {
                if at < progression.count {
                    let url = progression.url_at(at, &asset.to_string(), texts);
                    return Some(Snapshot { kind, index, offset: progression.offset_at(at), url });
                }
                at -= progression.count;
            }
            texts = texts.get(progression.kept_texts_len()..).unwrap_or_default();
        }
        None
    }

    pub(super) fn progressions(&self) -> &[Progression] {
        self.0.as_deref().map_or(&[], Progressions::as_slice)
    }

    fn texts(&self) -> &str {
        self.0.as_deref().map_or("", |list| &list.texts)
    }

    /// Returns each picture's progression, kind, index in the kind, and index in the progression.
    fn places(&self) -> impl Iterator<Item = (&Progression, PictureKind, u32, u32)> + '_ {
        let mut before: Option<(PictureKind, u32)> = None;
        self.progressions().iter().flat_map(|progression| (0..progression.count).map(move |at| (progression, at))).map(
            move |(progression, at)| {
                let index = before.filter(|(kind, _)| *kind == progression.kind).map_or(0, |(_, index)| index + 1);
                before = Some((progression.kind, index));
                (progression, progression.kind, index, at)
            },
        )
    }
}
