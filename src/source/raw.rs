//! A record's text, read once more from the place where it was found.
//!
//! The text that is returned always is the record's own: its hash is compared, since a name may stand for another file
//! by now. A rotated log is looked for among the siblings of its name.

use crate::{
    event::{Fingerprint, Origin},
    source::{
        error::reason,
        file::{follow::siblings, open::open_file},
        packing::packing_of,
        state::{RankEntry, RawText},
    },
    text::Safe,
};
use std::{
    io::{self, Read as _},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::PoisonError,
};

/// The reason why a record's text cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RawError {
    /// The file does not exist or cannot be read.
    #[error("{name}: {reason}")]
    Unreadable {
        /// The file's name.
        name: Safe,
        /// The system's reason.
        reason: Safe,
    },
    /// Other text stands at the record's place now.
    #[error("{name} was rotated or rewritten: the record is no longer there")]
    Changed {
        /// The file's name.
        name: Safe,
    },
    /// The record of a stream is older than the text that is kept.
    #[error("{name} is a stream: only its last 16 MiB are kept, and the record is older")]
    Dropped {
        /// The stream's name.
        name: Safe,
    },
    /// No source has this rank.
    #[error("no such file")]
    Unknown,
}

/// Reads a record's text; waits for the disk.
pub(super) fn read_raw(entry: &RankEntry, origin: Origin) -> Result<Vec<u8>, RawError> {
    let name = Safe::new(&entry.name);
    match &entry.text {
        RawText::Stream(tape) => {
            let len = usize::try_from(origin.len).unwrap_or(usize::MAX);
            let tape = tape.lock().unwrap_or_else(PoisonError::into_inner);
            tape.read(origin.byte, len).filter(|text| is_record(text, origin)).ok_or(RawError::Dropped { name })
        }
        RawText::File(path) => read_record(path, origin, name),
    }
}

/// Reads a record from the file that bears the name, or else from one that it was rotated to.
fn read_record(path: &Path, origin: Origin, name: Safe) -> Result<Vec<u8>, RawError> {
    let error = match read_at(path, origin) {
        Ok(text) if is_record(&text, origin) => return Ok(text),
        Ok(_) => RawError::Changed { name },
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => RawError::Changed { name },
        Err(error) => RawError::Unreadable { name, reason: Safe::new(&reason(&error)) },
    };
    let siblings = siblings::list(&[path, &siblings::resolve(path)]);
    let mut texts = siblings.into_iter().filter_map(|sibling| read_at(&sibling.path, origin).ok());
    texts.find(|text| is_record(text, origin)).ok_or(error)
}

fn is_record(text: &[u8], origin: Origin) -> bool {
    Fingerprint::of(text) == origin.hash
}

fn read_at(path: &Path, origin: Origin) -> io::Result<Vec<u8>> {
    let file = open_file(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file any more"));
    }
    let mut text = vec![0; usize::try_from(origin.len).unwrap_or_default()];
    match packing_of(&file)? {
        None => file.read_exact_at(&mut text, origin.byte)?,
        Some(packing) => {
            let mut unpacked = packing.unpack(file);
            io::copy(&mut unpacked.by_ref().take(origin.byte), &mut io::sink())?;
            unpacked.read_exact(&mut text)?;
        }
    }
    Ok(text)
}
