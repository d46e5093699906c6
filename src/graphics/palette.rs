//! A picture in at most 256 colours of its own, without dithering.
//!
//! Xiaolin Wu's quantiser (Graphics Gems II, "Efficient Statistical Computations for Optimal Color Quantization"):
//! the cube of colours, five bits a channel, is cut into boxes, always the one whose colours differ most, where that
//! leaves least variance. Dithering would look finer and cost a third more bytes: noise does not compress.

use super::scale::Raster;

/// Cells on each axis of the cube; one more than 32, so that every box has a plane below it.
const SIDE: usize = 33;

/// A picture as numbers of colours.
pub(super) struct Indexed {
    /// The colours, the most frequent first.
    pub(super) colours: Vec<[u8; 3]>,
    /// One number a pixel.
    pub(super) pixels: Vec<u8>,
}

/// Reduces a picture to at most `most` colours, 256 of them at most.
///
/// A pixel takes the colour of its left or upper neighbour where that adds at most `tolerance` to its squared error:
/// runs get longer and noise goes, which is worth half the bytes at the same look.
pub(super) fn quantise(raster: &Raster<'_>, most: usize, tolerance: u32) -> Indexed {
    let cube = Cube::new(raster);
    let mut boxes = cube.cut(most.clamp(1, 256));
    boxes.sort_by_key(|part| std::cmp::Reverse(cube.sums(part).count));
    let colours: Vec<[u8; 3]> = boxes.iter().map(|part| cube.sums(part).mean()).collect();
    let mut number_of = vec![0_u8; SIDE * SIDE * SIDE];
    for (number, part) in (0_u8..=255).zip(&boxes) {
        part.cells().for_each(|cell| number_of[cell] = number);
    }
    let mut pixels: Vec<u8> = raster.pixels().iter().map(|pixel| number_of[cell_of(*pixel)]).collect();
    smooth(&mut pixels, &colours, raster, tolerance);
    Indexed { colours, pixels }
}

/// Lets pixels follow their neighbours, from the upper left on.
fn smooth(pixels: &mut [u8], colours: &[[u8; 3]], raster: &Raster<'_>, tolerance: u32) {
    let width = raster.width();
    for (at, pixel) in raster.pixels().iter().enumerate().skip(1) {
        let own = pixels[at];
        let left = pixels[at - 1];
        let upper = if at < width { left } else { pixels[at - width] };
        if left == own && upper == own {
            continue;
        }
        let error = |number: u8| distance(colours[usize::from(number)], *pixel);
        let near = if error(upper) < error(left) { upper } else { left };
        if error(near) <= error(own) + tolerance {
            pixels[at] = near;
        }
    }
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
        quantise(&Raster { size: PixelSize { width, height: 1 }, rgb: rgb.into() }, most, tolerance)
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
}
