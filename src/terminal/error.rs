//! The reasons for which the terminal cannot be used, in words for the operator.

use crate::text::Safe;
use std::io;

/// The reason why the terminal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// There is no terminal: cron, CI, a closed session.
    #[error("no terminal to draw on; `-o jsonl` and `list` work without one")]
    NoTerminal(#[source] io::Error),
    /// `TERM` names a terminal that cannot move its cursor.
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
