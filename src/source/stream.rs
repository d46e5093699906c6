//! Standard input and FIFOs: bytes that come once.
//!
//! A stream is read on a thread of its own, by `poll` with a time-out, so that one that stays silent can be left. It
//! has no place to go back to: its last [`TAPE`] bytes of text are kept for the raw view. A FIFO whose writers left is
//! opened again while it is followed; standard input ends.

use crate::{
    event::Health,
    source::{
        Mode, SharedState, Stopped,
        follow::{Sink as _, look::reason},
        intake::Intake,
        lines::Lines,
        unpack::{MAGIC, Packing, TextVerdict, judge},
    },
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read},
    num::NonZeroU32,
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How much text of a stream is kept for the raw view.
const TAPE: usize = 16 << 20;

const CHUNK: usize = 256 << 10;

/// How long a silent stream is waited for before it is asked whether anyone still listens.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };

/// How long to wait before a FIFO is opened again that could not be.
const RETRY: Duration = Duration::from_secs(1);

/// Where a stream comes from.
#[derive(Clone, Debug)]
pub(super) enum StreamInput {
    /// Standard input.
    Stdin,
    /// A named pipe.
    Fifo(PathBuf),
}

/// The last text of a stream.
#[derive(Debug, Default)]
pub(super) struct Tape {
    end: u64,
    text: VecDeque<u8>,
}

impl Tape {
    fn push(&mut self, bytes: &[u8]) {
        self.end += bytes.len() as u64;
        self.text.extend(bytes);
        let over = self.text.len().saturating_sub(TAPE);
        self.text.drain(..over);
    }

    /// The text at a place; `None` where it is no longer, or not yet, there.
    pub(super) fn read(&self, byte: u64, len: usize) -> Option<Vec<u8>> {
        let begin = self.end - self.text.len() as u64;
        let from = usize::try_from(byte.checked_sub(begin)?).ok()?;
        (from + len <= self.text.len()).then(|| self.text.range(from..from + len).copied().collect())
    }
}

/// Reads a stream to its end.
pub(super) fn run(
    input: &StreamInput,
    mut intake: Intake,
    shared: &Arc<SharedState>,
    tape: &Mutex<Tape>,
) -> Result<(), Stopped> {
    let now = jiff::Timestamp::now().as_second();
    intake.begin(0, None, now)?;
    let mut lines = Lines::new(0, Some(NonZeroU32::MIN));
    loop {
        let waiting = match open(input) {
            Ok(file) => {
                intake.health(Health::Live)?;
                let pipe = Pipe { file, shared: Arc::clone(shared) };
                read_through(pipe, &mut intake, &mut lines, tape)?
            }
            Err(error) => {
                std::thread::sleep(RETRY);
                Some(reason(&error))
            }
        };
        lines.finish(|piece| intake.piece(0, piece))?;
        intake.flush()?;
        if let Some(why) = waiting {
            intake.notice(why)?;
        }
        if matches!(input, StreamInput::Stdin) || shared.mode() == Mode::Once {
            intake.end(0)?;
            return intake.health(Health::Ended);
        }
    }
}

/// Reads until the writers have left; says what went wrong, if anything did.
fn read_through(
    mut pipe: Pipe,
    intake: &mut Intake,
    lines: &mut Lines,
    tape: &Mutex<Tape>,
) -> Result<Option<String>, Stopped> {
    let mut head = Vec::new();
    while head.len() < MAGIC && (head.is_empty() || matches!(head.first(), Some(0x1f | 0x28))) {
        let mut first = [0; MAGIC];
        match pipe.read(first.get_mut(head.len()..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => head.extend_from_slice(first.get(head.len()..head.len() + count).unwrap_or_default()),
            Err(error) => return trouble(&error),
        }
    }
    let packing = Packing::of(&head);
    let whole = io::Cursor::new(head).chain(pipe);
    let mut text: Box<dyn Read> = match packing {
        Some(packing) => Box::new(packing.unpack(whole)),
        None => Box::new(whole),
    };
    let mut chunk = vec![0; CHUNK];
    let mut judged = false;
    loop {
        match text.read(&mut chunk) {
            Ok(0) => return Ok(None),
            Ok(count) => {
                let bytes = chunk.get(..count).unwrap_or_default();
                if let (false, TextVerdict::Foreign(what)) = (judged, judge(bytes)) {
                    intake.notice(what.into())?;
                }
                judged = true;
                tape.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
                lines.push(bytes, |piece| intake.piece(0, piece))?;
                intake.flush()?;
            }
            Err(error) => return trouble(&error),
        }
    }
}

/// A stream that was given up on because nobody listens is no trouble.
fn trouble(error: &io::Error) -> Result<Option<String>, Stopped> {
    if error.kind() == io::ErrorKind::ConnectionAborted {
        return Err(Stopped);
    }
    Ok(Some(format!("the stream is damaged or cut off: {}", reason(error))))
}

fn open(input: &StreamInput) -> io::Result<File> {
    match input {
        StreamInput::Stdin => Ok(rustix::io::dup(rustix::stdio::stdin())?.into()),
        StreamInput::Fifo(path) => {
            let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
            File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)
        }
    }
}

/// A descriptor that is waited for in steps.
struct Pipe {
    file: File,
    shared: Arc<SharedState>,
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.shared.is_stopped() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            let mut fds = [PollFd::new(&self.file, PollFlags::IN)];
            match poll(&mut fds, Some(&PATIENCE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            match self.file.read(out) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                result => return result,
            }
        }
    }
}
