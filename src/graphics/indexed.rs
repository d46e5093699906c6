//! A picture as numbers of its colours, made so that it costs few bytes.
//!
//! A pixel need not take the colour that is nearest: what repeats compresses, and noise does not. How much a pixel may be
//! off is a tolerance; it grows for a picture that takes more bytes than it should, as far as its likeness allows.
//! Only flat parts are dithered, where bands of colour would show, and less of that is given up there.

use super::{
    palette::{Palette, distance},
    scale::Raster,
    stretches,
};

/// The differences to four pixels around, over three channels, below which a pixel belongs to a flat part.
const FLAT: u32 = 18;

/// The side of the pattern by which flat parts are dithered.
pub(super) const PERIOD: usize = 4;

/// Of so many rows, the first quarter is in the sample: enough that little in it misses what stands above.
const STRIP: usize = 96;

/// Bayer's matrix, balanced about zero.
const PATTERN: [[i16; PERIOD]; PERIOD] = [[-15, 1, -11, 5], [9, -7, 13, -3], [-9, 7, -13, 3], [15, -1, 11, -5]];

/// How a picture is reduced: likeness against bytes.
#[derive(Clone, Copy)]
pub(super) struct Quantization {
    /// The most colours, up to 256.
    pub(super) colours: usize,
    /// What a pixel's squared error may grow by where that makes it repeat another. In flat parts it is half of that.
    pub(super) tolerance: u32,
    /// How far dithering moves a pixel of a flat part at most. More than half the distance of two colours is wasted.
    pub(super) grain: u8,
    /// What is cheap to repeat.
    pub(super) thrift: RepeatCost,
}

/// What the bytes of a protocol are saved by.
#[derive(Clone, Copy)]
pub(super) enum RepeatCost {
    /// Each pixel that has the colour of its left or upper neighbour, as in sixels.
    Neighbours,
    /// Stretches that came before, which deflate refers back to.
    Stretches,
}

/// What a picture should keep to. Its bytes come first; once they are too many, likeness may go down to `error`.
#[derive(Clone, Copy)]
pub(super) struct ByteTarget {
    /// Bytes that it should take at most.
    pub(super) bytes: usize,
    /// The mean squared error of a pixel, over its channels.
    pub(super) error: f64,
}

/// A picture as numbers of colours.
pub(super) struct Indexed {
    /// The colours, the most frequent first.
    pub(super) colours: Vec<[u8; 3]>,
    /// Pixels across.
    pub(super) width: usize,
    /// One number a pixel, whole rows of them.
    pub(super) pixels: Vec<u8>,
}

/// Reduces a picture and encodes it, with more tolerance where a sample of it says that its aim asks for that: to encode
/// all of it twice would double the time of just those pictures that take longest.
pub(super) fn encode(
    raster: &Raster<'_>,
    care: Quantization,
    aim: ByteTarget,
    encode: impl Fn(&Indexed) -> Vec<u8>,
) -> Vec<u8> {
    let draft = Dithered::new(raster, care);
    let sample = draft.sample();
    let indexed = sample.indexed(care.tolerance);
    let bytes = encode(&indexed).len() * draft.targets.len() / sample.targets.len().max(1);
    let tolerance = if bytes <= aim.bytes {
        care.tolerance
    } else {
        let asked = aim.tolerance(care.tolerance, sample.errors(&indexed), ratio(bytes as u64, aim.bytes as u64));
        asked.max(care.tolerance)
    };
    encode(&draft.indexed(tolerance))
}

impl ByteTarget {
    /// The tolerance that takes as many bytes away as are too many, or as likeness bears if that is less. `errors` are
    /// those of the palette alone and of a first try.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped to a few thousands")]
    fn tolerance(self, tried: u32, errors: [f64; 2], too_many: f64) -> u32 {
        let tried = f64::from(tried);
        let [palette, first] = errors;
        // Four tenths of a decibel more than the palette costs is always spent: what has no likeness to lose should be cheap.
        let spare = (self.error - palette).max(palette / 10.0);
        // Twice the tolerance adds three times the error, for it is used more often too.
        let by_likeness = tried * (spare / (first - palette).max(0.01)).powf(0.6);
        // Twice the tolerance takes a twelfth of the bytes.
        let by_bytes = tried * too_many.powi(8);
        by_likeness.min(by_bytes).clamp(0.0, tried * 16.0) as u32
    }
}

/// What all pixels should become, before any tolerance.
struct Dithered {
    colours: Vec<[u8; 3]>,
    width: usize,
    targets: Vec<PixelTarget>,
    thrift: RepeatCost,
}

/// What a pixel should become.
#[derive(Clone, Copy)]
pub(super) struct PixelTarget {
    /// The colour wanted.
    pub(super) pixel: [u8; 3],
    /// The number of the colour that stands for it.
    pub(super) own: u8,
    /// The squared error of that.
    error: u32,
    /// Its squared distance from the picture's pixel: more than the error where that was dithered.
    loss: u32,
    /// Whether it belongs to a flat part.
    is_flat: bool,
}

impl PixelTarget {
    /// One whose colour is in the palette.
    #[cfg(test)]
    pub(super) fn exactly(pixel: [u8; 3], own: u8) -> Self {
        Self { pixel, own, error: 0, loss: 0, is_flat: false }
    }

    /// The greatest squared error that it may have. In flat parts, where it undoes dithering, half of it counts.
    pub(super) fn most(&self, tolerance: u32) -> u32 {
        self.error + (tolerance >> u32::from(self.is_flat))
    }
}

impl Dithered {
    fn new(raster: &Raster<'_>, care: Quantization) -> Self {
        let palette = Palette::new(raster, care.colours);
        let (table, width) = (Table::new(&palette.colours), raster.width());
        let flat = if care.grain > 0 { flat(raster) } else { vec![false; raster.pixels().len()] };
        let target = |(at, (original, is_flat)): (usize, (&[u8; 3], bool))| {
            let pixel = if is_flat { dither(*original, at % width, at / width, care.grain) } else { *original };
            let own = palette.number(pixel);
            PixelTarget { pixel, own, error: table.distance(own, pixel), loss: table.distance(own, *original), is_flat }
        };
        let targets = raster.pixels().iter().zip(flat).enumerate().map(target).collect();
        Self { colours: palette.colours, width, targets, thrift: care.thrift }
    }

    /// A quarter of the picture, in strips from top to bottom.
    fn sample(&self) -> Self {
        let strips = self.targets.chunks(STRIP * self.width.max(1));
        let targets = strips.flat_map(|strip| &strip[..strip.len().min(STRIP / 4 * self.width)]).copied().collect();
        Self { colours: self.colours.clone(), targets, ..*self }
    }

    fn indexed(&self, tolerance: u32) -> Indexed {
        let table = Table::new(&self.colours);
        let pixels = match self.thrift {
            RepeatCost::Neighbours => neighbours(&self.targets, self.width, tolerance, &table),
            RepeatCost::Stretches => stretches::pixels(&self.targets, self.width, tolerance, &table),
        };
        Indexed { colours: self.colours.clone(), width: self.width, pixels }
    }

    /// The mean squared errors of a pixel, with its own colour and as it became. The tolerance's part is measured against
    /// what was wanted, dithering and all, so it is never less than it looks.
    fn errors(&self, indexed: &Indexed) -> [f64; 2] {
        let table = Table::new(&self.colours);
        let (mut palette, mut added) = (0_u64, 0_u64);
        for (target, number) in self.targets.iter().zip(&indexed.pixels) {
            palette += u64::from(target.loss);
            added += u64::from(table.distance(*number, target.pixel).saturating_sub(target.error));
        }
        [palette, palette + added].map(|sum| ratio(sum, self.targets.len() as u64))
    }
}

/// Each pixel with its own colour, or that of a neighbour which is as good or nearly so.
fn neighbours(targets: &[PixelTarget], width: usize, tolerance: u32, colours: &Table) -> Vec<u8> {
    let mut pixels: Vec<u8> = Vec::with_capacity(targets.len());
    for (at, target) in targets.iter().enumerate() {
        let around = [at.checked_sub(1), at.checked_sub(width)].map(|at| at.map(|at| pixels[at]));
        let differs = around.iter().flatten().any(|neighbour| *neighbour != target.own);
        let nearest = around.into_iter().flatten().map(|number| (colours.distance(number, target.pixel), number));
        let taken = nearest.min_by_key(|(error, _)| *error).filter(|(error, _)| *error <= target.error + tolerance);
        pixels.push(match taken {
            Some((_, number)) if differs && !target.is_flat => number,
            _ => target.own,
        });
    }
    pixels
}

/// The colours by number, with one for each byte, so that no index has to be checked.
pub(super) struct Table([[u8; 3]; 256]);

impl Table {
    pub(super) fn new(colours: &[[u8; 3]]) -> Self {
        let mut table = [[0; 3]; 256];
        table.iter_mut().zip(colours).for_each(|(place, colour)| *place = *colour);
        Self(table)
    }

    /// The squared distance of a colour from a pixel.
    pub(super) fn distance(&self, number: u8, pixel: [u8; 3]) -> u32 {
        distance(self.0[usize::from(number)], pixel)
    }
}

/// Which pixels are so much like those around them that the eye would see the edge between two colours there.
fn flat(raster: &Raster<'_>) -> Vec<bool> {
    let (bytes, row) = (&*raster.rgb, raster.width() * 3);
    let mut differences = vec![0_u8; bytes.len()];
    // One neighbour of all pixels at a time, byte by byte, is what the compiler makes wide instructions of.
    for back in [3, row] {
        let here = differences.iter_mut().zip(bytes).skip(back);
        here.zip(bytes).for_each(|((sum, part), other)| *sum = sum.saturating_add(part.abs_diff(*other)));
    }
    for ahead in [9, 3 * row] {
        let there = bytes.iter().skip(ahead);
        let here = differences.iter_mut().zip(bytes);
        here.zip(there).for_each(|((sum, part), other)| *sum = sum.saturating_add(part.abs_diff(*other)));
    }
    differences.as_chunks().0.iter().map(|[r, g, b]| u32::from(*r) + u32::from(*g) + u32::from(*b) < FLAT).collect()
}

/// Moves a pixel up or down by an ordered pattern (Bayer's, four by four).
fn dither(pixel: [u8; 3], x: usize, y: usize, grain: u8) -> [u8; 3] {
    let step = PATTERN[y % PERIOD][x % PERIOD] * i16::from(grain) / 15;
    pixel.map(|part| part.saturating_add_signed(i8::try_from(step).unwrap_or(0)))
}

#[expect(clippy::cast_precision_loss, reason = "sums of errors stay far below 2^53")]
fn ratio(sum: u64, count: u64) -> f64 {
    sum as f64 / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PixelSize;

    fn colours_of(rgb: &[u8], most: usize, tolerance: u32) -> Indexed {
        let width = u32::try_from(rgb.len() / 3).unwrap();
        let care = Quantization { colours: most, tolerance, grain: 0, thrift: RepeatCost::Neighbours };
        Dithered::new(&Raster { size: PixelSize { width, height: 1 }, rgb: rgb.into() }, care).indexed(tolerance)
    }

    #[test]
    fn few_colours_stay_as_they_are() {
        let indexed = colours_of(&[9, 9, 9, 250, 0, 0, 9, 9, 9], 256, 0);
        assert_eq!(indexed.colours, [[9, 9, 9], [250, 0, 0]]);
        assert_eq!(indexed.pixels, [0, 1, 0]);
    }

    #[test]
    fn never_more_colours_than_asked_for() {
        let noise = |n: u32| u8::try_from((n + 1).wrapping_mul(n + 7).wrapping_mul(2_654_435_761) >> 24).unwrap();
        let rgb: Vec<u8> = (0..3000).map(noise).collect();
        for most in [1, 2, 16, 256] {
            let indexed = colours_of(&rgb, most, 0);
            assert_eq!(indexed.colours.len(), most);
            assert!(indexed.pixels.iter().all(|number| usize::from(*number) < most));
        }
    }

    #[test]
    fn follows_a_neighbour_that_is_near_enough() {
        let rgb = [[100; 3], [100; 3], [100; 3], [110; 3], [110; 3], [200, 0, 0]].concat();
        assert_eq!(colours_of(&rgb, 256, 299).pixels, [0, 0, 0, 1, 1, 2]);
        assert_eq!(colours_of(&rgb, 256, 300).pixels, [0, 0, 0, 0, 0, 2]);
    }

    #[test]
    fn tolerance_goes_as_far_as_it_must_and_may() {
        let aim = ByteTarget { bytes: 0, error: 60.0 };
        let check = |palette, first, too_many, expected| {
            assert_eq!(aim.tolerance(50, [palette, first], too_many), expected, "{palette} {first} {too_many}");
        };
        // A little too much; far too much; far too much, and already less like than it should be.
        check(10.0, 12.0, 1.05, 73);
        check(10.0, 12.0, 2.0, 344);
        check(64.0, 68.0, 2.0, 66);
        check(64.0, 80.0, 2.0, 28);
        check(10.0, 10.0, 2.0, 800);
    }

    #[test]
    fn a_second_try_takes_fewer_bytes() {
        let noise = |n: u32| u8::try_from((n + 1).wrapping_mul(n + 7).wrapping_mul(2_654_435_761) >> 24).unwrap();
        let rgb: Vec<u8> = (0..64 * 64 * 3).map(|n| noise(n) / 8).collect();
        let raster = Raster { size: PixelSize { width: 64, height: 64 }, rgb: rgb.into() };
        let care = Quantization { colours: 256, tolerance: 50, grain: 0, thrift: RepeatCost::Stretches };
        let changes = |indexed: &Indexed| vec![0; indexed.pixels.windows(2).filter(|pair| pair[0] != pair[1]).count()];
        let length = |bytes| encode(&raster, care, ByteTarget { bytes, error: 200.0 }, changes).len();
        assert!(length(500) < length(5000));
    }

    #[test]
    fn a_slow_gradient_is_dithered_and_an_edge_is_not() {
        let gradient: Vec<u8> = (0..64 * 8).flat_map(|at| [u8::try_from(at % 64 / 2 + 100).unwrap(); 3]).collect();
        let raster = Raster { size: PixelSize { width: 64, height: 8 }, rgb: gradient.into() };
        let changes = |grain| {
            let indexed = Dithered::new(
                &raster,
                Quantization { colours: 4, tolerance: 0, grain, thrift: RepeatCost::Neighbours },
            )
            .indexed(0);
            indexed.pixels.windows(2).filter(|pair| pair[0] != pair[1]).count()
        };
        assert!(changes(4) > changes(0) * 2);
        let edge = [[0; 3], [200; 3], [0; 3], [200; 3]].concat();
        let raster = Raster { size: PixelSize { width: 4, height: 1 }, rgb: edge.into() };
        assert!(!flat(&raster)[1]);
    }
}
