//! The thread that looks after all files of a source.
//!
//! It finds the files, gives each its rank, polls their followers, and sends [`LogUpdate::Loaded`] and
//! [`LogUpdate::Finished`] at the right time. Streams have threads of their own and are only counted here.

use crate::{
    event::{Health, LogUpdate},
    source::{
        Mode, RankEntry, RawText, SharedState, SourceConfig, Start, Stopped,
        follow::{Discovery, Follower, PollOutcome, Sink as _, anchor::ReadHistory},
        intake::{Intake, Outlet},
        places::{FileArgument, Places},
        stream::{self, StreamInput, Tape},
        wake::Waker,
    },
    text::Safe,
};
use jiff::tz::TimeZone;
use std::{
    fs,
    os::unix::fs::FileTypeExt as _,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

/// How often files are looked at.
const PERIOD: Duration = Duration::from_millis(250);

/// How often directories and globs are looked at.
const PLACES_PERIOD: Duration = Duration::from_secs(2);

/// The least time between two looks, however often the system tells of changes.
const PAUSE: Duration = Duration::from_millis(2);

/// All that one source watches.
#[derive(Debug)]
pub(super) struct Watch {
    places: Places,
    zone: TimeZone,
    start: Start,
    outlet: Outlet,
    shared: Arc<SharedState>,
    pokes: Receiver<()>,
    slots: Vec<WatchedFile>,
    taken: ReadHistory,
    begun: Instant,
    /// When directories and globs are looked at next.
    places_due: Duration,
    waker: Option<Waker>,
    mode: Mode,
}

/// One rank.
#[derive(Debug)]
enum WatchedFile {
    File(Box<(Follower, Intake)>),
    /// Read on a thread of its own.
    Stream,
    /// A glob or directory, by its place among the arguments, in which nothing was found yet.
    Empty(usize),
}

impl Watch {
    pub(super) fn new(config: SourceConfig, outlet: Outlet, pokes: Receiver<()>) -> Self {
        Self {
            places: Places::new(config.files),
            zone: config.zone,
            start: config.start,
            shared: Arc::clone(&outlet.shared),
            outlet,
            pokes,
            slots: Vec::new(),
            taken: ReadHistory::default(),
            begun: Instant::now(),
            places_due: Duration::ZERO,
            waker: None,
            mode: config.mode,
        }
    }

    /// Works until nobody listens any more.
    pub(super) fn run(mut self) {
        // Stopping is the one way to end.
        let Err(Stopped) = self.work();
    }

    fn work(&mut self) -> Result<std::convert::Infallible, Stopped> {
        self.find(Discovery::AtStart)?;
        while self.poll()? == PollOutcome::More {}
        self.finish_once()?;
        let mut finished = false;
        self.outlet.send(LogUpdate::Loaded)?;
        loop {
            if !finished && self.is_done() {
                finished = true;
                self.outlet.send(LogUpdate::Finished)?;
            }
            self.wait()?;
            if self.shared.mode() != self.mode {
                self.mode = self.shared.mode();
                finished = false;
                self.retell()?;
            }
            match self.mode {
                Mode::Once => {}
                Mode::Follow => {
                    if self.begun.elapsed() >= self.places_due {
                        self.find(Discovery::Later)?;
                    }
                    while self.poll()? == PollOutcome::More {}
                }
            }
        }
    }

    /// Looks at every file once.
    fn poll(&mut self) -> Result<PollOutcome, Stopped> {
        let mut pace = PollOutcome::Idle;
        for slot in &mut self.slots {
            match slot {
                WatchedFile::File(file) => {
                    let (follower, intake) = file.as_mut();
                    let now = self.begun.elapsed();
                    if follower.poll(now, &mut self.taken, intake)? == PollOutcome::More {
                        pace = PollOutcome::More;
                    }
                }
                WatchedFile::Stream | WatchedFile::Empty(_) => {}
            }
        }
        Ok(pace)
    }

    /// Whether nothing more can come in this mode.
    fn is_done(&self) -> bool {
        let streams_ended = self.shared.streams.load(Ordering::Relaxed) == 0;
        let only_streams = self.slots.iter().all(|slot| matches!(slot, WatchedFile::Stream));
        streams_ended && (self.mode == Mode::Once || only_streams)
    }

    /// Where files are read once, their last line may lack its newline, and streams have an end to wait for.
    fn finish_once(&mut self) -> Result<(), Stopped> {
        if self.mode == Mode::Follow {
            return Ok(());
        }
        for slot in &mut self.slots {
            if let WatchedFile::File(file) = slot {
                let (follower, intake) = file.as_mut();
                if let Some((generation, lines)) = follower.pending() {
                    intake.take_pending(generation, lines)?;
                }
            }
        }
        while self.shared.streams.load(Ordering::Relaxed) > 0 && self.shared.mode() == Mode::Once {
            self.wait()?;
        }
        Ok(())
    }

    fn wait(&mut self) -> Result<(), Stopped> {
        let began = Instant::now();
        match self.mode {
            Mode::Once => {
                // The source itself holds the other end.
                let _ = self.pokes.recv();
            }
            Mode::Follow => match self.pokes.recv_timeout(PERIOD) {
                Ok(()) => thread::sleep(PAUSE.saturating_sub(began.elapsed())),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            },
        }
        if self.shared.is_stopped() { Err(Stopped) } else { Ok(()) }
    }

    fn retell(&mut self) -> Result<(), Stopped> {
        for slot in &mut self.slots {
            match slot {
                WatchedFile::File(file) => file.1.retell()?,
                WatchedFile::Stream | WatchedFile::Empty(_) => {}
            }
        }
        Ok(())
    }

    /// Finds files for the arguments, and watches their folders.
    fn find(&mut self, found: Discovery) -> Result<(), Stopped> {
        for (argument, place) in self.places.look() {
            match place {
                FileArgument::Stdin if found == Discovery::AtStart => {
                    self.add_stream(StreamInput::Stdin, "standard input".into())?
                }
                FileArgument::Empty(why) if found == Discovery::AtStart => self.add_empty(argument, &why)?,
                FileArgument::Stdin | FileArgument::Empty(_) => {}
                FileArgument::File(path) => self.add_file(argument, path, found)?,
            }
        }
        self.places_due = self.begun.elapsed() + PLACES_PERIOD;
        if self.mode == Mode::Follow {
            self.watch_folders()?;
        }
        Ok(())
    }

    fn watch_folders(&mut self) -> Result<(), Stopped> {
        let waker = self.waker.get_or_insert_with(|| Waker::new(self.shared.poke.clone()));
        for slot in &self.slots {
            match slot {
                WatchedFile::File(file) => waker.watch(file.0.path()),
                WatchedFile::Stream | WatchedFile::Empty(_) => {}
            }
        }
        match waker.trouble() {
            Some(trouble) => {
                self.shared.polling.store(true, Ordering::Relaxed);
                self.outlet.notice("watching", &trouble)?;
                self.retell()
            }
            None => Ok(()),
        }
    }

    fn add_file(&mut self, argument: usize, path: PathBuf, found: Discovery) -> Result<(), Stopped> {
        let name: Arc<str> = path.to_string_lossy().into();
        if fs::metadata(&path).is_ok_and(|metadata| metadata.file_type().is_fifo()) {
            return self.add_stream(StreamInput::Fifo(path), name);
        }
        let empty = self.slots.iter().position(|slot| matches!(slot, WatchedFile::Empty(of) if *of == argument));
        let Some(rank) = self.give_rank(empty, &name, RawText::File(path.clone()))? else { return Ok(()) };
        let start = if found == Discovery::AtStart { self.start } else { Start::All };
        let intake = Intake::new(rank, name, self.zone.clone(), start, self.outlet.clone());
        let slot = WatchedFile::File(Box::new((Follower::new(path, rank, found), intake)));
        match empty {
            Some(at) => self.slots[at] = slot,
            None => self.slots.push(slot),
        }
        Ok(())
    }

    fn add_empty(&mut self, argument: usize, why: &str) -> Result<(), Stopped> {
        if self.slots.iter().any(|slot| matches!(slot, WatchedFile::Empty(of) if *of == argument)) {
            return Ok(());
        }
        let name: Arc<str> = self.places.argument(argument).into();
        let Some(rank) = self.give_rank(None, &name, RawText::File(PathBuf::new()))? else { return Ok(()) };
        self.slots.push(WatchedFile::Empty(argument));
        let mut intake = Intake::new(rank, name, self.zone.clone(), Start::All, self.outlet.clone());
        intake.health(Health::Waiting(Safe::new(why)))
    }

    fn add_stream(&mut self, input: StreamInput, name: Arc<str>) -> Result<(), Stopped> {
        let tape = Arc::new(Mutex::new(Tape::default()));
        let Some(rank) = self.give_rank(None, &name, RawText::Stream(Arc::clone(&tape)))? else { return Ok(()) };
        let intake = Intake::new(rank, name, self.zone.clone(), Start::All, self.outlet.clone());
        let shared = Arc::clone(&self.shared);
        shared.streams.fetch_add(1, Ordering::Relaxed);
        self.slots.push(WatchedFile::Stream);
        thread::spawn(move || {
            // Stopping is a way to end as good as any.
            let _ = stream::run(&input, intake, &shared, &tape);
            shared.streams.fetch_sub(1, Ordering::Relaxed);
            shared.wake();
        });
        Ok(())
    }

    /// Gives a name its rank, the one of `instead` where there is one; `None` where there are too many.
    fn give_rank(&self, instead: Option<usize>, name: &Arc<str>, text: RawText) -> Result<Option<u16>, Stopped> {
        let mut names = self.shared.shelf();
        let at = instead.unwrap_or(names.len());
        let Ok(rank) = u16::try_from(at) else {
            drop(names);
            self.outlet.notice(name, "left out: there are more than 65 536 files")?;
            return Ok(None);
        };
        let entry = RankEntry { name: Arc::clone(name), text };
        match names.get_mut(at) {
            Some(old) => *old = entry,
            None => names.push(entry),
        }
        Ok(Some(rank))
    }
}
