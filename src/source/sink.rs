//! The receiving side of a follower or stream reader: lines, and reports on the state of the name.

use crate::{
    event::{Health, Severity},
    source::{error::Stopped, file::access::SourceFile, lines::SplitLine},
};
use std::num::NonZeroU32;

/// The receiver of the lines of one name. Every method fails once nobody receives the updates any more.
pub trait Sink {
    /// Begins a generation: the name stands for a new file, or for a file that is read from its beginning once more.
    fn begin(&mut self, generation: u16, beginning: Beginning) -> Result<(), Stopped>;

    /// Offers the whole of a file that just began. A sink that reads it itself returns the place to go on from.
    fn load(&mut self, _generation: u16, _file: &dyn SourceFile, _size: u64) -> Result<Option<Resume>, Stopped> {
        Ok(None)
    }

    /// Takes whole lines of a generation.
    fn lines(&mut self, generation: u16, lines: SplitLine<'_>) -> Result<(), Stopped>;

    /// Notes the place behind all whole lines of a generation that were handed over.
    fn place(&mut self, _generation: u16, _place: Resume) {}

    /// Returns the last place of a generation at which no record was unfinished; `None` where there was none.
    fn resume_place(&self, _generation: u16) -> Option<Place> {
        None
    }

    /// Returns whether read positions are kept for a later run.
    fn keeps_positions(&self) -> bool {
        false
    }

    /// Returns the number of chunks of up to 1 MiB that are read at once, so that other files get their turn.
    fn chunks_per_poll(&self) -> usize {
        64
    }

    /// Leaves out events of the records of a generation that begin at these bytes, as many as there are entries: an
    /// earlier run has sent them.
    fn skip(&mut self, _generation: u16, _records: &[u64]) {}

    /// Marks that everything which could be read for now was handed over.
    fn flush(&mut self) -> Result<(), Stopped>;

    /// Ends a generation: no more lines of it follow.
    fn end(&mut self, generation: u16) -> Result<(), Stopped>;

    /// Returns the newest event of a generation of which a part has not come, though its lines so far are whole, and the
    /// byte at which they end.
    fn unfinished(&self, _generation: u16) -> Option<(u64, &[u8])> {
        None
    }

    /// Takes the head of a last line without its newline, or of an event without its last part, that has not grown for
    /// [`INCOMPLETE`](super::file::follow::INCOMPLETE); `None` once it has grown or is gone.
    fn incomplete(&mut self, head: Option<&[u8]>) -> Result<(), Stopped>;

    /// Takes a sentence on something that an operator may want to look up later.
    fn notice(&mut self, severity: Severity, text: String) -> Result<(), Stopped>;

    /// Takes the state of the name when it changes.
    fn health(&mut self, health: Health) -> Result<(), Stopped>;
}

/// The file or stream of a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// The size in bytes; a stream has none.
    pub size: Option<u64>,
    /// The last write, in seconds since 1970.
    pub modified: i64,
    /// The relation to the content that the name had before.
    pub content: ContentChange,
}

/// The relation of a generation's content to the one that the name had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentChange {
    /// New: nothing was read of the name before, or the old content lies beside the name, as after a rotation.
    New,
    /// The old content was replaced, and there is no copy of it beside the name.
    Rewritten {
        /// The first bytes of the old content.
        beginning: Vec<u8>,
    },
}

/// The place in a file where reading goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The byte where the next line begins.
    pub offset: u64,
    /// That line's number.
    pub line: Option<NonZeroU32>,
}

/// The place from which a later run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The place where the next record begins.
    pub resume: Resume,
    /// The places of records behind it that were sent already.
    pub sent: Vec<u64>,
}
