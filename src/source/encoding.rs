//! Lines in another encoding than UTF-8, turned into UTF-8.
//!
//! Pure. A line is decoded only where its bytes leave no reasonable doubt: UTF-16 by its NUL bytes, GBK and Big5 by the
//! ranges of their pairs, Windows-1252 by single letters among ASCII. Everything else stays as it is, and is reported.

use super::newline;
use encoding_rs::{BIG5, GBK, WINDOWS_1252};
use std::{borrow::Cow, cmp::Reverse};

/// The most short lines with which UTF-16 text without a mark may begin.
const SHORT_LINES: usize = 8;

/// An encoding other than UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Gbk,
    Big5,
    Windows1252,
    Utf16,
    /// None of the others, and no UTF-8.
    Unknown,
}

impl Encoding {
    pub(super) const ALL: [Self; 5] = [Self::Gbk, Self::Big5, Self::Windows1252, Self::Utf16, Self::Unknown];

    /// Returns the sentence that reports the encoding.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Gbk => "has lines in GBK, which are read as such",
            Self::Big5 => "has lines in Big5, which are read as such",
            Self::Windows1252 => "has lines in Latin-1 (Windows-1252), which are read as such",
            Self::Utf16 => "is UTF-16, or has lines in it, which are read as such",
            Self::Unknown => "has bytes that are not UTF-8; iconv converts files in other encodings",
        }
    }
}

/// The encodings that were met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EncodingSet(u8);

impl EncodingSet {
    pub(super) fn insert(&mut self, encoding: Encoding) {
        self.0 |= 1 << encoding as u8;
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Returns the encodings that are not in `other`.
    pub(super) fn without(self, other: Self) -> impl Iterator<Item = Encoding> {
        Encoding::ALL.into_iter().filter(move |encoding| (self.0 & !other.0) & (1 << *encoding as u8) != 0)
    }
}

/// A run of lines, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DecodedRun<'a> {
    /// The lines in UTF-8, or as they are.
    pub(super) text: Cow<'a, [u8]>,
    /// The place of the run in the given bytes, and its length there.
    pub(super) at: usize,
    pub(super) len: usize,
}

/// The decoder of one file's lines.
#[derive(Clone, Debug, Default)]
pub(super) struct LineDecoder {
    /// The encoding of earlier lines, by which a line with few signs of its own is decoded.
    known: Option<Encoding>,
    /// The byte order that a mark gave.
    byte_order: Option<ByteOrder>,
    /// Set where the last line was UTF-16, which the next goes on with, however short it is.
    is_in_utf16: bool,
    met: EncodingSet,
}

/// The order of the bytes of a code unit of UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ByteOrder {
    Little,
    Big,
}

impl LineDecoder {
    /// Returns the encodings that were met so far.
    pub(super) fn met(&self) -> EncodingSet {
        self.met
    }

    /// Notes encodings that were met elsewhere in the file.
    pub(super) fn add_met(&mut self, met: EncodingSet) {
        self.met.extend(met);
    }

    /// Returns `true` if a line was decoded, by which later lines are decoded that are UTF-8 as well.
    pub(super) fn is_in_use(&self) -> bool {
        self.known.is_some()
    }

    /// Notes that lines needed no decoding.
    pub(super) fn pass_plain(&mut self) {
        self.is_in_utf16 = false;
    }

    /// Returns whether lines need no decoding, at the speed of memory for ASCII.
    pub(super) fn is_plain(bytes: &[u8]) -> bool {
        memchr::memchr(0, bytes).is_none() && (bytes.is_ascii() || str::from_utf8(bytes).is_ok())
    }

    /// Decodes whole lines; `byte` is their place in the file. Lines that need no decoding are handed on together.
    pub(super) fn decode<'a>(&mut self, bytes: &'a [u8], byte: u64, mut each: impl FnMut(DecodedRun<'a>)) {
        let (mut at, mut plain) = (0, 0);
        while at < bytes.len() {
            let end = newline::line_end(bytes, at, byte).unwrap_or(bytes.len());
            let line = bytes.get(at..end).unwrap_or_default();
            let was_utf16 = self.is_in_utf16;
            self.is_in_utf16 =
                was_utf16 && has_inner_nul(line) || begins_utf16(bytes.get(at..).unwrap_or_default(), line);
            let (text, end) = if self.is_in_utf16 {
                (self.decode_utf16(line, byte + at as u64), end)
            } else if was_utf16 && line.starts_with(b"\0") {
                // The second half of the last newline.
                (String::new(), at + 1)
            } else if let Some(text) = self.decode_line(line) {
                (text, end)
            } else {
                at = end;
                continue;
            };
            if plain < at {
                let run = bytes.get(plain..at).unwrap_or_default();
                each(DecodedRun { text: Cow::Borrowed(run), at: plain, len: run.len() });
            }
            each(DecodedRun { text: Cow::Owned(text.into_bytes()), at, len: end - at });
            (at, plain) = (end, end);
        }
        if let Some(run) = bytes.get(plain..).filter(|run| !run.is_empty()) {
            each(DecodedRun { text: Cow::Borrowed(run), at: plain, len: run.len() });
        }
    }

    /// Decodes a line of single bytes or pairs; `None` leaves it as it is.
    fn decode_line(&mut self, line: &[u8]) -> Option<String> {
        let encoding = self.encoding_of(line)?;
        self.met.insert(encoding);
        let decoder = match encoding {
            Encoding::Gbk => GBK,
            Encoding::Big5 => BIG5,
            Encoding::Windows1252 => WINDOWS_1252,
            Encoding::Utf16 | Encoding::Unknown => return None,
        };
        self.known = Some(encoding);
        Some(decoder.decode_without_bom_handling(line).0.into_owned())
    }

    fn encoding_of(&self, line: &[u8]) -> Option<Encoding> {
        if let Ok(text) = str::from_utf8(line) {
            // Pairs of GBK may look like characters of two bytes.
            let is_short = |char: char| !char.is_ascii() && (char as u32) < 0x800;
            let is_pairs = text.chars().any(is_short) && text.chars().all(|char| char.is_ascii() || is_short(char));
            return self.known.filter(|known| is_pairs && matches!(known, Encoding::Gbk | Encoding::Big5));
        }
        if has_utf8(line) {
            return None;
        }
        let signs = Signs::of(line);
        match (signs.encoding(), self.known) {
            (Some(encoding), _) => Some(encoding),
            (None, Some(Encoding::Gbk)) if signs.pairs > 0 && signs.is_gbk => self.known,
            (None, Some(Encoding::Big5)) if signs.pairs > 0 && signs.is_big5 => self.known,
            (None, _) if signs.pairs > 0 => Some(Encoding::Unknown),
            (None, _) => None,
        }
    }

    /// Decodes a line of UTF-16 at the place `byte`.
    fn decode_utf16(&mut self, line: &[u8], byte: u64) -> String {
        self.met.insert(Encoding::Utf16);
        let mut line = line;
        if let Some(rest) = line.strip_prefix(b"\xfe\xff") {
            (line, self.byte_order) = (rest, Some(ByteOrder::Big));
        } else if let Some(rest) = line.strip_prefix(b"\xff\xfe") {
            (line, self.byte_order) = (rest, Some(ByteOrder::Little));
        }
        // The second half of a newline in little-endian order may be the first byte. A wrong reading loses the ASCII
        // character behind each run of others, and may find another before it; where both have as many, code units
        // mostly begin at even places of a file.
        let is_behind_newline = line.starts_with(b"\0");
        let readings = [(ByteOrder::Little, 0), (ByteOrder::Little, 1), (ByteOrder::Big, 0)];
        let readings = readings.into_iter().filter(|(order, begin)| {
            self.byte_order.is_none_or(|known| known == *order) && (*begin == 0 || is_behind_newline)
        });
        let rank = |(order, begin): &(ByteOrder, usize)| {
            let units = order.units(line.get(*begin..).unwrap_or_default());
            let ascii = units.filter(|unit| (0x09..0x7f).contains(unit)).count();
            (Reverse(ascii), (byte + *begin as u64) % 2)
        };
        let (order, begin) = readings.min_by_key(rank).unwrap_or((ByteOrder::Little, 0));
        let units = order.units(line.get(begin..).unwrap_or_default());
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }
}

impl ByteOrder {
    /// Returns the code units of a text; of a newline at its end the second half may lack.
    fn units(self, bytes: &[u8]) -> impl Iterator<Item = u16> {
        let (pairs, last) = bytes.as_chunks::<2>();
        let newline = (self == Self::Little && last == b"\n").then_some(u16::from(b'\n'));
        let unit = move |pair: &[u8; 2]| match self {
            Self::Little => u16::from_le_bytes(*pair),
            Self::Big => u16::from_be_bytes(*pair),
        };
        pairs.iter().map(unit).chain(newline)
    }
}

/// Returns lines as [`LineDecoder`] would read them; `byte` is their place in the file.
pub(super) fn to_utf8(bytes: &[u8], byte: u64) -> Vec<u8> {
    let mut text = Vec::new();
    LineDecoder::default().decode(bytes, byte, |run| text.extend_from_slice(&run.text));
    text
}

/// Returns whether a piece of text up to a newline byte is UTF-16: by a byte order mark, or since more than a third of
/// its bytes are NULs, nearly all of them the same half of a code unit. NULs around it may be a hole; runs of them within
/// it are the padding of a binary header, such as that of a tar archive.
fn is_utf16(line: &[u8]) -> bool {
    if line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff") {
        return true;
    }
    let inner = line.trim_ascii_end();
    let begin = inner.iter().position(|byte| *byte != 0).unwrap_or(inner.len());
    let end = inner.iter().rposition(|byte| *byte != 0).map_or(begin, |last| last + 1);
    let inner = inner.get(begin..end).unwrap_or_default();
    let count = memchr::memchr_iter(0, inner).count();
    let odd = memchr::memchr_iter(0, inner).filter(|at| at % 2 == 1).count();
    inner.len() > 8 && count * 3 > inner.len() && odd.max(count - odd) * 10 >= count * 9
}

/// Returns whether a short piece has NULs: the second half of the newline before it, and the first of its own.
fn may_be_utf16(line: &[u8]) -> bool {
    line.len() <= 16 && memchr::memchr_iter(0, line).count() > 1
}

/// Returns whether UTF-16 text begins here, with a few short lines perhaps; `line` is the first.
fn begins_utf16(bytes: &[u8], line: &[u8]) -> bool {
    // With what may be the second half of its newline.
    let first = bytes.get(..=line.len()).unwrap_or(line);
    let mut behind = bytes.split_inclusive(|byte| *byte == b'\n').skip(1).take(SHORT_LINES);
    is_utf16(line)
        || may_be_utf16(first) && behind.find(|line| is_utf16(line) || !may_be_utf16(line)).is_some_and(is_utf16)
}

/// Returns whether a line has a NUL byte behind its first, which may be the second half of the newline before.
fn has_inner_nul(line: &[u8]) -> bool {
    line.get(1..).is_some_and(|line| memchr::memchr(0, line).is_some())
}

/// Returns whether a line that is no UTF-8 throughout has characters in it: then it is damaged UTF-8.
fn has_utf8(line: &[u8]) -> bool {
    line.utf8_chunks().any(|chunk| chunk.valid().chars().filter(|char| *char as u32 >= 0x800).count() > 1)
}

/// The signs of an encoding in a line that is no UTF-8.
#[derive(Clone, Copy, Debug, Default)]
struct Signs {
    /// High bytes with the byte behind them.
    pairs: usize,
    /// Pairs that are among the characters of GB 2312.
    common_gbk: usize,
    /// Pairs whose second byte is below 0x80.
    low: usize,
    /// Set where all high bytes stand alone between ASCII letters or spaces.
    are_singles: bool,
    /// Set where all pairs have characters in GBK.
    is_gbk: bool,
    /// Set where all pairs have characters in Big5.
    is_big5: bool,
}

impl Signs {
    fn of(line: &[u8]) -> Self {
        let decodes = |decoder: &'static encoding_rs::Encoding| {
            decoder.decode_without_bom_handling_and_without_replacement(line).is_some()
        };
        let mut signs = Self { is_gbk: decodes(GBK), is_big5: decodes(BIG5), ..Self::default() };
        let mut at = 0;
        while let Some(&byte) = line.get(at) {
            at += 1;
            if byte < 0x80 {
                continue;
            }
            let second = line.get(at).copied().unwrap_or(b' ');
            signs.pairs += 1;
            signs.low += usize::from(second < 0x80);
            signs.common_gbk += usize::from((0xa1..=0xf7).contains(&byte) && second >= 0xa1);
            at += 1;
        }
        let high = line.iter().enumerate().filter(|(_, byte)| **byte >= 0x80);
        signs.are_singles = high.clone().next().is_some();
        for (at, byte) in high {
            let is_letter_at = |at: Option<usize>| at.and_then(|at| line.get(at)).is_none_or(|byte| is_text(*byte));
            signs.are_singles &= *byte >= 0xa0 && is_letter_at(at.checked_sub(1)) && is_letter_at(Some(at + 1));
        }
        signs
    }

    /// Returns the encoding of which the signs leave no reasonable doubt.
    fn encoding(self) -> Option<Encoding> {
        if self.are_singles {
            return Some(Encoding::Windows1252);
        }
        if self.pairs < 2 {
            return None;
        }
        // Two fifths of Big5's second bytes are low; of GBK's, only those of rare characters.
        if self.is_big5 && self.pairs >= 4 && self.low * 4 > self.pairs {
            return Some(Encoding::Big5);
        }
        (self.is_gbk && self.common_gbk * 4 >= self.pairs * 3).then_some(Encoding::Gbk)
    }
}

fn is_text(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b' '
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::lines::{Lines, SplitLine};
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn decoded(bytes: &[u8]) -> (String, Vec<Encoding>) {
        let (mut decoder, mut text) = (LineDecoder::default(), Vec::new());
        let mut next = 0;
        decoder.decode(bytes, 0, |run| {
            assert_eq!(run.at, next, "the runs cover the bytes");
            next += run.len;
            text.extend_from_slice(&run.text);
        });
        assert_eq!(next, bytes.len());
        (String::from_utf8_lossy(&text).into_owned(), decoder.met().without(EncodingSet::default()).collect())
    }

    #[test]
    fn decodes_what_is_surely_in_another_encoding() {
        let gbk = |text: &str| GBK.encode(text).0.into_owned();
        let big5 = |text: &str| BIG5.encode(text).0.into_owned();
        let latin = |text: &str| WINDOWS_1252.encode(text).0.into_owned();
        let cases = [
            ("截图任务失败\n", gbk("截图任务失败\n"), Encoding::Gbk),
            ("收到 源文件：篭\"\n", gbk("收到 源文件：篭\"\n"), Encoding::Gbk),
            ("截圖任務失敗，請稍後再試。\n", big5("截圖任務失敗，請稍後再試。\n"), Encoding::Big5),
            ("für alle Fälle\n", latin("für alle Fälle\n"), Encoding::Windows1252),
        ];
        for (text, bytes, encoding) in cases {
            assert_eq!(decoded(&bytes), (text.to_owned(), vec![encoding]), "{text}");
            let mixed = ["plain é\n".as_bytes(), &bytes, b"more\n"].concat();
            assert_eq!(decoded(&mixed).0, format!("plain é\n{text}more\n"));
        }
    }

    #[test]
    fn a_header_padded_with_nuls_is_no_utf16() {
        let mut header = b"vod.log".to_vec();
        header.resize(512, 0);
        header[100..107].copy_from_slice(b"0000644");
        header[257..262].copy_from_slice(b"ustar");
        assert!(!is_utf16(&[header.as_slice(), b"{\"event_type\":\"thumbnailComplete\"}\n"].concat()));
        let utf16: Vec<u8> = "{\"a\":1}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(is_utf16(&utf16[..utf16.len() - 1]));
    }

    #[test]
    fn leaves_utf8_as_it_is_whole_or_damaged() {
        for text in ["plain\n", "截图任务失败\n", "é\n", ""] {
            assert_eq!(decoded(text.as_bytes()), (text.to_owned(), vec![]));
        }
        let damaged = [b"\xe5\x9b", "图任务失败\n".as_bytes()].concat();
        assert_eq!(decoded(&damaged).1, []);
        assert_eq!(decoded(b"a\xff\xffb\n").1, [Encoding::Unknown]);
        assert_eq!(decoded(b"\0\0\0\0text behind a hole\n").1, []);
    }

    #[test]
    fn a_line_with_few_signs_is_read_as_the_lines_before_it() {
        let text = "截图任务失败\n源\n";
        assert_eq!(decoded(&GBK.encode(text).0).0, text);
    }

    #[test]
    fn utf16_is_read_with_and_without_a_mark_and_in_the_middle() {
        let text = "{\r\n  \"title\": \"上海的视频\"\r\n}\r\nand a line of its own\r\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [b"\xff\xfe", little.as_slice()].concat();
        assert_eq!(decoded(&marked), (text.to_owned(), vec![Encoding::Utf16]));
        assert_eq!(decoded(&[b"\xfe\xff", big.as_slice()].concat()).0, text);
        assert_eq!(decoded(&big).0, text, "without a mark");
        assert_eq!(
            decoded(&[b"before\n", big.as_slice(), b"after, a line of UTF-8\n"].concat()).0,
            format!("before\n{text}after, a line of UTF-8\n")
        );
        let line = "a line of its own, without a mark\r\n";
        let little: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let middle = [b"before\n", little.as_slice(), b"after\n"].concat();
        assert_eq!(decoded(&middle), (format!("before\n{line}after\n"), vec![Encoding::Utf16]));
        let cut = little.get(..little.len() - 1).unwrap();
        assert_eq!(decoded(cut).0, line, "the last byte of the newline is not there yet");
    }

    proptest! {
        /// However a log is cut into chunks, and whatever its titles are.
        #[test]
        fn utf16_is_read_in_any_chunks(
            titles in prop::collection::vec("[上中失海传a]{0,6}", 1..6), is_big: bool, is_windows: bool,
            cuts in prop::collection::vec(0usize..700, 0..6),
        ) {
            let newline = if is_windows { "\r\n" } else { "\n" };
            let text: String =
                titles.iter().map(|title| format!("{{\"status\":\"SUCCEED\",\"title\":\"{title}\"}}\n").replace('\n', newline)).collect();
            let bytes: Vec<u8> =
                text.encode_utf16().flat_map(if is_big { u16::to_be_bytes } else { u16::to_le_bytes }).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let (mut lines, mut decoder, mut read) = (Lines::new(0, None), LineDecoder::default(), Vec::new());
            let mut each = |piece: SplitLine<'_>| {
                if let SplitLine::Whole { bytes, byte, .. } = piece {
                    decoder.decode(bytes, byte, |run| read.extend_from_slice(&run.text));
                }
                Ok::<(), Infallible>(())
            };
            for cut in cuts.windows(2) {
                lines.push(&bytes[cut[0]..cut[1]], &mut each).unwrap();
            }
            lines.finish(&mut each).unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&read).into_owned(), text);
        }
    }
}
