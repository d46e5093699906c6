//! The siblings of a log: the files beside it that it was rotated to, as far as their names tell.

use crate::source::file::{access::FileSystem, follow::observation::FileStat};
use std::{
    io,
    path::{Path, PathBuf},
};

/// The endings that log rotation gives to packed files.
const PACKED: [&[u8]; 5] = [b".gz", b".zst", b".bz2", b".xz", b".Z"];

/// A file beside a log whose name is the log's with a number or a date.
#[derive(Debug)]
pub(in crate::source) struct Sibling {
    pub(in crate::source) path: PathBuf,
    pub(in crate::source) stat: FileStat,
    pub(in crate::source) kind: SiblingKind,
}

/// The kind of a sibling by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum SiblingKind {
    Plain,
    /// Packed, as its ending says.
    Packed,
}

/// Returns the siblings of these logs; each file once.
pub(in crate::source) fn list(files: &dyn FileSystem, logs: &[&Path]) -> io::Result<Vec<Sibling>> {
    let mut found: Vec<Sibling> = Vec::new();
    for (at, log) in logs.iter().enumerate() {
        let is_known = logs.iter().take(at).any(|other| other == log);
        let Some(name) = log.file_name().filter(|_| !is_known) else { continue };
        for (path, stat) in files.beginning_with(folder_of(log), name)? {
            let other = path.file_name().unwrap_or_default();
            let Some(kind) = kind_of(name.as_encoded_bytes(), other.as_encoded_bytes()) else { continue };
            if found.iter().all(|other| other.stat.id != stat.id) {
                found.push(Sibling { path, stat, kind });
            }
        }
    }
    Ok(found)
}

/// Returns the kind of a name that is a log's with a number or a date: `vod.log.1`, `vod.log-20260314.gz`.
fn kind_of(log: &[u8], name: &[u8]) -> Option<SiblingKind> {
    let of_date = |byte: &u8| byte.is_ascii_digit() || b".-_:T".contains(byte);
    let packed = PACKED.iter().find_map(|ending| name.strip_suffix(*ending));
    let kind = if packed.is_some() { SiblingKind::Packed } else { SiblingKind::Plain };
    match packed.unwrap_or(name).strip_prefix(log)? {
        [b'.' | b'-' | b'_', rest @ ..] if rest.iter().any(u8::is_ascii_digit) && rest.iter().all(of_date) => {
            Some(kind)
        }
        _ => None,
    }
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
        let cases = [
            ("vod.log.1", Some(SiblingKind::Plain)),
            ("vod.log-20260314", Some(SiblingKind::Plain)),
            ("vod.log_2026-03-14T09:15", Some(SiblingKind::Plain)),
            ("vod.log.2.gz", Some(SiblingKind::Packed)),
            ("vod.log-20260314.xz", Some(SiblingKind::Packed)),
            ("vod.log", None),
            ("vod.log.", None),
            ("vod.log.gz", None),
            ("vod.log1", None),
            ("other.log.1", None),
            ("vod.log.old", None),
        ];
        for (name, expected) in cases {
            assert_eq!(kind_of(b"vod.log", name.as_bytes()), expected, "{name}");
        }
    }
}
