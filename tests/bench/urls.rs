//! The cost of URLs that differ in each event: `cargo bench --bench urls [-- EVENTS PICTURES]`, 64 000 and 6 unless told.
//!
//! One log a way of signing: time and bytes of state an event, each also as a multiple of the plain log's. The
//! runs are taken in turn, and the best of [`RUNS`] is printed.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a panic is how it fails")]

use std::{
    fmt::Write as _,
    fs,
    time::{Duration, Instant},
};
use thumbview::{
    catalog::Catalog,
    event::{FileId, FoundEvents, RecordReader},
};

const RUNS: usize = 5;
const BLOCK: usize = 1 << 20;

/// A way to make the URL of a picture from the asset's id, the picture's offset in seconds, and a random number.
type Shape = fn(&str, u32, u128) -> String;

const SHAPES: [(&str, Shape); 7] = [
    ("plain", |id, offset, _| format!("https://h/asset/{id}/snapshot/sample/{offset}.jpg")),
    ("type A", |id, offset, random| {
        let at = 1_790_000_000 + random % 100_000;
        format!("https://h/asset/{id}/snapshot/sample/{offset}.jpg?auth_key={at}-{random:032x}-0-{random:032x}")
    }),
    ("type A of the event", |id, offset, _| {
        let at = 1_790_000_000 + u128::from_str_radix(&id[..6], 16).unwrap();
        format!("https://h/asset/{id}/snapshot/sample/{offset}.jpg?auth_key={at}-0-0-{id}")
    }),
    ("type B", |id, offset, random| {
        format!("https://h/20260314{:04}/{random:032x}/asset/{id}/snapshot/sample/{offset}.jpg", random % 2400)
    }),
    ("type C", |id, offset, random| {
        format!("https://h/{random:032x}/{:08x}/asset/{id}/snapshot/sample/{offset}.jpg", random % 0xffff_ffff)
    }),
    ("other id", |id, offset, _| {
        let other: String = id.chars().rev().collect();
        format!("https://h/asset/{other}/snapshot/sample/{offset}.jpg")
    }),
    ("query", |id, offset, _| format!("https://h/asset/{id}/snapshot/sample/{offset}.jpg?v={}", &id[..8])),
];

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let (events, pictures) = (numbers.next().unwrap_or(64_000), numbers.next().unwrap_or(6));
    println!("{events} events of {pictures} pictures");
    let mut plain = None;
    for (name, shape) in SHAPES {
        let log = log(events, pictures, shape);
        let before = resident();
        let (catalog, mut best) = read(&log);
        let state = resident().saturating_sub(before) / u64::from(events);
        assert_eq!(catalog.tally().events, u64::from(events));
        drop(catalog);
        for _ in 1..RUNS {
            best = best.min(read(&log).1);
        }
        let (plain_time, plain_state) = *plain.get_or_insert((best, state));
        let length = log.len() / events as usize;
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let grown = state as f64 / plain_state.max(1) as f64;
        println!(
            "{name:<20} {length:>5} bytes of text, {:>6.2} µs ({:>5.2}x), {state:>5} bytes of state ({grown:>5.2}x) an event",
            best.as_secs_f64() * 1e6 / f64::from(events),
            best.as_secs_f64() / plain_time.as_secs_f64(),
        );
    }
}

/// Reads a log in blocks that end with a line; returns the time without that of freeing the catalog.
fn read(log: &str) -> (Catalog, Duration) {
    let begun = Instant::now();
    let mut catalog = Catalog::default();
    let mut reader = RecordReader::new(FileId::default());
    let mut at = 0;
    while at < log.len() {
        let end = (at + BLOCK).min(log.len());
        let end = log.as_bytes()[..end].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        let mut found = FoundEvents::default();
        reader.read(&log.as_bytes()[at..end], at as u64, None, &mut found);
        for event in found.events {
            catalog.apply(event);
        }
        at = end;
    }
    (catalog, begun.elapsed())
}

fn log(events: u32, pictures: u32, shape: Shape) -> String {
    let mut log = String::new();
    let mut random = 1_u128;
    let mut roll = move || {
        random = random.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(0x5851);
        random
    };
    for _ in 0..events {
        let id = format!("{:032x}", roll());
        let picture = |at: u32| {
            let offset = at * 5;
            format!(r#"{{"offset":{offset},"url":"{}"}}"#, shape(&id, offset, roll()))
        };
        let list = (0..pictures).map(picture).collect::<Vec<_>>().join(",");
        let head = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"#;
        let _ = writeln!(log, r#"{head}"{id}","status":"SUCCEED","sample":[{list}],"dots":[]}}}}"#);
    }
    log
}

/// Bytes of memory in use; 0 where the system does not say.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
