//! From the bytes of a JPEG to pixels, under limits.
//!
//! [`outline`] walks the markers first: it allocates nothing, and what it finds too large is never decoded. It also
//! looks for the end marker, because the decoder fills what is missing with grey and calls it fine. [`decode`] turns
//! any kind of JPEG into RGB the right way up. Both are total; whether a decoder's bug may take the program with it is
//! the affair of `decoder`.

use crate::picture::PixelSize;
use image::{DynamicImage, ImageDecoder as _, ImageError, codecs::jpeg::JpegDecoder};
use memchr::memchr;
use std::io::Cursor;

/// The most pixels that are decoded.
const MAX_PIXELS: u64 = 40_000_000;

/// The longest side in pixels that is decoded... but for very narrow pictures, which `MAX_PIXELS` bounds.
const MAX_SIDE: u32 = 16_384;

/// The most scans of a progressive JPEG. Each costs a pass over all pixels, for a few bytes.
const MAX_SCANS: u32 = 100;

/// What the markers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outline {
    /// Before EXIF orientation.
    pub(super) size: PixelSize,
    pub(super) components: u8,
    /// Whether the end marker is there.
    pub(super) complete: bool,
}

impl Outline {
    /// The most bytes that decoding takes: progressive pictures keep coefficients beside the pixels, and a turn needs
    /// a second copy.
    pub(super) fn cost(self) -> u64 {
        self.pixels() * u64::from(self.components.max(3)) * 2
    }

    /// Bytes of the RGB that comes out.
    pub(super) fn rgb_len(self) -> u64 {
        self.pixels() * 3
    }

    fn pixels(self) -> u64 {
        u64::from(self.size.width) * u64::from(self.size.height)
    }
}

/// Pixels the right way up.
pub(super) struct Decoded {
    pub(super) size: PixelSize,
    pub(super) rgb: Vec<u8>,
}

/// Why a JPEG has no pixels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JpegFault {
    #[error("cut off before its size after {0} bytes")]
    NoSize(usize),
    #[error("{0} pixels is more than is decoded (40 megapixels, 16384 a side)")]
    TooLarge(PixelSize),
    #[error("more than {MAX_SCANS} scans")]
    TooManyScans,
    #[error("corrupt: {0}")]
    Corrupt(String),
    #[error("the decoder failed: {0}")]
    Decoder(String),
}

/// Walks the markers (ITU-T T.81, annex B) and refuses what is too large.
pub(super) fn outline(bytes: &[u8]) -> Result<Outline, JpegFault> {
    let mut found: Option<Outline> = None;
    let mut scans = 0;
    let mut at = 0;
    while let Some((marker, body)) = next_marker(bytes, at) {
        at = body;
        match marker {
            0xd9 => {
                found = found.map(|outline| Outline { complete: true, ..outline });
                break;
            }
            // SOI and TEM stand alone.
            0xd8 | 0x01 => {}
            _ => {
                let Some(segment) = segment(bytes, body) else { break };
                at = body + 2 + segment.len();
                if is_frame(marker) && found.is_none() {
                    found = Some(frame(segment)?);
                }
                if marker == 0xda {
                    scans += 1;
                    if scans > MAX_SCANS {
                        return Err(JpegFault::TooManyScans);
                    }
                }
            }
        }
    }
    found.ok_or(JpegFault::NoSize(bytes.len()))
}

/// The next marker at or after `at`, and where it ends. Between markers lies entropy-coded data, in which `FF 00` is
/// a byte and `FF D0` to `FF D7` are restarts; any number of `FF` may stand before a marker.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr(0xff, bytes.get(at..)?)?;
        while bytes.get(at) == Some(&0xff) {
            at += 1;
        }
        match *bytes.get(at)? {
            0 | 0xd0..=0xd7 => at += 1,
            marker => return Some((marker, at + 1)),
        }
    }
}

/// The payload of a segment whose length stands at `at`.
fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let len = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    bytes.get(at + 2..at + len.max(2))
}

/// SOF0 to SOF15, which are not DHT, JPG and DAC.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn frame(segment: &[u8]) -> Result<Outline, JpegFault> {
    let [_precision, h1, h0, w1, w0, components, ..] = *segment else {
        return Err(JpegFault::Corrupt("its frame header is too short".to_owned()));
    };
    let size =
        PixelSize { width: u32::from(u16::from_be_bytes([w1, w0])), height: u32::from(u16::from_be_bytes([h1, h0])) };
    let outline = Outline { size, components, complete: false };
    if size.width == 0 || size.height == 0 {
        return Err(JpegFault::Corrupt(format!("it says that it is {size} pixels")));
    }
    if outline.pixels() > MAX_PIXELS || size.width.max(size.height) > MAX_SIDE {
        return Err(JpegFault::TooLarge(size));
    }
    Ok(outline)
}

/// Decodes a JPEG whose `outline` was taken.
pub(super) fn decode(bytes: &[u8], outline: Outline) -> Result<Decoded, JpegFault> {
    let mut decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(|error| corrupt(&error))?;
    let (width, height) = decoder.dimensions();
    // Two parsers may read two sizes out of one hostile file; only the judged one is decoded.
    if (PixelSize { width, height }) != outline.size {
        return Err(JpegFault::Corrupt(format!("it says both {} and {width}x{height} pixels", outline.size)));
    }
    let orientation = decoder.orientation().map_err(|error| corrupt(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| corrupt(&error))?;
    picture.apply_orientation(orientation);
    let rgb = picture.into_rgb8();
    let (width, height) = rgb.dimensions();
    Ok(Decoded { size: PixelSize { width, height }, rgb: rgb.into_raw() })
}

fn corrupt(error: &ImageError) -> JpegFault {
    let text = error.to_string();
    let text = text.strip_prefix("Format error decoding Jpeg: ").unwrap_or(&text);
    JpegFault::Corrupt(text.trim_matches('"').to_owned())
}
