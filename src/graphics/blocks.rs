//! Pictures as block characters: for each cell the character of least error, and two colours.
//!
//! viuer reduces the picture to the samples of each cell; foreground and background are assigned here. A set of symbols
//! contains the smaller ones, so the choice is made cell by cell. Colours keep five bits a channel, so that neighbouring
//! cells and frames agree more often, which saves bytes.

mod glyphs;

use super::raster::scale;
use crate::picture::{BlockCell, BlockGrid, ColourDepth, Fit, Picture, PixelSize, Symbols, xterm_colour, xterm_index};
use glyphs::CellPartition;
use image::{DynamicImage, RgbImage};
use std::iter;

/// The most samples of a cell, and parts of a partition.
const MAX_SAMPLES: usize = 4 * 24;
const MAX_PARTS: usize = 8;

/// The squared error of a sample that keeping the colours of the cell before may add. It saves a quarter of the bytes and
/// costs half a decibel of 35.
const COLOUR_REUSE_TOLERANCE: f32 = 75.0;

/// Renders a picture into the cells of its pane.
pub(super) fn grid(picture: &Picture, fit: Fit) -> BlockGrid {
    let (columns, rows) = sample_grid(fit.symbols);
    let pixels = reduce_to_samples(picture, fit);
    let width = pixels.width() as usize;
    let samples = pixels.as_raw().as_chunks::<3>().0;
    let mut cells: Vec<BlockCell> = Vec::with_capacity(samples.len() / (columns * rows));
    for band in samples.chunks_exact(width * rows) {
        for x in (0..width).step_by(columns) {
            let mut cell = CellSamples { samples: [[0; 3]; MAX_SAMPLES], columns, rows };
            for (target, row) in cell.samples.chunks_exact_mut(columns).zip(band.chunks_exact(width)) {
                target.copy_from_slice(&row[x..x + columns]);
            }
            cells.push(cell.block(cells.last().copied(), fit));
        }
    }
    BlockGrid { size: fit.cells, cells }
}

/// Returns the columns and rows of samples in a cell: multiples of those of each partition.
fn sample_grid(symbols: Symbols) -> (usize, usize) {
    match symbols {
        Symbols::Half => (2, 2),
        Symbols::Quadrant => (4, 8),
        Symbols::Sextant | Symbols::Octant => (4, 24),
    }
}

/// Reduces a picture to the samples of its cells, by viuer. Scaling to twice that size first makes it several times as
/// fast, and an even height keeps viuer from omitting the last row.
fn reduce_to_samples(picture: &Picture, fit: Fit) -> RgbImage {
    let (columns, rows) = sample_grid(fit.symbols);
    let total = |cells: u16, samples: usize| u32::from(cells.max(1)) * u32::try_from(samples).unwrap_or(1);
    let (across, down) = (total(fit.cells.width, columns), total(fit.cells.height, rows));
    let even = |pixels: u32, samples: u32| (pixels.min(samples * 2).max(2) / 2) * 2;
    let size = PixelSize { width: even(picture.size.width, across), height: even(picture.size.height, down) };
    let raster = scale(picture, size);
    let image = RgbImage::from_raw(size.width, size.height, raster.rgb.into_owned()).unwrap_or_default();
    // viuer takes a height in lines of two pixels.
    viuer::resize(&DynamicImage::ImageRgb8(image), Some(across), Some(down / 2)).into_rgb8()
}

/// The samples of a cell, row by row.
struct CellSamples {
    samples: [[u8; 3]; MAX_SAMPLES],
    columns: usize,
    rows: usize,
}

/// Sums over the samples of one or more parts.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: f32,
    rgb: [f32; 3],
    squares: f32,
}

/// A block character, its colours, and its squared error over all samples.
#[derive(Clone, Copy)]
struct SymbolCandidate {
    block: BlockCell,
    error: f32,
}

impl CellSamples {
    /// Returns the block of least error, or one in the colours of the cell before where that is nearly as good, because
    /// most bytes of a cell are its colours.
    fn block(&self, before: Option<BlockCell>, fit: Fit) -> BlockCell {
        let mut best: Option<SymbolCandidate> = None;
        let mut reused: Option<SymbolCandidate> = None;
        let keep = |kept: &mut Option<SymbolCandidate>, candidate: SymbolCandidate| {
            if kept.is_none_or(|kept| candidate.error < kept.error) {
                *kept = Some(candidate);
            }
        };
        for partition in CellPartition::of(fit.symbols) {
            let parts = self.parts(*partition);
            let (columns, rows) = partition.grid();
            let parts = &parts[..columns * rows];
            let colours =
                best_colours(parts, *partition, fit.symbols).map(|colour| quantize_colour(colour, fit.colours));
            keep(&mut best, drawn_in(parts, *partition, fit.symbols, colours));
            if let Some(BlockCell { foreground, background, .. }) = before {
                keep(&mut reused, drawn_in(parts, *partition, fit.symbols, [foreground, background]));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a cell has few samples")]
        let tolerance = COLOUR_REUSE_TOLERANCE * (self.columns * self.rows) as f32;
        match (best, reused) {
            (Some(best), Some(reused)) if reused.error <= best.error + tolerance => reused.block,
            (Some(best), _) => best.block,
            (None, _) => BlockCell { glyph: ' ', foreground: [0; 3], background: [0; 3] },
        }
    }

    /// Returns the sums of each part.
    fn parts(&self, partition: CellPartition) -> [Sums; MAX_PARTS] {
        let (columns, rows) = partition.grid();
        let (part_width, part_height) = (self.columns / columns, self.rows / rows);
        let mut parts = [Sums::default(); MAX_PARTS];
        for (y, row) in self.samples.chunks_exact(self.columns).take(self.rows).enumerate() {
            for (x, sample) in row.iter().enumerate() {
                parts[y / part_height * columns + x / part_width].add_sample(*sample);
            }
        }
        parts
    }
}

impl Sums {
    fn add_sample(&mut self, sample: [u8; 3]) {
        self.count += 1.0;
        for (sum, part) in self.rgb.iter_mut().zip(sample) {
            *sum += f32::from(part);
            self.squares += f32::from(part).powi(2);
        }
    }

    fn plus(self, other: Self) -> Self {
        let [r, g, b] = [0, 1, 2].map(|channel| self.rgb[channel] + other.rgb[channel]);
        Self { count: self.count + other.count, rgb: [r, g, b], squares: self.squares + other.squares }
    }

    fn minus(self, other: Self) -> Self {
        let [r, g, b] = [0, 1, 2].map(|channel| self.rgb[channel] - other.rgb[channel]);
        Self { count: self.count - other.count, rgb: [r, g, b], squares: self.squares - other.squares }
    }

    fn mean(self) -> [f32; 3] {
        self.rgb.map(|sum| sum / self.count.max(1.0))
    }

    /// Returns the squared error of the samples in their mean colour.
    fn scatter(self) -> f32 {
        self.squares - self.rgb.iter().map(|sum| sum * sum).sum::<f32>() / self.count.max(1.0)
    }

    /// Returns the squared error of the samples in one colour.
    fn error(self, colour: [u8; 3]) -> f32 {
        let colour = colour.map(f32::from);
        let cross: f32 = self.rgb.iter().zip(colour).map(|(sum, part)| sum * part).sum();
        let square: f32 = colour.iter().map(|part| part * part).sum();
        self.squares - 2.0 * cross + self.count * square
    }
}

/// Returns the colours of the split that leaves the least error.
fn best_colours(parts: &[Sums], partition: CellPartition, symbols: Symbols) -> [[f32; 3]; 2] {
    let whole = parts.iter().fold(Sums::default(), |sums, part| sums.plus(*part));
    // The sums of each mask, from those of the mask without its lowest bit.
    let mut sums = [Sums::default(); 1 << (MAX_PARTS - 1)];
    let mut filled = 1;
    for part in parts.iter().take(MAX_PARTS - 1) {
        for mask in 0..filled {
            sums[filled + mask] = sums[mask].plus(*part);
        }
        filled *= 2;
    }
    let split = partition.masks(symbols).map(|mask| {
        let foreground = sums[usize::from(mask)];
        (foreground, whole.minus(foreground))
    });
    let error = |(foreground, background): &(Sums, Sums)| foreground.scatter() + background.scatter();
    let best = split.min_by(|a, b| error(a).total_cmp(&error(b)));
    best.map_or([whole.mean(); 2], |(foreground, background)| [foreground.mean(), background.mean()])
}

/// Returns the block of least error in two colours.
fn drawn_in(
    parts: &[Sums],
    partition: CellPartition,
    symbols: Symbols,
    [foreground, background]: [[u8; 3]; 2],
) -> SymbolCandidate {
    let mut errors = [(0.0, 0.0); MAX_PARTS];
    for (errors, part) in errors.iter_mut().zip(parts) {
        *errors = (part.error(foreground), part.error(background));
    }
    let errors = &errors[..parts.len()];
    let (mask, error) =
        if partition.has_all_masks(symbols) { nearest_parts(errors) } else { nearest_mask(errors, partition, symbols) };
    let (glyph, foreground, background) = match partition.glyph(mask) {
        Some(glyph) => (glyph, foreground, background),
        None => (partition.glyph(partition.complement(mask)).unwrap_or(' '), background, foreground),
    };
    SymbolCandidate { block: BlockCell { glyph, foreground, background }, error }
}

/// Gives each part the nearer of two colours; returns the mask and its error.
fn nearest_parts(errors: &[(f32, f32)]) -> (u8, f32) {
    errors.iter().enumerate().fold((0, 0.0), |(mask, error), (bit, (in_foreground, in_background))| {
        (mask | u8::from(in_foreground < in_background) << bit, error + in_foreground.min(*in_background))
    })
}

/// Returns the mask of least error among those that have characters, and that error.
fn nearest_mask(errors: &[(f32, f32)], partition: CellPartition, symbols: Symbols) -> (u8, f32) {
    let error = |mask: u8| -> f32 {
        let parts = errors.iter().enumerate();
        parts.map(|(bit, (front, back))| if mask >> bit & 1 == 1 { *front } else { *back }).sum()
    };
    let masks = iter::once(0).chain(partition.masks(symbols));
    let masks = masks.flat_map(|mask| [mask, partition.complement(mask)]).map(|mask| (mask, error(mask)));
    masks.min_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap_or_default()
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
    use crate::picture::{CellSize, Excerpt, Multiplexer, Protocol, Quality};
    use ratatui::layout::Size;

    const W: [u8; 3] = [255; 3];
    const K: [u8; 3] = [0; 3];

    fn picture(width: u32, height: u32, rgb: Vec<u8>) -> Picture {
        Picture::of_rgb(PixelSize { width, height }, rgb)
    }

    fn fit(width: u16, height: u16, symbols: Symbols) -> Fit {
        Fit {
            excerpt: Excerpt::Whole,
            cells: Size { width, height },
            cell: CellSize::default(),
            protocol: Protocol::Blocks,
            symbols,
            colours: ColourDepth::True,
            quality: Quality::Full,
            target_bytes: u32::MAX,
            multiplexer: Multiplexer::None,
        }
    }

    /// Returns the block for a cell of two by `rows` parts.
    fn block(parts: &[[u8; 3]], symbols: Symbols, colours: ColourDepth) -> BlockCell {
        let (columns, rows) = sample_grid(symbols);
        let mut cell = CellSamples { samples: [K; MAX_SAMPLES], columns, rows };
        for (at, sample) in cell.samples.iter_mut().take(columns * rows).enumerate() {
            let (x, y) = (at % columns * 2 / columns, at / columns * (parts.len() / 2) / rows);
            *sample = parts[y * 2 + x];
        }
        cell.block(None, Fit { colours, ..fit(1, 1, symbols) })
    }

    #[test]
    fn the_glyph_has_the_shape_of_the_samples() {
        let check = |parts: &[[u8; 3]], symbols, expected: &str| {
            let block = block(parts, symbols, ColourDepth::True);
            let (foreground, background) = (block.foreground[0], block.background[0]);
            assert_eq!(format!("{} {foreground} {background}", block.glyph), expected, "{symbols:?}");
        };
        for symbols in [Symbols::Quadrant, Symbols::Sextant, Symbols::Octant] {
            check(&[W, W, K, K], symbols, "▀ 255 0");
            check(&[K, W, K, W], symbols, "▌ 0 255");
            check(&[W, K, K, W], symbols, "▞ 0 255");
            check(&[K, K, K, W], symbols, "▛ 0 255");
            check(&[K, W, K, K], symbols, "▝ 255 0");
            check(&[W, W, W, W], symbols, "  255 255");
            check(&[K, K, K, K, K, K, W, W], symbols, "▂ 255 0");
            check(&[W, W, K, K, K, K, K, K], symbols, "▆ 0 255");
            check(&[[100; 3], [101; 3], [99; 3], [100; 3]], symbols, "  99 99");
        }
        check(&[K, W, K, K], Symbols::Half, "▀ 132 0");
        for symbols in [Symbols::Sextant, Symbols::Octant] {
            check(&[W, K, K, K, K, W], symbols, "\u{1fb1c} 0 255");
        }
        check(&[K, K, W, K, K, K, K, K], Symbols::Octant, "\u{1cd00} 255 0");
        // The upper left octant has no character in most fonts: the others are drawn in the background's place.
        check(&[W, K, K, K, K, K, K, K], Symbols::Octant, "\u{1cde5} 0 255");
    }

    #[test]
    fn every_picture_fills_its_pane() {
        for symbols in Symbols::ALL {
            for (width, height) in [(1, 1), (1, 300), (300, 1), (7, 5), (480, 270), (481, 271)] {
                let grey = picture(width, height, vec![128; (width * height * 3) as usize]);
                let grid = grid(&grey, fit(20, 6, symbols));
                assert_eq!(grid.cells.len(), 120, "{width}x{height} {symbols:?}");
                assert!(grid.cells.iter().all(|block| block.background == [132; 3]), "{width}x{height} {symbols:?}");
            }
        }
    }

    #[test]
    fn indexed_colours_are_xterms() {
        let samples = [[250, 10, 10], [250, 10, 10], [8, 8, 8], [8, 8, 8]];
        let block = block(&samples, Symbols::Quadrant, ColourDepth::Indexed);
        assert_eq!((block.foreground, block.background), ([255, 0, 0], [8, 8, 8]));
        for index in 16..=255 {
            assert_eq!(xterm_colour(xterm_index(xterm_colour(index))), xterm_colour(index));
        }
    }
}
