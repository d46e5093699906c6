//! `check`: fetches and judges every picture of the assets that pass the filter, and prints what is wrong.
//!
//! Pictures come through the scheduler, the policy, the cache and the decoders of the full screen. The exit code says
//! whether a picture is bad.

mod interrupt;
mod judging;

use super::{
    media,
    reading::LogReading,
    runtime,
    stdio::{self, STDOUT},
};
use crate::{
    app::Overwrite,
    cli::{CheckArgs, InputArgs, Output, StreamKind},
    diagnostics::{error, info},
    judge::CheckTally,
    media::MediaConfig,
    picture::PixelFormat,
    report::{self, CheckFormat, CheckReport, CheckedAsset},
    session::files,
    text::{Safe, number::counted},
};
use anyhow::{Context as _, Result};
use judging::{CheckEnd, Judging};
use std::{
    cmp::Reverse,
    future::pending,
    io::{self, BufWriter, Write as _},
    process::ExitCode,
};

/// The exit code when a picture is bad.
const BAD_PICTURES: u8 = 4;

/// The width of a terminal that does not tell its own, in cells.
const DEFAULT_WIDTH: u16 = 80;

pub(super) fn run(mut args: CheckArgs) -> Result<ExitCode> {
    args.input = InputArgs::or_stdin(args.input, stdio::stdin())?;
    let outputs = [Output::Table, Output::Json, Output::Jsonl, Output::Csv, Output::Junit];
    args.input.output.require("check", &outputs)?;
    let format = match args.input.output {
        Output::Auto | Output::Tui | Output::Table => CheckFormat::Table(table_width()),
        Output::Json => CheckFormat::Json,
        Output::Jsonl => CheckFormat::Jsonl,
        Output::Csv => CheckFormat::Csv,
        Output::Junit => CheckFormat::Junit,
    };
    let (grading, filter) = (args.grading()?, args.input.filter()?);
    let config = MediaConfig { check: args.limits(), format: PixelFormat::Luma, ..media::config(&args.fetch)? };
    let reading = LogReading::complete(&args.input)?;
    let keys = reading.passing(&filter)?;
    let mut judging = Judging::new(&reading.catalog, &keys, args.sample, grading);
    // A report in a file is wanted whoever reads stdout.
    let has_file = args.junit.is_some();
    let stdout_closed = async { if has_file { pending().await } else { stdio::stdout_closed().await } };
    let ended = runtime::block_on(async { Ok(judging.run(config, stdout_closed).await) })?;
    if ended == CheckEnd::StdoutClosed {
        return Ok(ExitCode::SUCCESS);
    }
    judging
        .unchecked_reasons()
        .for_each(|(reason, count)| info(&format!("{} unchecked: {reason}", counted(count, "picture"))));
    if judging.cached() > 0 {
        let pictures = counted(judging.cached(), "picture");
        info(&format!("{pictures} from the cache, as fetched earlier; --no-cache asks the servers for all"));
    }
    let (assets, tally) = judging.finish();
    let assets = worst_first(assets);
    let report = CheckReport { catalog: &reading.catalog, assets: &assets, tally: &tally, reveal: args.input.reveal() };
    // A closed stdout does not keep the file from being written.
    if let Some(path) = &args.junit {
        files::write(path, Overwrite::Yes, |out| report::check(out, report, CheckFormat::Junit))
            .with_context(|| format!("cannot write {}", Safe::new(&path.display().to_string())))?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    report::check(&mut out, report, format).and_then(|()| out.flush()).context(STDOUT)?;
    if !matches!(format, CheckFormat::Table(_)) {
        info(&report.totals());
    }
    Ok(exit_code(ended, &tally, || reading.outcome()))
}

/// Returns the exit code, and says why where nothing could be judged.
fn exit_code(ended: CheckEnd, tally: &CheckTally, of_reading: impl FnOnce() -> ExitCode) -> ExitCode {
    match ended {
        CheckEnd::Interrupted(code) => return ExitCode::from(code),
        CheckEnd::Done | CheckEnd::StdoutClosed => {}
    }
    if tally.bad > 0 {
        return ExitCode::from(BAD_PICTURES);
    }
    if tally.pictures > 0 && tally.unchecked == tally.pictures {
        error(&format!("none of the {} could be judged", counted(tally.pictures, "picture")));
        return ExitCode::FAILURE;
    }
    of_reading()
}

/// Sorts assets by bad pictures, then by warnings; equal ones stay in their order.
fn worst_first(mut assets: Vec<CheckedAsset>) -> Vec<CheckedAsset> {
    assets.sort_by_key(|checked| Reverse((checked.tally.bad, checked.tally.warnings)));
    assets
}

fn table_width() -> Option<usize> {
    let width = || crossterm::terminal::size().map_or(DEFAULT_WIDTH, |(columns, _)| columns.max(1));
    (stdio::stdout() == StreamKind::Terminal).then(|| usize::from(width()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_follow_from_the_totals() {
        let code = |ended, tally: CheckTally| format!("{:?}", exit_code(ended, &tally, || ExitCode::from(77)));
        let expected = |code: u8| format!("{:?}", ExitCode::from(code));
        let tally = |sound, bad, warnings, unchecked| {
            let pictures = sound + bad + warnings + unchecked;
            CheckTally { pictures, sound, bad, warnings, unchecked, ..CheckTally::default() }
        };
        assert_eq!(code(CheckEnd::Done, tally(1, 0, 1, 1)), expected(77), "that of the log");
        assert_eq!(code(CheckEnd::Done, tally(1, 1, 0, 0)), expected(4));
        assert_eq!(code(CheckEnd::Done, tally(0, 0, 0, 2)), expected(1));
        assert_eq!(code(CheckEnd::Done, tally(0, 0, 0, 0)), expected(77), "no pictures, no complaint");
        assert_eq!(code(CheckEnd::Interrupted(130), tally(0, 1, 0, 2)), expected(130));
    }
}
