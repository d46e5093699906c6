//! The files that a quoted glob matches, by the bytes of their names.
//!
//! Each component of the pattern is matched against the names in a folder, so a name that is no UTF-8 is a name like any
//! other. As in a shell, a wildcard at the beginning of a component matches no hidden files. `**` stands for any number
//! of folders; symbolic links to folders are not followed there.

use globset::{GlobBuilder, GlobMatcher};
use std::{
    ffi::OsStr,
    fs,
    path::{Component, Path, PathBuf},
};

/// Returns whether a text has wildcards.
pub(super) fn is_pattern(text: &OsStr) -> bool {
    text.as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

/// Returns the files that a pattern matches, in the order of their names. A pattern that cannot be compiled matches
/// none.
pub(super) fn files(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    let mut components = pattern.components().peekable();
    while let Some(component) = components.next() {
        found = match component {
            Component::Normal(name) if name == "**" => {
                let mut folders = found.into_iter().flat_map(descendants).collect::<Vec<PathBuf>>();
                if components.peek().is_none() {
                    folders = folders.iter().flat_map(|folder| entries(folder)).collect();
                }
                folders
            }
            Component::Normal(name) if is_pattern(name) => {
                let Some(matcher) = matcher(name) else { return Vec::new() };
                found.iter().flat_map(|folder| matching(folder, name, &matcher)).collect()
            }
            Component::Prefix(_)
            | Component::RootDir
            | Component::CurDir
            | Component::ParentDir
            | Component::Normal(_) => found.into_iter().map(|folder| folder.join(component)).collect(),
        };
    }
    found.retain(|path| path.is_file());
    found
}

fn matcher(component: &OsStr) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(component.to_str()?).literal_separator(true).backslash_escape(true).build();
    glob.ok().map(|glob| glob.compile_matcher())
}

fn matching(folder: &Path, component: &OsStr, matcher: &GlobMatcher) -> Vec<PathBuf> {
    let with_hidden = component.as_encoded_bytes().starts_with(b".");
    let mut found = entries(folder);
    found.retain(|path| {
        path.file_name().is_some_and(|name| (with_hidden || !is_hidden(name)) && matcher.is_match(Path::new(name)))
    });
    found
}

/// Returns what is in a folder, in the order of the names; nothing where it cannot be read.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let names = fs::read_dir(listed).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.file_name()));
    let mut paths: Vec<PathBuf> = names.map(|name| folder.join(name)).collect();
    paths.sort_unstable();
    paths
}

pub(super) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Returns a folder and the folders below it, without hidden ones.
fn descendants(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = vec![folder];
    let mut at = 0;
    while let Some(folder) = found.get(at) {
        let is_folder = |path: &PathBuf| path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        let below: Vec<PathBuf> = entries(folder)
            .into_iter()
            .filter(|path| !path.file_name().is_some_and(is_hidden) && is_folder(path))
            .collect();
        found.extend(below);
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt as _;

    #[test]
    fn matches_the_bytes_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &[u8]| folder.path().join(OsStr::from_bytes(name));
        fs::create_dir_all(path(b"sub/deep")).unwrap();
        fs::create_dir_all(path(b".hidden")).unwrap();
        let names: [&[u8]; 8] =
            [b"a.log", b"b.log", b"\xff.log", b".c.log", b"sub/d.log", b"sub/deep/e.log", b".hidden/f.log", b"a.txt"];
        for name in names {
            fs::write(path(name), "").unwrap();
        }
        let cases: [(&str, &[&[u8]]); 9] = [
            ("*.log", &[b"a.log", b"b.log", b"\xff.log"]),
            ("?.log", &[b"a.log", b"b.log", b"\xff.log"]),
            (".*.log", &[b".c.log"]),
            ("[!a].log", &[b"b.log", b"\xff.log"]),
            ("*/*.log", &[b"sub/d.log"]),
            ("sub/**", &[b"sub/d.log", b"sub/deep/e.log"]),
            ("**/e*", &[b"sub/deep/e.log"]),
            ("sub/*/../d.log", &[b"sub/deep/../d.log"]),
            ("[", &[]),
        ];
        for (pattern, expected) in cases {
            let expected: Vec<PathBuf> = expected.iter().map(|name| path(name)).collect();
            assert_eq!(files(&folder.path().join(pattern)), expected, "{pattern}");
        }
    }
}
