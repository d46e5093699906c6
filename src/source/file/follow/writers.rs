//! The processes that have a file open for writing, as far as the system shows them.

use crate::source::file::follow::observation::Inode;
use std::{fs, io, path::Path};

/// The processes that have a file open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// At least one has.
    Some,
    /// None has, and all could be looked at.
    None,
    /// None was found, but some processes could not be looked at, or the system shows none.
    Unknown,
}

/// Searches `/proc` for processes that have a file open for writing.
pub(in crate::source::file) fn writers_of(id: Inode) -> Writers {
    let Ok(processes) = fs::read_dir("/proc") else { return Writers::Unknown };
    let is_process = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let (mut result, mut any) = (Writers::None, false);
    for process in processes.filter_map(Result::ok) {
        if !process.file_name().to_str().is_some_and(is_process) {
            continue;
        }
        any = true;
        match has_open_for_writing(&process.path(), id) {
            Ok(true) => return Writers::Some,
            Ok(false) => {}
            // A process that has ended writes no more.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_unreadable) => result = Writers::Unknown,
        }
    }
    if any { result } else { Writers::Unknown }
}

fn has_open_for_writing(process: &Path, id: Inode) -> io::Result<bool> {
    for entry in fs::read_dir(process.join("fd"))? {
        let entry = entry?;
        // Some descriptors lead nowhere that could be looked at; those are no files.
        if fs::metadata(entry.path()).is_ok_and(|metadata| Inode::of(&metadata) == id) {
            let info = fs::read_to_string(process.join("fdinfo").join(entry.file_name()))?;
            if is_for_writing(&info) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns whether the octal flags of a descriptor allow writing, by the `flags:` line of `/proc/PID/fdinfo/FD`.
fn is_for_writing(info: &str) -> bool {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.is_some_and(|flags| matches!(flags.trim().bytes().last(), Some(last) if (last & 0o3) != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn the_access_mode_is_in_the_last_octal_digit() {
        let info = |flags: &str| format!("pos:\t0\nflags:\t{flags}\nmnt_id:\t29\n");
        let cases = [("0100000", false), ("0102001", true), ("0100002", true), ("02100001", true), ("0100004", false)];
        for (flags, expected) in cases {
            assert_eq!(is_for_writing(&info(flags)), expected, "{flags}");
        }
        assert!(!is_for_writing("pos:\t0\n"));
    }

    #[test]
    fn a_writer_is_found() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let id = Inode::of(&file.as_file().metadata().unwrap());
        let reader = File::open(file.path()).unwrap();
        if !Path::new("/proc/self/fdinfo").exists() {
            assert_eq!(writers_of(id), Writers::Unknown);
            return;
        }
        assert_eq!(writers_of(id), Writers::Some);
        drop(file);
        assert_ne!(writers_of(id), Writers::Some, "a reader is no writer");
        drop(reader);
    }
}
