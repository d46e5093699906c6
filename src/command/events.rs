//! Events as JSON lines: the output of `tail -o jsonl` and `open -o jsonl`, flushed after each line.
//!
//! Memory stays flat, however long it runs: no catalog is kept, only what [`EventStream`] remembers. Printing ends as
//! soon as the reader of stdout is gone, also while nothing is written.

mod recent;
mod stream;

use super::{
    reading::SourceMonitor,
    runtime,
    stdio::{self, STDOUT},
};
use crate::{
    app::Filter,
    cli::InputArgs,
    event::{LogUpdate, ReadMode, Reveal},
    report,
    source::{self, Order, SourceConfig, Start},
};
use anyhow::{Context as _, Result};
use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};
use stream::EventStream;
use tokio::time::Instant;

/// Prints the events that pass the filter, until the sources end.
pub(super) fn print(input: &InputArgs, mode: ReadMode, start: Start) -> Result<ExitCode> {
    let filter = input.filter()?;
    let config = input.source(mode, start, Order::Log);
    runtime::block_on(async {
        let monitor = print_until(config, filter, input.reveal(), None).await?;
        Ok(monitor.outcome())
    })
}

/// Prints all events, until the sources end or the time limit is reached.
pub(super) async fn print_for(config: SourceConfig, limit: Duration) -> Result<ExitCode> {
    print_until(config, Filter::default(), Reveal::Hide, Some(Instant::now() + limit)).await?;
    Ok(ExitCode::SUCCESS)
}

async fn print_until(
    config: SourceConfig,
    filter: Filter,
    reveal: Reveal,
    deadline: Option<Instant>,
) -> Result<SourceMonitor> {
    let (source, mut updates) = source::spawn(config);
    let mut monitor = SourceMonitor::new(source);
    let mut stream = EventStream::new(filter);
    let mut closed = std::pin::pin!(stdio::stdout_closed());
    loop {
        let update = tokio::select! {
            biased;
            update = updates.recv() => update,
            () = &mut closed => return Err(io::Error::from(io::ErrorKind::BrokenPipe)).context(STDOUT),
            () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => None,
        };
        let Some(update) = update else { return Ok(monitor) };
        monitor.take(&update);
        match update {
            LogUpdate::Batch { events, .. } => {
                let mut out = io::stdout().lock();
                for event in events {
                    let Some((event, title)) = stream.take(event) else { continue };
                    let file = monitor.file_name(event.origin.file);
                    report::event_line(&mut out, file, &event, title.as_deref(), reveal)
                        .and_then(|()| out.flush())
                        .context(STDOUT)?;
                }
            }
            LogUpdate::Finished => return Ok(monitor),
            LogUpdate::Opened { .. }
            | LogUpdate::Health { .. }
            | LogUpdate::Incomplete { .. }
            | LogUpdate::Lines { .. }
            | LogUpdate::Notice(_)
            | LogUpdate::Loaded => {}
        }
    }
}
