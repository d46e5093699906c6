//! Events a second from a topic of librdkafka's mock cluster, beside `confluent_kafka`'s own consumer in the same run:
//! `kafka [EVENTS]`, one million unless said otherwise. Needs `confluent_kafka` in python3 (or `THUMBVIEW_TEST_PYTHON`).
//!
//! Both read all partitions from the beginning to the end, packed by zstd, since the mock keeps 5 MB of each. thumbview also finds the events; the consumer
//! hands its records to Python and drops them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic is how a bench fails, and it prints its figures"
)]

#[path = "../support/mock_cluster.rs"]
mod mock_cluster;

use mock_cluster::MockCluster;
use std::{env, time::Instant};
use thumbview::{
    event::{LogUpdate, ReadMode},
    source::{self, Order, SourceConfig, Start},
};

fn main() {
    let argument = env::args().skip(1).find(|argument| argument != "--bench");
    let events: u64 = argument.map_or(1_000_000, |events| events.parse().unwrap());
    let Some(mut cluster) = MockCluster::start(&[&format!("vod:zstd:{events}")]) else {
        println!("python3 has no confluent_kafka");
        return;
    };
    for _ in 0..3 {
        let begun = Instant::now();
        let found = read(&cluster.name("vod"));
        let seconds = begun.elapsed().as_secs_f64();
        report("thumbview", found, seconds);
        let answer = cluster.order("consume vod");
        let (count, seconds) = answer.split_once(' ').unwrap();
        report("confluent_kafka", count.parse().unwrap(), seconds.parse().unwrap());
    }
}

fn report(who: &str, events: u64, seconds: f64) {
    #[expect(clippy::cast_precision_loss, reason = "a figure of three digits")]
    let rate = events as f64 / seconds / 1000.0;
    println!("{who:16} {events} events in {seconds:.2} s: {rate:.0} thousand a second");
}

/// Reads a topic to its end; returns the number of events.
fn read(name: &str) -> u64 {
    let files = vec![name.into()];
    let config = SourceConfig::of_files(files, ReadMode::Once, Start::All, Order::Log, jiff::tz::TimeZone::UTC);
    let (_source, mut updates) = source::spawn(config);
    let mut events = 0;
    while let Some(update) = updates.blocking_recv() {
        match update {
            LogUpdate::Batch { events: batch, .. } => events += batch.len() as u64,
            LogUpdate::Finished => break,
            LogUpdate::Opened { .. }
            | LogUpdate::Health { .. }
            | LogUpdate::Incomplete { .. }
            | LogUpdate::Lines { .. }
            | LogUpdate::Notice(_)
            | LogUpdate::Loaded => {}
        }
    }
    events
}
