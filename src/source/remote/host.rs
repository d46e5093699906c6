//! The logs of one host, on a thread of its own: a slow link keeps nobody else waiting.
//!
//! Inodes are those of the host, so that its followers share a history with nobody else.

use super::{
    files::RemoteFiles,
    link::{HostLink, Patience},
    name::RemoteHost,
    transport::Transport,
};
use crate::{
    event::{Health, ReadMode},
    source::{
        config::Start,
        error::{Stopped, reason},
        file::{
            access::FileSystem as _,
            follow::{Discovery, FollowContext, Follower, PollOutcome, history::ReadHistory, observation::Observation},
        },
        glob::is_pattern,
        intake::{Intake, IntakeOptions},
        outlet::Outlet,
        saved_state::SavedState,
        sink::Sink as _,
        state::RawText,
    },
    text::Safe,
};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// The time between two polls while something is being written.
const PERIOD: Duration = Duration::from_millis(250);

/// The time between two polls of a host on which nothing is.
const IDLE_PERIOD: Duration = Duration::from_secs(1);

/// The time without a change after which a host is polled less often.
const IDLE_AFTER: Duration = Duration::from_secs(10);

/// The time between two searches of directories and globs.
const SEARCH_PERIOD: Duration = Duration::from_secs(2);

/// The time between two checks of what this thread waits for.
const CHECK_PERIOD: Duration = Duration::from_millis(20);

/// The logs of one host.
#[derive(Debug)]
pub(in crate::source) struct HostLogs {
    host: RemoteHost,
    link: Arc<HostLink>,
    files: RemoteFiles,
    arguments: Vec<HostArgument>,
    inputs: Vec<HostInput>,
    history: ReadHistory,
    /// The settings of files that are there at the start, and of those that come later.
    options: [IntakeOptions; 2],
    /// The positions of an earlier run, where positions are kept.
    state: Option<SavedState>,
    outlet: Outlet,
    started: Instant,
    search_due: Duration,
    /// The number of reads at the last poll, and the time of the last one that was new.
    reads: (u64, Duration),
}

/// A name as it was given.
#[derive(Debug)]
struct HostArgument {
    path: PathBuf,
    /// The rank that was given to it at the start, until a file takes it.
    rank: Option<u16>,
    kind: Option<ArgumentKind>,
    known: HashSet<PathBuf>,
}

/// The kind of thing that a name stands for, once that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ArgumentKind {
    File,
    Folder,
    Glob,
}

/// A followed name.
#[derive(Debug)]
struct HostInput {
    follower: Follower,
    intake: Intake,
}

impl HostLogs {
    /// Makes the logs of a host; nothing is started before [`Self::run`].
    pub(in crate::source) fn new(
        host: RemoteHost,
        transport: Transport,
        options: [IntakeOptions; 2],
        state: Option<SavedState>,
        outlet: Outlet,
    ) -> Self {
        let link = Arc::new(HostLink::new(transport, outlet.clone()));
        Self {
            files: RemoteFiles::on(Arc::clone(&link), Patience::Waits),
            host,
            link,
            arguments: Vec::new(),
            inputs: Vec::new(),
            history: ReadHistory::default(),
            options,
            state,
            outlet,
            started: Instant::now(),
            search_due: Duration::ZERO,
            reads: (0, Duration::ZERO),
        }
    }

    pub(in crate::source) fn host(&self) -> &RemoteHost {
        &self.host
    }

    /// Adds a name as it was given, in the order of the arguments.
    pub(in crate::source) fn add(&mut self, path: PathBuf) -> Result<(), Stopped> {
        if let Some(rank) = self.assign_rank(None, &path)? {
            self.link.add_rank(rank);
            self.arguments.push(HostArgument { path, rank: Some(rank), kind: None, known: HashSet::new() });
        }
        Ok(())
    }

    /// Returns the ranks of the names.
    pub(in crate::source) fn first_rank(&self) -> u16 {
        self.arguments.iter().find_map(|argument| argument.rank).unwrap_or_default()
    }

    /// Reads until the source is stopped or the link is given up.
    pub(in crate::source) fn run(mut self) -> Result<(), Stopped> {
        let shared = Arc::clone(&self.outlet.shared);
        if self.link.shell(Patience::Waits).is_err() {
            return if shared.is_stopped() { Err(Stopped) } else { Ok(()) };
        }
        self.search(Discovery::AtStart)?;
        loop {
            let mode = shared.mode();
            loop {
                let outcome = self.poll()?;
                if self.check_given_up()? {
                    return Ok(());
                }
                if outcome == PollOutcome::Idle {
                    break;
                }
            }
            self.link.end_history();
            match mode {
                ReadMode::Once => {
                    self.take_pending()?;
                    shared.end_stream();
                    while shared.mode() == ReadMode::Once {
                        self.pause(PERIOD)?;
                    }
                    shared.begin_stream();
                    self.resend_health()?;
                }
                ReadMode::Follow => {
                    let began = self.started.elapsed();
                    if began >= self.search_due {
                        self.search(Discovery::Later)?;
                    }
                    self.pause(self.period())?;
                }
            }
        }
    }

    /// Returns whether the link was given up; then the names say why once more.
    fn check_given_up(&self) -> Result<bool, Stopped> {
        if self.outlet.shared.is_stopped() {
            return Err(Stopped);
        }
        Ok(self.link.tell_given_up())
    }

    fn period(&self) -> Duration {
        let is_idle = self.started.elapsed().saturating_sub(self.reads.1) >= IDLE_AFTER;
        if is_idle { IDLE_PERIOD } else { PERIOD }
    }

    fn pause(&self, time: Duration) -> Result<(), Stopped> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if self.outlet.shared.is_stopped() {
                return Err(Stopped);
            }
            thread::sleep(CHECK_PERIOD);
        }
        Ok(())
    }

    /// Polls every file once.
    fn poll(&mut self) -> Result<PollOutcome, Stopped> {
        let paths: Vec<&Path> = self.inputs.iter().map(|input| input.follower.path()).collect();
        // What could not be asked for ahead is asked for by each.
        drop(self.files.observe_ahead(&paths));
        let mut outcome = PollOutcome::Idle;
        for HostInput { follower, intake } in &mut self.inputs {
            let now = self.started.elapsed();
            let mut context = FollowContext { now, history: &mut self.history, sink: intake };
            if follower.poll(&mut context)? == PollOutcome::More {
                outcome = PollOutcome::More;
            }
        }
        self.note_positions();
        if self.link.take_told() {
            self.resend_health()?;
        }
        let reads = self.link.reads();
        if reads != self.reads.0 {
            self.reads = (reads, self.started.elapsed());
        }
        Ok(outcome)
    }

    /// Notes the read positions that belong to the updates sent so far, where positions are kept.
    fn note_positions(&self) {
        if self.state.is_none() {
            return;
        }
        let mut names = Vec::new();
        for HostInput { follower, intake } in &self.inputs {
            // A position that cannot be had now is had at the next poll.
            let Ok(saved) = follower.saved(&self.history, intake) else { return };
            names.push(saved.renamed(Path::new(&self.host.file_name(follower.path()))));
        }
        self.outlet.shared.note_positions(&names);
    }

    fn take_pending(&mut self) -> Result<(), Stopped> {
        for HostInput { follower, intake } in &mut self.inputs {
            if let Some((generation, lines)) = follower.pending() {
                intake.take_pending(generation, lines)?;
            }
        }
        Ok(())
    }

    fn resend_health(&mut self) -> Result<(), Stopped> {
        self.inputs.iter_mut().try_for_each(|input| input.intake.resend_health())
    }

    /// Finds the files that the names stand for, and begins to follow those that are new.
    fn search(&mut self, discovery: Discovery) -> Result<(), Stopped> {
        let mut arguments = std::mem::take(&mut self.arguments);
        for argument in &mut arguments {
            let found = match argument.find(&self.files) {
                Ok(found) => found,
                Err(error) => {
                    self.report_argument(argument, &reason(&error))?;
                    continue;
                }
            };
            for path in found {
                if argument.known.insert(path.clone()) {
                    self.follow(argument, path, discovery)?;
                }
            }
            if argument.known.is_empty() && discovery == Discovery::AtStart {
                let why = if argument.kind == Some(ArgumentKind::Folder) {
                    "no file in this directory"
                } else {
                    "no file matches"
                };
                self.report_argument(argument, why)?;
            }
        }
        self.arguments = arguments;
        self.search_due = self.started.elapsed() + SEARCH_PERIOD;
        Ok(())
    }

    fn follow(&mut self, argument: &mut HostArgument, path: PathBuf, discovery: Discovery) -> Result<(), Stopped> {
        let is_new = argument.rank.is_none();
        let Some(rank) = self.assign_rank(argument.rank.take(), &path)? else { return Ok(()) };
        if is_new {
            self.link.add_rank(rank);
        }
        let [at_start, later] = &self.options;
        let mut options = match discovery {
            Discovery::AtStart => at_start.clone(),
            Discovery::Later => later.clone(),
        };
        let name = self.host.file_name(&path);
        let mut follower = Follower::on(Arc::new(self.files.clone()), path, rank, discovery);
        if let Some(state) = &self.state {
            let saved = state.name(Path::new(&name)).cloned();
            if saved.is_some() {
                options.start = Start::All;
            }
            follower = follower.with_state(saved);
        }
        let intake = Intake::new(rank, name.into(), options, self.outlet.clone());
        self.inputs.push(HostInput { follower, intake });
        Ok(())
    }

    /// Reports that there is no file for a name so far.
    fn report_argument(&self, argument: &HostArgument, why: &str) -> Result<(), Stopped> {
        let Some(rank) = argument.rank else { return Ok(()) };
        let [_, options] = self.options.clone();
        let name = self.host.file_name(&argument.path).into();
        Intake::new(rank, name, options, self.outlet.clone()).health(Health::Waiting(Safe::new(why)))
    }

    fn assign_rank(&self, reused: Option<u16>, path: &Path) -> Result<Option<u16>, Stopped> {
        let text = RawText::File(Arc::new(self.files.without_patience()), path.to_owned());
        self.outlet.assign_rank(reused, &self.host.file_name(path).into(), text)
    }
}

impl Drop for HostLogs {
    fn drop(&mut self) {
        self.link.end_history();
    }
}

impl HostArgument {
    /// Returns the files that the name stands for now.
    fn find(&mut self, files: &RemoteFiles) -> std::io::Result<Vec<PathBuf>> {
        // A file stays one, whatever becomes of it.
        if self.kind == Some(ArgumentKind::File) {
            return Ok(Vec::new());
        }
        let seen = files.observe(&self.path)?;
        let kind = match &seen {
            Observation::Other("a directory") => ArgumentKind::Folder,
            Observation::Absent if is_pattern(self.path.as_os_str()) => ArgumentKind::Glob,
            Observation::File(..) | Observation::Absent | Observation::Unreachable(_) | Observation::Other(_) => {
                files.keep_ahead(&self.path, seen);
                ArgumentKind::File
            }
        };
        self.kind = Some(kind);
        match kind {
            ArgumentKind::File => Ok(vec![self.path.clone()]),
            ArgumentKind::Folder => files.folder(&self.path),
            ArgumentKind::Glob => files.glob(&self.path),
        }
    }
}
