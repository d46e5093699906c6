//! Events as JSON lines: the output of `tail -o jsonl` and `open -o jsonl`, flushed after each line.

use super::{reading::LogReading, stdio::STDOUT};
use crate::{
    app::Filter,
    cli::InputArgs,
    event::{EventKind, LogUpdate, ReadMode, Reveal, Time},
    report,
    source::{self, Order, Source, SourceConfig, Start},
};
use anyhow::{Context as _, Result};
use std::{
    io::{self, Write as _},
    ops::ControlFlow,
    process::ExitCode,
    time::Duration,
};

/// Prints the events that pass the filter, until the sources end.
pub(super) fn print(input: &InputArgs, mode: ReadMode, start: Start) -> Result<ExitCode> {
    let filter = input.filter()?;
    let (source, mut updates) = source::spawn(input.source(mode, start, Order::Log));
    let mut printer = EventPrinter::new(source, filter, input.reveal());
    while let Some(update) = updates.blocking_recv() {
        if printer.take(update)?.is_break() {
            break;
        }
    }
    Ok(printer.reading.outcome())
}

/// Prints all events, until the sources end or the time limit is reached.
pub(super) async fn print_for(config: SourceConfig, limit: Duration) -> Result<ExitCode> {
    let (source, mut updates) = source::spawn(config);
    let mut printer = EventPrinter::new(source, Filter::default(), Reveal::Hide);
    let deadline = tokio::time::Instant::now() + limit;
    while let Ok(Some(update)) = tokio::time::timeout_at(deadline, updates.recv()).await {
        if printer.take(update)?.is_break() {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
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

    /// Prints the events of an update; breaks after the last update.
    fn take(&mut self, update: LogUpdate) -> Result<ControlFlow<()>> {
        let flow = if update == LogUpdate::Finished { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let (filter, reveal) = (&self.filter, self.reveal);
        let now = Time::from(jiff::Timestamp::now());
        let mut out = io::stdout().lock();
        let mut outcome = Ok(());
        self.reading.take(update, |catalog, applied| {
            let event = catalog.event(applied.event);
            // A filter is about assets; an event passes when its asset does.
            let passes = *event.kind == EventKind::Thumbnail
                && catalog.asset(applied.asset).is_some_and(|asset| filter.is_empty() || filter.matches(&asset, now));
            if passes && outcome.is_ok() {
                outcome = report::event_line(&mut out, catalog, &event, reveal).and_then(|()| out.flush());
            }
        });
        outcome.context(STDOUT).map(|()| flow)
    }
}
