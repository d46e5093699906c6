//! The follower against a model: whatever is done to a log, each line comes out exactly once.
//!
//! An interpreter of file system actions draws what a night of log rotation does, runs it on real files under a clock
//! of its own, and keeps what must come out. A line may be lost only where its bytes were destroyed before any look.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};
use thumbview::{
    event::Health,
    source::{
        Stopped,
        follow::{Follower, Found, GRACE, Pace, Sink, anchor::Taken},
        lines::Piece,
    },
};

/// Keeps what a follower says.
#[derive(Debug, Default)]
struct Kept {
    lines: Vec<(u16, String)>,
    notices: Vec<String>,
    health: Option<Health>,
    incomplete: Option<String>,
    ended: BTreeSet<u16>,
}

impl Sink for Kept {
    fn begin(&mut self, _generation: u16, _size: Option<u64>, _modified: i64) -> Result<(), Stopped> {
        Ok(())
    }

    fn piece(&mut self, generation: u16, piece: Piece<'_>) -> Result<(), Stopped> {
        let text = match piece {
            Piece::Whole { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
            Piece::Overlong { len, .. } => format!("overlong line of {len} bytes\n"),
        };
        assert!(!self.ended.contains(&generation), "lines after the end of generation {generation}");
        self.lines.extend(text.trim_start_matches('\0').lines().map(|line| (generation, line.to_owned())));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        Ok(())
    }

    fn end(&mut self, generation: u16) -> Result<(), Stopped> {
        assert!(self.ended.insert(generation), "generation {generation} ends once");
        Ok(())
    }

    fn incomplete(&mut self, head: Option<&[u8]>) -> Result<(), Stopped> {
        self.incomplete = head.map(|head| String::from_utf8_lossy(head).into_owned());
        Ok(())
    }

    fn notice(&mut self, text: String) -> Result<(), Stopped> {
        self.notices.push(text);
        Ok(())
    }

    fn health(&mut self, health: Health) -> Result<(), Stopped> {
        self.health = Some(health);
        Ok(())
    }
}

/// A follower, its clock, and the folder that it looks at.
struct Rig {
    folder: tempfile::TempDir,
    follower: Follower,
    taken: Taken,
    kept: Kept,
    now: Duration,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let follower = Follower::new(folder.path().join("vod.log"), 0, Found::AtStart);
        Self { folder, follower, taken: Taken::default(), kept: Kept::default(), now: Duration::ZERO }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.path("vod.log")
    }

    fn poll(&mut self) {
        self.now += Duration::from_millis(250);
        while self.follower.poll(self.now, &mut self.taken, &mut self.kept).unwrap() == Pace::More {}
    }

    fn pause(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn lines(&self) -> Vec<&str> {
        self.kept.lines.iter().map(|(_, line)| line.as_str()).collect()
    }

    fn noticed(&self, word: &str) -> bool {
        self.kept.notices.iter().any(|notice| notice.contains(word))
    }
}

fn append(path: &Path, text: &str) {
    File::options().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn renamed_with_late_writers_and_created_anew() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\na2\n");
    rig.poll();
    fs::rename(rig.log(), rig.path("old")).unwrap();
    append(&rig.path("old"), "a3\n");
    append(&rig.log(), "b1\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "a3", "b1"]);
    rig.pause(3);
    append(&rig.path("old"), "a4\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "a3", "b1", "a4"]);
    rig.pause(5);
    rig.poll();
    assert_eq!(rig.kept.ended, BTreeSet::from([0]), "the old file is let go");
    assert!(rig.noticed("rotated"));
}

#[test]
fn renamed_over() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    append(&rig.log(), "a2\n");
    append(&rig.path("new"), "b1\n");
    fs::rename(rig.path("new"), rig.log()).unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "b1"]);
}

#[test]
fn truncated_and_grown_past_the_old_size() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::write(rig.log(), "b1\nb2\nb3\n").unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1", "b2", "b3"]);
    assert!(rig.noticed("rewritten in place; reading from its beginning; what was written since"));
}

#[test]
fn rewritten_to_the_same_size() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::write(rig.log(), "b1\n").unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1"]);
    assert!(rig.noticed("rewritten"));
}

#[test]
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

#[test]
fn a_writer_that_does_not_append_leaves_a_hole_after_the_truncation() {
    let mut rig = Rig::new();
    let mut writer = File::create(rig.log()).unwrap();
    writer.write_all(b"a1\na2\n").unwrap();
    rig.poll();
    File::options().write(true).open(rig.log()).unwrap().set_len(0).unwrap();
    writer.write_all(b"b1\n").unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "b1"]);
}

#[test]
fn a_link_is_switched() {
    let mut rig = Rig::new();
    let link = |rig: &Rig, target: &str| {
        std::os::unix::fs::symlink(rig.path(target), rig.path("link")).unwrap();
        fs::rename(rig.path("link"), rig.log()).unwrap();
    };
    append(&rig.path("one"), "a1\n");
    link(&rig, "one");
    rig.poll();
    append(&rig.path("one"), "a2\n");
    append(&rig.path("two"), "b1\n");
    link(&rig, "two");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "b1"]);
    assert!(rig.noticed("the link points to another file"));
}

#[test]
fn deleted_and_made_again_and_the_descriptor_is_let_go() {
    let mut rig = Rig::new();
    rig.poll();
    assert!(matches!(&rig.kept.health, Some(Health::Waiting(why)) if why.as_str() == "not there yet"));
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::remove_file(rig.log()).unwrap();
    rig.poll();
    assert!(matches!(&rig.kept.health, Some(Health::Waiting(why)) if why.as_str() == "gone"));
    rig.pause(5);
    rig.poll();
    let fds = fs::read_dir("/proc/self/fd").into_iter().flatten().filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
    let held: Vec<PathBuf> = fds.filter(|target| target.starts_with(rig.folder.path())).collect();
    assert_eq!(held, Vec::<PathBuf>::new());
    append(&rig.log(), "b1\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1"]);
    assert_eq!(rig.kept.health, Some(Health::Live));
}

#[test]
fn an_inode_that_is_reused_is_another_file() {
    let mut rig = Rig::new();
    let inode = |rig: &Rig| std::os::unix::fs::MetadataExt::ino(&fs::metadata(rig.log()).unwrap());
    append(&rig.log(), "head\na1\n");
    rig.poll();
    let before = inode(&rig);
    fs::remove_file(rig.log()).unwrap();
    rig.poll();
    rig.pause(6);
    rig.poll();
    for _ in 0..100 {
        append(&rig.log(), "head\nb1\nb2\n");
        if inode(&rig) == before {
            rig.poll();
            assert_eq!(rig.lines(), ["head", "a1", "head", "b1", "b2"]);
            return;
        }
        fs::remove_file(rig.log()).unwrap();
    }
    eprintln!("skipped: this file system did not reuse the inode");
}

#[test]
fn a_file_that_comes_back_goes_on_where_it_was() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::rename(rig.log(), rig.path("away")).unwrap();
    rig.poll();
    rig.pause(6);
    rig.poll();
    append(&rig.path("away"), "a2\n");
    fs::rename(rig.path("away"), rig.log()).unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2"]);
}

#[test]
fn the_folder_goes_and_comes_back() {
    let mut rig = Rig::new();
    let folder = rig.path("sub");
    rig.follower = Follower::new(folder.join("vod.log"), 0, Found::AtStart);
    rig.poll();
    fs::create_dir(&folder).unwrap();
    append(&folder.join("vod.log"), "a1\n");
    rig.poll();
    fs::remove_dir_all(&folder).unwrap();
    rig.poll();
    fs::create_dir(&folder).unwrap();
    append(&folder.join("vod.log"), "b1\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1"]);
}

#[test]
fn a_partial_last_line_waits_is_shown_and_is_one_line() {
    let mut rig = Rig::new();
    for byte in "é is\none\nline".as_bytes().iter().chain(b" only").map(std::slice::from_ref) {
        File::options().append(true).create(true).open(rig.log()).unwrap().write_all(byte).unwrap();
        rig.poll();
    }
    assert_eq!(rig.lines(), ["é is", "one"]);
    assert_eq!(rig.kept.incomplete, None);
    rig.pause(5);
    rig.poll();
    assert_eq!(rig.kept.incomplete.as_deref(), Some("line only"));
    append(&rig.log(), "\n");
    rig.poll();
    assert_eq!(rig.kept.incomplete, None);
    assert_eq!(rig.lines(), ["é is", "one", "line only"]);
}

#[test]
fn nuls_at_the_end_are_not_written_yet() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    let file = File::options().write(true).open(rig.log()).unwrap();
    file.set_len(4 << 20).unwrap();
    rig.poll();
    std::os::unix::fs::FileExt::write_all_at(&file, b"a2\na3", 3).unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2"]);
    std::os::unix::fs::FileExt::write_all_at(&file, b"\n", 8).unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "a3"]);
}

#[test]
fn a_huge_line_ends_and_the_next_one_is_read() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    let block = "x".repeat(1 << 20);
    for _ in 0..20 {
        append(&rig.log(), &block);
        rig.poll();
    }
    append(&rig.log(), "\na2\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "overlong line of 20971520 bytes", "a2"]);
}

#[test]
fn utf16_is_told() {
    let mut rig = Rig::new();
    fs::write(rig.log(), b"\xff\xfea\0\n\0").unwrap();
    rig.poll();
    assert!(rig.noticed("UTF-16"));
}

#[test]
fn two_names_of_one_file_are_read_once() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::hard_link(rig.log(), rig.path("other")).unwrap();
    let mut other = Follower::new(rig.path("other"), 1, Found::Later);
    let mut kept = Kept::default();
    other.poll(rig.now, &mut rig.taken, &mut kept).unwrap();
    assert_eq!(kept.lines, []);
    assert!(kept.notices.iter().any(|notice| notice.contains("under another name")));
}

#[test]
fn permission_is_lost_and_regained() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: permissions do not bind the superuser");
        return;
    }
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::rename(rig.log(), rig.path("vod.log.1")).unwrap();
    append(&rig.log(), "b1\n");
    fs::set_permissions(rig.log(), fs::Permissions::from_mode(0o0)).unwrap();
    rig.poll();
    assert!(matches!(&rig.kept.health, Some(Health::Waiting(why)) if why.as_str() == "permission denied"));
    fs::set_permissions(rig.log(), fs::Permissions::from_mode(0o600)).unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1"]);
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Write(u8),
    Partial,
    LateWrite,
    Rename,
    RenameOver,
    CopyTruncate,
    Truncate,
    Rewrite(u8),
    Delete,
    Symlink,
    Pause(u8),
    Poll,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => (1u8..5).prop_map(Action::Write),
        2 => Just(Action::Partial),
        2 => Just(Action::LateWrite),
        2 => Just(Action::Rename),
        1 => Just(Action::RenameOver),
        2 => Just(Action::CopyTruncate),
        1 => Just(Action::Truncate),
        1 => (1u8..5).prop_map(Action::Rewrite),
        1 => Just(Action::Delete),
        1 => Just(Action::Symlink),
        2 => (0u8..7).prop_map(Action::Pause),
        8 => Just(Action::Poll),
    ]
}

/// What a file holds, as far as the model knows.
#[derive(Debug, Default)]
struct Content {
    /// Whole lines that no look has seen yet.
    unseen: Vec<u32>,
    /// The line whose head alone is written.
    partial: Option<u32>,
    /// Whether a look found the log's name on it, so that the follower has it open.
    held: bool,
}

/// A file that was renamed away while its writer may go on.
#[derive(Debug)]
struct Renamed {
    path: PathBuf,
    content: Content,
    /// When it last grew, once the follower has seen that the name is gone.
    grown: Option<Duration>,
}

struct Model {
    rig: Rig,
    current: Option<Content>,
    linked: bool,
    renamed: Option<Renamed>,
    files: u32,
    written: u32,
    /// Lines that must come out.
    due: BTreeSet<u32>,
}

/// Fixed width, so that sizes repeat; wide enough for anchors to matter.
fn line(number: u32) -> String {
    format!("line-{number:06}-{};\n", "x".repeat(60))
}

impl Model {
    fn new() -> Self {
        let due = BTreeSet::new();
        let mut rig = Rig::new();
        rig.poll();
        Self { rig, current: None, linked: false, renamed: None, files: 0, written: 0, due }
    }

    fn fresh(&mut self, kind: &str) -> PathBuf {
        self.files += 1;
        self.rig.path(&format!("{kind}{}", self.files))
    }

    /// Text of `count` new lines, after the rest of one that was begun.
    fn text(content: &mut Content, written: &mut u32, count: u8) -> String {
        let mut text = String::new();
        if let Some(number) = content.partial.take() {
            text.push_str(line(number).split_at(20).1);
            content.unseen.push(number);
        }
        for _ in 0..count {
            *written += 1;
            text.push_str(&line(*written));
            content.unseen.push(*written);
        }
        text
    }

    /// Whole lines that will come out although the name has moved on.
    fn keep(&mut self, content: &Content) {
        self.due.extend(&content.unseen);
    }

    /// The file has lost its name for good; what the follower has open is read all the same.
    fn unlink(&mut self, content: &Content) {
        if content.held {
            self.keep(content);
        }
    }

    fn act(&mut self, action: Action) {
        let log = self.rig.log();
        match action {
            Action::Write(count) => {
                let content = self.current.get_or_insert_default();
                append(&log, &Self::text(content, &mut self.written, count));
            }
            Action::Partial => {
                let content = self.current.get_or_insert_default();
                if content.partial.is_none() {
                    self.written += 1;
                    content.partial = Some(self.written);
                    append(&log, line(self.written).split_at(20).0);
                }
            }
            Action::LateWrite => {
                if let Some(late) = &mut self.renamed {
                    append(&late.path, &Self::text(&mut late.content, &mut self.written, 1));
                }
            }
            Action::Rename => self.rename(),
            Action::RenameOver => {
                self.remove(false);
                let (new, mut content) = (self.fresh("new"), Content::default());
                append(&new, &Self::text(&mut content, &mut self.written, 2));
                fs::rename(new, log).unwrap();
                self.current = Some(content);
            }
            Action::Symlink => {
                self.remove(false);
                let (target, mut content) = (self.fresh("target"), Content::default());
                append(&target, &Self::text(&mut content, &mut self.written, 2));
                let link = self.fresh("link");
                std::os::unix::fs::symlink(target, &link).unwrap();
                fs::rename(link, log).unwrap();
                self.current = Some(content);
                self.linked = true;
            }
            Action::Delete => self.remove(true),
            Action::CopyTruncate => self.copy_and_truncate(),
            Action::Truncate => {
                if let Some(content) = self.current.take() {
                    self.truncate(content.held);
                }
            }
            Action::Rewrite(count) => {
                if let Some(content) = self.current.take() {
                    self.truncate(content.held);
                    self.act(Action::Write(count));
                }
            }
            Action::Pause(seconds) => self.rig.pause(seconds.into()),
            Action::Poll => self.poll(),
        }
    }

    fn copy_and_truncate(&mut self) {
        let Some(content) = self.current.take() else { return };
        // A linked file is copied beside its target, as its name says.
        let target = fs::canonicalize(self.rig.log()).unwrap().display().to_string();
        self.files += 1;
        fs::copy(self.rig.log(), format!("{target}.{}", self.files)).unwrap();
        // Where a link led that came and went between two looks, nobody can know.
        if !self.linked || content.held {
            self.keep(&content);
        }
        self.truncate(content.held);
    }

    fn truncate(&mut self, held: bool) {
        File::options().write(true).open(self.rig.log()).unwrap().set_len(0).unwrap();
        self.current = Some(Content { held, ..Content::default() });
    }

    fn rename(&mut self) {
        let Some(content) = self.current.take() else { return };
        let path = self.fresh("vod.log.");
        fs::rename(self.rig.log(), &path).unwrap();
        if std::mem::take(&mut self.linked) {
            self.unlink(&content);
            return;
        }
        self.keep(&content);
        if let Some(late) = self.renamed.take() {
            self.keep(&late.content);
        }
        let content = Content { unseen: Vec::new(), ..content };
        self.renamed = Some(Renamed { path, content, grown: None });
    }

    fn remove(&mut self, for_real: bool) {
        if let Some(content) = self.current.take() {
            self.unlink(&content);
            if for_real {
                fs::remove_file(self.rig.log()).unwrap();
            }
        }
        self.linked = false;
    }

    fn poll(&mut self) {
        self.rig.poll();
        if let Some(content) = &mut self.current {
            content.held = true;
            self.due.extend(content.unseen.drain(..));
        }
        let now = self.rig.now;
        if let Some(late) = &mut self.renamed {
            if late.grown.is_none() || !late.content.unseen.is_empty() {
                late.grown = Some(now);
            }
            self.due.extend(late.content.unseen.drain(..));
            // The follower goes by growth in bytes, so the model lets the writer end no later than it does.
            if late.grown.is_some_and(|grown| now.saturating_sub(grown) >= GRACE) {
                self.renamed = None;
            }
        }
    }

    fn check(mut self) -> Result<(), TestCaseError> {
        self.poll();
        self.rig.pause(6);
        self.poll();
        self.poll();
        let kept = &self.rig.kept;
        let mut times: BTreeMap<u32, u32> = BTreeMap::new();
        let mut last: BTreeMap<u16, u32> = BTreeMap::new();
        for (generation, text) in &kept.lines {
            let number: Option<u32> = text.get(5..11).and_then(|digits| digits.parse().ok());
            let whole = number.map(line).unwrap_or_default();
            if whole.trim_end() == text {
                let number = number.unwrap();
                *times.entry(number).or_default() += 1;
                let before = last.insert(*generation, number);
                prop_assert!(before < Some(number), "{number} after {before:?} in generation {generation}");
            } else {
                prop_assert!(whole.starts_with(text.as_str()), "a line that nobody wrote: {text:?}");
            }
        }
        let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
        prop_assert!(twice.is_empty(), "more than once: {twice:?}");
        let missing: Vec<_> = self.due.iter().filter(|number| !times.contains_key(number)).collect();
        prop_assert!(missing.is_empty(), "never came out: {missing:?}; notices {:#?}", kept.notices);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_line_comes_out_once(actions in prop::collection::vec(action(), 0..40)) {
        let mut model = Model::new();
        for action in actions {
            model.act(action);
        }
        model.check()?;
    }
}
