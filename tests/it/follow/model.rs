//! The follower against a model: whatever is done to a log, each line comes out exactly once.
//!
//! An interpreter of file system actions draws what a night of log rotation does, runs it on real files under a clock
//! of its own, and keeps what must come out. A line may be lost only where its bytes were destroyed before any look.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

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
struct ContentChange {
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
    content: ContentChange,
    /// When it last grew, once the follower has seen that the name is gone.
    grown: Option<Duration>,
}

struct Model {
    rig: Rig,
    current: Option<ContentChange>,
    linked: bool,
    renamed: Option<Renamed>,
    files: u32,
    written: u32,
    /// Lines that must come out.
    due: BTreeSet<u32>,
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
    fn text(content: &mut ContentChange, written: &mut u32, count: u8) -> String {
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
    fn keep(&mut self, content: &ContentChange) {
        self.due.extend(&content.unseen);
    }

    /// The file has lost its name for good; what the follower has open is read all the same.
    fn unlink(&mut self, content: &ContentChange) {
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
                let (new, mut content) = (self.fresh("new"), ContentChange::default());
                append(&new, &Self::text(&mut content, &mut self.written, 2));
                fs::rename(new, log).unwrap();
                self.current = Some(content);
            }
            Action::Symlink => {
                self.remove(false);
                let (target, mut content) = (self.fresh("target"), ContentChange::default());
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
        self.current = Some(ContentChange { held, ..ContentChange::default() });
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
        let content = ContentChange { unseen: Vec::new(), ..content };
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
        let kept = &self.rig.record;
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
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    fn each_line_comes_out_once(actions in prop::collection::vec(action(), 0..40)) {
        let mut model = Model::new();
        for action in actions {
            model.act(action);
        }
        model.check()?;
    }
}

/// The same over other files, in fewer cases: each look is several processes there.
pub(super) fn each_line_comes_out_once_over(files: &Arc<dyn FileSystem>, cases: u32) {
    OVER.set(Some(Arc::clone(files)));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let run = |actions: Vec<Action>| {
        let mut model = Model::new();
        for action in actions {
            model.act(action);
        }
        model.check()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner.run(&prop::collection::vec(action(), 0..40), run).unwrap();
}

crate::tests! {
    each_line_comes_out_once,
}
