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

/// An update from a source.
#[derive(Clone, Debug, PartialEq)]
pub enum LogUpdate {
    /// A file was opened, or its name now belongs to another [`FileId::generation`].
    Opened {
        /// The file.
        file: FileId,
        /// Its name as the user gave it.
        name: Arc<str>,
        /// Its size in bytes, where it has one.
        size: Option<u64>,
    },
    /// At most 512 events, and counts.
    Batch {
        /// Events in the order of the file.
        events: Vec<LogEvent>,
        /// Texts that look like events and could not be read.
        rejected: Vec<Rejected>,
        /// Counts since the batch before.
        counts: Counts,
    },
    /// A source's state has changed.
    Health {
        /// Index among the arguments.
        rank: u16,
        /// The new state.
        health: Health,
    },
    /// The last line has lacked its newline, or the last event a part of it, for 5 s. `None` once it has grown or is gone.
    Incomplete {
        /// Index among the arguments.
        rank: u16,
        /// The head of it, at most 4 KiB.
        head: Option<Safe>,
    },
    /// Numbers of lines that could not be counted yet when their events were sent: the end of a file comes first.
    Lines {
        /// The file.
        file: FileId,
        /// The byte of an [`Origin`] and its line, in the order of the file.
        lines: Vec<(u64, NonZeroU32)>,
    },
    /// A notice for the operator.
    Notice(Notice),
    /// Every source was read to the end that it had at the start; following may continue.
    Loaded,
    /// The last update.
    Finished,
}

/// A text that looks like an event and could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its place.
    pub origin: Origin,
    /// Column of the error in its line, from 1, in bytes.
    pub column: u32,
    /// The reason, in words for the operator.
    pub reason: Safe,
    /// Its head, at most 4 KiB.
    pub raw: Safe,
}

/// Counts of what was read besides the events themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines ended by a newline, and a last unfinished one.
    pub lines: u64,
    /// Bytes after decompression.
    pub bytes: u64,
    /// Subscription confirmations and the like, which belong to no asset.
    pub other_events: u64,
    /// Records of a restarted file that had been read before.
    pub replayed: u64,
    /// Texts that look like events and could not be read.
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

/// The state of a source, which the header always shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is being read for the first time.
    Loading {
        /// Bytes read so far.
        read: u64,
        /// All bytes, if known.
        total: Option<u64>,
    },
    /// It was read to its end, and is followed from there.
    Live,
    /// As `Live`, with a remark such as `rotated`, `truncated`, `polling only`.
    Marked(Safe),
    /// It was read to its end.
    Loaded,
    /// The stream has ended.
    Ended,
    /// It is missing or not readable, for this reason; it is tried again.
    Waiting(Safe),
    /// It was given up, for this reason.
    Failed(Safe),
}

/// The weight of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Everything went as it should, such as a rotation.
    Routine,
    /// Something needs attention: data may be missing.
    Warning,
}

/// An event in the life of a source that an operator may want to look up later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The time of it.
    pub time: Time,
    /// Its weight.
    pub severity: Severity,
    /// One sentence.
    pub text: Safe,
}
