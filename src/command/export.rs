//! `export`: prints the assets with their pictures, and writes the pictures into a folder.

mod failures;
mod pictures;

use super::{
    media,
    reading::LogReading,
    stdio::{self, STDOUT},
};
use crate::{
    app::Overwrite,
    catalog::{AssetKey, Catalog, ListFormat},
    cli::{ExportArgs, InputArgs, Output},
    event::Status,
    report::{self, ExportedFiles, FileOutcome},
    text::number::counted,
};
use anyhow::{Context as _, Result};
use std::{
    io::{self, BufWriter, Write as _},
    process::ExitCode,
};

pub(super) fn run(args: ExportArgs) -> Result<ExitCode> {
    let input = InputArgs::or_stdin(args.input, stdio::stdin())?;
    input.output.require("export", &[Output::Json, Output::Jsonl, Output::Csv])?;
    let format = input.output.format().unwrap_or(ListFormat::Json);
    let filter = input.filter()?;
    let config = media::config(&args.fetch)?;
    let reading = LogReading::complete(&input)?;
    let keys = reading.passing(&filter)?;
    let mut files = ExportedFiles::new();
    if let Some(folder) = &args.pictures {
        let overwrite = if args.overwrite { Overwrite::Yes } else { Overwrite::No };
        let assets = keys.iter().filter_map(|key| reading.catalog.asset(*key));
        let tasks = assets.flat_map(|asset| report::export_tasks(&asset)).collect();
        files = pictures::write(tasks, folder, overwrite, config, &without_pictures(&reading.catalog, &keys))?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    report::export(&mut out, &reading.catalog, &keys, &files, format, input.reveal())
        .and_then(|()| out.flush())
        .context(STDOUT)?;
    let is_complete = files.values().all(|file| file.outcome != FileOutcome::Failed && file.reason.is_none());
    let code = reading.outcome();
    Ok(if is_complete || code != ExitCode::SUCCESS { code } else { ExitCode::FAILURE })
}

/// Returns what is to be said of assets without pictures; nothing where there are none.
fn without_pictures(catalog: &Catalog, keys: &[AssetKey]) -> Vec<String> {
    let assets = keys.iter().filter_map(|key| catalog.asset(*key)).filter(|asset| asset.picture_event().is_none());
    let (failed, others): (Vec<_>, Vec<_>) = assets.partition(|asset| *asset.status() == Status::Failed);
    let clause = |count: usize, noun: &str, what: &str| {
        let verb = if count == 1 { "has" } else { "have" };
        (count > 0).then(|| format!("{}{what} {verb} none", counted(count as u64, noun)))
    };
    [clause(failed.len(), "asset", " FAILED and"), clause(others.len(), "other asset", "")]
        .into_iter()
        .flatten()
        .collect()
}
