//! Standard input and FIFOs: bytes that can be read only once.
//!
//! A stream is read on a thread of its own, by `poll` with a time-out, so that a silent one can be stopped. Its last
//! text is kept on a [`Tape`] for the raw view. A FIFO whose writers left is opened again while it is followed; standard
//! input ends.
//!
//! The text that waits in a stream at the start counts as history, up to the first silence of [`POLL_TIMEOUT`].

use crate::{
    event::{Health, ReadMode, Severity},
    source::{
        error::{Stopped, reason},
        intake::Intake,
        lines::Lines,
        packing::{MAGIC, Packing, TextVerdict, judge},
        sink::{Beginning, ContentChange, Sink as _},
        state::SharedState,
        tape::Tape,
    },
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    fs::File,
    io::{self, Read},
    num::NonZeroU32,
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const CHUNK: usize = 256 << 10;

/// The time after which a silent stream is checked for having been stopped.
const POLL_TIMEOUT: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };

/// The wait before a FIFO that could not be opened is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The origin of a stream.
#[derive(Clone, Debug)]
pub(super) enum StreamInput {
    /// Standard input.
    Stdin,
    /// A named pipe.
    Fifo(PathBuf),
}

/// Reads a stream to its end.
pub(super) fn run(
    input: &StreamInput,
    mut intake: Intake,
    shared: &Arc<SharedState>,
    tape: &Mutex<Tape>,
) -> Result<(), Stopped> {
    let now = jiff::Timestamp::now().as_second();
    intake.begin(0, Beginning { size: None, modified: now, content: ContentChange::New })?;
    let mut lines = Lines::new(0, Some(NonZeroU32::MIN));
    let history = Arc::new(StreamHistory::new(shared));
    loop {
        let error = match open(input) {
            Ok(file) => {
                intake.health(Health::Live)?;
                let mut pipe = Pipe::new(Some(file), Arc::clone(&history));
                read_through(&mut pipe, &mut intake, &mut lines, tape)?
            }
            Err(error) => {
                std::thread::sleep(RETRY);
                Some(reason(&error))
            }
        };
        lines.finish(|lines| intake.lines(0, lines))?;
        intake.flush()?;
        if let Some(error) = error {
            intake.notice(Severity::Warning, error)?;
        }
        if matches!(input, StreamInput::Stdin) || shared.mode() == ReadMode::Once {
            intake.end(0)?;
            return intake.health(Health::Ended);
        }
    }
}

/// Reads until the writers have left; returns the sentence on an error.
pub(super) fn read_through(
    pipe: &mut dyn Read,
    intake: &mut Intake,
    lines: &mut Lines,
    tape: &Mutex<Tape>,
) -> Result<Option<String>, Stopped> {
    let mut head = Vec::new();
    while head.len() < MAGIC && Packing::may_begin_with(&head) {
        let mut first = [0; MAGIC];
        match pipe.read(first.get_mut(head.len()..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => head.extend_from_slice(first.get(head.len()..head.len() + count).unwrap_or_default()),
            Err(error) => return describe(&error),
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
                    intake.notice(Severity::Warning, what.into())?;
                }
                judged = true;
                tape.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
                lines.push(bytes, |lines| intake.lines(0, lines))?;
                intake.flush()?;
            }
            Err(error) => return describe(&error),
        }
    }
}

/// Returns the sentence on an error; that the source was stopped is none.
fn describe(error: &io::Error) -> Result<Option<String>, Stopped> {
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

/// The text that waited in a stream at the start. The end of it is reported once, at the latest when this is dropped.
pub(super) struct StreamHistory {
    shared: Arc<SharedState>,
    has_text: AtomicBool,
    is_over: AtomicBool,
}

impl StreamHistory {
    pub(super) fn new(shared: &Arc<SharedState>) -> Self {
        Self { shared: Arc::clone(shared), has_text: AtomicBool::new(false), is_over: AtomicBool::new(false) }
    }

    fn end(&self) {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            self.shared.streams_behind.fetch_sub(1, Ordering::Relaxed);
            self.shared.wake();
        }
    }
}

impl Drop for StreamHistory {
    fn drop(&mut self) {
        self.end();
    }
}

/// A descriptor whose reads end when the source is stopped.
pub(super) struct Pipe {
    /// `None` for a stream that has ended.
    file: Option<File>,
    shared: Arc<SharedState>,
    history: Arc<StreamHistory>,
}

impl Pipe {
    pub(super) fn new(file: Option<File>, history: Arc<StreamHistory>) -> Self {
        Self { file, shared: Arc::clone(&history.shared), history }
    }
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(file) = &mut self.file else { return Ok(0) };
        loop {
            if self.shared.is_stopped() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            let mut fds = [PollFd::new(&*file, PollFlags::IN)];
            match poll(&mut fds, Some(&POLL_TIMEOUT)) {
                // A writer that has not begun yet, such as ssh while it connects, has its history still to come.
                Ok(0) if self.history.has_text.load(Ordering::Relaxed) => {
                    self.history.end();
                    continue;
                }
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            match file.read(out) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                result => {
                    self.history.has_text.store(true, Ordering::Relaxed);
                    return result;
                }
            }
        }
    }
}
