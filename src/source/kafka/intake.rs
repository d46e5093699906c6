//! The thread of a topic: what its tasks find out becomes updates of the source.
//!
//! The topic has a rank of its own, which bears the state of the connection, and each partition has one.

use super::{
    address::TopicAddress,
    client::TopicRecord,
    discovery,
    fault::{Decision, FaultScope, TopicFault},
    options::{KafkaOptions, Mechanism, TopicHistory},
    raw::RawTopic,
    record::TopicRecordReader,
    topic::{Topic, TopicStart},
    update::{PartitionDiscovery, RawRequest, TopicUpdate},
};
use crate::{
    event::{FileId, FoundEvents, Health, LogUpdate, ReadMode, Severity, Time},
    source::{
        config::Start,
        encoding::EncodingSet,
        error::Stopped,
        outlet::{BATCH, Outlet},
        state::{RankEntry, RawText, TopicLoading},
    },
    text::{Safe, number::thousands},
};
use jiff::{Timestamp, tz::TimeZone};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, watch},
};

/// The number of answers of brokers that may wait to be read.
const QUEUE: usize = 4;

/// The number of requests for records' texts that may wait.
const REQUESTS: usize = 8;

/// The longest wait before the thread looks whether it is to end.
const TICK: Duration = Duration::from_millis(250);

/// The time between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(50);

/// The time after which an unfinished text is read as it is.
const UNFINISHED: Duration = Duration::from_secs(5);

/// A topic to be read.
#[derive(Debug)]
pub(in crate::source) struct TopicTask {
    pub(in crate::source) address: TopicAddress,
    pub(in crate::source) options: KafkaOptions,
    pub(in crate::source) start: Start,
    /// The rank that bears the state of the connection.
    pub(in crate::source) rank: u16,
    pub(in crate::source) zone: TimeZone,
    pub(in crate::source) outlet: Outlet,
    pub(in crate::source) loading: TopicLoading,
}

/// The receiver of a topic's updates.
#[derive(Debug)]
struct TopicIntake {
    address: TopicAddress,
    name: Arc<str>,
    rank: u16,
    zone: TimeZone,
    outlet: Outlet,
    loading: TopicLoading,
    requests: mpsc::Sender<RawRequest>,
    partitions: BTreeMap<i32, PartitionIntake>,
    /// The number of partitions at the start, once it is known.
    expected: Option<usize>,
    mode: ReadMode,
    /// The state of the topic while something is wrong with it.
    trouble: Option<Health>,
    /// The faults of the topic, and of each partition, that were told since the last success.
    told: BTreeMap<Option<i32>, String>,
    found: FoundEvents,
    /// The encodings that were reported.
    reported: EncodingSet,
    progress: TopicProgress,
}

/// The progress of the first reading.
#[derive(Debug, Default)]
struct TopicProgress {
    bytes: u64,
    records: u64,
    /// The offsets that there are to the end.
    of_records: u64,
    reported: Option<Instant>,
}

/// The records of one partition.
#[derive(Debug)]
struct PartitionIntake {
    file: FileId,
    name: Arc<str>,
    reader: TopicRecordReader,
    phase: PartitionPhase,
    trouble: Option<Health>,
    /// The time of the last record.
    last: Instant,
}

/// The progress of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PartitionPhase {
    Reading,
    /// The end that it had at the start is reached, or never will be.
    Done,
}

/// Reads a topic until the source is dropped, or until it is given up for good.
pub(in crate::source) fn run(task: TopicTask) -> Result<(), Stopped> {
    let TopicTask { address, options, start, rank, zone, outlet, loading } = task;
    let name: Arc<str> = address.to_string().into();
    let file = FileId { rank, generation: 0 };
    outlet.send(LogUpdate::Opened { file, name: Arc::clone(&name), size: None })?;
    if options.user.is_some() && !options.is_tls() && options.mechanism == Mechanism::Plain {
        let text = "the password is sent unencrypted: --kafka-ca speaks TLS, and --kafka-mechanism \
                    scram-sha-512 keeps it here";
        outlet.notice(&name, Severity::Warning, text)?;
    }
    let mode = outlet.shared.mode();
    let (requests, receiver) = mpsc::channel(REQUESTS);
    let mut intake = TopicIntake {
        address: address.clone(),
        name,
        rank,
        zone,
        outlet,
        loading,
        requests,
        partitions: BTreeMap::new(),
        expected: None,
        mode,
        trouble: None,
        told: BTreeMap::new(),
        found: FoundEvents::default(),
        reported: EncodingSet::default(),
        progress: TopicProgress::default(),
    };
    intake.send_health()?;
    let runtime = match Builder::new_multi_thread().worker_threads(1).thread_name("kafka").enable_all().build() {
        Ok(runtime) => Background(Some(runtime)),
        Err(error) => return intake.give_up(format!("its threads cannot be started: {error}")),
    };
    let (modes, watched) = watch::channel(mode);
    let (sender, mut updates) = mpsc::channel(QUEUE);
    let start = start_of(&options, start);
    let topic = Arc::new(Topic::new(address, options, start, sender, watched));
    runtime.spawn(discovery::run(topic, receiver));
    loop {
        if intake.outlet.shared.is_stopped() {
            return Err(Stopped);
        }
        intake.set_mode(&modes)?;
        match runtime.wait(&mut updates) {
            Received::Update(update) => intake.take(update)?,
            Received::Nothing => {}
            Received::End => return intake.give_up("its reading ended by a bug in thumbview".to_owned()),
        }
        // Also where other partitions bring something all the time.
        intake.finish_stale()?;
    }
}

/// Returns where reading begins.
fn start_of(options: &KafkaOptions, start: Start) -> TopicStart {
    match (options.since, options.history, start) {
        (Some(since), ..) => TopicStart::Since(since.into()),
        (None, TopicHistory::None, _) => TopicStart::Latest,
        (None, TopicHistory::LikeFiles, Start::All) => TopicStart::Earliest,
        (None, TopicHistory::LikeFiles, Start::Last(events)) => TopicStart::Last(events),
    }
}

/// A runtime that does not wait for its tasks when it is dropped: looking up a name may take long.
struct Background(Option<Runtime>);

/// The outcome of waiting for an update.
enum Received {
    Update(TopicUpdate),
    /// None came in time.
    Nothing,
    /// The tasks have ended.
    End,
}

impl Background {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            drop(runtime.spawn(task));
        }
    }

    fn wait(&self, updates: &mut mpsc::Receiver<TopicUpdate>) -> Received {
        let Some(runtime) = &self.0 else { return Received::End };
        match runtime.block_on(async { tokio::time::timeout(TICK, updates.recv()).await }) {
            Ok(Some(update)) => Received::Update(update),
            Ok(None) => Received::End,
            Err(_elapsed) => Received::Nothing,
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl TopicIntake {
    /// Takes an update of the tasks.
    fn take(&mut self, update: TopicUpdate) -> Result<(), Stopped> {
        match update {
            TopicUpdate::Connected { after } => {
                if let Some(after) = after {
                    let text =
                        format!("connected again after {} s; reading continues where it stopped", after.as_secs());
                    self.outlet.notice(&self.name, Severity::Routine, &text)?;
                }
                self.trouble = None;
                self.told.remove(&None);
                self.send_health()
            }
            TopicUpdate::Trouble { partition, fault, decision, since } => {
                self.take_trouble(partition, &fault, decision, since)
            }
            TopicUpdate::Discovered { partitions } => {
                self.expected = Some(partitions);
                self.check_loaded()
            }
            TopicUpdate::Opened { partition, records, discovery } => self.open(partition, records, discovery),
            TopicUpdate::Recovered { partition } => self.recover(partition),
            TopicUpdate::Records { partition, records } => {
                self.progress.records += records.len() as u64;
                self.read(partition, &records)
            }
            TopicUpdate::Deleted { partition, count } => {
                let count = thousands(u64::try_from(count).unwrap_or_default());
                let text = format!("{count} records are missing: the broker deleted them before they were read");
                self.notice(partition, Severity::Warning, &text)
            }
            TopicUpdate::Shortened { partition, count } => {
                let count = thousands(u64::try_from(count).unwrap_or_default());
                let text =
                    format!("{count} records are missing at the end: the topic was recreated, or a broker lost them");
                self.notice(partition, Severity::Warning, &text)
            }
            TopicUpdate::Restarted { partition } => self.restart(partition),
            TopicUpdate::TooLarge { partition, offset } => {
                let text = format!("the record at offset {offset} is left out: it is larger than 64 MiB");
                self.notice(partition, Severity::Warning, &text)
            }
            TopicUpdate::Damaged { partition, offset, count, reason } => {
                let count = thousands(count);
                let text = format!(
                    "{count} records from offset {offset} on are left out, since they cannot be read: {reason}"
                );
                self.notice(partition, Severity::Warning, &text)
            }
            TopicUpdate::Reached { partition } => {
                if let Some(intake) = self.partitions.get_mut(&partition) {
                    intake.phase = PartitionPhase::Done;
                    if self.mode == ReadMode::Once {
                        intake.reader.finish(&mut self.found);
                    }
                }
                self.flush()?;
                self.check_loaded()
            }
        }
    }

    /// Reads the records of a partition.
    fn read(&mut self, partition: i32, records: &[TopicRecord]) -> Result<(), Stopped> {
        self.partition(partition)?;
        for record in records {
            let Some(intake) = self.partitions.get_mut(&partition) else { return Ok(()) };
            intake.last = Instant::now();
            intake.reader.read(record, &mut self.found);
            self.progress.bytes += record.value.as_ref().map_or(0, Vec::len) as u64;
            if self.found.events.len() >= BATCH || self.found.rejected.len() >= FoundEvents::REJECTED_MAX {
                self.flush()?;
            }
        }
        self.flush()?;
        let is_due = self.progress.reported.is_none_or(|reported| reported.elapsed() >= PROGRESS);
        if self.mode == ReadMode::Once && !self.loading.is_over() && is_due {
            self.progress.reported = Some(Instant::now());
            self.send_health()?;
        }
        Ok(())
    }

    fn open(&mut self, partition: i32, records: u64, discovery: PartitionDiscovery) -> Result<(), Stopped> {
        self.partition(partition)?;
        self.progress.of_records += records;
        match discovery {
            PartitionDiscovery::AtStart => Ok(()),
            PartitionDiscovery::Later => {
                self.notice(partition, Severity::Routine, "the partition was added, and is read from its beginning")
            }
        }
    }

    /// Notes that a partition is read again.
    fn recover(&mut self, partition: i32) -> Result<(), Stopped> {
        self.told.remove(&Some(partition));
        // The topic's own trouble is over as well, if a partition told it.
        if self.trouble.take().is_some() {
            self.told.remove(&None);
            self.send_health()?;
        }
        let Some(intake) = self.partitions.get_mut(&partition) else { return Ok(()) };
        if intake.trouble.take().is_some() {
            return self.send_partition_health(partition);
        }
        Ok(())
    }

    /// Reads a partition as another file, since its offsets begin again.
    fn restart(&mut self, partition: i32) -> Result<(), Stopped> {
        self.notice(
            partition,
            Severity::Warning,
            "the topic was recreated, or a broker lost its end: it is read from its oldest record",
        )?;
        let Some(intake) = self.partitions.get_mut(&partition) else { return Ok(()) };
        intake.reader.finish(&mut self.found);
        intake.file.generation = intake.file.generation.saturating_add(1);
        intake.reader = TopicRecordReader::new(intake.file, self.zone.clone());
        let opened = LogUpdate::Opened { file: intake.file, name: Arc::clone(&intake.name), size: None };
        self.flush()?;
        self.outlet.send(opened)
    }

    fn take_trouble(
        &mut self,
        partition: Option<i32>,
        fault: &TopicFault,
        decision: Decision,
        since: Duration,
    ) -> Result<(), Stopped> {
        let health = self.trouble_health(fault, decision, since);
        self.tell_trouble(partition, fault, decision)?;
        match (partition, fault.scope()) {
            (Some(partition), FaultScope::Partition) => {
                self.partition(partition)?;
                if let Some(intake) = self.partitions.get_mut(&partition) {
                    intake.trouble = Some(health);
                    if decision == Decision::GiveUp {
                        intake.phase = PartitionPhase::Done;
                    }
                }
                self.send_partition_health(partition)?;
            }
            (Some(partition), FaultScope::Topic) => {
                self.partition(partition)?;
                if decision == Decision::GiveUp
                    && let Some(intake) = self.partitions.get_mut(&partition)
                {
                    intake.phase = PartitionPhase::Done;
                }
                self.set_trouble(health)?;
            }
            (None, _) => {
                self.set_trouble(health)?;
                if decision == Decision::GiveUp {
                    self.expected = Some(0);
                }
            }
        }
        if self.mode == ReadMode::Follow {
            // Other files of the source are not waited for.
            self.loading.end();
        }
        if fault.is_final() && partition.is_none() {
            self.loading.close();
        }
        self.check_loaded()
    }

    /// Sends a notice of a fault that was not told since the last success: a state has less room on a screen.
    fn tell_trouble(&mut self, partition: Option<i32>, fault: &TopicFault, decision: Decision) -> Result<(), Stopped> {
        let partition = partition.filter(|_| fault.scope() == FaultScope::Partition);
        let sentence = fault.sentence(self.address.topic());
        if decision == Decision::GiveUp || self.told.get(&partition) == Some(&sentence) {
            return Ok(());
        }
        let name = partition.map_or_else(|| Arc::clone(&self.name), |partition| self.address.partition_name(partition));
        self.outlet.notice(&name, Severity::Warning, &sentence)?;
        self.told.insert(partition, sentence);
        Ok(())
    }

    /// Returns the state that a fault leads to: what, since when, next try.
    fn trouble_health(&self, fault: &TopicFault, decision: Decision, since: Duration) -> Health {
        let sentence = fault.sentence(self.address.topic());
        match decision {
            Decision::GiveUp => Health::Failed(Safe::new(&sentence)),
            Decision::Retry(wait) => {
                let began = Timestamp::now().as_microsecond() - i64::try_from(since.as_micros()).unwrap_or_default();
                let began = Time::from_micros(began);
                let today = Timestamp::now().to_zoned(self.zone.clone()).date();
                let began = began.format(&self.zone, today, "%H:%M:%S");
                let next = if wait < Duration::from_secs(30) { "next try in" } else { "tried every" };
                Health::Waiting(Safe::new(&format!("{sentence}, since {began}, {next} {} s", wait.as_secs())))
            }
        }
    }

    fn set_trouble(&mut self, health: Health) -> Result<(), Stopped> {
        if self.trouble.as_ref() == Some(&health) {
            return Ok(());
        }
        self.trouble = Some(health);
        self.send_health()
    }

    /// Gives the topic up for good.
    fn give_up(&mut self, why: String) -> Result<(), Stopped> {
        self.trouble = Some(Health::Failed(Safe::from(why)));
        self.send_health()?;
        self.loading.close();
        Ok(())
    }

    /// Ends the first reading once all partitions have come to their ends.
    fn check_loaded(&mut self) -> Result<(), Stopped> {
        let done = self.partitions.values().filter(|intake| intake.phase == PartitionPhase::Done).count();
        if self.loading.is_over() || self.expected.is_none_or(|expected| done < expected) {
            return Ok(());
        }
        let tombstones: u64 = self.partitions.values().map(|intake| intake.reader.tombstones).sum();
        if tombstones > 0 {
            let text = match tombstones {
                1 => "1 record has no value (a tombstone)".to_owned(),
                _ => format!("{} records have no value (tombstones)", thousands(tombstones)),
            };
            self.outlet.notice(&self.name, Severity::Routine, &text)?;
        }
        // A trouble has been told already.
        if self.trouble.is_none() {
            self.send_state(if self.mode == ReadMode::Once { Health::Loaded } else { Health::Live })?;
        }
        self.loading.end();
        Ok(())
    }

    /// Sends the state of the topic.
    fn send_health(&mut self) -> Result<(), Stopped> {
        let health = match self.mode {
            ReadMode::Follow => Health::Live,
            ReadMode::Once if self.loading.is_over() => Health::Loaded,
            ReadMode::Once => {
                let TopicProgress { bytes, records, of_records, .. } = self.progress;
                let total = (records > 0).then(|| u128::from(bytes) * u128::from(of_records) / u128::from(records));
                let total = total.and_then(|total| u64::try_from(total).ok()).map(|total| total.max(bytes));
                Health::Loading { read: bytes, total }
            }
        };
        self.send_state(health)
    }

    fn send_state(&mut self, health: Health) -> Result<(), Stopped> {
        let health = self.trouble.clone().unwrap_or(health);
        self.outlet.send(LogUpdate::Health { rank: self.rank, health })
    }

    fn send_partition_health(&self, partition: i32) -> Result<(), Stopped> {
        let Some(intake) = self.partitions.get(&partition) else { return Ok(()) };
        let well = if self.mode == ReadMode::Once { Health::Loaded } else { Health::Live };
        let health = intake.trouble.clone().unwrap_or(well);
        self.outlet.send(LogUpdate::Health { rank: intake.file.rank, health })
    }

    /// Tells the tasks of another mode.
    fn set_mode(&mut self, modes: &watch::Sender<ReadMode>) -> Result<(), Stopped> {
        let mode = self.outlet.shared.mode();
        if mode == self.mode {
            return Ok(());
        }
        self.mode = mode;
        modes.send_replace(mode);
        if mode == ReadMode::Follow {
            // What was given up is tried again now.
            self.trouble = None;
        }
        self.send_health()?;
        let partitions: Vec<i32> = self.partitions.keys().copied().collect();
        partitions.into_iter().try_for_each(|partition| self.send_partition_health(partition))
    }

    /// Creates the intake of a partition where there is none.
    fn partition(&mut self, partition: i32) -> Result<(), Stopped> {
        if self.partitions.contains_key(&partition) {
            return Ok(());
        }
        let name = self.address.partition_name(partition);
        let text = RawText::Topic(RawTopic::new(self.requests.clone(), partition));
        let entry = RankEntry { name: Arc::clone(&name), text };
        let Some(rank) = self.outlet.shared.add_rank(entry) else {
            return self.outlet.notice(&name, Severity::Warning, "left out: there are more than 65 536 files");
        };
        let file = FileId { rank, generation: 0 };
        let reader = TopicRecordReader::new(file, self.zone.clone());
        self.outlet.send(LogUpdate::Opened { file, name: Arc::clone(&name), size: None })?;
        let last = Instant::now();
        let intake = PartitionIntake { file, name, reader, phase: PartitionPhase::Reading, trouble: None, last };
        self.partitions.insert(partition, intake);
        self.send_partition_health(partition)
    }

    fn notice(&mut self, partition: i32, severity: Severity, text: &str) -> Result<(), Stopped> {
        self.flush()?;
        let name = self.address.partition_name(partition);
        self.outlet.notice(&name, severity, text)
    }

    /// Reads what has been unfinished for long as it is.
    fn finish_stale(&mut self) -> Result<(), Stopped> {
        for intake in self.partitions.values_mut() {
            if intake.reader.is_carrying() && intake.last.elapsed() >= UNFINISHED {
                intake.reader.finish(&mut self.found);
            }
        }
        self.flush()
    }

    /// Sends what was found, and reports each encoding other than UTF-8 once.
    fn flush(&mut self) -> Result<(), Stopped> {
        self.outlet.send_found(&mut self.found)?;
        let mut met = self.reported;
        self.partitions.values().for_each(|intake| met.extend(intake.reader.met()));
        for encoding in met.without(self.reported) {
            self.outlet.notice(&self.name, Severity::Warning, encoding.sentence())?;
        }
        self.reported = met;
        Ok(())
    }
}
