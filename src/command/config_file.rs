//! The config file on disk.

use crate::{
    cli::{UsageError, config_folder},
    regular_file::{self, SymbolicLink},
    text::Safe,
};
use std::{
    io::{self, ErrorKind},
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
    let not_text = |_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8");
    let text = regular_file::read(&path, SymbolicLink::Followed, MAX_BYTES)
        .and_then(|bytes| String::from_utf8(bytes).map_err(not_text));
    match text {
        Err(error) if named.is_none() && is_absent(&error) => Ok(None),
        Err(error) => Err(UsageError::new(format!("cannot read the config file {name}: {error}"))),
        Ok(text) => Ok(Some((name, text))),
    }
}

/// Returns whether the user's own config file is not there, or not theirs.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory)
}
