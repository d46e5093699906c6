//! How fast the bytes of a log become a catalog, and how much room that takes.
//!
//! `cargo bench --bench ingest -- FILE`; without FILE a log of 256 MiB is made. Two figures are compared in pairs (A B
//! A B, n = 7, median of the ratios): reading the log into a catalog on one thread, and searching the same bytes for
//! one word, which is the speed of memory. Where `grep` is at hand, it is timed over FILE as a third.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a panic is how it fails")]

use std::{
    fmt::Write as _,
    fs,
    hint::black_box,
    io::{self, Read as _},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use thumbview::{
    catalog::Catalog,
    event::{FileId, FoundEvents, RecordReader},
};

const RUNS: usize = 7;
const BLOCK: usize = 1 << 20;

fn main() {
    let given = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let made = tempfile::NamedTempFile::new().unwrap();
    let path = given.unwrap_or_else(|| {
        fs::write(made.path(), synthetic(256 << 20)).unwrap();
        made.path().to_str().unwrap().to_owned()
    });

    // First, while nothing that was given back can be used again.
    let before = resident();
    let catalog = load(&path);
    let room = resident().saturating_sub(before);
    let tally = catalog.tally();
    drop(catalog);

    let mut ratios = Vec::new();
    let (mut best, mut limit) = (Duration::MAX, Duration::MAX);
    for _ in 0..RUNS {
        let (read, searched) = (timed(|| drop(black_box(load(&path)))), timed(|| search(&path)));
        ratios.push(read.as_secs_f64() / searched.as_secs_f64());
        (best, limit) = (best.min(read), limit.min(searched));
    }
    ratios.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = tally.counts.bytes as f64 / 1e9 / best.as_secs_f64();
    println!(
        "{} bytes, {} lines, {} events, {} assets",
        tally.counts.bytes, tally.counts.lines, tally.events, tally.assets
    );
    println!("into a catalog, one thread: best {best:.3?}, {rate:.2} GB/s");
    println!("one word in the same bytes: best {limit:.3?}; ratio {:.1} (median of {RUNS} pairs)", ratios[RUNS / 2]);
    println!("state: {room} bytes, {} an event", room / tally.events.max(1));
    let grep = || Command::new("grep").args(["-c", "thumbnailComplete", &path]).stdout(Stdio::piped()).output();
    match grep() {
        Ok(_) => println!("grep -c: best {:.3?}", (0..RUNS).map(|_| timed(|| drop(grep()))).min().unwrap()),
        Err(error) => println!("grep -c: skipped, {error}"),
    }
}

/// Reads a log as the sources do: in blocks that end with a line.
fn load(path: &str) -> Catalog {
    let mut catalog = Catalog::default();
    let mut reader = RecordReader::new(FileId::default());
    let mut apply = |found: FoundEvents| {
        catalog.add_counts(found.counts);
        for event in found.events {
            catalog.apply(event);
        }
    };
    let mut at = 0;
    blocks(path, |block| {
        let mut found = FoundEvents::default();
        reader.read(block, at, None, &mut found);
        at += block.len() as u64;
        apply(found);
    });
    let mut found = FoundEvents::default();
    reader.finish(&mut found);
    apply(found);
    catalog
}

fn search(path: &str) {
    let finder = memchr::memmem::Finder::new(b"thumbnailComplete");
    blocks(path, |block| {
        black_box(finder.find_iter(block).count());
    });
}

fn blocks(path: &str, mut take: impl FnMut(&[u8])) {
    let mut file = fs::File::open(path).unwrap();
    let mut block = Vec::new();
    loop {
        let read = io::copy(&mut (&mut file).take(BLOCK as u64), &mut block).unwrap();
        let end = if read == 0 { block.len() } else { memchr::memrchr(b'\n', &block).map_or(0, |newline| newline + 1) };
        take(&block[..end]);
        block.drain(..end);
        if read == 0 {
            return;
        }
    }
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// Bytes of memory in use; 0 where the system does not say.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Events of 24 pictures, one in ten failed, and a line of noise after every third.
fn synthetic(bytes: usize) -> String {
    let mut log = String::with_capacity(bytes + 8192);
    let mut seed = 1u128;
    for count in 0.. {
        if log.len() >= bytes {
            break;
        }
        seed = seed.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(0x5851);
        let head = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"#;
        if count % 10 == 0 {
            let _ =
                writeln!(log, r#"{head}"{seed:032x}","status":"FAILED","error_code":"VOD.10104","error_msg":"-"}}}}"#);
            continue;
        }
        let picture = |at: u32| {
            let offset = at * 5;
            format!(r#"{{"offset":{offset},"url":"https://h/asset/{seed:032x}/snapshot/sample/{offset}.jpg"}}"#)
        };
        let list = (0..=count % 47).map(picture).collect::<Vec<_>>().join(",");
        let _ = writeln!(log, r#"{head}"{seed:032x}","status":"SUCCEED","sample":[{list}],"dots":[]}}}}"#);
        if count % 3 == 0 {
            let _ = writeln!(log, "2026-03-14T01:15:02Z INFO scheduler: tick {count}, queue depth 3");
        }
    }
    log
}
