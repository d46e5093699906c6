//! Topics of Kafka: the records of every partition, read as lines of a log.
//!
//! A topic is read without joining a group: nothing is committed, and no topic is created. Each partition is a file of
//! its own, named `kafka://BROKER/TOPIC/PARTITION`, in which the place of a record is its offset.

mod address;
mod options;

pub use address::{AddressError, TopicAddress};
pub use options::{HostnameCheck, KafkaOptions, KafkaTiming, Mechanism, Password, PasswordSource, TopicHistory};
