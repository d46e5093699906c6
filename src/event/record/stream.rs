//! The state of one stream of lines: what a later line may complete.

use super::{
    partial::{PartialLine, PartialLines},
    place::LinePlace,
    pretty::{Keys, LineOutcome, OpenObject},
    writer::StreamId,
};

/// A stream in which something is pending.
#[derive(Clone, Debug)]
pub(in crate::event) struct RecordStream {
    pub(in crate::event) id: StreamId,
    pub(in crate::event) partial: PartialLines,
    /// The objects that have not ended, oldest first; more than one only where writers are named.
    pub(in crate::event) open: Vec<OpenObject>,
    /// `true` if the partial line is only one where a heading follows.
    pub(in crate::event) is_unheaded: bool,
    /// The number of lines of other streams since the last line of this one.
    idle: u32,
}

/// The use of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) enum Step {
    /// It belongs to an open object.
    Taken,
    /// It is a line of its own.
    Free,
}

impl RecordStream {
    /// The longest text of an open object, as the longest line.
    const TEXT_MAX: usize = 16 << 20;

    /// The most open objects.
    const OPEN_MAX: usize = 16;

    /// The most lines of other streams for which something is pending: its writer may never go on.
    pub(in crate::event) const IDLE_MAX: u32 = 1 << 14;

    pub(in crate::event) fn new(id: StreamId) -> Self {
        Self { id, partial: PartialLines::default(), open: Vec::new(), is_unheaded: false, idle: 0 }
    }

    /// Counts a line of the stream `of`; returns `true` if too many were of others.
    pub(in crate::event) fn count_line(&mut self, of: StreamId) -> bool {
        self.idle = if self.id == of { 0 } else { self.idle + 1 };
        self.idle > Self::IDLE_MAX
    }

    /// Returns `false` if nothing is pending.
    pub(in crate::event) fn is_pending(&self) -> bool {
        !self.partial.is_empty() || !self.open.is_empty()
    }

    /// Returns `true` if only lines with the name of a writer go on with what is pending.
    pub(in crate::event) fn is_named(&self) -> bool {
        self.partial.is_empty() && self.open.iter().all(OpenObject::is_named)
    }

    /// Returns the byte at which the oldest pending line begins.
    pub(in crate::event) fn byte(&self) -> Option<u64> {
        let open = self.open.iter().filter_map(|open| open.places().first()).map(|place| place.byte);
        open.chain(self.partial.byte()).min()
    }

    /// Returns the texts of what is pending, each with the byte at which it ends so far.
    pub(in crate::event) fn unfinished(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let open = self.open.iter().filter_map(|open| Some((open.places().last()?.end, open.text())));
        open.chain(self.partial.lines().iter().map(|line| (line.place.end, line.text.as_slice())))
    }

    /// Places what is pending at the beginning of a file, for a file that continues another.
    pub(in crate::event) fn move_to_beginning(&mut self) {
        self.partial.places_mut().chain(self.open.iter_mut().flat_map(OpenObject::places_mut)).for_each(|place| {
            *place = LinePlace::BEGINNING;
        });
    }

    /// Returns the line that is no partial one, since no heading followed.
    pub(in crate::event) fn take_unheaded(&mut self) -> Option<PartialLine> {
        self.is_unheaded = false;
        self.partial.take_all().pop()
    }

    /// Begins an object; returns the oldest where there are too many.
    pub(in crate::event) fn begin(&mut self, open: OpenObject) -> Option<OpenObject> {
        self.open.push(open);
        (self.open.len() > Self::OPEN_MAX).then(|| self.open.remove(0))
    }

    /// Gives a line to the open object that it continues; returns the objects that ended.
    pub(in crate::event) fn step(&mut self, line: &[u8], place: LinePlace, keys: Keys) -> (Step, Vec<OpenObject>) {
        let mut ended = Vec::new();
        let owner = self.open.iter().position(|open| open.owns(line));
        let mut at = owner.map_or(self.open.len(), |at| at + 1);
        while let Some(index) = at.checked_sub(1) {
            at = index;
            match self.open[index].take(line, place, keys) {
                LineOutcome::Open => {
                    let open = &self.open[index];
                    if open.len() > Self::TEXT_MAX || open.places().len() > OpenObject::LINES_MAX {
                        ended.push(self.open.remove(index));
                    }
                    return (Step::Taken, ended);
                }
                LineOutcome::Closed(next) => {
                    ended.push(self.open.remove(index));
                    self.open.extend(next.map(|next| *next));
                    return (Step::Taken, ended);
                }
                // It is no JSON after all: this line is one like any other.
                LineOutcome::Broken => ended.push(self.open.remove(index)),
                LineOutcome::Other => {}
            }
        }
        (Step::Free, ended)
    }
}
