//! A short wait for a thread that reads what a process printed last.

use std::{
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The longest wait: a process that lives on may hold the pipe open.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The time between two looks.
const STEP: Duration = Duration::from_millis(2);

/// Waits until the thread has ended, a second at most.
pub(super) fn for_end_of(thread: &JoinHandle<()>) {
    let since = Instant::now();
    while !thread.is_finished() && since.elapsed() < WAIT_MAX {
        thread::sleep(STEP);
    }
}
