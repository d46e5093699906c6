//! The inputs from the terminal: keys, the mouse, pastes and answers.

use crossterm::event::{KeyEvent, MouseEvent};

/// An input from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed, or repeats while it is held; releases are not reported.
    Key(KeyEvent),
    /// A mouse event, where the mouse is reported.
    Mouse(MouseEvent),
    /// Pasted text, as untrusted as a log.
    Paste(String),
    /// A whole answer of the terminal, from its ESC to its last byte.
    Reply(Box<[u8]>),
    /// The terminal is gone; nothing comes after this.
    HungUp,
}
