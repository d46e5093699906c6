//! The read positions of a source's files, kept over runs in a state file.
//!
//! A position is proven by hashes of the bytes that were read first and last, so it is found again in a file that was
//! renamed, copied or packed meanwhile, and nowhere else. The state file is replaced as a whole: whatever kills the
//! program leaves the old state or the new one.

use crate::{
    event::Fingerprint,
    regular_file::{self, SymbolicLink},
};
use serde::{Deserialize, Serialize};
use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Write as _},
    num::NonZeroU32,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

const VERSION: u32 = 1;

/// The read positions of all names of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedState {
    version: u32,
    /// The position of the output that was printed, where it was a file.
    output: Option<OutputPosition>,
    pub(super) names: Vec<SavedName>,
}

/// A position in a file of printed output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputPosition {
    /// The device of the file.
    pub dev: u64,
    /// Its inode.
    pub ino: u64,
    /// The number of bytes that were printed.
    pub len: u64,
}

/// The read positions of one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SavedName {
    path: SavedPath,
    /// The files that were being read, oldest first; the last one had the name.
    pub(super) files: Vec<SavedFile>,
    /// The siblings that are no part of what is followed, or were read to their end.
    pub(super) seen: Vec<SavedSibling>,
}

/// The read position of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SavedFile {
    pub(super) dev: u64,
    pub(super) ino: u64,
    /// The place where the next record begins, and its line.
    pub(super) offset: u64,
    pub(super) line: Option<NonZeroU32>,
    /// The file's first bytes.
    pub(super) head: SavedBytes,
    /// The bytes right before `offset`.
    pub(super) tail: SavedBytes,
    /// The places of records behind `offset` that were sent already.
    pub(super) sent: Vec<u64>,
}

/// A sibling, by which it is known again under another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SavedSibling {
    pub(super) dev: u64,
    pub(super) ino: u64,
    pub(super) size: u64,
    pub(super) head: SavedBytes,
}

/// The length and the hash of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SavedBytes {
    pub(super) len: u16,
    hash: u64,
}

/// A path, as text where it is UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum SavedPath {
    Text(String),
    Bytes(Vec<u8>),
}

/// The reason why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be read or written.
    #[error("cannot use the state file {}", path.display())]
    Io {
        /// The state file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} is not a state file of thumbview: name another file, or remove it", path.display())]
    Foreign {
        /// The state file.
        path: PathBuf,
    },
}

/// The largest state file, in bytes: that of thousands of names.
const MAX_BYTES: u64 = 64 << 20;

impl SavedState {
    /// Reads a state file; an absent or empty one gives a state that knows no name.
    pub fn read(path: &Path) -> Result<Self, StateError> {
        let text = match regular_file::read(path, SymbolicLink::Followed, MAX_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(StateError::Io { path: path.to_owned(), source }),
        };
        if text.is_empty() {
            return Ok(Self::new(Vec::new()));
        }
        let state = serde_json::from_slice(&text).ok().filter(|state: &Self| state.version == VERSION);
        state.ok_or_else(|| StateError::Foreign { path: path.to_owned() })
    }

    /// Returns whether it knows no name.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Replaces a state file.
    pub fn write(&self, path: &Path) -> Result<(), StateError> {
        self.replace(path).map_err(|source| StateError::Io { path: path.to_owned(), source })
    }

    fn replace(&self, path: &Path) -> io::Result<()> {
        let mut name = path.file_name().map_or_else(OsString::new, OsStr::to_owned);
        name.push(".new");
        let new = path.with_file_name(name);
        let mut file = File::create(&new)?;
        serde_json::to_writer(&mut file, self)?;
        file.write_all(b"\n")?;
        std::fs::rename(&new, path)
    }

    /// Returns the position of the output that was printed, where it was a file.
    pub fn output(&self) -> Option<OutputPosition> {
        self.output
    }

    /// Returns this state with the position of the output.
    #[must_use]
    pub fn with_output(self, output: Option<OutputPosition>) -> Self {
        Self { output, ..self }
    }

    pub(super) fn new(names: Vec<SavedName>) -> Self {
        Self { version: VERSION, output: None, names }
    }

    /// Returns whether these are the positions of their names already.
    pub(super) fn holds(&self, names: &[SavedName]) -> bool {
        names.iter().all(|name| self.names.contains(name))
    }

    /// Returns this state with newer positions of some names.
    pub(super) fn with(&self, names: &[SavedName]) -> Self {
        let older = self.names.iter().filter(|older| names.iter().all(|name| name.path != older.path));
        Self::new(older.cloned().chain(names.iter().cloned()).collect())
    }

    /// Returns what is known of a name.
    pub(super) fn name(&self, path: &Path) -> Option<&SavedName> {
        self.names.iter().find(|name| name.path == SavedPath::new(path))
    }
}

impl SavedName {
    /// Returns the positions under another name: that of a file on another machine.
    pub(super) fn renamed(self, path: &Path) -> Self {
        Self { path: SavedPath::new(path), ..self }
    }

    pub(super) fn new(path: &Path, files: Vec<SavedFile>, seen: Vec<SavedSibling>) -> Self {
        Self { path: SavedPath::new(path), files, seen }
    }
}

impl SavedPath {
    fn new(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_bytes().to_vec()),
        }
    }
}

impl SavedBytes {
    /// Returns the length and hash of at most 65 535 bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        let bytes = bytes.get(..usize::from(len)).unwrap_or(bytes);
        Self { len, hash: Fingerprint::of(bytes) }
    }

    /// Returns whether these are the bytes.
    pub(super) fn are(self, bytes: &[u8]) -> bool {
        Self::of(bytes) == self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> SavedState {
        let file = SavedFile {
            dev: 1,
            ino: u64::MAX,
            offset: 7,
            line: NonZeroU32::new(3),
            head: SavedBytes::of(b"head"),
            tail: SavedBytes::of(b""),
            sent: vec![9],
        };
        let sibling = SavedSibling { dev: 1, ino: 2, size: 3, head: SavedBytes::of(b"abc") };
        let odd = Path::new(OsStr::from_bytes(b"\xff.log"));
        SavedState::new(vec![
            SavedName::new(Path::new("a.log"), vec![file], vec![sibling]),
            SavedName::new(odd, vec![], vec![]),
        ])
    }

    #[test]
    fn is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert_eq!(SavedState::read(&path).unwrap().names, []);
        state().write(&path).unwrap();
        let read = SavedState::read(&path).unwrap();
        assert_eq!(read, state());
        assert!(read.name(Path::new(OsStr::from_bytes(b"\xff.log"))).is_some());
        assert_eq!(read.name(Path::new("b.log")), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn another_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a log\n").unwrap();
        assert!(matches!(SavedState::read(file.path()), Err(StateError::Foreign { .. })));
        assert!(matches!(SavedState::read(Path::new("/")), Err(StateError::Io { .. })));
    }
}
