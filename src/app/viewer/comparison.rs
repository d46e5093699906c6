//! The comparison of the picture under the cursor with a marked one: side by side, or as their difference.

use super::album::Album;
use crate::picture::{Picture, PictureDifference, PictureKey, PictureRequest};
use std::sync::Arc;

/// A comparison.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    marked: Option<PictureRequest>,
    mode: ComparisonMode,
    /// The difference that was computed last, and the pictures that it is of.
    difference: Option<(PictureKey, PictureKey, Arc<ComputedDifference>)>,
}

/// The display of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ComparisonMode {
    /// The picture under the cursor alone.
    #[default]
    Off,
    /// The marked picture beside it.
    SideBySide,
    /// The difference of both.
    Difference,
}

/// A difference of two pictures.
#[derive(Clone, Debug)]
pub struct ComputedDifference {
    /// The difference as a picture.
    pub picture: Arc<Picture>,
    /// The peak signal-to-noise ratio in decibels; `None` for equal pictures.
    pub psnr: Option<f64>,
    /// The share of pixels that differ, from 0 to 1.
    pub share: f64,
}

impl Comparison {
    /// The marked picture.
    pub fn marked(&self) -> Option<&PictureRequest> {
        self.marked.as_ref()
    }

    /// The display.
    pub fn mode(&self) -> ComparisonMode {
        self.mode
    }

    /// The marked picture while a comparison is shown, unless it is the picture under the cursor.
    pub fn other(&self, current: PictureKey) -> Option<&PictureRequest> {
        self.marked.as_ref().filter(|marked| self.mode != ComparisonMode::Off && marked.key != current)
    }

    /// Marks a picture.
    pub(super) fn mark(&mut self, picture: PictureRequest) {
        self.marked = Some(picture);
    }

    /// Shows the next display: side by side, the difference, off.
    pub(super) fn next_mode(&mut self) {
        self.mode = match self.mode {
            ComparisonMode::Off => ComparisonMode::SideBySide,
            ComparisonMode::SideBySide => ComparisonMode::Difference,
            ComparisonMode::Difference => ComparisonMode::Off,
        };
    }

    /// Ends the comparison; returns whether one was shown.
    pub(super) fn close(&mut self) -> bool {
        std::mem::take(&mut self.mode) != ComparisonMode::Off
    }

    /// Computes the difference if it is shown, both pictures are decoded, and it was not computed before.
    pub(super) fn update(&mut self, current: Option<PictureKey>, album: &Album) {
        let Some((current, marked)) = current.and_then(|key| Some((key, self.other(key)?.key))) else { return };
        if self.mode != ComparisonMode::Difference || self.difference(current).is_some() {
            return;
        }
        if let Some((one, other)) = album.picture(current).zip(album.picture(marked)) {
            let PictureDifference { picture, psnr, share } = one.difference(other);
            let computed = ComputedDifference { picture: Arc::new(picture), psnr, share };
            self.difference = Some((current, marked, Arc::new(computed)));
        }
    }

    /// The difference of the picture under the cursor and the marked one, once it was computed.
    pub fn difference(&self, current: PictureKey) -> Option<&ComputedDifference> {
        let marked = self.marked.as_ref()?.key;
        self.difference
            .as_ref()
            .filter(|(one, other, _)| (*one, *other) == (current, marked))
            .map(|(.., found)| &**found)
    }
}
