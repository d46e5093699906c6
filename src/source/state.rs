//! The state that a source's threads and its handle share.

#[cfg(feature = "kafka")]
use crate::source::kafka::RawTopic;
use crate::{
    event::ReadMode,
    source::{
        checkpoints::Checkpoints,
        file::access::FileSystem,
        saved_state::{SavedName, SavedState},
        tape::Tape,
    },
};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::SyncSender,
    },
};
use tokio::sync::Notify;

/// The state that a source's threads and its handle share.
#[derive(Debug)]
pub(super) struct SharedState {
    stop: AtomicBool,
    follow: AtomicBool,
    /// Set when the system does not report changes, so that polling alone finds them.
    pub(super) polling: AtomicBool,
    /// The number of streams that have not ended.
    pub(super) streams: AtomicUsize,
    /// The number of streams of which the text that waited in them is still being read.
    pub(super) streams_behind: AtomicUsize,
    /// The number of topics that have not come to the end that they had at the start.
    pub(super) loading: AtomicUsize,
    /// The number of hosts whose logs have not been read to their ends for the first time.
    pub(super) hosts_behind: AtomicUsize,
    /// Ends the wait of the supervisor; holds one wake-up at most.
    wake: SyncSender<()>,
    /// The number of updates that were sent.
    updates: AtomicU64,
    checkpoints: Mutex<Checkpoints>,
    /// Told of each new checkpoint.
    noted: Notify,
    /// The newest positions of all names, where positions are kept.
    positions: Mutex<Option<SavedState>>,
    ranks: Mutex<Vec<RankEntry>>,
}

/// The name of one rank, and the place of its text.
#[derive(Clone, Debug)]
pub(super) struct RankEntry {
    pub(super) name: Arc<str>,
    pub(super) text: RawText,
}

/// The place where the text of a rank can be read again.
#[derive(Clone, Debug)]
pub(super) enum RawText {
    File(Arc<dyn FileSystem>, PathBuf),
    Stream(Arc<Mutex<Tape>>),
    /// A partition, whose broker is asked again.
    #[cfg(feature = "kafka")]
    Topic(RawTopic),
}

/// The first reading of a topic, which the supervisor waits for.
#[derive(Debug)]
pub(super) struct TopicLoading {
    shared: Arc<SharedState>,
    is_over: bool,
    /// Set once nothing of the topic is read any more.
    closed: Arc<AtomicBool>,
}

impl TopicLoading {
    /// Begins a first reading.
    pub(super) fn begin(shared: &Arc<SharedState>) -> Self {
        shared.loading.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(shared), is_over: false, closed: Arc::default() }
    }

    /// Returns the mark that is set once nothing of the topic is read any more.
    pub(super) fn closed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.closed)
    }

    /// Returns `true` once the first reading has ended.
    #[cfg(feature = "kafka")]
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Ends the first reading.
    pub(super) fn end(&mut self) {
        if !self.is_over {
            self.is_over = true;
            self.shared.loading.fetch_sub(1, Ordering::Relaxed);
            self.shared.wake();
        }
    }

    /// Notes that nothing of the topic is read any more.
    pub(super) fn close(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        self.end();
        self.shared.wake();
    }
}

impl Drop for TopicLoading {
    fn drop(&mut self) {
        self.close();
    }
}

impl SharedState {
    pub(super) fn new(mode: ReadMode, wake: SyncSender<()>) -> Self {
        Self {
            stop: AtomicBool::new(false),
            follow: AtomicBool::new(mode == ReadMode::Follow),
            polling: AtomicBool::new(false),
            streams: AtomicUsize::new(0),
            streams_behind: AtomicUsize::new(0),
            loading: AtomicUsize::new(0),
            hosts_behind: AtomicUsize::new(0),
            wake,
            updates: AtomicU64::new(0),
            checkpoints: Mutex::default(),
            noted: Notify::new(),
            positions: Mutex::default(),
            ranks: Mutex::default(),
        }
    }

    pub(super) fn mode(&self) -> ReadMode {
        if self.follow.load(Ordering::Relaxed) { ReadMode::Follow } else { ReadMode::Once }
    }

    pub(super) fn set_mode(&self, mode: ReadMode) {
        self.follow.store(mode == ReadMode::Follow, Ordering::Relaxed);
        self.wake();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Counts a stream that has not ended.
    pub(super) fn begin_stream(&self) {
        self.streams.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the end of a stream.
    pub(super) fn end_stream(&self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
        self.wake();
    }

    /// Ends the supervisor's wait.
    pub(super) fn wake(&self) {
        // A full channel holds a wake-up already.
        let _ = self.wake.try_send(());
    }

    /// Returns another sender of wake-ups.
    pub(super) fn wake_sender(&self) -> SyncSender<()> {
        self.wake.clone()
    }

    /// Counts an update, before it is sent.
    pub(super) fn count_update(&self) {
        self.updates.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn updates(&self) -> u64 {
        self.updates.load(Ordering::Relaxed)
    }

    pub(super) fn checkpoints(&self) -> MutexGuard<'_, Checkpoints> {
        self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a name the next rank; `None` where there are too many.
    pub(super) fn add_rank(&self, entry: RankEntry) -> Option<u16> {
        let mut ranks = self.ranks();
        let rank = u16::try_from(ranks.len()).ok()?;
        ranks.push(entry);
        Some(rank)
    }

    /// Keeps positions from now on; those of an earlier run are the first.
    pub(super) fn keep_positions(&self, earlier: Option<SavedState>) {
        *self.positions.lock().unwrap_or_else(PoisonError::into_inner) = earlier;
    }

    /// Notes the positions of some names that belong to the updates sent so far, where one has changed.
    pub(super) fn note_positions(&self, names: &[SavedName]) {
        let mut positions = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = positions.as_mut()
            && !state.holds(names)
        {
            *state = state.with(names);
            self.checkpoints().push(self.updates(), state.clone());
            self.noted.notify_one();
        }
    }

    /// Waits for the next checkpoint.
    pub(super) async fn positions_noted(&self) {
        self.noted.notified().await;
    }

    pub(super) fn ranks(&self) -> MutexGuard<'_, Vec<RankEntry>> {
        self.ranks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
