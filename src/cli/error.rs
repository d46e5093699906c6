//! The usage error, and the text of errors that clap reports.

use crate::{event::redact, text::Safe};

/// A mistake on the command line, which ends the program with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(Safe);

impl UsageError {
    /// Makes an error from a sentence that says what is wrong and what would be right; secrets in it are hidden.
    pub fn new(sentence: impl AsRef<str>) -> Self {
        Self(Safe::new(&redact(sentence.as_ref())))
    }
}

/// Returns what clap reports as one line, without the usage and the hints after it.
pub fn first_paragraph(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    redact(lines.join(" ").trim_start_matches("error: ")).into_owned()
}

/// Returns a text of several lines with each line made fit for a terminal.
pub fn printable(text: &str) -> String {
    text.split_inclusive('\n').map(|line| Safe::new(line.trim_end_matches('\n')).to_string() + "\n").collect()
}
