//! The usage error.

use crate::text::Safe;

/// A mistake on the command line, which ends the program with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(Safe);

impl UsageError {
    /// Makes an error from a sentence that says what is wrong and what would be right.
    pub fn new(sentence: impl AsRef<str>) -> Self {
        Self(Safe::new(sentence.as_ref()))
    }
}
