//! Names of events and pictures, and what is asked of the network.
//!
//! Keys are small numbers of one session; they stand for nothing outside it. Every answer about a picture carries its
//! key.

use crate::event::{AssetId, Offset, PictureKind, PictureUrl, Snapshot};

/// An event in the catalog. Pictures of an earlier event are other pictures than those of a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(pub u32);

/// One picture of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PictureKey {
    /// The event that names it.
    pub event: EventKey,
    /// The list that names it.
    pub kind: PictureKind,
    /// Its index in that list.
    pub index: u32,
}

/// A picture to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureRequest {
    /// The key that answers to it bear.
    pub key: PictureKey,
    /// Its asset; part of the cache key.
    pub asset: AssetId,
    /// Its place in the video; part of the cache key.
    pub offset: Offset,
    /// Its address.
    pub url: PictureUrl,
}

impl PictureRequest {
    /// Makes the request for one snapshot of an event of `asset`.
    pub fn new(event: EventKey, asset: &AssetId, snapshot: Snapshot) -> Self {
        let key = PictureKey { event, kind: snapshot.kind, index: snapshot.index };
        Self { key, asset: asset.clone(), offset: snapshot.offset, url: snapshot.url }
    }

    /// The sort key of [`Snapshot::order`].
    pub fn order(&self) -> (Offset, PictureKind, u32) {
        (self.offset, self.key.kind, self.key.index)
    }
}
