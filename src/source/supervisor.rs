//! The thread that supervises all files and streams of a source.
//!
//! It finds the files, gives each its rank, polls their followers, and sends [`LogUpdate::Loaded`] and
//! [`LogUpdate::Finished`] at the right time. Streams have threads of their own and are only counted here.

#[cfg(feature = "kafka")]
use crate::source::kafka;
use crate::{
    event::{Health, LogUpdate, ReadMode, Severity},
    source::{
        arguments::{Arguments, FileArgument},
        config::{SourceConfig, Start},
        error::Stopped,
        file::{
            follow::{Discovery, FollowContext, Follower, PollOutcome, history::ReadHistory},
            local::LocalFiles,
            notifier::Notifier,
        },
        guard::guard,
        intake::{Intake, IntakeOptions, Positions},
        kafka::{AddressError, KafkaOptions, TopicAddress},
        outlet::Outlet,
        process::{self, CommandSource},
        remote::{HostLogs, RemoteName, Transport, login::Logins},
        saved_state::SavedState,
        sink::Sink as _,
        state::{RawText, SharedState, TopicLoading},
        stream::{self, StreamInput},
        tape::Tape,
    },
    text::Safe,
};
use std::{
    fs,
    os::unix::fs::FileTypeExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

/// The time between two polls of the files.
const PERIOD: Duration = Duration::from_millis(250);

/// The time between two searches of directories and globs.
const SEARCH_PERIOD: Duration = Duration::from_secs(2);

/// The least time between two polls, however often the system reports changes. What stands in a file for less than this
/// before it is truncated is lost, so it is short; a round of polls that takes longer is followed by as long a pause.
const PAUSE: Duration = Duration::from_micros(200);

/// The longest pause for which a report of the system is left waiting.
const PAUSE_MAX: Duration = Duration::from_millis(20);

/// The files and streams of one source.
#[derive(Debug)]
pub(super) struct Supervisor {
    arguments: Arguments,
    commands: Vec<CommandSource>,
    /// The hosts of the arguments, until each has a thread.
    hosts: Vec<HostLogs>,
    ssh_options: Vec<String>,
    logins: Logins,
    /// The settings of files that are there at the start.
    options: IntakeOptions,
    /// The settings of topics.
    #[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "no topic is read"))]
    topics: KafkaOptions,
    outlet: Outlet,
    shared: Arc<SharedState>,
    wakes: Receiver<()>,
    inputs: Vec<RankInput>,
    history: ReadHistory,
    started: Instant,
    /// The duration of the last round of polls.
    last_round: Duration,
    /// The positions of an earlier run, where positions are kept.
    state: Option<SavedState>,
    /// The time of the next search of directories and globs.
    search_due: Duration,
    notifier: Option<Notifier>,
    mode: ReadMode,
}

/// The reader of one rank.
#[derive(Debug)]
enum RankInput {
    File(Box<(Follower, Intake)>),
    /// A stream, which is read on a thread of its own.
    Stream,
    /// A topic, which is read on a thread of its own; the mark is set once nothing of it is read any more.
    Topic(Arc<AtomicBool>),
    /// The logs of a host, which are read on a thread of their own; set once that has ended.
    Host(Arc<AtomicBool>),
    /// A glob or directory without files so far, by its place among the arguments, and its rank.
    Empty {
        argument: usize,
        rank: u16,
    },
}

impl RankInput {
    fn is_empty_argument(&self, argument: usize) -> bool {
        matches!(self, Self::Empty { argument: of, .. } if *of == argument)
    }

    fn rank_if_empty(&self) -> Option<u16> {
        match self {
            Self::Empty { rank, .. } => Some(*rank),
            Self::File(_) | Self::Stream | Self::Topic(_) | Self::Host(_) => None,
        }
    }
}

impl Supervisor {
    pub(super) fn new(config: SourceConfig, outlet: Outlet, wakes: Receiver<()>) -> Self {
        Self {
            arguments: Arguments::new(config.files),
            commands: config.commands.into_iter().map(|text| CommandSource { text, restart: config.restart }).collect(),
            options: IntakeOptions {
                start: config.start,
                order: config.order,
                positions: if config.state.is_some() { Positions::Kept } else { Positions::NotKept },
                zone: config.zone,
            },
            topics: config.kafka,
            hosts: Vec::new(),
            ssh_options: config.ssh_options,
            logins: config.logins,
            shared: Arc::clone(&outlet.shared),
            outlet,
            wakes,
            inputs: Vec::new(),
            history: ReadHistory::default(),
            started: Instant::now(),
            last_round: Duration::ZERO,
            state: config.state,
            search_due: Duration::ZERO,
            notifier: None,
            mode: config.mode,
        }
    }

    /// Reads until the source is dropped.
    pub(super) fn run(mut self) {
        let (outlet, shared) = (self.outlet.clone(), Arc::clone(&self.shared));
        // A failed source has at least one rank to report it.
        let ranks = || 0..u16::try_from(shared.ranks().len()).unwrap_or(u16::MAX).max(1);
        match guard(&outlet, ranks, || self.supervise()) {
            Err(Stopped) => {}
            // Nobody may receive any more, which is the same end.
            Ok(None) => drop(outlet.send(LogUpdate::Finished)),
            Ok(Some(never)) => match never {},
        }
    }

    fn supervise(&mut self) -> Result<std::convert::Infallible, Stopped> {
        self.shared.keep_positions(self.state.clone());
        self.search(Discovery::AtStart)?;
        for command in std::mem::take(&mut self.commands) {
            let name = process::name_of(&command.text);
            self.add_stream(name, move |intake, name, outlet, tape| {
                process::run(&command, name, intake, outlet, tape)
            })?;
        }
        for host in std::mem::take(&mut self.hosts) {
            self.start_host(host);
        }
        while self.poll()? == PollOutcome::More {}
        self.finish_once()?;
        self.finish_topics()?;
        let (mut loaded, mut finished) = (false, false);
        loop {
            if !loaded && (self.shared.hosts_behind.load(Ordering::Relaxed) == 0 || self.mode == ReadMode::Once) {
                loaded = true;
                self.outlet.send(LogUpdate::Loaded)?;
            }
            if !finished && self.is_done() {
                finished = true;
                self.outlet.send(LogUpdate::Finished)?;
            }
            self.wait()?;
            if self.shared.mode() != self.mode {
                self.mode = self.shared.mode();
                finished = false;
                self.resend_health()?;
            }
            match self.mode {
                ReadMode::Once => {}
                ReadMode::Follow => {
                    if self.started.elapsed() >= self.search_due {
                        self.search(Discovery::Later)?;
                    }
                    while self.poll()? == PollOutcome::More {}
                }
            }
        }
    }

    /// Polls every file once.
    fn poll(&mut self) -> Result<PollOutcome, Stopped> {
        let (mut outcome, began) = (PollOutcome::Idle, Instant::now());
        for input in &mut self.inputs {
            match input {
                RankInput::File(file) => {
                    let (follower, intake) = file.as_mut();
                    let now = self.started.elapsed();
                    let mut context = FollowContext { now, history: &mut self.history, sink: intake };
                    if follower.poll(&mut context)? == PollOutcome::More {
                        outcome = PollOutcome::More;
                    }
                }
                RankInput::Stream | RankInput::Topic(_) | RankInput::Host(_) | RankInput::Empty { .. } => {}
            }
        }
        self.last_round = began.elapsed();
        self.note_positions();
        Ok(outcome)
    }

    /// Notes the read positions that belong to the updates sent so far, where positions are kept.
    fn note_positions(&self) {
        if self.state.is_none() {
            return;
        }
        let mut names = Vec::new();
        for input in &self.inputs {
            if let RankInput::File(file) = input {
                let (follower, intake) = file.as_ref();
                // A position that cannot be had now is had at the next poll.
                let Ok(saved) = follower.saved(&self.history, intake) else { return };
                names.push(saved);
            }
        }
        self.shared.note_positions(&names);
    }

    /// Returns whether nothing more can come in this mode.
    fn is_done(&self) -> bool {
        let streams_ended = self.shared.streams.load(Ordering::Relaxed) == 0;
        let topics_are_read = self.shared.loading.load(Ordering::Relaxed) == 0;
        let has_ended = |input: &RankInput| match input {
            RankInput::Stream => true,
            RankInput::Topic(ended) | RankInput::Host(ended) => ended.load(Ordering::Relaxed),
            RankInput::File(_) | RankInput::Empty { .. } => false,
        };
        streams_ended && topics_are_read && (self.mode == ReadMode::Once || self.inputs.iter().all(has_ended))
    }

    /// Takes last lines without a newline, if files are read once, and waits until each stream has ended or was silent
    /// after its first text: what comes later is new.
    fn finish_once(&mut self) -> Result<(), Stopped> {
        if self.mode == ReadMode::Follow {
            return Ok(());
        }
        for input in &mut self.inputs {
            if let RankInput::File(file) = input {
                let (follower, intake) = file.as_mut();
                if let Some((generation, lines)) = follower.pending() {
                    intake.take_pending(generation, lines)?;
                }
            }
        }
        // A stream whose reading failed counts as behind for good.
        let are_behind = |shared: &SharedState| {
            shared.streams_behind.load(Ordering::Relaxed) > 0 && shared.streams.load(Ordering::Relaxed) > 0
        };
        let is_behind = |shared: &SharedState| are_behind(shared) || shared.hosts_behind.load(Ordering::Relaxed) > 0;
        while is_behind(&self.shared) && self.shared.mode() == ReadMode::Once {
            self.wait()?;
        }
        Ok(())
    }

    /// Waits until the topics have come to the end that they had at the start, or something is wrong with them.
    fn finish_topics(&mut self) -> Result<(), Stopped> {
        while self.shared.loading.load(Ordering::Relaxed) > 0 {
            self.wait()?;
            if self.shared.mode() == ReadMode::Follow {
                self.poll()?;
            }
        }
        Ok(())
    }

    fn wait(&mut self) -> Result<(), Stopped> {
        let began = Instant::now();
        match self.mode {
            ReadMode::Once => {
                // The shared state holds a sender, so this waits for a wake-up.
                let _ = self.wakes.recv();
            }
            ReadMode::Follow => match self.wakes.recv_timeout(PERIOD) {
                Ok(()) => thread::sleep(pause_after(self.last_round).saturating_sub(began.elapsed())),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            },
        }
        if self.shared.is_stopped() { Err(Stopped) } else { Ok(()) }
    }

    fn resend_health(&mut self) -> Result<(), Stopped> {
        for input in &mut self.inputs {
            match input {
                RankInput::File(file) => file.1.resend_health()?,
                RankInput::Stream | RankInput::Topic(_) | RankInput::Host(_) | RankInput::Empty { .. } => {}
            }
        }
        Ok(())
    }

    /// Finds files for the arguments, and watches their folders.
    fn search(&mut self, discovery: Discovery) -> Result<(), Stopped> {
        for (argument, meaning) in self.arguments.search() {
            match meaning {
                FileArgument::Stdin if discovery == Discovery::AtStart => {
                    self.add_stream("standard input".into(), stream_reader(StreamInput::Stdin))?;
                }
                FileArgument::Empty(why) if discovery == Discovery::AtStart => self.add_empty(argument, why)?,
                FileArgument::Topic(address) if discovery == Discovery::AtStart => self.add_topic(address)?,
                FileArgument::Remote(name) if discovery == Discovery::AtStart => self.add_remote(name)?,
                FileArgument::Refused(why) if discovery == Discovery::AtStart => self.add_refused(argument, why)?,
                FileArgument::Stdin
                | FileArgument::Empty(_)
                | FileArgument::Topic(_)
                | FileArgument::Remote(_)
                | FileArgument::Refused(_) => {}
                FileArgument::File(path) => self.add_file(argument, path, discovery)?,
            }
        }
        self.search_due = self.started.elapsed() + SEARCH_PERIOD;
        if self.mode == ReadMode::Follow {
            self.watch_folders()?;
        }
        Ok(())
    }

    fn watch_folders(&mut self) -> Result<(), Stopped> {
        let notifier = self.notifier.get_or_insert_with(|| Notifier::new(self.shared.wake_sender()));
        for input in &self.inputs {
            match input {
                RankInput::File(file) => notifier.watch(file.0.path()),
                RankInput::Stream | RankInput::Topic(_) | RankInput::Host(_) | RankInput::Empty { .. } => {}
            }
        }
        match notifier.take_error() {
            Some(error) => {
                self.shared.polling.store(true, Ordering::Relaxed);
                self.outlet.notice("watching", Severity::Warning, &error)?;
                self.resend_health()
            }
            None => Ok(()),
        }
    }

    fn add_file(&mut self, argument: usize, path: PathBuf, discovery: Discovery) -> Result<(), Stopped> {
        let name = name_of(&path);
        if fs::metadata(&path).is_ok_and(|metadata| metadata.file_type().is_fifo()) {
            return self.add_stream(name, stream_reader(StreamInput::Fifo(path)));
        }
        let empty = self.inputs.iter().position(|input| input.is_empty_argument(argument));
        let reused = empty.and_then(|at| self.inputs.get(at)?.rank_if_empty());
        let Some(rank) = self.outlet.assign_rank(reused, &name, RawText::File(Arc::new(LocalFiles), path.clone()))?
        else {
            return Ok(());
        };
        let options = match discovery {
            Discovery::AtStart => self.options.clone(),
            Discovery::Later => self.options_from_the_beginning(),
        };
        let mut follower = Follower::new(path, rank, discovery);
        let mut options = options;
        if let Some(state) = &self.state {
            let saved = state.name(follower.path()).cloned();
            if saved.is_some() {
                options.start = Start::All;
            }
            follower = follower.with_state(saved);
        }
        let intake = Intake::new(rank, name, options, self.outlet.clone());
        let input = RankInput::File(Box::new((follower, intake)));
        match empty.and_then(|at| self.inputs.get_mut(at)) {
            Some(before) => *before = input,
            None => self.inputs.push(input),
        }
        Ok(())
    }

    fn add_empty(&mut self, argument: usize, why: &str) -> Result<(), Stopped> {
        if self.inputs.iter().any(|input| input.is_empty_argument(argument)) {
            return Ok(());
        }
        let name = name_of(self.arguments.typed(argument));
        let Some(rank) = self.outlet.assign_rank(None, &name, RawText::File(Arc::new(LocalFiles), PathBuf::new()))?
        else {
            return Ok(());
        };
        self.inputs.push(RankInput::Empty { argument, rank });
        let mut intake = Intake::new(rank, name, self.options_from_the_beginning(), self.outlet.clone());
        intake.health(Health::Waiting(Safe::new(why)))
    }

    fn add_refused(&mut self, argument: usize, why: &str) -> Result<(), Stopped> {
        let name = name_of(self.arguments.typed(argument));
        let text = RawText::File(Arc::new(LocalFiles), PathBuf::new());
        let Some(rank) = self.outlet.assign_rank(None, &name, text)? else { return Ok(()) };
        self.inputs.push(RankInput::Stream);
        self.outlet.send(LogUpdate::Health { rank, health: Health::Failed(Safe::new(why)) })
    }

    fn add_remote(&mut self, name: RemoteName) -> Result<(), Stopped> {
        let RemoteName { host, path } = name;
        if let Some(logs) = self.hosts.iter_mut().find(|logs| *logs.host() == host) {
            return logs.add(path);
        }
        let options = [self.options.clone(), self.options_from_the_beginning()];
        let transport = Transport::ssh(&host, &self.ssh_options, &self.logins);
        let mut logs = HostLogs::new(host, transport, options, self.state.clone(), self.outlet.clone());
        let added = logs.add(path);
        self.hosts.push(logs);
        added
    }

    /// Reads the logs of a host on a thread of its own.
    fn start_host(&mut self, logs: HostLogs) {
        let (outlet, shared) = (self.outlet.clone(), Arc::clone(&self.shared));
        let has_ended = Arc::new(AtomicBool::new(false));
        self.inputs.push(RankInput::Host(Arc::clone(&has_ended)));
        shared.begin_stream();
        shared.hosts_behind.fetch_add(1, Ordering::Relaxed);
        thread::spawn(move || {
            let rank = logs.first_rank();
            // A source that was stopped has ended, too.
            let _ = guard(&outlet, || rank..rank.saturating_add(1), || logs.run());
            has_ended.store(true, Ordering::Relaxed);
            shared.end_stream();
        });
    }

    /// Reads a stream on a thread of its own.
    fn add_stream(
        &mut self,
        name: Arc<str>,
        run: impl FnOnce(Intake, &Arc<str>, &Outlet, &Mutex<Tape>) -> Result<(), Stopped> + Send + 'static,
    ) -> Result<(), Stopped> {
        let tape = Arc::new(Mutex::new(Tape::default()));
        let Some(rank) = self.outlet.assign_rank(None, &name, RawText::Stream(Arc::clone(&tape)))? else {
            return Ok(());
        };
        let intake = Intake::new(rank, Arc::clone(&name), self.options_from_the_beginning(), self.outlet.clone());
        let shared = Arc::clone(&self.shared);
        shared.begin_stream();
        shared.streams_behind.fetch_add(1, Ordering::Relaxed);
        self.inputs.push(RankInput::Stream);
        let outlet = self.outlet.clone();
        thread::spawn(move || {
            // A stream that was stopped has ended, too.
            let _ = guard(&outlet, || rank..rank.saturating_add(1), || run(intake, &name, &outlet, &tape));
            shared.end_stream();
        });
        Ok(())
    }

    fn add_topic(&mut self, address: Result<TopicAddress, AddressError>) -> Result<(), Stopped> {
        let name: Arc<str> = match &address {
            Ok(address) => address.to_string().into(),
            Err(_) => "topic".into(),
        };
        let Some(rank) = self.outlet.assign_rank(None, &name, RawText::File(Arc::new(LocalFiles), PathBuf::new()))?
        else {
            return Ok(());
        };
        let loading = TopicLoading::begin(&self.shared);
        self.inputs.push(RankInput::Topic(loading.closed()));
        if self.state.is_some() {
            let text = "--state does not keep positions in topics: they are read as without it";
            self.outlet.notice(&name, Severity::Warning, text)?;
        }
        match address {
            Ok(address) => self.start_topic(address, rank, loading),
            Err(error) => {
                let health = Health::Failed(Safe::new(&error.to_string()));
                self.outlet.send(LogUpdate::Health { rank, health })
            }
        }
    }

    #[cfg(feature = "kafka")]
    fn start_topic(&self, address: TopicAddress, rank: u16, loading: TopicLoading) -> Result<(), Stopped> {
        let (options, start, zone) = (self.topics.clone(), self.options.start, self.options.zone.clone());
        let task = kafka::TopicTask { address, options, start, rank, zone, outlet: self.outlet.clone(), loading };
        let outlet = self.outlet.clone();
        let run = move || {
            // A topic that was stopped has ended, too.
            let _ = guard(&outlet, || rank..rank.saturating_add(1), || kafka::run(task));
        };
        match thread::Builder::new().name("topic".to_owned()).spawn(run) {
            Ok(_) => Ok(()),
            Err(error) => {
                let health = Health::Failed(Safe::from(format!("its thread cannot be started: {error}")));
                self.outlet.send(LogUpdate::Health { rank, health })
            }
        }
    }

    #[cfg(not(feature = "kafka"))]
    fn start_topic(&self, address: TopicAddress, rank: u16, loading: TopicLoading) -> Result<(), Stopped> {
        let why = "this build reads no topics of Kafka: `cargo install` with `--features kafka` makes one that does";
        let sent = self.outlet.send(LogUpdate::Health { rank, health: Health::Failed(Safe::new(why)) });
        drop((address, loading));
        sent
    }

    /// Returns the settings of a file that appeared later, of which everything is new.
    fn options_from_the_beginning(&self) -> IntakeOptions {
        IntakeOptions { start: Start::All, ..self.options.clone() }
    }
}

/// Returns the work of a thread that reads standard input or a FIFO.
fn stream_reader(
    input: StreamInput,
) -> impl FnOnce(Intake, &Arc<str>, &Outlet, &Mutex<Tape>) -> Result<(), Stopped> + Send + 'static {
    move |intake, _, outlet, tape| stream::run(&input, intake, &outlet.shared, tape)
}

/// Returns the pause after a round of polls that took so long.
fn pause_after(round: Duration) -> Duration {
    round.clamp(PAUSE, PAUSE_MAX)
}

/// Returns the name that is shown and printed; bytes that are no UTF-8 are replaced.
fn name_of(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}
