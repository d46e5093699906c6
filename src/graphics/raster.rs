//! Scaled pixels: the input of every encoder.
//!
//! A picture is scaled once, before anything is encoded. A [`Raster`] holds exactly `3 * width * height` bytes, row by
//! row, red before green before blue.

use crate::picture::{Picture, PixelSize};
use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use std::borrow::Cow;

/// Pixels at the size at which they are encoded.
pub(super) struct Raster<'a> {
    /// Width and height.
    pub(super) size: PixelSize,
    /// Three bytes a pixel, row by row.
    pub(super) rgb: Cow<'a, [u8]>,
}

impl Raster<'_> {
    /// Returns the pixels of a row.
    pub(super) fn width(&self) -> usize {
        self.size.width as usize
    }

    /// Returns all pixels, row by row.
    pub(super) fn pixels(&self) -> &[[u8; 3]] {
        self.rgb.as_chunks().0
    }
}

/// Scales a picture to `size`, without a copy if it has that size already.
///
/// A picture whose bytes do not match its size becomes black; `media` makes none such.
pub(super) fn scale(picture: &Picture, size: PixelSize) -> Raster<'_> {
    let size = PixelSize { width: size.width.max(1), height: size.height.max(1) };
    let length = size.width as usize * size.height as usize * 3;
    if picture.size == size && picture.rgb().len() == length {
        return Raster { size, rgb: Cow::Borrowed(picture.rgb()) };
    }
    let mut scaled = Image::new(size.width, size.height, PixelType::U8x3);
    if let Ok(source) = ImageRef::new(picture.size.width, picture.size.height, picture.rgb(), PixelType::U8x3) {
        // This fails only for other pixel types and for crops outside the picture; neither can occur here.
        let _ = Resizer::new().resize(&source, &mut scaled, &filter(picture.size, size));
    }
    Raster { size, rgb: Cow::Owned(scaled.into_vec()) }
}

/// Returns the filter: Catmull-Rom keeps edges; enlarging with it would ring, and ringing costs bytes.
fn filter(from: PixelSize, to: PixelSize) -> ResizeOptions {
    let grows = to.width > from.width || to.height > from.height;
    let filter = if grows { FilterType::Bilinear } else { FilterType::CatmullRom };
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter))
}
