//! Sources of log text: files, directories, globs, archives, standard input, FIFOs, commands,
//! and files of other machines.
//!
//! [`spawn`] starts one thread for all files (`stat` every 250 ms, sooner where the system reports a change) and one
//! for each stream. They send [`LogUpdate`]s over a bounded channel, so a slow receiver slows them and nothing is lost.
//! Each change of a followed file is sent as a notice; see [`file::follow`] for the guarantees.

mod arguments;
mod backoff;
mod brief_wait;
mod checkpoints;
mod config;
mod encoding;
mod error;
pub mod file;
mod glob;
mod guard;
mod intake;
pub mod kafka;
mod line_reader;
pub mod lines;
mod login;
mod newline;
mod outlet;
mod packing;
mod process;
mod raw;
pub mod remote;
mod replay;
mod saved_state;
pub mod sink;
mod state;
mod stream;
mod supervisor;
mod tape;

use crate::{
    event::{Health, LogUpdate, Origin, ReadMode},
    text::Safe,
};
pub use checkpoints::Checkpoint;
pub use config::{Order, Restart, SourceConfig, Start};
pub use error::Stopped;
pub use login::{has_remote_names, log_in};
use outlet::Outlet;
pub use raw::RawError;
pub use remote::login::{Interrupted, LoginContext};
pub use saved_state::{OutputPosition, SavedState, StateError};
use state::SharedState;
use std::{
    sync::{Arc, mpsc::sync_channel},
    thread,
};
use supervisor::Supervisor;
use tokio::sync::mpsc;

/// The number of updates that may wait for the receiver.
const CHANNEL: usize = 8;

/// A running source. Dropping it ends its threads.
#[derive(Debug)]
pub struct Source {
    shared: Arc<SharedState>,
}

/// Starts to read. Never waits; everything that can go wrong is reported in the updates.
///
/// After [`LogUpdate::Finished`] nothing comes unless [`Source::set_mode`] starts it again; the channel closes when
/// the source is dropped.
pub fn spawn(config: SourceConfig) -> (Source, mpsc::Receiver<LogUpdate>) {
    let (updates, receiver) = mpsc::channel(CHANNEL);
    let (wake, wakes) = sync_channel(1);
    let shared = Arc::new(SharedState::new(config.mode, wake));
    let outlet = Outlet::new(updates.clone(), Arc::clone(&shared));
    let run = move || Supervisor::new(config, outlet, wakes).run();
    if let Err(error) = thread::Builder::new().name("source".to_owned()).spawn(run) {
        let health = Health::Failed(Safe::from(format!("the thread that reads cannot be started: {error}")));
        // The channel is new and has room; it closes with this sender.
        let _sent = updates.try_send(LogUpdate::Health { rank: 0, health });
    }
    (Source { shared }, receiver)
}

impl Source {
    /// Starts or stops following.
    pub fn set_mode(&self, mode: ReadMode) {
        self.shared.set_mode(mode);
    }

    /// Reads a record's text again; waits for the disk. The text is proven to be the record's by its hash.
    pub fn read_raw(&self, origin: Origin) -> Result<Vec<u8>, RawError> {
        let entry = self.shared.ranks().get(usize::from(origin.file.rank)).cloned().ok_or(RawError::Unknown)?;
        raw::read_raw(&entry, origin)
    }

    /// Returns the newest read positions that belong to no more than so many updates, where the configuration asks for
    /// them. Whoever saves them has dealt with that many updates.
    pub fn checkpoint(&self, updates: u64) -> Option<Checkpoint> {
        self.shared.checkpoints().take(updates)
    }

    /// Waits until there are new read positions, which are noted after the updates that belong to them.
    pub async fn positions_noted(&self) {
        self.shared.positions_noted().await;
    }

    /// Returns the name of each rank.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.shared.ranks().iter().map(|entry| Arc::clone(&entry.name)).collect()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.shared.stop();
    }
}
