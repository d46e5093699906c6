//! The canvas of a scene: shapes, light and noise on pixels of floating-point colours.
//!
//! Colours are converted to bytes at the end only, so that glows and gradients do not band. Coordinates are in units of
//! the picture's height: y runs from 0 at the top to 1, x from 0 to [`Drawing::aspect`].

use crate::demo::font;

/// An sRGB colour with components from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rgb(pub(super) f32, pub(super) f32, pub(super) f32);

impl Rgb {
    /// Converts `0xrrggbb`.
    pub(super) const fn hex(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes();
        Self(r as f32 / 255.0, g as f32 / 255.0, b as f32 / 255.0)
    }

    /// Interpolates from this colour at 0 to `other` at 1.
    pub(super) fn mix(self, other: Self, t: f32) -> Self {
        Self(lerp(self.0, other.0, t), lerp(self.1, other.1, t), lerp(self.2, other.2, t))
    }

    pub(super) fn scale(self, by: f32) -> Self {
        Self(self.0 * by, self.1 * by, self.2 * by)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1, self.2 + other.2)
    }

    /// Adds light by the "screen" blend mode, which never exceeds white.
    fn screen(self, light: Self) -> Self {
        let add = |old: f32, light: f32| old + light.min(1.0) * (1.0 - old).max(0.0);
        Self(add(self.0, light.0), add(self.1, light.1), add(self.2, light.2))
    }
}

/// A point of the canvas.
pub(super) type Point = (f32, f32);

pub(super) struct Drawing {
    width: usize,
    height: usize,
    pixels: Vec<Rgb>,
}

impl Drawing {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![Rgb(0.0, 0.0, 0.0); width * height] }
    }

    /// Returns the width in units of the height.
    pub(super) fn aspect(&self) -> f32 {
        self.width as f32 / self.height as f32
    }

    /// Returns the size of a pixel in units of the height.
    pub(super) fn pixel(&self) -> f32 {
        1.0 / self.height as f32
    }

    /// Fills each row of a range with one colour.
    pub(super) fn rows(&mut self, from: f32, to: f32, colour: impl Fn(f32) -> Rgb) {
        let pixel = self.pixel();
        for y in self.span(from, to, self.height) {
            let colour = colour((y as f32 + 0.5) * pixel);
            self.pixels[y * self.width..][..self.width].fill(colour);
        }
    }

    /// Recolours the pixels of a range of rows.
    pub(super) fn shade(&mut self, from: f32, to: f32, colour: impl Fn(f32, f32, Rgb) -> Rgb) {
        let pixel = self.pixel();
        for y in self.span(from, to, self.height) {
            let row = &mut self.pixels[y * self.width..][..self.width];
            for (x, old) in row.iter_mut().enumerate() {
                *old = colour((x as f32 + 0.5) * pixel, (y as f32 + 0.5) * pixel, *old);
            }
        }
    }

    /// Fills the area between an edge, given as y of x, and `floor`. `paint` takes x and the edge's y once a column and
    /// returns the colour as a function of y.
    pub(super) fn fill_below<C: Fn(f32) -> Rgb>(
        &mut self,
        floor: f32,
        edge: impl Fn(f32) -> f32,
        paint: impl Fn(f32, f32) -> C,
    ) {
        let pixel = self.pixel();
        for column in 0..self.width {
            let x = (column as f32 + 0.5) * pixel;
            let top = edge(x);
            let colour = paint(x, top);
            for row in self.span(top - pixel, floor, self.height) {
                let y = (row as f32 + 0.5) * pixel;
                let cover = ((y - top) / pixel + 0.5).clamp(0.0, 1.0);
                let old = &mut self.pixels[row * self.width + column];
                *old = old.mix(colour(y), cover);
            }
        }
    }

    /// Adds light around a point that fades towards the radius.
    pub(super) fn glow(&mut self, (cx, cy): Point, radius: f32, light: Rgb) {
        self.shade_rect((cx - radius, cy - radius), (cx + radius, cy + radius), |x, y, old| {
            let away = ((x - cx).powi(2) + (y - cy).powi(2)) / (radius * radius);
            let strength = (1.0 - away).max(0.0);
            old.screen(light.scale(strength * strength))
        });
    }

    /// Paints an ellipse.
    pub(super) fn ellipse(&mut self, (cx, cy): Point, (rx, ry): Point, colour: Rgb, alpha: f32) {
        let sharp = rx.min(ry) / self.pixel();
        self.shade_rect((cx - rx, cy - ry), (cx + rx, cy + ry), |x, y, old| {
            let away = (((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2)).sqrt();
            old.mix(colour, ((1.0 - away) * sharp + 0.5).clamp(0.0, 1.0) * alpha)
        });
    }

    /// Paints a rectangle with soft edges of one pixel.
    pub(super) fn rect(&mut self, (x0, y0): Point, (x1, y1): Point, colour: Rgb, alpha: f32) {
        let pixel = self.pixel();
        let cover = |v: f32, from: f32, to: f32| {
            ((v + pixel / 2.0).min(to) - (v - pixel / 2.0).max(from)).clamp(0.0, pixel) / pixel
        };
        self.shade_rect((x0, y0), (x1, y1), |x, y, old| old.mix(colour, cover(x, x0, x1) * cover(y, y0, y1) * alpha));
    }

    /// Paints a convex polygon with its corners in clockwise order.
    pub(super) fn convex(&mut self, corners: &[Point], colour: Rgb, alpha: f32) {
        let pixel = self.pixel();
        let low = corners.iter().fold((f32::MAX, f32::MAX), |low, c| (low.0.min(c.0), low.1.min(c.1)));
        let high = corners.iter().fold((f32::MIN, f32::MIN), |high, c| (high.0.max(c.0), high.1.max(c.1)));
        let edges: Vec<_> = corners
            .iter()
            .zip(corners.iter().cycle().skip(1))
            .map(|(a, b)| {
                let (dx, dy) = (b.0 - a.0, b.1 - a.1);
                let length = dx.hypot(dy).max(1e-6);
                (*a, (-dy / length, dx / length))
            })
            .collect();
        self.shade_rect(low, high, |x, y, old| {
            let inside = edges.iter().map(|(a, n)| (x - a.0) * n.0 + (y - a.1) * n.1).fold(f32::MAX, f32::min);
            old.mix(colour, (inside / pixel + 0.5).clamp(0.0, 1.0) * alpha)
        });
    }

    /// Paints a line with round ends.
    pub(super) fn stroke(&mut self, a: Point, b: Point, width: f32, colour: Rgb, alpha: f32) {
        let (pixel, half) = (self.pixel(), width / 2.0);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = (dx * dx + dy * dy).max(1e-9);
        self.shade_rect(
            (a.0.min(b.0) - half, a.1.min(b.1) - half),
            (a.0.max(b.0) + half, a.1.max(b.1) + half),
            |x, y, old| {
                let along = (((x - a.0) * dx + (y - a.1) * dy) / length).clamp(0.0, 1.0);
                let away = ((x - a.0 - along * dx).powi(2) + (y - a.1 - along * dy).powi(2)).sqrt();
                old.mix(colour, ((half - away) / pixel + 0.5).clamp(0.0, 1.0) * alpha)
            },
        );
    }

    /// Paints text with `scale` pixels a dot. The top left corner is in pixels.
    pub(super) fn text(&mut self, text: &str, (left, top): (usize, usize), scale: usize, colour: Rgb, alpha: f32) {
        for (x, y) in font::dots(text) {
            for row in (top + y * scale..top + (y + 1) * scale).take_while(|row| *row < self.height) {
                for column in (left + x * scale..left + (x + 1) * scale).take_while(|column| *column < self.width) {
                    let old = &mut self.pixels[row * self.width + column];
                    *old = old.mix(colour, alpha);
                }
            }
        }
    }

    /// Converts the canvas to RGB, three bytes a pixel, row by row.
    pub(super) fn into_rgb(self) -> Vec<u8> {
        let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        self.pixels.iter().flat_map(|Rgb(r, g, b)| [byte(*r), byte(*g), byte(*b)]).collect()
    }

    /// Recolours the pixels of a rectangle.
    pub(super) fn shade_rect(&mut self, low: Point, high: Point, colour: impl Fn(f32, f32, Rgb) -> Rgb) {
        let pixel = self.pixel();
        let columns = self.span(low.0 - pixel, high.0 + pixel, self.width);
        for y in self.span(low.1 - pixel, high.1 + pixel, self.height) {
            let row = &mut self.pixels[y * self.width..][columns.clone()];
            for (x, old) in columns.clone().zip(row) {
                *old = colour((x as f32 + 0.5) * pixel, (y as f32 + 0.5) * pixel, *old);
            }
        }
    }

    /// Converts a range of coordinates to pixels, of which there are `count`.
    fn span(&self, from: f32, to: f32, count: usize) -> std::ops::Range<usize> {
        let at = |v: f32| (v * self.height as f32).clamp(0.0, count as f32) as usize;
        let (from, to) = (at(from), at(to + self.pixel() * 0.999));
        from..to.max(from)
    }
}

/// Interpolates from `a` at 0 to `b` at 1.
pub(super) fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Rises from 0 below `from` to 1 above `to` along a cubic curve.
pub(super) fn smoothstep(from: f32, to: f32, v: f32) -> f32 {
    let t = ((v - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Returns a pseudo-random number from 0 to 1 for a point of an integer lattice.
pub(super) fn hash(seed: u64, x: i32, y: i32) -> f32 {
    let mut bits = x.cast_unsigned().wrapping_mul(0x9e37_79b1) ^ y.cast_unsigned().wrapping_mul(0x85eb_ca77);
    bits ^= (seed ^ seed >> 32) as u32;
    bits = (bits ^ bits >> 15).wrapping_mul(0x2c1b_3c6d);
    bits = (bits ^ bits >> 12).wrapping_mul(0x297a_2d39);
    (bits >> 8) as f32 / (1u32 << 24) as f32
}

/// Returns value noise from 0 to 1 with a period of one unit.
pub(super) fn noise(seed: u64, x: f32, y: f32) -> f32 {
    // This is `floor` without a call into the maths library.
    let (ix, iy) = (x as i32 - i32::from(x < 0.0), y as i32 - i32::from(y < 0.0));
    let (tx, ty) = (smoothstep(0.0, 1.0, x - ix as f32), smoothstep(0.0, 1.0, y - iy as f32));
    let row = |y| lerp(hash(seed, ix, y), hash(seed, ix + 1, y), tx);
    lerp(row(iy), row(iy + 1), ty)
}

/// Returns the sum of octaves of [`noise`], from 0 to 1.
pub(super) fn fractal_noise(seed: u64, x: f32, y: f32, octaves: u32) -> f32 {
    let mut sum = 0.0;
    let (mut size, mut weight) = (1.0, 0.5);
    for octave in 0..octaves {
        sum += weight * noise(seed.wrapping_add(octave.into()), x * size, y * size);
        size *= 2.03;
        weight *= 0.5;
    }
    sum / (1.0 - weight * 2.0)
}

/// A function sampled on a coarse grid over the canvas and interpolated in between, for clouds and other soft shapes.
pub(super) struct NoiseGrid {
    columns: usize,
    cells: Vec<f32>,
}

/// Cells of the grid in a unit.
const GRID: f32 = 48.0;

impl NoiseGrid {
    /// Samples `value` over the canvas.
    pub(super) fn new(canvas: &Drawing, value: impl Fn(f32, f32) -> f32) -> Self {
        let (columns, rows) = ((canvas.aspect() * GRID) as usize + 3, GRID as usize + 3);
        let cells =
            (0..columns * rows).map(|at| value((at % columns) as f32 / GRID, (at / columns) as f32 / GRID)).collect();
        Self { columns, cells }
    }

    /// Returns the value at a point of the canvas.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x * GRID, y * GRID);
        let (column, row) = (x as usize, y as usize);
        let (tx, ty) = (x - column as f32, y - row as f32);
        let at = row * self.columns + column;
        let upper = lerp(self.cells[at], self.cells[at + 1], tx);
        let lower = lerp(self.cells[at + self.columns], self.cells[at + self.columns + 1], tx);
        lerp(upper, lower, ty)
    }
}
