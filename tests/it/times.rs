//! The times of events, in the forms in which they stand around them.

use super::ingest::{read, reader};
use std::num::NonZeroU32;
use thumbview::event::{FoundEvents, LogEvent};

/// A failed event without a time of its own.
const EVENT: &str = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"0a1b2c3d4e5f60718293a4b5c6d7e8f9","status":"FAILED"}}"#;

fn time(event: &LogEvent) -> String {
    event.time.map_or("-".to_owned(), |time| time.to_string())
}

/// Checks the times of the events of a log in which `EVENT` stands for one, and `'EVENT'` for one as a JSON string.
fn check(log: &str, expected: &[&str]) {
    let quoted = serde_json::Value::from(EVENT).to_string();
    let log = log.replace("'EVENT'", &quoted).replace("EVENT", EVENT);
    let found = read(log.as_bytes());
    assert_eq!(found.events.iter().map(time).collect::<Vec<_>>(), expected, "{log}");
    assert_eq!(found.counts.unparsed, 0, "{log}");
}

fn times_before_events_are_read() {
    check("\x1b[2m2026-03-14T01:15:02.412Z\x1b[0m \x1b[32m INFO\x1b[0m recv EVENT", &["2026-03-14T01:15:02.412Z"]);
    check("\x1b[90m14-Mar-2026 09:15:02.412\x1b[0m INFO EVENT", &["2026-03-14T01:15:02.412Z"]);
    check("#033[36m2026-03-14 09:15:02#033[0m EVENT", &["2026-03-14T01:15:02Z"]);
    check("I0314 09:15:02.412345       1 cb.go:12] EVENT", &["2026-03-14T01:15:02.412345Z"]);
    check("1773450902.412 INFO EVENT", &["2026-03-14T01:15:02.412Z"]);
    check("ts=1773450902412 level=info body=EVENT", &["2026-03-14T01:15:02.412Z"]);
    check("2026-03-14 01:15:02 UTC [7] LOG: EVENT", &["2026-03-14T01:15:02Z"]);
    check("2026-03-14 09:15:02 CST EVENT", &["2026-03-14T01:15:02Z"]);
    check("I, [2026-03-14T09:15:02.412345 #77]  INFO -- : EVENT", &["2026-03-14T01:15:02.412345Z"]);
}

fn times_in_fields_are_read() {
    check(
        r#"{"instant":{"epochSecond":1773450902,"nanoOfSecond":412000000},"message":'EVENT'}"#,
        &["2026-03-14T01:15:02.412Z"],
    );
    check(r#"{"date":1773450902.412,"log":'EVENT'}"#, &["2026-03-14T01:15:02.412Z"]);
    check(r#"{"ts":1.773450902412e9,"msg":'EVENT'}"#, &["2026-03-14T01:15:02.412Z"]);
    check(r#"{"@timestamp":"2026-03-14T09:15:02+08:00","message":'EVENT'}"#, &["2026-03-14T01:15:02Z"]);
    check(r#"{"__REALTIME_TIMESTAMP":"1773450902412000","MESSAGE":'EVENT'}"#, &["2026-03-14T01:15:02.412Z"]);
    check(r#"{"timestamp":{"seconds":1773450902,"nanos":0},"textPayload":'EVENT'}"#, &["2026-03-14T01:15:02Z"]);
}

fn times_of_other_lines_of_a_record_are_read() {
    let java = "Mar 14, 2026 9:15:02 AM com.example.Callback post\nINFO: EVENT\n";
    check(java, &["2026-03-14T01:15:02Z"]);
    check("三月 14, 2026 9:15:03 上午 com.example.Callback post\n信息: EVENT\n", &["2026-03-14T01:15:03Z"]);
    check("2026-03-14 09:15:04 started\nnothing\nINFO: EVENT\n", &["-"]);
    let export = |micros: &str| {
        format!("__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP={micros}\n_BOOT_ID=3\nPRIORITY=6\nMESSAGE=EVENT\n_PID=7\n\n")
    };
    let two = export("1773450902412000") + &export("1773450903412000");
    check(&two, &["2026-03-14T01:15:02.412Z", "2026-03-14T01:15:03.412Z"]);
    check(
        &two.replace("MESSAGE=EVENT", "MESSAGE=recv EVENT"),
        &["2026-03-14T01:15:02.412Z", "2026-03-14T01:15:03.412Z"],
    );
    check("__REALTIME_TIMESTAMP=1773450902412000\n\nMESSAGE=EVENT\n", &["-"]);
}

/// A record may come in several reads, as a follower reads it.
fn times_of_other_lines_are_kept_over_reads() {
    let texts = [
        "Mar 14, 2026 9:15:02 AM x.Y post\nINFO: EVENT\n",
        "__REALTIME_TIMESTAMP=1773450902000000\nPRIORITY=6\nMESSAGE=EVENT\n",
    ];
    for text in texts {
        let (mut reader, mut found, mut byte) = (reader(), FoundEvents::default(), 0);
        for line in text.replace("EVENT", EVENT).split_inclusive('\n') {
            reader.read(line.as_bytes(), byte, NonZeroU32::new(1), &mut found);
            byte += line.len() as u64;
        }
        assert_eq!(found.events.iter().map(time).collect::<Vec<_>>(), ["2026-03-14T01:15:02Z"], "{text}");
    }
}

fn records_that_share_a_line_have_a_time_each() {
    let frame = |second: u32| format!("<134>1 2026-03-14T01:15:0{second}.000Z host vod 12 - - \u{feff}{EVENT}");
    let counted = |second| format!("{} {}", frame(second).len(), frame(second));
    let times = ["2026-03-14T01:15:00Z", "2026-03-14T01:15:01Z", "2026-03-14T01:15:02Z"];
    check(&(counted(0) + &counted(1) + &counted(2)), &times);
    check(&(frame(0) + &frame(1) + &frame(2)), &times);
    check("Mar 14 09:15:00 h a: EVENT<134>Mar 14 09:15:01 h a: EVENT", &times[..2]);
    check("2026-03-14T01:15:00Z EVENT EVENT 2026-03-14T01:15:02Z EVENT", &[times[0], times[0], times[2]]);
}

fn years_follow_the_last_change_of_the_file() {
    let lines = format!("Dec 31 23:59:50 host app[1]: {EVENT}\nJan  1 00:00:10 host app[1]: {EVENT}\n");
    let years = |last_change: &str| {
        let (mut reader, mut found) = (reader(), FoundEvents::default());
        reader.set_last_change(last_change.parse().unwrap());
        reader.read(lines.as_bytes(), 0, None, &mut found);
        found.events.iter().map(|event| time(event)[..10].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(years("2026-01-01T00:00:00Z"), ["2025-12-31", "2025-12-31"]);
    assert_eq!(years("2025-12-31T16:00:10Z"), ["2025-12-31", "2025-12-31"]);
    assert_eq!(years("2026-08-01T00:00:00Z"), ["2025-12-31", "2025-12-31"]);
    assert_eq!(years("2027-01-02T00:00:00Z"), ["2026-12-31", "2026-12-31"]);
}

crate::tests! {
    times_before_events_are_read,
    times_in_fields_are_read,
    times_of_other_lines_of_a_record_are_read,
    times_of_other_lines_are_kept_over_reads,
    records_that_share_a_line_have_a_time_each,
    years_follow_the_last_change_of_the_file,
}
