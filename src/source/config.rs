//! The settings of a source: which files, once or on and on, and from where.

use crate::event::ReadMode;

/// The settings of a source.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// The file arguments as typed: paths, quoted globs, directories; `-` is standard input.
    pub files: Vec<String>,
    /// Once, or on after the end.
    pub mode: ReadMode,
    /// The place where reading begins.
    pub start: Start,
    /// The zone of times that name none.
    pub zone: jiff::tz::TimeZone,
}

/// The place where reading begins in the files that exist at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The beginning.
    All,
    /// So many `thumbnailComplete` events before each file's end.
    Last(u64),
}
