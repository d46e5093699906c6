//! The lines that a killed run printed behind its saved position, so that they are not printed again.
//!
//! Events are printed before their position is saved. Where stdout is a file, its length is saved with the position:
//! the lines behind it are known, and continuing prints neither too few lines nor too many. Of a pipe nothing is known.

use crate::source::OutputPosition;
use rustix::fs::ftruncate;
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::MetadataExt as _,
};

/// The most bytes behind a saved position that are compared with the next lines.
const SURPLUS_MAX: u64 = 64 << 20;

/// The lines that were printed behind a saved position, and how often.
#[derive(Debug, Default)]
pub(super) struct PrintedLines(HashMap<Vec<u8>, u32>);

impl PrintedLines {
    /// Returns the lines that stdout has behind a position. The beginning of a line that was being printed is cut off.
    pub(super) fn behind(saved: Option<OutputPosition>) -> Self {
        // Output that cannot be read back is as that of a pipe.
        Self(saved.and_then(|saved| lines_behind(saved).ok()).unwrap_or_default())
    }

    /// Returns whether a line was printed already; each line as often as it was.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        match self.0.get_mut(line) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            Some(_) | None => false,
        }
    }
}

/// Returns the position of stdout, where it is a file.
pub(super) fn output_position() -> io::Result<Option<OutputPosition>> {
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
