//! What was done to the terminal, and how it is undone.
//!
//! The modes are entered and left here alone, and every byte passes the gate that is kept here: once the terminal is
//! given back, nothing more is written to it, however late a writer comes. Restoring is idempotent, waits for nobody
//! longer than [`WRITE_PATIENCE`], and takes each step even when the one before it failed. The one lock of the room is
//! here, because a panic and a signal come from threads that can send no message to whoever holds the screen.

use super::{Mouse, TerminalError, tty::Tty};
use rustix::termios::{self, OptionalActions, QueueSelector, Termios};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

/// How long a terminal that takes no bytes is waited for; together with the watchdog's time under half a second.
const WRITE_PATIENCE: Duration = Duration::from_millis(100);

/// Alternate screen, no cursor, pastes marked as such.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h";

/// Clicks, drags and the wheel in the SGR form. Not all motion (1003), which is a flood on a slow link.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Ends a sequence, a picture or a character that was cut off in the middle.
const BREAK_OFF: &[u8] = b"\x18\x1b\\";

/// Ends a synchronised frame and its colours.
const END_FRAME: &[u8] = b"\x1b[?2026l\x1b[0m";

/// Undoes [`ENTER`]; the cursor goes down first, for terminals that have no other screen to go back to.
const LEAVE: &[u8] = b"\x1b[?2004l\x1b[999H\x1b[?1049l\x1b[?25h";

/// The guard of the screen that is open, for those who hold no screen: signals and panics.
static ACTIVE: Mutex<Weak<Guard>> = Mutex::new(Weak::new());

/// The terminal's modes, ours and those before.
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
    /// Deletes our pictures from the terminal's memory.
    cleanup: Vec<u8>,
    message: MessageState,
    /// Counts the times that the terminal was given back; a message does not outlive one.
    turn: Epoch,
}

/// One stay in our modes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Epoch(u64);

/// Whose terminal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// Ours: raw mode and the alternate screen.
    Screen,
    /// The shell's while we are stopped; it comes back with `fg`.
    ShellForNow,
    /// The shell's, for good.
    Shell,
}

/// Whether the last message was written to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MessageState {
    Whole,
    Torn,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteResult {
    /// So many bytes went out.
    Some(usize),
    /// The terminal takes nothing now.
    Nothing,
    /// The terminal is not ours any more.
    Closed,
}

impl Guard {
    /// Enters our modes; from now on a panic or a signal puts the old ones back.
    pub(super) fn enter(tty: Tty, mouse: Mouse) -> Result<Arc<Self>, TerminalError> {
        let before = termios::tcgetattr(&tty).map_err(|error| TerminalError::Modes(error.into()))?;
        let state = State {
            holder: Holder::ShellForNow,
            mouse,
            cleanup: Vec::new(),
            message: MessageState::Whole,
            turn: Epoch::default(),
        };
        let guard = Arc::new(Self { tty, before, state: Mutex::new(state) });
        *lock(&ACTIVE) = Arc::downgrade(&guard);
        guard.resume().map_err(TerminalError::Modes)?;
        Ok(guard)
    }

    /// The guard of the open screen.
    pub(super) fn active() -> Option<Arc<Self>> {
        lock(&ACTIVE).upgrade()
    }

    /// Enters our modes again, unless the screen was closed. In the background this waits for the foreground, because
    /// the kernel stops a background process that changes the terminal.
    pub(super) fn resume(&self) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.holder == Holder::Shell {
            return Ok(());
        }
        let mut raw = self.before.clone();
        raw.make_raw();
        state.holder = Holder::Screen;
        let modes = termios::tcsetattr(&self.tty, OptionalActions::Now, &raw);
        let mut bytes = ENTER.to_vec();
        if state.mouse == Mouse::On {
            bytes.extend_from_slice(MOUSE_ON);
        }
        let written = self.tty.write_within(&bytes, WRITE_PATIENCE);
        drop(state);
        let entered = modes.map_err(io::Error::from).and(written);
        if entered.is_err() {
            self.restore(Holder::Shell);
        }
        entered
    }

    /// Gives the terminal back as it was; every step is taken, whatever became of the others.
    pub(super) fn restore(&self, to: Holder) {
        let mut state = lock(&self.state);
        let ours = state.holder == Holder::Screen;
        state.holder = to;
        if !ours {
            return;
        }
        let mut bytes = Vec::with_capacity(128 + state.cleanup.len());
        if state.message == MessageState::Torn {
            bytes.extend_from_slice(BREAK_OFF);
        }
        state.message = MessageState::Whole;
        state.turn.0 += 1;
        bytes.extend_from_slice(END_FRAME);
        bytes.extend_from_slice(&state.cleanup);
        bytes.extend_from_slice(MOUSE_OFF);
        bytes.extend_from_slice(LEAVE);
        drop(self.tty.write_within(&bytes, WRITE_PATIENCE));
        if self.tty.is_asking() {
            // An answer that is already here would be typed into the shell.
            let _ = termios::tcflush(&self.tty, QueueSelector::IFlush);
            self.tty.forget_questions();
        }
        // `Now`, because to wait for the output to drain is to wait for ever on a dead link.
        let _ = termios::tcsetattr(&self.tty, OptionalActions::Now, &self.before);
    }

    /// Whose terminal it is.
    pub(super) fn holder(&self) -> Holder {
        lock(&self.state).holder
    }

    /// The stay that a message begins in.
    pub(super) fn turn(&self) -> Epoch {
        lock(&self.state).turn
    }

    /// Writes the next part of a message that began in `turn`, without waiting.
    pub(super) fn write(&self, part: &[u8], turn: Epoch) -> io::Result<WriteResult> {
        let mut state = lock(&self.state);
        if state.holder != Holder::Screen || state.turn != turn {
            return Ok(WriteResult::Closed);
        }
        let Some(count) = self.tty.write(part)? else { return Ok(WriteResult::Nothing) };
        state.message = if count == part.len() { MessageState::Whole } else { MessageState::Torn };
        Ok(WriteResult::Some(count))
    }

    /// Sets what deletes our pictures.
    pub(super) fn set_farewell(&self, bytes: Vec<u8>) {
        lock(&self.state).cleanup = bytes;
    }

    /// Sets whose the mouse is, and gives the bytes that tell the terminal.
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

/// Takes a lock that a panicking thread may have held: what it guards is valid after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
