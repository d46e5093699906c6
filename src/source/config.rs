//! The settings of a source: which files, once or on and on, and from where.

/// The settings of a source.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// The file arguments as typed: paths, quoted globs, directories; `-` is standard input.
    pub files: Vec<String>,
    /// Once, or on after the end.
    pub mode: Mode,
    /// The place where reading begins.
    pub start: Start,
    /// The zone of times that name none.
    pub zone: jiff::tz::TimeZone,
}

/// Reading once, or on after the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Read to the end once. A file that is missing has failed.
    Once,
    /// Read on by name. A file that is missing is waited for.
    Follow,
}

/// The place where reading begins in the files that exist at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The beginning.
    All,
    /// So many `thumbnailComplete` events before each file's end.
    Last(u64),
}
