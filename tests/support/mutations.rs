//! Mutations of real inputs for the checks of [`checks`](super::checks): a fuzzer's work where no fuzzer is at hand.
//!
//! The tests check a fixed number of them; `cargo bench --bench fuzz` goes on for as long as it is told.

use std::{fs, panic, path::Path};

/// Bytes that terminals send: keys, mice, pastes, answers; whole and in pieces.
pub(crate) const TERMINALS: [&[u8]; 8] = [
    b"jk\x1b[A\x1bOB\x1b[1;5C\x1b[<0;5;7M\x1b[<0;5;7m\x1b[M !!",
    b"\x1b[200~pasted \x1b[A text\x1b[201~q",
    b"\x1b[?62;4;22c\x1b[0n\x1b[6;20;10t\x1b[4;600;800t\x1b[?2026;2$y",
    b"\x1bP>|kitty(0.41)\x1b\\\x1b]11;rgb:1e1e/1e1e/1e1e\x07\x1b_Gi=31;OK\x1b\\",
    b"\x1b[97;5u\x1b[97;1:3u\x1b[27;5;9~\x1b[[A\x1b[R\x1b[1;2R\x1b[24;80R",
    b"\x1bP1$r0m\x1b\\\x1bP1+r544e=787465726d\x1b\\\x1b[?1u\x1b[?997;1n",
    b"\x1b\x1b\x1b[\x1bO\x1bx\x03\x1a\x18",
    "é新🦀\u{9b}A\u{1b}é".as_bytes(),
];

/// Byte strings with a meaning to one of the parsers.
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

/// A pseudo-random generator (Marsaglia's xorshift64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap()
    }

    /// Returns a copy with bytes changed, cut out, repeated and inserted.
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

/// The fixtures of one folder below `tests/fixtures` that are small enough for a mutation to change much of them.
pub(crate) fn fixtures(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.map(|path| fs::read(path).unwrap()).filter(|bytes| bytes.len() < 32 << 10).collect()
}

/// Checks one mutation of one of the seeds.
///
/// # Panics
/// Panics with the bytes if the check does.
pub(crate) fn check_one(seeds: &[Vec<u8>], check: fn(&[u8]), dice: &mut Dice) {
    let seed = dice.roll(seeds.len());
    let bytes = dice.mutate(&seeds[seed]);
    assert!(panic::catch_unwind(|| check(&bytes)).is_ok(), "{}", bytes.escape_ascii());
}
