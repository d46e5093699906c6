//! Decoded pictures, and how they came.

use super::{PictureDamage, PixelSize};
use crate::text::Safe;
use std::{
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

/// A decoded picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its size after EXIF orientation is applied.
    pub size: PixelSize,
    /// Its pixels, three bytes each, row by row.
    pub rgb: Arc<[u8]>,
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
    /// The bytes of memory that it takes.
    pub fn cost(&self) -> usize {
        self.rgb.len() + self.jpeg.len()
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
        let every = (self.rgb.len() / 3 / 4096).max(1);
        self.rgb.chunks_exact(3).step_by(every)
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
