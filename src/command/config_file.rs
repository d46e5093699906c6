//! The config file on disk.

use crate::{
    cli::{UsageError, config_folder},
    text::Safe,
};
use rustix::fs::OFlags;
use std::{
    fs::File,
    io::{self, ErrorKind, Read as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::Path,
};

/// The largest config file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Returns the name and the text of the config file: `named`, which must be readable, or the user's own, where there is
/// one. The user's own is also skipped when it may not be read: under sudo it may be another user's.
pub(super) fn read(named: Option<&Path>) -> Result<Option<(Safe, String)>, UsageError> {
    let default = || config_folder().map(|folder| folder.join("config.toml"));
    let Some(path) = named.map(Path::to_owned).or_else(default) else { return Ok(None) };
    let name = Safe::new(&path.display().to_string());
    let mut text = String::new();
    match open(&path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text)) {
        Err(error) if named.is_none() && is_absent(&error) => Ok(None),
        Err(error) => Err(UsageError::new(format!("cannot read the config file {name}: {error}"))),
        Ok(_) if text.len() as u64 > MAX_BYTES => Err(UsageError::new(format!("the config file {name} is too long"))),
        Ok(_) => Ok(Some((name, text))),
    }
}

/// Opens a regular file, or the null device. A FIFO would block until somebody writes to it.
fn open(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() || path == Path::new("/dev/null") {
        Ok(file)
    } else if kind.is_fifo() {
        Err(io::Error::other("it is a FIFO"))
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

/// Returns whether the user's own config file is not there, or not theirs.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory)
}
