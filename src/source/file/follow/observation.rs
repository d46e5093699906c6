//! The result of `stat` on a name.
//!
//! Inode numbers and times are those of the file system; a clock of this machine is only compared with them where the
//! file system's clock is too coarse to show two changes.

use crate::source::error::reason;
use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::Path,
    time::{Duration, SystemTime},
};

/// The granularity of file times: a write within it may leave the stamp as it was.
pub(super) const GRANULARITY: Duration = Duration::from_millis(20);

/// The file that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Inode {
    /// The device.
    pub dev: u64,
    /// The inode number, which is given to another file once this one is gone.
    pub ino: u64,
}

/// The metadata that change when a file is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    /// Size in bytes.
    pub size: u64,
    /// Last write, in seconds and nanoseconds.
    pub modified: (i64, i64),
    /// Last change of content or metadata, in seconds and nanoseconds.
    pub changed: (i64, i64),
}

/// The result of `stat` on a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// A regular file.
    File(Inode, FileStamp),
    /// Nothing has this name.
    Absent,
    /// The name cannot be looked at, for this reason.
    Unreachable(String),
    /// Something else than a regular file, such as "a directory".
    Other(&'static str),
}

/// Observes a name, through symbolic links.
pub fn observe(path: &Path) -> Observation {
    match std::fs::metadata(path) {
        Ok(metadata) => Observation::of(&metadata),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Observation::Absent
        }
        Err(error) => Observation::Unreachable(reason(&error)),
    }
}

/// Observes an open file.
pub fn observe_open(file: &File) -> io::Result<Observation> {
    file.metadata().map(|metadata| Observation::of(&metadata))
}

impl Inode {
    /// Returns the inode of a file.
    pub fn of(metadata: &Metadata) -> Self {
        Self { dev: metadata.dev(), ino: metadata.ino() }
    }
}

impl Observation {
    fn of(metadata: &Metadata) -> Self {
        let kind = metadata.file_type();
        if kind.is_file() {
            Self::File(Inode::of(metadata), FileStamp::of(metadata))
        } else if kind.is_dir() {
            Self::Other("a directory")
        } else if kind.is_fifo() {
            Self::Other("a FIFO")
        } else if kind.is_socket() {
            Self::Other("a socket")
        } else {
            Self::Other("a device")
        }
    }

    /// Returns the stamp of a regular file.
    pub(super) fn stamp(&self) -> Option<FileStamp> {
        match self {
            Self::File(_, stamp) => Some(*stamp),
            Self::Absent | Self::Unreachable(_) | Self::Other(_) => None,
        }
    }
}

impl FileStamp {
    /// Returns the stamp of a file.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Returns whether every later change will show in the stamp: the last one is older than the granularity of the
    /// file system's clock. A time that lies ahead is another machine's, about which nothing is known.
    pub fn is_final(&self) -> bool {
        let (seconds, nanos) = self.changed;
        let since = Duration::new(u64::try_from(seconds).unwrap_or_default(), u32::try_from(nanos).unwrap_or_default());
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + since).map_or(true, |age| age > GRANULARITY)
    }
}
