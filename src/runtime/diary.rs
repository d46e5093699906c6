//! What is said beside the results: on stderr, and in the file that `--log-file` names.
//!
//! One loudness and one file for the whole process, set once at its start. All text goes out as [`Safe`], and secrets in
//! URLs are hidden where URLs are printed. The file has every diagnostic whatever stderr is told; it is appended to, and
//! nobody else may read one that is made here.

use super::print::place;
use crate::{
    app::{Message, WriteOutcome},
    catalog::Catalog,
    cli::CommonArgs,
    event::{Health, LogUpdate},
    picture::PictureUpdate,
    text::Safe,
};
use anyhow::{Context as _, Result};
use rustix::fs::OFlags;
use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::OnceLock,
};

static DIARY: OnceLock<Diagnostics> = OnceLock::new();

#[derive(Debug)]
struct Diagnostics {
    loudness: Verbosity,
    file: Option<File>,
}

/// How much stderr is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verbosity {
    Quiet,
    Plain,
    Verbose,
}

/// Opens the diary.
pub(super) fn open(common: &CommonArgs) -> Result<()> {
    let loudness = match (common.quiet, common.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Plain,
    };
    let file = common.log_file.as_deref().map(append).transpose()?;
    // Set once: a second run in one process keeps the first one's.
    let _set = DIARY.set(Diagnostics { loudness, file });
    note(&format!("thumbview {} began", env!("CARGO_PKG_VERSION")));
    Ok(())
}

fn append(path: &Path) -> Result<File> {
    // A pipe without a reader is refused instead of waited for.
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags)
        .open(path)
        .with_context(|| format!("cannot write the log file {}", Safe::new(&path.display().to_string())))
}

/// Writes into the file alone.
pub(super) fn note(text: &str) {
    let Some(file) = DIARY.get().and_then(|diary| diary.file.as_ref()) else { return };
    let now = jiff::Timestamp::now();
    // One write a line, so that two programs may share a file. A full disk is not worth ending a session for.
    drop((&mut &*file).write_all(format!("{now:.3} {}\n", Safe::new(text)).as_bytes()));
}

/// Writes what a session's message tells of its logs and pictures into the file.
pub(super) fn record(message: &Message, catalog: &Catalog) {
    if DIARY.get().is_none_or(|diary| diary.file.is_none()) {
        return;
    }
    match message {
        Message::Log(LogUpdate::Notice(notice)) => note(notice.text.as_str()),
        Message::Log(LogUpdate::Health { rank, health: Health::Waiting(why) | Health::Failed(why) }) => {
            note(&format!("source {}: {why}", rank + 1));
        }
        Message::Log(LogUpdate::Batch { rejected, .. }) => {
            for each in rejected {
                note(&format!("{}: {}", place(catalog, each.origin), each.reason));
            }
        }
        Message::Picture(PictureUpdate::Failed(key, trouble)) => {
            let event = catalog.event(key.event);
            let url = event.pictures.get(event.asset, key.kind, key.index).map(|snapshot| snapshot.url);
            note(&format!("{}: {}", url.map_or_else(String::new, |url| url.to_string()), trouble.what));
        }
        Message::Canvas(canvas) => note(&format!("pictures are drawn as {}", canvas.protocol.as_str())),
        Message::Wrote(_, WriteOutcome::Done(path)) => note(&format!("{path}: written")),
        Message::Wrote(job, WriteOutcome::Failed(why)) => note(&format!("{}: {why}", job.path)),
        Message::Log(_)
        | Message::Picture(_)
        | Message::Wrote(_, WriteOutcome::Taken)
        | Message::Key(_)
        | Message::Mouse(_)
        | Message::Paste(_)
        | Message::Resize(_)
        | Message::Raw(..)
        | Message::Toast(_)
        | Message::Sent(_)
        | Message::Tick(_) => {}
    }
}

/// Tells the operator why the program fails; where stderr is gone, nobody can be told.
pub(super) fn error(text: &str) {
    say(text, Verbosity::Quiet);
}

/// Tells the operator something, unless `--quiet`.
pub(super) fn tell(text: &str) {
    say(text, Verbosity::Plain);
}

/// Tells the operator a detail, where `--verbose`.
pub(super) fn tell_more(text: &str) {
    say(text, Verbosity::Verbose);
}

fn say(text: &str, least: Verbosity) {
    note(text);
    if DIARY.get().map_or(Verbosity::Plain, |diary| diary.loudness) >= least {
        drop(writeln!(io::stderr(), "thumbview: {}", Safe::new(text)));
    }
}
