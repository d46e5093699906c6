//! The partitions of a topic: found at the start and from time to time, and a task for each.

use super::{
    fault::{Decision, FaultPatience, FaultScope, TopicFault},
    partition::PartitionReader,
    topic::{Closed, Topic, Trouble},
    update::{PartitionDiscovery, RawRequest, TopicUpdate},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

/// The longest time that a record's second reading may take.
const RAW_LIMIT: Duration = Duration::from_secs(15);

/// The tasks of the partitions.
type PartitionTasks = JoinSet<Result<(), Closed>>;

/// Reads a topic until nobody receives its updates.
pub(super) async fn run(topic: Arc<Topic>, requests: mpsc::Receiver<RawRequest>) {
    let mut tasks = PartitionTasks::new();
    // Either ends where the thread of the topic is gone, which is the end of both.
    tokio::select! {
        _ended = discover(&topic, &mut tasks) => {}
        () = answer(&topic, requests) => {}
    }
    tasks.shutdown().await;
}

/// Finds the partitions, at first and from time to time, and starts a task for each.
async fn discover(topic: &Arc<Topic>, tasks: &mut PartitionTasks) -> Result<(), Closed> {
    let mut known = BTreeSet::new();
    let mut seen = 0;
    let mut trouble = Trouble::default();
    let mut discovery = PartitionDiscovery::AtStart;
    loop {
        let connected = topic.connect(seen).await?;
        match connected.cluster.partitions(topic.address.topic()).await {
            Ok(partitions) => {
                if trouble.end() {
                    topic.send(TopicUpdate::Connected { after: None }).await?;
                }
                let new: Vec<i32> = partitions.into_iter().filter(|partition| known.insert(*partition)).collect();
                if discovery == PartitionDiscovery::AtStart {
                    topic.send(TopicUpdate::Discovered { partitions: new.len() }).await?;
                }
                for partition in new {
                    tasks.spawn(PartitionReader::new(Arc::clone(topic), partition, discovery).run());
                }
                discovery = PartitionDiscovery::Later;
                rest(topic, tasks).await?;
            }
            Err(fault) => {
                if fault.scope() == FaultScope::Partition {
                    seen = connected.generation;
                    if trouble.begin() {
                        continue;
                    }
                }
                let patience = if known.is_empty() { FaultPatience::None } else { topic.limited() };
                topic.report(None, fault, &mut trouble, patience).await?;
            }
        }
    }
}

/// Waits until it is time to look for new partitions.
async fn rest(topic: &Topic, tasks: &mut PartitionTasks) -> Result<(), Closed> {
    let mut refresh = std::pin::pin!(sleep(topic.options.timing.refresh));
    loop {
        tokio::select! {
            () = &mut refresh => break,
            Some(Err(error)) = tasks.join_next() => report_panic(topic, &error).await?,
        }
    }
    // Only a followed topic may get new ones.
    topic.follows().await
}

/// Reports that the client library panicked in the task of a partition.
async fn report_panic(topic: &Topic, error: &JoinError) -> Result<(), Closed> {
    if !error.is_panic() {
        return Ok(());
    }
    let fault = TopicFault::Settings("the reading of a partition ended by a bug in thumbview".to_owned());
    let (partition, decision, since) = (None, Decision::GiveUp, Duration::ZERO);
    topic.send(TopicUpdate::Trouble { partition, fault, decision, since }).await
}

/// Answers requests for the text of records.
async fn answer(topic: &Arc<Topic>, mut requests: mpsc::Receiver<RawRequest>) {
    let mut tasks = JoinSet::new();
    while let Some(RawRequest { partition, offset, len, answer }) = requests.recv().await {
        let topic = Arc::clone(topic);
        tasks.spawn(async move {
            let text = match timeout(RAW_LIMIT, topic.text(partition, offset, len)).await {
                Ok(Ok(text)) => Ok(text),
                Ok(Err(TopicFault::OutOfRange)) => Err("the broker has deleted the record".to_owned()),
                Ok(Err(fault)) => Err(fault.sentence(topic.address.topic())),
                Err(_elapsed) => Err(format!("no answer for {} s", RAW_LIMIT.as_secs())),
            };
            // The asker may have left.
            drop(answer.send(text));
        });
        while tasks.try_join_next().is_some() {}
    }
}
