//! The terminal edge: its modes, its one reader, its one writer, and the way back to the shell.
//!
//! [`Tty`] is the device, opened by us, so that stdin may be the log. [`read`] turns what arrives into [`Input`];
//! [`Screen`] turns frames into bytes and paces them by what the link can carry. Whatever ends the program, be it a
//! panic, a signal or a lost link, the guard puts the terminal back. Nothing here knows what is drawn, and nothing
//! outside this room writes to the terminal while the screen is ours.
//!
//! ```text
//! keys ─► tty ─ input: poll ─► splitter ─┬─ replies ─► Input::Reply
//!                                        └─ keys ────► Input::Key, Mouse, Paste
//! Screen::draw ─ cells: what differs from the frame before ─► writer: a thread, one frame at a time ─► guard's gate ─► tty
//! signals, panics ───────────────────────────────────────────────────► guard: restore, idempotent ─┘
//! ```

mod cells;
mod flow_control;
mod guard;
mod input;
mod keys;
mod panic;
mod screen;
mod signals;
mod splitter;
#[cfg(test)]
mod tests;
mod tty;
mod writer;

pub use cells::write_cells;
pub use input::{Input, InputReader, read};
pub use panic::{install_panic_hook, panicked};
pub use screen::Screen;
pub use signals::{Signal, signals};
pub use splitter::Splitter;
pub use tty::Tty;
pub use writer::WriteFinished;

use crate::text::Safe;
use std::io;

/// How the screen is to be opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScreenOptions {
    /// Whether the mouse is ours.
    pub mouse: Mouse,
}

/// Whether clicks and the wheel are reported to us, which takes the terminal's own text selection away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mouse {
    /// The terminal keeps the mouse.
    #[default]
    Off,
    /// Clicks, drags and the wheel are reported.
    On,
}

/// Why the terminal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// There is no terminal: cron, CI, a closed session.
    #[error("no terminal to draw on; `-o jsonl` and `list` work without one")]
    NoTerminal(#[source] io::Error),
    /// The terminal says of itself that it cannot move its cursor.
    #[error("a terminal with TERM={0} cannot show a full screen; `-o jsonl` and `list` work on it")]
    Dumb(Safe),
    /// `TERM` is not set, so nothing is known about the terminal.
    #[error("TERM is not set, so no full screen; `-o jsonl` and `list` work without it")]
    Unnamed,
    /// The terminal refused to change its modes.
    #[error("the terminal's modes cannot be changed")]
    Modes(#[source] io::Error),
    /// A thread or a signal handler could not be set up.
    #[error("the terminal's {0} cannot be started")]
    Start(&'static str, #[source] io::Error),
    /// The terminal is gone: its window was closed, the link dropped.
    #[error("the terminal is gone")]
    HungUp,
}
