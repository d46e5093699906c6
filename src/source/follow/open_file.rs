//! One file that a name stood for, from when it was opened until it is let go.
//!
//! It is read by `pread` from where it was left, always together with the bytes before: if those are no longer there,
//! the file is not what it was, whatever its name, inode and size say.

use crate::source::{
    ReadError, Stopped,
    follow::{
        GRACE, Sink,
        anchor::{Anchor, ReadFile, ReadHistory, TAIL},
        look::{FileStamp, Inode, Known},
        relatives,
    },
    lines::Lines,
    unpack::{MAGIC, Packing, TextVerdict, judge},
};
use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::Path,
    time::Duration,
};

/// How long an archive must have been left alone before it is read: it may still be written.
const SETTLED: Duration = Duration::from_secs(1);

const CHUNK: usize = 1 << 20;

/// The most chunks that are read at once, so that other files have their turn.
const CHUNKS_MAX: usize = 64;

/// One file that the name stood for.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) file: File,
    pub(super) id: Inode,
    pub(super) generation: u16,
    pub(super) packed: bool,
    pub(super) anchor: Anchor,
    pub(super) lines: Lines,
    pub(super) stamp: Option<FileStamp>,
    /// Whether its first bytes were looked at.
    pub(super) judged: bool,
}

/// A file that lost its name.
#[derive(Debug)]
pub(super) struct RotatedFile {
    pub(super) was: OpenFile,
    pub(super) since: Duration,
    /// When it last grew.
    pub(super) grown: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    UpToDate,
    More,
    /// The bytes that were read are no longer there.
    Changed,
}

impl RotatedFile {
    /// Reads on; `false` once nobody writes any more.
    pub(super) fn poll(&mut self, now: Duration, sink: &mut impl Sink) -> Result<bool, ReadError> {
        if self.was.packed {
            return Ok(false);
        }
        let metadata = self.was.file.metadata()?;
        let stamp = FileStamp::of(&metadata);
        if self.was.stamp != Some(stamp) {
            let before = self.was.anchor.offset();
            let outcome = self.was.read_on(true, sink)?;
            if outcome == ReadOutcome::Changed {
                return Ok(false);
            }
            self.was.stamp = (outcome == ReadOutcome::UpToDate).then_some(stamp);
            if self.was.anchor.offset() > before {
                self.grown = now;
            }
        }
        // A deleted file that is held open keeps its room on the disk.
        let from = if metadata.nlink() == 0 { self.since } else { self.grown };
        Ok(now.saturating_sub(from) < GRACE || self.was.stamp.is_none())
    }
}

impl OpenFile {
    pub(super) fn known(&self) -> Known {
        Known { id: self.id, offset: self.anchor.offset(), stamp: self.stamp, packed: self.packed }
    }

    pub(super) fn taken(&self, rank: u16) -> ReadFile {
        let by = (rank, self.generation);
        ReadFile { id: self.id, anchor: self.anchor.clone(), line: self.lines.line(), by, held: true }
    }

    /// Reads what was appended. Each chunk is read together with the bytes before it, so that a file that was
    /// truncated and grew again between the look and the reading is noticed as well.
    pub(super) fn read_on(&mut self, grown: bool, sink: &mut impl Sink) -> Result<ReadOutcome, ReadError> {
        if !self.anchor.head_holds(&self.file)? {
            return Ok(ReadOutcome::Changed);
        }
        let more = self.file.metadata()?.len().saturating_sub(self.anchor.offset());
        let room = usize::try_from(more).unwrap_or(CHUNK).clamp(4096, CHUNK) + TAIL;
        let mut chunk = vec![0; room];
        // NULs that were read and may stand for what is not written yet.
        let mut nuls = 0;
        let mut chunks = 0;
        while chunks < CHUNKS_MAX {
            let tail = if nuls == 0 { self.anchor.tail() } else { &[] };
            let from = self.anchor.offset() + nuls - tail.len() as u64;
            let count = self.file.read_at(&mut chunk, from)?;
            let Some(bytes) = chunk.get(..count).and_then(|bytes| bytes.strip_prefix(tail)) else {
                return Ok(ReadOutcome::Changed);
            };
            let body = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let (body, zeros) = bytes.split_at(body);
            if bytes.is_empty() || body.is_empty() && !grown {
                return Ok(ReadOutcome::UpToDate);
            }
            if !body.is_empty() {
                chunks += 1;
                self.anchor.push_nuls(nuls);
                self.lines.push_nuls(nuls);
                self.anchor.push(body);
                nuls = 0;
                self.lines.push(body, |piece| sink.piece(self.generation, piece))?;
            }
            nuls += zeros.len() as u64;
        }
        Ok(ReadOutcome::More)
    }

    /// Reads an archive from its beginning, without what was read of the same log under another name.
    pub(super) fn read_packed(&mut self, taken: &ReadHistory, sink: &mut impl Sink) -> Result<ReadOutcome, ReadError> {
        let mut head = vec![0; MAGIC];
        let count = self.file.read_at(&mut head, 0)?;
        let Some(packing) = Packing::of(head.get(..count).unwrap_or_default()) else { return Ok(ReadOutcome::Changed) };
        let text = || packing.unpack(ReadAt { file: &self.file, at: 0 });
        let known = relatives::read_before(text, taken);
        let mut text = text();
        if let Some(known) = &known {
            io::copy(&mut (&mut text).take(known.anchor.offset()), &mut io::sink())?;
            self.anchor = known.anchor.clone();
            self.lines = Lines::new(known.anchor.offset(), known.line);
            sink.notice(format!("its first {} bytes were read before it was packed", known.anchor.offset()))?;
        }
        let mut chunk = vec![0; CHUNK];
        loop {
            match text.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => {
                    let bytes = chunk.get(..count).unwrap_or_default();
                    self.anchor.push(bytes);
                    self.lines.push(bytes, |piece| sink.piece(self.generation, piece))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let name = packing.name();
                    let byte = self.anchor.offset();
                    sink.notice(format!(
                        "the {name} archive is damaged or cut off after {byte} bytes of text: {error}"
                    ))?;
                    break;
                }
            }
        }
        self.lines.finish(|piece| sink.piece(self.generation, piece))?;
        Ok(ReadOutcome::UpToDate)
    }

    /// Says once, by the first bytes, that this is no text.
    pub(super) fn judge(&mut self, sink: &mut impl Sink) -> Result<(), Stopped> {
        if self.judged {
            return Ok(());
        }
        let judgement = judge(self.anchor.head());
        self.judged = judgement != TextVerdict::Open;
        match judgement {
            TextVerdict::Open | TextVerdict::Text => Ok(()),
            TextVerdict::Foreign(what) => sink.notice(what.into()),
        }
    }

    /// The file is at its end for good: a last line is a line without its newline, too.
    pub(super) fn finish(&mut self, sink: &mut impl Sink) -> Result<(), Stopped> {
        self.lines.finish(|piece| sink.piece(self.generation, piece))?;
        sink.end(self.generation)
    }
}

/// Reads a file from a place of its own, whoever else reads it.
struct ReadAt<'a> {
    file: &'a File,
    at: u64,
}

impl io::Read for ReadAt<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(out, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// Opens a file for reading without waiting, should it have become a FIFO meanwhile.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
    File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

pub(super) fn is_packed(file: &File) -> io::Result<bool> {
    let mut head = [0; MAGIC];
    let count = file.read_at(&mut head, 0)?;
    Ok(Packing::of(head.get(..count).unwrap_or_default()).is_some())
}

pub(super) fn is_settled(metadata: &std::fs::Metadata) -> bool {
    metadata.modified().ok().and_then(|time| time.elapsed().ok()).is_none_or(|age| age >= SETTLED)
}
