//! The only writer of the terminal: a thread that writes message after message, each to its end.
//!
//! The screen hands over one frame at a time and waits until it is out, so the queue holds at most one frame and the
//! few short messages in between (a probe, a copy, the bell); that is why it is not bounded. A message is given up
//! only when the terminal is: when it hung up or went back to the shell.

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

/// How often a terminal that takes nothing is looked at again, to see whether it is still ours.
const RECHECK: Duration = Duration::from_millis(50);

/// Something was written to its end; a reason to look whether the next frame can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFinished {
    /// A message is out, as far as our end of the line is concerned.
    Out,
    /// The terminal is gone.
    HungUp,
}

/// The handle of the writing thread, which ends with it.
#[derive(Debug)]
pub(super) struct TerminalWriter {
    messages: mpsc::Sender<Vec<u8>>,
    progress: Arc<WriteProgress>,
}

#[derive(Debug, Default)]
struct WriteProgress {
    /// Messages that are not out yet.
    open: AtomicUsize,
    hung_up: AtomicBool,
}

impl TerminalWriter {
    /// Starts the thread. `written` is woken after each message.
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
                shared.open.fetch_sub(1, Ordering::AcqRel);
                // A full channel holds a wake-up already.
                let _ = written.try_send(if outcome.is_ok() { WriteFinished::Out } else { WriteFinished::HungUp });
            }
        })?;
        Ok(Self { messages, progress })
    }

    /// Queues a message.
    pub(super) fn push(&self, message: Vec<u8>) {
        self.progress.open.fetch_add(1, Ordering::AcqRel);
        if self.messages.send(message).is_err() {
            // The thread ends before its handle only by a panic.
            self.progress.hung_up.store(true, Ordering::Release);
        }
    }

    /// Whether everything is out.
    pub(super) fn is_idle(&self) -> bool {
        self.progress.open.load(Ordering::Acquire) == 0
    }

    /// Whether the terminal was found to be gone.
    pub(super) fn is_hung_up(&self) -> bool {
        self.progress.hung_up.load(Ordering::Acquire)
    }
}

fn write(tty: &Tty, guard: &Guard, mut message: &[u8]) -> io::Result<()> {
    let turn = guard.turn();
    while !message.is_empty() {
        match guard.write(message, turn)? {
            WriteResult::Some(count) => message = message.get(count..).unwrap_or_default(),
            WriteResult::Nothing => {
                tty.wait_writable(RECHECK)?;
            }
            WriteResult::Closed => break,
        }
    }
    Ok(())
}
