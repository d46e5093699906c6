//! From the bytes of a log to its events: every form in which they lie in real logs.

use proptest::prelude::*;
use std::{fs, num::NonZeroU32, path::Path};
use thumbview::{
    catalog::{Catalog, Rank},
    event::{
        EventKind, FileId, Fingerprint, FoundEvents, LogEvent, Offset, PictureKind, Pictures, RecordReader, Status,
        Time,
    },
};

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

pub(crate) fn reader() -> RecordReader {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    RecordReader::with_zone(FileId::default(), zone, "2026-06-01T00:00:00Z".parse().unwrap())
}

pub(crate) fn read(bytes: &[u8]) -> FoundEvents {
    let mut found = FoundEvents::default();
    let mut reader = reader();
    reader.read(bytes, 0, NonZeroU32::new(1), &mut found);
    reader.finish(&mut found);
    found
}

/// `5f1c:S:12+0` for a thumbnail event with 12 samples and no dots; other kinds are named.
fn short(event: &LogEvent) -> String {
    let id: String = event.asset.to_string().chars().take(4).collect();
    let status: String = event.status.as_str().chars().take(1).collect();
    let count = |kind| event.pictures.count(kind);
    let kind = if event.kind == EventKind::Thumbnail { String::new() } else { format!("{}:", event.kind.as_str()) };
    match (count(PictureKind::Sample), count(PictureKind::Dot), count(PictureKind::Cover)) {
        (0, 0, 0) if status == "F" => format!("{kind}{id}:{status}"),
        (samples, dots, 0) => format!("{kind}{id}:{status}:{samples}+{dots}"),
        (samples, dots, covers) => format!("{kind}{id}:{status}:{samples}+{dots}+{covers}"),
    }
}

fn thumbnails(found: &FoundEvents) -> Vec<String> {
    found.events.iter().filter(|event| event.kind == EventKind::Thumbnail).map(short).collect()
}

fn catalog(found: FoundEvents) -> Catalog {
    let mut catalog = Catalog::default();
    catalog.add_counts(found.counts);
    for event in found.events {
        catalog.apply(event);
    }
    catalog
}

fn samples_are_read() {
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
    let prefixed = "5f1c:S:12+0 c0ff:F 9d8e:S:0+3 0a1b:F e3b0:S:3+0 dead:S:4+2 c0ff:S:4+0 e3b0:S:9+0";
    check("prefixed-app.log", prefixed, 9);
    check("filebeat.ndjson", "5f1c:S:12+0 c0ff:F c0ff:S:4+0 0a1b:F 9d8e:S:0+3", 5);
    let docker = "5f1c:S:12+0 c0ff:F c0ff:S:4+0 4b82:S:240+0 0a1b:F 9d8e:S:0+3 0a1b:F";
    check("docker-json-file.log", docker, 8);
    check("cri.log", "5f1c:S:12+0 c0ff:F c0ff:S:4+0 77aa:S:0+0 4b82:S:240+0 0a1b:F", 7);
    check("smn-notification.json", "5f1c:S:12+0", 1);
    check("smn-subscription-confirmation.json", "", 0);
    check("smn-stream.ndjson", "5f1c:S:12+0 0a1b:F 0a1b:F c0ff:S:4+0", 5);
    check("show-asset-detail.json", "", 1);
    check("big-240-samples.ndjson", "4b82:S:240+0", 1);
    check("000_e9a22a3f98f5f3b2.txt", "14d7:S:6+0", 1);
}

fn the_documented_page_is_read() {
    let bytes = fixture("000_e9a22a3f98f5f3b2.txt");
    let catalog = catalog(read(&bytes));
    assert_eq!((catalog.tally().assets, catalog.tally().succeed, catalog.tally().counts.unparsed), (1, 1, 0));
    let asset = catalog.assets().next().unwrap();
    assert_eq!(asset.id().to_string(), "14d7b2faba0dddd6b4e8936272d6bc3f");
    let pictures = asset.pictures().unwrap();
    assert_eq!((pictures.count(PictureKind::Sample), pictures.count(PictureKind::Dot)), (6, 0));
    assert_eq!(pictures.last_offset(), Some(Offset::from_millis(25_000)));
    let origin = asset.origin();
    assert_eq!(origin.line.map(NonZeroU32::get), Some(6));
    let record = usize::try_from(origin.byte).unwrap()..usize::try_from(origin.byte + u64::from(origin.len)).unwrap();
    assert!(bytes[record.clone()].starts_with(b"{") && bytes[record.clone()].ends_with(b"\n}"));
    assert_eq!(Fingerprint::of(&bytes[record]), origin.hash);
}

fn the_newest_event_decides() {
    let catalog = catalog(read(&fixture("plain-ndjson.log")));
    let mut rows: Vec<String> = catalog
        .assets()
        .map(|asset| {
            let id: String = asset.id().to_string().chars().take(4).collect();
            let samples = asset.pictures().map_or(0, |pictures| pictures.count(PictureKind::Sample));
            let title = asset.title().map_or("-", thumbview::text::Safe::as_str);
            let duration = asset.duration().map_or_else(|| "-".to_owned(), |duration| duration.to_string());
            format!("{id} {} {samples} {} {title} {duration}", asset.status().as_str(), asset.thumbnail_events())
        })
        .collect();
    rows.sort();
    assert_eq!(
        rows,
        [
            "0a1b FAILED 0 1 - -",
            "5f1c SUCCEED 12 1 发布会开场 0:58",
            "77aa SUCCEED 0 1 - -",
            "9d8e SUCCEED 0 1 监控片段 03 1:00",
            "c0ff SUCCEED 4 2 客服培训第3课 0:48",
            "dead SUCCEED 4 1 春季促销 30s \"竖版\" 0:31",
            "e3b0 SUCCEED 9 2 - -",
        ]
    );
    let tally = catalog.tally();
    assert_eq!((tally.assets, tally.succeed, tally.failed, tally.events, tally.other_events), (7, 6, 1, 9, 9));
}

fn a_redelivery_is_one_event() {
    let catalog = catalog(read(&fixture("smn-stream.ndjson")));
    let tally = catalog.tally();
    assert_eq!((tally.events, tally.duplicates, tally.other_events), (3, 1, 3));
}

fn every_further_form_is_read() {
    let check = |name: &str, expected: &[&str], times: &[&str]| {
        let found = read(&fixture(name));
        assert_eq!(found.events.iter().map(short).collect::<Vec<_>>(), expected, "{name}");
        let seconds = |time: Time| time.to_string().get(11..19).unwrap_or_default().to_owned();
        let stamps: Vec<String> = found.events.iter().map(|event| event.time.map_or("-".to_owned(), seconds)).collect();
        assert_eq!(stamps, times, "{name}: times");
    };
    check("glued.log", &["5f1c:S:3+0", "0a1b:F", "c0ff:S:3+0"], &["-", "-", "-"]);
    check("logfmt-quoted.log", &["5f1c:S:3+0", "0a1b:F"], &["01:15:04", "01:15:05"]);
    check("nginx.log", &["5f1c:S:3+0", "0a1b:F"], &["01:15:09", "01:15:08"]);
    check("journald.ndjson", &["5f1c:S:3+0", "0a1b:F", "c0ff:S:3+0"], &["01:15:01", "01:15:02", "01:15:03"]);
    check("functiongraph.log", &["5f1c:S:3+0", "0a1b:F"], &["01:15:02", "01:15:02"]);
    check("dms.ndjson", &["5f1c:S:3+0", "0a1b:F"], &["01:15:02", "01:15:03"]);
    check("kafka.ndjson", &["5f1c:S:3+0", "5f1c:S:3+0", "0a1b:F"], &["01:15:10"; 3]);
    check("mfs.ndjson", &["5f1c:S:3+0"], &["-"]);
    check("http-request.txt", &["5f1c:S:3+0"], &["01:15:02"]);
    check("cut-by-rotation.log", &["0a1b:F"], &["01:15:00"]);
    check("pretty-in-log.log", &["5f1c:S:3+0", "c0ff:S:3+0", "0a1b:F"], &["01:15:01", "-", "-"]);
    check("windows.log", &["5f1c:S:3+0", "0a1b:F"], &["-", "-"]);
    check("damaged.log", &["5f1c:S:3+0", "0a1b:F", "c0ff:S:3+0"], &["-", "-", "-"]);
    check(
        "templates.log",
        &["template:0a1b:F", "template:5f1c:S:0+0", "template:0a1b:F"],
        &["01:15:00", "01:15:02", "-"],
    );
    check("api-answers.json", &["details:5f1c:U:2+0", "details:c0ff:F:0+0+1", "details:0a1b:U:0+0"], &["-", "-", "-"]);
    check("rsyslog.log", &["5f1c:S:3+0"], &["01:15:09"]);
    check("spelling.ndjson", &["5f1c:S:5+0", "c0ff:S:1+0", "0a1b:F", "5f1c:P:0+0"], &["-"; 4]);
    check("cri-mixed.log", &["0a1b:F", "5f1c:S:3+0", "0a1b:F"], &["01:15:06"; 3]);
    check("docker-cut.log", &["5f1c:S:3+0", "0a1b:F", "c0ff:S:3+0"], &["01:15:01", "01:15:05", "01:15:06"]);
    check("unparsed.log", &["0a1b:F"], &["-"]);
}

fn unreadable_events_are_rejected_with_a_reason() {
    let found = read(&fixture("unparsed.log"));
    let reasons: Vec<String> = found
        .rejected
        .iter()
        .map(|rejected| {
            let line = rejected.origin.line.map_or(0, NonZeroU32::get);
            format!("{line}:{} {}", rejected.column, rejected.reason)
        })
        .collect();
    assert_eq!(
        reasons,
        [
            "1:120 the event is cut off here: the rest is missing, or stands where nothing joins it (is there a limit of the line's length in the logger?)",
            "2:1 no usable asset_id",
            "3:1 no asset_id but a task_id: an event of MPC, not of VOD?",
            "4:1 no usable asset_id",
            "5:1 sample is not a list",
            "6:33 the fields of an event as key=value pairs: log the body as one quoted field",
            "7:1 the event is cut off here: the rest is missing, or stands where nothing joins it (is there a limit of the line's length in the logger?)",
        ]
    );
    assert_eq!((found.counts.unparsed, found.counts.other_events, found.counts.lines), (7, 1, 9));
    let reason = |name| read(&fixture(name)).rejected.first().map(|rejected| rejected.reason.to_string());
    let journald = "the message is too long for journalctl's JSON: use journalctl --all";
    assert_eq!(reason("journald.ndjson").as_deref(), Some(journald));
    assert!(reason("cut-by-rotation.log").is_some_and(|reason| reason.starts_with("the event is cut off here")));
}

fn odd_lists_and_spellings_are_flagged() {
    let found = read(&fixture("spelling.ndjson"));
    let odd = found.events[0].oddities;
    assert_eq!([odd.missing, odd.negative, odd.unsorted, odd.duplicate], [1, 1, 1, 1]);
    let offsets: Vec<i64> = found.events[0].pictures.offsets().map(|(_, _, offset)| offset.as_millis()).collect();
    assert_eq!(offsets, [5000, 7500, 9000, -1000, 5000]);
    let fault = found.events[2].fault.as_deref().unwrap();
    assert_eq!((&*fault.code, &*fault.message), ("MPC.10062", ""));
    assert_eq!(found.events[3].status, Status::Other("PROCESSING".into()));
}

fn pictures_are_shown_whatever_the_status_of_their_event() {
    let event = |status: &str, samples: usize| {
        let list: Vec<String> =
            (0..samples).map(|at| format!(r#"{{"offset":{at},"url":"http://h/{at}.jpg"}}"#)).collect();
        format!(
            r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"a"{status},"sample":[{}]}}}}"#,
            list.join(",")
        )
    };
    let check = |events: &[String], pictures: Option<usize>| {
        let catalog = catalog(read(events.join("\n").as_bytes()));
        let asset = catalog.assets().next().unwrap();
        assert_eq!(asset.pictures().map(Pictures::len), pictures, "{events:?}");
    };
    let (succeed, failed, other) = (r#","status":"SUCCEED""#, r#","status":"FAILED""#, r#","status":"PROCESSING""#);
    check(&[event(other, 2)], Some(2));
    check(&[event("", 3)], Some(3));
    check(&[event(failed, 4)], Some(4));
    check(&[event(failed, 0)], None);
    check(&[event(succeed, 1), event(other, 2)], Some(1));
    check(&[event(other, 2), event(succeed, 0)], Some(0));
    check(&[event(other, 2), event(failed, 3), event(other, 0)], Some(3));
    let answer = r#"{"asset_id":"a","thumbnail_info":{"sample":[{"offset":0,"url":"http://h/0.jpg"}]}}"#;
    check(&[answer.to_owned()], Some(1));
}

fn pictures_of_other_assets_are_counted() {
    let own = "14d7b2faba0dddd6b4e8936272d6bc3f";
    let other = "24d7b2faba0dddd6b4e8936272d6bc3f";
    let check = |urls: &[&str], foreign: u32| {
        let list: Vec<String> =
            (0..).zip(urls).map(|(at, url): (usize, _)| format!(r#"{{"offset":{at},"url":"{url}"}}"#)).collect();
        let list = list.join(",");
        for head in [r#""event_type":"thumbnailComplete","#, r#""x":0,"event_type":"thumbnailComplete","#] {
            let event = format!(
                r#"{{{head}"thumbnail_info":{{"asset_id":"{own}","status":"SUCCEED","sample":[{list}],"dots":[]}}}}"#
            );
            let found = read(event.as_bytes());
            assert_eq!(found.events[0].oddities.foreign, foreign, "{event}");
        }
    };
    let url = |id: &str, at: usize| format!("https://h/asset/{id}/snapshot/sample/{at}.jpg");
    check(&[&url(own, 0), &url(own, 5)], 0);
    check(&[&url(own, 0), &url(other, 5), &url(other, 10)], 2);
    check(&[&format!("https://h/6ab13c00/asset/{other}/0.jpg?auth_key=1-0-0-{own}")], 1);
    check(&[&url(&own.to_uppercase(), 0), "https://h/0.jpg", "https://h/asset/short/0.jpg"], 0);
}

fn templates_and_answers_bring_their_facts() {
    let found = read(&fixture("templates.log"));
    let facts = |at: usize| found.events[at].facts.as_deref().and_then(|facts| facts.title.as_deref());
    assert_eq!((facts(0), facts(1)), (Some("新品，发布会"), Some("发布会开场")));
    let fault = found.events[0].fault.as_deref().unwrap();
    assert_eq!((&*fault.code, &*fault.message), ("MPC.10062", "截图场景下视频codec错误"));
    assert_eq!(catalog(found).tally().assets, 0, "a text alone shows no asset");

    let catalog = catalog(read(&fixture("show-asset-detail.json")));
    let asset = catalog.assets().next().unwrap();
    assert_eq!((asset.thumbnail_events(), asset.status(), asset.pictures().unwrap().len()), (0, &Status::Succeed, 10));
    assert_eq!((asset.title_text(), asset.duration()), (Some("仓库巡检"), Some(Offset::from_millis(90_000))));
}

fn untimed_events_sort_by_the_record_before() {
    let event = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"a","status":"FAILED"}}"#;
    let log =
        format!("{event}\n2026-03-14T01:15:02Z x\n\tat y\n{event}\n{{\"ts\":\"2026-03-14T01:15:03Z\"}}\n{event}\n");
    let clocks = |found: &FoundEvents| -> Vec<String> {
        found.events.iter().map(|event| event.clock.map_or("-".to_owned(), |time| time.to_string())).collect()
    };
    let whole = read(log.as_bytes());
    assert_eq!(clocks(&whole), ["-", "2026-03-14T01:15:02Z", "2026-03-14T01:15:03Z"]);
    assert!(whole.events.iter().all(|event| event.time.is_none()));

    let (before, block) = log.as_bytes().split_at(log.rfind(event).unwrap());
    let mut found = FoundEvents::default();
    let mut reader = reader();
    reader.look_back(before);
    reader.read(block, before.len() as u64, None, &mut found);
    assert_eq!(clocks(&found), ["2026-03-14T01:15:03Z"]);
}

fn floods_stay_small() {
    let flood = b"{\"event_type\":\"thumbnailComplete\"\n".repeat(2_000);
    let found = read(&flood);
    assert_eq!((found.counts.unparsed, found.rejected.len()), (2_000, FoundEvents::REJECTED_MAX));
    // Time enough only if no text is looked at again and again.
    for bomb in [
        "[",
        "{\"a\":",
        "{\"a\":[1,",
        "{\\\"",
        "{\"event_type\":",
        "\"event_type\":\"thumbnailComplete\"{\"",
        "{\"log\":\"",
    ] {
        let mut text = bomb.repeat((256 << 10) / bomb.len()).into_bytes();
        text.extend_from_slice(b"\"event_type\":\"thumbnailComplete\",\n");
        let found = read(&text);
        assert!(found.events.is_empty() && found.counts.unparsed > 0, "{bomb}");
    }
}

/// Every line of the fixtures, by file.
fn all_fixtures() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.is_file() && path.extension().is_none_or(|ext| ext != "gz"))
        .map(|path| fs::read(path).unwrap())
        .collect()
}

/// What a catalog shows, in words that do not depend on the order of reading.
fn shown(catalog: &Catalog) -> Vec<String> {
    let rank = |run| -> (Option<Time>, u64, u32) {
        let origin = catalog.event(run).origin;
        (catalog.event(run).time, origin.byte, origin.part)
    };
    let mut rows: Vec<String> = catalog
        .assets()
        .map(|asset| {
            let history: Vec<_> = asset.history().map(rank).collect();
            let newest: Rank = asset.rank();
            let facts = (asset.title(), asset.duration(), asset.seen(), asset.thumbnail_events());
            format!(
                "{} {:?} {newest:?} {:?} {facts:?} {history:?}",
                asset.id(),
                asset.status(),
                asset.picture_event().map(|event| rank(event.key))
            )
        })
        .collect();
    rows.sort();
    rows.push(format!("{:?}", catalog.tally()));
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    fn any_chunks_give_the_same_events(sizes in prop::collection::vec(1..12usize, 1..8)) {
        for bytes in all_fixtures() {
            let whole = read(&bytes);
            let mut found = FoundEvents::default();
            let mut reader = reader();
            let (mut at, mut line) = (0, 1);
            let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
            let mut sizes = sizes.iter().cycle();
            let mut rest = lines.as_slice();
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                let text = chunk.concat();
                reader.read(&text, at, NonZeroU32::new(line), &mut found);
                at += text.len() as u64;
                line += u32::try_from(chunk.len()).unwrap();
                rest = after;
            }
            reader.finish(&mut found);
            prop_assert_eq!(&found.events, &whole.events);
            prop_assert_eq!(&found.rejected, &whole.rejected);
            prop_assert_eq!(found.counts, whole.counts);
        }
    }

    fn any_order_gives_the_same_catalog(seed in any::<u64>()) {
        let mut events: Vec<LogEvent> = Vec::new();
        for (rank, bytes) in (0..).zip(all_fixtures()) {
            let mut found = read(&bytes);
            for event in &mut found.events {
                event.origin.file.rank = rank;
            }
            events.append(&mut found.events);
        }
        let mut forward = Catalog::default();
        for event in events.clone() {
            forward.apply(event);
        }
        // Sorted by a hash of place and seed: a shuffle that needs no generator.
        let mix = |event: &LogEvent| Fingerprint::of(format!("{seed} {:?}", event.origin).as_bytes());
        events.sort_by_key(mix);
        let mut shuffled = Catalog::default();
        for event in events {
            shuffled.apply(event);
        }
        prop_assert_eq!(shown(&forward), shown(&shuffled));
    }

    fn any_bytes_are_accepted(at in any::<prop::sample::Index>(), noise in prop::collection::vec(any::<u8>(), 0..40), cut in any::<prop::sample::Index>()) {
        for mut bytes in all_fixtures() {
            let at = at.index(bytes.len());
            bytes.splice(at..at, noise.iter().copied());
            bytes.truncate(cut.index(bytes.len()) + 1);
            let found = read(&bytes);
            prop_assert_eq!(found.counts.bytes, bytes.len() as u64);
            for event in &found.events {
                let origin = event.origin;
                let record = usize::try_from(origin.byte).unwrap()..usize::try_from(origin.byte).unwrap() + origin.len as usize;
                prop_assert_eq!(Fingerprint::of(&bytes[record]), origin.hash);
            }
        }
    }

    fn random_bytes_are_no_events(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        prop_assert_eq!(read(&bytes).events.len(), 0);
    }
}

crate::tests! {
    samples_are_read,
    the_documented_page_is_read,
    the_newest_event_decides,
    a_redelivery_is_one_event,
    every_further_form_is_read,
    unreadable_events_are_rejected_with_a_reason,
    odd_lists_and_spellings_are_flagged,
    pictures_are_shown_whatever_the_status_of_their_event,
    pictures_of_other_assets_are_counted,
    templates_and_answers_bring_their_facts,
    untimed_events_sort_by_the_record_before,
    floods_stay_small,
    any_chunks_give_the_same_events,
    any_order_gives_the_same_catalog,
    any_bytes_are_accepted,
    random_bytes_are_no_events,
}
