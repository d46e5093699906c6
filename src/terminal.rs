//! The terminal: its modes, its only reader, its only writer, and its restoration.
//!
//! [`Tty`] is the device, opened by us, so that stdin may be the log. [`read`] turns what arrives into [`Input`].
//! [`Screen`] turns frames into bytes and limits them to what the link can carry. Whatever ends the program, a panic, a
//! signal or a lost link, the guard restores the terminal. Nothing here knows what is drawn, and nothing else writes to the
//! terminal while the screen is open.
//!
//! ```text
//! tty ─► reader: poll ─► splitter ─┬─ answers ─► Input::Reply
//!                                  └─ keys ────► Input::Key, Mouse, Paste
//! Screen::draw ─ cells: the difference to the last frame ─► writer: a thread, one frame at a time ─► guard ─► tty
//! signals, panics ─────────────────────────────────────────────────────► guard: restore, idempotent ─┘
//! ```

mod abort;
mod cells;
mod error;
mod flow_control;
mod guard;
mod hyperlink;
mod input;
mod keys;
mod mouse;
mod panic;
mod reader;
mod screen;
mod signals;
mod splitter;
#[cfg(test)]
mod tests;
mod tty;
mod writer;

pub use abort::{exit_on_abort, restore_on_abort};
pub use cells::write_cells;
pub use error::TerminalError;
pub use hyperlink::Hyperlink;
pub use input::Input;
pub use mouse::Mouse;
pub use panic::{install_panic_hook, take_worker_panic};
pub use reader::{InputReader, read};
pub use screen::{FrameExtras, Screen};
pub use signals::{Signal, signals};
pub use splitter::Splitter;
pub use tty::Tty;
pub use writer::WriteFinished;
