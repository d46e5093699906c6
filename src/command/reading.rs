//! Reading logs for printed output: the catalog of what was read, and the exit code at the end.
//!
//! Notices, waits and failures of sources are reported as diagnostics as they come. Nothing is printed to stdout here.

use crate::{
    app::Filter,
    catalog::{Applied, AssetKey, Catalog},
    cli::InputArgs,
    diagnostics::{detail, error, info},
    event::{Health, LogUpdate, ReadMode, Rejected, Time},
    report,
    source::{self, Order, Source, Start},
    text::Safe,
};
use std::{collections::HashMap, process::ExitCode};

/// The exit code when all was read, but no snapshot event and no asset was in it.
const NOTHING_FOUND: u8 = 3;

/// The state of reading logs.
#[derive(Debug)]
pub(super) struct LogReading {
    source: Source,
    pub(super) catalog: Catalog,
    status: SourceStatus,
    first_rejected: Option<Rejected>,
    /// The reason for which each source waits, so that it is reported once.
    waiting: HashMap<u16, Safe>,
}

/// The worst that happened to a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SourceStatus {
    Good,
    Failed,
}

impl LogReading {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            catalog: Catalog::default(),
            status: SourceStatus::Good,
            first_rejected: None,
            waiting: HashMap::new(),
        }
    }

    /// Reads logs to their end.
    pub(super) fn complete(input: &InputArgs) -> Self {
        let (source, mut updates) = source::spawn(input.source(ReadMode::Once, Start::All, Order::Log));
        let mut reading = Self::new(source);
        while let Some(update) = updates.blocking_recv() {
            let is_last = update == LogUpdate::Finished;
            reading.take(update, |_, _| {});
            if is_last {
                break;
            }
        }
        reading
    }

    /// Returns the assets that pass a filter, the newest first.
    pub(super) fn passing(&self, filter: &Filter) -> Vec<AssetKey> {
        let now = Time::from(jiff::Timestamp::now());
        let mut keys = report::newest_first(&self.catalog);
        if !filter.is_empty() {
            keys.retain(|key| self.catalog.asset(*key).is_some_and(|asset| filter.matches(&asset, now)));
        }
        keys
    }

    /// Takes an update of the source. `on_event` is called after each event, with the catalog as it is then.
    pub(super) fn take(&mut self, mut update: LogUpdate, on_event: impl FnMut(&Catalog, Applied)) {
        self.catalog.apply_update(&mut update, on_event);
        match update {
            LogUpdate::Batch { rejected, .. } => {
                for each in &rejected {
                    detail(&format!("{}: {}", report::location(&self.catalog, each.origin), each.reason));
                }
                if self.first_rejected.is_none() {
                    self.first_rejected = rejected.into_iter().next();
                }
            }
            LogUpdate::Health { rank, health: Health::Failed(reason) } => {
                error(&format!("{}: {reason}", self.source_name(rank)));
                self.status = SourceStatus::Failed;
            }
            LogUpdate::Health { rank, health: Health::Waiting(reason) } => {
                if self.waiting.get(&rank) != Some(&reason) {
                    info(&format!("{}: {reason}, waiting", self.source_name(rank)));
                    self.waiting.insert(rank, reason);
                }
            }
            LogUpdate::Health { rank, .. } => {
                self.waiting.remove(&rank);
            }
            LogUpdate::Notice(notice) => info(notice.text.as_str()),
            LogUpdate::Opened { .. }
            | LogUpdate::Lines { .. }
            | LogUpdate::Incomplete { .. }
            | LogUpdate::Loaded
            | LogUpdate::Finished => {}
        }
    }

    fn source_name(&self, rank: u16) -> Safe {
        self.source.names().get(usize::from(rank)).map(|name| Safe::new(name)).unwrap_or_default()
    }

    /// Returns the exit code after all was read, and reports why nothing was found.
    pub(super) fn outcome(&self) -> ExitCode {
        let tally = self.catalog.tally();
        if self.status == SourceStatus::Failed {
            return ExitCode::FAILURE;
        }
        if tally.assets == 0 && tally.events == 0 {
            error(&self.nothing_found());
            return ExitCode::from(NOTHING_FOUND);
        }
        ExitCode::SUCCESS
    }

    fn nothing_found(&self) -> String {
        let lines = self.catalog.tally().counts.lines;
        match &self.first_rejected {
            Some(rejected) => {
                let location = report::location(&self.catalog, rejected.origin);
                format!("no snapshot event in {lines} lines; the nearest is {location}: {}", rejected.reason)
            }
            None => format!("none of the {lines} lines holds a snapshot event"),
        }
    }
}
