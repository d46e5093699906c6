//! Topics of librdkafka's mock cluster: another peer than our own brokers, and all codecs.

use super::*;
use crate::{harness::skip, support::mock_cluster::MockCluster};

fn start(topics: &[&str]) -> MockCluster {
    MockCluster::start(topics).unwrap_or_else(|| skip("no confluent_kafka in python3 (or THUMBVIEW_TEST_PYTHON)"))
}

fn all_codecs_are_read() {
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    let topics: Vec<String> = codecs.iter().map(|codec| format!("vod-{codec}:{codec}:25")).collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let cluster = start(&topics);
    for codec in codecs {
        let topic = format!("vod-{codec}");
        let mut heard = Heard::once(&cluster.name(&topic));
        heard.until_finished();
        let mut expected: Vec<String> = (0..25).map(|number| format!("{topic}-{number}")).collect();
        expected.sort();
        assert_eq!(heard.sorted_ids(), expected);
        assert!(heard.events().all(|event| event.time.is_some()));
        let first = heard.events().next().unwrap();
        let text = heard.source.read_raw(first.origin).unwrap();
        assert!(String::from_utf8(text).unwrap().contains(&first.asset.to_string()));
    }
}

fn it_is_followed() {
    let mut cluster = start(&["vod:none:9"]);
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::None);
    heard.until_loaded();
    cluster.order("more vod 6");
    heard.until_events(6);
    let mut expected: Vec<String> = (9..15).map(|number| format!("vod-{number}")).collect();
    expected.sort();
    assert_eq!(heard.sorted_ids(), expected);
}

fn an_unknown_topic_stays_unknown() {
    let cluster = start(&["vod:none:3"]);
    for _ in 0..2 {
        let mut heard = Heard::once(&cluster.name("none"));
        heard.until_finished();
        assert!(matches!(heard.health(0), Some(Health::Failed(why)) if why.as_str().starts_with("there is no topic")));
    }
}

crate::tests! { all_codecs_are_read, it_is_followed, an_unknown_topic_stays_unknown }
