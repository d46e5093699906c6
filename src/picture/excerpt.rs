//! Pictures that are derived from others: a part of one, and the difference of two.

use super::{FetchInfo, Picture, PictureKey, PixelFormat, PixelSize};

/// The pixels of a picture that are prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Excerpt {
    /// All of them.
    #[default]
    Whole,
    /// A part.
    Part(PixelRect),
    /// The difference to this picture.
    Difference(PictureKey),
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PixelRect {
    /// Pixels to the left of it.
    pub x: u32,
    /// Pixels above it.
    pub y: u32,
    /// Its size.
    pub size: PixelSize,
}

/// The difference of two pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureDifference {
    /// The absolute difference of each channel, stretched so that the greatest becomes 255.
    pub picture: Picture,
    /// The peak signal-to-noise ratio in decibels; `None` for equal pictures.
    pub psnr: Option<f64>,
    /// The share of pixels of which a channel differs by more than 8, from 0 to 1.
    pub share: f64,
}

/// A channel of a pixel differs if its values are farther apart than this, which compression alone seldom causes.
const DIFFERS_ABOVE: u8 = 8;

impl Picture {
    /// Returns a part of the picture without its file. `part` is cut to the picture.
    #[must_use]
    pub fn part(&self, part: PixelRect) -> Self {
        let whole = self.size;
        let (x, y) = (part.x.min(whole.width), part.y.min(whole.height));
        let size =
            PixelSize { width: part.size.width.min(whole.width - x), height: part.size.height.min(whole.height - y) };
        let mut rgb = Vec::with_capacity(size.width as usize * size.height as usize * 3);
        for row in y..y + size.height {
            let start = (row as usize * whole.width as usize + x as usize) * 3;
            rgb.extend_from_slice(self.rgb().get(start..start + size.width as usize * 3).unwrap_or_default());
        }
        Self {
            size,
            pixels: rgb.into(),
            format: PixelFormat::Rgb,
            jpeg: [].into(),
            fetched: FetchInfo::default(),
            damage: self.damage.clone(),
        }
    }

    /// Returns the difference to another picture, which is scaled to the size of this one.
    #[expect(clippy::cast_precision_loss, reason = "sums of squares of a picture stay far below 2^53")]
    pub fn difference(&self, other: &Self) -> PictureDifference {
        let PixelSize { width, height } = self.size;
        let mut rgb = Vec::with_capacity(self.rgb().len());
        let (mut squares, mut differing) = (0_u64, 0_u64);
        for y in 0..height {
            for x in 0..width {
                let mut differs = false;
                for (a, b) in self.pixel(x, y).into_iter().zip(other.pixel_at(x, y, self.size)) {
                    let distance = a.abs_diff(b);
                    squares += u64::from(distance).pow(2);
                    differs |= distance > DIFFERS_ABOVE;
                    rgb.push(distance);
                }
                differing += u64::from(differs);
            }
        }
        let most = u16::from(rgb.iter().copied().max().unwrap_or(0).max(1));
        for channel in &mut rgb {
            *channel = u8::try_from(u16::from(*channel) * 255 / most).unwrap_or(u8::MAX);
        }
        let pixels = (u64::from(width) * u64::from(height)).max(1);
        let mean = squares as f64 / (pixels * 3) as f64;
        PictureDifference {
            psnr: (squares > 0).then(|| 10.0 * (255.0 * 255.0 / mean).log10()),
            share: differing as f64 / pixels as f64,
            picture: Self::of_rgb(self.size, rgb),
        }
    }

    fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        let start = (y as usize * self.size.width as usize + x as usize) * 3;
        self.rgb().get(start..start + 3).and_then(|pixel| pixel.try_into().ok()).unwrap_or_default()
    }

    /// The pixel at a place of a picture of another size.
    fn pixel_at(&self, x: u32, y: u32, size: PixelSize) -> [u8; 3] {
        let scaled = |at: u32, from: u32, to: u32| {
            u32::try_from((u64::from(at) * 2 + 1) * u64::from(to) / (u64::from(from.max(1)) * 2)).unwrap_or(0)
        };
        self.pixel(scaled(x, size.width, self.size.width), scaled(y, size.height, self.size.height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, rgb: &[u8]) -> Picture {
        Picture::of_rgb(PixelSize { width, height }, rgb)
    }

    #[test]
    fn a_part_is_cut_out_row_by_row() {
        let whole: Vec<u8> = (0..12).flat_map(|pixel| [pixel; 3]).collect();
        let whole = picture(4, 3, &whole);
        let part = |x, y, width, height| {
            let part = whole.part(PixelRect { x, y, size: PixelSize { width, height } });
            (part.size, part.rgb().iter().step_by(3).copied().collect::<Vec<_>>())
        };
        assert_eq!(part(1, 1, 2, 2), (PixelSize { width: 2, height: 2 }, vec![5, 6, 9, 10]));
        assert_eq!(part(3, 2, 9, 9), (PixelSize { width: 1, height: 1 }, vec![11]));
        assert_eq!(part(9, 9, 1, 1), (PixelSize { width: 0, height: 0 }, vec![]));
    }

    #[test]
    fn a_difference_is_stretched_and_measured() {
        let black = picture(2, 1, &[0; 6]);
        let grey = picture(2, 1, &[0, 0, 0, 100, 50, 0]);
        let difference = black.difference(&grey);
        assert_eq!(difference.picture.rgb(), &[0, 0, 0, 255, 127, 0]);
        assert!((difference.share - 0.5).abs() < 1e-9);
        assert_eq!(difference.psnr.map(f64::round), Some(15.0));
        let same = grey.difference(&grey);
        assert_eq!(same.psnr, None);
        assert!(same.share.abs() < 1e-9);
        // A picture of another size is scaled.
        let small = picture(1, 1, &[0; 3]);
        assert_eq!(black.difference(&small).psnr, None);
    }
}
