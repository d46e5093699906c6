//! stdin and stdout: the kind of each, and printing to stdout.
//!
//! stdout carries results only; diagnostics go to stderr.

use crate::cli::StreamKind;
use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags, poll};
use std::{
    io::{self, IsTerminal, Write as _},
    thread,
};
use tokio::sync::oneshot;

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

/// Returns the kind of stderr.
pub(super) fn stderr() -> StreamKind {
    kind(&io::stderr())
}

fn kind(stream: &impl IsTerminal) -> StreamKind {
    if stream.is_terminal() { StreamKind::Terminal } else { StreamKind::Other }
}

/// Waits until the reader of stdout is gone. Never returns where stdout has none, such as a file.
pub(super) async fn stdout_closed() {
    let (sender, closed) = oneshot::channel();
    let watch = move || {
        if wait_for_hangup().is_ok() {
            // The receiver is gone when the command has ended.
            let _ = sender.send(());
        }
    };
    // Without a thread, the next write finds out.
    let watching = thread::Builder::new().name("stdout".into()).spawn(watch).is_ok();
    if !watching || closed.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Blocks until stdout reports an error or a hang-up: that of a pipe does when its reader is closed.
fn wait_for_hangup() -> io::Result<()> {
    let stdout = io::stdout();
    loop {
        let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut polled, None) {
            Ok(_) if polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => return Ok(()),
            Ok(_) => return Err(io::ErrorKind::Unsupported.into()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Rings the bell of the terminal that shows stderr, if there is one: stdout carries results only.
pub(super) fn ring() {
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        drop(stderr.write_all(b"\x07"));
    }
}

/// Prints a line to stdout.
pub(super) fn print_line(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}").context(STDOUT)
}
