//! Tests of whole JPEGs: kinds, damage, limits.

use super::*;
use proptest::prelude::*;

const BASE: &[u8] = include_bytes!("../../../tests/fixtures/hostile/base.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../tests/fixtures/hostile/progressive.jpg");
const GREY: &[u8] = include_bytes!("../../../tests/fixtures/hostile/grey.jpg");
const CMYK: &[u8] = include_bytes!("../../../tests/fixtures/hostile/cmyk.jpg");
/// `BASE`, decoded by `ImageMagick`.
const PIXELS: &[u8] = include_bytes!("../../../tests/fixtures/hostile/base.ppm");

fn decoded(bytes: &[u8]) -> Decoded {
    decode(bytes, inspect(bytes).unwrap(), PixelFormat::Rgb).unwrap()
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
    for (name, jpeg, expected) in
        [("base", BASE, pixels), ("progressive", PROGRESSIVE, pixels), ("cmyk", CMYK, pixels), ("grey", GREY, &greys)]
    {
        let psnr = psnr(&decoded(jpeg).pixels, expected);
        assert!(psnr > 30.0, "{name}: {psnr:.1} dB");
    }
}

#[test]
fn luma_is_that_of_the_colours() {
    let turned = oriented(6);
    for (name, jpeg) in
        [("base", BASE), ("progressive", PROGRESSIVE), ("cmyk", CMYK), ("grey", GREY), ("turned", &turned)]
    {
        let colours = decoded(jpeg);
        let grey = decode(jpeg, inspect(jpeg).unwrap(), PixelFormat::Luma).unwrap();
        let expected: Vec<u8> = colours.pixels.as_chunks().0.iter().map(|pixel| luma(*pixel)).collect();
        assert_eq!(grey.size, colours.size, "{name}");
        let psnr = psnr(&grey.pixels, &expected);
        assert!(psnr > 45.0, "{name}: {psnr:.1} dB");
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
    let upright = decoded(BASE).pixels;
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
        assert_eq!(at(&picture.pixels, width, 0, 0), at(&upright, 96, left.0, left.1), "{orientation}");
        assert_eq!(at(&picture.pixels, width, width - 1, 0), at(&upright, 96, right.0, right.1), "{orientation}");
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

/// The same picture as `BASE`, written in other ways.
fn fixture(name: &str) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/jpeg");
    std::fs::read(format!("{path}/{name}.jpg")).unwrap()
}

/// Returns `jpeg` without its Huffman tables.
fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let (mut rest, mut end) = (Vec::new(), 0);
    for segment in Segments::of(jpeg) {
        if segment.marker != DHT {
            rest.extend(&jpeg[end..segment.end]);
        }
        end = segment.end;
    }
    rest
}

fn resized(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let frame = Segments::of(jpeg).find(|segment| is_frame(segment.marker)).unwrap();
    let at = frame.end - frame.payload.len();
    let mut jpeg = jpeg.to_vec();
    jpeg[at + 1..at + 3].copy_from_slice(&height.to_be_bytes());
    jpeg[at + 3..at + 5].copy_from_slice(&width.to_be_bytes());
    jpeg
}

/// Returns the positions of the restart markers.
fn restarts(jpeg: &[u8]) -> Vec<usize> {
    let scan = Segments::of(jpeg).find(|segment| segment.marker == SOS).unwrap().end;
    (scan..jpeg.len() - 1).filter(|at| jpeg[*at] == 0xff && (0xd0..=0xd7).contains(&jpeg[at + 1])).collect()
}

#[test]
fn uncommon_kinds_are_drawn_right() {
    let expected = &PIXELS[PIXELS.len() - 96 * 54 * 3..];
    let check = |name: &str, jpeg: &[u8]| {
        let picture = decoded(jpeg);
        assert_eq!(picture.damage, None, "{name}");
        let psnr = psnr(&picture.pixels, expected);
        assert!(psnr > 27.0, "{name}: {psnr:.1} dB");
    };
    for name in [
        "plain",
        "restarts",
        // Each component in a scan of its own, in any order.
        "scans-apart",
        "scans-apart-restarts",
        "scans-cb-cr-y",
        "scans-y-cbcr",
        "progressive-apart",
        // Sampling factors other than those of a subsampled chroma.
        "luma-2x2",
        "luma-2x1",
        "cb-2x1",
        "cr-1x2",
        "rgb",
        "ycck-2x2",
    ] {
        check(name, &fixture(name));
    }
    // Frames of Motion JPEG rely on the standard tables.
    for name in ["plain", "restarts", "luma-2x2"] {
        check(name, &without_tables(&fixture(name)));
    }
}

#[test]
fn the_slow_decoder_draws_what_the_fast_one_does() {
    for name in ["plain", "restarts"] {
        let jpeg = fixture(name);
        let header = JpegHeader::parse(&jpeg).unwrap();
        let planes = scan::decode(&jpeg, &header, Retention::Keep).unwrap();
        let rgb = pixels::rgb(&header.frame, planes, header.colours);
        let psnr = psnr(&rgb, &decoded(&jpeg).pixels);
        assert!(psnr > 50.0, "{name}: {psnr:.1} dB");
    }
}

#[test]
fn damage_is_told() {
    let check = |jpeg: &[u8], expected: &str| {
        assert_eq!(decoded(jpeg).damage.map(|damage| damage.to_string()).as_deref(), Some(expected));
    };
    let plain = fixture("plain");
    let end = plain.len() - 2;
    check(&[&plain[..end - 400], &plain[end..]].concat(), "truncated: no data after row 16 of 54");
    check(&[&plain[..end - 400], b"\xff\xd9", &plain[end - 400..]].concat(), "truncated: no data after row 16 of 54");
    check(&resized(&plain, 96, 30), "damaged: more data than its 30 rows need");
    check(&resized(&plain, 96, 70), "truncated: no data after row 64 of 70");
    check(&resized(&plain, 60, 54), "damaged: more data than its 54 rows need");
    let mut overwritten = plain.clone();
    overwritten[end - 600..end - 590].fill(0xfe);
    check(&overwritten, "damaged: invalid data at row 16 of 54");
    check(&[&plain[..2], b"\0", &plain[2..]].concat(), "damaged: invalid data between its headers");
    // Samples beyond 8 bits.
    let table = |marker| Segments::of(&plain).find(|segment| segment.marker == marker).unwrap();
    let mut stretched = plain.clone();
    stretched[table(DQT).end - 64] = 0xff;
    check(&stretched, "damaged: invalid data at row 0 of 54");
    check(&fixture("progressive-unrefined"), "incomplete: the scans that refine it are missing");
}

#[test]
fn damaged_restarts_are_told() {
    let check = |jpeg: &[u8], expected: &str| {
        assert_eq!(decoded(jpeg).damage.map(|damage| damage.to_string()).as_deref(), Some(expected));
    };
    for (name, row) in [("restarts", 16), ("scans-apart-restarts", 8)] {
        let jpeg = fixture(name);
        let at = restarts(&jpeg);
        let mut swapped = jpeg.clone();
        swapped.swap(at[0] + 1, at[1] + 1);
        let order = format!("damaged: restart markers out of order at row {row} of 54");
        check(&swapped, &order);
        // An interval is lost, and one comes twice.
        check(&[&jpeg[..at[0]], &jpeg[at[1]..]].concat(), &order);
        let doubled = format!("damaged: restart markers out of order at row {} of 54", 2 * row);
        check(&[&jpeg[..at[1]], &jpeg[at[0]..]].concat(), &doubled);
        // A marker is lost.
        let surplus = format!("damaged: surplus data at row {row} of 54");
        check(&[&jpeg[..at[0]], &jpeg[at[0] + 2..]].concat(), &surplus);
    }
    let jpeg = fixture("restarts");
    let last = restarts(&jpeg).pop().unwrap();
    let end = jpeg.len() - 2;
    check(&[&jpeg[..end], &jpeg[last..]].concat(), "damaged: more data than its 54 rows need");
}

#[test]
fn what_follows_a_damaged_interval_is_drawn() {
    let jpeg = fixture("scans-apart-restarts");
    let [first, second, ..] = restarts(&jpeg)[..] else { panic!("it has restarts") };
    let mut damaged = jpeg.clone();
    damaged[first + 4..second].fill(0xfe);
    let (sound, damaged) = (decoded(&jpeg), decoded(&damaged));
    assert!(damaged.damage.is_some());
    let differs = |row: usize| sound.pixels[row * 96 * 3..][..96 * 3] != damaged.pixels[row * 96 * 3..][..96 * 3];
    assert!(differs(12) && !differs(4) && !differs(40));
}

#[test]
fn unsupported_kinds_are_named() {
    let check = |jpeg: &[u8], expected: &str| assert_eq!(inspect(jpeg).unwrap_err().to_string(), expected);
    check(&fixture("arithmetic"), "not supported: arithmetic coding");
    let plain = fixture("plain");
    let frame = Segments::of(&plain).find(|segment| is_frame(segment.marker)).unwrap();
    let payload = frame.end - frame.payload.len();
    let with = |at: usize, value: u8| {
        let mut jpeg = plain.clone();
        jpeg[at] = value;
        jpeg
    };
    check(&with(payload, 12), "not supported: 12 bits a sample");
    check(&with(payload - 3, 0xc3), "not supported: the lossless process");
}
