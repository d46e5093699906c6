//! stdin and stdout: the kind of each, and printing to stdout.
//!
//! stdout carries results only; diagnostics go to stderr.

use crate::cli::StreamKind;
use anyhow::{Context as _, Result};
use std::io::{self, IsTerminal, Write as _};

/// The context of an error in writing results.
pub(super) const STDOUT: &str = "cannot write to stdout";

/// Returns the kind of stdin.
pub(super) fn stdin() -> StreamKind {
    kind(&io::stdin())
}

/// Returns the kind of stdout.
pub(super) fn stdout() -> StreamKind {
    kind(&io::stdout())
}

fn kind(stream: &impl IsTerminal) -> StreamKind {
    if stream.is_terminal() { StreamKind::Terminal } else { StreamKind::Other }
}

/// Prints a line to stdout.
pub(super) fn print_line(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}").context(STDOUT)
}
