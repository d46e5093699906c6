//! Topics of Kafka, from brokers of our own on the loopback and, where it is at hand, from librdkafka's.

mod faults;
mod mock;
mod program;
mod reading;

use crate::{
    heard::Heard,
    support::kafka::{FETCH, FakeCluster, FakeRecord},
};
use jiff::tz::TimeZone;
use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};
use thumbview::{
    event::{Fingerprint, Health, LogEvent, LogUpdate, Origin, ReadMode},
    source::{
        Order, RawError, SourceConfig, Start,
        kafka::{KafkaOptions, KafkaTiming, TopicHistory},
    },
};

pub(crate) fn tests() -> Vec<crate::harness::Test> {
    [faults::tests(), mock::tests(), program::tests(), reading::tests()].into_iter().flatten().collect()
}

impl Heard {
    fn once(name: &str) -> Self {
        Self::spawn(config(name, ReadMode::Once))
    }

    fn follow(name: &str, history: TopicHistory) -> Self {
        let config = config(name, ReadMode::Follow);
        Self::spawn(SourceConfig { kafka: KafkaOptions { history, ..config.kafka }, ..config })
    }

    fn until_health(&mut self, rank: u16, part: &str) {
        self.until(part, |heard| match heard.health(rank) {
            Some(Health::Waiting(why) | Health::Failed(why)) => why.as_str().contains(part),
            _ => false,
        });
    }

    fn until_live(&mut self, rank: u16) {
        self.until("live", |heard| heard.health(rank) == Some(&Health::Live));
    }

    fn until_events(&mut self, count: usize) {
        self.until(&format!("{count} events"), |heard| heard.events().count() == count);
    }

    /// The ids of the assets, in the order of their letters: partitions are read at once.
    fn sorted_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.events().map(|event| event.asset.to_string()).collect();
        ids.sort();
        ids
    }

    /// The name of the file of an event.
    fn file(&self, event: &LogEvent) -> String {
        self.source.names()[usize::from(event.origin.file.rank)].to_string()
    }
}

fn config(name: &str, mode: ReadMode) -> SourceConfig {
    let millis = Duration::from_millis;
    // A busy machine is slow to answer, and a look for partitions costs nothing here.
    let (wait, refresh, patience) = (millis(50), millis(200), Duration::from_secs(3));
    let timing = KafkaTiming { wait, refresh, patience, ..KafkaTiming::default() };
    let kafka = KafkaOptions { timing, ..KafkaOptions::default() };
    SourceConfig {
        kafka,
        ..SourceConfig::of_files(vec![PathBuf::from(name)], mode, Start::All, Order::Log, TimeZone::UTC)
    }
}

fn event(id: &str) -> String {
    format!(
        "{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{{\"asset_id\":\"{id}\",\"status\":\"SUCCEED\",\"sample\":[],\"dots\":[]}}}}"
    )
}

/// Records at so many seconds after the beginning of 2026.
fn record(second: i64, value: &str) -> FakeRecord {
    FakeRecord { millis: BEGINNING + second * 1000, value: Some(value.as_bytes().to_vec()) }
}

/// 2026-01-01T00:00:00Z in milliseconds.
const BEGINNING: i64 = 1_767_225_600_000;

/// A topic of three partitions with two events each: `p0-0`, `p0-1`, `p1-0` and so on, a minute apart.
fn three_partitions() -> FakeCluster {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 3);
    for partition in 0..3 {
        for number in 0..2 {
            let second = 60 * i64::from(number);
            let id = event(&format!("p{partition}-{number}"));
            cluster.append("vod", partition, &[record(second, &id)]);
        }
    }
    cluster
}

fn config_once(cluster: &FakeCluster) -> SourceConfig {
    config(&cluster.name("vod"), ReadMode::Once)
}
