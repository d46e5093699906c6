//! The follower of one name: performs the steps that [`decide`] returns.

mod closing;
mod resume;

use crate::{
    event::{Health, Severity},
    source::{
        error::{ReadError, Stopped, reason},
        file::access::{FileSystem, OpenedFile, SourceFile},
        file::follow::{
            anchor::Anchor,
            context::FollowContext,
            decision::{FollowStep, Known, decide, may_have_missed_files},
            history::{ReadFile, ReadHistory},
            incomplete::{IncompleteChange, IncompleteEnd},
            observation::{FileStamp, FileStat, GRANULARITY, Observation},
            open_file::{OpenFile, ReadOutcome},
            retry::ReopenRetry,
            rotated_file::RotatedFile,
            saved_place,
            sibling_scan::{SETTLED, SiblingScan},
        },
        file::local::LocalFiles,
        lines::{HEAD, Lines},
        packing::{MAGIC, packing_of},
        replay::BEGINNING,
        saved_state::{SavedFile, SavedName, SavedSibling},
        sink::{Beginning, ContentChange, Resume, Sink},
    },
    text::Safe,
};
use std::{
    io,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The time for which a rotation is shown beside the state of the name.
const MARKED: Duration = Duration::from_secs(30);

/// The reads with which a file begins: its packing, and whether it begins as another one did.
const HEAD_READS: [(u64, usize); 2] = [(0, MAGIC), (0, BEGINNING)];

/// The time at which a name was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// At the start: two files with the same content are two logs.
    AtStart,
    /// Later: a file with known content is a rotated log.
    Later,
}

/// The follower of one name.
#[derive(Debug)]
pub struct Follower {
    files: Arc<dyn FileSystem>,
    path: PathBuf,
    rank: u16,
    discovery: Discovery,
    next_generation: u16,
    open: Option<OpenFile>,
    rotated: Vec<RotatedFile>,
    health: Option<Health>,
    /// The last rotation or restart of the name, and its time.
    mark: Option<(&'static str, Duration)>,
    retry: ReopenRetry,
    siblings: SiblingScan,
    /// Set after the first poll, before which nothing can have been missed.
    is_polled: bool,
    /// The relation of the next content of the name to the one that was read last.
    next_content: ContentChange,
    /// The positions of an earlier run, before the first poll.
    saved: Option<SavedName>,
    /// The position in the file that has the name, where an earlier run stopped in it.
    resumed: Option<(ReadFile, SavedFile)>,
    incomplete: IncompleteEnd,
}

/// The state after a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollOutcome {
    /// Everything was read.
    Idle,
    /// There is more to read: poll again without waiting.
    More,
}

/// The file that is read next in a step.
#[derive(Debug)]
enum ReadTarget {
    /// None.
    None,
    /// The open file.
    Open(Option<FileStamp>),
    /// The open file, from its beginning once more.
    Restarted(Arc<dyn SourceFile>),
    /// The file that the name stands for now, or the reason why it cannot be opened.
    Named(io::Result<OpenedFile>),
}

impl ReadTarget {
    /// Returns whether nothing was read of the file in this generation.
    fn is_new(&self) -> bool {
        match self {
            Self::None | Self::Open(_) => false,
            Self::Restarted(_) | Self::Named(_) => true,
        }
    }
}

impl Follower {
    /// Follows `path` on this machine; nothing is opened before the first poll.
    pub fn new(path: PathBuf, rank: u16, discovery: Discovery) -> Self {
        Self::on(Arc::new(LocalFiles), path, rank, discovery)
    }

    /// Follows `path` on the machine of `files`; nothing is opened before the first poll.
    pub fn on(files: Arc<dyn FileSystem>, path: PathBuf, rank: u16, discovery: Discovery) -> Self {
        Self {
            siblings: SiblingScan::new(Arc::clone(&files), path.clone()),
            files,
            is_polled: false,
            next_content: ContentChange::New,
            saved: None,
            resumed: None,
            path,
            rank,
            discovery,
            next_generation: 0,
            open: None,
            rotated: Vec::new(),
            health: None,
            mark: None,
            retry: ReopenRetry::default(),
            incomplete: IncompleteEnd::default(),
        }
    }

    /// Keeps read positions for a later run, and goes on from those of an earlier one.
    #[must_use]
    pub(in crate::source) fn with_state(mut self, saved: Option<SavedName>) -> Self {
        self.siblings.keep();
        self.saved = saved;
        self
    }

    /// Returns the read positions for a later run.
    pub(in crate::source) fn saved(&self, history: &ReadHistory, sink: &impl Sink) -> io::Result<SavedName> {
        let open = self.rotated.iter().map(|rotated| &rotated.open).chain(&self.open);
        let files: Vec<SavedFile> = open
            .filter_map(|open| Some(saved_place::save(open, sink.resume_place(open.generation)?)))
            .collect::<io::Result<_>>()?;
        let is_open =
            |sibling: &SavedSibling| files.iter().any(|file| (file.dev, file.ino) == (sibling.dev, sibling.ino));
        let read = history.closed(self.rank).map(saved_place::save_read_file);
        let mut seen: Vec<SavedSibling> = self.siblings.saved().iter().cloned().chain(read).collect();
        seen.retain(|sibling| !is_open(sibling));
        Ok(SavedName::new(&self.path, files, seen))
    }

    /// Returns the followed name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Observes the name and reads what is new.
    pub fn poll(&mut self, context: &mut FollowContext<'_, impl Sink>) -> Result<PollOutcome, Stopped> {
        self.poll_rotated(context)?;
        if let Some(saved) = self.saved.take() {
            self.resume_or_report(saved, context)?;
        }
        let seen = match self.look() {
            Ok(seen) => seen,
            Err(error) => Observation::Unreachable(reason(&error)),
        };
        if !self.retry.is_due(context.now, &seen) {
            context.sink.flush()?;
            return Ok(PollOutcome::Idle);
        }
        let result = self.follow(&seen, context);
        self.is_polled = true;
        context.sink.flush()?;
        match result {
            Ok(outcome) => {
                self.retry.succeed();
                self.report_incomplete(context)?;
                let is_behind = self.rotated.iter().any(RotatedFile::is_behind);
                Ok(if is_behind { PollOutcome::More } else { outcome })
            }
            Err(ReadError::Stopped) => Err(Stopped),
            Err(ReadError::Io(error)) => {
                self.retry.fail(context.now, seen);
                self.report(Health::Waiting(Safe::new(&reason(&error))), context.sink)?;
                Ok(PollOutcome::Idle)
            }
        }
    }

    /// Observes the name. The first time, the files beside it are noted before.
    fn look(&mut self) -> io::Result<Observation> {
        self.siblings.note_existing()?;
        self.files.observe(&self.path)
    }

    /// Returns a copy of the splitter of the open file and its generation: the last line as it stands now.
    pub fn pending(&self) -> Option<(u16, Lines)> {
        self.open.as_ref().map(|open| (open.generation, open.lines.clone()))
    }

    fn resume_or_report(
        &mut self,
        saved: SavedName,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), Stopped> {
        match self.resume(saved, context) {
            Ok(()) => Ok(()),
            Err(ReadError::Stopped) => Err(Stopped),
            Err(ReadError::Io(error)) => {
                let text = format!("{}: the place where the last run stopped was not found", reason(&error));
                context.sink.notice(Severity::Warning, text)
            }
        }
    }

    fn known(&self) -> Option<Known> {
        self.open.as_ref().map(OpenFile::known)
    }

    /// Performs the steps that follow from an observation: closes, searches the siblings, reads, in this order. Reading
    /// may show that the file was rewritten, which is a step of its own. After the first reading of a file the siblings
    /// are searched again: if it was copied and truncated just before, its first lines stand there.
    fn follow(
        &mut self,
        seen: &Observation,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<PollOutcome, ReadError> {
        let (mut step, stamp) = self.decide(seen, context)?;
        let mut outcome = PollOutcome::Idle;
        let may_have_missed = self.is_polled && may_have_missed_files(self.known(), &step);
        let mut search = may_have_missed || self.siblings.is_unfinished();
        loop {
            let target = self.close_and_open(&step, stamp, context)?;
            if search {
                self.read_missed(&target, context)?;
            }
            let is_first = target.is_new() || self.known().is_some_and(|known| known.offset == 0);
            match self.read_target(target, context)? {
                ReadOutcome::UpToDate => {}
                ReadOutcome::More => outcome = PollOutcome::More,
                ReadOutcome::Changed => {
                    (step, search) = (FollowStep::Rewritten, true);
                    continue;
                }
            }
            if !is_first || step == FollowStep::Rest {
                return Ok(outcome);
            }
            (step, search) = (FollowStep::Rest, true);
        }
    }

    /// Returns the next step and the stamp of the file that it reads.
    fn decide(
        &mut self,
        seen: &Observation,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(FollowStep, Option<FileStamp>), ReadError> {
        let step = decide(self.known(), seen);
        if let (FollowStep::Keep(why), Some(open)) = (&step, &self.open) {
            let seen = Observation::of(&open.file.stat()?);
            self.report(Health::Waiting(Safe::new(&format!("{why}; still reading the open file"))), context.sink)?;
            return Ok((decide(self.known(), &seen), seen.stamp()));
        }
        if self.open.is_some() && matches!(seen, Observation::File(..)) {
            self.report_live(context)?;
        }
        Ok((step, seen.stamp()))
    }

    /// Lets go of the open file where the step says so, and returns the file to read.
    fn close_and_open(
        &mut self,
        step: &FollowStep,
        stamp: Option<FileStamp>,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<ReadTarget, ReadError> {
        match step {
            FollowStep::Rest | FollowStep::Keep(_) => Ok(ReadTarget::None),
            FollowStep::Read => Ok(ReadTarget::Open(stamp)),
            FollowStep::Truncated => {
                let offset = self.known().map_or(0, |known| known.offset);
                let size = stamp.map_or(0, |stamp| stamp.size);
                self.mark = Some(("truncated", context.now));
                self.close_changed(&format!("truncated to {size} bytes after {offset} had been read"), context)
            }
            FollowStep::Rewritten if self.open.as_ref().is_some_and(|open| open.packed) => {
                self.close_changed("written anew", context)
            }
            FollowStep::Rewritten => {
                self.mark = Some(("rewritten", context.now));
                self.close_changed("rewritten in place", context)
            }
            FollowStep::Replace => {
                self.leave(context)?;
                let (mark, what) = if self.files.is_link(&self.path)? {
                    ("link switched", "the link points to another file now")
                } else {
                    ("rotated", "rotated")
                };
                self.mark = Some((mark, context.now));
                context
                    .sink
                    .notice(Severity::Routine, format!("{what}; the old file is read to its end, then the new one"))?;
                Ok(ReadTarget::Named(self.files.open(&self.path, &HEAD_READS)))
            }
            FollowStep::Open => Ok(ReadTarget::Named(self.files.open(&self.path, &HEAD_READS))),
            FollowStep::Leave => {
                self.leave(context)?;
                context.sink.notice(Severity::Routine, "gone; waiting for it to come back".into())?;
                self.report(Health::Waiting(Safe::new("gone")), context.sink)?;
                Ok(ReadTarget::None)
            }
            FollowStep::Wait(why) => {
                self.leave(context)?;
                let is_gone = matches!(&self.health, Some(Health::Waiting(before)) if before.as_str() == "gone");
                if !is_gone || why != "not there yet" {
                    self.report(Health::Waiting(Safe::new(why)), context.sink)?;
                }
                Ok(ReadTarget::None)
            }
        }
    }

    fn read_target(
        &mut self,
        target: ReadTarget,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<ReadOutcome, ReadError> {
        let stamp = match target {
            ReadTarget::None => return Ok(ReadOutcome::UpToDate),
            ReadTarget::Open(stamp) => stamp,
            ReadTarget::Restarted(file) => {
                let stamp = file.stat()?.stamp;
                self.start_again(file, context)?;
                Some(stamp)
            }
            ReadTarget::Named(opened) => {
                let opened = opened?;
                let stamp = opened.stat.stamp;
                if !self.open_target(opened, context)? {
                    return Ok(ReadOutcome::UpToDate);
                }
                Some(stamp)
            }
        };
        self.read(stamp, context)
    }

    /// Begins to read the file that the name stands for, unless it is being read under another name or is an archive
    /// that may be incomplete yet.
    fn open_target(
        &mut self,
        OpenedFile { file, stat, resolved }: OpenedFile,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<bool, ReadError> {
        if !stat.is_file() {
            return Ok(false);
        }
        let id = stat.id;
        if let Some(at) = self.rotated.iter().position(|rotated| rotated.open.id == id) {
            context.sink.notice(Severity::Routine, "the rotated file has its name back; still reading it".into())?;
            self.siblings.set_opened(resolved)?;
            self.open = Some(self.rotated.remove(at).open);
            self.report_live(context)?;
            return Ok(true);
        }
        if context.history.is_held_beside(id, self.rank) {
            if !matches!(self.health, Some(Health::Live | Health::Marked(_))) {
                context.sink.notice(Severity::Routine, "the same file is being read under another name".into())?;
            }
            self.report_live(context)?;
            return Ok(false);
        }
        let is_settled = self.files.has_passed(stat.stamp.modified, SETTLED);
        if self.discovery == Discovery::Later && !is_settled && packing_of(&*file)?.is_some() {
            return Ok(false);
        }
        let resumed = self.resumed.take().filter(|(known, _)| known.id == id);
        let (known, sent) = match (resumed, self.discovery) {
            (Some((known, saved)), _) => (Some(known), saved.sent),
            (None, Discovery::AtStart) => (None, Vec::new()),
            (None, Discovery::Later) => (context.history.find(&*file, id, self.rank)?.cloned(), Vec::new()),
        };
        self.discovery = Discovery::Later;
        if matches!(self.health, Some(Health::Waiting(_))) {
            context.sink.notice(Severity::Routine, "is there now".into())?;
        }
        if let Some(known) = &known {
            let bytes = known.anchor.offset();
            context.sink.notice(
                Severity::Routine,
                format!("its first {bytes} bytes were read before; continuing from there"),
            )?;
        }
        self.siblings.set_opened(resolved)?;
        let next = std::mem::replace(&mut self.next_content, ContentChange::New);
        let open = self.start(file, &stat, known, next, context)?;
        context.sink.skip(open.generation, &sent);
        self.open = Some(open);
        self.report_live(context)?;
        Ok(true)
    }

    /// Begins a generation: from the file's beginning, or from a known read position.
    fn start(
        &mut self,
        file: Arc<dyn SourceFile>,
        stat: &FileStat,
        known: Option<ReadFile>,
        next: ContentChange,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<OpenFile, ReadError> {
        let FileStat { id, stamp: FileStamp { size, modified, .. }, .. } = *stat;
        let generation = self.next_generation;
        self.next_generation = generation.wrapping_add(1);
        let beginning = Beginning { size: Some(size), modified: modified.0, content: next };
        context.sink.begin(generation, beginning)?;
        let packed = packing_of(&*file)?.is_some();
        let resume = match &known {
            Some(known) => Some(Resume { offset: known.anchor.offset(), line: known.line }),
            None if packed => None,
            None => context.sink.load(generation, &*file, size)?,
        };
        let Resume { offset, line } = resume.unwrap_or(Resume { offset: 0, line: Some(NonZeroU32::MIN) });
        let anchor = known.map_or_else(|| Anchor::at(&*file, offset), |known| Ok(known.anchor))?;
        file.announce(&[]);
        let lines = Lines::new(offset, line);
        let started = OpenFile::new(file, id, generation, packed, anchor, lines);
        context.sink.place(generation, Resume { offset, line });
        context.history.note(started.read_file(self.rank));
        Ok(started)
    }

    /// Begins a generation with the file that was just closed.
    fn start_again(
        &mut self,
        file: Arc<dyn SourceFile>,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), ReadError> {
        let next = std::mem::replace(&mut self.next_content, ContentChange::New);
        let stat = file.stat()?;
        self.open = Some(self.start(file, &stat, None, next, context)?);
        Ok(())
    }

    /// Reads what was appended to the open file.
    fn read(
        &mut self,
        stamp: Option<FileStamp>,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<ReadOutcome, ReadError> {
        let Some(open) = &mut self.open else { return Ok(ReadOutcome::UpToDate) };
        // The position at the start is kept before anything is read: the log may be rotated before the next is.
        if !self.is_polled && context.sink.keeps_positions() {
            return Ok(ReadOutcome::More);
        }
        let outcome =
            if open.packed { open.read_packed(context.history, context.sink)? } else { open.read_on(context.sink)? };
        let place = Resume { offset: open.lines.byte(), line: open.lines.line() };
        context.sink.place(open.generation, place);
        open.judge(context.sink)?;
        context.history.note(open.read_file(self.rank));
        let is_up_to_date = outcome == ReadOutcome::UpToDate;
        let is_final = |stamp: &FileStamp| self.files.has_passed(stamp.changed, GRANULARITY);
        open.stamp = stamp.filter(|stamp| is_up_to_date && (open.packed || is_final(stamp)));
        Ok(outcome)
    }

    /// Reports a last line or event that is incomplete.
    fn report_incomplete(&mut self, context: &mut FollowContext<'_, impl Sink>) -> Result<(), Stopped> {
        let pending = self.open.as_ref().and_then(|open| {
            let line = Some((open.anchor.offset(), open.lines.pending()))
                .filter(|(_, head)| head.iter().any(|byte| *byte != 0));
            line.or_else(|| context.sink.unfinished(open.generation))
        });
        match self.incomplete.observe(pending.map(|(end, _)| end), context.now) {
            IncompleteChange::Unchanged => Ok(()),
            IncompleteChange::Show => {
                let head = pending.map(|(_, head)| head.get(..HEAD).unwrap_or(head).to_vec());
                context.sink.incomplete(head.as_deref())
            }
            IncompleteChange::Clear => context.sink.incomplete(None),
        }
    }

    fn report(&mut self, health: Health, sink: &mut impl Sink) -> Result<(), Stopped> {
        if self.health.as_ref() != Some(&health) {
            self.health = Some(health.clone());
            sink.health(health)?;
        }
        Ok(())
    }

    fn report_live(&mut self, context: &mut FollowContext<'_, impl Sink>) -> Result<(), Stopped> {
        let mark = self.mark.filter(|(_, since)| context.now.saturating_sub(*since) < MARKED);
        self.report(mark.map_or(Health::Live, |(mark, _)| Health::Marked(mark.into())), context.sink)
    }
}
