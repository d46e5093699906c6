//! One block of a file: the lines that begin in it.
//!
//! A block is read by itself, from its first line border to the end of its last line, wherever that lies. Its lines are
//! numbered from its own beginning; the caller that joins blocks knows how many came before.

use crate::{
    event::{FoundEvents, Time},
    source::{file::access::SourceFile, line_reader::LineReader, lines::Lines, newline},
};
use std::{convert::Infallible, io, num::NonZeroU32};

/// The number of bytes that are read at a time.
pub(in crate::source) const BLOCK: u64 = 1 << 20;

const BLOCK_LEN: usize = 1 << 20;

/// The bytes of a page of memory.
const PAGE: usize = 4096;

/// The number of bytes before the begin of a reading that are searched for the time of its first events.
const LOOK_BACK: u64 = 16 << 10;

/// The number of bytes that are read behind a block, where its last line may end.
pub(super) const PORTION: usize = 16 << 10;

/// The events of one block.
pub(super) struct ParsedBlock {
    pub(super) found: FoundEvents,
    pub(super) reader: LineReader,
    /// The bytes where its first line begins and its last whole one ends; `None` where no line begins in the block.
    pub(super) span: Option<(u64, u64)>,
    /// The number of newlines in its lines.
    pub(super) lines: u64,
}

impl ParsedBlock {
    /// Orders events ahead of the block's first timed record by the time of a record before the block.
    pub(super) fn follow(&mut self, newest: Option<Time>) {
        if newest.is_some() {
            self.found.events.iter_mut().for_each(|event| event.clock = event.clock.or(newest));
            self.reader.follow(newest);
        }
    }

    /// Returns the byte where its last whole line ends.
    pub(super) fn end(&self) -> Option<u64> {
        self.span.map(|(_, end)| end)
    }
}

/// Returns the place and the length of the read with which a block begins.
pub(super) fn read_of_block(from: u64, to: u64) -> (u64, usize) {
    // The byte before tells whether a line begins where the block does; the last line mostly ends soon behind it.
    let back = from.min(1);
    (from - back, usize::try_from(to - from + back).unwrap_or_default() + PORTION)
}

/// Returns the places and the lengths of the first reads of a range.
pub(super) fn reads_of_range(from: u64, to: u64) -> [(u64, usize); 2] {
    [look_back_read(from), read_of_block(from, (from + BLOCK).min(to))]
}

/// Returns the place and the length of the read before a range.
fn look_back_read(from: u64) -> (u64, usize) {
    let back = from.min(LOOK_BACK);
    (from - back, usize::try_from(back).unwrap_or_default())
}

/// Reads the lines that begin in a range, block by block.
pub(super) fn read_range(
    file: &dyn SourceFile,
    from: u64,
    to: u64,
    mut reader: LineReader,
    line: Option<NonZeroU32>,
) -> io::Result<ParsedBlock> {
    let mut buffer = Vec::new();
    if !reader.is_carrying() {
        look_back(file, from, &mut reader)?;
    }
    let mut all = ParsedBlock { found: FoundEvents::default(), reader, span: None, lines: 0 };
    let mut at = from;
    while at < to {
        let next = (at + BLOCK).min(to);
        let first = line.and_then(|line| number(u64::from(line.get()) + all.lines));
        let mut block = read_block(file, at, next, all.reader, first, &mut buffer)?;
        all.reader = block.reader;
        all.found.events.append(&mut block.found.events);
        all.found.rejected.append(&mut block.found.rejected);
        all.found.counts += block.found.counts;
        all.lines += block.lines;
        all.span = match (all.span, block.span) {
            (Some((begin, _)), Some((_, end))) => Some((begin, end)),
            (all, block) => all.or(block),
        };
        // No line begins in a hole but where the hole does.
        let is_hole = file.next_data(at, to) >= next;
        let behind = next + (file.next_data(next, to) - next) / BLOCK * BLOCK;
        at = if is_hole { behind } else { next };
    }
    Ok(all)
}

/// Reads the lines that begin in a block; `line` is the number of the first of them. `buffer` is reused.
pub(super) fn read_block(
    file: &dyn SourceFile,
    from: u64,
    to: u64,
    mut reader: LineReader,
    line: Option<NonZeroU32>,
    buffer: &mut Vec<u8>,
) -> io::Result<ParsedBlock> {
    let (begin, len) = read_of_block(from, to);
    buffer.resize(len + PAGE, 0);
    let start = same_place_in_page(begin, buffer);
    let buffer = buffer.get_mut(start..start + len).unwrap_or_default();
    let count = read_at_least(len - PORTION, file, buffer, begin)?;
    let bytes = buffer.get(..count).unwrap_or_default();
    let (before, inside) = bytes.split_at(usize::try_from(from - begin).unwrap_or_default().min(count));
    let len = usize::try_from(to - from).unwrap_or_default();
    let (inside, behind) = inside.split_at(len.min(inside.len()));
    let skip = if from == 0 || before == b"\n" {
        Some(0)
    } else {
        newline::line_end(inside, 0, from).filter(|skip| *skip < inside.len())
    };
    let mut found = FoundEvents::default();
    let Some(skip) = skip.filter(|_| !inside.is_empty()) else {
        return Ok(ParsedBlock { found, reader, span: None, lines: 0 });
    };
    let begin = from + skip as u64;
    let inside = inside.get(skip..).unwrap_or_default();
    let (whole, mut rest) = inside.split_at(newline::whole_len(inside, begin));
    reader.read(whole, begin, line, &mut found);
    let mut end = begin + whole.len() as u64;
    let next = line.and_then(|line| number(u64::from(line.get()) + found.counts.lines));
    let mut lines = Lines::new(end, next);
    let mut at = end;
    let (mut portion, mut behind) = (Vec::new(), Some(behind).filter(|behind| !behind.is_empty()));
    // The last line goes on behind the block: mostly not far, but it may be any length.
    while end < to {
        read_lines(&mut lines, rest, &mut reader, &mut found);
        end = lines.end();
        at += rest.len() as u64;
        if end >= to {
            break;
        }
        rest = if let Some(behind) = behind.take() {
            behind
        } else {
            let data = file.next_data(at, file.stat()?.stamp.size);
            lines.push_nuls(data.saturating_sub(at));
            at = data;
            portion.resize(BLOCK_LEN, 0);
            let count = file.read_at(&mut portion, at)?;
            portion.get(..count).unwrap_or_default()
        };
        if rest.is_empty() {
            break;
        }
        rest = memchr::memchr(b'\n', rest).and_then(|newline| rest.get(..=newline)).unwrap_or(rest);
    }
    Ok(ParsedBlock { lines: found.counts.lines, found, reader, span: Some((begin, end)) })
}

/// Returns where to put the bytes of a file in a buffer so that they lie in a page of memory as they lie in the page
/// cache. Copying them takes twice the time if they lie a few bytes behind that: the processor then takes each load for
/// one of bytes that were just stored (4K aliasing).
fn same_place_in_page(byte: u64, buffer: &[u8]) -> usize {
    let place = usize::try_from(byte % PAGE as u64).unwrap_or_default();
    (place + PAGE - buffer.as_ptr().addr() % PAGE) % PAGE
}

/// Shows a reader the lines before `from`, where a line begins or soon will.
pub(super) fn look_back(file: &dyn SourceFile, from: u64, reader: &mut LineReader) -> io::Result<()> {
    let (begin, len) = look_back_read(from);
    let mut bytes = vec![0; len];
    let count = read_at_least(len, file, &mut bytes, begin)?;
    let bytes = bytes.get(..count).unwrap_or_default();
    let cut = if begin == 0 { 0 } else { memchr::memchr(b'\n', bytes).map_or(count, |newline| newline + 1) };
    let end = memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
    reader.look_back(bytes.get(cut..end).unwrap_or_default());
    Ok(())
}

pub(super) fn read_lines(lines: &mut Lines, chunk: &[u8], reader: &mut LineReader, found: &mut FoundEvents) {
    let Ok(()) = lines.push(chunk, |lines| {
        reader.read_split(lines, found);
        Ok::<(), Infallible>(())
    });
}

/// Numbers lines from the file's beginning, or not at all.
pub(super) fn shift(found: &mut FoundEvents, before: Option<u64>) {
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

pub(super) fn count_lines(file: &dyn SourceFile, end: u64) -> io::Result<u64> {
    let mut block = vec![0; BLOCK_LEN];
    let (mut at, mut lines) = (0, 0);
    while at < end {
        at = file.next_data(at, end);
        let count = file.read_at(&mut block, at)?;
        if count == 0 {
            break;
        }
        let count = count.min(usize::try_from(end - at).unwrap_or(count));
        lines += newline::count(block.get(..count).unwrap_or_default(), at) as u64;
        at += count as u64;
    }
    Ok(lines)
}

/// Reads at least so many bytes unless the file ends before; returns the number of bytes read.
fn read_at_least(needed: usize, file: &dyn SourceFile, bytes: &mut [u8], from: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < needed {
        match file.read_at(bytes.get_mut(filled..).unwrap_or_default(), from + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
