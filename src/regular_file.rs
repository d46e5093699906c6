//! Regular files, opened so that nothing of another kind is waited for or read without end.
//!
//! A FIFO would block until somebody writes to it, and a device may never end.

use rustix::fs::OFlags;
use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::Path,
};

/// The treatment of a symbolic link that has the name of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolicLink {
    /// The file that it leads to is opened: the operator named it.
    Followed,
    /// It is an error: the file is one of this program's own.
    Refused,
}

/// Opens a regular file, or the null device, for reading.
///
/// # Errors
/// If it cannot be opened, or is of another kind.
pub fn open(path: &Path, link: SymbolicLink) -> io::Result<File> {
    let flags = match link {
        SymbolicLink::Followed => OFlags::NONBLOCK,
        SymbolicLink::Refused => OFlags::NONBLOCK | OFlags::NOFOLLOW,
    };
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
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

/// Reads such a file whole.
///
/// # Errors
/// If it cannot be opened or read, or has more than `max_bytes`.
pub fn read(path: &Path, link: SymbolicLink, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, link)?.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::other("it is too long"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{SymbolicLink::*, *};
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[test]
    fn only_regular_files_of_some_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let [file, fifo, link] = ["file", "fifo", "link"].map(|name| folder.path().join(name));
        std::fs::write(&file, "1234").unwrap();
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR, 0).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let text = |path: &Path, link, max_bytes| read(path, link, max_bytes).map_err(|error| error.to_string());
        let refused = |why: &str| Err(why.to_owned());
        assert_eq!(text(&file, Refused, 4), Ok(b"1234".to_vec()));
        assert_eq!(text(&file, Refused, 3), refused("it is too long"));
        assert_eq!(text(&link, Followed, 4), Ok(b"1234".to_vec()));
        assert!(text(&link, Refused, 4).is_err());
        assert_eq!(text(Path::new("/dev/null"), Followed, 3), Ok(Vec::new()));
        assert_eq!(text(Path::new("/dev/zero"), Followed, 9), refused("it is not a regular file"));
        assert_eq!(text(&fifo, Followed, 9), refused("it is a FIFO"));
    }
}
