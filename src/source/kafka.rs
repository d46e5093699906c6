//! Topics of Kafka: the records of every partition, read as lines of a log.
//!
//! A topic is read without joining a group: nothing is committed, and no topic is created. Each partition is a file of
//! its own, named `kafka://BROKER/TOPIC/PARTITION`, in which the place of a record is its offset. The client library is
//! linked in by the feature `kafka` alone; without it, a topic says so.

mod address;
mod options;

#[cfg(feature = "kafka")]
mod client;
#[cfg(feature = "kafka")]
mod discovery;
#[cfg(feature = "kafka")]
mod fault;
#[cfg(feature = "kafka")]
mod intake;
#[cfg(feature = "kafka")]
mod partition;
#[cfg(feature = "kafka")]
mod position;
#[cfg(feature = "kafka")]
mod raw;
#[cfg(feature = "kafka")]
mod record;
#[cfg(feature = "kafka")]
mod security;
#[cfg(feature = "kafka")]
mod topic;
#[cfg(feature = "kafka")]
mod update;

pub use address::{AddressError, TopicAddress};
#[cfg(feature = "kafka")]
pub(super) use intake::{TopicTask, run};
pub use options::{HostnameCheck, KafkaOptions, KafkaTiming, Mechanism, Password, PasswordSource, TopicHistory};
#[cfg(feature = "kafka")]
pub(super) use raw::RawTopic;
