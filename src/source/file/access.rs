//! The access to the files of one machine, as far as loading and following logs need it.
//!
//! [`FileSystem`] looks at names, [`SourceFile`] reads what was opened. `local` implements both for this machine, and
//! `source/remote` for another one. What follows from an observation is decided elsewhere, alike for both.

use crate::source::file::follow::{
    observation::{FileStamp, FileStat, Inode, Observation},
    writers::Writers,
};
use std::{
    ffi::OsStr,
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The names on the file systems of one machine. Errors mean that the machine itself cannot be asked.
pub trait FileSystem: fmt::Debug + Send + Sync {
    /// Observes a name, through symbolic links.
    fn observe(&self, path: &Path) -> io::Result<Observation>;

    /// Opens a file for reading; does not wait for a writer, should the name have become a FIFO meanwhile.
    /// These reads are announced, see [`SourceFile::announce`].
    fn open(&self, path: &Path, reads: &[(u64, usize)]) -> io::Result<OpenedFile>;

    /// Returns whether a name is a symbolic link.
    fn is_link(&self, path: &Path) -> io::Result<bool>;

    /// Returns the path without symbolic links, or as it is where it leads nowhere.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// Returns the stamp of a folder; `None` where it cannot be looked at.
    fn folder_stamp(&self, folder: &Path) -> io::Result<Option<FileStamp>>;

    /// Returns the files of a folder whose names begin with these bytes. Symbolic links are left out, and so is
    /// everything where the folder cannot be read.
    fn beginning_with(&self, folder: &Path, name: &OsStr) -> io::Result<Vec<(PathBuf, FileStat)>>;

    /// Returns whether a time of a file, in seconds and nanoseconds, lies further back than `age` by the clock of its
    /// machine. A time that lies ahead is another machine's, about which nothing is known: then it does.
    fn has_passed(&self, time: (i64, i64), age: Duration) -> bool;

    /// Returns the processes that have a file open for writing.
    fn writers_of(&self, id: Inode) -> Writers;

    /// Returns whether files may be rotated and packed between two looks, since those are far apart or descriptors get
    /// lost.
    fn misses_packing(&self) -> bool {
        false
    }
}

/// A file as it was opened.
#[derive(Clone, Debug)]
pub struct OpenedFile {
    /// The file.
    pub file: Arc<dyn SourceFile>,
    /// What was known of it then.
    pub stat: FileStat,
    /// Its path without symbolic links, as it was then.
    pub resolved: PathBuf,
}

/// A file that was opened for reading. It stays the same file whatever becomes of its name.
pub trait SourceFile: fmt::Debug + Send + Sync {
    /// Returns what is known of it now.
    fn stat(&self) -> io::Result<FileStat>;

    /// Reads from a place; fewer bytes than asked for do not mean the end, none do.
    fn read_at(&self, out: &mut [u8], from: u64) -> io::Result<usize>;

    /// Announces reads of these lengths at these places, in this order, which are answered faster then. What was
    /// announced before is forgotten.
    fn announce(&self, _reads: &[(u64, usize)]) {}

    /// Returns the number of bytes of its end that are read before the rest, so that the newest events are there at once.
    fn end_first(&self) -> u64 {
        4 << 20
    }

    /// Returns the first place from `from` on, and not behind `end`, that is not known to be a hole.
    fn next_data(&self, from: u64, end: u64) -> u64 {
        from.min(end)
    }

    /// Returns the end of the data that stands at `from`, at most `end`.
    fn data_end(&self, _from: u64, end: u64) -> u64 {
        end
    }

    /// Fills `out` from a place.
    fn read_exact_at(&self, out: &mut [u8], from: u64) -> io::Result<()> {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, from + filled as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Reads a file from a position of its own.
#[derive(Debug)]
pub(in crate::source) struct ReadFrom<'a> {
    pub(in crate::source) file: &'a dyn SourceFile,
    pub(in crate::source) at: u64,
}

impl Read for ReadFrom<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(out, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}
