//! Events in other notations than plain JSON: read where nothing is missing, else counted with the notation's name.

use super::ingest::{fixture, read};
use thumbview::event::{EventKind, LogEvent, PictureKind};

/// The message of the failed events of all fixtures: quotes, a backslash and braces beside Chinese.
const MESSAGE: &str = "截图任务失败 \"x\" it's \\ {1}";

/// `5f1c:S:3` for a success with three samples, `0a1b:F` for the failure; each with the second of its time.
fn short(event: &LogEvent) -> String {
    let id: String = event.asset.to_string().chars().take(4).collect();
    let second = event.time.map_or("-".to_owned(), |time| time.to_string().get(17..19).unwrap_or_default().to_owned());
    if let Some(fault) = event.fault.as_deref() {
        assert_eq!((&*fault.code, &*fault.message), ("VOD.10104", MESSAGE));
        return format!("{id}:F@{second}");
    }
    let urls: Vec<String> =
        event.pictures.iter(&event.asset).map(|snapshot| snapshot.url.reveal().to_owned()).collect();
    let url = |offset: u32| format!("http://127.0.0.1:8787/asset/{}/snapshot/sample/{offset}.jpg?a=1&b=2", event.asset);
    assert_eq!(urls, [url(0), url(5), url(10)]);
    format!("{id}:S:{}@{second}", event.pictures.count(PictureKind::Sample))
}

/// Checks the events of a fixture, of which nothing may be left unread.
fn check(name: &str, expected: &[&str]) {
    let found = read(&fixture(&format!("notations/{name}")));
    assert!(found.events.iter().all(|event| event.kind == EventKind::Thumbnail), "{name}");
    assert_eq!(found.events.iter().map(short).collect::<Vec<_>>(), expected, "{name}");
    assert_eq!(found.rejected, [], "{name}");
    assert_eq!(found.counts.unparsed, 0, "{name}");
}

fn python_literals_are_read() {
    check("python-bytes.log", &["5f1c:S:3@00", "0a1b:F@01", "0a1b:F@02", "0a1b:F@03"]);
    check("python-str.log", &["5f1c:S:3@00", "5f1c:S:3@02", "0a1b:F@02", "0a1b:F@03"]);
    check("python-dict.log", &["5f1c:S:3@00", "0a1b:F@01", "0a1b:F@02", "5f1c:S:3@02"]);
}

fn objects_over_several_lines_are_read() {
    check("python-pprint.log", &["0a1b:F@00", "5f1c:S:3@01"]);
    check("node-inspect.log", &["0a1b:F@00", "5f1c:S:3@01", "0a1b:F@02", "0a1b:F@03", "0a1b:F@04"]);
    check("jq-colours.log", &["5f1c:S:3@-", "0a1b:F@-", "0a1b:F@-", "5f1c:S:3@-"]);
}

fn ruby_hashes_are_read() {
    check("ruby-hash.log", &["5f1c:S:3@00", "0a1b:F@01", "5f1c:S:3@02", "0a1b:F@03", "0a1b:F@02"]);
}

fn cells_of_csv_are_read() {
    check("cell.csv", &["5f1c:S:3@02", "0a1b:F@03", "0a1b:F@02", "5f1c:S:3@05", "0a1b:F@06"]);
}

fn html_entities_are_read() {
    check("entities.html", &["5f1c:S:3@00", "0a1b:F@01", "0a1b:F@02"]);
}

fn percent_encoding_is_read() {
    check("percent.log", &["5f1c:S:3@00", "0a1b:F@01", "0a1b:F@02", "5f1c:S:3@03"]);
}

fn base64_bodies_are_read() {
    check("base64.log", &["5f1c:S:3@00", "0a1b:F@01", "0a1b:F@02", "0a1b:F@02"]);
}

fn coloured_text_is_read() {
    check("colours.log", &["5f1c:S:3@-", "0a1b:F@-", "0a1b:F@02", "5f1c:S:3@03", "0a1b:F@04"]);
}

/// Words beside a whole event name that event.
fn words_beside_an_event_are_not_counted() {
    let event = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"a","status":"FAILED"}}"#;
    let cut = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"b","status":"SUC"#;
    let quoted = serde_json::Value::from(event).to_string();
    for (log, expected) in [
        (format!("level=info event_type=thumbnailComplete body={quoted}"), [1, 0]),
        (format!("event_type: thumbnailComplete, body: {event}"), [1, 0]),
        (format!("level=info event_type=thumbnailComplete\n{event}"), [1, 1]),
        (format!("event_type=thumbnailComplete {event} {cut}"), [1, 1]),
    ] {
        let found = read(log.as_bytes());
        assert_eq!([found.events.len() as u64, found.counts.unparsed], expected, "{log}");
    }
}

fn what_is_not_read_is_counted_with_its_notation() {
    let found = read(&fixture("notations/unread.log"));
    assert_eq!(found.events, []);
    let reasons: Vec<String> = found
        .rejected
        .iter()
        .map(|rejected| format!("{} {}", rejected.origin.line.unwrap(), rejected.reason))
        .collect();
    let expected = [
        "2 an object printed by Node's console.log",
        "10 an object printed by Java's toString",
        "11 a Go value",
        "12 a Go value",
        "15 an array printed by PHP's print_r",
        "21 YAML",
        "24 the fields of an event as key=value pairs",
        "25 an object printed by Node's console.log",
        "26 the event is cut off here",
        "29 an array printed by PHP's print_r or var_dump",
        "37 a map printed by Elixir's inspect",
        "38 a dictionary printed by NSLog",
    ];
    assert_eq!(reasons.len(), expected.len(), "{reasons:#?}");
    for (reason, expected) in reasons.iter().zip(expected) {
        assert!(reason.starts_with(expected), "{reason}, not {expected}");
    }
    assert_eq!(found.counts.unparsed, 12);
}

crate::tests! {
    python_literals_are_read,
    objects_over_several_lines_are_read,
    ruby_hashes_are_read,
    cells_of_csv_are_read,
    html_entities_are_read,
    percent_encoding_is_read,
    base64_bodies_are_read,
    coloured_text_is_read,
    words_beside_an_event_are_not_counted,
    what_is_not_read_is_counted_with_its_notation,
}
