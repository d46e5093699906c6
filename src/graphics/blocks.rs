//! Pictures as block characters: for each cell the half or quadrant block of least error, and two colours.
//!
//! viuer reduces the picture to two by two pixels a cell; foreground and background are assigned here. Colours keep five
//! bits a channel, so that neighbouring cells and frames agree more often, which saves bytes.

use super::{quantize::distance, raster::scale};
use crate::picture::{BlockCell, BlockGrid, ColourDepth, Fit, Picture, PixelSize, xterm_colour, xterm_index};
use image::{DynamicImage, RgbImage};

/// The glyph whose foreground covers upper left (1), upper right (2), lower left (4), lower right (8).
const GLYPHS: [char; 16] = [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];

/// The partitions of four pixels into two sets; halves first, because every font has them.
const PARTITIONS: [usize; 7] = [3, 5, 1, 2, 4, 7, 6];

/// The squared error, over the four pixels of a cell, that keeping the colours of the cell before may add. It saves a
/// quarter of the bytes and costs half a decibel of 35.
const COLOUR_REUSE_TOLERANCE: u32 = 300;

/// Renders a picture into the cells of its pane.
pub(super) fn grid(picture: &Picture, fit: Fit) -> BlockGrid {
    let pixels = reduce_to_grid(picture, fit);
    let row_of = |y: u32| (0..pixels.width() / 2).map(move |x| (x * 2, y * 2));
    let mut cells: Vec<BlockCell> = Vec::with_capacity(pixels.len() / 12);
    for (x, y) in (0..pixels.height() / 2).flat_map(row_of) {
        let quad = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)].map(|(x, y)| pixels.get_pixel(x, y).0);
        cells.push(cell(quad, cells.last().copied(), fit.colours));
    }
    BlockGrid { size: fit.cells, cells }
}

/// Reduces a picture to two by two pixels a cell, by viuer. Scaling to twice that size first makes it ten times as fast,
/// and an even height keeps viuer from omitting the last row.
fn reduce_to_grid(picture: &Picture, fit: Fit) -> RgbImage {
    let (columns, rows) = (u32::from(fit.cells.width.max(1)), u32::from(fit.cells.height.max(1)));
    let even = |side: u32, cells: u32| (side.min(cells * 4).max(2) / 2) * 2;
    let (width, height) = (even(picture.size.width, columns), even(picture.size.height, rows));
    let raster = scale(picture, PixelSize { width, height });
    let image = RgbImage::from_raw(width, height, raster.rgb.into_owned()).unwrap_or_default();
    viuer::resize(&DynamicImage::ImageRgb8(image), Some(columns * 2), Some(rows)).into_rgb8()
}

/// Returns the block for four pixels: the best one, or one in the colours of the cell before where that is nearly as good,
/// because most bytes of a cell are its colours.
fn cell(quad: [[u8; 3]; 4], before: Option<BlockCell>, colours: ColourDepth) -> BlockCell {
    let best = best_block(quad, colours);
    let Some(before) = before else { return best };
    let same = block_in(quad, before.foreground, before.background);
    if error(quad, same) <= error(quad, best) + COLOUR_REUSE_TOLERANCE { same } else { best }
}

/// Splits four pixels so that each part differs least from its mean.
fn best_block(quad: [[u8; 3]; 4], colours: ColourDepth) -> BlockCell {
    let scatters = |ink: usize| scatter(quad, ink) + scatter(quad, 15 - ink);
    let ink = PARTITIONS.into_iter().min_by(|a, b| scatters(*a).total_cmp(&scatters(*b))).unwrap_or(3);
    let colour = |mask| quantize_colour(mean(quad, mask), colours);
    block_in(quad, colour(ink), colour(15 - ink))
}

/// Returns the block that gives each pixel the nearer of two colours.
fn block_in(quad: [[u8; 3]; 4], ink: [u8; 3], ground: [u8; 3]) -> BlockCell {
    let is_ink = |pixel| distance(pixel, ink) < distance(pixel, ground);
    let mask = quad.iter().enumerate().map(|(at, pixel)| usize::from(is_ink(*pixel)) << at).sum::<usize>();
    BlockCell { glyph: GLYPHS[mask], foreground: ink, background: ground }
}

/// Returns the squared error of four pixels against a block.
fn error(quad: [[u8; 3]; 4], block: BlockCell) -> u32 {
    quad.into_iter().map(|pixel| distance(pixel, block.foreground).min(distance(pixel, block.background))).sum()
}

/// Returns the mean of the pixels in `mask`.
fn mean(quad: [[u8; 3]; 4], mask: usize) -> [f32; 3] {
    let mut sum = [0.0; 3];
    let mut count = 0.0;
    for (at, pixel) in quad.iter().enumerate() {
        if mask >> at & 1 == 1 {
            count += 1.0;
            for (sum, part) in sum.iter_mut().zip(pixel) {
                *sum += f32::from(*part);
            }
        }
    }
    sum.map(|part| part / count)
}

/// Returns the squared distances of the pixels in `mask` from their mean.
fn scatter(quad: [[u8; 3]; 4], mask: usize) -> f32 {
    let mean = mean(quad, mask);
    let chosen = quad.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
    chosen.flat_map(|(_, pixel)| pixel.iter().zip(mean)).map(|(part, mean)| (f32::from(*part) - mean).powi(2)).sum()
}

/// Rounds to five bits a channel, spread over the whole range so that white stays white; or to the nearest of xterm's
/// colours.
fn quantize_colour(colour: [f32; 3], colours: ColourDepth) -> [u8; 3] {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of bytes lies within 0..=255")]
    let bytes = colour.map(|part| part.round() as u8);
    match colours {
        ColourDepth::True => bytes.map(|part| {
            let rest = part - (part >> 5);
            let five = rest.saturating_add(4) >> 3;
            five << 3 | five >> 2
        }),
        ColourDepth::Indexed => xterm_colour(xterm_index(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{CellSize, FetchInfo, Multiplexer, Protocol, Quality};
    use ratatui::layout::Size;

    const W: [u8; 3] = [255; 3];
    const K: [u8; 3] = [0; 3];

    fn picture(width: u32, height: u32, rgb: Vec<u8>) -> Picture {
        let size = PixelSize { width, height };
        Picture { size, rgb: rgb.into(), jpeg: [].into(), fetched: FetchInfo::default(), damage: None }
    }

    fn fit(width: u16, height: u16) -> Fit {
        Fit {
            cells: Size { width, height },
            cell: CellSize::default(),
            protocol: Protocol::Blocks,
            colours: ColourDepth::True,
            quality: Quality::Full,
            target_bytes: u32::MAX,
            multiplexer: Multiplexer::None,
        }
    }

    #[test]
    fn the_glyph_has_the_shape_of_the_pixels() {
        let check = |quad: [[u8; 3]; 4], expected: &str| {
            let block = best_block(quad, ColourDepth::True);
            let (ink, ground) = (block.foreground[0], block.background[0]);
            assert_eq!(format!("{} {ink} {ground}", block.glyph), expected);
        };
        check([W, W, K, K], "▀ 255 0");
        check([K, W, K, W], "▌ 0 255");
        check([W, K, K, W], "▞ 0 255");
        check([K, K, K, W], "▛ 0 255");
        check([K, W, K, K], "▝ 255 0");
        check([W, W, W, W], "  255 255");
        check([[100; 3], [101; 3], [99; 3], [100; 3]], "  99 99");
    }

    #[test]
    fn every_picture_fills_its_pane() {
        for (width, height) in [(1, 1), (1, 300), (300, 1), (7, 5), (480, 270), (481, 271)] {
            let grey = picture(width, height, vec![128; (width * height * 3) as usize]);
            let grid = grid(&grey, fit(20, 6));
            assert_eq!(grid.cells.len(), 120, "{width}x{height}");
            assert!(grid.cells.iter().all(|block| block.background == [132; 3]), "{width}x{height}");
        }
    }

    #[test]
    fn indexed_colours_are_xterms() {
        let block = best_block([[250, 10, 10], [250, 10, 10], [8, 8, 8], [8, 8, 8]], ColourDepth::Indexed);
        assert_eq!((block.foreground, block.background), ([255, 0, 0], [8, 8, 8]));
        for index in 16..=255 {
            assert_eq!(xterm_colour(xterm_index(xterm_colour(index))), xterm_colour(index));
        }
    }
}
