//! The only writer of the terminal: a thread that writes each message to its end.
//!
//! The screen hands over one frame at a time and waits until it is written, so the queue holds at most one frame and a few
//! short messages (a probe, a copy, the bell); therefore it is not bounded. A message is abandoned only if the terminal
//! hung up or was given back to the shell.

use super::{
    guard::{Guard, WriteResult},
    tty::Tty,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// The interval after which a terminal that takes no bytes is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// The end of a write: a reason to check whether the next frame can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFinished {
    /// A message was written; it may still be in the buffers of the link.
    Written,
    /// The terminal is gone.
    HungUp,
}

/// The handle of the writing thread, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct TerminalWriter {
    messages: mpsc::Sender<Vec<u8>>,
    progress: Arc<WriteProgress>,
}

#[derive(Debug, Default)]
struct WriteProgress {
    /// Messages that are not written yet.
    pending: AtomicUsize,
    hung_up: AtomicBool,
}

impl TerminalWriter {
    /// Starts the thread; `written` receives the end of each write.
    pub(super) fn start(
        tty: Tty,
        guard: Arc<Guard>,
        written: tokio::sync::mpsc::Sender<WriteFinished>,
    ) -> io::Result<Self> {
        let (messages, queue) = mpsc::channel::<Vec<u8>>();
        let progress = Arc::new(WriteProgress::default());
        let shared = Arc::clone(&progress);
        thread::Builder::new().name("writer".to_owned()).spawn(move || {
            for message in queue {
                let outcome = write(&tty, &guard, &message);
                if outcome.is_err() {
                    shared.hung_up.store(true, Ordering::Release);
                }
                shared.pending.fetch_sub(1, Ordering::AcqRel);
                // A full channel holds a wake-up already.
                let _ = written.try_send(if outcome.is_ok() { WriteFinished::Written } else { WriteFinished::HungUp });
            }
        })?;
        Ok(Self { messages, progress })
    }

    /// Queues a message.
    pub(super) fn push(&self, message: Vec<u8>) {
        self.progress.pending.fetch_add(1, Ordering::AcqRel);
        if self.messages.send(message).is_err() {
            // The thread ends before its handle only if it panics.
            self.progress.hung_up.store(true, Ordering::Release);
        }
    }

    /// Returns true if everything is written.
    pub(super) fn is_idle(&self) -> bool {
        self.progress.pending.load(Ordering::Acquire) == 0
    }

    /// Returns true if the terminal was found to be gone.
    pub(super) fn is_hung_up(&self) -> bool {
        self.progress.hung_up.load(Ordering::Acquire)
    }
}

fn write(tty: &Tty, guard: &Guard, mut message: &[u8]) -> io::Result<()> {
    let epoch = guard.epoch();
    while !message.is_empty() {
        match guard.write(message, epoch)? {
            WriteResult::Written(count) => message = message.get(count..).unwrap_or_default(),
            WriteResult::WouldBlock => {
                tty.wait_writable(RETRY_INTERVAL)?;
            }
            WriteResult::Closed => break,
        }
    }
    Ok(())
}
