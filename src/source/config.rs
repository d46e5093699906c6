//! The settings of a source: which files, once or on and on, and from where.

use crate::{
    event::ReadMode,
    source::{kafka::KafkaOptions, remote::login::Logins, saved_state::SavedState},
};
use std::path::PathBuf;

/// The settings of a source.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// The file arguments as typed: paths, quoted globs, directories, names on other
    /// machines, `kafka://` topics; `-` is standard
    /// input.
    pub files: Vec<PathBuf>,
    /// The command lines whose output is read.
    pub commands: Vec<String>,
    /// The treatment of commands that end and cannot go on where they stopped.
    pub restart: Restart,
    /// Options of ssh, as its `-o` takes them.
    pub ssh_options: Vec<String>,
    /// The logins to other machines that are there already.
    pub logins: Logins,
    /// Once, or on after the end.
    pub mode: ReadMode,
    /// The place where reading begins.
    pub start: Start,
    /// The order of events within a file.
    pub order: Order,
    /// The read positions of an earlier run, which come before `start`; with them, positions are noted for the next.
    pub state: Option<SavedState>,
    /// The zone of times that name none.
    pub zone: jiff::tz::TimeZone,
    /// The settings of topics.
    pub kafka: KafkaOptions,
}

impl SourceConfig {
    /// Returns the settings for reading files; there are no commands, no topics and no earlier positions.
    pub fn of_files(files: Vec<PathBuf>, mode: ReadMode, start: Start, order: Order, zone: jiff::tz::TimeZone) -> Self {
        Self {
            files,
            commands: Vec::new(),
            restart: Restart::Never,
            ssh_options: Vec::new(),
            logins: Logins::default(),
            mode,
            start,
            order,
            state: None,
            zone,
            kafka: KafkaOptions::default(),
        }
    }
}

/// The treatment of a followed command that ends and cannot go on where it stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// It has ended.
    #[default]
    Never,
    /// It is started again, and all that it prints is new.
    Always,
}

/// The order in which the events of a file that is there at the start are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The order of the file, each with its line: for output that is printed as it comes.
    Log,
    /// The end of a large file first, so that the newest assets are there at once; the line numbers of the end follow.
    NewestFirst,
}

/// The place where reading begins in the files that exist at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The beginning.
    All,
    /// So many `thumbnailComplete` events before each file's end.
    Last(u64),
}
