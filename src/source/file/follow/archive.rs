//! Recognising a log in an archive that was read before it was packed.

use crate::source::file::follow::{
    anchor::{Anchor, TAIL},
    history::{ReadFile, ReadHistory},
};
use std::io::{self, Read};

/// Returns the read position of the log that an archive holds. `text` begins to unpack the archive.
pub(super) fn read_before<R: Read>(text: impl Fn() -> R, history: &ReadHistory) -> Option<ReadFile> {
    let mut head = Vec::new();
    text().take(4 * TAIL as u64).read_to_end(&mut head).ok()?;
    history.with_head(&head).into_iter().find(|file| holds(&file.anchor, text()).unwrap_or(false)).cloned()
}

/// Returns whether a text holds the bytes that were read last, at their place.
pub(super) fn holds(anchor: &Anchor, mut text: impl Read) -> io::Result<bool> {
    let skip = anchor.offset() - anchor.tail().len() as u64;
    let skipped = io::copy(&mut text.by_ref().take(skip), &mut io::sink())?;
    let mut tail = vec![0; anchor.tail().len()];
    text.read_exact(&mut tail)?;
    Ok(skipped == skip && tail == anchor.tail())
}

/// Returns whether a text begins as a log that was read.
pub(super) fn begins_as_read(text: impl Read, history: &ReadHistory) -> bool {
    let mut head = Vec::new();
    // What could be read before an error is there.
    drop(text.take(4 * TAIL as u64).read_to_end(&mut head));
    !history.with_head(&head).is_empty()
}
