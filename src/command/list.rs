//! `list`: reads logs to their end and prints the assets, or the summary.

use super::{
    reading::LogReading,
    stdio::{self, STDOUT},
};
use crate::{
    catalog::ListFormat,
    cli::{InputArgs, ListArgs, Output, StreamKind},
    diagnostics::info,
    report::{self, TableLayout},
    text::number::counted,
};
use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use std::{
    io::{self, BufWriter, Write as _},
    process::ExitCode,
};

/// The part of the result that is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The assets; as JSON also the summary.
    Assets,
    /// The summary only.
    Summary,
}

pub(super) fn run(args: ListArgs) -> Result<ExitCode> {
    args.input.output.require("list", &[Output::Table, Output::Json, Output::Jsonl, Output::Csv])?;
    let part = if args.summary { Part::Summary } else { Part::Assets };
    print(&InputArgs::or_stdin(args.input, stdio::stdin())?, part)
}

/// Prints the assets that pass the filter, the newest first, or their summary.
pub(super) fn print(input: &InputArgs, part: Part) -> Result<ExitCode> {
    let filter = input.filter()?;
    let format = input.output.format().unwrap_or(ListFormat::Table);
    let reading = LogReading::complete(input)?;
    let keys = match part {
        Part::Summary => reading.passing_unordered(&filter)?,
        Part::Assets => reading.passing(&filter)?,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    match part {
        Part::Summary => report::summary(&mut out, &reading.catalog, &keys, format),
        Part::Assets if format == ListFormat::Table && stdio::stdout() == StreamKind::Terminal => {
            report::fitted_table(&mut out, &reading.catalog, &keys, &table_layout(input.zone()))
        }
        Part::Assets => report::list(&mut out, &reading.catalog, &keys, format),
    }
    .and_then(|()| out.flush())
    .context(STDOUT)?;
    let all = reading.catalog.tally().assets;
    if keys.is_empty() && all > 0 {
        info(&format!("none of {} passes the filter", counted(all, "asset")));
    }
    Ok(reading.outcome())
}

/// The width of a terminal that does not tell its own, in cells.
const DEFAULT_WIDTH: u16 = 80;

fn table_layout(zone: TimeZone) -> TableLayout {
    let width = crossterm::terminal::size().map_or(DEFAULT_WIDTH, |(columns, _)| columns);
    let today = jiff::Timestamp::now().to_zoned(zone.clone()).date();
    TableLayout { width: usize::from(width.max(1)), zone, today }
}
