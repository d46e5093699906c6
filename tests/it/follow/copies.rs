//! Copies of a log beside it: what is read of them, and what is not.

use super::*;
use std::{
    ffi::OsStr,
    io,
    sync::atomic::{AtomicU32, Ordering},
};
use thumbview::source::file::{
    access::SourceFile,
    follow::{
        observation::{FileStamp, FileStat, Inode, Observation},
        writers::Writers,
    },
};

fn copied_and_truncated_with_bytes_that_nobody_had_read() {
    let mut rig = Rig::new();
    append(&rig.log(), &line(1).repeat(9));
    rig.poll();
    append(&rig.log(), "unread\n");
    fs::copy(rig.log(), rig.path("vod.log.1")).unwrap();
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), "b1\n");
    rig.poll();
    assert_eq!(rig.lines().split_off(9), ["unread", "b1"]);
    assert!(rig.noticed("truncated to 0 bytes") && rig.noticed("7 unread bytes were taken from its copy"));
}

fn a_line_between_copying_and_truncating_doubles_nothing() {
    let mut rig = Rig::new();
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    append(&rig.log(), &lines(0..20));
    rig.poll();
    fs::copy(rig.log(), rig.path("vod.log.1")).unwrap();
    append(&rig.log(), &lines(20..22));
    rig.poll();
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), &lines(22..24));
    rig.poll();
    let expected = lines(0..24);
    assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
}

fn a_log_that_is_copied_before_it_was_read_is_read_once() {
    let mut rig = Rig::new();
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    append(&rig.log(), "");
    rig.poll();
    append(&rig.log(), &lines(0..20));
    append(&rig.path("vod.log.1"), &lines(0..7));
    rig.poll();
    append(&rig.path("vod.log.1"), &lines(7..20));
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), &lines(20..22));
    rig.poll();
    let expected = lines(0..22);
    assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
    assert!(!rig.noticed("may be lost"));
}

/// Waits until a file that is made now is younger than another; skips the test where the file system knows no births.
fn until_younger_than(file: &Path, folder: &Path) {
    let born = |path: &Path| fs::metadata(path).unwrap().created();
    let Ok(before) = born(file) else { skip("the file system knows no births") };
    loop {
        let new = tempfile::NamedTempFile::new_in(folder).unwrap();
        if born(new.path()).unwrap() > before {
            return;
        }
    }
}

fn a_copy_of_what_a_truncated_log_holds_now_is_no_missed_file() {
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    for new in [10, 40] {
        let mut rig = Rig::new();
        append(&rig.log(), &lines(0..20));
        rig.poll();
        let end = 20 + new;
        fs::write(rig.log(), lines(20..end)).unwrap();
        // The next rotation is copying by now.
        let (begin, rest) = (lines(20..27) + "line", lines(27..end).split_off(4));
        append(&rig.path("vod.log.1"), &begin);
        rig.poll();
        append(&rig.path("vod.log.1"), &rest);
        fs::write(rig.log(), "").unwrap();
        rig.poll();
        append(&rig.log(), &lines(end..end + 2));
        rig.poll();
        let expected = lines(0..end + 2);
        assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
        assert!(!rig.noticed("it is read, too"));
    }
}

fn a_younger_copy_of_a_log_that_has_the_name_since_is_no_missed_file() {
    let mut rig = Rig::new();
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    append(&rig.log(), &lines(0..20));
    rig.poll();
    fs::rename(rig.log(), rig.path("vod.log.1")).unwrap();
    append(&rig.log(), &lines(20..30));
    until_younger_than(&rig.log(), rig.folder.path());
    append(&rig.path("vod.log.2"), &lines(20..27));
    rig.poll();
    append(&rig.path("vod.log.2"), &lines(27..30));
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), &lines(30..32));
    rig.poll();
    let expected = lines(0..32);
    assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
    assert!(!rig.noticed("may be lost"));
}

fn a_log_that_was_away_is_copied_and_truncated_as_it_is_back() {
    let mut rig = Rig::new();
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    append(&rig.log(), &lines(0..10));
    rig.poll();
    fs::rename(rig.log(), rig.path("away")).unwrap();
    rig.poll();
    fs::rename(rig.path("away"), rig.log()).unwrap();
    append(&rig.log(), &lines(10..15));
    fs::copy(rig.log(), rig.path("vod.log.1")).unwrap();
    fs::write(rig.log(), lines(15..17)).unwrap();
    rig.poll();
    let expected = lines(0..17);
    assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
    assert!(!rig.noticed("may be lost"));
}

/// The files of this machine, of which a log is written to, copied and truncated at the second look at its folder.
#[derive(Debug)]
struct RotatedMeanwhile {
    log: PathBuf,
    looks: AtomicU32,
}

impl FileSystem for RotatedMeanwhile {
    fn observe(&self, path: &Path) -> io::Result<Observation> {
        LocalFiles.observe(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn SourceFile>> {
        LocalFiles.open(path)
    }

    fn is_link(&self, path: &Path) -> io::Result<bool> {
        LocalFiles.is_link(path)
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        LocalFiles.resolve(path)
    }

    fn folder_stamp(&self, folder: &Path) -> io::Result<Option<FileStamp>> {
        if self.looks.fetch_add(1, Ordering::Relaxed) == 1 {
            append(&self.log, &(21..40).map(line).collect::<String>());
            fs::copy(&self.log, self.log.with_added_extension("1")).unwrap();
            fs::write(&self.log, line(40)).unwrap();
        }
        LocalFiles.folder_stamp(folder)
    }

    fn beginning_with(&self, folder: &Path, name: &OsStr) -> io::Result<Vec<(PathBuf, FileStat)>> {
        LocalFiles.beginning_with(folder, name)
    }

    fn has_passed(&self, time: (i64, i64), age: Duration) -> bool {
        LocalFiles.has_passed(time, age)
    }

    fn writers_of(&self, id: Inode) -> Writers {
        LocalFiles.writers_of(id)
    }
}

fn a_log_that_is_rotated_as_its_first_line_was_read_is_read_once() {
    let mut rig = Rig::new();
    let files = Arc::new(RotatedMeanwhile { log: rig.log(), looks: AtomicU32::new(9) });
    rig.follower = Follower::on(Arc::clone(&files) as Arc<dyn FileSystem>, rig.log(), 0, Discovery::AtStart);
    append(&rig.log(), &(0..20).map(line).collect::<String>());
    rig.poll();
    fs::write(rig.log(), line(20)).unwrap();
    // Once before the line is read, and once after it.
    files.looks.store(0, Ordering::Relaxed);
    rig.poll();
    rig.poll();
    let expected: String = (0..41).map(line).collect();
    assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
    assert!(!rig.noticed("it is read, too"));
}

fn a_rotated_file_that_is_rewritten_is_told() {
    let mut rig = Rig::new();
    append(&rig.log(), &line(1).repeat(9));
    rig.poll();
    fs::rename(rig.log(), rig.path("old")).unwrap();
    rig.poll();
    fs::write(rig.path("old"), "").unwrap();
    rig.poll();
    assert!(rig.noticed("rewritten meanwhile; lines written since the last look may be lost"));
    assert_eq!(rig.record.ended, BTreeSet::from([0]));
}

crate::tests! {
    copied_and_truncated_with_bytes_that_nobody_had_read,
    a_line_between_copying_and_truncating_doubles_nothing,
    a_log_that_is_copied_before_it_was_read_is_read_once,
    a_copy_of_what_a_truncated_log_holds_now_is_no_missed_file,
    a_younger_copy_of_a_log_that_has_the_name_since_is_no_missed_file,
    a_log_that_was_away_is_copied_and_truncated_as_it_is_back,
    a_log_that_is_rotated_as_its_first_line_was_read_is_read_once,
    a_rotated_file_that_is_rewritten_is_told,
}
