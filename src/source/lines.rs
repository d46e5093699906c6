//! Splitting of arbitrary chunks into whole lines.
//!
//! Pure: bytes go in, whole lines come out, and the bytes after the last newline wait for more. A line is a line
//! at its newline, however the chunks were cut. A line longer than [`LINE_MAX`] is passed over in constant memory and
//! reported with its head; NUL bytes before a line (a hole in the file) take no memory either.

use super::newline::{self, CONTEXT};
use std::num::NonZeroU32;

/// The length of the longest line that is kept, in bytes.
pub const LINE_MAX: usize = 16 << 20;

/// The number of bytes that are kept of a longer line.
pub const HEAD: usize = 4096;

/// One or more whole lines, or an overlong one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitLine<'a> {
    /// One or more lines with their newlines; the last line of a file may lack its own.
    Whole {
        /// The lines.
        bytes: &'a [u8],
        /// The byte where they begin.
        byte: u64,
        /// The number of the first of them.
        line: Option<NonZeroU32>,
    },
    /// A line longer than [`LINE_MAX`].
    Overlong {
        /// Its first [`HEAD`] bytes.
        head: &'a [u8],
        /// The byte where it begins.
        byte: u64,
        /// Its length without the newline.
        len: u64,
        /// Its number.
        line: Option<NonZeroU32>,
    },
}

/// The splitter of one file or stream.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The bytes after the last newline, or the head of an overlong line.
    rest: Vec<u8>,
    /// The byte where `rest` begins.
    byte: u64,
    /// The byte behind the last whole line: NUL bytes may stand between it and `rest`.
    end: u64,
    /// The number of the line in `rest`.
    line: Option<NonZeroU32>,
    /// The length so far of a line of which `rest` holds the head alone.
    overlong: Option<u64>,
}

impl Lines {
    /// Starts at a byte where a line begins; `line` is that line's number where it is known.
    pub fn new(byte: u64, line: Option<NonZeroU32>) -> Self {
        Self { rest: Vec::new(), byte, end: byte, line, overlong: None }
    }

    /// Takes the next bytes and calls `each` with the lines that they complete. Returns early where `each` fails.
    pub fn push<E>(&mut self, chunk: &[u8], mut each: impl FnMut(SplitLine<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut chunk = chunk;
        if !self.rest.is_empty() {
            let Some(end) = self.held_end(chunk) else {
                self.hold(chunk);
                return Ok(());
            };
            let (end, next) = chunk.split_at(end);
            self.hold(end);
            self.emit(1, &mut each)?;
            chunk = next;
        } else if self.byte > self.end {
            let nuls = leading_nuls(chunk);
            // The hole before the line goes on. A single NUL byte behind another may belong to a character.
            if self.byte > self.end + 1 || nuls > 1 || nuls == chunk.len() {
                self.byte += nuls as u64;
                chunk = chunk.get(nuls..).unwrap_or_default();
            }
        }
        let whole = newline::whole_len(chunk, self.byte);
        let (lines, rest) = chunk.split_at(whole);
        if !lines.is_empty() {
            each(SplitLine::Whole { bytes: lines, byte: self.byte, line: self.line })?;
            self.advance(lines);
        }
        let nuls = leading_nuls(rest);
        // One at an even place may be the first half of a character.
        let nuls = if nuls == 1 && self.byte.is_multiple_of(2) { 0 } else { nuls };
        self.byte += nuls as u64;
        self.hold(rest.get(nuls..).unwrap_or_default());
        Ok(())
    }

    /// Returns where in a chunk the held line ends.
    fn held_end(&self, chunk: &[u8]) -> Option<usize> {
        let held = self.rest.get(self.rest.len().saturating_sub(CONTEXT)..).unwrap_or_default();
        let byte = self.byte + self.overlong.unwrap_or(self.rest.len() as u64);
        // What follows may show only now that the last byte is a newline.
        if let Some((b'\n', before)) = held.split_last()
            && newline::is_newline(before, chunk, byte - 1)
        {
            return Some(0);
        }
        memchr::memchr_iter(b'\n', chunk)
            .find(|at| {
                let (before, behind) = (chunk.get(..*at).unwrap_or_default(), chunk.get(at + 1..).unwrap_or_default());
                let byte = byte + before.len() as u64;
                if before.len() >= CONTEXT {
                    newline::is_newline(before, behind, byte)
                } else {
                    newline::is_newline(&[held, before].concat(), behind, byte)
                }
            })
            .map(|at| at + 1)
    }

    /// Takes `count` NUL bytes that need not be read one by one. Before a line they are passed over.
    pub fn push_nuls(&mut self, count: u64) {
        if self.rest.is_empty() {
            self.byte += count;
            return;
        }
        let mut left = count;
        while left > 0 {
            if let Some(len) = &mut self.overlong {
                *len += left;
                return;
            }
            let step = left.min(HEAD as u64);
            self.hold(&vec![0; usize::try_from(step).unwrap_or(HEAD)]);
            left -= step;
        }
    }

    /// Calls `each` with a last line that has no newline. For the end of a file that will not grow.
    pub fn finish<E>(&mut self, mut each: impl FnMut(SplitLine<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.rest.iter().all(|byte| *byte == 0) { Ok(()) } else { self.emit(0, &mut each) }
    }

    /// Returns the line that still lacks its newline, or the head of it.
    pub fn pending(&self) -> &[u8] {
        &self.rest
    }

    /// Returns the byte behind the last whole line.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Returns the byte where the next line begins.
    pub fn byte(&self) -> u64 {
        self.byte
    }

    /// Returns the number of the next line.
    pub fn line(&self) -> Option<NonZeroU32> {
        self.line
    }

    fn hold(&mut self, bytes: &[u8]) {
        if let Some(len) = &mut self.overlong {
            *len += bytes.len() as u64;
        } else if self.rest.len() + bytes.len() > LINE_MAX + 1 {
            self.overlong = Some((self.rest.len() + bytes.len()) as u64);
            let kept = HEAD.saturating_sub(self.rest.len()).min(bytes.len());
            self.rest.extend_from_slice(bytes.get(..kept).unwrap_or_default());
            self.rest.truncate(HEAD);
            self.rest.shrink_to_fit();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }

    /// Calls `each` with the held line, which has `newlines` (0 or 1); `rest` is empty afterwards.
    fn emit<E>(&mut self, newlines: u32, each: &mut impl FnMut(SplitLine<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut rest = std::mem::take(&mut self.rest);
        if let Some(len) = self.overlong.take() {
            let len = len - u64::from(newlines);
            each(SplitLine::Overlong { head: &rest, byte: self.byte, len, line: self.line })?;
            self.byte += len + u64::from(newlines);
            self.end = self.byte;
            self.line = self.line.and_then(|line| line.checked_add(newlines));
        } else {
            each(SplitLine::Whole { bytes: &rest, byte: self.byte, line: self.line })?;
            self.advance(&rest);
        }
        if rest.capacity() <= 1 << 20 {
            rest.clear();
            self.rest = rest;
        }
        Ok(())
    }

    fn advance(&mut self, lines: &[u8]) {
        // What follows its last newline, in UTF-16 the other half, is not there.
        let (before, last) = lines.strip_suffix(b"\n").map_or((lines, 0), |before| (before, 1));
        let count = u32::try_from(newline::count(before, self.byte) + last).unwrap_or(u32::MAX);
        self.byte += lines.len() as u64;
        self.end = self.byte;
        self.line = self.line.and_then(|line| line.checked_add(count));
    }
}

fn leading_nuls(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte == 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn split(chunks: &[&[u8]]) -> Vec<(u64, Option<u32>, Vec<u8>)> {
        let mut found = Vec::new();
        let mut lines = Lines::new(0, NonZeroU32::new(1));
        let mut each = |piece: SplitLine<'_>| {
            match piece {
                SplitLine::Whole { bytes, byte, line } => {
                    let mut at = byte;
                    for (number, text) in (0..).zip(bytes.split_inclusive(|b| *b == b'\n')) {
                        found.push((at, line.map(|line| line.get() + number), text.to_vec()));
                        at += text.len() as u64;
                    }
                }
                SplitLine::Overlong { head, byte, len, line } => {
                    found.push((byte, line.map(NonZeroU32::get), format!("{} of {len}", head.len()).into()));
                }
            }
            Ok::<(), Infallible>(())
        };
        for chunk in chunks {
            lines.push(chunk, &mut each).unwrap();
        }
        lines.finish(&mut each).unwrap();
        found
    }

    #[test]
    fn a_line_ends_at_its_newline() {
        let line = |byte, number, text: &str| (byte, Some(number), text.as_bytes().to_vec());
        assert_eq!(
            split(&[b"a\nb", b"c\n\nd"]),
            [line(0, 1, "a\n"), line(2, 2, "bc\n"), line(5, 3, "\n"), line(6, 4, "d")]
        );
        assert_eq!(split(&[]), []);
        assert_eq!(split(&[b"\0\0\0\0", b"a\n\0\0"]), [line(4, 1, "a\n")]);
        assert_eq!(split(&["é".as_bytes().first_chunk::<1>().unwrap(), b"\xa9\n"]), [line(0, 1, "é\n")]);
    }

    #[test]
    fn an_overlong_line_leaves_its_head_and_the_right_numbers() {
        let block = vec![b'x'; 1 << 20];
        let mut chunks: Vec<&[u8]> = vec![b"a\n"];
        chunks.extend(std::iter::repeat_n(block.as_slice(), 20));
        chunks.push(b"\nb\n");
        let long = 20 << 20;
        assert_eq!(
            split(&chunks),
            [
                (0, Some(1), b"a\n".to_vec()),
                (2, Some(2), format!("{HEAD} of {long}").into()),
                (3 + long, Some(3), b"b\n".to_vec())
            ]
        );
    }

    #[test]
    fn nuls_take_no_memory() {
        let mut lines = Lines::new(0, None);
        lines.push_nuls(1 << 40);
        assert!(lines.pending().is_empty());
        lines.push(b"a", |_| Ok::<(), Infallible>(())).unwrap();
        lines.push_nuls(1 << 40);
        assert_eq!(lines.pending().len(), HEAD);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_lines(text in "([ab\n]|\\x00{3,5}){0,60}", cuts in prop::collection::vec(0usize..60, 0..8)) {
            let text = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            let strip = |lines: Vec<(u64, Option<u32>, Vec<u8>)>| -> Vec<_> {
                // Whether NULs before a line are part of it depends on the chunks; the line's number and end do not.
                let kept = |line: &[u8]| line.iter().copied().skip_while(|b| *b == 0).collect::<Vec<u8>>();
                lines
                    .into_iter()
                    .map(|(byte, number, line)| (byte + line.len() as u64, number, kept(&line)))
                    .filter(|(.., line)| !line.is_empty())
                    .collect()
            };
            prop_assert_eq!(strip(split(&chunks)), strip(split(&[text])));
        }
    }
}
