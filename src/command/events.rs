//! Events as JSON lines: the output of `tail -o jsonl` and `open -o jsonl`, flushed after each line.
//!
//! Memory stays flat, however long it runs: no catalog is kept, only what [`EventStream`] remembers. Printing ends as
//! soon as the reader of stdout is gone, also while nothing is written.

mod printed;
mod recent;
mod stream;

use super::{
    follow::FollowOptions,
    login,
    reading::{SourceMonitor, check_statuses, refuse_check_terms},
    runtime,
    stdio::{self, STDOUT},
};
use crate::{
    app::Filter,
    cli::SelectionArgs,
    diagnostics::{error, info},
    event::{LogEvent, LogUpdate, ReadMode, Reveal},
    report,
    session::{
        alert::{Alert, AlertConfig, Alerter, CommandOutput},
        state_file::StateFile,
    },
    source::{self, SavedState, SourceConfig},
    text::number::counted,
};
use anyhow::{Context as _, Result};
use printed::{OutputPositions, PrintedLines};
use std::{
    io::{self, Write as _},
    ops::ControlFlow,
    process::ExitCode,
    time::Duration,
};
use stream::EventStream;
use tokio::time::Instant;

/// Prints the events that pass the filter, until the sources end or an alert ends the program.
pub(super) fn print(selection: &SelectionArgs, source: SourceConfig, follow: FollowOptions) -> Result<ExitCode> {
    let (filter, mode) = (selection.filter()?, source.mode);
    refuse_check_terms(&filter)?;
    if mode == ReadMode::Follow
        && let Some(status) = filter.unknown_status(&[])
    {
        info(&format!("no asset has status {status} yet"));
    }
    let mut printer = EventPrinter {
        stream: EventStream::new(filter.clone()),
        alerter: Alerter::new(follow.alerts, CommandOutput::Stderr).context("cannot start the thread of --exec")?,
        reveal: selection.reveal(),
        state_file: follow.state_file,
        printed: PrintedLines::behind(source.state.as_ref().and_then(SavedState::output)),
        positions: OutputPositions::default(),
    };
    let source = login::log_in(source)?;
    let ended = runtime::block_on(printer.run(source, None))?;
    let skipped = printer.alerter.finish();
    if skipped > 0 {
        info(&format!(
            "--exec: {} skipped, because events arrive faster than the command runs",
            counted(skipped, "event")
        ));
    }
    match ended {
        PrintingEnd::ByAlert => Ok(ExitCode::SUCCESS),
        PrintingEnd::BySource(monitor) => {
            if mode == ReadMode::Once {
                check_statuses(&filter, &printer.stream.other_statuses().iter().collect::<Vec<_>>())?;
            }
            Ok(monitor.outcome())
        }
    }
}

/// Prints all events, until the sources end or the time limit is reached.
pub(super) async fn print_for(config: SourceConfig, limit: Duration) -> Result<ExitCode> {
    let mut printer = EventPrinter {
        stream: EventStream::new(Filter::default()),
        alerter: Alerter::new(AlertConfig::default(), CommandOutput::Stderr)?,
        reveal: Reveal::Hide,
        state_file: None,
        printed: PrintedLines::default(),
        positions: OutputPositions::default(),
    };
    printer.run(config, Some(Instant::now() + limit)).await?;
    Ok(ExitCode::SUCCESS)
}

struct EventPrinter {
    stream: EventStream,
    alerter: Alerter,
    reveal: Reveal,
    state_file: Option<StateFile>,
    /// The lines that an earlier run printed behind its saved position.
    printed: PrintedLines,
    positions: OutputPositions,
}

/// The time for which the end waits for the position of what was printed last.
const LAST_POSITION: Duration = Duration::from_secs(1);

/// The cause of the end of printing.
enum PrintingEnd {
    BySource(Box<SourceMonitor>),
    ByAlert,
}

impl EventPrinter {
    async fn run(&mut self, config: SourceConfig, deadline: Option<Instant>) -> Result<PrintingEnd> {
        let (source, mut updates) = source::spawn(config);
        let mut monitor = SourceMonitor::new(source);
        let mut closed = std::pin::pin!(stdio::stdout_closed());
        self.note_position();
        loop {
            let update = tokio::select! {
                biased;
                update = updates.recv() => update,
                () = monitor.source().positions_noted(), if self.state_file.is_some() => {
                    self.save_state(&monitor);
                    continue;
                }
                () = &mut closed => return Err(io::Error::from(io::ErrorKind::BrokenPipe)).context(STDOUT),
                () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => None,
            };
            let Some(update) = update else { return Ok(PrintingEnd::BySource(Box::new(monitor))) };
            monitor.take(&update);
            self.alerter.observe(&update);
            let is_loaded = matches!(update, LogUpdate::Loaded);
            let flow = match update {
                LogUpdate::Batch { events, .. } => {
                    // The place where the first of them stand is known by now.
                    self.save_state(&monitor);
                    self.print_all(events, &monitor)?
                }
                LogUpdate::Finished => return Ok(PrintingEnd::BySource(Box::new(monitor))),
                LogUpdate::Opened { .. }
                | LogUpdate::Health { .. }
                | LogUpdate::Incomplete { .. }
                | LogUpdate::Lines { .. }
                | LogUpdate::Notice(_)
                | LogUpdate::Loaded => ControlFlow::Continue(()),
            };
            if is_loaded {
                self.printed.clear();
            }
            self.state_file.iter_mut().for_each(StateFile::update_handled);
            self.note_position();
            self.save_state(&monitor);
            if flow.is_break() {
                self.save_last_state(&monitor).await;
                return Ok(PrintingEnd::ByAlert);
            }
        }
    }

    /// Notes the position of the output after the updates that were handled.
    fn note_position(&mut self) {
        if let Some(file) = &self.state_file {
            self.positions.note(file.handled());
        }
    }

    /// Saves the position of what was printed, as far as it is known by now. While lines behind the last saved position
    /// were not read again, that one stays: by it they are known, should this run be killed, too.
    fn save_state(&mut self, monitor: &SourceMonitor) {
        let Some(file) = &mut self.state_file else { return };
        if !self.printed.is_empty() {
            return;
        }
        let problem = file.save(monitor.source(), |updates| self.positions.after(updates));
        self.positions.forget_older();
        if let Some(problem) = problem {
            error(problem.as_str());
        }
    }

    /// Saves the position of all that was printed, which is noted only after its last update was sent.
    async fn save_last_state(&mut self, monitor: &SourceMonitor) {
        let all = async {
            while self.state_file.as_ref().is_some_and(|file| !file.is_current()) {
                monitor.source().positions_noted().await;
                self.save_state(monitor);
            }
        };
        // Without it the last events are read again.
        let _ = tokio::time::timeout(LAST_POSITION, all).await;
    }

    /// Prints events and alerts about them; breaks where an alert ends the program.
    fn print_all(&mut self, events: Vec<LogEvent>, monitor: &SourceMonitor) -> Result<ControlFlow<()>> {
        let mut out = io::stdout().lock();
        let mut flow = ControlFlow::Continue(());
        for event in events {
            let file = monitor.file_name(event.origin.file);
            let Some((event, title)) = self.stream.take(event, file) else { continue };
            let mut line = Vec::new();
            report::event_line(&mut line, file, &event, title.as_deref(), self.reveal).context(STDOUT)?;
            if self.printed.take(&line) {
                continue;
            }
            // In one piece, so that whatever kills the program leaves whole lines.
            out.write_all(&line).and_then(|()| out.flush()).context(STDOUT)?;
            match self.alerter.take(file, &event, title.as_deref()) {
                Alert::None => {}
                Alert::Bell => stdio::ring(),
                Alert::Exit if self.state_file.is_none() => return Ok(ControlFlow::Break(())),
                // The state is saved for whole batches: what follows is printed now, or never.
                Alert::Exit => flow = ControlFlow::Break(()),
            }
        }
        Ok(flow)
    }
}
