//! The end of the program by an abort, which is how the standard library ends it when memory is refused.
//!
//! There is no stable hook for an allocation that fails: a message goes to stderr and SIGABRT is raised. A signal handler
//! must not do what restoring the terminal takes, so ours only writes to two pipes: the first wakes a thread that was made
//! before and restores the terminal, the second is full and blocks the handler, since its return would end the process.

use super::{
    error::TerminalError,
    guard::{Guard, Holder},
};
use rustix::{
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    io::Errno,
};
use signal_hook::{consts::SIGABRT, flag::register_conditional_shutdown, low_level};
use std::{
    io::{self, PipeReader, Read as _, Write as _, pipe},
    os::fd::AsFd,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// The exit code after an abort.
const EXIT_CODE: i32 = 1;

/// The memory that is freed before the terminal is restored, in bytes.
const RESERVE: usize = 1 << 20;

/// The message on stderr once the terminal is restored; its parts need no memory.
const MESSAGE: &[u8] = b"thumbview: aborted, most likely because memory was refused; a higher limit (ulimit -v) or \
    fewer assets (--keep N, --since T) may help\n";

/// Set while an abort ends the process at once, because no screen is open.
static EXITS_AT_ONCE: AtomicBool = AtomicBool::new(true);

/// Has the program exit with 1 where it would abort and dump core.
pub fn exit_on_abort() {
    // Without it the program dies by the signal.
    let _registered = register_conditional_shutdown(SIGABRT, EXIT_CODE, &EXITS_AT_ONCE);
}

/// Has an abort restore the terminal and exit with 1, from now on; to be called once, before the screen is opened.
///
/// # Errors
/// If the thread or its pipes cannot be made.
pub fn restore_on_abort() -> Result<(), TerminalError> {
    start().map_err(|error| TerminalError::Start("abort handler", error))
}

fn start() -> io::Result<()> {
    let (aborted, wake) = pipe()?;
    let (full, block) = pipe()?;
    let blocking = block.try_clone()?;
    // The actions are taken in this order.
    low_level::pipe::register(SIGABRT, wake)?;
    low_level::pipe::register(SIGABRT, block)?;
    fill(&blocking)?;
    let reserve = vec![1_u8; RESERVE];
    thread::Builder::new().name("abort".to_owned()).spawn(move || end_after(aborted, full, reserve))?;
    EXITS_AT_ONCE.store(false, Ordering::SeqCst);
    Ok(())
}

/// Fills a pipe, so that the next write to it blocks.
fn fill(pipe: impl AsFd) -> io::Result<()> {
    let flags = fcntl_getfl(&pipe)?;
    fcntl_setfl(&pipe, flags | OFlags::NONBLOCK)?;
    let full = loop {
        match rustix::io::write(&pipe, &[0; 4096]) {
            Ok(_) => {}
            Err(Errno::AGAIN) => break rustix::io::write(&pipe, &[0]),
            Err(error) => return Err(error.into()),
        }
    };
    debug_assert_eq!(full, Err(Errno::AGAIN), "a page was refused, so a byte is");
    fcntl_setfl(&pipe, flags - OFlags::NONBLOCK)?;
    Ok(())
}

/// Waits for an abort and ends the process. `_full` stays open until then: the handler waits for room in that pipe, and
/// goes on if nobody can read from it.
fn end_after(mut aborted: PipeReader, _full: PipeReader, reserve: Vec<u8>) {
    if aborted.read_exact(&mut [0]).is_err() {
        return;
    }
    drop(reserve);
    let restored = Guard::active().map(|guard| guard.restore(Holder::Shell));
    if restored.is_some() {
        drop(io::stderr().write_all(MESSAGE));
    }
    low_level::exit(EXIT_CODE);
}
