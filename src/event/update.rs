//! Updates from sources: events, counts, their state and notices.
//!
//! Nothing that was read is dropped without being counted in one of these.

use super::{
    log_event::LogEvent,
    origin::{FileId, Origin},
    time::Time,
};
use crate::text::Safe;
use std::{num::NonZeroU32, sync::Arc};

/// What a source says.
#[derive(Clone, Debug, PartialEq)]
pub enum LogUpdate {
    /// A file is open, or begins anew under another [`FileId::generation`].
    Opened {
        /// Which.
        file: FileId,
        /// Its name as the user gave it.
        name: Arc<str>,
        /// Its size in bytes, where it has one.
        size: Option<u64>,
    },
    /// Events, at most 512, and what was counted on the way.
    Batch {
        /// Events in the order of the file.
        events: Vec<LogEvent>,
        /// What looked like an event and was not taken.
        rejected: Vec<Rejected>,
        /// What was counted since the batch before.
        counts: Counts,
    },
    /// A source's state has changed.
    Health {
        /// Place among the arguments.
        rank: u16,
        /// The new state.
        health: Health,
    },
    /// A last line has lacked its newline for 5 s: its head, at most 4 KiB. `None` once it is whole or gone.
    Incomplete {
        /// Place among the arguments.
        rank: u16,
        /// What there is of the line.
        head: Option<Safe>,
    },
    /// Numbers of lines that could not be counted yet when their events were sent: the end of a file comes first.
    Lines {
        /// Which file.
        file: FileId,
        /// The byte of an [`Origin`] and its line, in the order of the file.
        lines: Vec<(u64, NonZeroU32)>,
    },
    /// Something to remember.
    Notice(Notice),
    /// Every source was read to the end that it had at the start; following may go on.
    Loaded,
    /// Nothing more will come.
    Finished,
}

/// Text that looked like an event and could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Where it begins.
    pub origin: Origin,
    /// Column of the error in its line, from 1, in bytes.
    pub column: u32,
    /// Why.
    pub reason: Safe,
    /// Its head, at most 4 KiB.
    pub raw: Safe,
}

/// What was read besides the events themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines ended by a newline, and a last unfinished one.
    pub lines: u64,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Subscription confirmations and the like, which belong to no asset.
    pub other_events: u64,
    /// Records of a restarted file whose whole text had been taken before.
    pub replayed: u64,
    /// Texts that looked like an event and were not taken, kept or not.
    pub unparsed: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.lines += more.lines;
        self.bytes += more.bytes;
        self.other_events += more.other_events;
        self.replayed += more.replayed;
        self.unparsed += more.unparsed;
    }
}

/// How a source fares. Shown in the header at all times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The first reading goes on: bytes read, and bytes in all where known.
    Loading {
        /// Bytes read so far.
        read: u64,
        /// Bytes in all, where that is known.
        total: Option<u64>,
    },
    /// Read to its end, and followed from there.
    Live,
    /// As before, with a word on what befell it lately or how it is followed: `rotated`, `truncated`, `polling only`.
    Marked(Safe),
    /// Read to its end once.
    Loaded,
    /// A stream came to its end.
    Ended,
    /// Not there, or not readable: why. Looked at again by itself.
    Waiting(Safe),
    /// Given up: why.
    Failed(Safe),
}

/// Something that happened to a source and that an operator would want to know of later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub time: Time,
    /// In one sentence.
    pub text: Safe,
}
