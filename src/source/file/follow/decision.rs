//! The step that follows from an observation of a name.
//!
//! [`decide`] is pure: it compares what is known of the file that is being read with what `stat` said of the name.
//! Sizes alone prove nothing: whatever changed is read through the anchor (see [`super::anchor`]), which detects whether
//! the bytes that were read are still there.

use crate::source::file::follow::observation::{FileStamp, Inode, Observation};

/// The state of the file that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its inode.
    pub id: Inode,
    /// The number of bytes that were read.
    pub offset: u64,
    /// Its stamp before it was last read to its end; `None` while there is more to read.
    pub stamp: Option<FileStamp>,
    /// Set for an archive, which is read as a whole or not at all.
    pub packed: bool,
}

/// The action that an observation calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowStep {
    /// Nothing has changed.
    Rest,
    /// Something may have been written: read on, if the anchor holds.
    Read,
    /// The same file has fewer bytes than were read: read from its beginning.
    Truncated,
    /// An archive was rewritten: read it again.
    Rewritten,
    /// The name stands for another file now: finish the old one, open the new one.
    Replace,
    /// A file appeared: open it.
    Open,
    /// The name is gone: finish the file, wait for a new one.
    Leave,
    /// The name cannot be looked at, for this reason, but the file is open: read on by its descriptor.
    Keep(String),
    /// Nothing can be read yet, for this reason.
    Wait(String),
}

/// Returns the action for an observation.
pub fn decide(known: Option<Known>, seen: &Observation) -> FollowStep {
    match (known, seen) {
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

/// Returns whether files may have had the name between this observation and the one before.
///
/// They did so at most where the name changed hands, or where nothing was read of its file, which may then have been
/// truncated without a trace.
pub(super) fn may_have_missed_files(known: Option<Known>, step: &FollowStep) -> bool {
    match step {
        FollowStep::Rest | FollowStep::Keep(_) => false,
        FollowStep::Read => known.is_some_and(|known| known.offset == 0),
        FollowStep::Truncated
        | FollowStep::Rewritten
        | FollowStep::Replace
        | FollowStep::Open
        | FollowStep::Leave
        | FollowStep::Wait(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Inode = Inode { dev: 1, ino: 10, born: None };
    const B: Inode = Inode { dev: 1, ino: 11, born: None };

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
