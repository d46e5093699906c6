//! The demo's storm of events under a storm of keys, and the descriptors and pictures that the program holds.

use super::pty::{Answers, Session};
use std::{collections::BTreeSet, fs, thread, time::Duration};

/// All keys that move, play, open, filter and redraw, and none that ends or stops the program.
const KEYS: [&str; 43] = [
    "j", "j", "k", "h", "l", "l", "H", "L", "g", "G", "0", "5", "9", "^", "$", " ", "[", "]", "F", "e", "E", "n", "N",
    "s", "S", "c", "\t", "z", "t", "i", "J", "v", "!", "y", "r", "R", "T", "?", "\x0c", "\x1b", "\x1b", "\r", "\x1b[B",
];

/// The demo of that name, on a terminal with pictures.
pub(crate) struct Storm {
    pub(crate) session: Session,
    dice: u64,
}

impl Storm {
    pub(crate) fn start(program: &str) -> Self {
        let command = [program, "demo", "storm"];
        let session = Session::run(&command, (100, 30), &[("COLORTERM", "truecolor")], Answers::Kitty);
        session.wait_for_text("#1 of");
        let mut storm = Self { session, dice: 7 };
        // Away from the newest row, which changes too fast for a picture to come.
        storm.session.type_keys("k");
        storm
    }

    /// Presses a random key; in one of 100 cases the window gets another size, in one of 20 there is a rest in which
    /// pictures come.
    pub(crate) fn press(&mut self) {
        // Through all kinds of pictures, and back to kitty's.
        let key = if self.random(100) == 0 { "PPP" } else { KEYS[self.random(KEYS.len())] };
        self.session.type_keys(key);
        if self.random(100) == 0 {
            let cols = 40 + u16::try_from(self.random(160)).unwrap();
            let rows = 10 + u16::try_from(self.random(50)).unwrap();
            self.session.resize(cols, rows);
        }
        let rests = self.random(20) == 0;
        if rests {
            self.session.type_keys("\x1b\x1bk");
        }
        thread::sleep(Duration::from_millis(if rests { 800 } else { 50 }));
    }

    fn random(&mut self, below: usize) -> usize {
        // Knuth's MMIX generator; its upper bits are the better ones.
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.dice >> 33).unwrap() % below
    }

    /// Returns the number of open descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.session.process_id())).unwrap().count()
    }

    /// Quits; checks that the terminal is as it was, and that no picture is left in its memory.
    pub(crate) fn end(mut self) -> Ledger {
        self.session.type_keys("\x03");
        assert_eq!(self.session.exit_code(), 0);
        assert_eq!(self.session.modes(), self.session.modes_before());
        self.session.wait_for("the shell's screen", |screen| !screen.alternate_screen());
        let ledger = Ledger::of(&self.session.bytes());
        assert_eq!(ledger.kept, BTreeSet::new(), "no picture stays behind");
        ledger
    }
}

/// The pictures in a kitty's memory, counted from the commands that it was sent.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) sent: usize,
    placed: usize,
    freed: usize,
    pub(crate) kept: BTreeSet<u32>,
    most: usize,
}

impl Ledger {
    /// Reads the graphics commands `ESC _ G key=value,… ; data ESC \`.
    pub(crate) fn of(bytes: &[u8]) -> Self {
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
