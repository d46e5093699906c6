//! The threads that the system may refuse: that ends the program with a sentence and exit code 1 instead of a panic or a
//! hang.

use anyhow::{Context as _, Result};
use std::{
    io,
    sync::{Mutex, PoisonError},
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_can_usually_be_started() {
        assert!(start_threads(THREADS).is_ok());
    }
}
