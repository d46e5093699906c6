//! A palette of at most 256 colours, chosen from a picture's own.
//!
//! Xiaolin Wu's quantiser (Graphics Gems II, "Efficient Statistical Computations for Optimal Color Quantization"):
//! the colour cube, five bits a channel, is cut into boxes, always the one with the greatest variance, along the plane
//! that leaves the least. Every colour has an index, including those that do not occur in the picture.

use crate::graphics::raster::Raster;

/// Cells on each axis of the cube: 32, and one so that every box has a plane below it.
const SIDE: usize = 33;

/// The colours of a picture and the index of each other colour.
pub(super) struct Palette {
    /// The colours, the most frequent first.
    pub(super) colours: Vec<[u8; 3]>,
    /// The palette's index for each cell of the cube.
    indices: Vec<u8>,
}

impl Palette {
    /// Chooses at most `max_colours` colours, between 1 and 256.
    pub(super) fn new(raster: &Raster<'_>, max_colours: usize) -> Self {
        let cube = Cube::new(raster);
        let mut boxes = cube.cut(max_colours.clamp(1, 256));
        boxes.sort_by_key(|part| std::cmp::Reverse(cube.moments(part).count));
        let colours = boxes.iter().map(|part| cube.moments(part).mean()).collect();
        let mut indices = vec![0_u8; SIDE * SIDE * SIDE];
        for (index, part) in (0_u8..=255).zip(&boxes) {
            part.cells().for_each(|cell| indices[cell] = index);
        }
        Self { colours, indices }
    }

    /// Returns the index of the palette's colour for a pixel.
    pub(super) fn index(&self, pixel: [u8; 3]) -> u8 {
        self.indices[cell_of(pixel)]
    }
}

/// The moments of the pixels of some cells.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: i64,
    rgb: [i64; 3],
    squares: i64,
}

impl Moments {
    fn add(&mut self, other: Self, sign: i64) {
        self.count += sign * other.count;
        self.squares += sign * other.squares;
        for (sum, part) in self.rgb.iter_mut().zip(other.rgb) {
            *sum += sign * part;
        }
    }

    /// Returns the squared length of the sum by the count, which a cut maximises.
    #[expect(clippy::cast_precision_loss, reason = "sums of pixels stay far below 2^53")]
    fn weight(self) -> f64 {
        let squared: f64 = self.rgb.iter().map(|sum| (*sum as f64).powi(2)).sum();
        if self.count == 0 { 0.0 } else { squared / self.count as f64 }
    }

    /// Returns the squared distances from the mean.
    #[expect(clippy::cast_precision_loss, reason = "sums of pixels stay far below 2^53")]
    fn variance(self) -> f64 {
        self.squares as f64 - self.weight()
    }

    fn mean(self) -> [u8; 3] {
        let count = self.count.max(1);
        self.rgb.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX))
    }
}

/// A box of the cube: on each axis the cells after `low` up to and including `high`.
#[derive(Clone, Copy)]
struct ColourBox {
    low: [usize; 3],
    high: [usize; 3],
}

impl ColourBox {
    fn cells(self) -> impl Iterator<Item = usize> {
        let across = move |axis: usize| self.low[axis] + 1..=self.high[axis];
        across(0).flat_map(move |r| across(1).flat_map(move |g| across(2).map(move |b| cell_at([r, g, b]))))
    }
}

/// The cumulative moments: for each cell, those of all cells that are not above it on any axis.
struct Cube(Vec<Moments>);

impl Cube {
    fn new(raster: &Raster<'_>) -> Self {
        let mut moments = vec![Moments::default(); SIDE * SIDE * SIDE];
        for pixel in raster.pixels() {
            let cell = &mut moments[cell_of(*pixel)];
            cell.count += 1;
            for (sum, part) in cell.rgb.iter_mut().zip(pixel) {
                *sum += i64::from(*part);
                cell.squares += i64::from(*part).pow(2);
            }
        }
        // One axis after the other, each cell takes in the one below it.
        for step in [SIDE * SIDE, SIDE, 1] {
            for cell in 0..moments.len() {
                if cell / step % SIDE > 0 {
                    let below = moments[cell - step];
                    moments[cell].add(below, 1);
                }
            }
        }
        Self(moments)
    }

    /// Returns the moments of a box, by inclusion and exclusion of its eight corners.
    fn moments(&self, part: &ColourBox) -> Moments {
        let mut total = Moments::default();
        for corner in 0..8_usize {
            let lower = [corner & 1, corner >> 1 & 1, corner >> 2];
            let at = [0, 1, 2].map(|axis| if lower[axis] == 1 { part.low[axis] } else { part.high[axis] });
            let sign = if lower.iter().sum::<usize>() % 2 == 0 { 1 } else { -1 };
            total.add(self.0[cell_at(at)], sign);
        }
        total
    }

    /// Cuts the cube into at most `max_boxes` boxes.
    fn cut(&self, max_boxes: usize) -> Vec<ColourBox> {
        let whole = ColourBox { low: [0; 3], high: [SIDE - 1; 3] };
        let mut parts = vec![(self.moments(&whole).variance(), whole)];
        while parts.len() < max_boxes {
            let worst = parts.iter().enumerate().max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0));
            let Some((at, (variance, part))) = worst.map(|(at, part)| (at, *part)) else { break };
            if variance <= 0.0 {
                break;
            }
            match self.split(&part) {
                Some((one, other)) => {
                    parts[at] = (self.moments(&one).variance(), one);
                    parts.push((self.moments(&other).variance(), other));
                }
                // All its pixels lie in one cell: it cannot be cut.
                None => parts[at].0 = 0.0,
            }
        }
        parts.into_iter().map(|(_, part)| part).collect()
    }

    /// Returns the two parts of a box that leave the least variance; `None` if only one cell of it is filled.
    fn split(&self, part: &ColourBox) -> Option<(ColourBox, ColourBox)> {
        let whole = self.moments(part);
        let mut best = (0.0, None);
        for axis in 0..3 {
            for plane in part.low[axis] + 1..part.high[axis] {
                let (mut lower, mut upper) = (*part, *part);
                lower.high[axis] = plane;
                upper.low[axis] = plane;
                let below = self.moments(&lower);
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

fn cell_at([r, g, b]: [usize; 3]) -> usize {
    (r * SIDE + g) * SIDE + b
}

fn cell_of(pixel: [u8; 3]) -> usize {
    cell_at(pixel.map(|part| usize::from(part >> 3) + 1))
}
