//! Errors inside a source. None of them leaves it: a source reports in its updates.

use std::io;

/// The receiver of the updates is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the receiver of the updates is gone")]
pub struct Stopped;

/// The reason why reading ended early.
#[derive(Debug)]
pub(super) enum ReadError {
    Stopped,
    Io(io::Error),
}

impl From<Stopped> for ReadError {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Returns the text of a system error in lower case, without its number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text).to_lowercase()
}
