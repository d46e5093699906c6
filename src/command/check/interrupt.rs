//! Signals that end a check early, so that it prints what is known.

use crate::command::signals;
use std::{
    future::poll_fn,
    io,
    sync::{Arc, atomic::AtomicBool},
    task::Poll,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Receives the first signal. A second one ends the program at once, as it would without this.
#[derive(Debug)]
pub(super) struct Interrupts(Vec<(Signal, u8)>);

impl Interrupts {
    /// Takes the signals over, but those that are ignored, as by `nohup`.
    pub(super) fn take_over() -> Self {
        signals::leave();
        let seen = Arc::new(AtomicBool::new(false));
        let take_over = |(number, code)| -> io::Result<(Signal, u8)> {
            let received = signal(SignalKind::from_raw(number))?;
            signal_hook::flag::register_conditional_default(number, Arc::clone(&seen))?;
            signal_hook::flag::register(number, Arc::clone(&seen))?;
            Ok((received, code))
        };
        Self(signals::unignored().filter_map(|entry| take_over(entry).ok()).collect())
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
