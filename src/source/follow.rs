//! Following a name through anything.
//!
//! A [`Follower`] reads what a name stands for, and goes on when that changes: renamed and created anew, copied and
//! truncated, rewritten, deleted, linked elsewhere, locked. `stat` is the truth and is asked at every
//! [`Follower::poll`]; whatever wakes the caller sooner is only that. It hands lines to a [`Sink`] and knows no events.
//! The invariant: a line that stood on disk at two looks comes out exactly once, and every restart or gap is a notice.

pub mod anchor;
pub mod look;
mod open_file;
pub(super) mod relatives;
mod retry;
mod sink;

use crate::{
    event::Health,
    source::{ReadError, Stopped, lines::Lines},
    text::Safe,
};
use anchor::{Anchor, ReadFile, ReadHistory};
use look::{FileStamp, FollowStep, Inode, Known, Observation, decide, look, look_at, reason};
use open_file::{OpenFile, ReadOutcome, RotatedFile, is_packed, is_settled, open_file};
use retry::Retry;
pub use sink::{Resume, Sink};
use std::{
    fs::File,
    num::NonZeroU32,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// How long a file that lost its name is read on for late writers.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long a last line may lack its newline before it is shown as incomplete.
pub const INCOMPLETE: Duration = Duration::from_secs(5);

/// How long a rotation is told beside the state of the name.
pub const MARKED: Duration = Duration::from_secs(30);

/// When a name was found, which tells whether its content may have been read under another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// At the start: two files with the same content are two logs.
    AtStart,
    /// Later: it may be a rotated log.
    Later,
}

/// Follows one name.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    rank: u16,
    found: Discovery,
    next_generation: u16,
    open: Option<OpenFile>,
    late: Vec<RotatedFile>,
    health: Option<Health>,
    /// What befell the name last, and when.
    mark: Option<(&'static str, Duration)>,
    retry: Retry,
    /// When the name was last looked at, by the clock that files bear.
    looked: Option<SystemTime>,
    /// Where the file lay that was opened last, through symbolic links.
    real: PathBuf,
    /// The stamps of the folders where rotated files may lie, when they were looked for last.
    folders: [Option<FileStamp>; 3],
    /// The incomplete last line: where it begins, since when, and whether it was shown.
    incomplete: Option<(u64, Duration, bool)>,
}

/// Whether there is more to read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollOutcome {
    /// All was read.
    Idle,
    /// Poll again without waiting.
    More,
}

impl Follower {
    /// Follows `path`; nothing is opened before the first poll.
    pub fn new(path: PathBuf, rank: u16, found: Discovery) -> Self {
        Self {
            real: path.clone(),
            path,
            rank,
            found,
            next_generation: 0,
            open: None,
            late: Vec::new(),
            health: None,
            mark: None,
            retry: Retry::default(),
            looked: None,
            folders: [None; 3],
            incomplete: None,
        }
    }

    /// The name that is followed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at the name, reads what is new. `now` is any clock that never goes back.
    pub fn poll(
        &mut self,
        now: Duration,
        taken: &mut ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<PollOutcome, Stopped> {
        self.poll_late(now, taken, sink)?;
        let looked = SystemTime::now();
        let seen = look(&self.path);
        if !self.retry.is_due(now, &seen) {
            sink.flush()?;
            return Ok(PollOutcome::Idle);
        }
        let result = self.step(seen.clone(), now, taken, sink);
        self.looked = Some(looked);
        sink.flush()?;
        match result {
            Ok(pace) => {
                self.retry.succeed();
                self.watch_incomplete(now, sink)?;
                Ok(pace)
            }
            Err(ReadError::Stopped) => Err(Stopped),
            Err(ReadError::Io(error)) => {
                self.retry.fail(now, seen);
                self.tell(Health::Waiting(Safe::new(&reason(&error))), sink)?;
                Ok(PollOutcome::Idle)
            }
        }
    }

    /// The last line as it stands now, whole or not, for a file that is read once.
    pub fn pending(&self) -> Option<(u16, Lines)> {
        self.open.as_ref().map(|open| (open.generation, open.lines.clone()))
    }

    /// Which generation is being read, and which file it is.
    pub fn reading(&self) -> Option<(u16, Inode)> {
        self.open.as_ref().map(|open| (open.generation, open.id))
    }

    fn step(
        &mut self,
        mut seen: Observation,
        now: Duration,
        taken: &mut ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<PollOutcome, ReadError> {
        let mut step = decide(self.known(), &seen);
        if let (FollowStep::Keep(why), Some(open)) = (&step, &self.open) {
            let why = Health::Waiting(Safe::new(&format!("{why}; the open file is read on")));
            seen = look_at(&open.file)?;
            step = decide(self.known(), &seen);
            self.tell(why, sink)?;
        } else if self.open.is_some() && matches!(seen, Observation::File(..)) {
            self.tell_live(now, sink)?;
        }
        let stamp = if let Observation::File(_, stamp) = seen { Some(stamp) } else { None };
        match step {
            FollowStep::Rest | FollowStep::Keep(_) => Ok(PollOutcome::Idle),
            FollowStep::Read => {
                // Of a file of which nothing was read, nothing tells that it was truncated.
                if self.known().is_some_and(|known| known.offset == 0) {
                    self.read_missed(None, now, taken, sink)?;
                    return self.read_first(stamp, now, taken, sink);
                }
                self.read(stamp, now, taken, sink)
            }
            FollowStep::Truncated => {
                let was = self.known().map_or(0, |known| known.offset);
                let size = stamp.map_or(0, |stamp| stamp.size);
                let why = format!("truncated to {size} bytes after {was} had been read");
                self.mark = Some(("truncated", now));
                self.restart(&why, now, taken, sink)
            }
            FollowStep::Rewritten => self.restart("written anew", now, taken, sink),
            FollowStep::Replace => {
                self.leave(now, taken, sink)?;
                let (mark, what) = if self.path.is_symlink() {
                    ("link switched", "the link points to another file now")
                } else {
                    ("rotated", "rotated")
                };
                self.mark = Some((mark, now));
                sink.notice(format!("{what}; the old file is read to its end, then the new one"))?;
                self.open(now, taken, sink)
            }
            FollowStep::Open => self.open(now, taken, sink),
            FollowStep::Leave => {
                self.leave(now, taken, sink)?;
                self.read_missed(None, now, taken, sink)?;
                sink.notice("gone; waiting for it to come back".into())?;
                self.tell(Health::Waiting(Safe::new("gone")), sink)?;
                Ok(PollOutcome::Idle)
            }
            FollowStep::Wait(why) => {
                self.leave(now, taken, sink)?;
                self.read_missed(None, now, taken, sink)?;
                if !matches!(&self.health, Some(Health::Waiting(old)) if old.as_str() == "gone" && seen == Observation::Absent)
                {
                    self.tell(Health::Waiting(Safe::new(&why)), sink)?;
                }
                Ok(PollOutcome::Idle)
            }
        }
    }

    fn known(&self) -> Option<Known> {
        self.open.as_ref().map(OpenFile::known)
    }

    fn tell(&mut self, health: Health, sink: &mut impl Sink) -> Result<(), Stopped> {
        if self.health.as_ref() != Some(&health) {
            self.health = Some(health.clone());
            sink.health(health)?;
        }
        Ok(())
    }

    fn tell_live(&mut self, now: Duration, sink: &mut impl Sink) -> Result<(), Stopped> {
        let mark = self.mark.filter(|(_, since)| now.saturating_sub(*since) < MARKED);
        self.tell(mark.map_or(Health::Live, |(mark, _)| Health::Marked(mark.into())), sink)
    }

    /// Opens what the name stands for, unless it is being read under another name. Only with the file in hand is it
    /// sure that whatever had the name before lies beside it by now.
    fn open(&mut self, now: Duration, taken: &mut ReadHistory, sink: &mut impl Sink) -> Result<PollOutcome, ReadError> {
        let opened = open_file(&self.path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        let id = opened.as_ref().ok().map(|(_, metadata)| Inode::of(metadata));
        self.read_missed(id, now, taken, sink)?;
        let (file, metadata) = opened?;
        if !metadata.is_file() {
            return Ok(PollOutcome::Idle);
        }
        let id = Inode::of(&metadata);
        if taken.is_held_beside(id, self.rank) {
            if !matches!(self.health, Some(Health::Live | Health::Marked(_))) {
                sink.notice("the same file is being read under another name".into())?;
            }
            self.tell_live(now, sink)?;
            return Ok(PollOutcome::Idle);
        }
        if self.found == Discovery::Later && is_packed(&file)? && !is_settled(&metadata) {
            return Ok(PollOutcome::Idle);
        }
        let waited = matches!(self.health, Some(Health::Waiting(_)));
        let known = if self.found == Discovery::Later { taken.find(&file, id)?.cloned() } else { None };
        self.found = Discovery::Later;
        if waited {
            sink.notice("is there now".into())?;
        }
        if let Some(known) = &known {
            let bytes = known.anchor.offset();
            sink.notice(format!("its first {bytes} bytes were read before; going on from there"))?;
        }
        self.real = relatives::resolved(&self.path);
        self.open = Some(self.start(file, known, taken, sink)?);
        self.tell_live(now, sink)?;
        self.read_first(Some(FileStamp::of(&metadata)), now, taken, sink)
    }

    /// Begins to read an open file: from its beginning, or from where it was left.
    fn start(
        &mut self,
        file: File,
        known: Option<ReadFile>,
        taken: &mut ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<OpenFile, ReadError> {
        let metadata = file.metadata()?;
        let generation = self.next_generation;
        self.next_generation = generation.wrapping_add(1);
        sink.begin(generation, Some(metadata.len()), metadata.mtime())?;
        let packed = is_packed(&file)?;
        let resume = match &known {
            Some(known) => Some(Resume { offset: known.anchor.offset(), line: known.line }),
            None if packed => None,
            None => sink.load(generation, &file, metadata.len())?,
        };
        let Resume { offset, line } = resume.unwrap_or(Resume { offset: 0, line: Some(NonZeroU32::MIN) });
        let anchor = known.map_or_else(|| Anchor::at(&file, offset), |known| Ok(known.anchor))?;
        let lines = Lines::new(offset, line);
        let id = Inode::of(&metadata);
        let begun = OpenFile { file, id, generation, packed, anchor, lines, stamp: None, judged: false };
        taken.note(begun.taken(self.rank));
        Ok(begun)
    }

    /// Reads a file of which nothing was read. If it was copied and truncated meanwhile, its first lines lie beside it.
    fn read_first(
        &mut self,
        stamp: Option<FileStamp>,
        now: Duration,
        taken: &mut ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<PollOutcome, ReadError> {
        let pace = self.read(stamp, now, taken, sink)?;
        self.read_missed(None, now, taken, sink)?;
        Ok(pace)
    }

    /// Reads on, or begins anew where what was read is no longer there.
    fn read(
        &mut self,
        stamp: Option<FileStamp>,
        now: Duration,
        taken: &mut ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<PollOutcome, ReadError> {
        let Some(open) = &mut self.open else { return Ok(PollOutcome::Idle) };
        let grown = open.stamp.map(|old| old.size) != stamp.map(|new| new.size);
        let outcome = if open.packed { open.read_packed(taken, sink)? } else { open.read_on(grown, sink)? };
        open.judge(sink)?;
        taken.note(open.taken(self.rank));
        open.stamp =
            if outcome == ReadOutcome::UpToDate { stamp.filter(|stamp| open.packed || stamp.is_final()) } else { None };
        match outcome {
            ReadOutcome::UpToDate => Ok(PollOutcome::Idle),
            ReadOutcome::More => Ok(PollOutcome::More),
            ReadOutcome::Changed => {
                self.mark = Some(("rewritten", now));
                self.restart("rewritten in place", now, taken, sink)
            }
        }
    }

    /// The same file holds something else now.
    fn restart(
        &mut self,
        why: &str,
        now: Duration,
        taken: &mut ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<PollOutcome, ReadError> {
        let Some(mut old) = self.open.take() else { return Ok(PollOutcome::Idle) };
        let file = old.file.try_clone()?;
        let rescued = if old.packed { None } else { self.read_copy(&mut old, taken, sink)? };
        old.finish(sink)?;
        taken.note(old.taken(self.rank));
        taken.release((self.rank, old.generation));
        let lost = match rescued {
            Some(0) => "its copy holds nothing more".into(),
            Some(bytes) => format!("{bytes} unread bytes were taken from its copy"),
            None => "what was written since the last look may be lost".into(),
        };
        sink.notice(format!("{why}; reading from its beginning; {lost}"))?;
        let stamp = FileStamp::of(&file.metadata()?);
        self.open = Some(self.start(file, None, taken, sink)?);
        self.read_missed(None, now, taken, sink)?;
        self.read_first(Some(stamp), now, taken, sink)
    }

    /// Lets go of the file that lost the name; it is read on for late writers.
    fn leave(&mut self, now: Duration, taken: &mut ReadHistory, sink: &mut impl Sink) -> Result<(), ReadError> {
        let Some(open) = &self.open else { return Ok(()) };
        if !open.packed {
            let stamp = FileStamp::of(&open.file.metadata()?);
            self.read(Some(stamp), now, taken, sink)?;
        }
        self.late.extend(self.open.take().map(|was| RotatedFile { was, since: now, grown: now }));
        Ok(())
    }

    fn poll_late(&mut self, now: Duration, taken: &mut ReadHistory, sink: &mut impl Sink) -> Result<(), Stopped> {
        for mut late in std::mem::take(&mut self.late) {
            let more = late.poll(now, sink);
            taken.note(late.was.taken(self.rank));
            match more {
                Ok(true) => self.late.push(late),
                Err(ReadError::Stopped) => return Err(Stopped),
                Ok(false) | Err(ReadError::Io(_)) => {
                    late.was.finish(sink)?;
                    taken.release((self.rank, late.was.generation));
                }
            }
        }
        Ok(())
    }

    fn watch_incomplete(&mut self, now: Duration, sink: &mut impl Sink) -> Result<(), Stopped> {
        let pending = self.open.as_ref().map(|open| (open.anchor.offset(), open.lines.pending()));
        let Some((end, head)) = pending.filter(|(_, head)| !head.is_empty()) else {
            let shown = matches!(self.incomplete.take(), Some((_, _, true)));
            return if shown { sink.incomplete(None) } else { Ok(()) };
        };
        match &mut self.incomplete {
            Some((at, since, shown)) if *at == end => {
                if !*shown && now.saturating_sub(*since) >= INCOMPLETE {
                    *shown = true;
                    sink.incomplete(Some(head))?;
                }
            }
            Some((_, _, true)) => {
                self.incomplete = Some((end, now, false));
                sink.incomplete(None)?;
            }
            Some(_) | None => self.incomplete = Some((end, now, false)),
        }
        Ok(())
    }
}

/// The files that a log was rotated to, as far as their names tell: the log's with a number or a date.
pub fn rotated(path: &Path) -> Vec<PathBuf> {
    relatives::relatives(&[path, &relatives::resolved(path)]).into_iter().map(|(path, _)| path).collect()
}
