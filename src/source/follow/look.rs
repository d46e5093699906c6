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
pub struct FileStamp {
    /// Size in bytes.
    pub size: u64,
    /// Last write, in seconds and nanoseconds.
    pub modified: (i64, i64),
    /// Last change of anything about it.
    pub changed: (i64, i64),
}

/// What a look at a name showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// A regular file.
    File(Inode, FileStamp),
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
    pub stamp: Option<FileStamp>,
    /// Whether it is an archive, which is read as a whole or not at all.
    pub packed: bool,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowStep {
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
pub fn decide(known: Option<Known>, look: &Observation) -> FollowStep {
    match (known, look) {
        (None, Observation::File(..)) => FollowStep::Open,
        (None, Observation::Absent) => FollowStep::Wait("not there yet".into()),
        (None, Observation::Unreachable(why)) => FollowStep::Wait(why.clone()),
        (_, Observation::Other(what)) => FollowStep::Wait(format!("is {what}")),
        (Some(_), Observation::Absent) => FollowStep::Leave,
        (Some(_), Observation::Unreachable(why)) => FollowStep::Keep(why.clone()),
        (Some(known), Observation::File(id, _)) if known.id != *id => FollowStep::Replace,
        (Some(known), Observation::File(_, stamp)) if known.stamp == Some(*stamp) => FollowStep::Rest,
        (Some(known), Observation::File(_, stamp)) if known.packed => {
            let same = |old: FileStamp| (old.size, old.modified) == (stamp.size, stamp.modified);
            if known.stamp.is_some_and(same) { FollowStep::Rest } else { FollowStep::Rewritten }
        }
        (Some(known), Observation::File(_, stamp)) if stamp.size < known.offset => FollowStep::Truncated,
        (Some(_), Observation::File(..)) => FollowStep::Read,
    }
}

/// Looks at a name, through symbolic links.
pub fn look(path: &Path) -> Observation {
    match std::fs::metadata(path) {
        Ok(metadata) => Observation::of(&metadata),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Observation::Absent
        }
        Err(error) => Observation::Unreachable(reason(&error)),
    }
}

/// Looks at an open file.
pub fn look_at(file: &File) -> io::Result<Observation> {
    file.metadata().map(|metadata| Observation::of(&metadata))
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
}

/// How coarse the times are that files bear: a write within it may leave the stamp as it was.
pub(super) const GRAIN: Duration = Duration::from_millis(20);

impl FileStamp {
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

    fn stamp(size: u64, second: i64) -> FileStamp {
        FileStamp { size, modified: (second, 0), changed: (second, 0) }
    }

    fn at(offset: u64, size: u64) -> Known {
        Known { id: A, offset, stamp: Some(stamp(size, 1)), packed: false }
    }

    #[test]
    fn decides() {
        let archive = Known { packed: true, ..at(5, 9) };
        let renamed = FileStamp { changed: (2, 0), ..stamp(9, 1) };
        let cases = [
            ("not there at start", None, Observation::Absent, FollowStep::Wait("not there yet".into())),
            ("comes", None, Observation::File(A, stamp(0, 1)), FollowStep::Open),
            ("nothing new", Some(at(5, 5)), Observation::File(A, stamp(5, 1)), FollowStep::Rest),
            ("NULs not written yet", Some(at(5, 9)), Observation::File(A, stamp(9, 1)), FollowStep::Rest),
            ("appended", Some(at(5, 5)), Observation::File(A, stamp(9, 2)), FollowStep::Read),
            ("same size, other time", Some(at(5, 5)), Observation::File(A, stamp(5, 2)), FollowStep::Read),
            ("truncated", Some(at(5, 5)), Observation::File(A, stamp(4, 2)), FollowStep::Truncated),
            ("renamed and created", Some(at(5, 5)), Observation::File(B, stamp(5, 1)), FollowStep::Replace),
            ("deleted", Some(at(5, 5)), Observation::Absent, FollowStep::Leave),
            ("folder locked", Some(at(5, 5)), Observation::Unreachable("no".into()), FollowStep::Keep("no".into())),
            ("folder locked at start", None, Observation::Unreachable("no".into()), FollowStep::Wait("no".into())),
            (
                "a directory",
                Some(at(5, 5)),
                Observation::Other("a directory"),
                FollowStep::Wait("is a directory".into()),
            ),
            ("archive renamed", Some(archive), Observation::File(A, renamed), FollowStep::Rest),
            ("archive rewritten", Some(archive), Observation::File(A, stamp(3, 2)), FollowStep::Rewritten),
        ];
        for (case, known, look, step) in cases {
            assert_eq!(decide(known, &look), step, "{case}");
        }
    }
}
