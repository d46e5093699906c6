//! Decodes JPEGs under limits.
//!
//! [`inspect`] reads the markers first. It allocates nothing, and refuses what is too large before it is decoded. It
//! also looks for the end marker, since the decoder fills missing data with grey and reports no error. [`decode`] turns
//! every kind of JPEG into upright RGB. Both return for all input; `decoder` guards against bugs of the decoder.

use crate::picture::PixelSize;
use image::{DynamicImage, ImageDecoder as _, ImageError, codecs::jpeg::JpegDecoder};
use memchr::memchr;
use std::io::Cursor;

/// The largest number of pixels that is decoded.
const MAX_PIXELS: u64 = 40_000_000;

/// The longest side in pixels that is decoded.
const MAX_SIDE: u32 = 16_384;

/// The largest number of scans that is decoded. Each is a few bytes that cost a pass over all pixels.
const MAX_SCANS: u32 = 100;

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
    /// Returns the most bytes that decoding allocates: progressive pictures keep coefficients beside the pixels, and a
    /// rotation needs a second copy.
    pub(super) fn decode_bytes(self) -> u64 {
        self.pixels() * u64::from(self.components.max(3)) * 2
    }

    /// Returns the length of the decoded RGB in bytes.
    pub(super) fn rgb_len(self) -> u64 {
        self.pixels() * 3
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
    /// Three bytes a pixel, row by row.
    pub rgb: Vec<u8>,
}

/// The reason why a JPEG is not decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JpegError {
    /// It ends before its frame header, after this many bytes.
    #[error("cut off before its size after {0} bytes")]
    NoSize(usize),
    /// It has too many pixels.
    #[error("{0} pixels is more than is decoded (40 megapixels, 16384 a side)")]
    TooLarge(PixelSize),
    /// It has too many scans.
    #[error("more than {MAX_SCANS} scans")]
    TooManyScans,
    /// The decoder's message.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// The decoder did not return; its exit reason.
    #[error("the decoder failed: {0}")]
    Decoder(String),
}

/// Reads the markers (ITU-T T.81, annex B) and refuses pictures that are too large.
pub(super) fn inspect(bytes: &[u8]) -> Result<JpegInfo, JpegError> {
    let mut found: Option<JpegInfo> = None;
    let mut scans = 0;
    let mut at = 0;
    while let Some((marker, body)) = next_marker(bytes, at) {
        at = body;
        match marker {
            0xd9 => {
                found = found.map(|info| JpegInfo { complete: true, ..info });
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
                        return Err(JpegError::TooManyScans);
                    }
                }
            }
        }
    }
    found.ok_or(JpegError::NoSize(bytes.len()))
}

/// Returns the next marker at or after `at`, and the position after it. Entropy-coded data between markers is skipped:
/// in it, `FF 00` is a byte and `FF D0` to `FF D7` are restarts. Any number of `FF` may precede a marker.
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

/// Returns the payload of the segment whose length is at `at`.
fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let len = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    bytes.get(at + 2..at + len.max(2))
}

/// Returns whether a marker is one of SOF0 to SOF15; DHT, JPG and DAC lie between them.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn frame(segment: &[u8]) -> Result<JpegInfo, JpegError> {
    let [_precision, h1, h0, w1, w0, components, ..] = *segment else {
        return Err(JpegError::Corrupt("its frame header is too short".to_owned()));
    };
    let size =
        PixelSize { width: u32::from(u16::from_be_bytes([w1, w0])), height: u32::from(u16::from_be_bytes([h1, h0])) };
    let info = JpegInfo { size, components, complete: false };
    if !matches!(components, 1..=4) {
        return Err(JpegError::Corrupt(format!("it has {components} components")));
    }
    if size.width == 0 || size.height == 0 {
        return Err(JpegError::Corrupt(format!("it says that it is {size} pixels")));
    }
    if info.pixels() > MAX_PIXELS || size.width.max(size.height) > MAX_SIDE {
        return Err(JpegError::TooLarge(size));
    }
    Ok(info)
}

/// Decodes a JPEG that was inspected.
pub(super) fn decode(bytes: &[u8], info: JpegInfo) -> Result<Decoded, JpegError> {
    let mut decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(|error| corrupt(&error))?;
    let (width, height) = decoder.dimensions();
    // Two parsers may find two sizes in one hostile file; only the checked one is decoded.
    if (PixelSize { width, height }) != info.size {
        return Err(JpegError::Corrupt(format!("it says both {} and {width}x{height} pixels", info.size)));
    }
    let orientation = decoder.orientation().map_err(|error| corrupt(&error))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| corrupt(&error))?;
    image.apply_orientation(orientation);
    let rgb = image.into_rgb8();
    let (width, height) = rgb.dimensions();
    Ok(Decoded { size: PixelSize { width, height }, rgb: rgb.into_raw() })
}

fn corrupt(error: &ImageError) -> JpegError {
    let text = error.to_string();
    let text = text.strip_prefix("Format error decoding Jpeg: ").unwrap_or(&text);
    JpegError::Corrupt(text.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BASE: &[u8] = include_bytes!("../../tests/fixtures/hostile/base.jpg");
    const PROGRESSIVE: &[u8] = include_bytes!("../../tests/fixtures/hostile/progressive.jpg");
    const GREY: &[u8] = include_bytes!("../../tests/fixtures/hostile/grey.jpg");
    const CMYK: &[u8] = include_bytes!("../../tests/fixtures/hostile/cmyk.jpg");
    /// `BASE`, decoded by `ImageMagick`.
    const PIXELS: &[u8] = include_bytes!("../../tests/fixtures/hostile/base.ppm");

    fn decoded(bytes: &[u8]) -> Decoded {
        decode(bytes, inspect(bytes).unwrap()).unwrap()
    }

    /// Returns the peak signal-to-noise ratio in dB. Above 30 two pictures look the same.
    fn psnr(left: &[u8], right: &[u8]) -> f64 {
        assert_eq!(left.len(), right.len());
        let squares: f64 = left.iter().zip(right).map(|(l, r)| (f64::from(*l) - f64::from(*r)).powi(2)).sum();
        let mean = squares / f64::from(u32::try_from(left.len()).unwrap());
        10.0 * (255.0_f64.powi(2) / mean.max(1e-9)).log10()
    }

    #[test]
    fn every_colour_space_is_decoded() {
        let pixels = &PIXELS[PIXELS.len() - 96 * 54 * 3..];
        let greys: Vec<u8> = pixels
            .chunks_exact(3)
            .flat_map(|p| {
                // Rec. 709, with which ImageMagick greyed the file.
                let luma = (u32::from(p[0]) * 2126 + u32::from(p[1]) * 7152 + u32::from(p[2]) * 722) / 10_000;
                [u8::try_from(luma).unwrap(); 3]
            })
            .collect();
        for (name, jpeg, expected) in [
            ("base", BASE, pixels),
            ("progressive", PROGRESSIVE, pixels),
            ("cmyk", CMYK, pixels),
            ("grey", GREY, &greys),
        ] {
            let psnr = psnr(&decoded(jpeg).rgb, expected);
            assert!(psnr > 30.0, "{name}: {psnr:.1} dB");
        }
    }

    /// Returns `BASE` with an EXIF orientation.
    fn oriented(orientation: u8) -> Vec<u8> {
        let tiff =
            [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation], b"\0\0\0\0\0\0"].concat();
        let len = u16::try_from(tiff.len() + 8).unwrap().to_be_bytes();
        [&BASE[..2], &[0xff, 0xe1], &len, b"Exif\0\0", &tiff, &BASE[2..]].concat()
    }

    #[test]
    fn exif_orientation_is_applied() {
        let upright = decoded(BASE).rgb;
        let at = |rgb: &[u8], width: usize, x: usize, y: usize| rgb[(y * width + x) * 3..][..3].to_vec();
        // EXIF 2.32, tag 0x0112: the positions in the stored picture of the upright one's top left and right corners.
        for (orientation, left, right) in [
            (1, (0, 0), (95, 0)),
            (2, (95, 0), (0, 0)),
            (3, (95, 53), (0, 53)),
            (4, (0, 53), (95, 53)),
            (5, (0, 0), (0, 53)),
            (6, (0, 53), (0, 0)),
            (7, (95, 53), (95, 0)),
            (8, (95, 0), (95, 53)),
        ] {
            let picture = decoded(&oriented(orientation));
            let rotated = orientation > 4;
            let (width, height) = if rotated { (54, 96) } else { (96, 54) };
            assert_eq!(picture.size, PixelSize { width, height }, "{orientation}");
            let width = width as usize;
            assert_eq!(at(&picture.rgb, width, 0, 0), at(&upright, 96, left.0, left.1), "{orientation}");
            assert_eq!(at(&picture.rgb, width, width - 1, 0), at(&upright, 96, right.0, right.1), "{orientation}");
        }
    }

    #[test]
    fn inspects_markers() {
        let check = |jpeg: &[u8], components, complete| {
            let size = PixelSize { width: 96, height: 54 };
            assert_eq!(inspect(jpeg), Ok(JpegInfo { size, components, complete }));
        };
        check(BASE, 3, true);
        check(PROGRESSIVE, 3, true);
        check(GREY, 1, true);
        check(CMYK, 4, true);
        check(&BASE[..BASE.len() - 1], 3, false);
        // An end marker within a segment does not count, such as that of an EXIF thumbnail.
        let comment = [&BASE[..2], b"\xff\xfe\0\x06\xff\xd9\xff\xd9", &BASE[2..BASE.len() - 2]].concat();
        check(&comment, 3, false);
        assert_eq!(inspect(b"\xff\xd8\xff\xe0\0"), Err(JpegError::NoSize(5)));
        assert_eq!(inspect(b"\xff\xd8\xff\xe0\0\0\xff\xd9"), Err(JpegError::NoSize(8)));
        assert_eq!(inspect(b"\xff\xd8\xff\xc0\0\x04\x08\0"), {
            Err(JpegError::Corrupt("its frame header is too short".to_owned()))
        });
    }

    proptest! {
        #[test]
        fn inspecting_any_bytes_returns(bytes: Vec<u8>, cut in 0..BASE.len()) {
            let _returned = inspect(&bytes);
            let spliced = [&BASE[..cut], bytes.as_slice(), &BASE[cut..]].concat();
            let _returned = inspect(&spliced);
        }
    }
}
