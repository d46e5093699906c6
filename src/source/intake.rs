//! The events of one name, from its lines to the channel.
//!
//! An [`Intake`] reads the lines of one name into events, leaves out what a restarted file repeats, and sends the rest
//! in batches. Everything that it leaves out is counted.

use crate::{
    event::{FileId, FoundEvents, Health, LogUpdate, Origin, ReadMode, RecordReader, Severity},
    source::{
        config::{Order, Start},
        encoding::{EncodingSet, to_utf8},
        error::{ReadError, Stopped, reason},
        file::{access::SourceFile, load},
        line_reader::LineReader,
        lines::{Lines, SplitLine},
        outlet::{BATCH, Outlet},
        replay::{BEGINNING, RECORDS_MAX, ReplayLedger},
        sink::{Beginning, ContentChange, Place, Resume, Sink},
    },
    text::Safe,
};
use jiff::{Timestamp, tz::TimeZone};
use std::{
    collections::HashSet,
    num::NonZeroU32,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

/// The time between two progress reports of the first reading.
const PROGRESS: Duration = Duration::from_millis(50);

/// The number of records behind an unfinished one that are remembered.
const SENT_MAX: usize = 4096;

/// The state of a name of which the system reports no changes.
const POLLING: &str = "polling only";

/// The settings of one name.
#[derive(Clone, Debug)]
pub(super) struct IntakeOptions {
    pub(super) start: Start,
    pub(super) order: Order,
    pub(super) positions: Positions,
    /// The zone of times that name none.
    pub(super) zone: TimeZone,
}

/// The choice to keep read positions for a later run or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Positions {
    Kept,
    NotKept,
}

/// An event that is not taken again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct TakenEvent {
    generation: u16,
    byte: u64,
    /// Its number among the events of its record.
    part: u32,
}

impl TakenEvent {
    fn of(Origin { file, byte, part, .. }: Origin) -> Self {
        Self { generation: file.generation, byte, part }
    }
}

/// The events of one name.
#[derive(Debug)]
pub(super) struct Intake {
    rank: u16,
    name: Arc<str>,
    zone: TimeZone,
    outlet: Outlet,
    /// The place where the next file begins; only the first may begin at its end.
    start: Start,
    order: Order,
    positions: Positions,
    /// The generations that may still give lines.
    readers: Vec<(u16, LineReader)>,
    /// The encodings that were reported.
    reported: EncodingSet,
    found: FoundEvents,
    /// The last place of each generation at which no record was unfinished.
    places: Vec<(u16, Place)>,
    /// The generation that began last.
    newest: u16,
    /// The records of the newest generation.
    ledger: ReplayLedger,
    /// The events that were taken from a last line without its newline, or sent by an earlier run.
    taken: HashSet<TakenEvent>,
    health: Option<Health>,
    /// Set for a stream, which is live until it ends, even where files are read once.
    is_stream: bool,
    /// Set until the first line of the newest generation, which may continue a record of the one before.
    continues: bool,
}

impl Intake {
    pub(super) fn new(rank: u16, name: Arc<str>, options: IntakeOptions, outlet: Outlet) -> Self {
        let IntakeOptions { start, order, positions, zone } = options;
        Self {
            rank,
            name,
            zone,
            outlet,
            start,
            order,
            positions,
            readers: Vec::new(),
            reported: EncodingSet::default(),
            found: FoundEvents::default(),
            places: Vec::new(),
            newest: 0,
            ledger: ReplayLedger::default(),
            taken: HashSet::new(),
            health: None,
            is_stream: false,
            continues: false,
        }
    }

    /// Takes a last line that has no newline, since the file is read once. Should it be completed later, its events
    /// are not taken again.
    pub(super) fn take_pending(&mut self, generation: u16, mut lines: Lines) -> Result<(), Stopped> {
        let Some(mut reader) = self.reader(generation).cloned() else { return Ok(()) };
        let found = &mut self.found;
        lines.finish(|line| {
            reader.read_split(line, found);
            Ok(())
        })?;
        reader.finish(found);
        let taken: Vec<TakenEvent> = found.events.iter().map(|event| TakenEvent::of(event.origin)).collect();
        self.flush()?;
        self.taken.extend(taken);
        Ok(())
    }

    /// Sends the state of the name again, after the mode was changed.
    pub(super) fn resend_health(&mut self) -> Result<(), Stopped> {
        match self.health.clone() {
            Some(health) => self.health(health),
            None => Ok(()),
        }
    }

    /// Hands records that the generation before the newest has begun to the newest: a rotation may cut a record.
    fn hand_over(&mut self) {
        let newest = self.newest;
        let before = self.readers.iter_mut().filter(|(of, _)| *of < newest).max_by_key(|(of, _)| *of);
        let Some(pending) = before.map(|(_, reader)| reader.take_pending()) else { return };
        if let Some(reader) = self.reader(newest) {
            reader.resume(pending);
        }
    }

    fn reader(&mut self, generation: u16) -> Option<&mut LineReader> {
        self.readers.iter_mut().find(|(of, _)| *of == generation).map(|(_, reader)| reader)
    }

    /// Notes the records that are sent although one before them is unfinished.
    fn note_sent(&mut self) {
        if self.positions == Positions::NotKept {
            return;
        }
        for event in &self.found.events {
            let Origin { byte, file, .. } = event.origin;
            let place = self.places.iter_mut().find(|(of, _)| *of == file.generation);
            if let Some((_, place)) =
                place.filter(|(_, place)| byte >= place.resume.offset && place.sent.len() < SENT_MAX)
            {
                place.sent.push(byte);
            }
        }
    }

    /// Reports each encoding other than UTF-8 once.
    fn report_encodings(&mut self) -> Result<(), Stopped> {
        let mut met = self.reported;
        self.readers.iter().for_each(|(_, reader)| met.extend(reader.met()));
        for encoding in met.without(self.reported) {
            self.outlet.notice(&self.name, Severity::Warning, encoding.sentence())?;
        }
        self.reported = met;
        Ok(())
    }

    /// Leaves out the records that a rewritten file repeats.
    fn drop_replayed(&mut self) {
        let Self { found, newest, ledger, taken, .. } = self;
        // Several events of one record share its place.
        let mut last = None;
        found.events.retain(|event| {
            let Origin { byte, hash, file, .. } = event.origin;
            if file.generation != *newest || hash == 0 {
                return true;
            }
            let is_replay = match last {
                Some((last_byte, is_replay)) if last_byte == byte => is_replay,
                Some(_) | None => {
                    let is_replay = ledger.take(hash, byte);
                    found.counts.replayed += u64::from(is_replay);
                    is_replay
                }
            };
            last = Some((byte, is_replay));
            !is_replay
        });
        if !taken.is_empty() {
            found.events.retain(|event| !taken.remove(&TakenEvent::of(event.origin)));
        }
    }
}

impl Sink for Intake {
    fn begin(&mut self, generation: u16, beginning: Beginning) -> Result<(), Stopped> {
        self.flush()?;
        let Beginning { size, modified, content } = beginning;
        self.continues = content == ContentChange::New && !self.readers.is_empty();
        self.is_stream = size.is_none();
        self.newest = generation;
        let file = FileId { rank: self.rank, generation };
        let last_change = Timestamp::from_second(modified).unwrap_or_default();
        self.readers.push((generation, LineReader::new(RecordReader::with_zone(file, self.zone.clone(), last_change))));
        if self.ledger.begin(content) {
            let text = format!("only its last {RECORDS_MAX} records are recognized; older ones count as new events");
            self.outlet.notice(&self.name, Severity::Warning, &text)?;
        }
        self.outlet.send(LogUpdate::Opened { file, name: Arc::clone(&self.name), size })
    }

    fn load(&mut self, generation: u16, file: &dyn SourceFile, size: u64) -> Result<Option<Resume>, Stopped> {
        let start = std::mem::replace(&mut self.start, Start::All);
        let mut head = [0; BEGINNING];
        let count = file.read_at(&mut head, 0).unwrap_or_default();
        self.ledger.compare(0, head.get(..count).unwrap_or_default());
        // A large file has no position before all of it is read.
        if start == Start::All && (size <= load::BLOCK || self.positions == Positions::Kept) {
            return Ok(None);
        }
        self.continues = false;
        let Some(empty_reader) = self.reader(generation).cloned() else { return Ok(None) };
        let new_reader = || empty_reader.clone();
        let file_id = FileId { rank: self.rank, generation };
        let (order, is_kept) = (self.order, self.positions == Positions::Kept);
        let mut sink = LoadProgress { file: file_id, size, reported: Instant::now(), first: None, intake: self };
        let loaded = match start {
            Start::All => load::load(file, size, order, &new_reader, &mut sink),
            // Nothing is sent before its position is known.
            Start::Last(count) if is_kept => load::find_last(file, size, count, &new_reader),
            Start::Last(count) => load::load_last(file, size, count, &new_reader, &mut sink),
        };
        let first = sink.first;
        match loaded {
            Ok(loaded) => {
                if start != Start::All {
                    self.ledger.set_skipped(first.unwrap_or(loaded.resume.offset));
                }
                self.readers.retain(|(of, _)| *of != generation);
                self.readers.push((generation, loaded.reader));
                Ok(Some(loaded.resume))
            }
            Err(ReadError::Stopped) => Err(Stopped),
            Err(ReadError::Io(error)) => {
                self.notice(Severity::Warning, format!("{}: a part of the file is left out", reason(&error)))?;
                Ok(Some(Resume { offset: size, line: None }))
            }
        }
    }

    fn lines(&mut self, generation: u16, lines: SplitLine<'_>) -> Result<(), Stopped> {
        if generation == self.newest {
            match lines {
                SplitLine::Whole { bytes, byte, .. } => self.ledger.compare(byte, bytes),
                SplitLine::Overlong { head, byte, .. } => self.ledger.compare(byte, head),
            }
            if std::mem::take(&mut self.continues) {
                self.hand_over();
            }
        }
        if let Some((_, reader)) = self.readers.iter_mut().find(|(of, _)| *of == generation) {
            // What comes to a live file was written just now.
            if matches!(self.health, Some(Health::Live | Health::Marked(_))) {
                reader.set_last_change(Timestamp::now());
            }
            reader.read_split(lines, &mut self.found);
        }
        if self.found.events.len() >= BATCH || self.found.rejected.len() >= FoundEvents::REJECTED_MAX {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn place(&mut self, generation: u16, resume: Resume) {
        let is_carrying = self.reader(generation).is_some_and(|reader| reader.is_carrying());
        let place = self.places.iter_mut().find(|(of, _)| *of == generation);
        match place {
            Some(_) if is_carrying => {}
            Some((_, place)) => *place = Place { resume, sent: Vec::new() },
            None => self.places.push((generation, Place { resume, sent: Vec::new() })),
        }
    }

    fn keeps_positions(&self) -> bool {
        self.positions == Positions::Kept
    }

    fn chunks_per_poll(&self) -> usize {
        match self.positions {
            Positions::Kept => 1,
            Positions::NotKept => 64,
        }
    }

    fn resume_place(&self, generation: u16) -> Option<Place> {
        self.places.iter().find(|(of, _)| *of == generation).map(|(_, place)| place.clone())
    }

    fn skip(&mut self, generation: u16, records: &[u64]) {
        for (at, byte) in records.iter().enumerate() {
            let before = records.get(..at).unwrap_or_default().iter().rev().take_while(|other| *other == byte);
            let part = u32::try_from(before.count()).unwrap_or(u32::MAX);
            self.taken.insert(TakenEvent { generation, byte: *byte, part });
        }
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        self.drop_replayed();
        self.note_sent();
        self.outlet.send_found(&mut self.found)?;
        self.report_encodings()
    }

    fn end(&mut self, generation: u16) -> Result<(), Stopped> {
        if self.continues && generation < self.newest {
            self.hand_over();
        }
        if let Some(at) = self.readers.iter().position(|(of, _)| *of == generation) {
            self.readers.remove(at).1.finish(&mut self.found);
        }
        self.places.retain(|(of, _)| *of != generation);
        self.flush()?;
        self.taken.retain(|taken| taken.generation != generation);
        Ok(())
    }

    fn unfinished(&self, generation: u16) -> Option<(u64, &[u8])> {
        self.readers.iter().find(|(of, _)| *of == generation)?.1.unfinished()
    }

    fn incomplete(&mut self, head: Option<&[u8]>) -> Result<(), Stopped> {
        let head = head.map(|head| Safe::from_bytes(&to_utf8(head, 0)));
        self.outlet.send(LogUpdate::Incomplete { rank: self.rank, head })
    }

    fn notice(&mut self, severity: Severity, text: String) -> Result<(), Stopped> {
        self.flush()?;
        self.outlet.notice(&self.name, severity, &text)
    }

    fn health(&mut self, health: Health) -> Result<(), Stopped> {
        self.flush()?;
        self.health = Some(health.clone());
        let shared = &self.outlet.shared;
        let polling = shared.polling.load(Ordering::Relaxed) && !self.is_stream;
        let health = match (shared.mode(), health) {
            // Nobody waits for a file that is read once.
            (ReadMode::Once, Health::Waiting(why)) if why.as_str() == "not there yet" => {
                Health::Failed("no such file".into())
            }
            (ReadMode::Once, Health::Waiting(why)) => Health::Failed(why),
            (ReadMode::Once, Health::Live | Health::Marked(_)) if !self.is_stream => Health::Loaded,
            (ReadMode::Follow, Health::Live) if polling => Health::Marked(POLLING.into()),
            (ReadMode::Follow, Health::Marked(word)) if polling => {
                Health::Marked(Safe::new(&format!("{word}, {POLLING}")))
            }
            (ReadMode::Once | ReadMode::Follow, health) => health,
        };
        self.outlet.send(LogUpdate::Health { rank: self.rank, health })
    }
}

/// Sends the events and the progress of the first reading.
struct LoadProgress<'a> {
    intake: &'a mut Intake,
    file: FileId,
    size: u64,
    reported: Instant,
    /// The byte of the first event.
    first: Option<u64>,
}

impl load::LoadSink for LoadProgress<'_> {
    fn found(&mut self, found: FoundEvents, read: u64) -> Result<(), Stopped> {
        self.first = self.first.or_else(|| Some(found.events.first()?.origin.byte));
        self.intake.found = found;
        self.intake.flush()?;
        if self.reported.elapsed() < PROGRESS {
            return Ok(());
        }
        self.reported = Instant::now();
        let health = Health::Loading { read, total: Some(self.size) };
        self.intake.outlet.send(LogUpdate::Health { rank: self.file.rank, health })
    }

    fn line_numbers(&mut self, lines: Vec<(u64, NonZeroU32)>) -> Result<(), Stopped> {
        if lines.is_empty() {
            return Ok(());
        }
        self.intake.outlet.send(LogUpdate::Lines { file: self.file, lines })
    }
}
