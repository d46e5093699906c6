//! From the bytes of a log to its events: every form in which they lie in real logs.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{fs, num::NonZeroU32, path::Path};
use thumbview::event::{
    EventKind, FileId, LogEvent, PictureKind,
    envelope::{Found, Reader},
};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn read(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let mut reader = Reader::new(FileId::default());
    reader.read(bytes, 0, NonZeroU32::new(1), &mut found);
    reader.finish(&mut found);
    found
}

/// `5f1c:S:12+0` for a thumbnail event with 12 samples and no dots.
fn short(event: &LogEvent) -> String {
    let id: String = event.asset.to_string().chars().take(4).collect();
    let status: String = event.status.as_str().chars().take(1).collect();
    let count = |kind| event.pictures.count(kind);
    match count(PictureKind::Sample) + count(PictureKind::Dot) {
        0 if status == "F" => format!("{id}:{status}"),
        _ => format!("{id}:{status}:{}+{}", count(PictureKind::Sample), count(PictureKind::Dot)),
    }
}

fn thumbnails(found: &Found) -> Vec<String> {
    found.events.iter().filter(|event| event.kind == EventKind::Thumbnail).map(short).collect()
}

#[test]
fn samples_give_what_is_expected_of_them() {
    let check = |name: &str, expected: &str, all: usize| {
        let found = read(&fixture(name));
        assert_eq!(thumbnails(&found).join(" "), expected, "{name}");
        assert_eq!(found.events.len(), all, "{name}: all events");
        assert_eq!(found.rejected, [], "{name}");
        assert_eq!(found.counts.unparsed, 0, "{name}");
    };
    let plain = "5f1c:S:12+0 c0ff:F 9d8e:S:0+3 0a1b:F e3b0:S:3+0 c0ff:S:4+0 77aa:S:0+0 dead:S:4+2 e3b0:S:9+0";
    check("plain-ndjson.log", plain, 18);
    check("pretty.json", "5f1c:S:12+0", 1);
    check("array.json", "c0ff:F c0ff:S:4+0 9d8e:S:0+3", 3);
    check("prefixed-app.log", "5f1c:S:12+0 c0ff:F 9d8e:S:0+3 0a1b:F e3b0:S:3+0 dead:S:4+2 c0ff:S:4+0 e3b0:S:9+0", 9);
    check("filebeat.ndjson", "5f1c:S:12+0 c0ff:F c0ff:S:4+0 0a1b:F 9d8e:S:0+3", 5);
    check("docker-json-file.log", "5f1c:S:12+0 c0ff:F c0ff:S:4+0 4b82:S:240+0 0a1b:F 9d8e:S:0+3 0a1b:F", 8);
    check("cri.log", "5f1c:S:12+0 c0ff:F c0ff:S:4+0 77aa:S:0+0 4b82:S:240+0 0a1b:F", 7);
    check("smn-notification.json", "5f1c:S:12+0", 1);
    check("smn-subscription-confirmation.json", "", 0);
    check("smn-stream.ndjson", "5f1c:S:12+0 0a1b:F 0a1b:F c0ff:S:4+0", 5);
    check("show-asset-detail.json", "", 1);
    check("big-240-samples.ndjson", "4b82:S:240+0", 1);
    check("000_e9a22a3f98f5f3b2.txt", "14d7:S:6+0", 1);
}
