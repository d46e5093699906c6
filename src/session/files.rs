//! Files that appear whole or not at all.
//!
//! A file is written under a temporary name in its folder and then renamed. A file that exists is left alone unless
//! [`Overwrite::Yes`] was asked for, and then only a regular file is replaced: never a folder, a link or a device.

use crate::app::Overwrite;
use std::{
    fs::{self, Permissions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};
use tempfile::Builder;

/// The reason for which a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A file of that name exists.
    #[error("already exists")]
    Exists,
    /// The name belongs to something other than a regular file.
    #[error("is not a regular file")]
    NotRegular,
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes a file whose bytes `content` produces. Blocks.
pub fn write(
    path: &Path,
    overwrite: Overwrite,
    content: impl FnOnce(&mut BufWriter<&mut fs::File>) -> io::Result<()>,
) -> Result<(), FileError> {
    check(path, overwrite)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The user's umask decides, as for any file of theirs.
    let file = Builder::new().prefix(".thumbview-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
    // The error itself names the temporary file, which nobody asked for.
    let mut file = file.map_err(|error| io::Error::other(format!("its folder: {}", error.kind())))?;
    let mut out = BufWriter::new(file.as_file_mut());
    content(&mut out)?;
    out.flush()?;
    drop(out);
    match overwrite {
        Overwrite::Yes => file.persist(path).map(drop).map_err(|error| error.error.into()),
        Overwrite::No => match file.persist_noclobber(path) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(FileError::Exists),
            Err(error) => Err(error.error.into()),
        },
    }
}

/// Checks that a file may be written.
pub fn check(path: &Path, overwrite: Overwrite) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
        Ok(metadata) if !metadata.is_file() => Err(FileError::NotRegular),
        Ok(_) if overwrite == Overwrite::No => Err(FileError::Exists),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_exists_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        let put = |path: &Path, text: &str, overwrite| {
            write(path, overwrite, |out| out.write_all(text.as_bytes())).map_err(|error| error.to_string())
        };
        let exists = || Err("already exists".to_owned());
        assert_eq!(put(&path, "one", Overwrite::No), Ok(()));
        assert_eq!(put(&path, "two", Overwrite::No), exists());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(put(&path, "two", Overwrite::Yes), Ok(()));
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for place in [folder.path(), link.as_path(), Path::new("/dev/null")] {
            assert_eq!(put(place, "x", Overwrite::Yes), Err("is not a regular file".to_owned()));
        }
        let failed = write(&folder.path().join("b"), Overwrite::No, |_| Err(io::ErrorKind::StorageFull.into()));
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    }
}
