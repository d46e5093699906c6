//! The signals that end the program, where something is to be done before.

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag::{register_conditional_default, register_usize},
};
use std::{
    fs,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// The signals, and the exit codes that they stand for.
const SIGNALS: [(i32, u8); 3] = [(SIGHUP, 129), (SIGINT, 130), (SIGTERM, 143)];

/// Set while a signal that was held ends the program as it would have without.
static ENDS_PROGRAM: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Signals that are held: the first one is noted.
#[derive(Debug)]
pub(super) struct HeldSignals(Arc<AtomicUsize>);

impl HeldSignals {
    /// Holds the signals but those that are ignored, as by `nohup`.
    pub(super) fn hold() -> Self {
        let received = Arc::new(AtomicUsize::new(0));
        for (number, code) in unignored() {
            // Where this fails the signal ends the program at once.
            let held = register_conditional_default(number, Arc::clone(&ENDS_PROGRAM))
                .and_then(|_| register_usize(number, Arc::clone(&received), usize::from(code)));
            drop(held);
        }
        Self(received)
    }

    /// Returns the exit code of the signal that was received.
    pub(super) fn received(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|code| *code != 0)
    }

    /// Has the next signal end the program; returns the exit code of one that was received meanwhile.
    pub(super) fn release(self) -> Option<u8> {
        ENDS_PROGRAM.store(true, Ordering::Relaxed);
        self.received()
    }
}

/// Leaves the signals to whoever takes them over next.
pub(super) fn leave() {
    ENDS_PROGRAM.store(false, Ordering::Relaxed);
}

/// Returns the signals that this process does not ignore, and their exit codes.
pub(super) fn unignored() -> impl Iterator<Item = (i32, u8)> {
    let ignored = ignored();
    SIGNALS.into_iter().filter(move |(number, _)| ignored & (1 << (number - 1)) == 0)
}

/// Returns the signals that this process ignores, a bit each, as Linux tells them; none elsewhere.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
