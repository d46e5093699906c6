//! Cut and mixed lines: events that several writers or a container runtime left in parts.

use crate::support::checks;
use std::num::NonZeroU32;
use thumbview::event::{FileId, Fingerprint, FoundEvents, PictureKind, RecordReader};

const A: &str = "e8cd19de845b86acbeafc5cd070f3157";
const B: &str = "8b7ac3e6cd6c260f577b0d07ad25a81c";
const TIME: &str = "2026-03-14T01:15:03.000000001Z";

fn event(id: &str, samples: usize) -> String {
    let list: Vec<String> = (0..samples)
        .map(|at| format!(r#"{{"offset":{0},"url":"http://h/asset/{id}/snapshot/sample/{0}.jpg"}}"#, at * 5))
        .collect();
    let list = list.join(",");
    format!(
        r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"{id}","status":"SUCCEED","sample":[{list}],"dots":[]}}}}"#
    )
}

/// The event in so many parts of about the same length.
fn parts(id: &str, samples: usize, count: usize) -> Vec<String> {
    let text = event(id, samples);
    let len = text.len().div_ceil(count);
    text.as_bytes().chunks(len).map(|part| String::from_utf8(part.to_vec()).unwrap()).collect()
}

fn cri(tag: &str, text: &str) -> String {
    format!("{TIME} stdout {tag} {text}")
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// `e8cd:3` for an event of asset A with three samples, and the reasons of what was refused.
fn read(lines: &[String]) -> (Vec<String>, Vec<String>) {
    let text = lines.join("\n") + "\n";
    let whole = checks::read(std::iter::once(text.as_bytes()));
    let by_line = checks::read(text.as_bytes().split_inclusive(|b| *b == b'\n'));
    assert_eq!(whole.events, by_line.events);
    assert_eq!(whole.rejected, by_line.rejected);
    assert_eq!(whole.counts.unparsed, whole.rejected.len() as u64);
    let short = |event: &thumbview::event::LogEvent| {
        for picture in event.pictures.iter(&event.asset) {
            let seconds = picture.offset.as_millis() / 1000;
            let url = format!("http://h/asset/{}/snapshot/sample/{seconds}.jpg", event.asset);
            assert_eq!(picture.url.reveal(), url);
        }
        let id: String = event.asset.to_string().chars().take(4).collect();
        format!("{id}:{}", event.pictures.count(PictureKind::Sample))
    };
    let mut events: Vec<String> = whole.events.iter().map(short).collect();
    events.sort();
    (events, whole.rejected.iter().map(|rejected| rejected.reason.to_string()).collect())
}

#[track_caller]
fn check(lines: &[String], events: &[&str]) {
    let (found, rejected) = read(lines);
    assert_eq!(rejected, Vec::<String>::new(), "{lines:#?}");
    assert_eq!(found, events, "{lines:#?}");
}

fn parts_of_two_writers_are_told_apart() {
    let (a, b) = (parts(A, 3, 2), parts(B, 4, 2));
    let [first_a, last_a] = [cri("P", &a[0]), cri("F", &a[1])];
    let [first_b, last_b] = [cri("P", &b[0]), cri("F", &b[1])];
    let both = ["8b7a:4", "e8cd:3"];
    check(&[first_a.clone(), first_b.clone(), last_a.clone(), last_b.clone()], &both);
    check(&[first_a.clone(), first_b.clone(), last_b.clone(), last_a.clone()], &both);
    check(&[first_a.clone(), cri("F", &event(B, 2)), last_a.clone()], &["8b7a:2", "e8cd:3"]);
    let c = "14d7b2faba0dddd6b4e8936272d6bc3f";
    let c = parts(c, 9, 3);
    check(
        &[first_a, cri("P", &c[0]), first_b, cri("P", &c[1]), last_b, last_a, cri("F", &c[2])],
        &["14d7:9", "8b7a:4", "e8cd:3"],
    );
}

fn parts_that_nothing_tells_apart_are_refused() {
    // The tails name no asset.
    let cut = |id: &str| {
        let text = event(id, 3);
        let (head, tail) = text.split_at(text.len() - 20);
        (cri("P", head), cri("F", tail))
    };
    let ((first_a, last_a), (first_b, last_b)) = (cut(A), cut(B));
    let (events, rejected) = read(&[first_a.clone(), first_b, last_b, last_a]);
    assert_eq!((events.len(), rejected.len()), (0, 2), "{rejected:?}");
    assert!(rejected.iter().all(|reason| reason.contains("several writers")), "{rejected:?}");
    // The end of A and the beginning of B were lost.
    let tail = parts(B, 3, 2).swap_remove(1);
    let head = event(A, 3);
    let head = &head[..head.len() - event(A, 3).len() / 2];
    let (events, rejected) = read(&[cri("P", head), cri("F", &tail)]);
    assert_eq!((events.len(), rejected.len()), (0, 1), "{rejected:?}");
}

fn headings_and_names_tell_writers_apart() {
    // Cut so that either end would fit either beginning.
    let cut = |id: &str| {
        let text = event(id, 3);
        let (head, tail) = text.split_at(text.len() - 20);
        [head.to_owned(), tail.to_owned()]
    };
    let (a, b) = (cut(A), cut(B));
    let head = |name: &str| format!("==> /var/log/{name}.log <==");
    let both = ["8b7a:3", "e8cd:3"];
    let stored = [
        head("a"),
        cri("P", &a[0]),
        String::new(),
        head("b"),
        cri("P", &b[0]),
        String::new(),
        head("a"),
        cri("F", &a[1]),
        String::new(),
        head("b"),
        cri("F", &b[1]),
    ];
    check(&stored, &both);
    // tail prints the half of a line that there is.
    let plain = [
        head("a"),
        a[0].clone(),
        head("b"),
        b[0].clone(),
        head("a"),
        a[1].clone(),
        String::new(),
        head("b"),
        b[1].clone(),
    ];
    check(&plain, &both);
    let grep = |name: &str, line: String| format!("/var/log/{name}.log:{line}");
    check(
        &[
            grep("a", cri("P", &a[0])),
            grep("b", cri("P", &b[0])),
            grep("a", cri("F", &a[1])),
            grep("b", cri("F", &b[1])),
        ],
        &both,
    );
    let numbered = |name: &str, number: usize, line: String| format!("{name}.log:{number}:{line}");
    check(
        &[
            numbered("a", 7, cri("P", &a[0])),
            numbered("b", 7, cri("P", &b[0])),
            numbered("a", 8, cri("F", &a[1])),
            numbered("b", 9, cri("F", &b[1])),
        ],
        &both,
    );
}

fn pretty_printed_events_of_two_writers_are_told_apart() {
    let pretty = |id: &str| {
        let value: serde_json::Value = serde_json::from_str(&event(id, 2)).unwrap();
        serde_json::to_string_pretty(&value).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let mixed = |name_a: &str, name_b: &str| -> Vec<String> {
        let pairs = pretty(A).into_iter().zip(pretty(B));
        pairs.flat_map(|(a, b)| [format!("{name_a}{a}"), format!("{name_b}{b}")]).collect()
    };
    for (a, b) in [
        ("[pod/vod-5d9c/vod] ", "[pod/vod-7f2a/vod] "),
        ("vod-1  | ", "vod-2  | "),
        ("\u{1b}[36mvod-1  | \u{1b}[0m", "\u{1b}[33mvod-2  | \u{1b}[0m"),
        ("vod-5d9c vod ", "vod-7f2a vod "),
        ("a.log:", "b.log:"),
    ] {
        check(&mixed(a, b), &["8b7a:2", "e8cd:2"]);
    }
    // A logger puts its words before the first line alone.
    let mut lines = pretty(A);
    lines[0].insert_str(0, "got ");
    check(&lines, &["e8cd:2"]);
    lines = pretty(A);
    lines[0].insert_str(0, "callback-server post ");
    check(&lines, &["e8cd:2"]);
}

fn parts_are_joined_by_what_the_journal_says() {
    let a = parts(A, 30, 4);
    let journald = |at: usize, text: &str, more: &str| {
        format!(r#"{{"__REALTIME_TIMESTAMP":"177345090200000{at}","_PID":"7","MESSAGE":{}{more}}}"#, json(text))
    };
    let other = journald(8, &event(B, 1), r#","CONTAINER_ID":"x""#);
    let docker = |last: usize| -> Vec<String> {
        (0..=last)
            .map(|at| {
                let more = format!(
                    r#","CONTAINER_PARTIAL_MESSAGE":"true","CONTAINER_PARTIAL_ID":"ab12","CONTAINER_PARTIAL_ORDINAL":"{}","CONTAINER_PARTIAL_LAST":"{}""#,
                    at + 1,
                    at == 3
                );
                journald(at, &a[at], &more)
            })
            .collect()
    };
    let mut lines = docker(3);
    lines.insert(2, other.clone());
    check(&lines, &["8b7a:1", "e8cd:30"]);
    // docker before 19.03 marks all parts but the last, and no more.
    let old = |at: usize| {
        if at < 3 { r#","CONTAINER_ID":"c","CONTAINER_PARTIAL_MESSAGE":"true""# } else { r#","CONTAINER_ID":"c""# }
    };
    let mut lines: Vec<String> = (0..4).map(|at| journald(at, &a[at], old(at))).collect();
    lines.insert(1, other.clone());
    check(&lines, &["8b7a:1", "e8cd:30"]);
    // journald itself cuts at LineMax.
    let cut = |at: usize| if at < 3 { r#","_STREAM_ID":"s","_LINE_BREAK":"line-max""# } else { r#","_STREAM_ID":"s""# };
    let mut lines: Vec<String> = (0..4).map(|at| journald(at, &a[at], cut(at))).collect();
    lines.insert(3, other);
    check(&lines, &["8b7a:1", "e8cd:30"]);
}

fn parts_whose_numbers_do_not_follow_are_refused() {
    let a = parts(A, 30, 4);
    let journald = |at: usize| {
        format!(
            r#"{{"__REALTIME_TIMESTAMP":"177345090200000{at}","_PID":"7","MESSAGE":{},"CONTAINER_PARTIAL_MESSAGE":"true","CONTAINER_PARTIAL_ID":"ab12","CONTAINER_PARTIAL_ORDINAL":"{}","CONTAINER_PARTIAL_LAST":"{}"}}"#,
            json(&a[at]),
            at + 1,
            at == 3
        )
    };
    let fluentd = |at: usize| {
        format!(
            r#"{{"container_id":"c","source":"stdout","log":{},"partial_message":"true","partial_id":"p","partial_ordinal":"{}","partial_last":"{}"}}"#,
            json(&a[at]),
            at + 1,
            at == 3
        )
    };
    check(&[0, 1, 2, 3].map(journald), &["e8cd:30"]);
    check(&[0, 1, 2, 3].map(fluentd), &["e8cd:30"]);
    for order in [&[0, 2, 3][..], &[0, 1, 3], &[1, 0, 2, 3], &[0, 2, 1, 3], &[0, 1, 2, 2, 3]] {
        for lines in
            [order.iter().map(|at| journald(*at)).collect::<Vec<_>>(), order.iter().map(|at| fluentd(*at)).collect()]
        {
            let (events, rejected) = read(&lines);
            assert_eq!(events, Vec::<String>::new(), "{order:?}");
            assert!(rejected.iter().any(|reason| reason.contains("missing or late")), "{order:?}: {rejected:?}");
        }
    }
}

fn a_part_that_is_missing_is_noticed() {
    let docker = |text: &str, is_last: bool| {
        let end = if is_last { "\n" } else { "" };
        format!(r#"{{"log":{},"stream":"stdout","time":"{TIME}"}}"#, json(&format!("{text}{end}")))
    };
    let text = event(A, 30);
    // Wherever the line was cut, and however much of it is missing.
    for first in (300..1200).step_by(37) {
        for missing in [61, 200, 333, 512] {
            let (head, rest) = text.split_at(first);
            let (_, tail) = rest.split_at(missing);
            for lines in [
                vec![docker(head, false), docker(tail, true)],
                vec![cri("P", head), cri("F", tail)],
                vec![format!("web-1  | {}", cri("P", head)), format!("web-1  | {}", cri("F", tail))],
            ] {
                let (events, rejected) = read(&lines);
                assert_eq!(events, Vec::<String>::new(), "{first} {missing}: {lines:?}");
                assert!(!rejected.is_empty(), "{first} {missing}");
            }
        }
        let (head, tail) = text.split_at(first);
        check(&[docker(head, false), docker(tail, true)], &["e8cd:30"]);
        check(&[cri("P", head), cri("F", tail)], &["e8cd:30"]);
    }
}

fn parts_are_joined_by_what_their_shipper_says() {
    let (a, b) = (parts(A, 30, 4), parts(B, 2, 2));
    let fluentd = |at: usize, count: usize, id: &str, text: &str| {
        let last = at + 1 == count;
        format!(
            r#"{{"container_id":"c","container_name":"/vod","source":"stdout","log":{},"partial_message":"true","partial_id":"{id}","partial_ordinal":"{}","partial_last":"{last}"}}"#,
            json(text),
            at + 1
        )
    };
    let mut lines: Vec<String> = (0..4).map(|at| fluentd(at, 4, "p", &a[at])).collect();
    lines.insert(1, fluentd(0, 2, "q", &b[0]));
    lines.insert(3, fluentd(1, 2, "q", &b[1]));
    check(&lines, &["8b7a:2", "e8cd:30"]);
    let to_file = |line: &String| format!("2026-03-14T01:15:02+00:00\tdocker.vod\t{line}");
    check(&lines.iter().map(to_file).collect::<Vec<_>>(), &["8b7a:2", "e8cd:30"]);

    let fluent_bit = |tag: &str, pod: &str, text: &str| {
        format!(
            r#"{{"@timestamp":"{TIME}","stream":"stdout","logtag":"{tag}","log":{},"kubernetes":{{"pod_name":"{pod}","container_name":"vod"}}}}"#,
            json(text)
        )
    };
    check(
        &[
            fluent_bit("P", "a", &a[0]),
            fluent_bit("P", "b", &b[0]),
            fluent_bit("P", "a", &a[1]),
            fluent_bit("F", "b", &b[1]),
            fluent_bit("P", "a", &a[2]),
            fluent_bit("F", "a", &a[3]),
            fluent_bit("F", "a", &event(B, 3)),
        ],
        &["8b7a:2", "8b7a:3", "e8cd:30"],
    );
}

fn a_part_does_not_wait_for_ever_among_lines_of_others() {
    let other = format!("{TIME} stderr F something else\n");
    let mut found = FoundEvents::default();
    let mut reader = RecordReader::new(FileId::default());
    reader.read((cri("P", &parts(A, 30, 3)[0]) + "\n").as_bytes(), 0, NonZeroU32::new(1), &mut found);
    let mut byte = found.counts.bytes;
    while reader.is_carrying() {
        assert!(found.counts.lines < 100_000, "it waits for ever");
        reader.read(other.as_bytes(), byte, None, &mut found);
        byte += other.len() as u64;
    }
    assert_eq!(found.rejected.len(), 1, "it is told");
    assert!(found.counts.lines > 10_000, "lines of others may come between parts");
}

fn parts_that_never_end_are_told() {
    let a = parts(A, 30, 3);
    let (events, rejected) = read(&[cri("P", &a[0]), cri("P", &a[1])]);
    assert_eq!((events.len(), rejected.len()), (0, 1), "{rejected:?}");
    let (events, rejected) = read(&[cri("P", &a[0]), cri("F", "x"), cri("F", &event(B, 1))]);
    assert_eq!((events, rejected.len()), (vec!["8b7a:1".to_owned()], 1), "{rejected:?}");
}

fn times_in_the_middle_of_a_line_are_taken_out() {
    let a = parts(A, 30, 4);
    let stamped = |at: usize| if at == 0 { a[0].clone() } else { format!("{TIME} {}", a[at]) };
    let docker = |at: usize| {
        let end = if at == 3 { "\n" } else { "" };
        format!(r#"{{"log":{},"stream":"stdout","time":"{TIME}"}}"#, json(&(stamped(at) + end)))
    };
    check(&(0..4).map(docker).collect::<Vec<_>>(), &["e8cd:30"]);
    check(&(0..4).map(|at| cri(if at == 3 { "F" } else { "P" }, &stamped(at))).collect::<Vec<_>>(), &["e8cd:30"]);
    // `docker logs -t` itself puts a time before each 16 KiB of a line.
    let text = event(A, 400);
    let parts = text.as_bytes().chunks(16 << 10).map(|part| format!("{TIME} {}", std::str::from_utf8(part).unwrap()));
    check(&[parts.collect::<Vec<_>>().concat()], &["e8cd:400"]);
}

fn a_cut_copy_of_a_whole_event_is_no_loss() {
    let whole = event(A, 9);
    let cut = |len: usize| whole[..len].to_owned();
    let record = |short: &str, long: &str, names: [&str; 2]| {
        format!(r#"{{"host":"h","{}":{},"{}":{}}}"#, names[0], json(short), names[1], json(long))
    };
    check(&[record(&cut(200), &whole, ["short_message", "full_message"])], &["e8cd:9"]);
    check(&[record(&whole, &(cut(300) + "..."), ["event.original", "message"])], &["e8cd:9"]);
    check(&[record(&format!("got {}…", cut(150)), &format!("got {whole}"), ["msg", "body"])], &["e8cd:9"]);
    let (events, rejected) = read(&[record(&event(B, 9)[..200], &whole, ["short_message", "full_message"])]);
    assert_eq!((events, rejected.len()), (vec!["e8cd:9".to_owned()], 1), "another event is lost");
    let (events, rejected) = read(&[record(&cut(200), &cut(400), ["short_message", "full_message"])]);
    assert_eq!((events.len(), rejected.len()), (0, 2), "nothing is whole");
}

fn a_record_goes_on_in_the_next_file() {
    let check = |lines: &[String], at: usize| {
        let text = |lines: &[String]| lines.join("\n") + "\n";
        let (before, after) = (text(&lines[..at]), text(&lines[at..]));
        let mut found = FoundEvents::default();
        let mut reader = RecordReader::new(FileId::default());
        reader.read(before.as_bytes(), 0, NonZeroU32::new(1), &mut found);
        let pending = reader.take_pending();
        reader.finish(&mut found);
        assert_eq!((found.events.len(), found.rejected.len()), (0, 0), "{lines:#?}");
        let next = FileId { generation: 1, ..FileId::default() };
        let mut reader = RecordReader::new(next);
        reader.resume(pending);
        reader.read(after.as_bytes(), 0, NonZeroU32::new(1), &mut found);
        reader.finish(&mut found);
        assert_eq!((found.events.len(), found.rejected.len()), (1, 0), "{lines:#?}");
        let event = &found.events[0];
        assert_eq!((event.pictures.len(), event.origin.file, event.origin.byte), (30, next, 0));
        let record = &after.as_bytes()[..event.origin.len as usize];
        assert_eq!(Fingerprint::of(record), event.origin.hash);
    };
    let a = parts(A, 30, 3);
    let stored: Vec<String> = (0..3).map(|at| cri(if at == 2 { "F" } else { "P" }, &a[at])).collect();
    check(&stored, 1);
    check(&stored, 2);
    let docker = |at: usize| {
        let end = if at == 2 { "\n" } else { "" };
        format!(r#"{{"log":{},"stream":"stdout","time":"{TIME}"}}"#, json(&(a[at].clone() + end)))
    };
    check(&(0..3).map(docker).collect::<Vec<_>>(), 2);
    let value: serde_json::Value = serde_json::from_str(&event(A, 30)).unwrap();
    let pretty: Vec<String> = serde_json::to_string_pretty(&value).unwrap().lines().map(str::to_owned).collect();
    check(&pretty, 7);
}

crate::tests! {
    a_record_goes_on_in_the_next_file,
    parts_of_two_writers_are_told_apart,
    parts_that_nothing_tells_apart_are_refused,
    headings_and_names_tell_writers_apart,
    pretty_printed_events_of_two_writers_are_told_apart,
    parts_are_joined_by_what_the_journal_says,
    parts_whose_numbers_do_not_follow_are_refused,
    a_part_that_is_missing_is_noticed,
    parts_are_joined_by_what_their_shipper_says,
    a_part_does_not_wait_for_ever_among_lines_of_others,
    parts_that_never_end_are_told,
    times_in_the_middle_of_a_line_are_taken_out,
    a_cut_copy_of_a_whole_event_is_no_loss,
}
