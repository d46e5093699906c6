//! A record's text, read once more from the place where it was found.
//!
//! The text that is returned always is the record's own: its hash is compared, since a name may stand for another file
//! by now. A rotated log is looked for among the siblings of its name.

use crate::{
    event::{Fingerprint, Origin},
    source::{
        encoding::to_utf8,
        error::reason,
        file::{
            access::{FileSystem, OpenedFile, ReadFrom},
            follow::siblings,
        },
        packing::packing_of,
        state::{RankEntry, RawText},
    },
    text::Safe,
};
use std::{
    io::{self, Read as _},
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
            let tape = tape.lock().unwrap_or_else(PoisonError::into_inner);
            let read = |len| {
                let text = tape.read(origin.byte, usize::try_from(len).unwrap_or(usize::MAX));
                text.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            };
            let text = read_text(origin, read).ok().filter(|text| is_record(text, origin));
            text.ok_or(RawError::Dropped { name })
        }
        RawText::File(files, path) => read_record(&**files, path, origin, name),
        #[cfg(feature = "kafka")]
        RawText::Topic(topic) => match topic.read(origin) {
            Ok(text) if is_record(&text, origin) => Ok(text),
            Ok(_) => Err(RawError::Changed { name }),
            Err(reason) => Err(RawError::Unreadable { name, reason: Safe::new(&reason) }),
        },
    }
}

/// Reads a text by `read`, which takes its length in bytes; decodes it where it is in another encoding.
fn read_text(origin: Origin, read: impl Fn(u64) -> io::Result<Vec<u8>>) -> io::Result<Vec<u8>> {
    let len = u64::from(origin.len);
    let text = read(len)?;
    if is_record(&text, origin) {
        return Ok(text);
    }
    // The length is that of UTF-8, which takes half as many bytes as UTF-16, or more than other encodings do.
    let mut decoded = to_utf8(&read(2 * len + 2)?, origin.byte);
    let Some(len) = Fingerprint::find(origin.hash, &decoded) else { return Ok(text) };
    decoded.truncate(len);
    Ok(decoded)
}

/// Reads a record from the file that bears the name, or else from one that it was rotated to.
fn read_record(files: &dyn FileSystem, path: &Path, origin: Origin, name: Safe) -> Result<Vec<u8>, RawError> {
    let read = |path: &Path| read_text(origin, |len| read_at(files, path, origin, len));
    let error = match read(path) {
        Ok(text) if is_record(&text, origin) => return Ok(text),
        Ok(_) => RawError::Changed { name },
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => RawError::Changed { name },
        Err(error) => RawError::Unreadable { name, reason: Safe::new(&reason(&error)) },
    };
    let siblings = files.resolve(path).and_then(|target| siblings::list(files, &[path, &target])).unwrap_or_default();
    let mut texts = siblings.into_iter().filter_map(|sibling| read(&sibling.path).ok());
    texts.find(|text| is_record(text, origin)).ok_or(error)
}

fn is_record(text: &[u8], origin: Origin) -> bool {
    Fingerprint::of(text) == origin.hash
}

/// Reads up to `len` bytes from a record's place on.
fn read_at(files: &dyn FileSystem, path: &Path, origin: Origin, len: u64) -> io::Result<Vec<u8>> {
    let OpenedFile { file, stat, .. } = files.open(path, &[])?;
    let mut text = Vec::new();
    if !stat.is_file() {
        return Err(io::Error::other("it is no longer a regular file"));
    }
    match packing_of(&*file)? {
        None => drop(ReadFrom { file: &*file, at: origin.byte }.take(len).read_to_end(&mut text)?),
        Some(packing) => {
            let mut unpacked = packing.unpack(ReadFrom { file: &*file, at: 0 });
            io::copy(&mut unpacked.by_ref().take(origin.byte), &mut io::sink())?;
            unpacked.take(len).read_to_end(&mut text)?;
        }
    }
    Ok(text)
}
