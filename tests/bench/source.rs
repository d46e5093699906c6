//! What the source costs, in figures: `load FILE`, `append` (200 appends to a followed log), `idle SECONDS`.
//!
//! Without an argument it runs `append` and loads a log of its own. `strace -f -c` around `idle 10` counts the system
//! calls of a followed log to which nothing happens.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic is how a bench fails, and it prints its figures"
)]

use std::{
    env, fs,
    io::Write as _,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use thumbview::{
    event::{Counts, LogUpdate, ReadMode},
    source::{self, Order, Source, SourceConfig, Start},
};
use tokio::sync::mpsc::Receiver;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["load", file] => load(Path::new(file)),
        ["append"] => append(),
        ["idle", seconds] => idle(Duration::from_secs(seconds.parse().unwrap())),
        _ => {
            append();
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), event(0).repeat(400_000)).unwrap();
            load(file.path());
        }
    }
}

fn event(number: u32) -> String {
    let head = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":""#;
    format!("{head}{number:032x}\",\"status\":\"SUCCEED\",\"sample\":[],\"dots\":[]}}}}\n")
}

fn start(file: &Path, mode: ReadMode) -> (Source, Receiver<LogUpdate>) {
    let files = vec![file.to_owned()];
    let order = Order::NewestFirst;
    source::spawn(SourceConfig::of_files(files, mode, Start::All, order, jiff::tz::TimeZone::UTC))
}

/// Reads a file once: when the first events came, when all had come, and how many.
fn load(file: &Path) {
    let begun = Instant::now();
    let (_source, mut updates) = start(file, ReadMode::Once);
    let (mut first, mut events, mut sum) = (None, 0, Counts::default());
    while let Some(update) = updates.blocking_recv() {
        match update {
            LogUpdate::Batch { events: batch, counts, .. } => {
                if !batch.is_empty() {
                    first.get_or_insert_with(|| begun.elapsed());
                }
                events += batch.len();
                sum += counts;
            }
            LogUpdate::Finished => break,
            LogUpdate::Opened { .. }
            | LogUpdate::Health { .. }
            | LogUpdate::Incomplete { .. }
            | LogUpdate::Lines { .. }
            | LogUpdate::Notice(_)
            | LogUpdate::Loaded => {}
        }
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: ?");
    println!("load {}: {:.3?}, first events after {first:.1?}", file.display(), begun.elapsed());
    println!("  {events} events, {} lines, {} bytes, {} unparsed; {peak}", sum.lines, sum.bytes, sum.unparsed);
}

/// Appends to a followed log at odd times: from the write to the update in the reader's hand.
fn append() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vod.log");
    fs::write(&path, event(0)).unwrap();
    let (_source, mut updates) = start(&path, ReadMode::Follow);
    while updates.blocking_recv() != Some(LogUpdate::Loaded) {}
    let mut log = fs::File::options().append(true).open(&path).unwrap();
    let mut times: Vec<Duration> = (1..=200)
        .map(|number| {
            thread::sleep(Duration::from_millis(20 + u64::from(number) * 37 % 100));
            let written = Instant::now();
            log.write_all(event(number).as_bytes()).unwrap();
            while !matches!(updates.blocking_recv(), Some(LogUpdate::Batch { events, .. }) if !events.is_empty()) {}
            written.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("append: p50 {:.2?}, p95 {:.2?}, max {:.2?}", times[100], times[190], times[199]);
}

/// Follows a log to which nothing happens.
fn idle(time: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vod.log");
    fs::write(&path, event(0)).unwrap();
    let (_source, mut updates) = start(&path, ReadMode::Follow);
    while updates.blocking_recv() != Some(LogUpdate::Loaded) {}
    thread::sleep(time);
}
