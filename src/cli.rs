//! The command line: what was typed, and its translation into what the program needs.
//!
//! [`parse`] turns arguments into an [`Invocation`]. It reads the environment and nothing else of the system: every long
//! option has a variable `THUMBVIEW_<OPTION>`. Below both stands the config file, which `config` takes as text. Methods
//! of the arguments return the configurations of the other modules; nothing else translates between the two.

mod alert;
mod check;
mod commands;
mod config;
mod environment;
mod error;
mod fetch;
mod input;
mod kafka;
mod listen;
mod screen;
mod suggestion;
mod version;

pub use check::CheckArgs;
pub use commands::{
    CacheClearArgs, CacheCommand, Command, CommonArgs, ComparedPlace, CompletionsArgs, DemoArgs, DoctorArgs,
    ExportArgs, ListArgs, ManArgs, OpenArgs, OpenSpelling, PRINTED_HISTORY, ShowArgs, TailArgs,
};
pub use config::{ConfigError, ConfigFile};
pub use environment::{cache_folder, config_folder, locale_notice, state_folder};
pub use error::{UsageError, first_paragraph, printable};
pub use fetch::FetchArgs;
pub use input::{InputArgs, LineCount, Output, SelectionArgs, StreamKind, Zone};
pub use kafka::{KafkaArgs, KafkaMechanism};
pub use listen::ListenArgs;
pub use screen::{ColorWhen, ScreenArgs};
pub use version::version;

use clap::{
    Arg, ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _, Parser,
    builder::{BoolishValueParser, styling},
    error::ErrorKind,
    parser::ValueSource,
};
use std::{env, ffi::OsString};

const EXAMPLES: &str = "\
Examples:
  thumbview demo                                   a full session that needs no log and no network
  thumbview tail /var/log/vod.log                  follow a log, over rotations
  thumbview open -e 'status:failed since:2h' *.gz  what failed in the last two hours
  thumbview export -o csv --pictures out vod.log   the assets and their pictures, to pass on
  ssh host tail -F /var/log/vod.log | thumbview -  where the host cannot reach the pictures

Every long option can also be set by an environment variable (THUMBVIEW_NO_CACHE=1) or in the config file (no-cache = true). An option overrides a variable, a variable overrides the file.";

/// Reads logs of Huawei Cloud VOD snapshot events and shows their pictures in the terminal, on a timeline.
#[derive(Debug, Parser)]
#[command(
    name = "thumbview",
    version = version(),
    about,
    after_long_help = EXAMPLES,
    override_usage = "thumbview [OPTIONS] [FILE]...\n       thumbview <COMMAND>",
    subcommand_precedence_over_arg = true,
    styles = styling::Styles::plain()
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    open: OpenArgs,
    #[command(flatten)]
    _common: CommonArgs,
}

/// The command line, read.
#[derive(Debug)]
pub struct Invocation {
    /// The command and its arguments.
    pub command: Command,
    /// The options that every command has.
    pub common: CommonArgs,
}

/// Returns the definition of the command line. Every long option has an environment variable; an empty variable counts
/// as unset, and that of a flag may be 0 or 1.
pub fn definition() -> clap::Command {
    with_variables(Cli::command())
}

fn with_variables(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let Some(name) = arg.get_long() else { return arg };
        let variable = format!("THUMBVIEW_{}", name.to_uppercase().replace('-', "_"));
        if env::var_os(&variable).is_some_and(|value| value.is_empty()) {
            return arg;
        }
        let flag = matches!(arg.get_action(), ArgAction::SetTrue);
        // The help describes the variables once, below the examples.
        let arg = arg.env(variable).hide_env(true);
        if flag { arg.value_parser(BoolishValueParser::new()) } else { arg }
    });
    command.mut_subcommands(with_variables)
}

/// Reads arguments, the environment and, below both, a config file. `thumbview FILE...` is `open`.
pub fn parse(args: &[OsString], config: Option<&ConfigFile>) -> Result<Invocation, clap::Error> {
    let mut definition = definition();
    if let Some(config) = config {
        definition = config.apply(definition);
    }
    let matches = definition.try_get_matches_from_mut(args).map_err(|error| error::explain(error, &definition))?;
    if let Some((command, _)) = matches.subcommand() {
        let typed = |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
        // It would be read as an option of `open` and ignored.
        let early = definition.get_arguments().filter(|arg| !arg.is_global_set()).find(typed).map(ToString::to_string);
        if let Some(early) = early {
            let what = format!("{early} must come after the command {command}");
            return Err(definition.error(ErrorKind::ArgumentConflict, what));
        }
    }
    let typed = |matches: &ArgMatches| {
        let cli = Cli::from_arg_matches(matches)?;
        // clap stores an option of every command with the innermost command that was named.
        let mut innermost = matches;
        while let Some((_, inner)) = innermost.subcommand() {
            innermost = inner;
        }
        let common = CommonArgs::from_arg_matches(innermost)?;
        let command = cli.command.unwrap_or(Command::Open(OpenArgs { spelling: OpenSpelling::Implicit, ..cli.open }));
        Ok(Invocation { command, common })
    };
    typed(&matches).map_err(|error: clap::Error| error.format(&mut definition))
}

/// Returns the error for a word that names neither a command nor a file; the word stands where a command may.
pub fn unknown_command(word: &str) -> UsageError {
    let definition = definition();
    let names = definition.get_subcommands().map(clap::Command::get_name);
    let hint = suggestion::suggestion(word, names).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
    UsageError::new(format!("no file or command \"{word}\"{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Command, clap::Error> {
        let args: Vec<OsString> = std::iter::once("thumbview").chain(words.iter().copied()).map(Into::into).collect();
        parse(&args, None).map(|typed| typed.command)
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn plain_files_are_opened() {
        assert!(
            matches!(parse_words(&["a.log"]), Ok(Command::Open(open)) if open.input.files == [std::path::Path::new("a.log")])
        );
        assert!(matches!(parse_words(&["tail", "-n", "+1", "-F", "a.log"]), Ok(Command::Tail(tail))
            if tail.lines == Some(LineCount::All)));
        assert!(matches!(parse_words(&["a.log", "b.log"]), Ok(Command::Open(open)) if open.input.files.len() == 2));
        assert!(matches!(parse_words(&["-v", "--config", "c", "list", "a.log"]), Ok(Command::List(_))));
        assert!(parse_words(&["-p", "kitty", "tail", "a.log"]).is_err(), "it would be lost");
        assert!(parse_words(&["list", "-e", "since:soon", "a.log"]).is_err());
        assert!(parse_words(&["list", "--since", "soon", "a.log"]).is_err());
        assert!(matches!(parse_words(&["a"]), Ok(Command::Open(open)) if open.spelling == OpenSpelling::Implicit));
        assert!(matches!(parse_words(&["open", "a"]), Ok(Command::Open(open)) if open.spelling == OpenSpelling::Named));
    }

    #[test]
    fn secrets_of_options_are_not_echoed() {
        let check = |args: &[&str]| {
            let text = match parse_words(&[&["open", "a.log"], args].concat()) {
                Ok(Command::Open(open)) => open.screen.fetch.media().map(drop).unwrap_err().to_string(),
                Ok(other) => panic!("{other:?}"),
                Err(error) => error.to_string(),
            };
            assert!(!text.contains("s3cret") && text.contains(args[0]), "{args:?}: {text}");
        };
        check(&["--proxy", "http://user:s3cret@["]);
        check(&["--proxy", "s3cret"]);
        check(&["--header", "s3cret"]);
        check(&["--header", "s3cret=s3cret"]);
        check(&["--header", "s3cret: s3cret", "--header", "b"]);
        check(&["--referer", "https://user:s3cret@["]);
        let config = ConfigFile::parse(&"c.toml".into(), "\nproxy = 's3cret'", &definition()).unwrap_err().to_string();
        assert!(config.starts_with("c.toml:2: proxy: ") && !config.contains("s3cret"), "{config}");
    }

    #[test]
    fn every_long_option_has_a_variable() {
        fn check(command: &clap::Command) -> usize {
            let options = command.get_arguments().filter(|arg| arg.get_long().is_some());
            let named = options.inspect(|arg| assert!(arg.get_env().is_some(), "{arg}")).count();
            named + command.get_subcommands().map(check).sum::<usize>()
        }
        assert!(check(&definition()) > 60);
    }
}
