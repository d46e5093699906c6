//! The file arguments as typed, and the files that they mean.
//!
//! An argument is a file, a directory (its files, not those below), a quoted glob, or `-`. Directories and globs may
//! be searched again: [`Arguments::search`] returns what is new. A file that does not exist is an argument all the same.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

/// The file arguments, and the files found for them.
#[derive(Debug)]
pub(super) struct Arguments {
    arguments: Vec<String>,
    known: HashSet<PathBuf>,
}

/// The meaning of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileArgument {
    /// Standard input.
    Stdin,
    /// A file, whether it exists or not.
    File(PathBuf),
    /// A glob or a directory without files so far, with the sentence that says so.
    Empty(String),
}

impl Arguments {
    pub(super) fn new(arguments: Vec<String>) -> Self {
        Self { arguments, known: HashSet::new() }
    }

    /// Returns the meaning of each argument, with its place among them; files that were returned before are left out.
    pub(super) fn search(&mut self) -> Vec<(usize, FileArgument)> {
        let mut found = Vec::new();
        for (at, argument) in self.arguments.iter().enumerate() {
            if argument == "-" {
                found.push((at, FileArgument::Stdin));
                continue;
            }
            let (files, why) = files(argument);
            let none = files.is_empty();
            found.extend(
                files.into_iter().filter(|file| self.known.insert(file.clone())).map(|f| (at, FileArgument::File(f))),
            );
            if none {
                found.push((at, FileArgument::Empty(why.to_owned())));
            }
        }
        found
    }

    /// Returns an argument as it was typed.
    pub(super) fn typed(&self, at: usize) -> &str {
        self.arguments.get(at).map_or("", String::as_str)
    }
}

/// Returns the files of an argument in the order of their names, and the sentence for when there is none.
fn files(argument: &str) -> (Vec<PathBuf>, &'static str) {
    let path = Path::new(argument);
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
        let hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file() && !hidden(path)).collect();
        files.sort_unstable();
        (files, "no file in this directory")
    } else if is_glob(argument) {
        // As in a shell, `*` finds no hidden files.
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
        let paths = glob::glob_with(argument, options).into_iter().flatten().filter_map(Result::ok);
        (paths.filter(|path| path.is_file()).collect(), "no file matches")
    } else {
        (vec![path.to_owned()], "")
    }
}

/// Returns whether an argument is a pattern. An existing file of that name comes first.
fn is_glob(argument: &str) -> bool {
    argument.contains(['*', '?', '[']) && !Path::new(argument).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let file = |name: &str| FileArgument::File(path(name));
        let text = |name: &str| path(name).to_str().unwrap().to_owned();
        fs::write(path("b.log"), "").unwrap();
        fs::write(path("a.log"), "").unwrap();
        fs::write(path(".hidden.log"), "").unwrap();
        fs::create_dir(path("sub")).unwrap();
        let mut arguments =
            Arguments::new(vec![text("missing"), text("*.log"), "-".into(), text("sub"), text("a.log")]);
        let empty = (3, FileArgument::Empty("no file in this directory".into()));
        let first =
            [(0, file("missing")), (1, file("a.log")), (1, file("b.log")), (2, FileArgument::Stdin), empty.clone()];
        assert_eq!(arguments.search(), first);
        fs::write(path("c.log"), "").unwrap();
        assert_eq!(arguments.search(), [(1, file("c.log")), (2, FileArgument::Stdin), empty]);
    }

    #[test]
    fn a_name_with_brackets_is_a_name_where_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a[1].log");
        fs::write(&path, "").unwrap();
        let mut arguments = Arguments::new(vec![path.to_str().unwrap().to_owned()]);
        assert_eq!(arguments.search(), [(0, FileArgument::File(path))]);
    }
}
