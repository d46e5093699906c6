//! The first reading of a large file: in parallel, its end first.
//!
//! The file is read by `pread` in blocks of 1 MiB that meet at line borders, a thread a core; never through a mapping,
//! where a truncation would kill the program. Blocks are put together in the order of the file, so that every event
//! knows its line and what time it goes by, and a record that lies over a border comes out once: a block whose
//! predecessor has not finished something is read again by the predecessor's reader. Of a file that holds one record a
//! line the last blocks come first, so that the newest assets are there at once; their line numbers follow.

mod block;

pub(in crate::source) use block::BLOCK;

use crate::{
    event::{EventKind, FoundEvents, Origin, ReaderCache},
    source::{
        config::Order,
        error::{ReadError, Stopped},
        file::{access::SourceFile, holes::blocks_with_data},
        line_reader::LineReader,
        lines::Lines,
        sink::Resume,
    },
};
use block::{
    PORTION, ParsedBlock, count_lines, look_back, number, read_block, read_lines, read_of_block, read_range,
    reads_of_range, shift,
};
use std::{
    io,
    num::NonZeroU32,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

/// The most bytes that decide whether a file holds one record a line.
const SAMPLE: u64 = 256 << 10;

/// The size up to which lines are counted before the place where reading begins.
const COUNT_MAX: u64 = 256 << 20;

const THREADS_MAX: usize = 16;

const FIRST: Option<NonZeroU32> = Some(NonZeroU32::MIN);

/// The receiver of events and line numbers.
pub(in crate::source) trait LoadSink {
    /// Takes the events of one block, and the number of bytes read so far.
    fn found(&mut self, found: FoundEvents, read: u64) -> Result<(), Stopped>;

    /// Takes line numbers of events that were sent before their lines could be counted, by the bytes of the origins.
    fn line_numbers(&mut self, lines: Vec<(u64, NonZeroU32)>) -> Result<(), Stopped>;
}

/// The state at the end of the first reading.
#[derive(Debug)]
pub(in crate::source) struct Loaded {
    /// The place to go on from: a last line without its newline, or the end.
    pub(in crate::source) resume: Resume,
    /// The reader that goes on from there.
    pub(in crate::source) reader: LineReader,
}

/// The blocks that were read first, from `begin` on.
struct LoadedEnd {
    begin: u64,
    block: ParsedBlock,
    /// The bytes of the origins that were sent, and their lines counted from `begin`.
    sent: Vec<(u64, u64)>,
}

/// Reads whole lines up to `size`, in this order. `new_reader` makes readers for the file.
pub(in crate::source) fn load(
    file: &dyn SourceFile,
    size: u64,
    order: Order,
    new_reader: &(dyn Fn() -> LineReader + Sync),
    sink: &mut impl LoadSink,
) -> Result<Loaded, ReadError> {
    let tail = match order {
        Order::NewestFirst if size > 2 * file.end_first().max(BLOCK) => read_tail(file, size, new_reader, sink)?,
        Order::NewestFirst | Order::Log => None,
    };
    let end = tail.as_ref().map_or(size, |tail| tail.begin);
    let clean = Resume { offset: 0, line: FIRST };
    let mut joiner = BlockJoiner { file, reader: new_reader(), base: 0, end: 0, lines: 0, clean, buffer: Vec::new() };
    read_blocks(file, end, new_reader, &mut joiner, sink)?;
    let Some(tail) = tail else {
        let resume = Resume { offset: joiner.end, line: number(joiner.lines + 1) };
        let reader = with_true_lines(file, joiner.reader, joiner.clean, joiner.end, new_reader)?;
        return Ok(Loaded { resume, reader });
    };
    finish_records_over(file, &mut joiner.reader, joiner.end, size, sink)?;
    let numbers = tail.sent.iter().filter_map(|(byte, line)| Some((*byte, number(joiner.lines + line)?)));
    sink.line_numbers(numbers.collect())?;
    let clean = Resume { offset: tail.begin, line: number(joiner.lines + 1) };
    let end = tail.block.end().unwrap_or(joiner.end);
    let reader = with_true_lines(file, tail.block.reader, clean, end, new_reader)?;
    Ok(Loaded { resume: Resume { offset: end, line: number(joiner.lines + tail.block.lines + 1) }, reader })
}

/// Reads the last `count` thumbnail events, and the other events among them.
pub(in crate::source) fn load_last(
    file: &dyn SourceFile,
    size: u64,
    count: u64,
    new_reader: &(dyn Fn() -> LineReader + Sync),
    sink: &mut impl LoadSink,
) -> Result<Loaded, ReadError> {
    let mut last = read_last(file, size, count, new_reader)?;
    sink.found(std::mem::take(&mut last.block.found), size)?;
    Ok(last.loaded())
}

/// Returns the state in which the last `count` thumbnail events, and the other events among them, are what comes next.
pub(in crate::source) fn find_last(
    file: &dyn SourceFile,
    size: u64,
    count: u64,
    new_reader: &(dyn Fn() -> LineReader + Sync),
) -> Result<Loaded, ReadError> {
    let last = read_last(file, size, count, new_reader)?;
    let Some(first) = last.block.found.events.first().map(|event| event.origin) else { return Ok(last.loaded()) };
    let mut reader = new_reader();
    look_back(file, first.byte, &mut reader)?;
    Ok(Loaded { resume: Resume { offset: first.byte, line: first.line }, reader })
}

/// The last events of a file.
struct LastEvents {
    /// The byte from which on the file was read.
    from: u64,
    /// The number of lines before the block; `None` where counting them takes too long.
    before: Option<u64>,
    /// The events, and what else was read with them.
    block: ParsedBlock,
}

impl LastEvents {
    /// Returns the state behind them.
    fn loaded(self) -> Loaded {
        let Self { from, before, block } = self;
        let offset = block.span.map_or(from, |(_, end)| end);
        let line = before.and_then(|before| number(before + block.lines + 1));
        Loaded { resume: Resume { offset, line }, reader: block.reader }
    }
}

/// Reads the last `count` thumbnail events, and the other events among them, from an end that is long enough.
fn read_last(
    file: &dyn SourceFile,
    size: u64,
    count: u64,
    new_reader: &(dyn Fn() -> LineReader + Sync),
) -> io::Result<LastEvents> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut reach = SAMPLE.min(size);
    loop {
        let from = size - reach;
        let mut block = read_range(file, from, size, new_reader(), FIRST)?;
        let thumbnails = |found: &FoundEvents| -> Vec<u64> {
            let events = found.events.iter().filter(|event| event.kind == EventKind::Thumbnail);
            events.map(|event| event.origin.byte).collect()
        };
        let places = thumbnails(&block.found);
        if places.len() < count && from > 0 {
            reach = (reach * 4).min(size);
            continue;
        }
        let begin = places.len().checked_sub(count).map_or(0, |skip| places.get(skip).copied().unwrap_or(u64::MAX));
        block.found.events.retain(|event| event.origin.byte >= begin);
        block.found.rejected.retain(|rejected| rejected.origin.byte >= begin);
        block.found.counts.unparsed = block.found.rejected.len() as u64;
        let first = block.span.map_or(from, |(first, _)| first);
        let before = if first <= COUNT_MAX { Some(count_lines(file, first)?) } else { None };
        shift(&mut block.found, before);
        return Ok(LastEvents { from, before, block });
    }
}

/// The blocks so far, joined in the order of the file.
struct BlockJoiner<'a> {
    file: &'a dyn SourceFile,
    reader: LineReader,
    /// The lines before the first that `reader` numbered: it may carry a record whose line counts from there.
    base: u64,
    end: u64,
    lines: u64,
    /// The last border at which nothing was carried.
    clean: Resume,
    /// Reused for every block.
    buffer: Vec<u8>,
}

impl BlockJoiner<'_> {
    fn push(&mut self, from: u64, to: u64, mut block: ParsedBlock, sink: &mut impl LoadSink) -> Result<(), ReadError> {
        let Some(mut end) = block.end() else { return Ok(()) };
        if !self.reader.is_carrying() {
            self.clean = Resume { offset: self.end, line: number(self.lines + 1) };
            self.base = self.lines;
        }
        if self.reader.is_carrying() || self.reader.has_context() {
            let line = number(self.lines - self.base + 1);
            block = read_block(self.file, from, to, self.reader.clone(), line, &mut self.buffer)?;
            end = block.end().unwrap_or(end);
        } else {
            block.follow(self.reader.newest());
        }
        block.reader.add_met(self.reader.met());
        shift(&mut block.found, Some(self.base));
        (self.end, self.lines, self.reader) = (end, self.lines + block.lines, block.reader);
        Ok(sink.found(block.found, self.end)?)
    }
}

/// Reads the blocks before `end` on all cores and puts them together.
fn read_blocks(
    file: &dyn SourceFile,
    end: u64,
    new_reader: &(dyn Fn() -> LineReader + Sync),
    joiner: &mut BlockJoiner<'_>,
    sink: &mut impl LoadSink,
) -> Result<(), ReadError> {
    let cores = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let blocks = &blocks_with_data(file, end, BLOCK);
    let begins = |first: usize| blocks.iter().skip(first).step_by(cores).map(|block| block * BLOCK);
    thread::scope(|scope| {
        // Each worker has every n-th block and a short queue of its own, so that none runs far ahead.
        let queues: Vec<Receiver<io::Result<ParsedBlock>>> = (0..cores)
            .map(|worker| {
                let (tx, rx) = sync_channel(2);
                scope.spawn(move || {
                    let (mut buffer, mut cache) = (Vec::new(), ReaderCache::default());
                    for from in begins(worker) {
                        let mut reader = new_reader();
                        reader.swap_cache(&mut cache);
                        let mut block = read_block(file, from, (from + BLOCK).min(end), reader, FIRST, &mut buffer);
                        if let Ok(block) = &mut block {
                            block.reader.swap_cache(&mut cache);
                        }
                        if tx.send(block).is_err() {
                            return;
                        }
                    }
                });
                rx
            })
            .collect();
        for (block, queue) in blocks.iter().zip(queues.iter().cycle()) {
            let from = block * BLOCK;
            let Ok(block) = queue.recv() else { break };
            joiner.push(from, (from + BLOCK).min(end), block?, sink)?;
        }
        Ok(())
    })
}

/// Reads the end of a file, where each line there is a record; a record that reaches over its beginning is left out.
fn read_tail(
    file: &dyn SourceFile,
    size: u64,
    new_reader: &(dyn Fn() -> LineReader + Sync),
    sink: &mut impl LoadSink,
) -> Result<Option<LoadedEnd>, ReadError> {
    let end_first = file.end_first();
    let (step, sample) = (BLOCK.min(end_first / 4), SAMPLE.min(end_first / 4));
    let begin = (size - end_first).next_multiple_of(step);
    let sample_len = usize::try_from(sample).unwrap_or(PORTION);
    let samples = [(0, sample_len), (begin - sample, sample_len)];
    file.announce(&[&samples[..], &[read_of_block(begin - step, begin)], &reads_of_range(begin, size)].concat());
    if !is_line_wise(file, 0, sample, new_reader())? || !is_line_wise(file, begin - sample, sample, new_reader())? {
        return Ok(None);
    }
    let before = read_block(file, begin - step, begin, new_reader(), None, &mut Vec::new())?;
    let mut block = read_range(file, begin, size, before.reader, FIRST)?;
    if block.span.is_none() {
        return Ok(None);
    }
    block.found.events.retain(|event| event.origin.byte >= begin);
    block.found.rejected.retain(|rejected| rejected.origin.byte >= begin);
    let line = |origin: &Origin| Some((origin.byte, u64::from(origin.line?.get())));
    let origins = block.found.events.iter().map(|event| &event.origin);
    let origins = origins.chain(block.found.rejected.iter().map(|rejected| &rejected.origin));
    let mut sent: Vec<(u64, u64)> = origins.filter_map(line).collect();
    sent.sort_unstable();
    sent.dedup();
    shift(&mut block.found, None);
    sink.found(std::mem::take(&mut block.found), size - begin)?;
    Ok(Some(LoadedEnd { begin, block, sent }))
}

/// Completes the records that reach over `begin`, the first line of the end, which was read before.
fn finish_records_over(
    file: &dyn SourceFile,
    reader: &mut LineReader,
    begin: u64,
    size: u64,
    sink: &mut impl LoadSink,
) -> Result<(), ReadError> {
    let mut found = FoundEvents::default();
    let mut lines = Lines::new(begin, None);
    let mut at = begin;
    let mut portion = vec![0; PORTION];
    while reader.is_carrying() && at < size {
        let count = file.read_at(&mut portion, at)?;
        if count == 0 {
            break;
        }
        at += count as u64;
        read_lines(&mut lines, portion.get(..count).unwrap_or_default(), reader, &mut found);
        let data = file.next_data(at, size);
        lines.push_nuls(data - at);
        at = data;
    }
    found.events.retain(|event| event.origin.byte < begin);
    found.rejected.retain(|rejected| rejected.origin.byte < begin);
    found.counts = crate::event::Counts { unparsed: found.rejected.len() as u64, ..Default::default() };
    Ok(sink.found(found, begin)?)
}

/// Returns whether the lines from `from` on are records of their own, as far as a sample tells.
fn is_line_wise(file: &dyn SourceFile, from: u64, len: u64, mut reader: LineReader) -> io::Result<bool> {
    let mut sample = vec![0; usize::try_from(len).unwrap_or(PORTION)];
    let count = file.read_at(&mut sample, from)?;
    let mut lines = Lines::new(from, None);
    let mut found = FoundEvents::default();
    let mut carrying = 0;
    for portion in sample.get(..count).unwrap_or_default().chunks(PORTION) {
        read_lines(&mut lines, portion, &mut reader, &mut found);
        carrying += usize::from(reader.is_carrying());
    }
    Ok(carrying * PORTION * 4 < count)
}

/// Returns the reader at `end`; where it carries a record, one that knows that record's true line.
fn with_true_lines(
    file: &dyn SourceFile,
    reader: LineReader,
    clean: Resume,
    end: u64,
    new_reader: &(dyn Fn() -> LineReader + Sync),
) -> io::Result<LineReader> {
    if !reader.is_carrying() {
        return Ok(reader);
    }
    Ok(read_range(file, clean.offset, end, new_reader(), clean.line)?.reader)
}
