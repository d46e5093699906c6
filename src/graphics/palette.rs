//! At most 256 colours for a picture, chosen from its own.
//!
//! Xiaolin Wu's quantiser (Graphics Gems II, "Efficient Statistical Computations for Optimal Color Quantization"):
//! the cube of colours, five bits a channel, is cut into boxes, always the one whose colours differ most, where that
//! leaves least variance. Every colour has a number, also those that the picture has not.

use super::scale::Raster;

/// Cells on each axis of the cube; one more than 32, so that every box has a plane below it.
const SIDE: usize = 33;

/// Colours, and which of them stands for any other.
pub(super) struct Palette {
    /// The colours, the most frequent first.
    pub(super) colours: Vec<[u8; 3]>,
    /// The number of a colour for each cell of the cube.
    numbers: Vec<u8>,
}

impl Palette {
    /// Chooses at most `most` colours.
    pub(super) fn new(raster: &Raster<'_>, most: usize) -> Self {
        let cube = Cube::new(raster);
        let mut boxes = cube.cut(most.clamp(1, 256));
        boxes.sort_by_key(|part| std::cmp::Reverse(cube.sums(part).count));
        let colours = boxes.iter().map(|part| cube.sums(part).mean()).collect();
        let mut numbers = vec![0_u8; SIDE * SIDE * SIDE];
        for (number, part) in (0_u8..=255).zip(&boxes) {
            part.cells().for_each(|cell| numbers[cell] = number);
        }
        Self { colours, numbers }
    }

    /// The number of the colour that stands for this one.
    pub(super) fn number(&self, pixel: [u8; 3]) -> u8 {
        self.numbers[cell_of(pixel)]
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
struct CubePart {
    low: [usize; 3],
    high: [usize; 3],
}

impl CubePart {
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
    fn sums(&self, part: &CubePart) -> Sums {
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
    fn cut(&self, most: usize) -> Vec<CubePart> {
        let whole = CubePart { low: [0; 3], high: [SIDE - 1; 3] };
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
    fn halves(&self, part: &CubePart) -> Option<(CubePart, CubePart)> {
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
