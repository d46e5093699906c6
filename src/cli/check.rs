//! The options of `check`.

use super::{
    UsageError,
    fetch::{FetchArgs, parse_count, parse_interval},
    input::InputArgs,
};
use crate::{
    judge::{Grade, Grading, Verdict},
    media::CheckLimits,
};
use clap::Args;
use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

/// The end of the help of `check`.
pub(super) const CHECK: &str = r#"Bad: missing (404), forbidden (403), expired (403, and the signature of the URL is too old), unreachable (no usable answer), refused (by --allow-host and the like, or by a limit), not-jpeg, truncated, damaged, foreign (the URL names another asset). Warnings: black (98 % of the pixels under 10 % luma; the first and the last picture only if all are), blank (one colour), frozen (three neighbours or more look alike, or all), odd-size (another size than most), gap (over 1.5 times the usual interval), short (ends over two intervals before the video). A picture is throttled, which is neither, where its host limits requests: the host is left alone then, and its other pictures are unchecked.

JSON is {"assets":[{"asset_id","title","status","pictures","bad","warnings","verdicts":{"missing":1},"findings":[{"kind","offset","url","verdict","reason"}]}],"summary":{"assets","pictures","sound","bad","warnings","unchecked","verdicts"}}: the assets with findings, worst first. Each picture counts once, by its worst verdict: sound + bad + warnings + unchecked = pictures. CSV has a row for each finding.

The exit code is 4 where a picture is bad, 1 where none could be judged, 130 after Ctrl-C, which prints what is known.

  thumbview check --since 1d -q -o csv /var/log/vod.log > bad.csv"#;

/// `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The logs, the filter and the output; `auto` is a table here.
    #[command(flatten)]
    pub input: InputArgs,
    /// Check at most N pictures of each asset, evenly spread; without it, all.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub sample: Option<NonZeroUsize>,
    /// Count these warnings as bad, for example black,frozen.
    #[arg(long, value_name = "VERDICTS", value_delimiter = ',')]
    pub fail_on: Vec<Verdict>,
    /// Count these bad pictures as warnings, for example foreign.
    #[arg(long, value_name = "VERDICTS", value_delimiter = ',')]
    pub warn_on: Vec<Verdict>,
    /// Write a JUnit report to FILE as well.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// The most requests at a time to one host.
    #[arg(long, value_name = "N", default_value = "4", value_parser = parse_count)]
    pub per_host: NonZeroUsize,
    /// The least time between two requests to one host.
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = parse_interval)]
    pub interval: Duration,
    /// The limits of fetching.
    #[command(flatten)]
    pub fetch: FetchArgs,
}

impl CheckArgs {
    /// Returns the grade of each verdict.
    pub fn grading(&self) -> Result<Grading, UsageError> {
        if let Some(both) = self.fail_on.iter().find(|verdict| self.warn_on.contains(verdict)) {
            return Err(UsageError::new(format!("{both} is in both --fail-on and --warn-on")));
        }
        let mut grading = Grading::default();
        self.fail_on.iter().for_each(|verdict| grading.set(*verdict, Grade::Bad));
        self.warn_on.iter().for_each(|verdict| grading.set(*verdict, Grade::Warning));
        Ok(grading)
    }

    /// Returns the limits of requests to one host.
    pub fn limits(&self) -> CheckLimits {
        CheckLimits { per_host: self.per_host.get(), interval: self.interval }
    }
}
