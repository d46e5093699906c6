//! The siblings of a log: the files beside it that it was rotated to, as far as their names tell.

use crate::source::file::follow::observation::Inode;
use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
};

/// Returns the files beside these logs whose names are theirs with a number or a date; each file once.
pub(in crate::source) fn list(logs: &[&Path]) -> Vec<(PathBuf, Metadata)> {
    let mut found: Vec<(PathBuf, Metadata)> = Vec::new();
    for log in logs {
        let Some(name) = log.file_name() else { continue };
        let entries = fs::read_dir(folder_of(log)).into_iter().flatten().filter_map(Result::ok);
        for entry in entries.filter(|entry| is_rotated(name.as_encoded_bytes(), entry.file_name().as_encoded_bytes())) {
            let Some(metadata) = entry.metadata().ok().filter(Metadata::is_file) else { continue };
            if found.iter().all(|(_, other)| Inode::of(other) != Inode::of(&metadata)) {
                found.push((entry.path(), metadata));
            }
        }
    }
    found
}

/// Returns whether a name is a log's with a number or a date: `vod.log.1`, `vod.log-20260314`.
fn is_rotated(log: &[u8], name: &[u8]) -> bool {
    let of_date = |byte: &u8| byte.is_ascii_digit() || b".-_:T".contains(byte);
    match name.strip_prefix(log) {
        Some([b'.' | b'-' | b'_', rest @ ..]) => rest.iter().any(u8::is_ascii_digit) && rest.iter().all(of_date),
        Some(_) | None => false,
    }
}

/// Returns the path without symbolic links, or as it is where it leads nowhere.
pub(in crate::source) fn resolve(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Returns the folder that a path is in.
pub(in crate::source) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sibling_has_a_number_or_a_date_behind_the_name() {
        let cases: [(&str, bool); 9] = [
            ("vod.log.1", true),
            ("vod.log-20260314", true),
            ("vod.log_2026-03-14T09:15", true),
            ("vod.log", false),
            ("vod.log.", false),
            ("vod.log.gz", false),
            ("vod.log1", false),
            ("other.log.1", false),
            ("vod.log.old", false),
        ];
        for (name, expected) in cases {
            assert_eq!(is_rotated(b"vod.log", name.as_bytes()), expected, "{name}");
        }
    }
}
