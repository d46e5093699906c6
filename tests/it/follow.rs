//! Following a log through anything: case by case, against a model, and by the real program.

mod cases;
mod lost_links;
mod model;
mod program;
mod remote;
mod screen;
pub(crate) mod writer;

use crate::{
    harness::{Test, skip},
    support,
};
use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use thumbview::{
    event::Health,
    event::Severity,
    source::{
        Stopped,
        file::{
            access::FileSystem,
            follow::{Discovery, FollowContext, Follower, GRACE, GRACE_DELETED, PollOutcome, history::ReadHistory},
            local::LocalFiles,
        },
        lines::SplitLine,
        sink::{Beginning, ContentChange, Sink},
    },
};

/// The lines and reports of a follower.
#[derive(Debug, Default)]
struct Record {
    lines: Vec<(u16, String)>,
    notices: Vec<String>,
    health: Option<Health>,
    incomplete: Option<String>,
    ended: BTreeSet<u16>,
    /// The generations whose content replaced another, and its beginning.
    rewritten: Vec<(u16, String)>,
}

impl Sink for Record {
    fn begin(&mut self, generation: u16, beginning: Beginning) -> Result<(), Stopped> {
        if let ContentChange::Rewritten { beginning } = beginning.content {
            self.rewritten.push((generation, String::from_utf8_lossy(&beginning).into_owned()));
        }
        Ok(())
    }

    fn lines(&mut self, generation: u16, lines: SplitLine<'_>) -> Result<(), Stopped> {
        let text = match lines {
            SplitLine::Whole { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
            SplitLine::Overlong { len, .. } => format!("overlong line of {len} bytes\n"),
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

    fn notice(&mut self, _: Severity, text: String) -> Result<(), Stopped> {
        self.notices.push(text);
        Ok(())
    }

    fn health(&mut self, health: Health) -> Result<(), Stopped> {
        self.health = Some(health);
        Ok(())
    }
}

thread_local! {
    /// The files that the followers of this thread look at; without any, those of this machine.
    static OVER: RefCell<Option<Arc<dyn FileSystem>>> = const { RefCell::new(None) };
}

/// Follows a file by the files of this thread.
fn follower(path: PathBuf, rank: u16, discovery: Discovery) -> Follower {
    let files = OVER.with_borrow(Clone::clone).unwrap_or_else(|| Arc::new(LocalFiles));
    Follower::on(files, path, rank, discovery)
}

/// A follower, its clock, and the folder that it looks at.
struct Rig {
    folder: tempfile::TempDir,
    follower: Follower,
    history: ReadHistory,
    record: Record,
    now: Duration,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let follower = follower(folder.path().join("vod.log"), 0, Discovery::AtStart);
        Self { folder, follower, history: ReadHistory::default(), record: Record::default(), now: Duration::ZERO }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.path("vod.log")
    }

    fn poll(&mut self) {
        self.now += Duration::from_millis(250);
        loop {
            let mut context = FollowContext { now: self.now, history: &mut self.history, sink: &mut self.record };
            if self.follower.poll(&mut context).unwrap() == PollOutcome::Idle {
                return;
            }
        }
    }

    fn pause(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn lines(&self) -> Vec<&str> {
        self.record.lines.iter().map(|(_, line)| line.as_str()).collect()
    }

    fn noticed(&self, word: &str) -> bool {
        self.record.notices.iter().any(|notice| notice.contains(word))
    }
}

fn append(path: &Path, text: &str) {
    File::options().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Fixed width, so that sizes repeat; wide enough for anchors to matter.
fn line(number: u32) -> String {
    format!("line-{number:06}-{};\n", "x".repeat(60))
}

pub(crate) fn tests() -> Vec<Test> {
    [cases::tests(), lost_links::tests(), model::tests(), program::tests(), remote::all_tests(), screen::tests()]
        .into_iter()
        .flatten()
        .collect()
}
