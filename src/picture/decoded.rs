//! Decoded pictures, and how they came.

use super::{PictureDamage, PixelSize};
use crate::text::Safe;
use std::{
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

/// The pixels that are decoded of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PixelFormat {
    /// Red, green and blue, a byte each.
    #[default]
    Rgb,
    /// Luma (BT.601), a byte: enough to judge a picture, at half of the cost.
    Luma,
}

impl PixelFormat {
    /// Returns the bytes of a pixel.
    pub fn bytes(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Luma => 1,
        }
    }
}

/// Returns the luma of a pixel by BT.601, in its integer form of 256ths. Their sum is at most 65 408.
pub fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let [_, luma] = (77 * u16::from(red) + 150 * u16::from(green) + 29 * u16::from(blue) + 128).to_le_bytes();
    luma
}

/// A decoded picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its size after EXIF orientation is applied.
    pub size: PixelSize,
    /// Its pixels in `format`, row by row.
    pub pixels: Arc<[u8]>,
    /// The format of its pixels. Only [`PixelFormat::Rgb`] is drawn.
    pub format: PixelFormat,
    /// The body as it was fetched.
    pub jpeg: Arc<[u8]>,
    /// Facts of the transfer.
    pub fetched: FetchInfo,
    /// Its damage, shown with the picture.
    pub damage: Option<PictureDamage>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}, {} bytes)", self.size, self.jpeg.len())
    }
}

impl Picture {
    /// Returns a picture of three bytes a pixel, row by row, that was not fetched.
    pub fn of_rgb(size: PixelSize, rgb: impl Into<Arc<[u8]>>) -> Self {
        let (jpeg, fetched) = (Arc::default(), FetchInfo::default());
        Self { size, pixels: rgb.into(), format: PixelFormat::Rgb, jpeg, fetched, damage: None }
    }

    /// Returns three bytes a pixel, row by row; none of a picture in another format.
    pub fn rgb(&self) -> &[u8] {
        match self.format {
            PixelFormat::Rgb => &self.pixels,
            PixelFormat::Luma => &[],
        }
    }

    /// The bytes of memory that it takes.
    pub fn cost(&self) -> usize {
        self.pixels.len() + self.jpeg.len()
    }

    /// Returns a hash of the size and of 4096 to 8191 pixels, which equal pictures share whatever their metadata.
    pub fn pixel_hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.size.hash(&mut hasher);
        self.some_pixels().for_each(|pixel| hasher.write(pixel));
        hasher.finish()
    }

    /// Returns evenly spaced pixels, at most 8191: the caller runs on the event loop.
    fn some_pixels(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = self.format.bytes();
        let every = (self.pixels.len() / bytes / 4096).max(1);
        self.pixels.chunks_exact(bytes).step_by(every)
    }
}

/// Facts of a picture's transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchInfo {
    /// HTTP status; `None` for one from the cache.
    pub status: Option<u16>,
    /// `Content-Type` as the server sent it.
    pub content_type: Option<Safe>,
    /// The time from the first byte sent to the last byte read.
    pub took: Duration,
    /// `true` if it came from the disk cache.
    pub from_cache: bool,
    /// The protocol version, such as `HTTP/2`.
    pub version: Option<&'static str>,
}
