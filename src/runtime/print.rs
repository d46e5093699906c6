//! What is printed instead of shown: lists, events as JSON lines, and what a demo wrote.
//!
//! stdout carries results alone; every diagnostic goes to stderr.

use super::{
    diary::{error, tell, tell_more},
    filter_of, format_of,
};
use crate::{
    app::filter::Filter,
    catalog::{Applied, Asset, AssetKey, Catalog},
    cli::InputArgs,
    demo,
    event::{EventKind, Health, LogUpdate, Origin, Rejected, Reveal, Time},
    report::{self, Format},
    source::{self, Mode, Source, Start},
    text::Safe,
};
use anyhow::{Context as _, Result};
use std::{
    collections::HashMap,
    io::{self, BufWriter, Write as _},
    path::Path,
    process::ExitCode,
    time::Duration,
};
use tokio::sync::mpsc::Receiver;

/// Read to the end, but neither a snapshot event nor an asset in it.
const NOTHING: u8 = 3;

/// What failed when results could not be printed.
pub(super) const STDOUT: &str = "cannot write to stdout";

/// Prints one line of ours to stdout.
pub(super) fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}").context(STDOUT)
}

/// What went by while the sources were read.
#[derive(Debug)]
pub(super) struct LogReading {
    source: Source,
    pub(super) catalog: Catalog,
    failed: bool,
    nearest: Option<Rejected>,
    /// What each rank waits for, so that a wait is told once.
    told: HashMap<u16, Safe>,
}

impl LogReading {
    fn new(source: Source) -> Self {
        Self { source, catalog: Catalog::default(), failed: false, nearest: None, told: HashMap::new() }
    }

    /// Reads all there is.
    pub(super) fn to_the_end(input: &InputArgs) -> Self {
        let (source, mut updates) = source::spawn(input.source(Mode::Once, Start::All));
        let mut reading = Self::new(source);
        while let Some(update) = updates.blocking_recv() {
            let finished = update == LogUpdate::Finished;
            reading.take(update, |_, _| {});
            if finished {
                break;
            }
        }
        reading
    }

    /// The assets that pass a filter, newest first.
    pub(super) fn passing(&self, filter: &Filter) -> Vec<AssetKey> {
        let now = Time::from(jiff::Timestamp::now());
        let mut keys = report::newest_first(&self.catalog);
        if !filter.is_empty() {
            keys.retain(|key| self.catalog.asset(*key).is_some_and(|asset| filter.matches(&asset, now)));
        }
        keys
    }

    /// Takes what a source says; `applied` is called after each event.
    fn take(&mut self, mut update: LogUpdate, applied: impl FnMut(&Catalog, Applied)) {
        self.catalog.apply_update(&mut update, applied);
        match update {
            LogUpdate::Batch { rejected, .. } => {
                for each in &rejected {
                    let place = place(&self.catalog, each.origin);
                    tell_more(&format!("{place}: {}", each.reason));
                }
                if self.nearest.is_none() {
                    self.nearest = rejected.into_iter().next();
                }
            }
            LogUpdate::Health { rank, health: Health::Failed(why) } => {
                error(&format!("{}: {why}", self.name(rank)));
                self.failed = true;
            }
            LogUpdate::Health { rank, health: Health::Waiting(why) } => {
                if self.told.get(&rank) != Some(&why) {
                    tell(&format!("{}: {why}, waiting", self.name(rank)));
                    self.told.insert(rank, why);
                }
            }
            LogUpdate::Health { rank, .. } => {
                self.told.remove(&rank);
            }
            LogUpdate::Notice(notice) => tell(notice.text.as_str()),
            LogUpdate::Opened { .. }
            | LogUpdate::Lines { .. }
            | LogUpdate::Incomplete { .. }
            | LogUpdate::Loaded
            | LogUpdate::Finished => {}
        }
    }

    fn name(&self, rank: u16) -> Safe {
        self.source.names().get(usize::from(rank)).map(|name| Safe::new(name)).unwrap_or_default()
    }

    /// The exit code after all was read; says why nothing was found.
    pub(super) fn outcome(&self) -> ExitCode {
        let tally = self.catalog.tally();
        if self.failed {
            return ExitCode::FAILURE;
        }
        if tally.assets == 0 && tally.events == 0 {
            error(&self.why_nothing());
            return ExitCode::from(NOTHING);
        }
        ExitCode::SUCCESS
    }

    fn why_nothing(&self) -> String {
        let lines = self.catalog.tally().counts.lines;
        match &self.nearest {
            Some(rejected) => {
                let place = place(&self.catalog, rejected.origin);
                format!("no snapshot event in {lines} lines; the nearest is {place}: {}", rejected.reason)
            }
            None => format!("none of the {lines} lines holds a snapshot event"),
        }
    }
}

/// `list`: reads everything, then prints the assets, newest first.
pub(super) fn list(input: &InputArgs, summary: bool) -> Result<ExitCode> {
    let filter = filter_of(input)?;
    let reading = LogReading::to_the_end(input);
    let mut out = BufWriter::new(io::stdout().lock());
    let format = format_of(input.output, Format::Table);
    if summary {
        report::summary(&mut out, &reading.catalog, format).context(STDOUT)?;
    } else {
        let keys = reading.passing(&filter);
        report::list(&mut out, &reading.catalog, &keys, format).context(STDOUT)?;
    }
    out.flush().context(STDOUT)?;
    Ok(reading.outcome())
}

/// `tail -o jsonl` and `open -o jsonl`: one event a line, flushed per line.
pub(super) fn events(input: &InputArgs, mode: Mode, start: Start) -> Result<ExitCode> {
    let filter = filter_of(input)?;
    let (source, mut updates) = source::spawn(input.source(mode, start));
    let mut printer = EventPrinter::new(source, filter, reveal(input));
    while let Some(update) = updates.blocking_recv() {
        if !printer.take(update)? {
            break;
        }
    }
    Ok(printer.reading.outcome())
}

/// The same for a limited time, as the demo does without a terminal.
pub(super) async fn events_for(config: source::SourceConfig, limit: Duration) -> Result<ExitCode> {
    let (source, mut updates): (Source, Receiver<LogUpdate>) = source::spawn(config);
    let mut printer = EventPrinter::new(source, Filter::default(), Reveal::Hide);
    let deadline = tokio::time::Instant::now() + limit;
    while let Ok(Some(update)) = tokio::time::timeout_at(deadline, updates.recv()).await {
        if !printer.take(update)? {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether secrets in URLs are printed.
pub(super) fn reveal(input: &InputArgs) -> Reveal {
    if input.reveal { Reveal::Show } else { Reveal::Hide }
}

/// A place in a log, in words.
pub(super) fn place(catalog: &Catalog, origin: Origin) -> String {
    let line = origin.line.map_or_else(String::new, |line| format!(" line {line}"));
    format!("{}{line}", catalog.file_name(origin.file))
}

struct EventPrinter {
    reading: LogReading,
    filter: Filter,
    reveal: Reveal,
}

impl EventPrinter {
    fn new(source: Source, filter: Filter, reveal: Reveal) -> Self {
        Self { reading: LogReading::new(source), filter, reveal }
    }

    /// Prints what an update holds; returns whether more may come.
    fn take(&mut self, update: LogUpdate) -> Result<bool> {
        let more = update != LogUpdate::Finished;
        let (filter, reveal) = (&self.filter, self.reveal);
        let now = Time::from(jiff::Timestamp::now());
        let mut out = io::stdout().lock();
        let mut outcome = Ok(());
        self.reading.take(update, |catalog, applied| {
            let event = catalog.event(applied.event);
            // The filter speaks of assets; an event passes when its asset does.
            let passes = |asset: Asset<'_>| filter.is_empty() || filter.matches(&asset, now);
            let passed = *event.kind == EventKind::Thumbnail && catalog.asset(applied.asset).is_some_and(passes);
            if passed && outcome.is_ok() {
                outcome = report::event_line(&mut out, catalog, &event, reveal).and_then(|()| out.flush());
            }
        });
        outcome.context(STDOUT).map(|()| more)
    }
}

/// `demo --write`: leaves log and pictures, and says what to try.
pub(super) fn write_demo(folder: &Path, config: &demo::DemoConfig) -> Result<ExitCode> {
    let shown = Safe::new(&folder.display().to_string());
    let written = demo::write(folder, config).with_context(|| format!("cannot write the demo to {shown}"))?;
    let log = Safe::new(&written.log.display().to_string());
    say(&format!("wrote {log} and {} pictures; in two terminals, try:", written.pictures))?;
    say(&format!("  thumbview demo --serve {shown}"))?;
    say(&format!("  thumbview tail --allow-host 127.0.0.1:8787 {log}"))?;
    Ok(ExitCode::SUCCESS)
}
