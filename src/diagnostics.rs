//! Diagnostics: text for the operator on stderr, and in the file that `--log-file` names.
//!
//! One [`Verbosity`] and one file hold for the whole process; both are set once, by [`init`]. Results never pass through
//! here: they go to stdout. All text is made fit for a terminal by [`Safe`]. The file receives every diagnostic,
//! whatever the verbosity of stderr.

use crate::text::Safe;
use rustix::fs::OFlags;
use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

static DIAGNOSTICS: OnceLock<Diagnostics> = OnceLock::new();

/// Set while the last line of stderr is one of progress.
static PROGRESS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Erases the line that the cursor stands in (CR, EL).
const ERASE_LINE: &str = "\r\x1b[K";

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
    if verbosity() >= needed {
        let erase = if PROGRESS_SHOWN.swap(false, Ordering::Relaxed) { ERASE_LINE } else { "" };
        // A closed stderr leaves nobody to tell.
        drop(writeln!(io::stderr(), "{erase}thumbview: {}", Safe::new(text)));
    }
}

fn verbosity() -> Verbosity {
    DIAGNOSTICS.get().map_or(Verbosity::Normal, |diagnostics| diagnostics.verbosity)
}

/// Returns whether stderr shows progress: a terminal does, unless `--quiet`.
pub fn shows_progress() -> bool {
    io::stderr().is_terminal() && verbosity() >= Verbosity::Normal
}

/// Shows a line of progress in place of the one before. The next diagnostic or [`clear_progress`] erases it.
pub fn show_progress(text: &str) {
    PROGRESS_SHOWN.store(true, Ordering::Relaxed);
    let mut stderr = io::stderr();
    drop(write!(stderr, "{ERASE_LINE}{}", Safe::new(text)).and_then(|()| stderr.flush()));
}

/// Erases the line of progress.
pub fn clear_progress() {
    if PROGRESS_SHOWN.swap(false, Ordering::Relaxed) {
        drop(io::stderr().write_all(ERASE_LINE.as_bytes()));
    }
}
