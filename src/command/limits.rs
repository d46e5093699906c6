//! The limits of the system: threads and memory that it refuses.
//!
//! Both end the program with a sentence and exit code 1 instead of a panic, a hang or a core dump.

use anyhow::{Context as _, Result};
use signal_hook::consts::SIGABRT;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    thread,
};

/// The threads that a command needs from its start: two of the runtime, one that reads, one that is told of changed
/// files, one that watches stdout, one for blocking work.
const THREADS: usize = 6;

/// Checks that the threads of a command can be started, all at once. The async runtime panics or hangs where one of its
/// own cannot, and the library that is told of changed files panics.
pub(super) fn check_threads() -> Result<()> {
    start_threads(THREADS).with_context(|| {
        format!(
            "cannot start {THREADS} threads; the process limit (ulimit -u) or the memory limit may have been reached"
        )
    })
}

fn start_threads(count: usize) -> io::Result<()> {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        // Held until all have started, so that they exist at the same time.
        let _closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..count {
            let wait = || drop(gate.lock().unwrap_or_else(PoisonError::into_inner));
            thread::Builder::new().spawn_scoped(scope, wait)?;
        }
        Ok(())
    })
}

/// Has the program exit with 1 where it would abort: the standard library does so after it reported that an allocation
/// failed.
pub(super) fn exit_on_abort() {
    let always = Arc::new(AtomicBool::new(true));
    // Without it the program dies by the signal, as before.
    let _registered = signal_hook::flag::register_conditional_shutdown(SIGABRT, 1, always);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_can_usually_be_started() {
        assert!(start_threads(THREADS).is_ok());
    }
}
