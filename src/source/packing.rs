//! Packed text: gzip and zstd, recognised by their first bytes and never by a name.
//!
//! All members of a gzip file and all frames of a zstd file are read; skippable frames are passed over. An archive that
//! was cut off gives its readable part and then an error, which the caller reports once.

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read},
    os::unix::fs::FileExt as _,
};

/// The number of first bytes that decide the packing.
pub(super) const MAGIC: usize = 4;

const BUFFER: usize = 256 << 10;

/// The packing of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Packing {
    /// Returns the packing by a file's first bytes; `None` for a file that is not packed.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Returns the name that people use for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Returns the text of a packed input.
    pub(super) fn unpack<R: Read>(self, input: R) -> Unpacked<R> {
        let input = BufReader::with_capacity(BUFFER, input);
        match self {
            Self::Gzip => Unpacked::Gzip(Box::new(MultiGzDecoder::new(input))),
            Self::Zstd => Unpacked::Zstd(Box::new(Frames { input, frame: FrameDecoder::new(), begun: false })),
        }
    }
}

/// Returns the packing of a file; `None` for a file that is not packed.
pub(super) fn packing_of(file: &File) -> io::Result<Option<Packing>> {
    let mut head = [0; MAGIC];
    let count = file.read_at(&mut head, 0)?;
    Ok(Packing::of(head.get(..count).unwrap_or_default()))
}

/// The verdict on the first bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextVerdict {
    /// There are too few bytes yet.
    Open,
    /// Nothing contradicts text.
    Text,
    /// No text in which events could be found, with a sentence that says what it is.
    Foreign(&'static str),
}

/// The number of bytes that are enough to judge.
const ENOUGH: usize = 64;

/// Judges a file by its first bytes. NUL bytes before and after the others are a hole or not written yet; in between,
/// every second byte of UTF-16 is one.
pub(super) fn judge(head: &[u8]) -> TextVerdict {
    if matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return TextVerdict::Foreign("is UTF-16, in which nothing is found; iconv -f UTF-16 -t UTF-8 converts it");
    }
    let begin = head.iter().position(|byte| *byte != 0).unwrap_or(head.len());
    let end = head.iter().rposition(|byte| *byte != 0).map_or(begin, |last| last + 1);
    let inner = head.get(begin..end).unwrap_or_default();
    if inner.len() < ENOUGH {
        return TextVerdict::Open;
    }
    if memchr::memchr_iter(0, inner).count() * 10 > inner.len() * 3 {
        return TextVerdict::Foreign(
            "is UTF-16 or binary, in which nothing is found; iconv -f UTF-16LE -t UTF-8 converts the former",
        );
    }
    TextVerdict::Text
}

/// Text that is unpacked while it is read.
pub(super) enum Unpacked<R: Read> {
    /// From gzip.
    Gzip(Box<MultiGzDecoder<BufReader<R>>>),
    /// From zstd.
    Zstd(Box<Frames<R>>),
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(members) => members.read(out),
            Self::Zstd(frames) => frames.read(out),
        }
    }
}

/// The frames of a zstd input, one after another.
pub(super) struct Frames<R: Read> {
    input: BufReader<R>,
    frame: FrameDecoder,
    begun: bool,
}

impl<R: Read> Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.frame.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            if self.begun && !self.frame.is_finished() {
                let block = BlockDecodingStrategy::UptoBlocks(1);
                self.frame.decode_blocks(&mut self.input, block).map_err(io::Error::other)?;
            } else if self.input.fill_buf()?.is_empty() {
                return Ok(0);
            } else {
                self.begin()?;
            }
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.begun = false;
        match self.frame.init(&mut self.input) {
            Ok(()) => self.begun = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                io::copy(&mut (&mut self.input).take(length.into()), &mut io::sink())?;
            }
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use std::io::Write as _;

    #[test]
    fn judges_by_the_first_bytes() {
        let text = "a line of a log, as logs have them, and then another one of the same kind\n";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big_endian: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let is_foreign = |head: &[u8]| matches!(judge(head), TextVerdict::Foreign(_));
        assert!(is_foreign(&wide) && is_foreign(&big_endian) && is_foreign(b"\xff\xfea\0") && is_foreign(b"\xfe\xff"));
        assert_eq!(judge(text.as_bytes()), TextVerdict::Text);
        assert_eq!(judge("日志里的一行，和另一行，还有第三行，都是文本，没有别的。".as_bytes()), TextVerdict::Text);
        let hole = [&[0; 900], text.as_bytes(), &[0; 900]].concat();
        assert_eq!(judge(&hole), TextVerdict::Text, "a hole before, and what is not written yet");
        assert_eq!(judge(b"a short line\n"), TextVerdict::Open);
        assert_eq!(judge(&[0; 4096]), TextVerdict::Open);
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn unpack(bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let result = Packing::of(bytes).unwrap().unpack(bytes).read_to_end(&mut out);
        (out, result.is_ok())
    }

    #[test]
    fn knows_the_packing_by_content() {
        assert_eq!(Packing::of(&gzip(b"x")), Some(Packing::Gzip));
        assert_eq!(Packing::of(&zstd(b"x")), Some(Packing::Zstd));
        assert_eq!(Packing::of(b"{\"e"), None);
        assert_eq!(Packing::of(b""), None);
    }

    #[test]
    fn reads_all_members_and_frames() {
        assert_eq!(unpack(&[gzip(b"one\n"), gzip(b"two\n")].concat()), (b"one\ntwo\n".to_vec(), true));
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        assert_eq!(unpack(&[zstd(b"one\n"), skippable, zstd(b"two\n")].concat()), (b"one\ntwo\n".to_vec(), true));
    }

    #[test]
    fn a_cut_archive_gives_what_was_readable_and_an_error() {
        let text: Vec<u8> =
            (0..200_000u32).flat_map(|n| format!("line {}\n", n.wrapping_mul(2_654_435_761)).into_bytes()).collect();
        for packed in [gzip(&text), zstd(&text)] {
            let (out, whole) = unpack(packed.get(..packed.len() / 2).unwrap());
            assert!(!whole);
            assert!(out.len() > text.len() / 4 && text.starts_with(&out), "{} of {}", out.len(), text.len());
        }
    }
}
