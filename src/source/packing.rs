//! Packed text: gzip, zstd, bzip2 and xz, recognised by their first bytes and never by a name.
//!
//! All members, frames and streams of a file are read; skippable frames and NULs behind the last are passed over. An archive that
//! was cut off gives its readable part and then an error, which the caller reports once.

use crate::source::file::access::SourceFile;
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};
use std::io::{self, BufRead as _, BufReader, Read};

/// The number of first bytes that decide the packing.
pub(super) const MAGIC: usize = 10;

const BUFFER: usize = 256 << 10;

/// The packing of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    Bzip2,
    Xz,
}

impl Packing {
    /// Returns the packing by a file's first bytes; `None` for a file that is not packed.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // A file of several frames may begin with a skippable one.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    /// Returns whether these few bytes may be the first of a packed file.
    pub(super) fn may_begin_with(head: &[u8]) -> bool {
        let magics: [&[u8]; 4] = [b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"BZh"];
        let is_skippable = matches!(head, [0x50..=0x5f, rest @ ..] if b"\x2a\x4d\x18".starts_with(rest));
        is_skippable || head.starts_with(b"BZh") || magics.iter().any(|magic| magic.starts_with(head))
    }

    /// Returns the name that people use for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }

    /// Returns the text of a packed input.
    pub(super) fn unpack<R: Read>(self, input: R) -> Unpacked<R> {
        let input = BufReader::with_capacity(BUFFER, input);
        match self {
            Self::Gzip => Unpacked::Gzip(Box::new(Members { member: Some(GzDecoder::new(input)) })),
            Self::Zstd => Unpacked::Zstd(Box::new(Frames { input, frame: FrameDecoder::new(), begun: false })),
            Self::Bzip2 => Unpacked::Bzip2(Box::new(MultiBzDecoder::new(input))),
            Self::Xz => Unpacked::Xz(Box::new(XzReader::new(input, true))),
        }
    }
}

/// Returns the packing of a file; `None` for a file that is not packed.
pub(super) fn packing_of(file: &dyn SourceFile) -> io::Result<Option<Packing>> {
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

/// The formats that are named, by their first bytes.
const FORMATS: [(&[u8], &str); 9] = [
    (b"\x04\x22\x4d\x18", "is packed by lz4, which is not read: lz4 -d unpacks it"),
    (b"PK\x03\x04", "is a zip archive, which is not read: unzip unpacks it"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive, which is not read: 7z x unpacks it"),
    (b"Rar!", "is a rar archive, which is not read: unrar x unpacks it"),
    (b"\x1f\x9d", "is packed by compress, which is not read: uncompress -c unpacks it"),
    (b"LZIP", "is packed by lzip, which is not read: lzip -d unpacks it"),
    (b"\x89LZO", "is packed by lzop, which is not read: lzop -d unpacks it"),
    (b"\xff\x06\0\0sNaPpY", "is packed by snappy, which is not read: snzip -d unpacks it"),
    (b"\x5d\0\0", "is packed by lzma, which is not read: xz --format=lzma -d unpacks it"),
];

/// Judges a file by its first bytes. NUL bytes before and after the others are a hole or not written yet.
pub(super) fn judge(head: &[u8]) -> TextVerdict {
    if let Some((_, sentence)) = FORMATS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return TextVerdict::Foreign(sentence);
    }
    if matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return TextVerdict::Text;
    }
    if head.get(257..262) == Some(b"ustar") {
        return TextVerdict::Foreign(
            "is a tar archive, of which only members that are text are read: tar -xf unpacks it",
        );
    }
    let begin = head.iter().position(|byte| *byte != 0).unwrap_or(head.len());
    let end = head.iter().rposition(|byte| *byte != 0).map_or(begin, |last| last + 1);
    let inner = head.get(begin..end).unwrap_or_default();
    if inner.len() < ENOUGH {
        return TextVerdict::Open;
    }
    let is_control = |byte: &&u8| matches!(byte, 0x01..=0x08 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    if inner.iter().filter(is_control).count() * 20 > inner.len() {
        return TextVerdict::Foreign("is binary; no event is looked for in it");
    }
    TextVerdict::Text
}

/// Text that is unpacked while it is read.
pub(super) enum Unpacked<R: Read> {
    /// From gzip.
    Gzip(Box<Members<R>>),
    /// From zstd.
    Zstd(Box<Frames<R>>),
    /// From bzip2.
    Bzip2(Box<MultiBzDecoder<BufReader<R>>>),
    /// From xz.
    Xz(Box<XzReader<BufReader<R>>>),
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(members) => members.read(out),
            Self::Zstd(frames) => frames.read(out),
            Self::Bzip2(streams) => streams.read(out),
            Self::Xz(streams) => streams.read(out),
        }
    }
}

/// The members of a gzip input, one after another. NULs behind the last are padding, as tapes and block devices have it.
pub(super) struct Members<R: Read> {
    /// The member that is being read; `None` at the end.
    member: Option<GzDecoder<BufReader<R>>>,
}

impl<R: Read> Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            self.member = match self.member.take().map(GzDecoder::into_inner) {
                Some(input) => next_member(input)?,
                None => None,
            };
        }
        Ok(0)
    }
}

fn next_member<R: Read>(mut input: BufReader<R>) -> io::Result<Option<GzDecoder<BufReader<R>>>> {
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let nuls = bytes.iter().take_while(|byte| **byte == 0).count();
        if nuls == 0 {
            return Ok(Some(GzDecoder::new(input)));
        }
        input.consume(nuls);
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
        assert_eq!(judge(text.as_bytes()), TextVerdict::Text);
        assert_eq!(judge("日志里的一行，和另一行，还有第三行，都是文本，没有别的。".as_bytes()), TextVerdict::Text);
        let hole = [&[0; 900], text.as_bytes(), &[0; 900]].concat();
        assert_eq!(judge(&hole), TextVerdict::Text, "a hole before, and what is not written yet");
        assert_eq!(judge(b"a short line\n"), TextVerdict::Open);
        assert_eq!(judge(&[0; 4096]), TextVerdict::Open);
        let coloured = "\x1b[32mINFO\x1b[0m a line of a log with colours\x1b[1m in it\x1b[0m\n".repeat(4);
        assert_eq!(judge(coloured.as_bytes()), TextVerdict::Text);
        let mut tar = vec![0; 512];
        tar[..7].copy_from_slice(b"vod.log");
        tar[257..262].copy_from_slice(b"ustar");
        let noise: Vec<u8> = (0..999_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
        for (head, word) in [
            (b"\x04\x22\x4d\x18rest".as_slice(), "lz4 -d"),
            (b"PK\x03\x04rest", "unzip"),
            (b"7z\xbc\xaf\x27\x1c", "7z x"),
            (&tar, "tar -xf"),
            (&noise, "is binary"),
        ] {
            let verdict = judge(head);
            assert!(
                matches!(verdict, TextVerdict::Foreign(sentence) if sentence.contains(word)),
                "{word}: {verdict:?}"
            );
        }
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
        assert_eq!(Packing::of(b"BZh91AY&SY"), Some(Packing::Bzip2));
        assert_eq!(Packing::of(b"BZh9 is a line"), None);
        assert_eq!(Packing::of(b"\xfd7zXZ\0\0\x04"), Some(Packing::Xz));
        assert!(Packing::may_begin_with(b"") && Packing::may_begin_with(b"\x28\xb5") && Packing::may_begin_with(b"P"));
        assert!(!Packing::may_begin_with(b"B\n") && !Packing::may_begin_with(b"(a"));
        assert_eq!(Packing::of(b"{\"e"), None);
        assert_eq!(Packing::of(b""), None);
    }

    #[test]
    fn reads_all_members_and_frames() {
        assert_eq!(unpack(&[gzip(b"one\n"), gzip(b"two\n")].concat()), (b"one\ntwo\n".to_vec(), true));
        assert_eq!(unpack(&[gzip(b"one\n"), vec![0; 9999]].concat()), (b"one\n".to_vec(), true), "padded with NULs");
        assert!(!unpack(&[gzip(b"one\n"), b"rest".to_vec()].concat()).1);
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        assert_eq!(unpack(&[skippable.clone(), zstd(b"one\n")].concat()), (b"one\n".to_vec(), true));
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
