//! Files that are whole or absent.
//!
//! What is written here was fetched or asked for by the operator and stays; it is written beside its place under
//! another name and then given its own. A name that is taken is left alone unless that was asked for, and then only a
//! plain file gives way: never a folder, a link or a device.

use std::{
    fs::{self, Permissions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};
use tempfile::Builder;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// Something has that name.
    #[error("is there already")]
    Taken,
    /// What has that name is no plain file.
    #[error("is no plain file")]
    NotPlain,
    /// The system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Whether a file that is there may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// It stays.
    Keep,
    /// It gives way, where it is a plain file.
    Replace,
}

/// Writes what `content` gives to `path`. Blocks.
pub(super) fn write(
    path: &Path,
    existing: Existing,
    content: impl FnOnce(&mut BufWriter<&mut fs::File>) -> io::Result<()>,
) -> Result<(), FileError> {
    check(path, existing)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Readable as the user's umask has it, like any file of theirs.
    let file = Builder::new().prefix(".thumbview-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
    // The name that failed is one that nobody has asked for.
    let mut file = file.map_err(|error| io::Error::other(format!("its folder: {}", error.kind())))?;
    let mut out = BufWriter::new(file.as_file_mut());
    content(&mut out)?;
    out.flush()?;
    drop(out);
    match existing {
        Existing::Replace => file.persist(path).map(drop).map_err(|error| error.error.into()),
        Existing::Keep => match file.persist_noclobber(path) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(FileError::Taken),
            Err(error) => Err(error.error.into()),
        },
    }
}

/// Whether `path` may be written to.
pub(super) fn check(path: &Path, existing: Existing) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
        Ok(metadata) if !metadata.is_file() => Err(FileError::NotPlain),
        Ok(_) if existing == Existing::Keep => Err(FileError::Taken),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        let put = |path: &Path, text: &str, existing| {
            write(path, existing, |out| out.write_all(text.as_bytes())).map_err(|error| error.to_string())
        };
        let taken = || Err("is there already".to_owned());
        assert_eq!(put(&path, "one", Existing::Keep), Ok(()));
        assert_eq!(put(&path, "two", Existing::Keep), taken());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(put(&path, "two", Existing::Replace), Ok(()));
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for place in [folder.path(), link.as_path(), Path::new("/dev/null")] {
            assert_eq!(put(place, "x", Existing::Replace), Err("is no plain file".to_owned()));
        }
        let failed = write(&folder.path().join("b"), Existing::Keep, |_| Err(io::ErrorKind::StorageFull.into()));
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing half written is left");
    }
}
