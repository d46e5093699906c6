//! Files that options name, read whole: regular ones alone, and under a limit.
//!
//! A FIFO would block until somebody writes to it, and a device may never end.

use rustix::fs::OFlags;
use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::Path,
};

/// Reads a regular file, or the null device.
///
/// # Errors
/// If it cannot be read, is of another kind, or has more than `max_bytes`.
pub fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::other("it is too long"));
    }
    Ok(bytes)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_some_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "1234").unwrap();
        assert_eq!(read(&file, 4).unwrap(), b"1234");
        assert_eq!(read(&file, 3).unwrap_err().to_string(), "it is too long");
        assert_eq!(read(Path::new("/dev/null"), 3).unwrap(), b"");
        let refused = |path: &Path| read(path, 9).unwrap_err().to_string();
        assert_eq!(refused(Path::new("/dev/zero")), "it is not a regular file");
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert_eq!(refused(&fifo), "it is a FIFO");
    }
}
