//! Minutes of a storm of events and keys: `cargo bench --bench storm [-- MINUTES]`, ten unless told.
//!
//! Prints memory, descriptors, written bytes and the pictures in the terminal's memory each half minute.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a panic is how it fails")]
#![expect(dead_code, reason = "the tests use the rest of support")]

#[path = "../support/mod.rs"]
mod support;

use std::{
    fs,
    time::{Duration, Instant},
};
use support::{
    pty::PROGRAM,
    storm::{Ledger, Storm},
};

const PERIOD: Duration = Duration::from_secs(30);

fn main() {
    let minutes = std::env::args().skip(1).find(|arg| arg != "--bench").map_or(10, |minutes| minutes.parse().unwrap());
    let mut storm = Storm::start(PROGRAM);
    let (begun, mut printed) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_mins(minutes) {
        storm.press();
        if begun.elapsed() >= PERIOD * (printed + 1) {
            printed += 1;
            let (bytes, seconds) = (storm.session.bytes(), begun.elapsed().as_secs());
            let (resident, descriptors, ledger) =
                (resident(storm.session.process_id()), storm.descriptors(), Ledger::of(&bytes));
            let written = bytes.len() / 1000;
            println!("{seconds:>4} s  RSS {resident:>6} KiB  {descriptors:>2} descriptors  {written:>6} KB  {ledger}");
        }
    }
    let ledger = storm.end();
    println!("  end  {ledger}");
    assert!(ledger.sent > 0, "pictures were shown");
}

/// Returns the resident memory of a process in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    rss.trim().trim_end_matches(" kB").parse().unwrap()
}
