//! From what was typed to the files meant.
//!
//! An argument is a file, a directory (its files, not those below), a quoted glob, or `-`. Directories and globs may
//! be looked at again: [`Places::look`] gives what is new. A file that is not there is a place all the same.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

/// The arguments, and which files were found for them.
#[derive(Debug)]
pub(super) struct Places {
    arguments: Vec<String>,
    known: HashSet<PathBuf>,
}

/// What an argument stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileArgument {
    /// Standard input.
    Stdin,
    /// A file, there or not.
    File(PathBuf),
    /// A glob or a directory in which nothing was found yet, and why.
    Empty(String),
}

impl Places {
    pub(super) fn new(arguments: Vec<String>) -> Self {
        Self { arguments, known: HashSet::new() }
    }

    /// What each argument stands for that was not found before, with the argument's place.
    pub(super) fn look(&mut self) -> Vec<(usize, FileArgument)> {
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

    /// An argument as it was typed.
    pub(super) fn argument(&self, at: usize) -> &str {
        self.arguments.get(at).map_or("", String::as_str)
    }
}

/// The files of an argument in the order of their names, and what to say where there is none.
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

/// Whether an argument is a pattern: a file may bear such a name as well, and then it is meant.
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
        let mut places = Places::new(vec![text("missing"), text("*.log"), "-".into(), text("sub"), text("a.log")]);
        let empty = (3, FileArgument::Empty("no file in this directory".into()));
        let first =
            [(0, file("missing")), (1, file("a.log")), (1, file("b.log")), (2, FileArgument::Stdin), empty.clone()];
        assert_eq!(places.look(), first);
        fs::write(path("c.log"), "").unwrap();
        assert_eq!(places.look(), [(1, file("c.log")), (2, FileArgument::Stdin), empty]);
    }

    #[test]
    fn a_name_with_brackets_is_a_name_where_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a[1].log");
        fs::write(&path, "").unwrap();
        let mut places = Places::new(vec![path.to_str().unwrap().to_owned()]);
        assert_eq!(places.look(), [(0, FileArgument::File(path))]);
    }
}
