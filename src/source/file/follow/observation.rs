//! The result of `stat` on a name.
//!
//! Inode numbers and times are those of the file system; a clock of this machine is only compared with them where the
//! file system's clock is too coarse to show two changes.

use std::{
    fs::Metadata,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
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
    /// Its time of birth, in seconds and nanoseconds, where the file system knows one.
    pub born: Option<(i64, i64)>,
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

/// The facts about a file, by its name or by its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStat {
    /// Its inode.
    pub id: Inode,
    /// Its size and times.
    pub stamp: FileStamp,
    /// Its type.
    pub kind: NodeKind,
    /// The number of names that it has.
    pub links: u64,
}

/// The type of what a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device, or something that no other name fits.
    Device,
}

impl Inode {
    /// Returns the inode of a file.
    pub fn of(metadata: &Metadata) -> Self {
        let born = metadata.created().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let born = born.and_then(|born| Some((i64::try_from(born.as_secs()).ok()?, i64::from(born.subsec_nanos()))));
        Self { dev: metadata.dev(), ino: metadata.ino(), born }
    }

    /// Returns whether this is the number of its device and its own.
    pub(super) fn has_numbers(self, dev: u64, ino: u64) -> bool {
        (self.dev, self.ino) == (dev, ino)
    }
}

impl Observation {
    /// Returns the observation of what `stat` returned.
    pub fn of(stat: &FileStat) -> Self {
        match stat.kind {
            NodeKind::File => Self::File(stat.id, stat.stamp),
            NodeKind::Directory => Self::Other("a directory"),
            NodeKind::Fifo => Self::Other("a FIFO"),
            NodeKind::Socket => Self::Other("a socket"),
            NodeKind::Device => Self::Other("a device"),
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
}

impl FileStat {
    /// Returns what is known of a file of this machine.
    pub fn of(metadata: &Metadata) -> Self {
        let kind = metadata.file_type();
        let kind = if kind.is_file() {
            NodeKind::File
        } else if kind.is_dir() {
            NodeKind::Directory
        } else if kind.is_fifo() {
            NodeKind::Fifo
        } else if kind.is_socket() {
            NodeKind::Socket
        } else {
            NodeKind::Device
        };
        Self { id: Inode::of(metadata), stamp: FileStamp::of(metadata), kind, links: metadata.nlink() }
    }

    /// Returns whether this is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind == NodeKind::File
    }
}
