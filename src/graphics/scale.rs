//! Pixels made smaller or larger, once, before anything is encoded.
//!
//! Everything that the encoders read is a [`Raster`]: three bytes a pixel, row by row, exactly `width * height` of them.

use crate::picture::{Fit, Picture, PixelSize};
use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use std::borrow::Cow;

/// Pixels at the size at which they are sent.
pub(super) struct Raster<'a> {
    /// Width and height.
    pub(super) size: PixelSize,
    /// Three bytes a pixel, row by row.
    pub(super) rgb: Cow<'a, [u8]>,
}

impl Raster<'_> {
    /// Pixels across.
    pub(super) fn width(&self) -> usize {
        self.size.width as usize
    }

    /// The pixels, one after the other.
    pub(super) fn pixels(&self) -> &[[u8; 3]] {
        self.rgb.as_chunks().0
    }
}

/// The pixels of a box.
pub(super) fn pane(fit: Fit) -> PixelSize {
    let side = |cells: u16, pixels: u16| u32::from(cells.max(1)) * u32::from(pixels.max(1));
    PixelSize { width: side(fit.cells.width, fit.cell.width), height: side(fit.cells.height, fit.cell.height) }
}

/// How many pixels a box has.
pub(super) fn area(fit: Fit) -> usize {
    let PixelSize { width, height } = pane(fit);
    width as usize * height as usize
}

/// The pixels to send of a picture: those of its box, so that the terminal need not scale them again, which costs a
/// decibel; of one that has fewer, at most its own, because what a terminal can make of them need not be sent.
pub(super) fn sent(picture: PixelSize, fit: Fit) -> PixelSize {
    let pane = pane(fit);
    let is_larger = picture.width >= pane.width && picture.height >= pane.height;
    if is_larger { pane } else { picture.shrink_into(pane) }
}

/// Scales a picture to `size`. One that has that size already is not copied.
///
/// A picture whose bytes do not belong to its size becomes black; `media` makes none such.
pub(super) fn scale(picture: &Picture, size: PixelSize) -> Raster<'_> {
    let size = PixelSize { width: size.width.max(1), height: size.height.max(1) };
    let length = size.width as usize * size.height as usize * 3;
    if picture.size == size && picture.rgb.len() == length {
        return Raster { size, rgb: Cow::Borrowed(&picture.rgb) };
    }
    let mut scaled = Image::new(size.width, size.height, PixelType::U8x3);
    if let Ok(source) = ImageRef::new(picture.size.width, picture.size.height, &picture.rgb, PixelType::U8x3) {
        // It fails for other pixel types and for crops outside the picture alone: both are fixed here.
        let _ = Resizer::new().resize(&source, &mut scaled, &filter(picture.size, size));
    }
    Raster { size, rgb: Cow::Owned(scaled.into_vec()) }
}

/// Catmull-Rom keeps edges; for a picture that grows it would ring, and cost bytes for that.
fn filter(from: PixelSize, to: PixelSize) -> ResizeOptions {
    let grows = to.width > from.width || to.height > from.height;
    let filter = if grows { FilterType::Bilinear } else { FilterType::CatmullRom };
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter))
}
