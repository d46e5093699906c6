//! What a follower hands on, and to whom.
//!
//! A [`Sink`] takes lines, and words on how the name fares; that nobody listens any more is all that it may answer.

use crate::{
    event::Health,
    source::{Stopped, lines::SplitLine},
};
use std::{fs::File, num::NonZeroU32};

/// What takes what a [`Follower`](super::Follower) finds. Every method may say that nobody listens any more.
pub trait Sink {
    /// The name begins anew; lines of this generation follow. `modified` is in seconds since 1970.
    fn begin(&mut self, generation: u16, size: Option<u64>, modified: i64) -> Result<(), Stopped>;

    /// Offers the whole of a file that just began. A sink that takes it says where to go on.
    fn load(&mut self, _generation: u16, _file: &File, _size: u64) -> Result<Option<Resume>, Stopped> {
        Ok(None)
    }

    /// Takes lines.
    fn piece(&mut self, generation: u16, piece: SplitLine<'_>) -> Result<(), Stopped>;

    /// All that could be read for now was handed over.
    fn flush(&mut self) -> Result<(), Stopped>;

    /// Nothing more comes of this generation.
    fn end(&mut self, generation: u16) -> Result<(), Stopped>;

    /// A last line has lacked its newline for [`INCOMPLETE`](super::INCOMPLETE); `None` once it has it.
    fn incomplete(&mut self, head: Option<&[u8]>) -> Result<(), Stopped>;

    /// Something happened that an operator would want to know of later.
    fn notice(&mut self, text: String) -> Result<(), Stopped>;

    /// How the name fares; told when it changes.
    fn health(&mut self, health: Health) -> Result<(), Stopped>;
}

/// Where to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The byte where the next line begins.
    pub offset: u64,
    /// That line's number.
    pub line: Option<NonZeroU32>,
}
