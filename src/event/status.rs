//! The status of a job.

use std::sync::Arc;

/// What became of a job: the document's two words, or whatever else the log said, upper-cased.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `SUCCEED`: the pictures are there.
    Succeed,
    /// `FAILED`: an error code and a message are there.
    Failed,
    /// Any other word; `UNKNOWN` where there was none.
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

    /// The status of an event that names none.
    pub fn unknown() -> Self {
        Self::Other("UNKNOWN".into())
    }

    /// The word that is printed.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Succeed => "SUCCEED",
            Self::Failed => "FAILED",
            Self::Other(word) => word,
        }
    }
}
