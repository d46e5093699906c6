//! The zoom of the picture in full: how near it is, and which part of it is shown.

use crate::picture::{PixelRect, PixelSize};

/// The magnifications, in percent.
const STEPS: [u32; 8] = [100, 150, 200, 300, 400, 600, 800, 1200];
/// The whole of a picture, across or down.
const WHOLE: u32 = 1000;

/// A zoom. It stays while the cursor moves to another picture, so that the same part of pictures can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoom {
    step: usize,
    /// The middle of the part that is shown, in thousandths of the picture.
    x: u32,
    y: u32,
}

impl Default for Zoom {
    fn default() -> Self {
        Self { step: 0, x: WHOLE / 2, y: WHOLE / 2 }
    }
}

/// A direction in which the part that is shown moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Pan {
    Left,
    Right,
    Up,
    Down,
}

impl Zoom {
    /// Returns whether a part of the picture is shown.
    pub fn is_near(self) -> bool {
        self.step > 0
    }

    /// The magnification in percent.
    pub fn percent(self) -> u32 {
        STEPS[self.step]
    }

    /// Magnifies by one step.
    pub(super) fn nearer(&mut self) {
        self.step = (self.step + 1).min(STEPS.len() - 1);
    }

    /// Reduces by one step, at most to the whole picture.
    pub(super) fn farther(&mut self) {
        self.step = self.step.saturating_sub(1);
        (self.x, self.y) = (self.clamped(self.x), self.clamped(self.y));
    }

    /// Moves the part that is shown by a quarter of itself.
    pub(super) fn pan(&mut self, pan: Pan) {
        let by = self.visible() / 4;
        let (back, on) = (|at: u32| at.saturating_sub(by), |at: u32| at + by);
        match pan {
            Pan::Left => self.x = self.clamped(back(self.x)),
            Pan::Right => self.x = self.clamped(on(self.x)),
            Pan::Up => self.y = self.clamped(back(self.y)),
            Pan::Down => self.y = self.clamped(on(self.y)),
        }
    }

    /// The part of a picture that is shown; `None` for the whole.
    pub(super) fn part(self, size: PixelSize) -> Option<PixelRect> {
        let scaled = |thousandths: u32, side: u32| {
            u32::try_from(u64::from(thousandths) * u64::from(side) / u64::from(WHOLE)).unwrap_or(u32::MAX)
        };
        let visible = self.visible();
        let part = PixelSize { width: scaled(visible, size.width).max(1), height: scaled(visible, size.height).max(1) };
        self.is_near().then(|| PixelRect {
            x: scaled(self.x - visible / 2, size.width).min(size.width.saturating_sub(part.width)),
            y: scaled(self.y - visible / 2, size.height).min(size.height.saturating_sub(part.height)),
            size: part,
        })
    }

    /// The side of the part that is shown, in thousandths.
    fn visible(self) -> u32 {
        WHOLE * 100 / self.percent()
    }

    fn clamped(self, middle: u32) -> u32 {
        let half = self.visible() / 2;
        middle.clamp(half, WHOLE - half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PixelSize = PixelSize { width: 480, height: 270 };

    fn part(zoom: Zoom) -> Option<(u32, u32, u32, u32)> {
        zoom.part(SIZE).map(|part| (part.x, part.y, part.size.width, part.size.height))
    }

    #[test]
    fn nearer_and_farther_keep_the_middle() {
        let mut zoom = Zoom::default();
        assert_eq!(part(zoom), None);
        zoom.nearer();
        zoom.nearer();
        assert_eq!((zoom.percent(), part(zoom)), (200, Some((120, 67, 240, 135))));
        zoom.farther();
        zoom.farther();
        zoom.farther();
        assert_eq!((zoom.percent(), part(zoom)), (100, None));
    }

    #[test]
    fn panning_stays_within_the_picture() {
        let mut zoom = Zoom::default();
        zoom.pan(Pan::Left);
        assert_eq!(part(zoom), None);
        (0..20).for_each(|_| zoom.nearer());
        for pan in [Pan::Right, Pan::Down] {
            (0..99).for_each(|_| zoom.pan(pan));
        }
        assert_eq!(part(zoom), Some((440, 247, 39, 22)));
        (0..99).for_each(|_| zoom.pan(Pan::Left));
        (0..99).for_each(|_| zoom.pan(Pan::Up));
        assert_eq!(part(zoom), Some((0, 0, 39, 22)));
        zoom.farther();
        assert_eq!(part(zoom).map(|part| (part.0, part.1)), Some((0, 0)));
    }
}
