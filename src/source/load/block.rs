//! One block of a file: the lines that begin in it.
//!
//! A block is read by itself, from its first line border to the end of its last line, wherever that lies. Its lines are
//! numbered from its own beginning; whoever puts blocks together knows how many came before.

use crate::{
    event::envelope::{Found, Reader},
    source::{intake::read_piece, lines::Lines},
};
use std::{convert::Infallible, fs::File, io, num::NonZeroU32, os::unix::fs::FileExt as _};

/// What is read at a time.
pub(in crate::source) const BLOCK: u64 = 1 << 20;

const BLOCK_LEN: usize = 1 << 20;

/// How far back a block looks for the time of its first events.
const LOOK_BACK: u64 = 16 << 10;

/// How much is read at first of a line that goes on behind its block.
pub(super) const PORTION: usize = 16 << 10;

/// What one block held.
pub(super) struct Block {
    pub(super) found: Found,
    pub(super) reader: Reader,
    /// Where its first line begins and its last whole one ends; `None` where no line begins in the block.
    pub(super) span: Option<(u64, u64)>,
    /// How many newlines its lines have.
    pub(super) lines: u64,
}

impl Block {
    /// Where its last whole line ends.
    pub(super) fn end(&self) -> Option<u64> {
        self.span.map(|(_, end)| end)
    }
}

/// Reads the lines that begin in a range, block by block.
pub(super) fn read_range(
    file: &File,
    from: u64,
    to: u64,
    reader: Reader,
    line: Option<NonZeroU32>,
) -> io::Result<Block> {
    let mut all = Block { found: Found::default(), reader, span: None, lines: 0 };
    let mut at = from;
    while at < to {
        let next = (at + BLOCK).min(to);
        let first = line.and_then(|line| number(u64::from(line.get()) + all.lines));
        let mut block = read_block(file, at, next, all.reader, first)?;
        all.reader = block.reader;
        all.found.events.append(&mut block.found.events);
        all.found.rejected.append(&mut block.found.rejected);
        all.found.counts += block.found.counts;
        all.lines += block.lines;
        all.span = match (all.span, block.span) {
            (Some((begin, _)), Some((_, end))) => Some((begin, end)),
            (all, block) => all.or(block),
        };
        at = next;
    }
    Ok(all)
}

/// Reads the lines that begin in a block; `line` is the number of the first of them.
pub(super) fn read_block(
    file: &File,
    from: u64,
    to: u64,
    mut reader: Reader,
    line: Option<NonZeroU32>,
) -> io::Result<Block> {
    let back = from.min(LOOK_BACK);
    let mut bytes = vec![0; usize::try_from(to - from + back).unwrap_or_default()];
    let count = read_full(file, &mut bytes, from - back)?;
    bytes.truncate(count);
    let (before, inside) = bytes.split_at(usize::try_from(back).unwrap_or_default().min(count));
    let skip = if from == 0 || before.last() == Some(&b'\n') {
        Some(0)
    } else {
        memchr::memchr(b'\n', inside).map(|newline| newline + 1).filter(|skip| *skip < inside.len())
    };
    let mut found = Found::default();
    let Some(skip) = skip.filter(|_| !inside.is_empty()) else {
        return Ok(Block { found, reader, span: None, lines: 0 });
    };
    if !reader.is_carrying() {
        let before = bytes.get(..before.len() + skip).unwrap_or_default();
        let cut =
            if back == from { 0 } else { memchr::memchr(b'\n', before).map_or(before.len(), |newline| newline + 1) };
        reader.look_back(before.get(cut..).unwrap_or_default());
    }
    let begin = from + skip as u64;
    let mut lines = Lines::new(begin, line);
    let mut newlines = 0;
    let mut block = inside.get(skip..).unwrap_or_default();
    let mut end = begin;
    let mut at = begin;
    let mut rest = Vec::new();
    loop {
        read_lines(&mut lines, block, &mut reader, &mut found);
        end = memchr::memrchr(b'\n', block).map_or(end, |newline| at + newline as u64 + 1);
        newlines += memchr::memchr_iter(b'\n', block).count() as u64;
        at += block.len() as u64;
        if end >= to || block.is_empty() {
            break;
        }
        // The last line goes on behind the block: mostly not far, but it may be any length.
        rest.resize(if rest.is_empty() { PORTION } else { BLOCK_LEN }, 0);
        let count = file.read_at(&mut rest, at)?;
        block = rest.get(..count).unwrap_or_default();
        block = memchr::memchr(b'\n', block).and_then(|newline| block.get(..=newline)).unwrap_or(block);
    }
    Ok(Block { found, reader, span: Some((begin, end)), lines: newlines })
}

pub(super) fn read_lines(lines: &mut Lines, chunk: &[u8], reader: &mut Reader, found: &mut Found) {
    let Ok(()) = lines.push(chunk, |piece| {
        read_piece(reader, piece, found);
        Ok::<(), Infallible>(())
    });
}

/// Numbers lines from the file's beginning, or not at all.
pub(super) fn shift(found: &mut Found, before: Option<u64>) {
    let shifted = |line: Option<NonZeroU32>| number(before? + u64::from(line?.get()));
    for event in &mut found.events {
        event.origin.line = shifted(event.origin.line);
    }
    for rejected in &mut found.rejected {
        rejected.origin.line = shifted(rejected.origin.line);
    }
}

pub(super) fn number(line: u64) -> Option<NonZeroU32> {
    u32::try_from(line).ok().and_then(NonZeroU32::new)
}

pub(super) fn count_lines(file: &File, end: u64) -> io::Result<u64> {
    let mut block = vec![0; BLOCK_LEN];
    let (mut at, mut lines) = (0, 0);
    while at < end {
        let count = file.read_at(&mut block, at)?;
        if count == 0 {
            break;
        }
        let count = count.min(usize::try_from(end - at).unwrap_or(count));
        lines += memchr::memchr_iter(b'\n', block.get(..count).unwrap_or_default()).count() as u64;
        at += count as u64;
    }
    Ok(lines)
}

/// Fills `bytes` unless the file ends before; tells how many there are.
fn read_full(file: &File, bytes: &mut [u8], from: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, from + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
