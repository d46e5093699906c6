//! The terminal device, opened by us.
//!
//! A description of our own is not shared with the shell or with a pipeline's neighbours, so it can be non-blocking
//! without anybody else noticing; every wait is a `poll` with an end. It also counts the questions whose answers are
//! still on their way, because an answer that arrives after we left is typed into the shell.

use super::TerminalError;
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

/// The largest screen that is drawn, in cells; ratatui allocates two buffers of this size.
const LARGEST: Size = Size { width: 1000, height: 400 };

/// The size of a terminal that does not know its own, as terminfo has it for most.
const USUAL: Size = Size { width: 80, height: 24 };

/// The terminal device; clones share it.
#[derive(Clone, Debug)]
pub struct Tty(Arc<Device>);

#[derive(Debug)]
struct Device {
    fd: OwnedFd,
    /// Questions whose answers have not come yet.
    questions: AtomicUsize,
}

impl Tty {
    /// Opens the controlling terminal for reading and writing.
    ///
    /// # Errors
    /// Without a controlling terminal, and where `TERM` is `dumb` or unset.
    pub fn open() -> Result<Self, TerminalError> {
        check_name(std::env::var_os("TERM").as_deref())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let no_terminal = |error: Errno| TerminalError::NoTerminal(error.into());
        let fd = match standard_terminal() {
            Some(path) => rustix::fs::open(path, flags, Mode::empty()),
            None => rustix::fs::open("/dev/tty", flags, Mode::empty()),
        };
        Ok(Self::on(fd.map_err(no_terminal)?))
    }

    /// Uses a terminal that is open already, for reading and writing and without blocking.
    pub(super) fn on(fd: OwnedFd) -> Self {
        Self(Arc::new(Device { fd, questions: AtomicUsize::new(0) }))
    }

    /// Cells of the screen, at most 1000x400; 80x24 where the terminal does not know.
    pub fn size(&self) -> Size {
        termios::tcgetwinsize(self.as_fd()).map_or(USUAL, clamp)
    }

    /// Pixels of the screen; 0x0 where the terminal does not know.
    pub fn pixels(&self) -> (u32, u32) {
        termios::tcgetwinsize(self.as_fd())
            .map_or((0, 0), |size| (u32::from(size.ws_xpixel), u32::from(size.ws_ypixel)))
    }

    /// Notes that `count` questions were sent.
    pub(super) fn asked(&self, count: usize) {
        self.0.questions.fetch_add(count, Ordering::AcqRel);
    }

    /// Notes that one question was answered.
    pub(super) fn answered(&self) {
        let _ = self.0.questions.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
    }

    /// Gives up waiting for answers.
    pub(super) fn forget_questions(&self) {
        self.0.questions.store(0, Ordering::Release);
    }

    /// Whether answers may still come.
    pub(super) fn is_asking(&self) -> bool {
        self.0.questions.load(Ordering::Acquire) > 0
    }

    /// Writes what fits now; `None` when nothing does.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<Option<usize>> {
        match rustix::io::write(self.as_fd(), bytes) {
            Ok(count) => Ok(Some(count)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until something can be written; false when the time is up.
    pub(super) fn wait_writable(&self, patience: Duration) -> io::Result<bool> {
        let mut fds = [PollFd::new(&self.0.fd, PollFlags::OUT)];
        poll(&mut fds, Some(patience))?;
        Ok(!fds.iter().all(|fd| fd.revents().is_empty()))
    }

    /// Writes all of it, or as much as the terminal takes within `patience`.
    pub(super) fn write_within(&self, mut bytes: &[u8], patience: Duration) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        while !bytes.is_empty() {
            match self.write(bytes)? {
                Some(count) => bytes = bytes.get(count..).unwrap_or_default(),
                None if !self.wait_writable(deadline.saturating_duration_since(Instant::now()))? => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                None => {}
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

/// `poll`; begins again when a signal comes in between.
pub(super) fn poll(fds: &mut [PollFd<'_>], patience: Option<Duration>) -> io::Result<()> {
    let patience = patience.map(|time| Timespec::try_from(time).expect("patience is a few seconds"));
    loop {
        match rustix::event::poll(fds, patience.as_ref()) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Refuses terminals that cannot move their cursor.
fn check_name(term: Option<&OsStr>) -> Result<(), TerminalError> {
    match term.map(OsStr::as_bytes) {
        None | Some(b"") => Err(TerminalError::Unnamed),
        Some(name @ (b"dumb" | b"unknown")) => Err(TerminalError::Dumb(Safe::from_bytes(name))),
        Some(_) => Ok(()),
    }
}

/// On macOS `poll` refuses /dev/tty, but takes the device itself, which one of the standard streams mostly is.
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
    let one = |cells: u16, usual: u16, largest: u16| if cells == 0 { usual } else { cells.min(largest) };
    Size { width: one(size.ws_col, USUAL.width, LARGEST.width), height: one(size.ws_row, USUAL.height, LARGEST.height) }
}

/// A size that may have come from anywhere, made fit to be drawn.
pub(super) fn clamped(size: Size) -> Size {
    clamp(Winsize { ws_col: size.width, ws_row: size.height, ws_xpixel: 0, ws_ypixel: 0 })
}
