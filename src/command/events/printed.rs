//! The lines that a killed run printed behind its saved position, so that they are not printed again.
//!
//! Events are printed before their position is saved. Where stdout is a file, its length at that position is saved, too:
//! the lines behind it are known, and continuing prints neither too few lines nor too many. Of a pipe nothing is known:
//! what was printed after the last save, at most the events of one poll, is printed again.

use crate::source::OutputPosition;
use rustix::fs::ftruncate;
use std::{
    collections::{HashMap, VecDeque},
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::MetadataExt as _,
};

/// The most bytes behind a saved position that are compared with the next lines.
const SURPLUS_MAX: u64 = 64 << 20;

/// The lines that were printed behind a saved position, and how often.
#[derive(Debug, Default)]
pub(super) struct PrintedLines(HashMap<Vec<u8>, u32>);

/// The positions of stdout after the last updates, oldest first: read positions are noted after the updates that belong
/// to them, and more may have been printed by then.
#[derive(Debug, Default)]
pub(super) struct OutputPositions(VecDeque<(u64, Option<OutputPosition>)>);

impl PrintedLines {
    /// Returns the lines that stdout has behind a position. The beginning of a line that was being printed is cut off.
    pub(super) fn behind(saved: Option<OutputPosition>) -> Self {
        // Output that cannot be read back is as that of a pipe.
        Self(saved.and_then(|saved| lines_behind(saved).ok()).unwrap_or_default())
    }

    /// Returns whether there are lines that were not read again yet.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all lines: everything that could be read again was read.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns whether a line was printed already; each line as often as it was.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        let Some(count) = self.0.get_mut(line) else { return false };
        *count -= 1;
        if *count == 0 {
            self.0.remove(line);
        }
        true
    }
}

impl OutputPositions {
    /// Notes the position of stdout after so many updates.
    pub(super) fn note(&mut self, updates: u64) {
        self.push(updates, output_position().ok().flatten());
    }

    fn push(&mut self, updates: u64, position: Option<OutputPosition>) {
        if self.0.back().is_none_or(|(_, last)| *last != position) {
            self.0.push_back((updates, position));
        }
    }

    /// Returns the position after so many updates.
    pub(super) fn after(&self, updates: u64) -> Option<OutputPosition> {
        let noted = self.0.iter().rev().find(|(noted, _)| *noted <= updates);
        noted.and_then(|(_, position)| *position)
    }

    /// Forgets all positions but the last: no older one is asked for any more.
    pub(super) fn forget_older(&mut self) {
        self.0.drain(..self.0.len().saturating_sub(1));
    }
}

/// Returns the position of stdout, where it is a file.
fn output_position() -> io::Result<Option<OutputPosition>> {
    let metadata = File::from(rustix::io::dup(rustix::stdio::stdout())?).metadata()?;
    let position = OutputPosition { dev: metadata.dev(), ino: metadata.ino(), len: metadata.len() };
    Ok(metadata.is_file().then_some(position))
}

fn lines_behind(saved: OutputPosition) -> io::Result<HashMap<Vec<u8>, u32>> {
    let mut lines = HashMap::new();
    let is_longer = |now: &OutputPosition| (now.dev, now.ino) == (saved.dev, saved.ino) && now.len > saved.len;
    if !output_position()?.as_ref().is_some_and(is_longer) {
        return Ok(lines);
    }
    let mut text = Vec::new();
    let mut output = File::open(fs::canonicalize("/dev/fd/1")?)?;
    output.seek(SeekFrom::Start(saved.len))?;
    output.take(SURPLUS_MAX).read_to_end(&mut text)?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    if whole < text.len() {
        ftruncate(rustix::stdio::stdout(), saved.len + whole as u64)?;
    }
    for line in text.get(..whole).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
        *lines.entry(line.to_vec()).or_default() += 1;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_that_after_the_update_and_no_later_one() {
        let at = |len| Some(OutputPosition { dev: 1, ino: 2, len });
        let mut positions = OutputPositions::default();
        for (updates, len) in [(0, 0), (1, 0), (2, 100), (3, 100), (4, 250)] {
            positions.push(updates, at(len));
        }
        for (updates, len) in [(0, 0), (1, 0), (2, 100), (3, 100), (4, 250), (9, 250)] {
            assert_eq!(positions.after(updates), at(len), "after {updates}");
        }
        positions.forget_older();
        assert_eq!((positions.after(3), positions.after(4)), (None, at(250)));
    }

    #[test]
    fn a_line_is_taken_as_often_as_it_was_printed() {
        let mut printed = PrintedLines([(b"a\n".to_vec(), 2)].into());
        let taken = [b"a\n", b"b\n", b"a\n", b"a\n"].map(|line| printed.take(line));
        assert_eq!(taken, [true, false, true, false]);
        assert!(printed.is_empty());
    }
}
