//! Diagnostics: text for the operator on stderr, and in the file that `--log-file` names.
//!
//! One [`Verbosity`] and one file hold for the whole process; both are set once, by [`init`]. Results never pass through
//! here: they go to stdout. All text is made fit for a terminal by [`Safe`]. The file receives every diagnostic,
//! whatever the verbosity of stderr.

use crate::text::Safe;
use rustix::fs::OFlags;
use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::OnceLock,
};

static DIAGNOSTICS: OnceLock<Diagnostics> = OnceLock::new();

#[derive(Debug)]
struct Diagnostics {
    verbosity: Verbosity,
    log_file: Option<File>,
}

/// The least important diagnostics that stderr receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Errors and information.
    Normal,
    /// Errors, information and details.
    Verbose,
}

/// The log file could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the log file {path}")]
pub struct LogFileError {
    path: Safe,
    source: io::Error,
}

/// Sets the verbosity and opens the log file. A second call in one process changes nothing.
pub fn init(verbosity: Verbosity, log_file: Option<&Path>) -> Result<(), LogFileError> {
    let log_file = log_file.map(open_log_file).transpose()?;
    let _already_set = DIAGNOSTICS.set(Diagnostics { verbosity, log_file });
    log(&format!("thumbview {} started", env!("CARGO_PKG_VERSION")));
    Ok(())
}

/// Opens a file for appending; a new one is readable by its owner only.
fn open_log_file(path: &Path) -> Result<File, LogFileError> {
    // Opening a FIFO without a reader then fails instead of blocking.
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags)
        .open(path)
        .map_err(|source| LogFileError { path: Safe::new(&path.display().to_string()), source })
}

/// Returns whether there is a log file.
pub fn is_logging() -> bool {
    DIAGNOSTICS.get().is_some_and(|diagnostics| diagnostics.log_file.is_some())
}

/// Writes a line with its time to the log file only.
pub fn log(text: &str) {
    let Some(file) = DIAGNOSTICS.get().and_then(|diagnostics| diagnostics.log_file.as_ref()) else { return };
    let now = jiff::Timestamp::now();
    // One write per line lets several processes share the file. A full disk must not end a session.
    drop((&mut &*file).write_all(format!("{now:.3} {}\n", Safe::new(text)).as_bytes()));
}

/// Reports an error: the reason for a nonzero exit code, or a result that is incomplete.
pub fn error(text: &str) {
    report(text, Verbosity::Quiet);
}

/// Reports something that the operator should know, unless `--quiet`.
pub fn info(text: &str) {
    report(text, Verbosity::Normal);
}

/// Reports a detail, with `--verbose` only.
pub fn detail(text: &str) {
    report(text, Verbosity::Verbose);
}

fn report(text: &str, needed: Verbosity) {
    log(text);
    if DIAGNOSTICS.get().map_or(Verbosity::Normal, |diagnostics| diagnostics.verbosity) >= needed {
        // A closed stderr leaves nobody to tell.
        drop(writeln!(io::stderr(), "thumbview: {}", Safe::new(text)));
    }
}
