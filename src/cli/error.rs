//! The usage error, and the text of errors that clap reports.

use crate::{event::redact, text::Safe};
use clap::{
    Command,
    builder::StyledStr,
    error::{ContextKind, ContextValue, ErrorKind},
};

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

/// Makes what was typed visible in clap's error, which would leave out its control characters, and names the commands
/// that have an option which the typed one has not, where clap would tell how to pass it as a value.
pub(super) fn explain(mut error: clap::Error, definition: &Command) -> clap::Error {
    let visible = |text: &String| Safe::new(text).as_str().to_owned();
    let texts: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| {
            if let ContextValue::String(text) = value {
                return Some((kind, ContextValue::String(visible(text))));
            }
            let ContextValue::Strings(texts) = value else { return None };
            Some((kind, ContextValue::Strings(texts.iter().map(visible).collect())))
        })
        .collect();
    for (kind, text) in texts {
        error.insert(kind, text);
    }
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
    {
        let tip = commands_with(option, definition);
        error.remove(ContextKind::Suggested);
        if let Some(tip) = tip {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
        }
    }
    error
}

/// Returns a sentence that names the commands with an option; `None` if there are none.
fn commands_with(option: &str, definition: &Command) -> Option<String> {
    let name = option.strip_prefix("--")?;
    let names: Vec<&str> = definition
        .get_subcommands()
        .filter(|command| command.get_arguments().any(|arg| arg.get_long() == Some(name)))
        .map(Command::get_name)
        .collect();
    let (last, others) = names.split_last()?;
    let names = if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    Some(format!("{option} is an option of {names}"))
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
