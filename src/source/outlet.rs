//! The sending end of a source's channel.

use crate::{
    event::{Counts, FoundEvents, LogEvent, LogUpdate, Notice, Severity},
    source::{
        error::Stopped,
        state::{RankEntry, RawText, SharedState},
    },
    text::Safe,
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// The most events of one batch.
pub(super) const BATCH: usize = 512;

/// The sending end of a source's channel. Every method fails once the receiver is gone or the source was stopped.
#[derive(Clone, Debug)]
pub(super) struct Outlet {
    updates: Sender<LogUpdate>,
    pub(super) shared: Arc<SharedState>,
}

impl Outlet {
    pub(super) fn new(updates: Sender<LogUpdate>, shared: Arc<SharedState>) -> Self {
        Self { updates, shared }
    }

    /// Sends an update, and waits where the channel is full.
    pub(super) fn send(&self, update: LogUpdate) -> Result<(), Stopped> {
        if self.shared.is_stopped() {
            return Err(Stopped);
        }
        self.shared.count_update();
        self.updates.blocking_send(update).map_err(|_closed| Stopped)
    }

    /// Sends what was found in batches; leaves `found` empty.
    pub(super) fn send_found(&self, found: &mut FoundEvents) -> Result<(), Stopped> {
        let FoundEvents { events, rejected, counts } = std::mem::take(found);
        if events.len() <= BATCH && rejected.len() <= BATCH {
            // The usual case: one batch, which need not be copied.
            let is_empty = events.is_empty() && rejected.is_empty() && counts == Counts::default();
            return if is_empty { Ok(()) } else { self.send(LogUpdate::Batch { events, rejected, counts }) };
        }
        let (mut events, mut rejected) = (events.into_iter(), rejected.into_iter());
        let mut counts = Some(counts).filter(|counts| *counts != Counts::default());
        loop {
            let events: Vec<LogEvent> = events.by_ref().take(BATCH).collect();
            let rejected: Vec<_> = rejected.by_ref().take(BATCH).collect();
            if events.is_empty() && rejected.is_empty() && counts.is_none() {
                return Ok(());
            }
            self.send(LogUpdate::Batch { events, rejected, counts: counts.take().unwrap_or_default() })?;
        }
    }

    /// Assigns a rank to a name, `reused` where there is one; `None` where there are too many.
    pub(super) fn assign_rank(
        &self,
        reused: Option<u16>,
        name: &Arc<str>,
        text: RawText,
    ) -> Result<Option<u16>, Stopped> {
        let entry = RankEntry { name: Arc::clone(name), text };
        let rank = match reused {
            Some(rank) => {
                if let Some(before) = self.shared.ranks().get_mut(usize::from(rank)) {
                    *before = entry;
                }
                Some(rank)
            }
            None => self.shared.add_rank(entry),
        };
        if rank.is_none() {
            self.notice(name, Severity::Warning, "left out: there are more than 65 536 files")?;
        }
        Ok(rank)
    }

    /// Sends a notice about a name, with the present time.
    pub(super) fn notice(&self, name: &str, severity: Severity, text: &str) -> Result<(), Stopped> {
        let text = Safe::new(&format!("{name}: {text}"));
        self.send(LogUpdate::Notice(Notice { time: Timestamp::now().into(), severity, text }))
    }
}
