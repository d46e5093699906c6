//! The open connections: at most [`CONNECTIONS`], and who leaves when one more comes.
//!
//! A connection that sends nothing must not keep a sender out. When all places are taken, the one that has been idle for
//! longest is closed, though not within its first [`IDLE_MIN`], so that a head on its way still arrives.

use std::{cell::Cell, collections::HashMap, rc::Rc, time::Duration};
use tokio::{
    task::{AbortHandle, Id, JoinSet},
    time::Instant,
};

/// The most connections that are served at a time; others wait to be accepted.
pub(super) const CONNECTIONS: usize = 64;

/// The time that an idle connection is left alone.
const IDLE_MIN: Duration = Duration::from_millis(250);

/// The state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionActivity {
    /// It waits for a request since then.
    Idle(Instant),
    /// A request is being answered.
    Busy,
}

/// The activity of a connection, shared with its task.
pub(super) type SharedActivity = Rc<Cell<ConnectionActivity>>;

/// The tasks of the open connections. Dropping it closes them.
#[derive(Debug, Default)]
pub(super) struct OpenConnections {
    tasks: JoinSet<()>,
    open: HashMap<Id, (AbortHandle, SharedActivity)>,
}

impl OpenConnections {
    /// Starts serving a connection on the current `LocalSet`.
    pub(super) fn start<F>(&mut self, serve: impl FnOnce(SharedActivity) -> F)
    where
        F: Future<Output = ()> + 'static,
    {
        let activity = Rc::new(Cell::new(ConnectionActivity::Idle(Instant::now())));
        let handle = self.tasks.spawn_local(serve(Rc::clone(&activity)));
        self.open.insert(handle.id(), (handle, activity));
    }

    pub(super) fn are_full(&self) -> bool {
        self.open.len() >= CONNECTIONS
    }

    /// Waits until a connection has ended. Never returns while there is none.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => drop(self.open.remove(&id)),
            // It was closed, or its task has panicked, which the hook has reported.
            Some(Err(error)) => drop(self.open.remove(&error.id())),
            None => std::future::pending().await,
        }
    }

    /// Returns when the connection that has been idle for longest may be closed.
    pub(super) fn closes_at(&self) -> Option<Instant> {
        self.longest_idle().map(|(_, since)| since + IDLE_MIN)
    }

    /// Closes the connection that has been idle for longest.
    pub(super) fn close_idle(&mut self) {
        let longest = self.longest_idle().map(|(id, _)| id);
        if let Some((handle, activity)) = longest.and_then(|id| self.open.get(&id)) {
            // It is not chosen again while it ends.
            activity.set(ConnectionActivity::Busy);
            handle.abort();
        }
    }

    fn longest_idle(&self) -> Option<(Id, Instant)> {
        let idle = self.open.iter().filter_map(|(id, (_, activity))| match activity.get() {
            ConnectionActivity::Idle(since) => Some((*id, since)),
            ConnectionActivity::Busy => None,
        });
        idle.min_by_key(|(_, since)| *since)
    }
}
