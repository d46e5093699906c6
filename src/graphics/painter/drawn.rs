//! A picture as it appears on the screen, and the comparisons that decide what has to be sent.

use crate::picture::{Excerpt, Fit, Multiplexer, PictureKey, Placement, Prepared, Protocol, Quality};
use ratatui::layout::{Rect, Size};
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

/// The hash of a picture that the terminal lost when the screen was cleared.
pub(super) const LOST: u64 = 0;

/// A picture on the screen, or one that should be there.
#[derive(Clone, Debug)]
pub(super) struct DrawnPicture {
    /// The picture, and the pixels of it that are shown.
    pub(super) key: (PictureKey, Excerpt),
    pub(super) area: Rect,
    /// The detail: the quality, and the most bytes that were allowed. Comparable between forms of the same picture only.
    pub(super) detail: (Quality, u32),
    pub(super) protocol: Protocol,
    pub(super) multiplexer: Multiplexer,
    /// A hash of the bytes; never [`LOST`].
    pub(super) hash: u64,
    pub(super) bytes: Arc<[u8]>,
    /// The bytes that the terminal needs for the decoded picture.
    pub(super) decoded_bytes: usize,
}

impl DrawnPicture {
    /// Returns how a placement will appear on a screen of that size; `None` for blocks, and for an area that is not wholly
    /// on the screen. The hash of bytes that are drawn already is taken over instead of computed.
    pub(super) fn new(
        placement: &Placement,
        fit: Fit,
        prepared: &Prepared,
        screen: Size,
        drawn: &[Self],
    ) -> Option<Self> {
        let Prepared::Bytes { bytes, size } = prepared else { return None };
        let area = placement.area;
        let is_on_screen = area.right() <= screen.width && area.bottom() <= screen.height && !area.is_empty();
        let same = drawn.iter().find(|drawn| Arc::ptr_eq(&drawn.bytes, bytes));
        is_on_screen.then(|| Self {
            key: (placement.key, fit.excerpt),
            area,
            detail: (fit.quality, fit.target_bytes),
            protocol: fit.protocol,
            multiplexer: fit.multiplexer,
            hash: same.map_or_else(|| hash_of(bytes), |drawn| drawn.hash),
            bytes: Arc::clone(bytes),
            decoded_bytes: size.width as usize * size.height as usize * 4,
        })
    }

    /// Returns true if the screen shows what is wanted, or the same picture in more detail, which is never replaced by
    /// less.
    pub(super) fn satisfies(&self, wanted: &Self) -> bool {
        let has_more_detail = self.key == wanted.key && self.covers(wanted) && self.detail > wanted.detail;
        has_more_detail || self.area == wanted.area && self.is_same_drawing(wanted)
    }

    /// Returns true if both are the same bytes for the same terminal.
    pub(super) fn is_same_drawing(&self, other: &Self) -> bool {
        self.hash == other.hash && self.protocol == other.protocol && self.multiplexer == other.multiplexer
    }

    /// Returns true if both are drawn in the same way into the same cells, so that each covers the other entirely.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.area == other.area && self.protocol == other.protocol && self.multiplexer == other.multiplexer
    }
}

/// Hashes a drawing, so that equal bytes are transmitted once wherever they are shown.
fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish().max(LOST + 1)
}
