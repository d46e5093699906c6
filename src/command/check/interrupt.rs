//! Signals that end a check early, so that it prints what is known.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::{
    future::pending,
    io,
    sync::{Arc, atomic::AtomicBool},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, and the exit codes that they stand for.
const SIGNALS: [(i32, u8); 3] = [(SIGHUP, 129), (SIGINT, 130), (SIGTERM, 143)];

/// Receives the first signal. A second one ends the program at once, as it would without this.
#[derive(Debug)]
pub(super) struct Interrupts(Vec<(Signal, u8)>);

impl Interrupts {
    /// Takes the signals over. One that the system does not let go ends the program as before.
    pub(super) fn take_over() -> Self {
        let seen = Arc::new(AtomicBool::new(false));
        let take_over = |(number, code)| -> io::Result<(Signal, u8)> {
            signal_hook::flag::register_conditional_default(number, Arc::clone(&seen))?;
            signal_hook::flag::register(number, Arc::clone(&seen))?;
            Ok((signal(SignalKind::from_raw(number))?, code))
        };
        Self(SIGNALS.into_iter().filter_map(|entry| take_over(entry).ok()).collect())
    }

    /// Waits for a signal; returns its exit code.
    pub(super) async fn next(&mut self) -> u8 {
        let [hangup, interrupt, terminate] = &mut self.0[..] else { return pending().await };
        tokio::select! {
            _ = hangup.0.recv() => hangup.1,
            _ = interrupt.0.recv() => interrupt.1,
            _ = terminate.0.recv() => terminate.1,
        }
    }
}
