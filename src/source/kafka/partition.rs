//! The reading of one partition, from its start to its end and on.

use super::{
    client::{FetchSize, Partition, TopicRecord},
    fault::{FaultScope, TopicFault},
    position::{Displacement, search_depths},
    record::thumbnails,
    topic::{CLOCK_SKEW, Closed, Topic, TopicStart, Trouble},
    update::{PartitionDiscovery, TopicUpdate},
};
use crate::event::{ReadMode, Time};
use std::{collections::VecDeque, ops::ControlFlow, sync::Arc};

/// The reader of one partition.
#[derive(Debug)]
pub(super) struct PartitionReader {
    topic: Arc<Topic>,
    partition: i32,
    discovery: PartitionDiscovery,
    /// The offset of the record that comes next; none before the start is known.
    position: Option<i64>,
    /// The end at the start; none once it was reached.
    end: Option<i64>,
    /// Set once records were asked for.
    has_answer: bool,
    /// The number of answers in a row by which the partition ends before `end`.
    short_answers: u32,
    trouble: Trouble,
    /// The number of times that one batch is asked for.
    small_fetches: u32,
    damage: Option<DamagedStretch>,
}

/// Records in a row that cannot be read.
#[derive(Debug)]
struct DamagedStretch {
    offset: i64,
    count: u64,
    reason: String,
}

/// The number of times that one batch is asked for after an answer that could not be read.
const SMALL_FETCHES: u32 = 64;

/// The most records in a row that are passed over.
const DAMAGE_MAX: u64 = 10_000;

/// The number of answers in a row that are believed: a new leader may know of fewer records for a moment.
const SHORT_ANSWERS: u32 = 16;

/// The end of an attempt to read.
enum Interruption {
    TopicFault(TopicFault),
    Closed,
}

impl From<TopicFault> for Interruption {
    fn from(fault: TopicFault) -> Self {
        Self::TopicFault(fault)
    }
}

impl From<Closed> for Interruption {
    fn from(_closed: Closed) -> Self {
        Self::Closed
    }
}

impl PartitionReader {
    pub(super) fn new(topic: Arc<Topic>, partition: i32, discovery: PartitionDiscovery) -> Self {
        Self {
            topic,
            partition,
            discovery,
            position: None,
            end: None,
            has_answer: false,
            short_answers: 0,
            trouble: Trouble::default(),
            small_fetches: 0,
            damage: None,
        }
    }

    /// Reads until nobody receives the records.
    pub(super) async fn run(mut self) -> Result<(), Closed> {
        let topic = Arc::clone(&self.topic);
        let mut seen = 0;
        loop {
            let connected = topic.connect(seen).await?;
            let name = topic.address.topic();
            let interruption = match connected.cluster.partition(name, self.partition).await {
                Ok(partition) => self.read(&partition).await,
                Err(fault) => fault.into(),
            };
            let Interruption::TopicFault(fault) = interruption else { return Err(Closed) };
            if fault.scope() == FaultScope::Partition {
                seen = connected.generation;
            }
            // A connection that was closed, as for being idle, is no trouble yet: the next one tells.
            if fault.is_transient() && self.trouble.begin() {
                continue;
            }
            topic.report(Some(self.partition), fault, &mut self.trouble, topic.limited()).await?;
        }
    }

    /// Reads from the leader until something interrupts it.
    async fn read(&mut self, partition: &Partition) -> Interruption {
        loop {
            if let Err(interruption) = self.step(partition).await {
                return interruption;
            }
        }
    }

    /// Asks for records once, and hands them on.
    async fn step(&mut self, partition: &Partition) -> Result<(), Interruption> {
        let topic = Arc::clone(&self.topic);
        let position = match self.position {
            Some(position) => position,
            None => self.open(partition).await?,
        };
        if self.end.is_some_and(|end| position >= end) {
            self.end = None;
            self.report_damage().await?;
            topic.send(TopicUpdate::Reached { partition: self.partition }).await?;
        }
        if self.end.is_none() {
            topic.follows().await?;
        }
        let size = if self.small_fetches > 0 { FetchSize::OneBatch } else { FetchSize::Full };
        self.small_fetches = self.small_fetches.saturating_sub(1);
        match partition.fetch(position, size).await {
            Ok((records, end)) => {
                self.report_damage().await?;
                if let Some(first) = self.end.filter(|_| !std::mem::replace(&mut self.has_answer, true)) {
                    // There are brokers that tell a lower end when they are asked for it.
                    self.end = Some(first.max(end));
                }
                if self.trouble.end() {
                    topic.send(TopicUpdate::Recovered { partition: self.partition }).await?;
                }
                self.take(partition, position, records, end).await
            }
            Err(TopicFault::OutOfRange) => self.displace(partition, position).await,
            // What lies in the batch is told once the batch is asked for alone.
            Err(TopicFault::TransactionMark | TopicFault::Damaged { .. }) if size == FetchSize::Full => {
                self.small_fetches = SMALL_FETCHES;
                Ok(())
            }
            Err(TopicFault::TransactionMark) => {
                self.report_damage().await?;
                self.small_fetches = SMALL_FETCHES;
                self.position = Some(position + 1);
                Ok(())
            }
            Err(TopicFault::Damaged { reason }) => self.pass_damage(position, reason).await,
            Err(TopicFault::TooLarge) => {
                topic.send(TopicUpdate::TooLarge { partition: self.partition, offset: position }).await?;
                self.position = Some(position + 1);
                Ok(())
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// Hands records on and moves the position behind them.
    async fn take(
        &mut self,
        partition: &Partition,
        position: i64,
        mut records: Vec<TopicRecord>,
        end: i64,
    ) -> Result<(), Interruption> {
        match records.last() {
            Some(last) => {
                self.position = Some(last.offset.max(position) + 1);
                if let Some(end) = self.end {
                    // What came after the start is read once the topic is followed.
                    if self.topic.mode() == ReadMode::Once && last.offset >= end {
                        records.retain(|record| record.offset < end);
                        self.position = Some(end);
                    }
                }
                self.topic.send(TopicUpdate::Records { partition: self.partition, records }).await?;
            }
            None if self.end.is_some_and(|first| end <= position && position < first) => {
                self.short_answers += 1;
                if self.short_answers >= SHORT_ANSWERS {
                    self.shorten(partition, position).await?;
                }
                return Ok(());
            }
            // The batch there holds no records, such as the mark of a transaction's end: the library tells no next one.
            None if end > position => {
                if partition.latest().await? > position {
                    self.position = Some(position + 1);
                } else if self.end.is_some() {
                    // What is behind belongs to a transaction that has not ended.
                    self.end = Some(position);
                }
            }
            None => {}
        }
        self.short_answers = 0;
        Ok(())
    }

    /// Ends the first reading where the partition ends now: the topic was recreated, or a broker lost its end.
    async fn shorten(&mut self, partition: &Partition, position: i64) -> Result<(), Interruption> {
        self.short_answers = 0;
        if let Some(end) = self.end
            && partition.latest().await? <= position
        {
            self.end = Some(position);
            self.topic.send(TopicUpdate::Shortened { partition: self.partition, count: end - position }).await?;
        }
        Ok(())
    }

    /// Passes over an offset whose record cannot be read: the next one may lie in the same batch.
    async fn pass_damage(&mut self, position: i64, reason: String) -> Result<(), Interruption> {
        let damage =
            self.damage.get_or_insert_with(|| DamagedStretch { offset: position, count: 0, reason: reason.clone() });
        damage.count += 1;
        if damage.count >= DAMAGE_MAX {
            self.report_damage().await?;
            return Err(TopicFault::Damaged { reason }.into());
        }
        self.small_fetches = SMALL_FETCHES;
        self.position = Some(position + 1);
        Ok(())
    }

    /// Reports the records that could not be read, once they are all known.
    async fn report_damage(&mut self) -> Result<(), Closed> {
        let Some(DamagedStretch { offset, count, reason }) = self.damage.take() else { return Ok(()) };
        self.topic.send(TopicUpdate::Damaged { partition: self.partition, offset, count, reason }).await
    }

    /// Finds the start and the end.
    async fn open(&mut self, partition: &Partition) -> Result<i64, Interruption> {
        let end = partition.latest().await?;
        let position = match (self.discovery, self.topic.start) {
            (PartitionDiscovery::Later, _) | (PartitionDiscovery::AtStart, TopicStart::Earliest) => {
                partition.earliest().await?
            }
            (PartitionDiscovery::AtStart, TopicStart::Latest) => end,
            (PartitionDiscovery::AtStart, TopicStart::Since(time)) => {
                let skew = i64::try_from(CLOCK_SKEW.as_micros()).unwrap_or_default();
                partition.at(Time::from_micros(time.as_micros() - skew)).await?.min(end)
            }
            (PartitionDiscovery::AtStart, TopicStart::Last(events)) => last_events(partition, events, end).await?,
        };
        self.position = Some(position);
        self.end = Some(end);
        let records = u64::try_from(end - position).unwrap_or_default();
        let opened = TopicUpdate::Opened { partition: self.partition, records, discovery: self.discovery };
        self.topic.send(opened).await?;
        Ok(position)
    }

    /// Goes on elsewhere, since the broker does not have the record that comes next.
    async fn displace(&mut self, partition: &Partition, position: i64) -> Result<(), Interruption> {
        let (earliest, latest) = (partition.earliest().await?, partition.latest().await?);
        let (next, update) = match Displacement::of(position, earliest, latest) {
            Displacement::Deleted { count, next } => (next, TopicUpdate::Deleted { partition: self.partition, count }),
            Displacement::Restarted { next } => {
                // What is left of the end that the partition had at the start.
                self.end = self.end.map(|end| end.min(latest));
                (next, TopicUpdate::Restarted { partition: self.partition })
            }
            Displacement::None => return Err(TopicFault::OutOfRange.into()),
        };
        self.position = Some(next);
        self.topic.send(update).await?;
        Ok(())
    }
}

/// Returns the offset of the record with the last but so many events before an end.
async fn last_events(partition: &Partition, events: u64, end: i64) -> Result<i64, TopicFault> {
    let earliest = partition.earliest().await?;
    let wanted = usize::try_from(events).unwrap_or(usize::MAX);
    if wanted == 0 {
        return Ok(end);
    }
    for depth in search_depths(events) {
        let from = end.saturating_sub(depth).max(earliest);
        let found = search(partition, from, end, wanted).await?;
        match found {
            ControlFlow::Break(offset) => return Ok(offset),
            ControlFlow::Continue(()) if from == earliest => return Ok(earliest),
            ControlFlow::Continue(()) => {}
        }
    }
    Ok(earliest)
}

/// Searches a range of offsets for the last so many events; breaks with the offset of the first of them.
async fn search(partition: &Partition, from: i64, end: i64, wanted: usize) -> Result<ControlFlow<i64>, TopicFault> {
    // The offset of each event, the last `wanted` of them.
    let mut found = VecDeque::new();
    let (mut position, mut small_fetches, mut damaged) = (from, 0_u32, 0_u64);
    while position < end {
        let size = if small_fetches > 0 { FetchSize::OneBatch } else { FetchSize::Full };
        small_fetches = small_fetches.saturating_sub(1);
        let records = match partition.fetch(position, size).await {
            Ok((records, _)) => records,
            Err(TopicFault::TransactionMark | TopicFault::Damaged { .. } | TopicFault::TooLarge)
                if size == FetchSize::Full =>
            {
                small_fetches = SMALL_FETCHES;
                continue;
            }
            Err(fault @ TopicFault::Damaged { .. }) => {
                damaged += 1;
                if damaged >= DAMAGE_MAX {
                    return Err(fault);
                }
                small_fetches = SMALL_FETCHES;
                Vec::new()
            }
            Err(TopicFault::TransactionMark | TopicFault::TooLarge) => {
                small_fetches = SMALL_FETCHES;
                Vec::new()
            }
            Err(fault) => return Err(fault),
        };
        let Some(last) = records.last() else {
            position += 1;
            continue;
        };
        (position, damaged) = (last.offset + 1, 0);
        for record in records.iter().filter(|record| record.offset < end) {
            let count = record.value.as_deref().map_or(0, thumbnails);
            for _ in 0..count.min(wanted) {
                if found.len() == wanted {
                    found.pop_front();
                }
                found.push_back(record.offset);
            }
        }
    }
    Ok(match found.front() {
        Some(offset) if found.len() == wanted => ControlFlow::Break(*offset),
        Some(_) | None => ControlFlow::Continue(()),
    })
}
