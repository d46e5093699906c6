//! What a look at a name showed, and what follows from it.
//!
//! [`decide`] is pure: it compares what is known of the file that is being read with what `stat` said of the name.
//! It never trusts sizes alone: whatever changed is read through the anchor (see [`super::anchor`]), which finds out
//! whether the bytes that were read are still there.

use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::Path,
    time::{Duration, SystemTime},
};

/// Which file a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Inode {
    /// The device.
    pub dev: u64,
    /// The file on it; given to another file once this one is gone.
    pub ino: u64,
}

/// What changes when a file is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Size in bytes.
    pub size: u64,
    /// Last write, in seconds and nanoseconds.
    pub modified: (i64, i64),
    /// Last change of anything about it.
    pub changed: (i64, i64),
}

/// What a look at a name showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A regular file.
    File(Inode, Stamp),
    /// Nothing has this name.
    Absent,
    /// The name cannot be looked at: why.
    Unreachable(String),
    /// Something that is no file: what.
    Other(&'static str),
}

/// What is known of the file that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which file.
    pub id: Inode,
    /// How far it was read.
    pub offset: u64,
    /// Its stamp before it was last read to its end; `None` where reading is not done.
    pub stamp: Option<Stamp>,
    /// Whether it is an archive, which is read as a whole or not at all.
    pub packed: bool,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing has changed.
    Rest,
    /// Something may have been written: read on, if the anchor holds.
    Read,
    /// The same file has fewer bytes than were read: read from its beginning.
    Truncated,
    /// An archive was written anew: read it again.
    Rewritten,
    /// The name stands for another file now: finish the old one, open the new one.
    Replace,
    /// There is a file at last.
    Open,
    /// The name is gone: finish the file, wait for a new one.
    Leave,
    /// The name cannot be looked at, but the file is open: read on by its descriptor.
    Keep(String),
    /// There is nothing to read yet: why.
    Wait(String),
}

/// What follows from a look.
pub fn decide(known: Option<Known>, look: &Look) -> Step {
    match (known, look) {
        (None, Look::File(..)) => Step::Open,
        (None, Look::Absent) => Step::Wait("not there yet".into()),
        (None, Look::Unreachable(why)) => Step::Wait(why.clone()),
        (_, Look::Other(what)) => Step::Wait(format!("is {what}")),
        (Some(_), Look::Absent) => Step::Leave,
        (Some(_), Look::Unreachable(why)) => Step::Keep(why.clone()),
        (Some(known), Look::File(id, _)) if known.id != *id => Step::Replace,
        (Some(known), Look::File(_, stamp)) if known.stamp == Some(*stamp) => Step::Rest,
        (Some(known), Look::File(_, stamp)) if known.packed => {
            let same = |old: Stamp| (old.size, old.modified) == (stamp.size, stamp.modified);
            if known.stamp.is_some_and(same) { Step::Rest } else { Step::Rewritten }
        }
        (Some(known), Look::File(_, stamp)) if stamp.size < known.offset => Step::Truncated,
        (Some(_), Look::File(..)) => Step::Read,
    }
}

/// Looks at a name, through symbolic links.
pub fn look(path: &Path) -> Look {
    match std::fs::metadata(path) {
        Ok(metadata) => Look::of(&metadata),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Look::Absent,
        Err(error) => Look::Unreachable(reason(&error)),
    }
}

/// Looks at an open file.
pub fn look_at(file: &File) -> io::Result<Look> {
    file.metadata().map(|metadata| Look::of(&metadata))
}

/// An error of the system as people say it, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text).to_lowercase()
}

impl Inode {
    /// Which file it is.
    pub fn of(metadata: &Metadata) -> Self {
        Self { dev: metadata.dev(), ino: metadata.ino() }
    }
}

impl Look {
    fn of(metadata: &Metadata) -> Self {
        let kind = metadata.file_type();
        if kind.is_file() {
            Self::File(Inode::of(metadata), Stamp::of(metadata))
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
}

/// How coarse the times are that files bear: a write within it may leave the stamp as it was.
pub(super) const GRAIN: Duration = Duration::from_millis(20);

impl Stamp {
    /// Whether a change after now will show: the last one is older than the grain of the file system's clock. A time
    /// that lies ahead is another machine's, of which nothing is known.
    pub fn is_final(&self) -> bool {
        let (seconds, nanos) = self.changed;
        let since = Duration::new(u64::try_from(seconds).unwrap_or_default(), u32::try_from(nanos).unwrap_or_default());
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + since).map_or(true, |age| age > GRAIN)
    }

    /// What a file bears now.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Inode = Inode { dev: 1, ino: 10 };
    const B: Inode = Inode { dev: 1, ino: 11 };

    fn stamp(size: u64, second: i64) -> Stamp {
        Stamp { size, modified: (second, 0), changed: (second, 0) }
    }

    fn at(offset: u64, size: u64) -> Known {
        Known { id: A, offset, stamp: Some(stamp(size, 1)), packed: false }
    }

    #[test]
    fn decides() {
        let archive = Known { packed: true, ..at(5, 9) };
        let renamed = Stamp { changed: (2, 0), ..stamp(9, 1) };
        let cases = [
            ("not there at start", None, Look::Absent, Step::Wait("not there yet".into())),
            ("comes", None, Look::File(A, stamp(0, 1)), Step::Open),
            ("nothing new", Some(at(5, 5)), Look::File(A, stamp(5, 1)), Step::Rest),
            ("NULs not written yet", Some(at(5, 9)), Look::File(A, stamp(9, 1)), Step::Rest),
            ("appended", Some(at(5, 5)), Look::File(A, stamp(9, 2)), Step::Read),
            ("same size, other time", Some(at(5, 5)), Look::File(A, stamp(5, 2)), Step::Read),
            ("truncated", Some(at(5, 5)), Look::File(A, stamp(4, 2)), Step::Truncated),
            ("renamed and created", Some(at(5, 5)), Look::File(B, stamp(5, 1)), Step::Replace),
            ("deleted", Some(at(5, 5)), Look::Absent, Step::Leave),
            ("folder locked", Some(at(5, 5)), Look::Unreachable("no".into()), Step::Keep("no".into())),
            ("folder locked at start", None, Look::Unreachable("no".into()), Step::Wait("no".into())),
            ("a directory", Some(at(5, 5)), Look::Other("a directory"), Step::Wait("is a directory".into())),
            ("archive renamed", Some(archive), Look::File(A, renamed), Step::Rest),
            ("archive rewritten", Some(archive), Look::File(A, stamp(3, 2)), Step::Rewritten),
        ];
        for (case, known, look, step) in cases {
            assert_eq!(decide(known, &look), step, "{case}");
        }
    }
}
