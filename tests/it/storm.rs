//! A storm of events and of keys, and the descriptors and pictures that the program holds after it.

use crate::support::pty::{Answers, PROGRAM, Session};
use std::{
    collections::BTreeSet,
    fs, thread,
    time::{Duration, Instant},
};

/// What is pressed: all that moves, plays, opens, filters and redraws; nothing that ends or stops the program.
const KEYS: [&str; 43] = [
    "j", "j", "k", "h", "l", "l", "H", "L", "g", "G", "0", "5", "9", "^", "$", " ", "[", "]", "F", "e", "E", "n", "N",
    "s", "S", "c", "\t", "z", "t", "i", "J", "v", "!", "y", "r", "R", "T", "?", "\x0c", "\x1b", "\x1b", "\r", "\x1b[B",
];

fn a_short_storm_leaves_descriptors_and_pictures_as_they_were() {
    let mut storm = Storm::start(PROGRAM);
    let counts = storm.rage(Duration::from_secs(20), Duration::from_secs(1));
    let descriptors: Vec<usize> = counts.iter().map(|held| held.descriptors).collect();
    // Connections and decoders come and go, so only the least of the end tells of a leak.
    let (early, late) = (descriptors.iter().take(10).max(), descriptors.iter().rev().take(5).min());
    assert!(late <= early, "descriptors grow: {descriptors:?}");
    storm.end();
}

/// The demo of that name, on a terminal with pictures.
struct Storm {
    session: Session,
    dice: u64,
}

/// What the program holds at one time.
#[derive(Debug)]
struct Held {
    /// Memory that is in use, in KiB.
    rss: u64,
    descriptors: usize,
}

impl Storm {
    fn start(program: &str) -> Self {
        let command = [program, "demo", "storm"];
        let session = Session::run(&command, (100, 30), &[("COLORTERM", "truecolor")], Answers::Kitty);
        session.wait_for_text("#1 of");
        let mut storm = Self { session, dice: 7 };
        // Away from the newest row, which changes too fast for a picture to come.
        storm.session.type_keys("k");
        storm
    }

    /// Random keys, twenty a second, with rests in which pictures come, and now and then another size; what is held,
    /// looked at so often.
    fn rage(&mut self, length: Duration, look: Duration) -> Vec<Held> {
        let begun = Instant::now();
        let mut counts = Vec::new();
        while begun.elapsed() < length {
            // Through all kinds of pictures, and back to kitty's.
            let key = if self.random(100) == 0 { "PPP" } else { KEYS[self.random(KEYS.len())] };
            self.session.type_keys(key);
            if self.random(100) == 0 {
                let cols = 40 + u16::try_from(self.random(160)).unwrap();
                let rows = 10 + u16::try_from(self.random(50)).unwrap();
                self.session.resize(cols, rows);
            }
            let rest = self.random(20) == 0;
            if rest {
                self.session.type_keys("\x1b\x1bk");
            }
            thread::sleep(Duration::from_millis(if rest { 800 } else { 50 }));
            if begun.elapsed() >= look * u32::try_from(counts.len() + 1).unwrap() {
                let held = self.held();
                let bytes = self.session.bytes();
                let ledger = Ledger::of(&bytes);
                println!(
                    "{:>4} s  RSS {:>6} KiB  {:>2} descriptors  {:>6} KB written  {ledger}",
                    begun.elapsed().as_secs(),
                    held.rss,
                    held.descriptors,
                    bytes.len() / 1000,
                );
                counts.push(held);
            }
        }
        counts
    }

    fn random(&mut self, below: usize) -> usize {
        // Knuth's MMIX generator; its upper bits are the better ones.
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.dice >> 33).unwrap() % below
    }

    fn held(&self) -> Held {
        let process = format!("/proc/{}", self.session.process_id());
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        Held {
            rss: rss.trim().trim_end_matches(" kB").parse().unwrap(),
            descriptors: fs::read_dir(format!("{process}/fd")).unwrap().count(),
        }
    }

    /// Quits, and finds no picture left in the terminal's memory. An unoptimised build may not have come to show any.
    fn end(mut self) -> Ledger {
        self.session.type_keys("\x03");
        assert_eq!(self.session.exit_code(), 0);
        assert_eq!(self.session.modes(), self.session.modes_before());
        self.session.wait_for("the shell's screen", |screen| !screen.alternate_screen());
        let ledger = Ledger::of(&self.session.bytes());
        println!("  end  {ledger}");
        assert_eq!(ledger.kept, BTreeSet::new(), "no picture stays behind");
        ledger
    }
}

/// Pictures in a kitty's memory, by what it was told.
#[derive(Debug, Default)]
struct Ledger {
    sent: usize,
    placed: usize,
    freed: usize,
    kept: BTreeSet<u32>,
    most: usize,
}

impl Ledger {
    /// Reads the graphics commands `ESC _ G key=value,… ; data ESC \`.
    fn of(bytes: &[u8]) -> Self {
        let mut ledger = Self::default();
        let mut rest = bytes;
        while let Some(at) = memchr::memmem::find(rest, b"\x1b_G") {
            rest = &rest[at + 3..];
            let end = rest.iter().position(|byte| matches!(byte, b';' | 0x1b)).unwrap_or(rest.len());
            let head = str::from_utf8(&rest[..end]).unwrap();
            let value = |key: &str| head.split(',').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
            let id = value("i").and_then(|id| id.parse().ok());
            match (value("a"), value("d"), id) {
                (Some("t" | "T"), _, Some(id)) => {
                    ledger.sent += 1;
                    ledger.kept.insert(id);
                    ledger.most = ledger.most.max(ledger.kept.len());
                }
                (Some("p"), _, Some(_)) => ledger.placed += 1,
                (Some("d"), Some("I"), Some(id)) => {
                    ledger.freed += 1;
                    ledger.kept.remove(&id);
                }
                _ => {}
            }
        }
        ledger
    }
}

impl std::fmt::Display for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sent, placed, freed, kept, most } = self;
        write!(f, "kitty: {sent} sent, {placed} placed, {freed} freed, {} kept, {most} at most", kept.len())
    }
}

crate::tests! {
    a_short_storm_leaves_descriptors_and_pictures_as_they_were,
}
