//! The file arguments as typed, and the files that they mean.
//!
//! An argument is a file, a directory (its files, not those below), a quoted glob, a name on another machine, a topic of
//! Kafka, or `-`. Directories and globs of this machine may be searched again: [`Arguments::search`] returns what is new. A file that does not exist is an argument all the same.

use crate::source::{
    glob,
    kafka::{AddressError, TopicAddress},
    remote::{self, ParsedName, RemoteName},
};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// The file arguments, and the files found for them.
#[derive(Debug)]
pub(super) struct Arguments {
    arguments: Vec<PathBuf>,
    known: HashSet<PathBuf>,
}

/// The meaning of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileArgument {
    /// Standard input.
    Stdin,
    /// A topic of Kafka.
    Topic(Result<TopicAddress, AddressError>),
    /// A file, a directory or a glob on another machine.
    Remote(RemoteName),
    /// Nothing that could be read, for this reason.
    Refused(&'static str),
    /// A file, whether it exists or not.
    File(PathBuf),
    /// A glob or a directory without files so far, with the sentence that says so.
    Empty(&'static str),
}

impl Arguments {
    pub(super) fn new(arguments: Vec<PathBuf>) -> Self {
        Self { arguments, known: HashSet::new() }
    }

    /// Returns the meaning of each argument, with its place among them; files that were returned before are left out.
    pub(super) fn search(&mut self) -> Vec<(usize, FileArgument)> {
        let mut found = Vec::new();
        for (at, argument) in self.arguments.iter().enumerate() {
            if argument == Path::new("-") {
                found.push((at, FileArgument::Stdin));
                continue;
            }
            if let Some(address) = TopicAddress::parse(argument.as_os_str()) {
                found.push((at, FileArgument::Topic(address)));
                continue;
            }
            match parsed(argument) {
                ParsedName::Remote(name) => {
                    found.push((at, FileArgument::Remote(name)));
                    continue;
                }
                ParsedName::Refused(why) => {
                    found.push((at, FileArgument::Refused(why)));
                    continue;
                }
                ParsedName::Local => {}
            }
            let (files, why) = files(argument);
            let none = files.is_empty();
            found.extend(
                files.into_iter().filter(|file| self.known.insert(file.clone())).map(|f| (at, FileArgument::File(f))),
            );
            if none {
                found.push((at, FileArgument::Empty(why)));
            }
        }
        found
    }

    /// Returns the names on other machines.
    pub(super) fn remote_names(&self) -> impl Iterator<Item = RemoteName> {
        let is_other = |argument: &&PathBuf| TopicAddress::parse(argument.as_os_str()).is_none();
        self.arguments.iter().filter(is_other).filter_map(|argument| match parsed(argument) {
            ParsedName::Remote(name) => Some(name),
            ParsedName::Refused(_) | ParsedName::Local => None,
        })
    }

    /// Returns an argument as it was typed.
    pub(super) fn typed(&self, at: usize) -> &Path {
        self.arguments.get(at).map_or(Path::new(""), PathBuf::as_path)
    }
}

/// Reads the name of a file; one that is here comes before one on another machine.
fn parsed(argument: &Path) -> ParsedName {
    if argument.symlink_metadata().is_ok() { ParsedName::Local } else { remote::parse(argument) }
}

/// Returns the files of an argument in the order of their names, and the sentence for when there is none.
fn files(path: &Path) -> (Vec<PathBuf>, &'static str) {
    if path.is_dir() {
        let mut files = glob::entries(path);
        files.retain(|path| path.is_file() && !path.file_name().is_some_and(glob::is_hidden));
        (files, "no file in this directory")
    } else if glob::is_pattern(path.as_os_str()) && !path.exists() {
        // An existing file of that name comes first.
        (glob::files(path), "no file matches")
    } else {
        (vec![path.to_owned()], "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn finds_what_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let file = |name: &str| FileArgument::File(path(name));
        fs::write(path("b.log"), "").unwrap();
        fs::write(path("a.log"), "").unwrap();
        fs::write(path(".hidden.log"), "").unwrap();
        fs::create_dir(path("sub")).unwrap();
        let mut arguments =
            Arguments::new(vec![path("missing"), path("*.log"), "-".into(), path("sub"), path("a.log")]);
        let empty = (3, FileArgument::Empty("no file in this directory"));
        let first =
            [(0, file("missing")), (1, file("a.log")), (1, file("b.log")), (2, FileArgument::Stdin), empty.clone()];
        assert_eq!(arguments.search(), first);
        fs::write(path("c.log"), "").unwrap();
        assert_eq!(arguments.search(), [(1, file("c.log")), (2, FileArgument::Stdin), empty]);
    }

    #[test]
    fn a_file_that_is_here_comes_before_one_on_another_machine() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("web1:vod.log");
        fs::write(&here, "").unwrap();
        let mut arguments = Arguments::new(vec![here.clone(), "web1:/vod.log".into(), "-x:/vod.log".into()]);
        let found = arguments.search();
        assert_eq!(found[0], (0, FileArgument::File(here)));
        assert!(matches!(&found[1], (1, FileArgument::Remote(name)) if name.path == Path::new("/vod.log")));
        assert!(matches!(found[2], (2, FileArgument::Refused(_))));
    }

    #[test]
    fn a_name_with_brackets_is_a_name_where_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a[1].log");
        fs::write(&path, "").unwrap();
        let mut arguments = Arguments::new(vec![path.clone()]);
        assert_eq!(arguments.search(), [(0, FileArgument::File(path))]);
    }

    #[test]
    fn topics_are_no_files() {
        let mut arguments = Arguments::new(vec!["kafka://b/vod".into(), "kafka://b".into()]);
        let found = arguments.search();
        assert!(matches!(&found[0], (0, FileArgument::Topic(Ok(address))) if address.topic() == "vod"));
        assert!(matches!(&found[1], (1, FileArgument::Topic(Err(AddressError::Form(_))))));
    }
}
