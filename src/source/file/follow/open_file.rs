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
            let count = self.file.read_at(&mut chunk, at - tail.len() as u64)?;
            let Some(bytes) = chunk.get(..count).and_then(|bytes| bytes.strip_prefix(tail)) else {
                return Ok(ReadOutcome::Changed);
            };
            let mut body = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let before =
                if body == 0 && nuls == 0 { self.lines.pending() } else { bytes.get(..body).unwrap_or_default() };
            if before.ends_with(b"\n") && bytes.len() == body + 1 {
                // The second half of a newline in UTF-16.
                body += 1;
            }
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
