//! DEC sixel graphics: six rows of pixels at a time, one pass for each colour in them.
//!
//! The drawing is one DCS string (DEC STD 070, chapter 9) that leaves the background alone (P2 = 1) and states its size
//! in the raster attributes. It ends without a graphics new line, which would scroll a full screen and makes foot paint a
//! band. A terminal cannot scale sixels, so a drawing has the size of its pane.

use super::{
    bytes::append,
    pane::pane_size,
    quantize::{IndexedImage, Quantization, RateTarget, RepeatModel, encode_within},
    raster::scale,
};
use crate::picture::{Fit, Multiplexer, Picture, PixelSize, Quality};

/// The rows of pixels in a band.
const BAND_ROWS: u32 = 6;

/// The most bytes that tmux takes in one sequence, a mebibyte, less room for the introducer.
const TMUX_MAX_BYTES: usize = 1_000_000;

/// The most bytes of a drawing: more than any link should have to carry for one picture.
const MAX_BYTES: usize = 4 << 20;

/// The most pixels that are quantised, which bounds the memory: beyond, a drawing is made of squares. Snapshots rarely have
/// more pixels.
const MAX_QUANTIZED_PIXELS: u64 = 1920 * 1080 + 1920 * 20;

/// The quality levels, the best first. Larger blocks cost little, because repeats are counted instead of repeated.
const LEVELS: [QualityLevel; 10] = [
    level(256, 60, 4, 1, 820),
    level(128, 150, 0, 1, 320),
    level(64, 250, 0, 1, 210),
    level(32, 300, 0, 1, 155),
    level(64, 400, 0, 3, 95),
    level(32, 800, 0, 4, 65),
    level(32, 800, 0, 6, 38),
    level(16, 1500, 0, 6, 28),
    level(16, 1500, 0, 12, 22),
    level(16, 1500, 0, 18, 0),
];

/// The index of the best level of a preview.
const PREVIEW_LEVEL: usize = 2;

/// The bytes of a thousand pixels that a drawing should take at most: 460 KB in a pane of 80 columns, 140 for a preview.
const TARGET_BYTES_PER_KILOPIXEL: usize = 1240;
const PREVIEW_BYTES_PER_KILOPIXEL: usize = 380;

/// The minimum PSNR in decibels of a drawing, and of a preview.
const MIN_PSNR: f64 = 34.1;
const PREVIEW_MIN_PSNR: f64 = 30.35;

/// One trade of quality against bytes.
#[derive(Clone, Copy)]
struct QualityLevel {
    quantization: Quantization,
    /// The side in pixels of the squares of which the drawing is made.
    block_px: u32,
    /// The usual bytes of a thousand pixels, so that few levels have to be tried.
    bytes_per_kilopixel: usize,
}

const fn level(
    max_colours: usize,
    tolerance: u32,
    dither_amplitude: u8,
    block_px: u32,
    bytes_per_kilopixel: usize,
) -> QualityLevel {
    let quantization = Quantization { max_colours, tolerance, dither_amplitude, repeats: RepeatModel::Neighbours };
    QualityLevel { quantization, block_px, bytes_per_kilopixel }
}

/// Encodes a picture at the size of its pane. `None` where tmux would discard the drawing as too long.
pub(super) fn encode(picture: &Picture, fit: Fit) -> Option<(Vec<u8>, PixelSize)> {
    let size = drawing_size(fit);
    let scale = size_divisor(size);
    // A drawing of larger blocks repeats its rows, so its bytes shrink by the divisor, not by its square.
    let kilopixels = size.width as usize * size.height as usize / 1000 / scale as usize;
    let (best, bytes_per_kilopixel, min_psnr) = match fit.quality {
        Quality::Preview => (PREVIEW_LEVEL, PREVIEW_BYTES_PER_KILOPIXEL, PREVIEW_MIN_PSNR),
        Quality::Full => (0, TARGET_BYTES_PER_KILOPIXEL, MIN_PSNR),
    };
    let target = RateTarget { target_bytes: kilopixels * bytes_per_kilopixel, min_psnr };
    let limit = match fit.multiplexer {
        Multiplexer::Tmux => TMUX_MAX_BYTES,
        Multiplexer::None | Multiplexer::Screen => usize::MAX,
    };
    let max_bytes = limit.min(MAX_BYTES).min(fit.target_bytes as usize);
    let is_too_long = |level: &&QualityLevel| level.bytes_per_kilopixel * kilopixels > max_bytes;
    let mut drawing = Vec::new();
    for level in LEVELS.iter().skip(best).skip_while(is_too_long) {
        drawing = render(picture, size, QualityLevel { block_px: level.block_px * scale, ..*level }, target);
        if drawing.len() <= max_bytes {
            break;
        }
    }
    (drawing.len() <= limit).then_some((drawing, size))
}

fn render(picture: &Picture, size: PixelSize, level: QualityLevel, target: RateTarget) -> Vec<u8> {
    let blocks = PixelSize { width: size.width.div_ceil(level.block_px), height: size.height.div_ceil(level.block_px) };
    encode_within(&scale(picture, blocks), level.quantization, target, |image| {
        // A sample has fewer rows than the picture.
        let rows = image.indices.len() / image.width.max(1) * level.block_px as usize;
        let size = PixelSize { height: size.height.min(u32::try_from(rows).unwrap_or(u32::MAX)), ..size };
        draw(image, level.block_px as usize, size)
    })
}

/// Returns the size of the pane, in whole bands: what is left below is less than a third of a cell.
fn drawing_size(fit: Fit) -> PixelSize {
    let PixelSize { width, height } = pane_size(fit);
    PixelSize { width, height: (height / BAND_ROWS * BAND_ROWS).max(BAND_ROWS) }
}

/// Returns the side of the squares by which a drawing keeps to [`MAX_QUANTIZED_PIXELS`].
fn size_divisor(size: PixelSize) -> u32 {
    let pixels = u64::from(size.width) * u64::from(size.height);
    let squares = pixels.div_ceil(MAX_QUANTIZED_PIXELS);
    let root = squares.isqrt();
    u32::try_from(if root * root < squares { root + 1 } else { root }).unwrap_or(u32::MAX).max(1)
}

/// Draws an image with each of its pixels as a square of `block_px` pixels, up to `size`.
fn draw(image: &IndexedImage, block_px: usize, size: PixelSize) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let mut out = Vec::with_capacity(image.indices.len());
    append(&mut out, format_args!("\x1bP0;1;0q\"1;1;{width};{height}"));
    for (number, colour) in image.colours.iter().enumerate() {
        let [r, g, b] = colour.map(|part| (u32::from(part) * 100 + 127) / 255);
        append(&mut out, format_args!("#{number};2;{r};{g};{b}"));
    }
    let mut columns = vec![0_u8; width * image.colours.len()];
    for top in (0..height).step_by(BAND_ROWS as usize) {
        if top > 0 {
            out.push(b'-');
        }
        let mut used = [false; 256];
        for (bit, y) in (top..height.min(top + BAND_ROWS as usize)).enumerate() {
            let row = &image.indices[y / block_px * image.width..][..image.width];
            for (left, number) in (0..width).step_by(block_px).zip(row) {
                let number = usize::from(*number);
                used[number] = true;
                let square = &mut columns[number * width..][left..width.min(left + block_px)];
                for column in square {
                    *column |= 1 << bit;
                }
            }
        }
        draw_band(&used, width, &mut columns, &mut out);
    }
    out.extend(b"\x1b\\");
    out
}

/// Draws one band. `columns` holds a row of sixels for each colour, all zero afterwards.
fn draw_band(used: &[bool; 256], width: usize, columns: &mut [u8], out: &mut Vec<u8>) {
    let mut first = true;
    for number in (0..used.len()).filter(|number| used[*number]) {
        if !first {
            out.push(b'$');
        }
        first = false;
        append(out, format_args!("#{number}"));
        let row = &mut columns[number * width..][..width];
        draw_row(row, out);
        row.fill(0);
    }
}

/// Draws one colour of one band: runs of equal sixels, counted where that is shorter, up to the last that is not empty.
fn draw_row(mut row: &[u8], out: &mut Vec<u8>) {
    while let [first, ..] = row {
        let run = row.iter().take_while(|sixel| *sixel == first).count();
        row = &row[run..];
        if row.is_empty() && *first == 0 {
            return;
        }
        if run > 3 {
            append(out, format_args!("!{run}"));
            out.push(first + b'?');
        } else {
            out.extend(std::iter::repeat_n(first + b'?', run));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_drawings_are_made_of_squares() {
        let check = |(width, height), expected| {
            let size = PixelSize { width, height };
            assert_eq!(size_divisor(size), expected, "{size}");
            let quantized = u64::from(width.div_ceil(expected)) * u64::from(height.div_ceil(expected));
            assert!(quantized <= MAX_QUANTIZED_PIXELS * 101 / 100, "{size}: {quantized}");
        };
        check((800, 460), 1);
        check((1920, 1080), 1);
        check((3840, 2160), 2);
        check((4800, 2700), 3);
        check((10_000, 10_000), 7);
        check((80_000, 64_000), 50);
    }
}
