//! The config file on disk.

use crate::{
    cli::{UsageError, config_folder},
    text::Safe,
};
use std::{
    fs::File,
    io::{ErrorKind, Read as _},
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
    let read = File::open(&path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text));
    match read {
        Err(error) if named.is_none() && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            Ok(None)
        }
        Err(error) => Err(UsageError::new(format!("cannot read the config file {name}: {error}"))),
        Ok(_) if text.len() as u64 > MAX_BYTES => Err(UsageError::new(format!("{name}: too long for a config file"))),
        Ok(_) => Ok(Some((name, text))),
    }
}
