//! The size of a picture's pane in pixels, and how many of its pixels are worth sending.

use crate::picture::{Fit, PixelSize};

/// Returns the pixels of the cells that a picture fills.
pub(super) fn pane_size(fit: Fit) -> PixelSize {
    fit.cell.pixels(fit.cells)
}

/// Returns the number of pixels of the pane.
pub(super) fn pane_pixels(fit: Fit) -> usize {
    let PixelSize { width, height } = pane_size(fit);
    width as usize * height as usize
}

/// Returns the size at which a picture is sent: that of the pane, so that the terminal need not scale it again, which
/// costs a decibel; for a picture with fewer pixels at most its own size, because the terminal can enlarge it itself.
pub(super) fn transmitted_size(picture: PixelSize, fit: Fit) -> PixelSize {
    let pane = pane_size(fit);
    let is_larger = picture.width >= pane.width && picture.height >= pane.height;
    if is_larger { pane } else { picture.shrink_into(pane) }
}
