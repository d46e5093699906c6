//! The config file: TOML, every long option under its own name.
//!
//! [`ConfigFile::parse`] reads the text and names the file and line of a mistake; an unknown option is only a warning.
//! Its values become the defaults of clap's options, so that variables and arguments override them; a repeated option is
//! overridden as a whole.

use super::error::first_paragraph;
use crate::text::Safe;
use clap::{Arg, ArgAction, Command, builder::Resettable};
use std::ops::Range;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Options that have no meaning within a config file.
const EXCLUDED: [&str; 3] = ["config", "help", "version"];

/// The options of a config file, checked against the definition of the command line.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    entries: Vec<ConfigEntry>,
    warnings: Vec<Safe>,
}

/// An option and its values, as they would be typed.
#[derive(Clone, Debug)]
struct ConfigEntry {
    option: String,
    values: Vec<String>,
}

/// A mistake in a config file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct ConfigError {
    file: Safe,
    line: usize,
    what: Safe,
}

impl ConfigFile {
    /// Parses the text of the file named `file` against the definition of the command line.
    pub fn parse(file: &Safe, text: &str, definition: &Command) -> Result<Self, ConfigError> {
        let error = |at: usize, what: &str| {
            let line = line_of(text, at);
            ConfigError { file: file.clone(), line, what: Safe::new(what) }
        };
        let table =
            DeTable::parse(text).map_err(|fault| error(fault.span().map_or(0, |span| span.start), fault.message()))?;
        let mut keys: Vec<(Range<usize>, &str, &Spanned<DeValue<'_>>)> =
            table.get_ref().iter().map(|(key, value)| (key.span(), key.get_ref().as_ref(), value)).collect();
        keys.sort_by_key(|(span, ..)| span.start);
        let mut config = Self { entries: Vec::new(), warnings: Vec::new() };
        for (span, name, value) in keys {
            let Some(arg) = find(definition, name).filter(|_| !EXCLUDED.contains(&name)) else {
                let line = line_of(text, span.start);
                config.warnings.push(Safe::new(&format!("{file}:{line}: unknown option {name}")));
                continue;
            };
            let wrong = |what: String| error(span.start, &format!("{name}: {what}"));
            let values = values(arg, value.get_ref()).map_err(wrong)?;
            check(arg, &values).map_err(wrong)?;
            config.entries.push(ConfigEntry { option: name.to_owned(), values });
        }
        Ok(config)
    }

    /// Returns the unknown options, one line each. They stop nothing, so that one file serves several versions.
    pub fn warnings(&self) -> &[Safe] {
        &self.warnings
    }

    /// Returns the definition with the values of the file as defaults.
    pub(super) fn apply(&self, definition: Command) -> Command {
        definition
            .mut_args(|arg| {
                let Some(entry) = self.entries.iter().find(|entry| arg.get_long() == Some(entry.option.as_str()))
                else {
                    return arg;
                };
                arg.default_values(entry.values.clone())
            })
            .mut_subcommands(|command| self.apply(command))
    }
}

/// Returns the option of this name, of any command.
fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(name))
        .or_else(|| command.get_subcommands().find_map(|command| find(command, name)))
}

/// Returns a value as it would be typed: one word, or several for an option that may be repeated.
fn values(arg: &Arg, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let flag = matches!(arg.get_action(), ArgAction::SetTrue);
    let several = matches!(arg.get_action(), ArgAction::Append);
    if flag {
        return value.as_bool().map(|on| vec![on.to_string()]).ok_or_else(|| "expected true or false".to_owned());
    }
    match value.as_array().filter(|_| several) {
        Some(array) => array.iter().map(|value| word(value.get_ref())).collect(),
        None => word(value).map(|word| vec![word]),
    }
}

fn word(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.clone().into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        DeValue::Integer(_) => Err("expected a decimal number".to_owned()),
        DeValue::Float(number) => Ok(number.as_str().to_owned()),
        DeValue::Datetime(time) => Ok(time.to_string()),
        DeValue::Boolean(_) => Err("expected a text or a number, not true or false".to_owned()),
        DeValue::Array(_) => Err("takes one value: expected a text or a number, not a list".to_owned()),
        DeValue::Table(_) => Err("expected a text or a number, not a table".to_owned()),
    }
}

/// Has clap check the values as if they were typed.
fn check(arg: &Arg, values: &[String]) -> Result<(), String> {
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return Ok(());
    }
    let Some(name) = arg.get_long() else { return Ok(()) };
    // Conflicts with other options are found when the arguments are parsed.
    let alone = arg.clone().conflicts_with(Resettable::Reset).global(false);
    let command = Command::new("config").no_binary_name(true).disable_help_flag(true).arg(alone);
    let typed = values.iter().map(|value| format!("--{name}={value}"));
    command.try_get_matches_from(typed).map(drop).map_err(|error| first_paragraph(&error))
}

/// Returns the line, from 1, of a byte.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Command, Invocation, definition, parse};

    fn read(text: &str) -> Result<ConfigFile, String> {
        ConfigFile::parse(&"c.toml".into(), text, &definition()).map_err(|error| error.to_string())
    }

    fn typed(text: &str, args: &[&str]) -> Invocation {
        let args: Vec<std::ffi::OsString> =
            std::iter::once("thumbview").chain(args.iter().copied()).map(Into::into).collect();
        parse(&args, Some(&read(text).unwrap())).unwrap()
    }

    #[test]
    fn an_option_goes_before_the_file() {
        let text =
            "jobs = 3\nno-cache = true\nallow-host = ['a.example', 'b.example:9000']\ntimeout = '2m'\nquiet=true";
        let opened = |args: &[&str]| {
            let Command::Open(open) = typed(text, args).command else { panic!("{args:?}") };
            open.screen.fetch
        };
        let Command::Export(export) = typed(text, &["export", "a.log"]).command else { panic!("export") };
        for fetch in [opened(&["a.log"]), opened(&["open", "a.log"]), export.fetch] {
            assert_eq!((fetch.jobs.get(), fetch.no_cache, fetch.timeout.as_secs()), (3, true, 120));
            assert_eq!(fetch.allow_host.len(), 2);
        }
        let typed_too = opened(&["open", "-j", "9", "--allow-host", "c.example", "a.log"]);
        assert_eq!(
            (typed_too.jobs.get(), typed_too.allow_host.len()),
            (9, 1),
            "a repeated option is replaced as a whole"
        );
        assert!(typed(text, &["list", "a.log"]).common.quiet && !typed("", &["list", "a.log"]).common.quiet);
    }

    #[test]
    fn says_where_it_is_wrong() {
        let check = |text: &str, expected: &str| {
            let error = read(text).map(|_| ()).unwrap_err();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        };
        check("jobs = 3\njobs = 4\n", "c.toml:2: duplicate key");
        check("theme = \"dark\"\n\njobs = 'many'", "c.toml:3: jobs: invalid value 'many' for '--jobs <N>'");
        check("theme = 'pink'", "c.toml:1: theme: invalid value 'pink'");
        check("no-cache = 1", "c.toml:1: no-cache: expected true or false");
        check("jobs = [1, 2]", "c.toml:1: jobs: takes one value");
        check("\nsince = 'soon'", "c.toml:2: since: invalid value 'soon'");
        check("offset = 'x'", "c.toml:1: offset: invalid value 'x'");
        check("jobs", "c.toml:1: ");
    }

    #[test]
    fn an_unknown_option_is_only_warned_of() {
        let config = read("# ours\ncolour = 'red'\njobs = 2\n\n[table]\nx = 1\n").unwrap();
        let warnings: Vec<&str> = config.warnings().iter().map(Safe::as_str).collect();
        assert_eq!(warnings, ["c.toml:2: unknown option colour", "c.toml:5: unknown option table"]);
        assert_eq!(config.entries.len(), 1);
        assert_eq!(read("config = 'x'").unwrap().warnings().len(), 1);
    }
}
