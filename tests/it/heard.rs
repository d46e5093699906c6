//! A running source and what it reports.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at one update among many")]

use std::{
    thread,
    time::{Duration, Instant},
};
use thumbview::{
    event::{Counts, Health, LogEvent, LogUpdate},
    source::{self, Source, SourceConfig},
};
use tokio::sync::mpsc::Receiver;

/// Longer than any step takes on a busy machine; reaching it is a failure.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running source and all that it said.
pub(crate) struct Heard {
    pub(crate) source: Source,
    updates: Receiver<LogUpdate>,
    pub(crate) all: Vec<LogUpdate>,
}

impl Heard {
    pub(crate) fn spawn(config: SourceConfig) -> Self {
        let (source, updates) = source::spawn(config);
        Self { source, updates, all: Vec::new() }
    }

    /// Listens until what was heard is as it should be.
    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            match self.updates.try_recv() {
                Ok(update) => self.all.push(update),
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
            assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}; heard {:#?}", self.all);
        }
    }

    pub(crate) fn until_loaded(&mut self) {
        self.until("loaded", |heard| heard.all.contains(&LogUpdate::Loaded));
    }

    pub(crate) fn until_finished(&mut self) {
        self.until("finished", |heard| heard.all.contains(&LogUpdate::Finished));
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &LogEvent> {
        self.all.iter().flat_map(|update| match update {
            LogUpdate::Batch { events, .. } => events.as_slice(),
            _ => &[],
        })
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for update in &self.all {
            if let LogUpdate::Batch { counts, .. } = update {
                sum += *counts;
            }
        }
        sum
    }

    pub(crate) fn health(&self, rank: u16) -> Option<&Health> {
        self.all.iter().rev().find_map(|update| match update {
            LogUpdate::Health { rank: of, health } if *of == rank => Some(health),
            _ => None,
        })
    }

    pub(crate) fn noticed(&self, word: &str) -> bool {
        self.all.iter().any(|update| matches!(update, LogUpdate::Notice(notice) if notice.text.as_str().contains(word)))
    }
}
