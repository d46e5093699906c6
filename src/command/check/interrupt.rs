//! Signals that end a check early, so that it prints what is known.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::{
    fs,
    future::poll_fn,
    io,
    sync::{Arc, atomic::AtomicBool},
    task::Poll,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, and the exit codes that they stand for.
const SIGNALS: [(i32, u8); 3] = [(SIGHUP, 129), (SIGINT, 130), (SIGTERM, 143)];

/// Receives the first signal. A second one ends the program at once, as it would without this.
#[derive(Debug)]
pub(super) struct Interrupts(Vec<(Signal, u8)>);

impl Interrupts {
    /// Takes the signals over, but those that are ignored, as by `nohup`.
    pub(super) fn take_over() -> Self {
        let seen = Arc::new(AtomicBool::new(false));
        let ignored = ignored_signals();
        let take_over = |(number, code)| -> io::Result<(Signal, u8)> {
            let received = signal(SignalKind::from_raw(number))?;
            signal_hook::flag::register_conditional_default(number, Arc::clone(&seen))?;
            signal_hook::flag::register(number, Arc::clone(&seen))?;
            Ok((received, code))
        };
        let signals = SIGNALS.into_iter().filter(|(number, _)| ignored & (1 << (number - 1)) == 0);
        Self(signals.filter_map(|entry| take_over(entry).ok()).collect())
    }

    /// Waits for a signal; returns its exit code.
    pub(super) async fn next(&mut self) -> u8 {
        poll_fn(|context| {
            let received =
                self.0.iter_mut().find_map(|(signal, code)| signal.poll_recv(context).is_ready().then_some(*code));
            received.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Returns the signals that this process ignores, a bit each, as Linux tells them; none elsewhere.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
