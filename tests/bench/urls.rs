//! The cost of URLs that differ in each event: `cargo bench --bench urls [-- EVENTS PICTURES]`, 64 000 and 6 unless told.
//!
//! One log a way of signing, each read in a process of its own: CPU time (the best of [`RUNS`]) and bytes of state an
//! event, also as multiples of the plain log's.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a panic is how it fails")]

use std::{env, fmt::Write as _, fs, process::Command};
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
        let at = 1_790_000_000 + u128::from_str_radix(id.get(..6).unwrap(), 16).unwrap();
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
    ("query", |id, offset, _| format!("https://h/asset/{id}/snapshot/sample/{offset}.jpg?v={}", id.get(..8).unwrap())),
];

/// The variable that names the shape to measure in this process.
const SHAPE: &str = "THUMBVIEW_BENCH_SHAPE";

fn main() {
    let mut numbers = env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let (events, pictures) = (numbers.next().unwrap_or(64_000), numbers.next().unwrap_or(6));
    if let Ok(wanted) = env::var(SHAPE) {
        let (_, shape) = SHAPES.iter().find(|(name, _)| *name == wanted).unwrap();
        let (length, nanoseconds, state) = measure(events, pictures, *shape);
        println!("{length} {nanoseconds} {state}");
        return;
    }
    println!("{events} events of {pictures} pictures");
    let mut plain = None;
    for (name, _) in SHAPES {
        let arguments = [events, pictures].map(|number| number.to_string());
        let output = Command::new(env::current_exe().unwrap()).args(arguments).env(SHAPE, name).output().unwrap();
        let numbers = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let [length, nanoseconds, state] = numbers[..] else { panic!("{name}: {output:?}") };
        let (plain_nanoseconds, plain_state) = *plain.get_or_insert((nanoseconds, state));
        let (slower, larger) = (nanoseconds / plain_nanoseconds, state / plain_state);
        println!(
            "{name:<20} {length:>5} bytes of text, {nanoseconds:>6} ns ({slower:>5.2}x), {state:>5} bytes of state ({larger:>5.2}x)",
        );
    }
}

/// Returns bytes of text, nanoseconds of CPU, and bytes of state an event.
fn measure(events: u32, pictures: u32, shape: Shape) -> (u64, u64, u64) {
    let log = log(events, pictures, shape);
    // First, while nothing that was given back can be used again.
    let before = resident();
    let (catalog, mut best) = read(&log);
    let state = resident().saturating_sub(before);
    assert_eq!(catalog.tally().events, u64::from(events));
    drop(catalog);
    for _ in 1..RUNS {
        best = best.min(read(&log).1);
    }
    let events = u64::from(events);
    (log.len() as u64 / events, best / events, state / events)
}

/// Reads a log in blocks that end with a line; returns the nanoseconds without those of freeing the catalog.
fn read(log: &str) -> (Catalog, u64) {
    let begun = cpu_time();
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
    (catalog, cpu_time() - begun)
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

/// Nanoseconds that this thread has run, as Linux counts them.
fn cpu_time() -> u64 {
    let counts = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    counts.split(' ').next().unwrap().parse().unwrap()
}

/// Bytes of memory in use; 0 where the system does not say.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
