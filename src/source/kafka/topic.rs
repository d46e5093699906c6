//! The state that the tasks of one topic share: the connection, the channel of their updates, and what is done about
//! faults.
//!
//! Each fault is decided on by [`TopicFault::decide`]; after one, a task asks for a new connection and goes on where it was.
//! One that was given up goes on once the topic is followed.

use super::{
    address::TopicAddress,
    client::{Cluster, FetchSize},
    fault::{Decision, FaultPatience, TopicFault, Trial},
    options::KafkaOptions,
    security::Security,
    update::TopicUpdate,
};
use crate::event::{ReadMode, Time};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{
        Mutex, mpsc,
        watch::{self, error::RecvError},
    },
    time::{Instant, sleep},
};

/// The time before a time from which on records are read: the clocks of producers differ.
pub(super) const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// The place in a partition at which reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopicStart {
    /// The oldest record that is kept.
    Earliest,
    /// The end.
    Latest,
    /// The first record since a time.
    Since(Time),
    /// So many events before the end.
    Last(u64),
}

/// The state that the tasks of a topic share.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) address: TopicAddress,
    pub(super) options: KafkaOptions,
    pub(super) start: TopicStart,
    link: Mutex<TopicLink>,
    updates: mpsc::Sender<TopicUpdate>,
    mode: watch::Receiver<ReadMode>,
}

/// The connection of a topic.
#[derive(Debug, Default)]
struct TopicLink {
    cluster: Option<Arc<Cluster>>,
    /// The number of connections that were made.
    generation: u64,
    /// The fault for which connecting was given up, while nobody follows.
    given_up: Option<TopicFault>,
}

/// A connection, by its number.
#[derive(Clone, Debug)]
pub(super) struct Connected {
    pub(super) cluster: Arc<Cluster>,
    pub(super) generation: u64,
}

/// The end of a task: nobody receives its updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed;

impl From<RecvError> for Closed {
    fn from(_closed: RecvError) -> Self {
        Self
    }
}

impl Topic {
    pub(super) fn new(
        address: TopicAddress,
        options: KafkaOptions,
        start: TopicStart,
        updates: mpsc::Sender<TopicUpdate>,
        mode: watch::Receiver<ReadMode>,
    ) -> Self {
        Self { address, options, start, link: Mutex::default(), updates, mode }
    }

    /// Returns what is done at the end.
    pub(super) fn mode(&self) -> ReadMode {
        *self.mode.borrow()
    }

    /// Waits until the topic is followed.
    pub(super) async fn follows(&self) -> Result<(), Closed> {
        let mut mode = self.mode.clone();
        mode.wait_for(|mode| *mode == ReadMode::Follow).await?;
        Ok(())
    }

    /// Sends an update, and waits where the receiver is slow.
    pub(super) async fn send(&self, update: TopicUpdate) -> Result<(), Closed> {
        self.updates.send(update).await.map_err(|_closed| Closed)
    }

    /// Returns a connection that is newer than number `seen`; makes one where there is none.
    pub(super) async fn connect(&self, seen: u64) -> Result<Connected, Closed> {
        loop {
            let mut link = self.link.lock().await;
            let is_followed = self.mode() == ReadMode::Follow;
            if let (Some(cluster), true) = (&link.cluster, link.generation > seen) {
                return Ok(Connected { cluster: Arc::clone(cluster), generation: link.generation });
            }
            match &link.given_up {
                Some(fault) if fault.is_final() => {
                    drop(link);
                    std::future::pending::<()>().await;
                }
                Some(_) if !is_followed => {
                    drop(link);
                    self.follows().await?;
                }
                Some(_) | None => self.make_connection(&mut link).await?,
            }
        }
    }

    /// Connects, until it succeeds or is given up.
    async fn make_connection(&self, link: &mut TopicLink) -> Result<(), Closed> {
        let mut trouble = Trouble::default();
        link.given_up = None;
        loop {
            match self.try_connection().await {
                Ok(cluster) => {
                    let after = trouble.elapsed();
                    *link =
                        TopicLink { cluster: Some(Arc::new(cluster)), generation: link.generation + 1, given_up: None };
                    return self.send(TopicUpdate::Connected { after }).await;
                }
                Err(fault) => {
                    let patience = if link.generation == 0 { FaultPatience::None } else { self.limited() };
                    let (decision, since) = trouble.note(&fault, self.patience(patience));
                    let wait = match decision {
                        Decision::Retry(wait) => wait,
                        Decision::GiveUp => {
                            link.given_up = Some(fault.clone());
                            return self.send(TopicUpdate::Trouble { partition: None, fault, decision, since }).await;
                        }
                    };
                    self.send(TopicUpdate::Trouble { partition: None, fault, decision, since }).await?;
                    sleep(wait).await;
                }
            }
        }
    }

    async fn try_connection(&self) -> Result<Cluster, TopicFault> {
        let security = Security::new(&self.options)?;
        Cluster::connect(self.address.brokers(), &self.options, &security).await
    }

    /// Returns how long faults are put up with where something was read and the end is waited for.
    pub(super) fn limited(&self) -> FaultPatience {
        FaultPatience::Until(self.options.timing.patience)
    }

    fn patience(&self, unfollowed: FaultPatience) -> FaultPatience {
        if self.mode() == ReadMode::Follow { FaultPatience::Endless } else { unfollowed }
    }

    /// Reports a fault, and waits until it is time to try again: a while, or until the topic is followed.
    pub(super) async fn report(
        &self,
        partition: Option<i32>,
        fault: TopicFault,
        trouble: &mut Trouble,
        unfollowed: FaultPatience,
    ) -> Result<(), Closed> {
        let (decision, since) = trouble.note(&fault, self.patience(unfollowed));
        let is_final = fault.is_final();
        self.send(TopicUpdate::Trouble { partition, fault, decision, since }).await?;
        match decision {
            Decision::Retry(wait) => sleep(wait).await,
            Decision::GiveUp if is_final => std::future::pending().await,
            Decision::GiveUp => self.follows().await?,
        }
        Ok(())
    }

    /// Reads the text of records from an offset on, each with a newline, up to a length.
    pub(super) async fn text(&self, partition: i32, offset: i64, len: usize) -> Result<Vec<u8>, TopicFault> {
        let mut seen = 0;
        loop {
            let Ok(connected) = self.connect(seen).await else { return Ok(Vec::new()) };
            match text(&connected.cluster, self.address.topic(), partition, offset, len).await {
                // The connection may have been closed long ago.
                Err(fault) if fault.is_transient() && fault != TopicFault::OutOfRange && seen == 0 => {
                    seen = connected.generation;
                }
                outcome => return outcome,
            }
        }
    }
}

async fn text(cluster: &Cluster, topic: &str, partition: i32, offset: i64, len: usize) -> Result<Vec<u8>, TopicFault> {
    let partition = cluster.partition(topic, partition).await?;
    let (mut text, mut offset) = (Vec::new(), offset);
    while text.len() < len {
        let (records, end) = partition.fetch(offset, FetchSize::OneBatch).await?;
        let Some(last) = records.last() else { break };
        offset = last.offset + 1;
        for value in records.into_iter().filter_map(|record| record.value) {
            text.extend_from_slice(&value);
            if !value.ends_with(b"\n") {
                text.push(b'\n');
            }
            if text.len() >= len {
                break;
            }
        }
        if offset >= end {
            break;
        }
    }
    text.truncate(len);
    Ok(text)
}

/// The faults since the last success.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    since: Option<Instant>,
    failures: u32,
}

impl Trouble {
    /// Notes a fault; returns what is done about it, and the time since the first one.
    fn note(&mut self, fault: &TopicFault, patience: FaultPatience) -> (Decision, Duration) {
        let elapsed = self.since.get_or_insert_with(Instant::now).elapsed();
        let decision = fault.decide(Trial { patience, failures: self.failures, elapsed });
        self.failures = self.failures.saturating_add(1);
        (decision, elapsed)
    }

    /// Notes that something failed; returns `false` if something had failed before.
    pub(super) fn begin(&mut self) -> bool {
        let is_first = self.since.is_none();
        self.since.get_or_insert_with(Instant::now);
        is_first
    }

    /// Notes a success; returns `true` if it ends a trouble.
    pub(super) fn end(&mut self) -> bool {
        self.failures = 0;
        self.since.take().is_some()
    }

    fn elapsed(&self) -> Option<Duration> {
        self.since.map(|since| since.elapsed())
    }
}
