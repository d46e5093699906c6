//! What is read of topics, from where, and in which order.

use super::*;

fn all_partitions_are_read_to_their_ends() {
    let cluster = three_partitions();
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_finished();
    assert_eq!(heard.sorted_ids(), ["p0-0", "p0-1", "p1-0", "p1-1", "p2-0", "p2-1"]);
    assert_eq!(heard.counts().lines, 6);
    assert_eq!(heard.health(0), Some(&Health::Loaded));
    for event in heard.events() {
        let id = event.asset.to_string();
        let (partition, number) = id.strip_prefix('p').and_then(|id| id.split_once('-')).unwrap();
        assert_eq!(heard.file(event), format!("{}/{partition}", cluster.name("vod")));
        assert_eq!((event.origin.byte.to_string().as_str(), event.origin.line), (number, None));
        let expected = format!("2026-01-01T00:0{number}:00Z");
        assert_eq!(event.time.map(|time| time.to_string()), Some(expected), "the broker's time");
    }
    let text = |event: &LogEvent| String::from_utf8(heard.source.read_raw(event.origin).unwrap()).unwrap();
    for each in heard.events() {
        assert_eq!(text(each), event(&each.asset.to_string()), "J reads the record again");
    }
    assert_eq!(cluster.named().iter().filter(|topic| *topic != "vod").count(), 0, "no topic may be created");
}

fn records_are_any_that_a_log_may_hold() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    let pretty = "{\n  \"event_type\": \"thumbnailComplete\",\n  \"thumbnail_info\": {\n    \"asset_id\": \"b\",\n    \
                  \"status\": \"FAILED\"\n  }\n}";
    let docker = format!(
        "{{\"log\":{},\"stream\":\"stdout\",\"time\":\"2026-03-14T01:15:00Z\"}}",
        serde_json::to_string(&event("c")).unwrap()
    );
    let mut records = vec![record(0, &event("a")), record(1, pretty), record(2, &docker), record(3, "no event")];
    records.push(record(4, &format!("2026-03-14 09:15:00 INFO {}", event("d"))));
    records.push(FakeRecord { value: None, ..record(5, "") });
    records.push(record(6, &event("cut")[..60]));
    records.extend(pretty.lines().map(|line| record(7, &line.replace("\"b\"", "\"e\""))));
    cluster.append("vod", 0, &records);
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_finished();
    assert_eq!(heard.sorted_ids(), ["a", "b", "c", "d", "e"]);
    let places: Vec<u64> = heard.events().map(|event| event.origin.byte).collect();
    assert_eq!(places, [0, 1, 2, 4, 7], "an event bears the offset of the record in which it begins");
    let times: Vec<String> = heard.events().map(|event| event.time.unwrap().to_string()).collect();
    assert_eq!(times[1..4], ["2026-01-01T00:00:01Z", "2026-03-14T01:15:00Z", "2026-03-14T09:15:00Z"]);
    assert_eq!(heard.counts().unparsed, 1);
    assert!(heard.noticed("1 record has no value (a tombstone)"));
    for each in heard.events() {
        let text = heard.source.read_raw(each.origin).unwrap();
        assert_eq!(Fingerprint::of(&text), each.origin.hash);
    }
}

fn new_records_are_followed() {
    let cluster = three_partitions();
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::None);
    heard.until_loaded();
    heard.until_live(0);
    cluster.append("vod", 2, &[record(0, &event("new-1")), record(0, &event("new-2"))]);
    heard.until_events(2);
    cluster.append("vod", 0, &[record(0, &event("new-3"))]);
    heard.until_events(3);
    assert_eq!(heard.sorted_ids(), ["new-1", "new-2", "new-3"], "what was there before is left alone");
}

fn the_last_events_are_found_among_other_records() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 2);
    for partition in 0..2 {
        for number in 0..4 {
            cluster.append("vod", partition, &[record(0, &event(&format!("p{partition}-{number}")))]);
            // More than are looked through at first.
            let others: Vec<FakeRecord> = (0..100).map(|second| record(second, "another line")).collect();
            cluster.append("vod", partition, &others);
        }
    }
    let config = config(&cluster.name("vod"), ReadMode::Follow);
    let mut heard = Heard::spawn(SourceConfig { start: Start::Last(2), ..config });
    heard.until_loaded();
    assert_eq!(heard.sorted_ids(), ["p0-2", "p0-3", "p1-2", "p1-3"]);
    let mut heard = Heard::spawn(SourceConfig { start: Start::Last(99), ..config_once(&cluster) });
    heard.until_finished();
    assert_eq!(heard.sorted_ids().len(), 8);
}

fn reading_begins_at_a_time() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    for number in 0..10 {
        cluster.append("vod", 0, &[record(600 * number, &event(&format!("e{number}")))]);
    }
    let since = jiff::Timestamp::from_millisecond(BEGINNING + 7 * 600_000).unwrap();
    let config = config_once(&cluster);
    let kafka = KafkaOptions { since: Some(since), ..config.kafka.clone() };
    let mut heard = Heard::spawn(SourceConfig { kafka, ..config.clone() });
    heard.until_finished();
    assert_eq!(heard.sorted_ids(), ["e7", "e8", "e9"]);
    let later = KafkaOptions { since: Some(since + jiff::SignedDuration::from_hours(9)), ..config.kafka.clone() };
    let mut heard = Heard::spawn(SourceConfig { kafka: later, ..config });
    heard.until_finished();
    assert_eq!(heard.sorted_ids().len(), 0);
}

fn the_end_is_that_of_the_start_until_the_topic_is_followed() {
    let cluster = three_partitions();
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_finished();
    cluster.append("vod", 1, &[record(0, &event("later"))]);
    let asked = cluster.asked(FETCH);
    thread::sleep(Duration::from_millis(200));
    assert_eq!(cluster.asked(FETCH), asked, "a topic that was read asks for nothing");
    heard.source.set_mode(ReadMode::Follow);
    heard.until_events(7);
    assert_eq!(heard.health(0), Some(&Health::Live));
}

fn a_partition_that_was_added_is_read_from_its_beginning() {
    let cluster = three_partitions();
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::None);
    heard.until_loaded();
    cluster.create("vod", 4);
    cluster.append("vod", 3, &[record(0, &event("new"))]);
    heard.until_events(1);
    assert!(heard.noticed("/vod/3: the partition was added"));
    assert_eq!(
        heard.events().map(|event| heard.file(event)).collect::<Vec<_>>(),
        [format!("{}/3", cluster.name("vod"))]
    );
}

fn topics_and_files_make_one_view() {
    let cluster = three_partitions();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    std::fs::write(&path, event("file") + "\n").unwrap();
    let config = config_once(&cluster);
    let files = vec![folder.path().join("*.none"), config.files[0].clone(), path];
    let mut heard = Heard::spawn(SourceConfig { files, ..config });
    heard.until_finished();
    assert_eq!(heard.sorted_ids().len(), 7);
    let file = heard.events().find(|event| event.asset.to_string() == "file").unwrap();
    assert!(heard.file(file).ends_with("a.log"), "{}", heard.file(file));
}

fn a_record_that_is_gone_is_told() {
    let cluster = three_partitions();
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_finished();
    let origins: Vec<Origin> = heard.events().map(|event| event.origin).collect();
    for partition in 0..3 {
        cluster.delete_before("vod", partition, 2);
    }
    for origin in origins {
        let error = heard.source.read_raw(origin).unwrap_err();
        assert!(
            matches!(&error, RawError::Unreadable { reason, .. } if reason.as_str().contains("deleted")),
            "{error}"
        );
    }
}

crate::tests! {
    all_partitions_are_read_to_their_ends,
    records_are_any_that_a_log_may_hold,
    new_records_are_followed,
    the_last_events_are_found_among_other_records,
    reading_begins_at_a_time,
    the_end_is_that_of_the_start_until_the_topic_is_followed,
    a_partition_that_was_added_is_read_from_its_beginning,
    topics_and_files_make_one_view,
    a_record_that_is_gone_is_told,
}
