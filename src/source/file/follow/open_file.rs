//! One file that a name stood for, from when it was opened until it is let go.
//!
//! It is read by `pread` from the read position, always together with the bytes before: if those are no longer there,
//! the file has changed, whatever its name, inode and size say.

use crate::event::Severity;
use crate::source::{
    error::{ReadError, Stopped},
    file::access::{ReadFrom, SourceFile},
    file::follow::{
        anchor::Anchor,
        archive::read_before,
        decision::Known,
        history::{ReadFile, ReadHistory},
        observation::{FileStamp, Inode},
    },
    lines::Lines,
    packing::{Packing, TextVerdict, judge, packing_of},
    sink::{ContentChange, Sink},
};
use std::{
    io::{self, Read as _},
    sync::Arc,
};

/// The number of bytes that are read at first: most often less was appended.
const FIRST_CHUNK: usize = 64 << 10;

/// The most bytes that are read at a time.
const CHUNK: usize = 1 << 20;

/// The size of the pages in which the system reads, at least.
const PAGE: u64 = 4096;

/// A file that the name stands for, or stood for.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) file: Arc<dyn SourceFile>,
    pub(super) id: Inode,
    pub(super) generation: u16,
    pub(super) packed: bool,
    pub(super) anchor: Anchor,
    pub(super) lines: Lines,
    pub(super) stamp: Option<FileStamp>,
    /// Set once its first bytes were judged.
    pub(super) judged: bool,
    /// The size when the file was last read to its end.
    size: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    UpToDate,
    More,
    /// The bytes that were read are no longer there.
    Changed,
}

impl OpenFile {
    /// Goes on in a copy of this file.
    pub(super) fn switch_to_copy(&mut self, copy: Arc<dyn SourceFile>, id: Inode) {
        (self.file, self.id, self.size) = (copy, id, None);
    }

    pub(super) fn new(
        file: Arc<dyn SourceFile>,
        id: Inode,
        generation: u16,
        packed: bool,
        anchor: Anchor,
        lines: Lines,
    ) -> Self {
        Self { file, id, generation, packed, anchor, lines, stamp: None, judged: false, size: None }
    }

    /// Returns this file's content as one that was replaced without a copy.
    pub(super) fn as_rewritten(&self) -> ContentChange {
        match self.anchor.head() {
            [] => ContentChange::New,
            head => ContentChange::Rewritten { beginning: head.to_vec() },
        }
    }

    pub(super) fn known(&self) -> Known {
        Known { id: self.id, offset: self.anchor.offset(), stamp: self.stamp, packed: self.packed }
    }

    /// Returns the entry of this file for the history.
    pub(super) fn read_file(&self, rank: u16) -> ReadFile {
        let reader = (rank, self.generation);
        ReadFile { id: self.id, anchor: self.anchor.clone(), line: self.lines.line(), reader, held: true }
    }

    /// Reads what was appended. Each chunk is read together with the bytes before it, which detects a file that was
    /// truncated and grew again between the observation and the reading.
    ///
    /// NUL bytes at the end may stand for bytes that are not written yet. Only where the file has grown is text looked
    /// for behind them, though not in holes.
    pub(super) fn read_on(&mut self, sink: &mut impl Sink) -> Result<ReadOutcome, ReadError> {
        if !self.anchor.head_holds(&*self.file)? {
            return Ok(ReadOutcome::Changed);
        }
        let size = self.file.stat()?.stamp.size;
        let has_grown = self.size != Some(size);
        let mut chunk = Vec::new();
        let mut capacity = FIRST_CHUNK;
        let mut chunks = 0;
        // The number of NUL bytes from the read position on that were read or skipped.
        let mut nuls = 0;
        while chunks < sink.chunks_per_poll() {
            let at = self.anchor.offset() + nuls;
            let tail = if nuls == 0 { self.anchor.tail() } else { &[] };
            let more = usize::try_from(size.saturating_sub(at)).unwrap_or(CHUNK);
            chunk.resize(more.clamp(4096, capacity) + tail.len(), 0);
            let begin = at - tail.len() as u64;
            let count = self.file.read_at(&mut chunk, begin)?;
            let read = chunk.get(..count).unwrap_or_default();
            let Some(bytes) = read.strip_prefix(tail) else { return Ok(ReadOutcome::Changed) };
            if let Some(sure) = self.first_page_if_torn(begin, read)? {
                let sure = sure.get(tail.len()..).filter(|_| nuls == 0).unwrap_or_default();
                self.anchor.push(sure);
                self.lines.push(sure, |lines| sink.lines(self.generation, lines))?;
                return Ok(ReadOutcome::Changed);
            }
            let body = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let (body, zeros) = bytes.split_at(body);
            if bytes.is_empty() {
                self.size = Some(size);
                return Ok(ReadOutcome::UpToDate);
            }
            if !body.is_empty() {
                chunks += 1;
                self.anchor.push_nuls(nuls);
                self.lines.push_nuls(nuls);
                self.anchor.push(body);
                nuls = 0;
                self.lines.push(body, |lines| sink.lines(self.generation, lines))?;
            }
            if zeros.is_empty() {
                capacity = (capacity * 4).min(CHUNK);
                continue;
            }
            if !has_grown {
                return Ok(ReadOutcome::UpToDate);
            }
            let next = self.anchor.offset() + nuls + zeros.len() as u64;
            nuls = self.file.next_data(next, size.max(next)) - self.anchor.offset();
        }
        Ok(ReadOutcome::More)
    }

    /// Returns the text in the first page that was read, if the file was truncated and grew again meanwhile: then the
    /// pages are of two contents. A file does not grow beyond [`CHUNK`] meanwhile.
    fn first_page_if_torn<'b>(&self, begin: u64, read: &'b [u8]) -> io::Result<Option<&'b [u8]>> {
        let page = usize::try_from(PAGE - begin % PAGE).unwrap_or_default();
        if read.len() <= page || begin > CHUNK as u64 || self.anchor.is_as_read(&*self.file, begin, read)? {
            return Ok(None);
        }
        Ok(read.get(..page).and_then(|first| first.split(|byte| *byte == 0).next()))
    }

    /// Reads an archive from its beginning, without the bytes that were read before the log was packed.
    pub(super) fn read_packed(
        &mut self,
        history: &ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<ReadOutcome, ReadError> {
        let Some(packing) = packing_of(&*self.file)? else { return Ok(ReadOutcome::Changed) };
        let text = || packing.unpack(ReadFrom { file: &*self.file, at: 0 });
        let known = read_before(text, history);
        let mut text = text();
        if let Some(known) = &known {
            io::copy(&mut (&mut text).take(known.anchor.offset()), &mut io::sink())?;
            self.anchor = known.anchor.clone();
            self.lines = Lines::new(known.anchor.offset(), known.line);
            sink.notice(
                Severity::Routine,
                format!("its first {} bytes were read before it was packed", known.anchor.offset()),
            )?;
        }
        let mut chunk = vec![0; CHUNK];
        loop {
            match text.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => {
                    let bytes = chunk.get(..count).unwrap_or_default();
                    self.anchor.push(bytes);
                    self.lines.push(bytes, |lines| sink.lines(self.generation, lines))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let name = packing.name();
                    let byte = self.anchor.offset();
                    sink.notice(
                        Severity::Warning,
                        format!("the {name} archive is damaged or cut off after {byte} bytes of text: {error}"),
                    )?;
                    break;
                }
            }
        }
        self.lines.finish(|lines| sink.lines(self.generation, lines))?;
        Ok(ReadOutcome::UpToDate)
    }

    /// Reads what an archive of this file holds behind the bytes that were read.
    pub(super) fn read_rest_of(
        &mut self,
        packing: Packing,
        archive: &dyn SourceFile,
        sink: &mut impl Sink,
    ) -> Result<(), ReadError> {
        let mut text = packing.unpack(ReadFrom { file: archive, at: 0 });
        io::copy(&mut (&mut text).take(self.anchor.offset()), &mut io::sink())?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = text.read(&mut chunk)?;
            let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
            self.anchor.push(bytes);
            self.lines.push(bytes, |lines| sink.lines(self.generation, lines))?;
        }
    }

    /// Reports once, by the first bytes, that the file is no text.
    pub(super) fn judge(&mut self, sink: &mut impl Sink) -> Result<(), Stopped> {
        if self.judged {
            return Ok(());
        }
        let judgement = judge(self.anchor.head());
        self.judged = judgement != TextVerdict::Open;
        match judgement {
            TextVerdict::Open | TextVerdict::Text => Ok(()),
            TextVerdict::Foreign(what) => sink.notice(Severity::Warning, what.into()),
        }
    }

    /// Ends the generation; a last line without its newline is a line, too.
    pub(super) fn finish(&mut self, sink: &mut impl Sink) -> Result<(), Stopped> {
        self.lines.finish(|lines| sink.lines(self.generation, lines))?;
        sink.end(self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::Health,
        source::{file::follow::observation::FileStat, lines::SplitLine, sink::Beginning},
    };
    use std::{
        fmt::Write as _,
        num::NonZeroU32,
        sync::atomic::{AtomicBool, Ordering},
    };

    /// A file that is truncated and written anew while it is read for the first time.
    #[derive(Debug)]
    struct TornFile {
        stat: FileStat,
        first: Vec<u8>,
        then: Vec<u8>,
        was_read: AtomicBool,
    }

    impl SourceFile for TornFile {
        fn stat(&self) -> io::Result<FileStat> {
            Ok(self.stat)
        }

        fn read_at(&self, out: &mut [u8], from: u64) -> io::Result<usize> {
            let text = if self.was_read.swap(true, Ordering::Relaxed) { &self.then } else { &self.first };
            let text = text.get(usize::try_from(from).unwrap()..).unwrap_or_default();
            let count = text.len().min(out.len());
            out[..count].copy_from_slice(&text[..count]);
            Ok(count)
        }
    }

    #[derive(Debug, Default)]
    struct TextSink(Vec<u8>);

    impl Sink for TextSink {
        fn begin(&mut self, _: u16, _: Beginning) -> Result<(), Stopped> {
            Ok(())
        }

        fn lines(&mut self, _: u16, lines: SplitLine<'_>) -> Result<(), Stopped> {
            if let SplitLine::Whole { bytes, .. } = lines {
                self.0.extend_from_slice(bytes);
            }
            Ok(())
        }

        fn flush(&mut self) -> Result<(), Stopped> {
            Ok(())
        }

        fn end(&mut self, _: u16) -> Result<(), Stopped> {
            Ok(())
        }

        fn incomplete(&mut self, _: Option<&[u8]>) -> Result<(), Stopped> {
            Ok(())
        }

        fn notice(&mut self, _: Severity, _: String) -> Result<(), Stopped> {
            Ok(())
        }

        fn health(&mut self, _: Health) -> Result<(), Stopped> {
            Ok(())
        }
    }

    #[test]
    fn of_a_reading_over_a_truncation_only_the_first_page_is_taken() {
        let line = |mut text: String, number: u32| {
            let _ = writeln!(text, "line {number:03}");
            text
        };
        let lines = |numbers: std::ops::Range<u32>| numbers.fold(String::new(), line);
        let (old, then) = (lines(900..903).into_bytes(), lines(0..900).into_bytes());
        let mut first = then.clone();
        first[..4096].fill(0);
        first[..old.len()].copy_from_slice(&old);
        let file = tempfile::tempfile().unwrap();
        file.set_len(then.len() as u64).unwrap();
        let stat = SourceFile::stat(&file).unwrap();
        let file = Arc::new(TornFile { stat, first, then: then.clone(), was_read: AtomicBool::new(false) });
        let open = |anchor| {
            let lines = Lines::new(0, Some(NonZeroU32::MIN));
            OpenFile::new(Arc::clone(&file) as Arc<dyn SourceFile>, stat.id, 0, false, anchor, lines)
        };
        let mut sink = TextSink::default();
        let mut torn = open(Anchor::default());
        assert!(matches!(torn.read_on(&mut sink), Ok(ReadOutcome::Changed)));
        assert_eq!(sink.0, old);
        assert_eq!(torn.anchor.offset(), old.len() as u64);
        sink.0.clear();
        assert!(matches!(open(Anchor::default()).read_on(&mut sink), Ok(ReadOutcome::UpToDate)));
        assert_eq!(sink.0, then);
    }
}
