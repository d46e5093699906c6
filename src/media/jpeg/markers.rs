//! The markers of a JPEG and what their segments declare (ITU-T T.81, annex B).
//!
//! Reads lengths and headers, never entropy-coded data. Every function returns for all input and stays within it; a
//! segment that is cut off ends the walk.

use super::error::JpegError;
use crate::picture::PixelSize;
use memchr::memchr;

pub(super) const DHT: u8 = 0xc4;
pub(super) const SOI: u8 = 0xd8;
pub(super) const EOI: u8 = 0xd9;
pub(super) const SOS: u8 = 0xda;
pub(super) const DQT: u8 = 0xdb;
pub(super) const DRI: u8 = 0xdd;
const TEM: u8 = 0x01;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP14: u8 = 0xee;

/// A marker and its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    /// Empty for markers without a segment.
    pub(super) payload: &'a [u8],
    /// The position after the segment.
    pub(super) end: usize,
    /// The number of bytes between this marker and the segment before it, other than `FF`.
    pub(super) gap: usize,
}

/// The segments of a JPEG, in order. Ends after the end marker, or before a segment that is cut off.
pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let (marker, body) = next_marker(self.bytes, self.at)?;
        let before = self.bytes.get(self.at..body - 1)?;
        let gap = before.len() - before.iter().rev().take_while(|byte| **byte == 0xff).count();
        let (payload, end) = match marker {
            SOI | TEM => (&[][..], body),
            EOI => (&[][..], self.bytes.len()),
            _ => {
                let payload = payload(self.bytes, body)?;
                (payload, body + 2 + payload.len())
            }
        };
        self.at = end;
        Some(Segment { marker, payload, end: if marker == EOI { body } else { end }, gap })
    }
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
fn payload(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let len = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    bytes.get(at + 2..at + len.max(2))
}

/// Returns whether a marker is one of SOF0 to SOF15; DHT, JPG and DAC lie between them.
pub(super) fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf | 0xf7) && !matches!(marker, DHT | 0xc8 | 0xcc)
}

/// Returns whether a marker is reserved, so that no encoder writes it.
pub(super) fn is_reserved(marker: u8) -> bool {
    matches!(marker, 0x02..=0xbf | 0xf0..=0xfd)
}

/// The way in which the coefficients are transmitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Process {
    /// Each component in one scan.
    Sequential,
    /// Each component in several scans that refine it.
    Progressive,
}

/// A component of the frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) id: u8,
    /// The horizontal and vertical sampling factors, 1 to 4.
    pub(super) h: u8,
    pub(super) v: u8,
    /// The number of the quantization table, 0 to 3.
    pub(super) table: u8,
}

/// The frame header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) process: Process,
    pub(super) size: PixelSize,
    pub(super) components: Vec<Component>,
}

impl Frame {
    /// Parses a frame header. Refuses the processes and formats that are not decoded.
    pub(super) fn parse(marker: u8, payload: &[u8]) -> Result<Self, JpegError> {
        let too_short = || JpegError::Corrupt("its frame header is too short".to_owned());
        let process = process_of(marker)?;
        let [precision, h1, h0, w1, w0, count, ref rest @ ..] = *payload else { return Err(too_short()) };
        let [height, width] = [[h1, h0], [w1, w0]].map(|side| u32::from(u16::from_be_bytes(side)));
        let size = PixelSize { width, height };
        if precision != 8 {
            return Err(JpegError::Unsupported(format!("{precision} bits a sample")));
        }
        if height == 0 && width != 0 {
            return Err(JpegError::Unsupported("a height that stands after the first scan (DNL)".to_owned()));
        }
        if width == 0 {
            return Err(JpegError::Corrupt(format!("it says that it is {size} pixels")));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(JpegError::Unsupported(format!("{count} colour components")));
        }
        let rest = rest.get(..3 * usize::from(count)).ok_or_else(too_short)?;
        let component = |part: &[u8]| Component { id: part[0], h: part[1] >> 4, v: part[1] & 15, table: part[2] };
        let components: Vec<Component> = rest.chunks_exact(3).map(component).collect();
        if let Some(bad) = components.iter().find(|c| !(1..=4).contains(&c.h) || !(1..=4).contains(&c.v) || c.table > 3)
        {
            return Err(JpegError::Corrupt(format!("its component {} has impossible factors", bad.id)));
        }
        Ok(Self { process, size, components })
    }

    /// Returns the largest sampling factors, horizontal and vertical.
    pub(super) fn max_factors(&self) -> (u8, u8) {
        let largest = |factor: fn(&Component) -> u8| self.components.iter().map(factor).max().unwrap_or(1);
        (largest(|component| component.h), largest(|component| component.v))
    }
}

fn process_of(marker: u8) -> Result<Process, JpegError> {
    let name = match marker {
        0xc0 | 0xc1 => return Ok(Process::Sequential),
        0xc2 => return Ok(Process::Progressive),
        0xc3 => "the lossless process",
        0xf7 => "JPEG-LS",
        0xc9..=0xcb | 0xcd..=0xcf => "arithmetic coding",
        _ => "the hierarchical process",
    };
    Err(JpegError::Unsupported(name.to_owned()))
}

/// The meaning of the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColourSpace {
    Grey,
    YCbCr,
    Rgb,
    /// Inverted, as all known encoders store it.
    Cmyk,
    Ycck,
}

/// The frame header and the application segments that matter for decoding.
#[derive(Clone, Debug)]
pub(super) struct JpegHeader<'a> {
    pub(super) frame: Frame,
    pub(super) colours: ColourSpace,
    /// The payload of the EXIF segment, without its name.
    pub(super) exif: Option<&'a [u8]>,
}

impl<'a> JpegHeader<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, JpegError> {
        let (mut frame, mut exif, mut jfif, mut adobe) = (None, None, false, None);
        for segment in Segments::of(bytes) {
            match (segment.marker, segment.payload) {
                (APP0, payload) if payload.starts_with(b"JFIF\0") => jfif = true,
                (APP1, payload) if exif.is_none() => exif = payload.strip_prefix(b"Exif\0\0"),
                // Its last byte is the colour transform.
                (APP14, payload) if payload.starts_with(b"Adobe") => adobe = payload.get(11).copied(),
                (marker, _) if is_frame(marker) && frame.is_some() => {
                    return Err(JpegError::Corrupt("it has two frame headers".to_owned()));
                }
                (marker, payload) if is_frame(marker) => frame = Some(Frame::parse(marker, payload)?),
                _ => {}
            }
        }
        let frame = frame.ok_or(JpegError::NoSize(bytes.len()))?;
        let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        Ok(Self { colours: colour_space(&ids, jfif, adobe), frame, exif })
    }
}

/// Returns the colour space by the rules that libjpeg set: JFIF, then Adobe's transform, then the components' names.
fn colour_space(ids: &[u8], jfif: bool, adobe: Option<u8>) -> ColourSpace {
    match (ids, adobe) {
        ([_], _) => ColourSpace::Grey,
        ([_, _, _], _) if jfif => ColourSpace::YCbCr,
        ([_, _, _], Some(0)) | (b"RGB", None) => ColourSpace::Rgb,
        ([_, _, _], _) => ColourSpace::YCbCr,
        (_, None | Some(0)) => ColourSpace::Cmyk,
        (_, Some(_)) => ColourSpace::Ycck,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_spaces_follow_the_application_segments() {
        let check = |ids: &[u8], jfif, adobe, expected| {
            assert_eq!(colour_space(ids, jfif, adobe), expected, "{ids:?} {jfif} {adobe:?}");
        };
        check(&[1], true, Some(1), ColourSpace::Grey);
        check(&[1, 2, 3], false, None, ColourSpace::YCbCr);
        check(&[7, 8, 9], false, None, ColourSpace::YCbCr);
        check(b"RGB", false, None, ColourSpace::Rgb);
        check(b"RGB", true, None, ColourSpace::YCbCr);
        check(&[1, 2, 3], false, Some(0), ColourSpace::Rgb);
        check(&[1, 2, 3], true, Some(0), ColourSpace::YCbCr);
        check(&[1, 2, 3, 4], false, Some(0), ColourSpace::Cmyk);
        check(&[1, 2, 3, 4], false, None, ColourSpace::Cmyk);
        check(&[1, 2, 3, 4], false, Some(2), ColourSpace::Ycck);
    }

    #[test]
    fn unsupported_frames_are_named() {
        let check = |marker, payload: &[u8], expected: &str| {
            assert_eq!(Frame::parse(marker, payload).unwrap_err().to_string(), expected);
        };
        let frame = b"\x08\0\x36\0\x60\x01\x01\x11\0";
        check(0xc3, frame, "not supported: the lossless process");
        check(0xc5, frame, "not supported: the hierarchical process");
        check(0xc9, frame, "not supported: arithmetic coding");
        check(0xca, frame, "not supported: arithmetic coding");
        check(0xf7, frame, "not supported: JPEG-LS");
        check(0xc1, b"\x0c\0\x36\0\x60\x01\x01\x11\0", "not supported: 12 bits a sample");
        check(0xc0, b"\x08\0\0\0\x60\x01\x01\x11\0", "not supported: a height that stands after the first scan (DNL)");
        check(0xc0, b"\x08\0\x36\0\x60\x02\x01\x11\0\x02\x11\0", "not supported: 2 colour components");
        check(0xc0, b"\x08\0\x36\0\x60\x01\x01\x51\0", "corrupt: its component 1 has impossible factors");
        check(0xc0, b"\x08\0\x36\0\x60\x01\x01", "corrupt: its frame header is too short");
    }
}
