//! The async runtime of a command that waits for several things at a time.

use super::limits::check_threads;
use anyhow::{Context as _, Result};
use std::time::Duration;

/// The longest wait at the end for blocking work, which cannot be cancelled.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(100);

/// Runs a future to its end on a runtime of two worker threads.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    check_threads()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the async runtime cannot start")?;
    let outcome = runtime.block_on(work);
    // Dropping the runtime would wait for pictures being scaled and logs being read, whose results nobody needs.
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    outcome
}
