//! Sizes in pixels and in cells, and how a picture is fitted into cells.
//!
//! All arithmetic is total: sizes of zero count as one, and no result is larger than its bounds.

use ratatui::layout::Size;
use std::fmt;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PixelSize {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl PixelSize {
    /// Returns the largest size of the same shape within `bounds`, at least 1x1 and never larger than `self`.
    #[must_use]
    pub fn shrink_into(self, bounds: Self) -> Self {
        let (w, h) = (u64::from(self.width.max(1)), u64::from(self.height.max(1)));
        let (bw, bh) = (u64::from(bounds.width.max(1)), u64::from(bounds.height.max(1)));
        if w <= bw && h <= bh {
            return Self { width: self.width.max(1), height: self.height.max(1) };
        }
        let (width, height) = if w * bh >= h * bw { (bw, h * bw / w) } else { (w * bh / h, bh) };
        let side = |v: u64| u32::try_from(v.max(1)).unwrap_or(u32::MAX);
        Self { width: side(width), height: side(height) }
    }

    /// Returns the size of the same shape with at most about `pixels` pixels, never larger than `self`.
    #[must_use]
    pub fn shrink_to(self, pixels: u32) -> Self {
        let area = u64::from(self.width) * u64::from(self.height);
        if area <= u64::from(pixels) {
            return self;
        }
        let bound =
            |side: u32| u32::try_from((u64::from(side).pow(2) * u64::from(pixels) / area).isqrt()).unwrap_or(side);
        self.shrink_into(Self { width: bound(self.width), height: bound(self.height) })
    }
}

impl fmt::Display for PixelSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}x{}", self.width, self.height))
    }
}

/// The size of a terminal cell, in fractions of a pixel: a cell of xterm.js may be 8.82 pixels wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellSize {
    /// The width in units of a pixel's [`UNITS`](Self::UNITS)th part.
    width: u32,
    /// The height in the same units.
    height: u32,
}

impl CellSize {
    /// The units in a pixel.
    const UNITS: u32 = 64;

    /// Returns a size of whole pixels, at least 1x1.
    pub fn new(width: u16, height: u16) -> Self {
        Self { width: u32::from(width.max(1)) * Self::UNITS, height: u32::from(height.max(1)) * Self::UNITS }
    }

    /// Returns the share of one cell in an area; `None` if the area has no cells, or less than a pixel for each.
    pub fn of_area(area: PixelSize, cells: Size) -> Option<Self> {
        let share = |pixels: u32, cells: u16| pixels.checked_mul(Self::UNITS)?.checked_div(u32::from(cells));
        let cell = Self { width: share(area.width, cells.width)?, height: share(area.height, cells.height)? };
        (cell.width >= Self::UNITS && cell.height >= Self::UNITS).then_some(cell)
    }

    /// Returns the whole pixels of an area of cells; at least 1x1.
    pub fn pixels(self, cells: Size) -> PixelSize {
        let side = |cells: u16, units: u32| (u32::from(cells.max(1)).saturating_mul(units) / Self::UNITS).max(1);
        PixelSize { width: side(cells.width, self.width), height: side(cells.height, self.height) }
    }

    /// Returns the whole cells in an area of pixels.
    pub fn cells(self, pixels: PixelSize) -> Size {
        let side = |pixels: u32, units: u32| {
            u16::try_from(u64::from(pixels) * u64::from(Self::UNITS) / u64::from(units.max(1))).unwrap_or(u16::MAX)
        };
        Size { width: side(pixels.width, self.width), height: side(pixels.height, self.height) }
    }
}

impl Default for CellSize {
    /// Returns the size that is assumed where the terminal does not say.
    fn default() -> Self {
        Self::new(10, 20)
    }
}

impl fmt::Display for CellSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [width, height] = [self.width, self.height].map(|units| {
            let tenths = (units * 10 + Self::UNITS / 2) / Self::UNITS;
            if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
        });
        f.pad(&format!("{width}x{height}"))
    }
}

/// Returns the cells that a picture of `size` takes when it fills as much of `bounds` as its shape allows.
///
/// A small picture is scaled up by the terminal, which costs no bytes.
pub fn fit(size: PixelSize, bounds: Size, cell: CellSize) -> Size {
    let (w, h) = (u64::from(size.width.max(1)), u64::from(size.height.max(1)));
    let (cw, ch) = (u64::from(cell.width.max(1)), u64::from(cell.height.max(1)));
    let (bw, bh) = (u64::from(bounds.width), u64::from(bounds.height));
    if bw == 0 || bh == 0 {
        return Size::ZERO;
    }
    let (pixels_w, pixels_h) = (bw * cw, bh * ch);
    // Rounded to the nearest cell, so that a picture is at most half a cell off its shape.
    let (cols, rows) = if w * pixels_h >= h * pixels_w {
        (bw, (h * pixels_w / w + ch / 2) / ch)
    } else {
        ((w * pixels_h / h + cw / 2) / cw, bh)
    };
    let clamped = |v: u64, max: u64| u16::try_from(v.clamp(1, max)).unwrap_or(u16::MAX);
    Size { width: clamped(cols, bw), height: clamped(rows, bh) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_into_cells_and_keeps_its_shape() {
        let check = |(width, height), (cols, rows), expected| {
            let size = fit(PixelSize { width, height }, Size::new(cols, rows), CellSize::default());
            assert_eq!((size.width, size.height), expected, "{width}x{height} in {cols}x{rows}");
        };
        check((480, 270), (80, 40), (80, 23));
        check((480, 270), (200, 10), (36, 10));
        check((270, 480), (80, 24), (27, 24));
        check((1, 65500), (80, 24), (1, 24));
        check((65500, 1), (80, 24), (80, 1));
        check((480, 270), (0, 10), (0, 0));
        check((0, 0), (10, 10), (10, 5));
    }

    #[test]
    fn cells_may_be_fractions_of_a_pixel() {
        let cell = CellSize::of_area(PixelSize { width: 882, height: 510 }, Size::new(100, 30)).unwrap();
        assert_eq!(cell.to_string(), "8.8x17");
        assert_eq!(cell.pixels(Size::new(80, 20)), PixelSize { width: 705, height: 340 });
        assert_eq!(cell.cells(PixelSize { width: 705, height: 339 }), Size::new(80, 19));
        assert_eq!(CellSize::of_area(PixelSize { width: 99, height: 510 }, Size::new(100, 30)), None);
        assert_eq!(CellSize::of_area(PixelSize { width: 99, height: 510 }, Size::ZERO), None);
        assert_eq!(CellSize::new(0, 0).pixels(Size::ZERO), PixelSize { width: 1, height: 1 });
    }

    #[test]
    fn shrinks_and_never_grows() {
        let check = |(w, h), (bw, bh), expected| {
            let size = PixelSize { width: w, height: h }.shrink_into(PixelSize { width: bw, height: bh });
            assert_eq!((size.width, size.height), expected);
        };
        check((1280, 720), (800, 460), (800, 450));
        check((480, 270), (800, 460), (480, 270));
        check((1, 65500), (100, 100), (1, 100));
    }

    #[test]
    fn shrinks_to_an_area() {
        let check = |(w, h), pixels, expected| {
            let size = PixelSize { width: w, height: h }.shrink_to(pixels);
            assert_eq!((size.width, size.height), expected);
        };
        check((480, 270), u32::MAX, (480, 270));
        check((480, 270), 480 * 270 / 4, (240, 135));
        check((80, 20), 400, (40, 10));
        check((1, 65500), 100, (1, 2559));
        check((80, 20), 0, (1, 1));
    }
}
