//! The messages of the tasks of a topic to the thread that reads its records, and its requests.

use super::{
    client::TopicRecord,
    fault::{Decision, TopicFault},
};
use std::time::Duration;
use tokio::sync::oneshot;

/// Something that the reading of a topic found out.
#[derive(Debug)]
pub(super) enum TopicUpdate {
    /// A broker answers. `after` is the time for which none did.
    Connected {
        after: Option<Duration>,
    },
    /// Something went wrong with the topic, or with one of its partitions.
    Trouble {
        partition: Option<i32>,
        fault: TopicFault,
        decision: Decision,
        /// The time since it began.
        since: Duration,
    },
    /// A partition is being read. `records` is the number of offsets that it has to its end.
    Opened {
        partition: i32,
        records: u64,
        discovery: PartitionDiscovery,
    },
    /// The trouble of a partition is over.
    Recovered {
        partition: i32,
    },
    Records {
        partition: i32,
        records: Vec<TopicRecord>,
    },
    /// Records were deleted before they were read.
    Deleted {
        partition: i32,
        count: i64,
    },
    /// Records that were there at the start are gone from the end.
    Shortened {
        partition: i32,
        count: i64,
    },
    /// The topic was recreated: offsets begin again.
    Restarted {
        partition: i32,
    },
    /// The batch of records at this offset is too large to be taken.
    TooLarge {
        partition: i32,
        offset: i64,
    },
    /// Records from this offset on cannot be read.
    Damaged {
        partition: i32,
        offset: i64,
        count: u64,
        reason: String,
    },
    /// The end that a partition had at the start is reached.
    Reached {
        partition: i32,
    },
    /// All partitions that there were at the start are known.
    Discovered {
        partitions: usize,
    },
}

/// The time at which a partition was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartitionDiscovery {
    AtStart,
    Later,
}

/// A request to read a record's text once more.
#[derive(Debug)]
pub(super) struct RawRequest {
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// The length of the text in bytes.
    pub(super) len: usize,
    pub(super) answer: oneshot::Sender<Result<Vec<u8>, String>>,
}
