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

/// The longest side in pixels that is decoded.
const MAX_SIDE: u32 = 16_384;

/// The most scans of a progressive JPEG. Each costs a pass over all pixels, for a few bytes.
const MAX_SCANS: u32 = 100;

/// What the markers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JpegOutline {
    /// Before EXIF orientation.
    pub(super) size: PixelSize,
    pub(super) components: u8,
    /// Whether the end marker is there.
    pub(super) complete: bool,
}

impl JpegOutline {
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
#[derive(Debug)]
pub struct Decoded {
    /// How many across and down.
    pub size: PixelSize,
    /// Three bytes each, row by row.
    pub rgb: Vec<u8>,
}

/// Why a JPEG has no pixels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JpegFault {
    /// It ends before it says how large it is: after so many bytes.
    #[error("cut off before its size after {0} bytes")]
    NoSize(usize),
    /// More pixels than are decoded.
    #[error("{0} pixels is more than is decoded (40 megapixels, 16384 a side)")]
    TooLarge(PixelSize),
    /// More passes over the pixels than any honest picture needs.
    #[error("more than {MAX_SCANS} scans")]
    TooManyScans,
    /// The decoder refuses it: why.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// The decoder itself gave up or died: how.
    #[error("the decoder failed: {0}")]
    Decoder(String),
}

/// Walks the markers (ITU-T T.81, annex B) and refuses what is too large.
pub(super) fn outline(bytes: &[u8]) -> Result<JpegOutline, JpegFault> {
    let mut found: Option<JpegOutline> = None;
    let mut scans = 0;
    let mut at = 0;
    while let Some((marker, body)) = next_marker(bytes, at) {
        at = body;
        match marker {
            0xd9 => {
                found = found.map(|outline| JpegOutline { complete: true, ..outline });
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

fn frame(segment: &[u8]) -> Result<JpegOutline, JpegFault> {
    let [_precision, h1, h0, w1, w0, components, ..] = *segment else {
        return Err(JpegFault::Corrupt("its frame header is too short".to_owned()));
    };
    let size =
        PixelSize { width: u32::from(u16::from_be_bytes([w1, w0])), height: u32::from(u16::from_be_bytes([h1, h0])) };
    let outline = JpegOutline { size, components, complete: false };
    if !matches!(components, 1..=4) {
        return Err(JpegFault::Corrupt(format!("it has {components} components")));
    }
    if size.width == 0 || size.height == 0 {
        return Err(JpegFault::Corrupt(format!("it says that it is {size} pixels")));
    }
    if outline.pixels() > MAX_PIXELS || size.width.max(size.height) > MAX_SIDE {
        return Err(JpegFault::TooLarge(size));
    }
    Ok(outline)
}

/// Decodes a JPEG whose `outline` was taken.
pub(super) fn decode(bytes: &[u8], outline: JpegOutline) -> Result<Decoded, JpegFault> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{
        panic,
        time::{Duration, Instant},
    };

    const BASE: &[u8] = include_bytes!("../../tests/fixtures/hostile/base.jpg");
    const PROGRESSIVE: &[u8] = include_bytes!("../../tests/fixtures/hostile/progressive.jpg");
    const GREY: &[u8] = include_bytes!("../../tests/fixtures/hostile/grey.jpg");
    const CMYK: &[u8] = include_bytes!("../../tests/fixtures/hostile/cmyk.jpg");
    /// What `ImageMagick` makes of `BASE`.
    const PIXELS: &[u8] = include_bytes!("../../tests/fixtures/hostile/base.ppm");

    fn decoded(bytes: &[u8]) -> Decoded {
        decode(bytes, outline(bytes).unwrap()).unwrap()
    }

    /// Peak signal to noise in dB; above 30 two pictures look the same.
    fn psnr(left: &[u8], right: &[u8]) -> f64 {
        assert_eq!(left.len(), right.len());
        let squares: f64 = left.iter().zip(right).map(|(l, r)| (f64::from(*l) - f64::from(*r)).powi(2)).sum();
        let mean = squares / f64::from(u32::try_from(left.len()).unwrap());
        10.0 * (255.0_f64.powi(2) / mean.max(1e-9)).log10()
    }

    #[test]
    fn every_kind_gives_the_same_picture() {
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

    /// The picture with an EXIF block that says how the camera was held.
    fn held(orientation: u8) -> Vec<u8> {
        let tiff =
            [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation], b"\0\0\0\0\0\0"].concat();
        let len = u16::try_from(tiff.len() + 8).unwrap().to_be_bytes();
        [&BASE[..2], &[0xff, 0xe1], &len, b"Exif\0\0", &tiff, &BASE[2..]].concat()
    }

    #[test]
    fn pictures_stand_the_right_way_up() {
        let upright = decoded(BASE).rgb;
        let at = |rgb: &[u8], width: usize, x: usize, y: usize| rgb[(y * width + x) * 3..][..3].to_vec();
        // EXIF 2.32, tag 0x0112: where the upright picture's top left and top right corners lie in the stored one.
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
            let picture = decoded(&held(orientation));
            let turned = orientation > 4;
            let (width, height) = if turned { (54, 96) } else { (96, 54) };
            assert_eq!(picture.size, PixelSize { width, height }, "{orientation}");
            let width = width as usize;
            assert_eq!(at(&picture.rgb, width, 0, 0), at(&upright, 96, left.0, left.1), "{orientation}");
            assert_eq!(at(&picture.rgb, width, width - 1, 0), at(&upright, 96, right.0, right.1), "{orientation}");
        }
    }

    #[test]
    fn outlines() {
        let check = |jpeg: &[u8], components, complete| {
            let size = PixelSize { width: 96, height: 54 };
            assert_eq!(outline(jpeg), Ok(JpegOutline { size, components, complete }));
        };
        check(BASE, 3, true);
        check(PROGRESSIVE, 3, true);
        check(GREY, 1, true);
        check(CMYK, 4, true);
        check(&BASE[..BASE.len() - 1], 3, false);
        // An end marker within a segment is none: the EXIF thumbnail of a picture that was cut off.
        let comment = [&BASE[..2], b"\xff\xfe\0\x06\xff\xd9\xff\xd9", &BASE[2..BASE.len() - 2]].concat();
        check(&comment, 3, false);
        assert_eq!(outline(b"\xff\xd8\xff\xe0\0"), Err(JpegFault::NoSize(5)));
        assert_eq!(outline(b"\xff\xd8\xff\xe0\0\0\xff\xd9"), Err(JpegFault::NoSize(8)));
        assert_eq!(outline(b"\xff\xd8\xff\xc0\0\x04\x08\0"), {
            Err(JpegFault::Corrupt("its frame header is too short".to_owned()))
        });
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_outline_or_none(bytes: Vec<u8>, cut in 0..BASE.len()) {
            // Total means: comes back.
            let _total = outline(&bytes);
            let spliced = [&BASE[..cut], bytes.as_slice(), &BASE[cut..]].concat();
            let _total = outline(&spliced);
        }
    }

    /// Bytes turned, cut out and doubled. Small steps find more than noise does.
    fn mutate(jpeg: &[u8], mut random: impl FnMut(usize) -> usize) -> Vec<u8> {
        let mut jpeg = jpeg.to_vec();
        for _ in 0..=random(6) {
            let at = random(jpeg.len());
            match random(6) {
                0..3 => jpeg[at] = [0, 0xff, 0x7f, 0x80, 1][random(5)],
                3 => jpeg[at] ^= 1 << random(8),
                4 => drop(jpeg.drain(at..(at + random(40)).min(jpeg.len()))),
                _ => {
                    let piece = jpeg[at..(at + random(400)).min(jpeg.len())].to_vec();
                    let to = random(jpeg.len());
                    jpeg.splice(to..to, piece);
                }
            }
            if jpeg.len() < 4 {
                break;
            }
        }
        jpeg
    }

    /// `THUMBVIEW_FUZZ_SECONDS=600 cargo test --lib fuzz -- --ignored --nocapture`
    #[test]
    #[ignore = "a fuzz run of THUMBVIEW_FUZZ_SECONDS"]
    fn fuzz_decoding() {
        let seconds = std::env::var("THUMBVIEW_FUZZ_SECONDS").map_or(10, |text| text.parse().unwrap());
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut state = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() << 1 | 1;
        println!("seed {state}");
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below.max(1) as u64).unwrap()
        };
        let (mut runs, mut pictures, mut panics, mut slowest) = (0_u64, 0_u64, 0_u64, Duration::ZERO);
        while Instant::now() < end {
            let jpeg = mutate([BASE, PROGRESSIVE, GREY, CMYK][random(4)], &mut random);
            let begun = Instant::now();
            runs += 1;
            // A panic ends a child and costs one picture; an abort or a hang would be seen here.
            if let Ok(outline) = outline(&jpeg) {
                match panic::catch_unwind(|| decode(&jpeg, outline)) {
                    Ok(decoded) => pictures += u64::from(decoded.is_ok()),
                    Err(_) => panics += 1,
                }
            }
            slowest = slowest.max(begun.elapsed());
        }
        println!("{runs} inputs, {pictures} pictures, {panics} panics, slowest {slowest:?}");
        assert!(slowest < Duration::from_secs(10), "a child would have been ended");
    }
}
