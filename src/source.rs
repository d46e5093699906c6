//! Where bytes come from: files, directories, globs, archives, standard input, FIFOs.
//!
//! [`spawn`] starts one thread for all files (`stat` every 250 ms, sooner where the system tells of a change) and one
//! for each stream. They send [`LogUpdate`]s over a bounded channel, so a slow reader slows them and nothing is lost.
//! What happens to a file while it is followed is told as a notice; see [`follow`] for what is promised.

pub mod follow;
mod intake;
pub mod lines;
mod load;
mod places;
mod stream;
mod unpack;
mod wake;
mod watch;

use crate::{
    event::{Fingerprint, LogUpdate, Origin},
    text::Safe,
};
use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};
use tokio::sync::mpsc;

/// How many updates may wait for whoever listens.
const CHANNEL: usize = 8;

/// What to read, and how.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// As typed: paths, quoted globs, directories; `-` is standard input.
    pub files: Vec<String>,
    /// Whether to go on after the end.
    pub mode: Mode,
    /// Where to begin.
    pub start: Start,
    /// The zone of times that name none.
    pub zone: jiff::tz::TimeZone,
}

/// Whether reading goes on after the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Read to the end once. A file that is missing has failed.
    Once,
    /// Read on by name. A file that is missing is waited for.
    Follow,
}

/// Where reading begins in the files that are there at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Everything.
    All,
    /// So many `thumbnailComplete` events of each file's end.
    Last(u64),
}

/// Why a record's text cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RawError {
    /// The file is not there or cannot be read.
    #[error("{name}: {reason}")]
    Unreadable {
        /// The file's name.
        name: Safe,
        /// Why.
        reason: Safe,
    },
    /// Something else stands there now.
    #[error("{name} was rotated or rewritten: the record is no longer there")]
    Changed {
        /// The file's name.
        name: Safe,
    },
    /// Of a stream only the last text is kept.
    #[error("{name} is a stream: only its last 16 MiB are kept, and the record is older")]
    Passed {
        /// The stream's name.
        name: Safe,
    },
    /// No source has this rank.
    #[error("no such file")]
    Unknown,
}

/// Nobody listens any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody listens")]
pub struct Stopped;

/// Why reading went no further.
#[derive(Debug)]
enum ReadError {
    Stopped,
    Io(io::Error),
}

impl From<Stopped> for ReadError {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A running source. Dropping it ends its threads.
#[derive(Debug)]
pub struct Source {
    shared: Arc<SharedState>,
}

/// What the threads and the handle share.
#[derive(Debug)]
struct SharedState {
    stop: AtomicBool,
    follow: AtomicBool,
    /// Whether the system tells nothing of changes.
    polling: AtomicBool,
    /// Streams that have not ended.
    streams: AtomicUsize,
    /// Ends the wait of the thread that watches the files.
    poke: SyncSender<()>,
    shelf: Mutex<Vec<RankEntry>>,
}

/// One rank: its name and where its text is.
#[derive(Clone, Debug)]
struct RankEntry {
    name: Arc<str>,
    text: RawText,
}

/// Where the text of a rank can be read again.
#[derive(Clone, Debug)]
enum RawText {
    File(PathBuf),
    Stream(Arc<Mutex<stream::Tape>>),
}

/// Starts to read. Never waits; all that can go wrong is told in the updates.
///
/// After [`LogUpdate::Finished`] nothing comes unless [`Source::set_follow`] starts it again; the channel closes when
/// the source is dropped.
pub fn spawn(config: SourceConfig) -> (Source, mpsc::Receiver<LogUpdate>) {
    let (tx, updates) = mpsc::channel(CHANNEL);
    let (poke, pokes) = sync_channel(1);
    let shared = Arc::new(SharedState {
        stop: AtomicBool::new(false),
        follow: AtomicBool::new(config.mode == Mode::Follow),
        polling: AtomicBool::new(false),
        streams: AtomicUsize::new(0),
        poke,
        shelf: Mutex::default(),
    });
    let outlet = intake::Outlet { tx, shared: Arc::clone(&shared) };
    thread::spawn(move || watch::Watch::new(config, outlet, pokes).run());
    (Source { shared }, updates)
}

impl Source {
    /// Starts or stops following.
    pub fn set_follow(&self, mode: Mode) {
        self.shared.follow.store(mode == Mode::Follow, Ordering::Relaxed);
        self.shared.wake();
    }

    /// Reads a record's text again; waits for the disk. Proves by its hash that it is the same record.
    pub fn read_raw(&self, origin: Origin) -> Result<Vec<u8>, RawError> {
        let shelved = self.shared.shelf().get(usize::from(origin.file.rank)).cloned().ok_or(RawError::Unknown)?;
        let name = Safe::new(&shelved.name);
        match shelved.text {
            RawText::Stream(tape) => {
                let len = usize::try_from(origin.len).unwrap_or(usize::MAX);
                let tape = tape.lock().unwrap_or_else(PoisonError::into_inner);
                tape.read(origin.byte, len).filter(|text| is_record(text, origin)).ok_or(RawError::Passed { name })
            }
            RawText::File(path) => read_record(&path, origin, name),
        }
    }

    /// The name of each rank.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.shared.shelf().iter().map(|shelved| Arc::clone(&shelved.name)).collect()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.wake();
    }
}

impl SharedState {
    fn mode(&self) -> Mode {
        if self.follow.load(Ordering::Relaxed) { Mode::Follow } else { Mode::Once }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn wake(&self) {
        // A full channel holds a poke already.
        let _ = self.poke.try_send(());
    }

    fn shelf(&self) -> MutexGuard<'_, Vec<RankEntry>> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a record from the file that bears the name, or else from one that it was rotated to.
fn read_record(path: &Path, origin: Origin, name: Safe) -> Result<Vec<u8>, RawError> {
    let first = match read_at(path, origin) {
        Ok(text) if is_record(&text, origin) => return Ok(text),
        Ok(_) => RawError::Changed { name },
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => RawError::Changed { name },
        Err(error) => RawError::Unreadable { name, reason: Safe::new(&follow::look::reason(&error)) },
    };
    let mut rotated = follow::rotated(path).into_iter().filter_map(|path| read_at(&path, origin).ok());
    rotated.find(|text| is_record(text, origin)).ok_or(first)
}

fn is_record(text: &[u8], origin: Origin) -> bool {
    Fingerprint::of(text) == origin.hash
}

fn read_at(path: &Path, origin: Origin) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut head = [0; unpack::MAGIC];
    let count = file.read_at(&mut head, 0)?;
    let mut text = vec![0; usize::try_from(origin.len).unwrap_or_default()];
    match unpack::Packing::of(head.get(..count).unwrap_or_default()) {
        None => file.read_exact_at(&mut text, origin.byte)?,
        Some(packing) => {
            let mut unpacked = packing.unpack(file);
            io::copy(&mut unpacked.by_ref().take(origin.byte), &mut io::sink())?;
            unpacked.read_exact(&mut text)?;
        }
    }
    Ok(text)
}
