//! From lines to what is sent.
//!
//! An [`Intake`] reads the lines of one name into events, leaves out what a restarted file repeats, and sends the rest
//! in batches. Everything that it leaves out is counted. An [`Outlet`] is the way out; it fails once nobody listens.

use crate::{
    event::{
        Counts, FileId, Health, LogEvent, LogUpdate, Notice, Origin,
        envelope::{FoundEvents, RecordReader},
    },
    source::{
        Mode, ReadError, SharedState, Start, Stopped,
        follow::{Resume, Sink, look::reason},
        lines::{Lines, SplitLine},
        load,
    },
    text::Safe,
};
use jiff::{Timestamp, tz::TimeZone};
use std::{
    collections::{HashSet, VecDeque},
    fs::File,
    num::NonZeroU32,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::sync::mpsc::Sender;

/// The most events of one batch.
pub(super) const BATCH: usize = 512;

/// How often the progress of the first reading is told.
const PROGRESS: Duration = Duration::from_millis(50);

/// How many records of a name are remembered, so that a restarted file does not repeat them.
const RECORDS_MAX: usize = 1 << 20;

/// How a name is followed of which the system tells nothing.
const POLLING: &str = "polling only";

/// The way to whoever listens.
#[derive(Clone, Debug)]
pub(super) struct Outlet {
    pub(super) tx: Sender<LogUpdate>,
    pub(super) shared: Arc<SharedState>,
}

impl Outlet {
    /// Sends, and waits where the channel is full.
    pub(super) fn send(&self, update: LogUpdate) -> Result<(), Stopped> {
        if self.shared.stop.load(Ordering::Relaxed) {
            return Err(Stopped);
        }
        self.tx.blocking_send(update).map_err(|_closed| Stopped)
    }

    /// Sends events and all else in batches.
    pub(super) fn send_found(&self, found: &mut FoundEvents) -> Result<(), Stopped> {
        let FoundEvents { events, rejected, counts } = std::mem::take(found);
        if events.len() <= BATCH && rejected.len() <= BATCH {
            // As nearly always: what is moved to be sent need not be copied before.
            let is_empty = events.is_empty() && rejected.is_empty() && counts == Counts::default();
            return if is_empty { Ok(()) } else { self.send(LogUpdate::Batch { events, rejected, counts }) };
        }
        let (mut events, mut rejected) = (events.into_iter(), rejected.into_iter());
        let mut counts = Some(counts).filter(|counts| *counts != Counts::default());
        loop {
            let events: Vec<LogEvent> = events.by_ref().take(BATCH).collect();
            let rejected: Vec<_> = rejected.by_ref().take(BATCH).collect();
            if events.is_empty() && rejected.is_empty() && counts.is_none() {
                return Ok(());
            }
            self.send(LogUpdate::Batch { events, rejected, counts: counts.take().unwrap_or_default() })?;
        }
    }

    /// Sends a notice that bears the time of now.
    pub(super) fn notice(&self, name: &str, text: &str) -> Result<(), Stopped> {
        let text = Safe::new(&format!("{name}: {text}"));
        self.send(LogUpdate::Notice(Notice { time: Timestamp::now().into(), text }))
    }
}

/// What one name gives.
#[derive(Debug)]
pub(super) struct Intake {
    rank: u16,
    name: Arc<str>,
    zone: TimeZone,
    outlet: Outlet,
    /// Where the next file begins; only the first may begin at its end.
    start: Start,
    /// The generations that may still give lines.
    readers: Vec<(u16, RecordReader)>,
    found: FoundEvents,
    /// Hashes of the records taken, oldest first.
    records: VecDeque<u64>,
    /// Whether some were forgotten.
    forgot: bool,
    /// Hashes of the records taken before the restart of the generation that is read.
    before: HashSet<u64>,
    /// Where the events begin that were taken from a last line without its newline.
    early: HashSet<u64>,
    health: Option<Health>,
    /// A stream has no size; it is live until it ends, even where files are read once.
    is_stream: bool,
}

impl Intake {
    pub(super) fn new(rank: u16, name: Arc<str>, zone: TimeZone, start: Start, outlet: Outlet) -> Self {
        Self {
            rank,
            name,
            zone,
            outlet,
            start,
            readers: Vec::new(),
            found: FoundEvents::default(),
            records: VecDeque::new(),
            forgot: false,
            before: HashSet::new(),
            early: HashSet::new(),
            health: None,
            is_stream: false,
        }
    }

    /// Takes a last line that has no newline, since the file is read once. Should it be finished later, its events are
    /// not taken again.
    pub(super) fn take_pending(&mut self, generation: u16, mut lines: Lines) -> Result<(), Stopped> {
        let Some(mut reader) = self.reader(generation).cloned() else { return Ok(()) };
        let found = &mut self.found;
        lines.finish(|piece| {
            read_piece(&mut reader, piece, found);
            Ok(())
        })?;
        reader.finish(found);
        let early: Vec<u64> = found.events.iter().map(|event| event.origin.byte).collect();
        self.flush()?;
        self.early.extend(early);
        Ok(())
    }

    /// Says again how the name fares, after the mode was changed.
    pub(super) fn retell(&mut self) -> Result<(), Stopped> {
        match self.health.clone() {
            Some(health) => self.health(health),
            None => Ok(()),
        }
    }

    fn reader(&mut self, generation: u16) -> Option<&mut RecordReader> {
        self.readers.iter_mut().find(|(of, _)| *of == generation).map(|(_, reader)| reader)
    }

    /// Leaves out the records that were taken before, and remembers the others.
    fn sift(&mut self) {
        let Self { found, before, early, records, .. } = self;
        let mut replayed = None;
        found.events.retain(|event| {
            let Origin { byte, hash, file, .. } = event.origin;
            if file.generation > 0 && before.contains(&hash) {
                if replayed.replace(byte) != Some(byte) {
                    found.counts.replayed += 1;
                }
                return false;
            }
            if hash != 0 && records.back() != Some(&hash) {
                records.push_back(hash);
            }
            true
        });
        if !early.is_empty() {
            found.events.retain(|event| !early.remove(&event.origin.byte));
        }
        while records.len() > RECORDS_MAX {
            records.pop_front();
            self.forgot = true;
        }
    }
}

impl Sink for Intake {
    fn begin(&mut self, generation: u16, size: Option<u64>, modified: i64) -> Result<(), Stopped> {
        self.flush()?;
        self.is_stream = size.is_none();
        let file = FileId { rank: self.rank, generation };
        let time = Timestamp::from_second(modified).unwrap_or_default();
        let year = time.to_zoned(self.zone.clone()).year();
        self.readers.push((generation, RecordReader::with_zone(file, self.zone.clone(), year)));
        self.before = self.records.iter().copied().collect();
        if self.forgot {
            self.forgot = false;
            let text = format!("the last {RECORDS_MAX} records are known again, older ones would be taken twice");
            self.outlet.notice(&self.name, &text)?;
        }
        self.outlet.send(LogUpdate::Opened { file, name: Arc::clone(&self.name), size })
    }

    fn load(&mut self, generation: u16, file: &File, size: u64) -> Result<Option<Resume>, Stopped> {
        let start = std::mem::replace(&mut self.start, Start::All);
        if start == Start::All && size <= load::BLOCK {
            return Ok(None);
        }
        let Some(pristine) = self.reader(generation).cloned() else { return Ok(None) };
        let fresh = || pristine.clone();
        let file_id = FileId { rank: self.rank, generation };
        let mut taker = LoadProgress { file: file_id, size, told: Instant::now(), intake: self };
        let loaded = match start {
            Start::All => load::load(file, size, &fresh, &mut taker),
            Start::Last(count) => load::load_last(file, size, count, &fresh, &mut taker),
        };
        match loaded {
            Ok(loaded) => {
                self.readers.retain(|(of, _)| *of != generation);
                self.readers.push((generation, loaded.reader));
                Ok(Some(loaded.resume))
            }
            Err(ReadError::Stopped) => Err(Stopped),
            Err(ReadError::Io(error)) => {
                self.notice(format!("{}: a part of the file is left out", reason(&error)))?;
                Ok(Some(Resume { offset: size, line: None }))
            }
        }
    }

    fn piece(&mut self, generation: u16, piece: SplitLine<'_>) -> Result<(), Stopped> {
        if let Some((_, reader)) = self.readers.iter_mut().find(|(of, _)| *of == generation) {
            read_piece(reader, piece, &mut self.found);
        }
        if self.found.events.len() >= BATCH || self.found.rejected.len() >= FoundEvents::REJECTED_MAX {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        self.sift();
        self.outlet.send_found(&mut self.found)
    }

    fn end(&mut self, generation: u16) -> Result<(), Stopped> {
        if let Some(at) = self.readers.iter().position(|(of, _)| *of == generation) {
            self.readers.remove(at).1.finish(&mut self.found);
        }
        self.flush()
    }

    fn incomplete(&mut self, head: Option<&[u8]>) -> Result<(), Stopped> {
        let head = head.map(|head| Safe::from_bytes(head.get(..4096.min(head.len())).unwrap_or_default()));
        self.outlet.send(LogUpdate::Incomplete { rank: self.rank, head })
    }

    fn notice(&mut self, text: String) -> Result<(), Stopped> {
        self.flush()?;
        self.outlet.notice(&self.name, &text)
    }

    fn health(&mut self, health: Health) -> Result<(), Stopped> {
        self.flush()?;
        self.health = Some(health.clone());
        let shared = &self.outlet.shared;
        let polling = shared.polling.load(Ordering::Relaxed) && !self.is_stream;
        let health = match (shared.mode(), health) {
            (Mode::Once, Health::Waiting(why)) => Health::Failed(why),
            (Mode::Once, Health::Live | Health::Marked(_)) if !self.is_stream => Health::Loaded,
            (Mode::Follow, Health::Live) if polling => Health::Marked(POLLING.into()),
            (Mode::Follow, Health::Marked(word)) if polling => Health::Marked(Safe::new(&format!("{word}, {POLLING}"))),
            (Mode::Once | Mode::Follow, health) => health,
        };
        self.outlet.send(LogUpdate::Health { rank: self.rank, health })
    }
}

/// Hands on what the first reading finds, and how far it has come.
struct LoadProgress<'a> {
    intake: &'a mut Intake,
    file: FileId,
    size: u64,
    told: Instant,
}

impl load::LoadSink for LoadProgress<'_> {
    fn found(&mut self, found: FoundEvents, read: u64) -> Result<(), Stopped> {
        self.intake.found = found;
        self.intake.flush()?;
        if self.told.elapsed() < PROGRESS {
            return Ok(());
        }
        self.told = Instant::now();
        let health = Health::Loading { read, total: Some(self.size) };
        self.intake.outlet.send(LogUpdate::Health { rank: self.file.rank, health })
    }

    fn lines(&mut self, lines: Vec<(u64, NonZeroU32)>) -> Result<(), Stopped> {
        if lines.is_empty() {
            return Ok(());
        }
        self.intake.outlet.send(LogUpdate::Lines { file: self.file, lines })
    }
}

/// Reads one piece.
pub(super) fn read_piece(reader: &mut RecordReader, piece: SplitLine<'_>, found: &mut FoundEvents) {
    match piece {
        SplitLine::Whole { bytes, byte, line } => reader.read(bytes, byte, line, found),
        SplitLine::Overlong { head, byte, len, line } => reader.overlong(head, byte, len, line, found),
    }
}
