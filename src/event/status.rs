//! The status of a job.

use std::sync::Arc;

/// The status of a job: one of the two documented words, or any other, upper-cased.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `SUCCEED`: the event names pictures.
    Succeed,
    /// `FAILED`: the event has an error code and a message.
    Failed,
    /// Any other word; `UNKNOWN` for none.
    Other(Arc<str>),
}

impl Status {
    /// Reads a status without regard to case. `THUMBNAIL_SUCCEED` and `THUMBNAIL_FAILED` are the API's spelling.
    pub fn new(text: &str) -> Self {
        let word = text.trim();
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        if is("SUCCEED") || is("THUMBNAIL_SUCCEED") {
            Self::Succeed
        } else if is("FAILED") || is("THUMBNAIL_FAILED") {
            Self::Failed
        } else if word.is_empty() {
            Self::unknown()
        } else {
            Self::Other(word.to_uppercase().chars().take(64).collect::<String>().into())
        }
    }

    /// Returns the status of an event that names none.
    pub fn unknown() -> Self {
        Self::Other("UNKNOWN".into())
    }

    /// Returns the word that is printed.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Succeed => "SUCCEED",
            Self::Failed => "FAILED",
            Self::Other(word) => word,
        }
    }
}
