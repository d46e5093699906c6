//! Behaviour at the end of a log.

/// The behaviour at the end of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadMode {
    /// Reading ends there. A file that is missing is an error.
    #[default]
    Once,
    /// The file is followed by its name. A file that is missing is waited for.
    Follow,
}
