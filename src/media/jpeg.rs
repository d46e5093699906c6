//! Decodes JPEGs under limits, and tells damaged ones.
//!
//! [`inspect`] reads the markers first. It refuses what is too large or not supported before anything is decoded.
//! [`decode`] checks all entropy-coded data, since the fast decoder (zune-jpeg) reports little of what is wrong with it,
//! and turns every supported kind into upright RGB: common kinds by the fast decoder, all others by `pixels`. Both
//! return for all input; `decoder` guards against bugs.

mod damage;
mod error;
mod huffman;
mod markers;
mod pixels;
mod plane;
mod scan;

pub use error::JpegError;

use crate::picture::{PictureDamage, PixelFormat, PixelSize, luma};
use damage::Damage;
use error::MAX_SCANS;
use image::{DynamicImage, GrayImage, RgbImage, metadata::Orientation};
use markers::{ColourSpace, DHT, DQT, DRI, EOI, Frame, JpegHeader, Process, SOS, Segments, is_frame};
use plane::Retention;
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

/// The largest number of pixels that is decoded.
const MAX_PIXELS: u64 = 40_000_000;

/// The longest side in pixels that is decoded.
const MAX_SIDE: u32 = 16_384;

/// The pixels by which a side grows at most to fill its last MCU.
const MAX_PADDING: u64 = 31;

/// The properties of a JPEG that its markers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JpegInfo {
    /// The size before EXIF orientation is applied.
    pub(super) size: PixelSize,
    pub(super) components: u8,
    /// The presence of the end marker.
    pub(super) complete: bool,
}

impl JpegInfo {
    /// Returns the most bytes that decoding allocates: two for each coefficient, with those that fill the last MCU, and
    /// one for each sample of two components, or the RGB twice to rotate it.
    pub(super) fn decode_bytes(self) -> u64 {
        let padded = (u64::from(self.size.width) + MAX_PADDING) * (u64::from(self.size.height) + MAX_PADDING);
        padded * (2 * u64::from(self.components) + 2).max(6)
    }

    /// Returns the length of the decoded pixels in bytes.
    pub(super) fn decoded_len(self, format: PixelFormat) -> u64 {
        self.pixels() * format.bytes() as u64
    }

    fn pixels(self) -> u64 {
        u64::from(self.size.width) * u64::from(self.size.height)
    }
}

/// The pixels of a picture, upright.
#[derive(Debug)]
pub struct Decoded {
    /// Width and height.
    pub size: PixelSize,
    /// Its pixels in the format that was asked for, row by row.
    pub pixels: Vec<u8>,
    /// The damage of the data.
    pub damage: Option<PictureDamage>,
}

/// Reads the markers (ITU-T T.81, annex B) and refuses pictures that are too large or not supported.
pub(super) fn inspect(bytes: &[u8]) -> Result<JpegInfo, JpegError> {
    let mut found: Option<JpegInfo> = None;
    let mut scans = 0;
    for segment in Segments::of(bytes) {
        match segment.marker {
            EOI => found = found.map(|info| JpegInfo { complete: true, ..info }),
            SOS => {
                scans += 1;
                if scans > MAX_SCANS {
                    return Err(JpegError::TooManyScans);
                }
            }
            marker if is_frame(marker) && found.is_none() => {
                found = Some(checked(&Frame::parse(marker, segment.payload)?)?);
            }
            _ => {}
        }
    }
    found.ok_or(JpegError::NoSize(bytes.len()))
}

fn checked(frame: &Frame) -> Result<JpegInfo, JpegError> {
    let components = u8::try_from(frame.components.len()).unwrap_or(u8::MAX);
    let info = JpegInfo { size: frame.size, components, complete: false };
    if info.pixels() > MAX_PIXELS || info.size.width.max(info.size.height) > MAX_SIDE {
        return Err(JpegError::TooLarge(info.size));
    }
    Ok(info)
}

/// Decodes a JPEG that was inspected.
pub(super) fn decode(bytes: &[u8], info: JpegInfo, format: PixelFormat) -> Result<Decoded, JpegError> {
    let header = JpegHeader::parse(bytes)?;
    if header.frame.size != info.size {
        return Err(JpegError::Corrupt(format!("it says both {} and {} pixels", info.size, header.frame.size)));
    }
    let (mut image, damage) = if let Some(decoded) = decode_common(bytes, &header, format)? {
        decoded
    } else {
        decode_uncommon(bytes, &header)?
    };
    let orientation = header.exif.and_then(Orientation::from_exif_chunk);
    image.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    let size = PixelSize { width: image.width(), height: image.height() };
    let pixels = match (format, image) {
        (PixelFormat::Luma, DynamicImage::ImageLuma8(image)) => image.into_raw(),
        (PixelFormat::Luma, image) => image.into_rgb8().pixels().map(|pixel| luma(pixel.0)).collect(),
        (PixelFormat::Rgb, image) => image.into_rgb8().into_raw(),
    };
    Ok(Decoded { size, pixels, damage: damage.map(PictureDamage::from) })
}

/// Decodes a picture of a common kind by the fast decoder; returns `None` for others, and if the decoder refuses it.
fn decode_common(
    bytes: &[u8],
    header: &JpegHeader<'_>,
    format: PixelFormat,
) -> Result<Option<(DynamicImage, Option<Damage>)>, JpegError> {
    if !is_common(bytes, header) {
        return Ok(None);
    }
    let damage = scan::decode(bytes, header, Retention::Discard)?.damage;
    Ok(decode_fast(bytes, header, format).map(|image| (image, damage)))
}

/// Decodes a picture of any supported kind.
fn decode_uncommon(bytes: &[u8], header: &JpegHeader<'_>) -> Result<(DynamicImage, Option<Damage>), JpegError> {
    let planes = scan::decode(bytes, header, Retention::Keep)?;
    let damage = planes.damage;
    let PixelSize { width, height } = header.frame.size;
    let rgb = pixels::rgb(&header.frame, planes, header.colours);
    let image = RgbImage::from_raw(width, height, rgb);
    let image = image.ok_or_else(|| JpegError::Decoder("it returned another size".to_owned()))?;
    Ok((DynamicImage::ImageRgb8(image), damage))
}

/// Decodes a picture by the fast decoder, if that finds the same size in it.
fn decode_fast(bytes: &[u8], header: &JpegHeader<'_>, format: PixelFormat) -> Option<DynamicImage> {
    let PixelSize { width, height } = header.frame.size;
    let is_grey = header.colours == ColourSpace::Grey || format == PixelFormat::Luma;
    let colours = if is_grey { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default().set_strict_mode(false).jpeg_set_out_colorspace(colours);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    if decoder.dimensions() != Some((width as usize, height as usize)) {
        return None;
    }
    let pixels = decoder.decode().ok()?;
    if is_grey {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    }
}

/// Returns whether a picture is of a kind that the fast decoder draws right: grey or YCbCr, chroma with one sample for
/// one, two or four pixels, all components of a sequential picture in one scan, and all tables before the first scan.
fn is_common(bytes: &[u8], header: &JpegHeader<'_>) -> bool {
    let factors: Vec<(u8, u8)> = header.frame.components.iter().map(|component| (component.h, component.v)).collect();
    let factors = match (header.colours, &factors[..]) {
        (ColourSpace::Grey, [(1, 1)]) => true,
        (ColourSpace::YCbCr, [(h, v), (1, 1), (1, 1)]) => *h <= 2 && *v <= 2,
        _ => false,
    };
    let (mut dht, mut scans) = (false, 0);
    let segments = Segments::of(bytes).all(|segment| match segment.marker {
        DQT | DRI => scans == 0,
        DHT => {
            dht = true;
            scans == 0 || header.frame.process == Process::Progressive
        }
        SOS => {
            scans += 1;
            let components = segment.payload.first().copied().map(usize::from);
            match header.frame.process {
                Process::Sequential => scans == 1 && components == Some(header.frame.components.len()),
                Process::Progressive => true,
            }
        }
        _ => true,
    });
    factors && segments && dht
}

#[cfg(test)]
mod tests;
