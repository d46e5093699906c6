//! Quantisation: a picture as indices into a palette of at most 256 colours, made cheap to compress.
//!
//! A pixel need not take the nearest colour: repeats compress, and noise does not. The tolerance bounds the squared error
//! that a repeat may add. It grows for a picture that exceeds its byte target, as far as the minimum PSNR allows. Pixels
//! come in and bytes of the caller's encoder go out; nothing here knows of terminals.

mod back_references;
mod dither;
mod palette;
mod target;

use super::raster::Raster;
use dither::{dither, textures};
use palette::Palette;
use target::{ColourTable, PixelTarget, Texture};

/// The height in rows of the strips of which the first quarter is sampled: tall enough that references to the rows above
/// are mostly found within a sample.
const STRIP_ROWS: usize = 96;

/// The settings of a quantisation.
#[derive(Clone, Copy)]
pub(super) struct Quantization {
    /// The most colours, 1 to 256.
    pub(super) max_colours: usize,
    /// The squared error, summed over three channels, that a pixel may gain by repeating another. Flat regions use half.
    pub(super) tolerance: u32,
    /// The most levels by which dithering moves a pixel of a flat region; 0 for none. More than half the distance of two
    /// palette colours is wasted.
    pub(super) dither_amplitude: u8,
    /// The repeats that the encoder compresses.
    pub(super) repeats: RepeatModel,
}

/// The repeats that make an encoding shorter.
#[derive(Clone, Copy)]
pub(super) enum RepeatModel {
    /// A pixel with the colour of its left or upper neighbour, as in sixels.
    Neighbours,
    /// A sequence that occurred before, as in deflate.
    BackReferences,
}

/// The limits that a picture should keep. Bytes come first: to save them, quality may fall to `min_psnr`.
#[derive(Clone, Copy)]
pub(super) struct RateTarget {
    /// The bytes of the encoded picture.
    pub(super) target_bytes: usize,
    /// The peak signal-to-noise ratio in decibels.
    pub(super) min_psnr: f64,
}

/// A quantised picture.
pub(super) struct IndexedImage {
    /// The palette, the most frequent colour first.
    pub(super) colours: Vec<[u8; 3]>,
    /// The pixels of a row.
    pub(super) width: usize,
    /// One palette index a pixel, whole rows of them.
    pub(super) indices: Vec<u8>,
}

/// Quantises a picture and encodes it, with more tolerance where a sample of it exceeds its share of the target. Only a
/// sample is encoded twice, because the pictures that exceed their target are those that take longest.
pub(super) fn encode_within(
    raster: &Raster<'_>,
    quantization: Quantization,
    target: RateTarget,
    encode: impl Fn(&IndexedImage) -> Vec<u8>,
) -> Vec<u8> {
    let draft = Draft::new(raster, quantization);
    let sample = draft.sample();
    let indexed = sample.indexed(quantization.tolerance);
    let bytes = encode(&indexed).len() * draft.targets.len() / sample.targets.len().max(1);
    let tolerance = if bytes <= target.target_bytes {
        quantization.tolerance
    } else {
        let excess = ratio(bytes as u64, target.target_bytes as u64);
        target.tolerance(quantization.tolerance, sample.errors(&indexed), excess).max(quantization.tolerance)
    };
    encode(&draft.indexed(tolerance))
}

impl RateTarget {
    /// Returns the tolerance that removes the excess bytes, or the largest that keeps the minimum PSNR if that is less.
    /// `excess` is the bytes of a first try by the target.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped to a few thousands")]
    fn tolerance(self, tried: u32, errors: MeanErrors, excess: f64) -> u32 {
        let tried = f64::from(tried);
        // A tenth more than the palette's error, four tenths of a decibel, is always spent: a picture with no quality to
        // lose should at least be cheap.
        let spare = (self.max_error() - errors.palette).max(errors.palette / 10.0);
        // Doubling the tolerance adds three times the error, because it is used more often as well.
        let by_quality = tried * (spare / (errors.total - errors.palette).max(0.01)).powf(0.6);
        // Doubling the tolerance saves a twelfth of the bytes.
        let by_bytes = tried * excess.powi(8);
        by_quality.min(by_bytes).clamp(0.0, tried * 16.0) as u32
    }

    /// Returns the mean squared error of a pixel, summed over three channels, at the minimum PSNR.
    fn max_error(self) -> f64 {
        3.0 * 255.0 * 255.0 / 10.0_f64.powf(self.min_psnr / 10.0)
    }
}

/// The mean squared errors of a pixel, summed over three channels.
#[derive(Clone, Copy)]
struct MeanErrors {
    /// The error of the palette and of dithering alone.
    palette: f64,
    /// That error and what the tolerance added, measured against the dithered colours, so never too low.
    total: f64,
}

/// The colours wanted for all pixels, before any tolerance is used.
struct Draft {
    colours: Vec<[u8; 3]>,
    width: usize,
    targets: Vec<PixelTarget>,
    repeats: RepeatModel,
}

impl Draft {
    fn new(raster: &Raster<'_>, quantization: Quantization) -> Self {
        let palette = Palette::new(raster, quantization.max_colours);
        let (table, width) = (ColourTable::new(&palette.colours), raster.width());
        let amplitude = quantization.dither_amplitude;
        let textures = if amplitude > 0 { textures(raster) } else { vec![Texture::Busy; raster.pixels().len()] };
        let target = |(at, (pixel, texture)): (usize, (&[u8; 3], Texture))| {
            let colour = match texture {
                Texture::Flat => dither(*pixel, at % width, at / width, amplitude),
                Texture::Busy => *pixel,
            };
            let index = palette.index(colour);
            let [error, source_error] =
                [colour, *pixel].map(|wanted| u16::try_from(table.distance(index, wanted)).unwrap_or(u16::MAX));
            PixelTarget { colour, index, error, source_error, texture }
        };
        let targets = raster.pixels().iter().zip(textures).enumerate().map(target).collect();
        Self { colours: palette.colours, width, targets, repeats: quantization.repeats }
    }

    /// Returns a quarter of the picture, in strips from top to bottom.
    fn sample(&self) -> Self {
        let strips = self.targets.chunks(STRIP_ROWS * self.width.max(1));
        let sampled = |strip: &[PixelTarget]| strip.len().min(STRIP_ROWS / 4 * self.width);
        let targets = strips.flat_map(|strip| &strip[..sampled(strip)]).copied().collect();
        Self { colours: self.colours.clone(), targets, ..*self }
    }

    fn indexed(&self, tolerance: u32) -> IndexedImage {
        let table = ColourTable::new(&self.colours);
        let indices = match self.repeats {
            RepeatModel::Neighbours => repeat_neighbours(&self.targets, self.width, tolerance, &table),
            RepeatModel::BackReferences => back_references::indices(&self.targets, self.width, tolerance, &table),
        };
        IndexedImage { colours: self.colours.clone(), width: self.width, indices }
    }

    fn errors(&self, indexed: &IndexedImage) -> MeanErrors {
        let table = ColourTable::new(&self.colours);
        let (mut palette, mut added) = (0_u64, 0_u64);
        for (target, index) in self.targets.iter().zip(&indexed.indices) {
            palette += u64::from(target.source_error);
            added += u64::from(table.distance(*index, target.colour).saturating_sub(target.error.into()));
        }
        let count = self.targets.len() as u64;
        MeanErrors { palette: ratio(palette, count), total: ratio(palette + added, count) }
    }
}

/// Returns for each pixel its own index, or that of the left or upper neighbour if it is within the tolerance.
fn repeat_neighbours(targets: &[PixelTarget], width: usize, tolerance: u32, colours: &ColourTable) -> Vec<u8> {
    let mut indices: Vec<u8> = Vec::with_capacity(targets.len());
    for (at, target) in targets.iter().enumerate() {
        let around = [at.checked_sub(1), at.checked_sub(width)].map(|at| at.map(|at| indices[at]));
        let differs = around.iter().flatten().any(|neighbour| *neighbour != target.index);
        let candidates = around.into_iter().flatten().map(|index| (colours.distance(index, target.colour), index));
        let nearest = candidates
            .min_by_key(|(error, _)| *error)
            .filter(|(error, _)| *error <= u32::from(target.error) + tolerance);
        indices.push(match (nearest, target.texture) {
            (Some((_, index)), Texture::Busy) if differs => index,
            (_, Texture::Busy | Texture::Flat) => target.index,
        });
    }
    indices
}

#[expect(clippy::cast_precision_loss, reason = "sums of errors stay far below 2^53")]
fn ratio(sum: u64, count: u64) -> f64 {
    sum as f64 / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PixelSize;

    fn quantized(rgb: &[u8], max_colours: usize, tolerance: u32) -> IndexedImage {
        let width = u32::try_from(rgb.len() / 3).unwrap();
        let quantization =
            Quantization { max_colours, tolerance, dither_amplitude: 0, repeats: RepeatModel::Neighbours };
        let raster = Raster { size: PixelSize { width, height: 1 }, rgb: rgb.into() };
        Draft::new(&raster, quantization).indexed(tolerance)
    }

    fn noise(n: u32) -> u8 {
        u8::try_from((n + 1).wrapping_mul(n + 7).wrapping_mul(2_654_435_761) >> 24).unwrap()
    }

    fn changes(image: &IndexedImage) -> usize {
        image.indices.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    #[test]
    fn few_colours_are_kept_exactly() {
        let image = quantized(&[9, 9, 9, 250, 0, 0, 9, 9, 9], 256, 0);
        assert_eq!(image.colours, [[9, 9, 9], [250, 0, 0]]);
        assert_eq!(image.indices, [0, 1, 0]);
    }

    #[test]
    fn the_palette_keeps_its_limit() {
        let rgb: Vec<u8> = (0..3000).map(noise).collect();
        for max_colours in [1, 2, 16, 256] {
            let image = quantized(&rgb, max_colours, 0);
            assert_eq!(image.colours.len(), max_colours);
            assert!(image.indices.iter().all(|index| usize::from(*index) < max_colours));
        }
    }

    #[test]
    fn a_neighbour_within_the_tolerance_is_repeated() {
        let rgb = [[100; 3], [100; 3], [100; 3], [110; 3], [110; 3], [200, 0, 0]].concat();
        assert_eq!(quantized(&rgb, 256, 299).indices, [0, 0, 0, 1, 1, 2]);
        assert_eq!(quantized(&rgb, 256, 300).indices, [0, 0, 0, 0, 0, 2]);
    }

    #[test]
    fn tolerance_grows_with_the_excess_and_stops_at_the_minimum_psnr() {
        // A mean squared error of 60 over three channels.
        let target = RateTarget { target_bytes: 0, min_psnr: 35.1205 };
        let check = |palette, total, excess, expected| {
            let tolerance = target.tolerance(50, MeanErrors { palette, total }, excess);
            assert_eq!(tolerance, expected, "{palette} {total} {excess}");
        };
        // A small excess; a large one; a large one of a picture that is below the minimum already.
        check(10.0, 12.0, 1.05, 73);
        check(10.0, 12.0, 2.0, 344);
        check(64.0, 68.0, 2.0, 66);
        check(64.0, 80.0, 2.0, 28);
        check(10.0, 10.0, 2.0, 800);
    }

    #[test]
    fn a_lower_byte_target_takes_fewer_bytes() {
        let rgb: Vec<u8> = (0..64 * 64 * 3).map(|n| noise(n) / 8).collect();
        let raster = Raster { size: PixelSize { width: 64, height: 64 }, rgb: rgb.into() };
        let quantization =
            Quantization { max_colours: 256, tolerance: 50, dither_amplitude: 0, repeats: RepeatModel::BackReferences };
        let length = |target_bytes| {
            let target = RateTarget { target_bytes, min_psnr: 29.9 };
            encode_within(&raster, quantization, target, |image| vec![0; changes(image)]).len()
        };
        assert!(length(500) < length(5000));
    }

    #[test]
    fn a_slow_gradient_is_dithered() {
        let gradient: Vec<u8> = (0..64 * 8).flat_map(|at| [u8::try_from(at % 64 / 2 + 100).unwrap(); 3]).collect();
        let raster = Raster { size: PixelSize { width: 64, height: 8 }, rgb: gradient.into() };
        let changes = |dither_amplitude| {
            let quantization =
                Quantization { max_colours: 4, tolerance: 0, dither_amplitude, repeats: RepeatModel::Neighbours };
            changes(&Draft::new(&raster, quantization).indexed(0))
        };
        assert!(changes(4) > changes(0) * 2);
    }
}
