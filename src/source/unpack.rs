//! gzip and zstd, known by their first bytes and never by name.
//!
//! All members of a gzip file and all frames of a zstd file are read, skippable ones passed over. An archive that was
//! cut off gives what was readable and then an error, which the caller tells the user once.

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};
use std::io::{self, BufRead as _, BufReader, Read};

/// How many first bytes tell the packing.
pub(super) const MAGIC: usize = 4;

const BUFFER: usize = 256 << 10;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Packing {
    /// Tells by a file's first bytes; `None` for what is not packed.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The text of a packed input.
    pub(super) fn unpack<R: Read>(self, input: R) -> Unpacked<R> {
        let input = BufReader::with_capacity(BUFFER, input);
        match self {
            Self::Gzip => Unpacked::Gzip(Box::new(MultiGzDecoder::new(input))),
            Self::Zstd => Unpacked::Zstd(Box::new(Frames { input, frame: FrameDecoder::new(), begun: false })),
        }
    }
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
