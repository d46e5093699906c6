//! The terminal device, opened by us.
//!
//! An open file description of our own is not shared with the shell or the other programs of a pipeline, so it can be
//! non-blocking; every wait is a `poll` with a time-out. The device also counts the queries whose answers are due, because
//! an answer that arrives after the end is typed into the shell.

use super::error::TerminalError;
use crate::text::Safe;
use ratatui::layout::Size;
use rustix::{
    event::{PollFd, PollFlags, Timespec},
    fs::{Mode, OFlags},
    io::Errno,
    termios::{self, Winsize},
};
use std::{
    ffi::OsStr,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// The largest screen in cells; two buffers of this size are allocated.
const MAX_SIZE: Size = Size { width: 1000, height: 400 };

/// The size in cells of a terminal that does not know its own, as terminfo has it for most.
const DEFAULT_SIZE: Size = Size { width: 80, height: 24 };

/// The terminal device; clones share it.
#[derive(Clone, Debug)]
pub struct Tty(Arc<Device>);

#[derive(Debug)]
struct Device {
    fd: OwnedFd,
    /// The number of queries whose answers are due.
    queries: AtomicUsize,
}

impl Tty {
    /// Opens the controlling terminal for reading and writing.
    ///
    /// # Errors
    /// Without a controlling terminal, and where `TERM` is `dumb` or unset.
    pub fn open() -> Result<Self, TerminalError> {
        check_term(std::env::var_os("TERM").as_deref())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let no_terminal = |error: Errno| TerminalError::NoTerminal(error.into());
        let fd = match standard_terminal() {
            Some(path) => rustix::fs::open(path, flags, Mode::empty()),
            None => rustix::fs::open("/dev/tty", flags, Mode::empty()),
        };
        Ok(Self::from_fd(fd.map_err(no_terminal)?))
    }

    /// Uses a terminal that is open for reading and writing without blocking.
    pub(super) fn from_fd(fd: OwnedFd) -> Self {
        Self(Arc::new(Device { fd, queries: AtomicUsize::new(0) }))
    }

    /// Returns the size in cells, at most 1000x400; 80x24 if the terminal does not know it.
    pub fn size(&self) -> Size {
        termios::tcgetwinsize(self.as_fd()).map_or(DEFAULT_SIZE, clamp)
    }

    /// Returns the size in pixels; 0x0 if the terminal does not know it.
    pub fn pixels(&self) -> (u32, u32) {
        termios::tcgetwinsize(self.as_fd())
            .map_or((0, 0), |size| (u32::from(size.ws_xpixel), u32::from(size.ws_ypixel)))
    }

    /// Notes that `count` queries were sent.
    pub(super) fn note_queries(&self, count: usize) {
        self.0.queries.fetch_add(count, Ordering::AcqRel);
    }

    /// Notes that one query was answered.
    pub(super) fn note_answer(&self) {
        let _ = self.0.queries.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
    }

    /// Forgets the queries whose answers are due.
    pub(super) fn forget_queries(&self) {
        self.0.queries.store(0, Ordering::Release);
    }

    /// Returns true while answers are due.
    pub(super) fn awaits_answers(&self) -> bool {
        self.0.queries.load(Ordering::Acquire) > 0
    }

    /// Writes what fits now; `None` if nothing does.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<Option<usize>> {
        match rustix::io::write(self.as_fd(), bytes) {
            Ok(count) => Ok(Some(count)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until something can be written; returns false after `timeout`.
    pub(super) fn wait_writable(&self, timeout: Duration) -> io::Result<bool> {
        let mut fds = [PollFd::new(&self.0.fd, PollFlags::OUT)];
        poll(&mut fds, Some(timeout))?;
        Ok(!fds.iter().all(|fd| fd.revents().is_empty()))
    }

    /// Writes all parts, or as much as the terminal takes within `timeout`. Allocates nothing.
    pub(super) fn write_within<const N: usize>(&self, parts: [&[u8]; N], timeout: Duration) -> io::Result<()> {
        let deadline = Instant::now() + timeout;
        for mut bytes in parts {
            while !bytes.is_empty() {
                match self.write(bytes)? {
                    Some(count) => bytes = bytes.get(count..).unwrap_or_default(),
                    None if !self.wait_writable(deadline.saturating_duration_since(Instant::now()))? => {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    None => {}
                }
            }
        }
        Ok(())
    }
}

impl AsFd for Tty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.fd.as_fd()
    }
}

/// Polls, again after a signal.
pub(super) fn poll(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> io::Result<()> {
    let timeout = timeout.map(|time| Timespec::try_from(time).expect("a time-out is a few seconds"));
    loop {
        match rustix::event::poll(fds, timeout.as_ref()) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Rejects terminals that cannot move their cursor.
fn check_term(term: Option<&OsStr>) -> Result<(), TerminalError> {
    match term.map(OsStr::as_bytes) {
        None | Some(b"") => Err(TerminalError::Unnamed),
        Some(name @ (b"dumb" | b"unknown")) => Err(TerminalError::Dumb(Safe::from_bytes(name))),
        Some(_) => Ok(()),
    }
}

/// Returns the device of a standard stream: on macOS `poll` rejects /dev/tty, but accepts the device itself.
#[cfg(target_os = "macos")]
fn standard_terminal() -> Option<std::ffi::CString> {
    let streams = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
    streams.into_iter().find_map(|stream| termios::ttyname(stream, Vec::new()).ok())
}

#[cfg(not(target_os = "macos"))]
fn standard_terminal() -> Option<std::ffi::CString> {
    None
}

fn clamp(size: Winsize) -> Size {
    let one = |cells: u16, default: u16, max: u16| if cells == 0 { default } else { cells.min(max) };
    Size {
        width: one(size.ws_col, DEFAULT_SIZE.width, MAX_SIZE.width),
        height: one(size.ws_row, DEFAULT_SIZE.height, MAX_SIZE.height),
    }
}

/// Limits a size of any origin to what can be drawn.
pub(super) fn clamped(size: Size) -> Size {
    clamp(Winsize { ws_col: size.width, ws_row: size.height, ws_xpixel: 0, ws_ypixel: 0 })
}
