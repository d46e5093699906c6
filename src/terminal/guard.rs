//! The terminal's modes: entering them and restoring those before.
//!
//! Modes are changed here alone, and every byte is written through the guard: once the terminal is given back, nothing more
//! is written to it, however late a writer is. Restoring is idempotent, waits at most [`WRITE_TIMEOUT`], and takes each
//! step even if the one before failed. The state is behind a lock, because panics and signals arrive on threads that cannot
//! send a message to the owner of the screen.

use super::{error::TerminalError, mouse::Mouse, tty::Tty};
use crate::text::Safe;
use rustix::termios::{self, OptionalActions, QueueSelector, Termios};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

/// The longest wait for a terminal that takes no bytes; together with the watchdog's time it is below half a second.
const WRITE_TIMEOUT: Duration = Duration::from_millis(100);

/// Alternate screen, hidden cursor, bracketed pastes.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h";

/// Clicks, drags and the wheel in the SGR form; not all motion (1003), which floods a slow link.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Saves the window's title on the terminal's stack, and restores it (XTWINOPS). The icon's title is left alone.
const SAVE_TITLE: &[u8] = b"\x1b[22;2t";
const RESTORE_TITLE: &[u8] = b"\x1b[23;2t";

/// Ends an incomplete sequence, picture or character.
const ABORT_SEQUENCE: &[u8] = b"\x18\x1b\\";

/// Ends a synchronised frame and its colours.
const END_FRAME: &[u8] = b"\x1b[?2026l\x1b[0m";

/// Undoes [`ENTER`]; the cursor goes down first, for terminals without an alternate screen.
const LEAVE: &[u8] = b"\x1b[?2004l\x1b[999H\x1b[?1049l\x1b[?25h";

/// The guard of the open screen, for signal and panic handlers, which do not own it.
static ACTIVE: Mutex<Weak<Guard>> = Mutex::new(Weak::new());

/// The terminal's previous modes and the state of ours.
#[derive(Debug)]
pub(super) struct Guard {
    tty: Tty,
    before: Termios,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    holder: Holder,
    mouse: Mouse,
    /// The bytes that set the window's title, empty before the first; `None` if it is left alone.
    title: Option<Vec<u8>>,
    /// The bytes that delete our pictures from the terminal.
    cleanup: Vec<u8>,
    message: MessageState,
    /// The number of times that the terminal was given back; a message is abandoned at the next one.
    epoch: Epoch,
}

/// One period in our modes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Epoch(u64);

/// The owner of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The screen: raw mode and the alternate screen.
    Screen,
    /// The shell while the process is stopped, until `fg`.
    StoppedShell,
    /// The shell, for good.
    Shell,
}

/// The completeness of the last message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MessageState {
    Complete,
    Partial,
}

/// The result of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteResult {
    /// The number of bytes written.
    Written(usize),
    /// The terminal takes no bytes now.
    WouldBlock,
    /// The terminal was given back.
    Closed,
}

impl Guard {
    /// Enters our modes; from now on a panic or a signal restores the previous ones.
    pub(super) fn enter(tty: Tty, mouse: Mouse) -> Result<Arc<Self>, TerminalError> {
        let before = termios::tcgetattr(&tty).map_err(|error| TerminalError::Modes(error.into()))?;
        let state = State {
            holder: Holder::StoppedShell,
            mouse,
            title: None,
            cleanup: Vec::new(),
            message: MessageState::Complete,
            epoch: Epoch::default(),
        };
        let guard = Arc::new(Self { tty, before, state: Mutex::new(state) });
        *lock(&ACTIVE) = Arc::downgrade(&guard);
        guard.resume().map_err(TerminalError::Modes)?;
        Ok(guard)
    }

    /// Returns the guard of the open screen.
    pub(super) fn active() -> Option<Arc<Self>> {
        lock(&ACTIVE).upgrade()
    }

    /// Enters our modes again, unless the screen was closed. A background process waits here for the foreground, because
    /// the kernel stops it when it changes the terminal.
    pub(super) fn resume(&self) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.holder == Holder::Shell {
            return Ok(());
        }
        let mut raw = self.before.clone();
        raw.make_raw();
        state.holder = Holder::Screen;
        let modes = termios::tcsetattr(&self.tty, OptionalActions::Now, &raw);
        let mouse = if state.mouse == Mouse::On { MOUSE_ON } else { b"" };
        let (save, title) = state.title.as_deref().map_or((&b""[..], &b""[..]), |title| (SAVE_TITLE, title));
        let written = self.tty.write_within([ENTER, mouse, save, title], WRITE_TIMEOUT);
        drop(state);
        let entered = modes.map_err(io::Error::from).and(written);
        if entered.is_err() {
            self.restore(Holder::Shell);
        }
        entered
    }

    /// Gives the terminal back with its previous modes; every step is taken even if others fail.
    pub(super) fn restore(&self, to: Holder) {
        let mut state = lock(&self.state);
        let is_open = state.holder == Holder::Screen;
        state.holder = to;
        if !is_open {
            return;
        }
        let abort = if state.message == MessageState::Partial { ABORT_SEQUENCE } else { b"" };
        state.message = MessageState::Complete;
        state.epoch.0 += 1;
        let title = if state.title.is_some() { RESTORE_TITLE } else { b"" };
        // Nothing is allocated here: memory may have been refused.
        let parts = [abort, END_FRAME, &state.cleanup, MOUSE_OFF, title, LEAVE];
        drop(self.tty.write_within(parts, WRITE_TIMEOUT));
        if self.tty.awaits_answers() {
            // An answer that has arrived would be typed into the shell.
            let _ = termios::tcflush(&self.tty, QueueSelector::IFlush);
            self.tty.forget_queries();
        }
        // `Now`, because on a dead link the output never drains.
        let _ = termios::tcsetattr(&self.tty, OptionalActions::Now, &self.before);
    }

    /// Returns the owner of the terminal.
    pub(super) fn holder(&self) -> Holder {
        lock(&self.state).holder
    }

    /// Returns the epoch, for [`write`](Self::write).
    pub(super) fn epoch(&self) -> Epoch {
        lock(&self.state).epoch
    }

    /// Writes the next part of a message that began in `epoch`, without waiting.
    pub(super) fn write(&self, part: &[u8], epoch: Epoch) -> io::Result<WriteResult> {
        let mut state = lock(&self.state);
        if state.holder != Holder::Screen || state.epoch != epoch {
            return Ok(WriteResult::Closed);
        }
        let Some(count) = self.tty.write(part)? else { return Ok(WriteResult::WouldBlock) };
        state.message = if count == part.len() { MessageState::Complete } else { MessageState::Partial };
        Ok(WriteResult::Written(count))
    }

    /// Sets the bytes that delete our pictures.
    pub(super) fn set_cleanup(&self, bytes: Vec<u8>) {
        lock(&self.state).cleanup = bytes;
    }

    /// Notes that the window's title is ours, and returns the bytes that save the one before.
    pub(super) fn enable_title(&self) -> &'static [u8] {
        lock(&self.state).title = Some(Vec::new());
        SAVE_TITLE
    }

    /// Sets the window's title; returns the bytes for the terminal unless it has that title or keeps its own.
    pub(super) fn set_title(&self, title: &Safe) -> Option<Vec<u8>> {
        let bytes = format!("\x1b]2;{title}\x1b\\").into_bytes();
        let kept = bytes.clone();
        let mut state = lock(&self.state);
        let before = state.title.as_mut().filter(|before| **before != bytes)?;
        *before = kept;
        Some(bytes)
    }

    /// Sets the mouse mode and returns the bytes for the terminal.
    pub(super) fn set_mouse(&self, mouse: Mouse) -> &'static [u8] {
        lock(&self.state).mouse = mouse;
        match mouse {
            Mouse::On => MOUSE_ON,
            Mouse::Off => MOUSE_OFF,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.restore(Holder::Shell);
    }
}

/// Takes a lock that a panicking thread may have held: the state is valid after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
