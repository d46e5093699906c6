//! A picture in at most 256 colours of its own.
//!
//! Xiaolin Wu's quantiser (Graphics Gems II, "Efficient Statistical Computations for Optimal Color Quantization"):
//! the cube of colours, five bits a channel, is cut into boxes, always the one whose colours differ most, where that
//! leaves least variance. Noise does not compress, so only flat parts are dithered, where bands of colour would show.

use super::scale::Raster;

/// Cells on each axis of the cube; one more than 32, so that every box has a plane below it.
const SIDE: usize = 33;

/// The differences to four pixels around, over three channels, below which a pixel belongs to a flat part.
const FLAT: u32 = 18;

/// Bayer's matrix, balanced about zero.
const PATTERN: [[i16; 4]; 4] = [[-15, 1, -11, 5], [9, -7, 13, -3], [-9, 7, -13, 3], [15, -1, 11, -5]];

/// How a picture is reduced: likeness against bytes.
#[derive(Clone, Copy)]
pub(super) struct Care {
    /// The most colours, up to 256.
    pub(super) colours: usize,
    /// A pixel takes the colour of its left or upper neighbour where that adds at most this to its squared error: runs
    /// get longer and noise goes, which is worth half the bytes at the same look.
    pub(super) tolerance: u32,
    /// How far dithering moves a pixel of a flat part at most. More than half the distance of two colours is wasted.
    pub(super) grain: u8,
}

/// A picture as numbers of colours.
pub(super) struct Indexed {
    /// The colours, the most frequent first.
    pub(super) colours: Vec<[u8; 3]>,
    /// One number a pixel.
    pub(super) pixels: Vec<u8>,
}

/// Reduces a picture to few colours.
pub(super) fn quantise(raster: &Raster<'_>, care: Care) -> Indexed {
    let cube = Cube::new(raster);
    let mut boxes = cube.cut(care.colours.clamp(1, 256));
    boxes.sort_by_key(|part| std::cmp::Reverse(cube.sums(part).count));
    let colours: Vec<[u8; 3]> = boxes.iter().map(|part| cube.sums(part).mean()).collect();
    let mut number_of = vec![0_u8; SIDE * SIDE * SIDE];
    for (number, part) in (0_u8..=255).zip(&boxes) {
        part.cells().for_each(|cell| number_of[cell] = number);
    }
    let width = raster.width();
    let mut pixels: Vec<u8> = Vec::with_capacity(raster.pixels().len());
    for (at, pixel) in raster.pixels().iter().enumerate() {
        let number = if care.grain > 0 && is_flat(raster, at) {
            number_of[cell_of(dither(*pixel, at % width, at / width, care.grain))]
        } else {
            let left = at.checked_sub(1).map(|left| pixels[left]);
            let upper = at.checked_sub(width).map(|upper| pixels[upper]);
            follow(*pixel, number_of[cell_of(*pixel)], [left, upper], &colours, care.tolerance)
        };
        pixels.push(number);
    }
    Indexed { colours, pixels }
}

/// A pixel's own number, or that of a neighbour which is as good or nearly so.
fn follow(pixel: [u8; 3], own: u8, neighbours: [Option<u8>; 2], colours: &[[u8; 3]], tolerance: u32) -> u8 {
    if neighbours.iter().flatten().all(|neighbour| *neighbour == own) {
        return own;
    }
    let error = |number: u8| distance(colours[usize::from(number)], pixel);
    let most = error(own) + tolerance;
    let nearest = neighbours.into_iter().flatten().min_by_key(|neighbour| error(*neighbour));
    nearest.filter(|neighbour| error(*neighbour) <= most).unwrap_or(own)
}

/// Whether a pixel is so much like those around it that the eye would see the edge between two colours there.
fn is_flat(raster: &Raster<'_>, at: usize) -> bool {
    let (pixels, width) = (raster.pixels(), raster.width());
    let around = [at.checked_sub(1), at.checked_sub(width), Some(at + 3), Some(at + 3 * width)];
    let differ =
        |other: &[u8; 3]| [0, 1, 2].map(|part| u32::from(other[part].abs_diff(pixels[at][part]))).iter().sum::<u32>();
    around.into_iter().flatten().filter_map(|other| pixels.get(other)).map(differ).sum::<u32>() < FLAT
}

/// Moves a pixel up or down by an ordered pattern (Bayer's, four by four).
fn dither(pixel: [u8; 3], x: usize, y: usize, grain: u8) -> [u8; 3] {
    let step = PATTERN[y % 4][x % 4] * i16::from(grain) / 15;
    pixel.map(|part| part.saturating_add_signed(i8::try_from(step).unwrap_or(0)))
}

/// The squared distance of two colours.
pub(super) fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    [0, 1, 2].map(|part| u32::from(a[part].abs_diff(b[part])).pow(2)).into_iter().sum()
}

/// Count, sums and sum of squares of the pixels of some cells.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: i64,
    rgb: [i64; 3],
    squares: i64,
}

impl Sums {
    fn add(&mut self, other: Self, sign: i64) {
        self.count += sign * other.count;
        self.squares += sign * other.squares;
        for (sum, part) in self.rgb.iter_mut().zip(other.rgb) {
            *sum += sign * part;
        }
    }

    /// The length of the sum, squared, by the count: what a cut wants to make great.
    #[expect(clippy::cast_precision_loss, reason = "sums of pixels stay far below 2^53")]
    fn weight(self) -> f64 {
        let squared: f64 = self.rgb.iter().map(|sum| (*sum as f64).powi(2)).sum();
        if self.count == 0 { 0.0 } else { squared / self.count as f64 }
    }

    /// The squared distances from the mean.
    #[expect(clippy::cast_precision_loss, reason = "sums of pixels stay far below 2^53")]
    fn variance(self) -> f64 {
        self.squares as f64 - self.weight()
    }

    fn mean(self) -> [u8; 3] {
        let count = self.count.max(1);
        self.rgb.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX))
    }
}

/// A part of the cube: on each axis, the cells after `low` up to `high`.
#[derive(Clone, Copy)]
struct Part {
    low: [usize; 3],
    high: [usize; 3],
}

impl Part {
    fn cells(self) -> impl Iterator<Item = usize> {
        let across = move |axis: usize| self.low[axis] + 1..=self.high[axis];
        across(0).flat_map(move |r| across(1).flat_map(move |g| across(2).map(move |b| place([r, g, b]))))
    }
}

/// For each cell, the sums of all cells that are not above it on any axis.
struct Cube(Vec<Sums>);

impl Cube {
    fn new(raster: &Raster<'_>) -> Self {
        let mut sums = vec![Sums::default(); SIDE * SIDE * SIDE];
        for pixel in raster.pixels() {
            let cell = &mut sums[cell_of(*pixel)];
            cell.count += 1;
            for (sum, part) in cell.rgb.iter_mut().zip(pixel) {
                *sum += i64::from(*part);
                cell.squares += i64::from(*part).pow(2);
            }
        }
        // One axis after the other, each cell takes in the one below it.
        for step in [SIDE * SIDE, SIDE, 1] {
            for cell in 0..sums.len() {
                if cell / step % SIDE > 0 {
                    let below = sums[cell - step];
                    sums[cell].add(below, 1);
                }
            }
        }
        Self(sums)
    }

    /// The sums of one part, by inclusion and exclusion of its eight corners.
    fn sums(&self, part: &Part) -> Sums {
        let mut total = Sums::default();
        for corner in 0..8_usize {
            let lower = [corner & 1, corner >> 1 & 1, corner >> 2];
            let at = [0, 1, 2].map(|axis| if lower[axis] == 1 { part.low[axis] } else { part.high[axis] });
            let sign = if lower.iter().sum::<usize>() % 2 == 0 { 1 } else { -1 };
            total.add(self.0[place(at)], sign);
        }
        total
    }

    /// Cuts the cube into at most `most` parts.
    fn cut(&self, most: usize) -> Vec<Part> {
        let whole = Part { low: [0; 3], high: [SIDE - 1; 3] };
        let mut parts = vec![(self.sums(&whole).variance(), whole)];
        while parts.len() < most {
            let worst = parts.iter().enumerate().max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0));
            let Some((at, (variance, part))) = worst.map(|(at, part)| (at, *part)) else { break };
            if variance <= 0.0 {
                break;
            }
            match self.halves(&part) {
                Some((one, other)) => {
                    parts[at] = (self.sums(&one).variance(), one);
                    parts.push((self.sums(&other).variance(), other));
                }
                // All its pixels lie in one cell: it cannot be cut.
                None => parts[at].0 = 0.0,
            }
        }
        parts.into_iter().map(|(_, part)| part).collect()
    }

    /// The two halves of a part that leave least variance.
    fn halves(&self, part: &Part) -> Option<(Part, Part)> {
        let whole = self.sums(part);
        let mut best = (0.0, None);
        for axis in 0..3 {
            for plane in part.low[axis] + 1..part.high[axis] {
                let (mut lower, mut upper) = (*part, *part);
                lower.high[axis] = plane;
                upper.low[axis] = plane;
                let below = self.sums(&lower);
                let mut above = whole;
                above.add(below, -1);
                let weight = below.weight() + above.weight();
                if below.count > 0 && above.count > 0 && weight > best.0 {
                    best = (weight, Some((lower, upper)));
                }
            }
        }
        best.1
    }
}

fn place([r, g, b]: [usize; 3]) -> usize {
    (r * SIDE + g) * SIDE + b
}

fn cell_of(pixel: [u8; 3]) -> usize {
    place(pixel.map(|part| usize::from(part >> 3) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PixelSize;

    fn colours_of(rgb: &[u8], most: usize, tolerance: u32) -> Indexed {
        let width = u32::try_from(rgb.len() / 3).unwrap();
        let care = Care { colours: most, tolerance, grain: 0 };
        quantise(&Raster { size: PixelSize { width, height: 1 }, rgb: rgb.into() }, care)
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
    fn a_slow_gradient_is_dithered_and_an_edge_is_not() {
        let gradient: Vec<u8> = (0..64 * 8).flat_map(|at| [u8::try_from(at % 64 / 2 + 100).unwrap(); 3]).collect();
        let raster = Raster { size: PixelSize { width: 64, height: 8 }, rgb: gradient.into() };
        let changes = |grain| {
            let indexed = quantise(&raster, Care { colours: 4, tolerance: 0, grain });
            indexed.pixels.windows(2).filter(|pair| pair[0] != pair[1]).count()
        };
        assert!(changes(4) > changes(0) * 2);
        let edge = [[0; 3], [200; 3], [0; 3], [200; 3]].concat();
        let raster = Raster { size: PixelSize { width: 4, height: 1 }, rgb: edge.into() };
        assert!(!is_flat(&raster, 1));
    }
}
