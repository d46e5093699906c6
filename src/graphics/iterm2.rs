//! iTerm2's inline images (OSC 1337): the JPEG as it was fetched where it fits the pane, else one encoded here.
//!
//! `size=` is always given, because xterm.js shows nothing without it. The cursor stays where it is, so nothing scrolls.

use super::{
    budget::encode_within_budget,
    bytes::append,
    pane::{pane_pixels, transmitted_size},
    raster::{Raster, scale},
    tmux,
};
use crate::picture::{Fit, Multiplexer, Picture, PixelSize, Quality};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{ExtendedColorType, ImageEncoder as _, ImageFormat, codecs::jpeg::JpegEncoder};

/// The JPEG quality of a first try, in percent: usually 37 dB, and 35 for a preview.
const QUALITY: u8 = 75;
const PREVIEW_QUALITY: u8 = 60;

/// The highest quality in percent; above it bytes double without a visible difference.
const MAX_QUALITY: u8 = 90;

/// The bytes of a thousand pixels of the pane that a picture should take at most: 90 KB in a pane of 80 columns.
const TARGET_BYTES_PER_KILOPIXEL: usize = 244;

/// The minimum PSNR in decibels.
const MIN_PSNR: f64 = 35.2;

/// The usual number of pixels in ten bytes of base64.
const PIXELS_PER_TEN_BYTES: u32 = 60;

/// The most bytes of a JPEG that is sent as it was fetched; encoding a longer one again makes it shorter.
const MAX_BYTES_AS_FETCHED: usize = 64 * 1024;

/// Encodes a picture as one whole sequence. `None` if the JPEG cannot be made.
pub(super) fn encode(picture: &Picture, fit: Fit) -> Option<(Vec<u8>, PixelSize)> {
    let size = transmitted_size(picture.size, fit);
    if size == picture.size && is_sent_as_fetched(picture) && base64_len(&picture.jpeg) < fit.target_bytes as usize {
        return Some((sequence(&picture.jpeg, fit), size));
    }
    encode_within_budget(fit.target_bytes, PIXELS_PER_TEN_BYTES, size, |size| {
        let raster = scale(picture, size);
        let file = match fit.quality {
            Quality::Preview => jpeg(&raster, PREVIEW_QUALITY)?,
            Quality::Full if fit.target_bytes < u32::MAX => jpeg(&raster, QUALITY)?,
            Quality::Full => jpeg_within(&raster, pane_pixels(fit) * TARGET_BYTES_PER_KILOPIXEL / 1000)?,
        };
        Some(sequence(&file, fit))
    })
}

/// Encodes a JPEG that keeps its byte target and the minimum PSNR; where it cannot keep both, the minimum PSNR alone.
fn jpeg_within(raster: &Raster<'_>, target_bytes: usize) -> Option<Vec<u8>> {
    let file = jpeg(raster, QUALITY)?;
    let psnr = psnr(&file, raster)?;
    if psnr >= MIN_PSNR && base64_len(&file) <= target_bytes {
        return Some(file);
    }
    jpeg(raster, quality_for(MIN_PSNR - psnr))
}

/// Returns the quality for `gain` decibels more than [`QUALITY`] gave. Twice the quantiser's step, for which a quality
/// stands (`200 - 2 * quality` percent of the standard's), costs about three decibels.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped to percents")]
fn quality_for(gain: f64) -> u8 {
    let steps = f64::from(200 - 2 * u32::from(QUALITY)) * (-gain / 3.3).exp2();
    (100.0 - steps / 2.0).round().clamp(f64::from(PREVIEW_QUALITY), f64::from(MAX_QUALITY)) as u8
}

/// Returns the PSNR in decibels of a JPEG against the pixels from which it was made.
#[expect(clippy::cast_precision_loss, reason = "sums of errors stay far below 2^53")]
fn psnr(file: &[u8], raster: &Raster<'_>) -> Option<f64> {
    let decoded = image::load_from_memory_with_format(file, ImageFormat::Jpeg).ok()?.into_rgb8();
    let squared = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b)).pow(2);
    let sum: u64 = decoded.as_raw().iter().zip(&*raster.rgb).map(squared).sum();
    Some(10.0 * (255.0 * 255.0 * raster.rgb.len() as f64 / sum.max(1) as f64).log10())
}

fn jpeg(raster: &Raster<'_>, quality: u8) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let PixelSize { width, height } = raster.size;
    let encoder = JpegEncoder::new_with_quality(&mut file, quality);
    encoder.write_image(&raster.rgb, width, height, ExtendedColorType::Rgb8).ok()?;
    Some(file)
}

fn base64_len(file: &[u8]) -> usize {
    file.len() / 3 * 4
}

/// Returns true if the fetched bytes may go to the terminal: short enough, undamaged, and of a plain kind.
fn is_sent_as_fetched(picture: &Picture) -> bool {
    picture.damage.is_none() && picture.jpeg.len() <= MAX_BYTES_AS_FETCHED && is_plain(&picture.jpeg, picture.size)
}

/// Returns true for a baseline JPEG in grey or YCbCr of that size without EXIF data, which could rotate it. The
/// terminal's decoder is spared progressive files, CMYK and sizes that differ.
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
    append(&mut out, format_args!("\x1b]1337;File=inline=1;size={};width={columns};height={rows};", jpeg.len()));
    append(&mut out, format_args!("preserveAspectRatio=0;doNotMoveCursor=1:{}\x07", STANDARD.encode(jpeg)));
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
    fn quality_follows_the_missing_decibels() {
        assert_eq!([-3.0, -1.0, 0.0, 1.0, 3.0, 30.0].map(quality_for), [60, 69, 75, 80, 87, 90]);
    }

    #[test]
    fn only_plain_jpegs_are_sent_as_fetched() {
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
