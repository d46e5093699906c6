//! The journal: the file that holds every callback that was answered with 200.
//!
//! [`Journal::append`] returns only once the bytes are on disk, and leaves no part of them where that fails. The file
//! is locked while it is open; it is opened by name again when another program has renamed it, as logrotate does.

mod scan;

pub(super) use scan::JournalContent;

use super::error::JournalError;
use rustix::fs::OFlags;
use scan::Scan;
use std::{
    fs::{self, File, Metadata, OpenOptions, TryLockError},
    io::{self, BufReader, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// The attempts to open a file whose name goes to another file meanwhile.
const OPEN_ATTEMPTS: usize = 16;

/// An open journal.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// The size after the last append.
    end: u64,
    /// A part of a line that could not be cut stands at the end.
    tail: Tail,
}

/// The end of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    Whole,
    /// Everything from this byte on is to be cut before anything is appended.
    Damaged(u64),
}

/// The change that another program has made to a journal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Disturbance {
    /// Nothing.
    None,
    /// It took the name away; the name now stands for a new journal with this content.
    Renamed(JournalContent),
    /// It cut the file.
    Truncated,
}

/// A journal that was opened.
#[derive(Debug)]
pub(super) struct OpenedJournal {
    pub(super) journal: Journal,
    pub(super) content: JournalContent,
    /// The bytes at its end that were cut.
    pub(super) cut: u64,
}

impl Journal {
    /// Opens or creates a journal, and cuts it back to its last whole line.
    pub(super) fn open(path: &Path) -> Result<OpenedJournal, JournalError> {
        let file = open_locked(path)?;
        let failed = |error| JournalError::unusable(path, error);
        let content = match scan::scan(BufReader::with_capacity(1 << 20, &file)).map_err(failed)? {
            Scan::Journal(content) => content,
            Scan::Foreign(line) => return Err(JournalError::foreign(path, line)),
        };
        let size = file.metadata().map_err(failed)?.len();
        let cut = size.saturating_sub(content.whole);
        if cut > 0 {
            file.set_len(content.whole).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        sync_folder(path).map_err(failed)?;
        let journal = Self { path: path.to_owned(), file, end: content.whole, tail: Tail::Whole };
        Ok(OpenedJournal { journal, content, cut })
    }

    /// Looks whether another program has renamed or cut the file, and goes on with the file that has the name.
    pub(super) fn follow_name(&mut self) -> Result<Disturbance, JournalError> {
        let own = self.file.metadata().map_err(|error| JournalError::unusable(&self.path, error))?;
        if fs::metadata(&self.path).is_ok_and(|named| is_same(&named, &own)) {
            if own.len() < self.end {
                self.end = own.len();
                return Ok(Disturbance::Truncated);
            }
            return Ok(Disturbance::None);
        }
        let opened = Self::open(&self.path)?;
        *self = opened.journal;
        Ok(Disturbance::Renamed(opened.content))
    }

    /// Appends whole lines and waits until they are on disk. Where that fails, nothing of them stays in the file.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if let Tail::Damaged(whole) = self.tail {
            self.cut(whole)?;
        }
        let start = self.file.metadata()?.len();
        if let Err(error) = self.file.write_all(lines).and_then(|()| self.file.sync_data()) {
            // A failure to cut is seen again by the next append.
            drop(self.cut(start));
            return Err(error);
        }
        self.end = start + lines.len() as u64;
        Ok(())
    }

    /// Returns whether the file was deleted, so that what was appended is lost.
    pub(super) fn is_deleted(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    fn cut(&mut self, whole: u64) -> io::Result<()> {
        self.tail = Tail::Damaged(whole);
        if self.file.metadata()?.len() > whole {
            self.file.set_len(whole)?;
            self.file.sync_data()?;
        }
        self.tail = Tail::Whole;
        Ok(())
    }
}

/// Opens a file for appending and locks it.
fn open_locked(path: &Path) -> Result<File, JournalError> {
    let failed = |error| JournalError::unusable(path, error);
    // Opening a FIFO then fails or returns, so that it can be refused.
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    for _ in 0..OPEN_ATTEMPTS {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o600).custom_flags(flags);
        let mut file = options.open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(JournalError::not_a_file(path));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::locked(path)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // It may have been renamed before it was locked.
        if fs::metadata(path).is_ok_and(|named| is_same(&named, &metadata)) {
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            return Ok(file);
        }
    }
    Err(failed(io::Error::other("its name goes to another file again and again")))
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Has the name of a new file survive a power failure.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems have nothing to do here, and some folders may be entered but not read.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::PermissionDenied) => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "{\"time\":\"2026-03-14T01:15:02Z\",\"from\":\"10.0.0.7\",\"kind\":\"mfs\",\"body\":\"{}\"}\n";

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vod.journal");
        (folder, path)
    }

    fn open(path: &Path) -> Result<(Journal, u64, u64), String> {
        let opened = Journal::open(path).map_err(|error| error.in_full())?;
        Ok((opened.journal, opened.content.lines, opened.cut))
    }

    #[test]
    fn a_journal_is_cut_back_to_its_last_whole_line() {
        let (_folder, path) = folder();
        fs::write(&path, [LINE.as_bytes(), LINE.as_bytes(), &LINE.as_bytes()[..30]].concat()).unwrap();
        let (mut journal, lines, cut) = open(&path).unwrap();
        assert_eq!((lines, cut), (2, 30));
        journal.append(LINE.as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), LINE.repeat(3));
    }

    #[test]
    fn a_file_of_another_program_is_refused_and_left_as_it_is() {
        let (folder, path) = folder();
        for text in ["by hand", "2026-03-14 INFO started\nhalf a li"] {
            fs::write(&path, text).unwrap();
            let refused = open(&path).unwrap_err();
            assert!(refused.contains("vod.journal is not a journal of listen: line 1"), "{refused}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let refused = open(folder.path()).unwrap_err();
        assert!(refused.contains("directory"), "{refused}");
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let refused = open(&pipe).unwrap_err();
        assert!(refused.contains("pipe is not a file"), "{refused}");
    }

    #[test]
    fn a_second_one_is_refused_while_the_first_is_open() {
        let (_folder, path) = folder();
        let first = open(&path).unwrap();
        let refused = open(&path).unwrap_err();
        assert!(refused.contains("is in use by another listen"), "{refused}");
        drop(first);
        assert!(open(&path).is_ok());
    }

    #[test]
    fn a_renamed_journal_is_left_for_a_new_one() {
        let (folder, path) = folder();
        let (mut journal, ..) = open(&path).unwrap();
        journal.append(LINE.as_bytes()).unwrap();
        assert_eq!(journal.follow_name().unwrap(), Disturbance::None);
        fs::rename(&path, folder.path().join("vod.journal.1")).unwrap();
        assert_eq!(journal.follow_name().unwrap(), Disturbance::Renamed(JournalContent::default()));
        journal.append(LINE.repeat(2).as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("vod.journal.1")).unwrap(), LINE);
        assert_eq!(fs::read_to_string(&path).unwrap(), LINE.repeat(2));
        fs::remove_file(&path).unwrap();
        assert!(journal.is_deleted());
        assert_eq!(journal.follow_name().unwrap(), Disturbance::Renamed(JournalContent::default()));
        assert!(!journal.is_deleted());
    }

    #[test]
    fn a_truncated_journal_is_noticed() {
        let (_folder, path) = folder();
        let (mut journal, ..) = open(&path).unwrap();
        journal.append(LINE.repeat(2).as_bytes()).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
        assert_eq!(journal.follow_name().unwrap(), Disturbance::Truncated);
        assert_eq!(journal.follow_name().unwrap(), Disturbance::None);
        journal.append(LINE.as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), LINE);
    }
}
