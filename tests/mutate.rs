//! Mutations of real inputs, for as long as one has patience: a fuzzer's work where no fuzzer is at hand.
//!
//! `THUMBVIEW_FUZZ_SECONDS=600 cargo test --test mutate -- --ignored --nocapture`. The decoder's is in `media::jpeg`.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![expect(clippy::print_stdout, reason = "figures are for whoever asked for them")]

#[path = "support/checks.rs"]
#[expect(dead_code, reason = "decoding is mutated beside the decoder")]
mod checks;

use std::{
    fs, panic,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

/// What terminals send: keys, mice, pastes, answers; whole and in pieces.
const TERMINALS: [&[u8]; 8] = [
    b"jk\x1b[A\x1bOB\x1b[1;5C\x1b[<0;5;7M\x1b[<0;5;7m\x1b[M !!",
    b"\x1b[200~pasted \x1b[A text\x1b[201~q",
    b"\x1b[?62;4;22c\x1b[0n\x1b[6;20;10t\x1b[4;600;800t\x1b[?2026;2$y",
    b"\x1bP>|kitty(0.41)\x1b\\\x1b]11;rgb:1e1e/1e1e/1e1e\x07\x1b_Gi=31;OK\x1b\\",
    b"\x1b[97;5u\x1b[97;1:3u\x1b[27;5;9~\x1b[[A\x1b[R\x1b[1;2R\x1b[24;80R",
    b"\x1bP1$r0m\x1b\\\x1bP1+r544e=787465726d\x1b\\\x1b[?1u\x1b[?997;1n",
    b"\x1b\x1b\x1b[\x1bO\x1bx\x03\x1a\x18",
    "é新🦀\u{9b}A\u{1b}é".as_bytes(),
];

/// Pieces that mean something to either parser.
const PIECES: [&[u8]; 16] = [
    b"\x1b",
    b"\x1b[",
    b"\x1b\\",
    b"\x1b[200~",
    b"\x1b[201~",
    b"\x07",
    b";",
    b"\n",
    b"\r\n",
    b"\"",
    b"\\\"",
    b"{",
    b"}",
    b"thumbnailComplete",
    b"\"event_type\":",
    b"\xff",
];

/// A generator that needs no crate (Marsaglia's xorshift64).
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() << 1 | 1;
        println!("seed {seed}");
        Self(seed)
    }

    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap()
    }

    /// Bytes turned, cut out, doubled and put in.
    fn mutate(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.roll(8) {
            let at = self.roll(bytes.len() + 1);
            match self.roll(5) {
                0 => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.roll(8);
                    }
                }
                1 => drop(bytes.drain(at..(at + self.roll(60)).min(bytes.len()))),
                2 => {
                    let piece = bytes[at..(at + self.roll(400)).min(bytes.len())].to_vec();
                    let to = self.roll(bytes.len() + 1);
                    drop(bytes.splice(to..to, piece));
                }
                3 => bytes.truncate(at),
                _ => drop(bytes.splice(at..at, PIECES[self.roll(PIECES.len())].iter().copied())),
            }
        }
        bytes
    }
}

/// Checks mutations of the seeds; says how many, and names the bytes that break a promise.
fn fuzz(seeds: &[Vec<u8>], check: fn(&[u8])) {
    let seconds = std::env::var("THUMBVIEW_FUZZ_SECONDS").map_or(10, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice::new();
    let (mut inputs, mut slowest) = (0_u64, Duration::ZERO);
    while Instant::now() < end {
        let seed = dice.roll(seeds.len());
        let bytes = dice.mutate(&seeds[seed]);
        let begun = Instant::now();
        let held = panic::catch_unwind(|| check(&bytes));
        slowest = slowest.max(begun.elapsed());
        inputs += 1;
        assert!(held.is_ok(), "after {inputs} inputs: {}", bytes.escape_ascii());
    }
    println!("{inputs} inputs from {} seeds, slowest {slowest:?}", seeds.len());
}

fn fixtures() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let logs = files.map(|path| fs::read(path).unwrap());
    // A mutation of much text is mostly that text.
    logs.filter(|log| log.len() < 32 << 10).collect()
}

#[test]
fn the_seeds_themselves_hold() {
    let logs = fixtures();
    assert!(logs.len() > 20);
    for log in &logs {
        checks::ingest(log);
    }
    for bytes in TERMINALS {
        checks::keys(bytes);
    }
}

#[test]
#[ignore = "a fuzz run of THUMBVIEW_FUZZ_SECONDS"]
fn logs() {
    fuzz(&fixtures(), checks::ingest);
}

#[test]
#[ignore = "a fuzz run of THUMBVIEW_FUZZ_SECONDS"]
fn terminals() {
    fuzz(&TERMINALS.map(<[u8]>::to_vec), checks::keys);
}
