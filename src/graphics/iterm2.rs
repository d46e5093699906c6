//! iTerm2's inline images (OSC 1337): the JPEG itself, as it was fetched, where it fits the box.
//!
//! `size=` is always given, because xterm.js shows nothing without it; the cursor stays, so that nothing scrolls.

use super::{
    budget, put,
    scale::{Raster, area, scale, sent},
    tmux,
};
use crate::picture::{Fit, Multiplexer, Picture, PixelSize, Quality};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{ExtendedColorType, ImageEncoder as _, ImageFormat, codecs::jpeg::JpegEncoder};

/// How well a JPEG of ours is encoded at first, in percent: 37 dB as a rule, and 35 for a preview.
const QUALITY: u8 = 75;
const QUALITY_PREVIEW: u8 = 60;

/// The best that is ever asked for: above, bytes double and nobody sees it.
const QUALITY_BEST: u8 = 90;

/// Bytes of a thousand pixels of its box that a picture should take at most: 90 KB in a pane of 80 columns.
const DEAR: usize = 244;

/// How much it should look like itself at least, in decibels.
const LIKENESS: f64 = 35.2;

/// Pixels in ten bytes of base64, as most pictures have them.
const DENSITY: u32 = 60;

/// The most bytes of a JPEG that goes as it came; one of ours would take less than a larger one.
const MOST_AS_FETCHED: usize = 64 * 1024;

/// Encodes a picture as one whole sequence. `None` if the JPEG cannot be made.
pub(super) fn encode(picture: &Picture, fit: Fit) -> Option<(Vec<u8>, PixelSize)> {
    let size = sent(picture.size, fit);
    if size == picture.size && is_as_fetched(picture) && picture.jpeg.len() / 3 * 4 < fit.most as usize {
        return Some((sequence(&picture.jpeg, fit), size));
    }
    budget::within(fit.most, DENSITY, size, |size| {
        let raster = scale(picture, size);
        let file = match fit.quality {
            Quality::Preview => jpeg(&raster, QUALITY_PREVIEW)?,
            Quality::Full if fit.most < u32::MAX => jpeg(&raster, QUALITY)?,
            Quality::Full => fair(&raster, area(fit) * DEAR / 1000)?,
        };
        Some(sequence(&file, fit))
    })
}

/// A JPEG that keeps to its aim; where bytes and likeness cannot both be had, one that is just like enough.
fn fair(raster: &Raster<'_>, most: usize) -> Option<Vec<u8>> {
    let file = jpeg(raster, QUALITY)?;
    let likeness = likeness(&file, raster)?;
    if likeness >= LIKENESS && file.len() / 3 * 4 <= most {
        return Some(file);
    }
    jpeg(raster, quality_for(LIKENESS - likeness))
}

/// The quality for so many decibels more than the first try had. Twice the steps between values, which is what a quality
/// stands for (`200 - 2 * quality` percent of the standard's), take about three decibels.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped to percents")]
fn quality_for(more: f64) -> u8 {
    let steps = f64::from(200 - 2 * u32::from(QUALITY)) * (-more / 3.3).exp2();
    (100.0 - steps / 2.0).round().clamp(f64::from(QUALITY_PREVIEW), f64::from(QUALITY_BEST)) as u8
}

/// How much a JPEG looks like what it was made from, in decibels.
#[expect(clippy::cast_precision_loss, reason = "sums of errors stay far below 2^53")]
fn likeness(file: &[u8], raster: &Raster<'_>) -> Option<f64> {
    let shown = image::load_from_memory_with_format(file, ImageFormat::Jpeg).ok()?.into_rgb8();
    let squares = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b)).pow(2);
    let sum: u64 = shown.as_raw().iter().zip(&*raster.rgb).map(squares).sum();
    Some(10.0 * (255.0 * 255.0 * raster.rgb.len() as f64 / sum.max(1) as f64).log10())
}

fn jpeg(raster: &Raster<'_>, quality: u8) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let PixelSize { width, height } = raster.size;
    let encoder = JpegEncoder::new_with_quality(&mut file, quality);
    encoder.write_image(&raster.rgb, width, height, ExtendedColorType::Rgb8).ok()?;
    Some(file)
}

/// Whether the fetched bytes may go to the terminal as they are: short enough, undamaged, and of a plain kind.
fn is_as_fetched(picture: &Picture) -> bool {
    picture.damage.is_none() && picture.jpeg.len() <= MOST_AS_FETCHED && is_plain(&picture.jpeg, picture.size)
}

/// Whether this is a baseline JPEG in grey or YCbCr of that size, with no EXIF data before that could turn it. The
/// terminal's decoder is not to meet what ours may only just have borne: progressive files, CMYK, sizes that differ.
fn is_plain(jpeg: &[u8], size: PixelSize) -> bool {
    let Some(mut rest) = jpeg.strip_prefix(b"\xff\xd8") else { return false };
    while let [0xff, marker, high, low, body @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).saturating_sub(2);
        let Some((segment, after)) = body.split_at_checked(length) else { return false };
        match marker {
            0xe1 if segment.starts_with(b"Exif") => return false,
            0xc0 | 0xc1 => {
                let [_, h1, h0, w1, w0, components, ..] = segment else { return false };
                let pixels = |bytes: [u8; 2]| u32::from(u16::from_be_bytes(bytes));
                let same = size == PixelSize { width: pixels([*w1, *w0]), height: pixels([*h1, *h0]) };
                return same && matches!(components, 1 | 3);
            }
            0xc2..=0xcf if *marker != 0xc4 => return false,
            _ => rest = after,
        }
    }
    false
}

fn sequence(jpeg: &[u8], fit: Fit) -> Vec<u8> {
    let (columns, rows) = (fit.cells.width, fit.cells.height);
    let mut out = Vec::with_capacity(jpeg.len() * 4 / 3 + 128);
    put(&mut out, format_args!("\x1b]1337;File=inline=1;size={};width={columns};height={rows};", jpeg.len()));
    put(&mut out, format_args!("preserveAspectRatio=0;doNotMoveCursor=1:{}\x07", STANDARD.encode(jpeg)));
    match fit.multiplexer {
        Multiplexer::None | Multiplexer::Screen => out,
        Multiplexer::Tmux => {
            let mut wrapped = Vec::with_capacity(out.len() + 16);
            tmux::wrap(&out, &mut wrapped);
            wrapped
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_follows_what_is_missing() {
        assert_eq!([-3.0, -1.0, 0.0, 1.0, 3.0, 30.0].map(quality_for), [60, 69, 75, 80, 87, 90]);
    }

    #[test]
    fn only_plain_jpegs_go_as_they_came() {
        let frame = |marker: u8, components: u8| [0xff, marker, 0, 8, 8, 0, 2, 0, 3, components].to_vec();
        let check = |parts: &[&[u8]], expected: bool| {
            let jpeg = [b"\xff\xd8", parts.concat().as_slice()].concat();
            assert_eq!(is_plain(&jpeg, PixelSize { width: 3, height: 2 }), expected, "{parts:?}");
        };
        let huffman: &[u8] = &[0xff, 0xc4, 0, 4, 1, 2];
        let exif: &[u8] = b"\xff\xe1\0\x08Exif\0\0";
        check(&[&frame(0xc0, 3)], true);
        check(&[huffman, &frame(0xc1, 1)], true);
        check(&[exif, &frame(0xc0, 3)], false);
        check(&[&frame(0xc0, 4)], false);
        check(&[&frame(0xc2, 3)], false);
        check(&[b"\xff\xc0\0\x08\x08\0\x09\0\x09\x03"], false);
        check(&[b"\xff\xe0\xff\xff"], false);
        check(&[b""], false);
    }
}
