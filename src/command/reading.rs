//! Reading logs for printed output: what the sources report, the catalog, and the exit code at the end.
//!
//! Notices, waits and failures of sources are reported as diagnostics as they come. Nothing is printed to stdout here.

use super::{
    login,
    progress::{self, Progress},
};
use crate::{
    app::Filter,
    catalog::{AssetKey, Catalog},
    cli::{InputArgs, UsageError},
    diagnostics::{detail, error, info},
    event::{
        Counts, EventKind, FileId, Health, LogUpdate, Origin, ReadMode, Rejected, Status, Time, looks_like_event,
        redact,
    },
    report,
    source::{self, Order, Source, Start},
    text::{Safe, number::counted},
};
use anyhow::Result;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

/// The exit code when all was read, but no snapshot event and no asset was in it.
const NOTHING_FOUND: u8 = 3;

/// The most cells of an unfinished event that are reported.
const HEAD_WIDTH: usize = 200;

/// The most statuses of a log that an error lists.
const LISTED_STATUSES: usize = 8;

/// The reports of the sources besides events, and the exit code that follows from them.
#[derive(Debug)]
pub(super) struct SourceMonitor {
    source: Source,
    files: BTreeMap<FileId, Arc<str>>,
    counts: Counts,
    found: Found,
    status: SourceStatus,
    first_rejected: Option<Rejected>,
    /// The number of events of which a picture is of another asset, and the first of them in the log.
    foreign: (u64, Option<Origin>),
    /// The reason for which each source waits, so that it is reported once.
    waiting: HashMap<u16, Safe>,
    /// The last notice, which may have told of the same incident.
    last_notice: Safe,
    /// The bytes that were read of each source, and all of its bytes if known.
    loading: HashMap<u16, (u64, Option<u64>)>,
}

/// The result of a search for snapshot events and assets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Something,
}

/// The worst that happened to a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SourceStatus {
    Good,
    Failed,
}

impl SourceMonitor {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            files: BTreeMap::new(),
            counts: Counts::default(),
            found: Found::Nothing,
            status: SourceStatus::Good,
            first_rejected: None,
            foreign: (0, None),
            waiting: HashMap::new(),
            last_notice: Safe::default(),
            loading: HashMap::new(),
        }
    }

    /// Takes an update of the source and reports what the operator should know.
    pub(super) fn take(&mut self, update: &LogUpdate) {
        match update {
            LogUpdate::Opened { file, name, .. } => drop(self.files.insert(*file, Arc::clone(name))),
            LogUpdate::Batch { events, rejected, counts } => {
                self.counts += *counts;
                if events.iter().any(|event| matches!(event.kind, EventKind::Thumbnail | EventKind::Details)) {
                    self.found = Found::Something;
                }
                for event in events.iter().filter(|event| event.oddities.foreign > 0) {
                    let (count, first) = &mut self.foreign;
                    *count += 1;
                    let place = |origin: &Origin| (origin.file, origin.byte, origin.part);
                    *first = first.iter().copied().chain([event.origin]).min_by_key(place);
                }
                for each in rejected {
                    detail(&format!("{}: {}", self.location(each), each.reason));
                }
                if self.first_rejected.is_none() {
                    self.first_rejected = rejected.first().cloned();
                }
            }
            LogUpdate::Health { rank, health } => self.take_health(*rank, health),
            LogUpdate::Notice(notice) => {
                info(notice.text.as_str());
                self.last_notice = notice.text.clone();
            }
            LogUpdate::Incomplete { rank, head: Some(head) } if looks_like_event(head.as_str()) => {
                let head = Safe::new(&redact(head.as_str())).fit(HEAD_WIDTH);
                let name = self.source_name(*rank);
                info(&format!("{name}: an event is unfinished; it is read once the rest of it comes: {head}"));
            }
            LogUpdate::Lines { .. } | LogUpdate::Incomplete { .. } | LogUpdate::Loaded | LogUpdate::Finished => {}
        }
    }

    fn take_health(&mut self, rank: u16, health: &Health) {
        match health {
            Health::Failed(reason) => {
                error(&format!("{}: {reason}", self.source_name(rank)));
                self.status = SourceStatus::Failed;
            }
            Health::Waiting(reason) => {
                if self.waiting.get(&rank) != Some(reason) {
                    let incident = format!("{}: {reason}", self.source_name(rank));
                    if !self.last_notice.as_str().starts_with(&incident) {
                        info(&format!("{incident}, waiting"));
                    }
                    self.waiting.insert(rank, reason.clone());
                }
            }
            Health::Loading { read, total } => {
                self.waiting.remove(&rank);
                self.loading.insert(rank, (*read, *total));
            }
            Health::Live | Health::Marked(_) | Health::Loaded | Health::Ended => {
                self.waiting.remove(&rank);
            }
        }
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    fn source_name(&self, rank: u16) -> Safe {
        self.source.names().get(usize::from(rank)).map(|name| Safe::new(name)).unwrap_or_default()
    }

    /// Returns the name of a file as the user gave it, for machine output.
    pub(super) fn file_name(&self, file: FileId) -> &str {
        self.files.get(&file).map_or("", |name| name)
    }

    fn location(&self, rejected: &Rejected) -> String {
        report::location(self.file_name(rejected.origin.file), rejected.origin)
    }

    fn describe_progress(&self, elapsed: Duration) -> String {
        let sum = |bytes: fn(&(u64, Option<u64>)) -> Option<u64>| self.loading.values().map(bytes).sum::<Option<u64>>();
        match (sum(|(read, _)| Some(*read)), sum(|(_, total)| *total)) {
            (Some(read), Some(total)) => progress::describe("reading", read, total, elapsed),
            (_, _) => format!("reading: {}", counted(self.counts.lines, "line")),
        }
    }

    /// Returns the exit code after all was read, and reports pictures of other assets, and why nothing was found.
    pub(super) fn outcome(&self) -> ExitCode {
        if let (count, Some(first)) = self.foreign {
            let place = report::location(self.file_name(first.file), first);
            let words = if count == 1 { "event has" } else { "events have" };
            info(&format!("{count} {words} pictures of another asset; the first is {place}"));
        }
        let unparsed = self.counts.unparsed;
        if let (1.., Some(first), Found::Something) = (unparsed, &self.first_rejected, self.found) {
            let lines = counted(unparsed, "event");
            let first = format!("{}: {}", self.location(first), first.reason);
            info(&format!("{lines} could not be read (-v names each): {first}"));
        }
        match (self.status, self.found) {
            (SourceStatus::Failed, _) => ExitCode::FAILURE,
            (SourceStatus::Good, Found::Something) => ExitCode::SUCCESS,
            (SourceStatus::Good, Found::Nothing) => {
                error(&self.nothing_found());
                ExitCode::from(NOTHING_FOUND)
            }
        }
    }

    fn nothing_found(&self) -> String {
        let nothing = format!("no snapshot event in {}", counted(self.counts.lines, "line"));
        match &self.first_rejected {
            Some(rejected) => {
                format!("{nothing}; what comes closest is {}: {}", self.location(rejected), rejected.reason)
            }
            None => nothing,
        }
    }
}

/// Checks that each status of a filter is a documented one or one of the log's.
pub(super) fn check_statuses(filter: &Filter, in_log: &[&Status]) -> Result<(), UsageError> {
    let Some(word) = filter.unknown_status(in_log) else { return Ok(()) };
    let documented = ["SUCCEED", "FAILED", "UNKNOWN"];
    let mut others: Vec<&str> =
        in_log.iter().map(|status| status.as_str()).filter(|status| !documented.contains(status)).collect();
    others.sort_unstable();
    let known: Vec<String> = ["succeed", "failed", "other", "unknown"]
        .into_iter()
        .map(str::to_owned)
        .chain(others.into_iter().map(str::to_lowercase).take(LISTED_STATUSES))
        .collect();
    Err(UsageError::new(format!("no asset has status {word}; known statuses are {}", known.join(", "))))
}

/// Fails for a filter that asks for what only a check of pictures tells.
pub(super) fn refuse_check_terms(filter: &Filter) -> Result<(), UsageError> {
    if filter.needs_check() {
        return Err(UsageError::new("picture: works in full screen only, where C checks the pictures"));
    }
    Ok(())
}

/// Logs that were read to their end.
#[derive(Debug)]
pub(super) struct LogReading {
    pub(super) catalog: Catalog,
    monitor: SourceMonitor,
}

impl LogReading {
    /// Reads logs to their end.
    pub(super) fn complete(input: &InputArgs) -> Result<Self> {
        let config = login::log_in(input.source(ReadMode::Once, Start::All, Order::Log))?;
        let (source, mut updates) = source::spawn(config);
        let mut reading = Self { catalog: Catalog::default(), monitor: SourceMonitor::new(source) };
        let mut progress = Progress::start();
        while let Some(mut update) = updates.blocking_recv() {
            progress.update(|elapsed| reading.monitor.describe_progress(elapsed));
            reading.monitor.take(&update);
            reading.catalog.apply_update(&mut update, |_, _| {});
            if update == LogUpdate::Finished {
                break;
            }
        }
        Ok(reading)
    }

    /// Returns the assets that pass a filter, the newest first. A status that no asset has is a usage error.
    pub(super) fn passing(&self, filter: &Filter) -> Result<Vec<AssetKey>, UsageError> {
        self.retain_passing(report::newest_first(&self.catalog), filter)
    }

    /// Returns the assets of [`Self::passing`] in no order that means anything, which costs less.
    pub(super) fn passing_unordered(&self, filter: &Filter) -> Result<Vec<AssetKey>, UsageError> {
        self.retain_passing(self.catalog.assets().map(|asset| asset.key()).collect(), filter)
    }

    fn retain_passing(&self, mut keys: Vec<AssetKey>, filter: &Filter) -> Result<Vec<AssetKey>, UsageError> {
        refuse_check_terms(filter)?;
        if !filter.is_empty() {
            let statuses: HashSet<&Status> = self.catalog.assets().map(|asset| asset.status()).collect();
            check_statuses(filter, &statuses.into_iter().collect::<Vec<_>>())?;
            let now = Time::from(jiff::Timestamp::now());
            keys.retain(|key| self.catalog.asset(*key).is_some_and(|asset| filter.matches(&asset, now)));
        }
        Ok(keys)
    }

    /// Returns the exit code, and reports why nothing was found.
    pub(super) fn outcome(&self) -> ExitCode {
        self.monitor.outcome()
    }
}
