//! The command line: what was typed, and what the program needs.
//!
//! [`parse`] turns arguments into a [`Invocation`] and makes no system call but reading the environment: every long option
//! has a variable `THUMBVIEW_<OPTION>`. Below both stands the config file, which `config` reads as text. What several
//! commands share is in `look`; methods turn it into the configurations of the rooms.

mod config;
mod look;

pub use config::{ConfigError, ConfigFile};
pub use look::{Colours, Draw, FetchArgs, LookArgs, When};

use crate::{
    app::{self, filter::Filter},
    demo::Scenario,
    event::Offset,
    source::{self, Mode, Start},
};
use clap::{
    Arg, ArgAction, ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
    builder::{BoolishValueParser, styling},
    error::ErrorKind,
    parser::ValueSource,
};
use std::{env, ffi::OsString, path::PathBuf, time::Duration};

const EXAMPLES: &str = "\
Examples:
  thumbview demo                                   a full session with nothing at hand
  thumbview tail /var/log/vod.log                  follow a log, over rotations
  thumbview open -e 'status:failed since:2h' *.gz  what failed in the last two hours
  thumbview export -o csv --pictures out vod.log   the assets and their pictures, to hand on
  ssh host tail -F /var/log/vod.log | thumbview -  where the host cannot reach the pictures

Every long option is also read from a variable (THUMBVIEW_NO_CACHE=1) and, below that, from the config file (no-cache = true).";

/// Reads logs of Huawei Cloud VOD snapshot events and shows their pictures in the terminal, on a timeline.
#[derive(Debug, Parser)]
#[command(
    name = "thumbview",
    version,
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

/// What was typed: a command, and the options that all commands have.
#[derive(Debug)]
pub struct Invocation {
    /// What to do.
    pub command: Command,
    /// The rest.
    pub common: CommonArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Follow logs by name, full-screen (as JSON lines where stdout is no terminal).
    Tail(TailArgs),
    /// Load logs once, full-screen (the same as `thumbview FILE...`); F follows them.
    Open(OpenArgs),
    /// Print the assets and exit.
    List(ListArgs),
    /// Print the assets with their pictures as json, jsonl or csv, and write the pictures themselves into a folder.
    #[command(after_long_help = EXPORT)]
    Export(ExportArgs),
    /// Print one picture, or a contact sheet, into the scrollback and exit.
    Show(ShowArgs),
    /// Run a session of its own, offline: events, pictures, server.
    Demo(DemoArgs),
    /// Tell what was found out about the terminal, the network and the cache.
    Doctor(DoctorArgs),
    /// Look after the picture cache.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, or that of one command.
    Man(ManArgs),
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub struct CommonArgs {
    /// Read options from this TOML file, each under its long name (default: thumbview/config.toml in the user's
    /// config folder). A variable goes before it, an option before both.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Append every diagnostic to this file as it happens.
    #[arg(long, value_name = "FILE", global = true)]
    pub log_file: Option<PathBuf>,
    /// Say more on stderr: each line that could not be read, each picture that was written.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Say nothing on stderr but why the exit code is not 0.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// `tail`.
#[derive(Args, Debug)]
pub struct TailArgs {
    /// What to read.
    #[command(flatten)]
    pub input: InputArgs,
    /// Show N events of history (+1: all). Full screen: all; as JSON lines: 10.
    #[arg(short = 'n', long, value_name = "N", allow_hyphen_values = true)]
    pub lines: Option<LineCount>,
    /// Accepted as tail(1) has them; following is by name anyway.
    #[arg(short = 'f', short_alias = 'F', hide = true)]
    pub follow: bool,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `open`.
#[derive(Args, Debug)]
pub struct OpenArgs {
    /// What to read.
    #[command(flatten)]
    pub input: InputArgs,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// What to read.
    #[command(flatten)]
    pub input: InputArgs,
    /// Print the summary alone.
    #[arg(long)]
    pub summary: bool,
}

const EXPORT: &str = r#"The columns and names are those of `list`. JSON and JSONL add to each asset its pictures, by offset:

  "pictures":[{"kind":"sample","offset":5,"url":"https://…",
               "file":"14d7…_sample_00005.jpg","outcome":"written","reason":null}]

CSV has a row for each picture, and one for an asset without any; the same six stand behind the asset's own columns as picture.kind, picture.offset, picture.url, picture.file, picture.outcome, picture.reason.

file is the name in DIR. outcome is written, kept (it was there already), failed, or null without --pictures. reason says why a picture failed, or in what a written one is damaged. The exit code is 1 where a picture could not be had whole."#;

/// `export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// What to read. -o json is what auto means here.
    #[command(flatten)]
    pub input: InputArgs,
    /// Fetch the pictures and write them into DIR. What is there already is kept.
    #[arg(long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,
    /// Write over files that are there already.
    #[arg(long)]
    pub overwrite: bool,
    /// What may be fetched.
    #[command(flatten)]
    pub fetch: FetchArgs,
}

/// `show`.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The log; - is stdin.
    pub file: String,
    /// The asset, by its id or the head of it; else the newest with pictures.
    pub asset: Option<String>,
    /// The place in the video: 1:30, or 90 seconds.
    #[arg(long, value_name = "TIME", value_parser = parse_offset, conflicts_with = "grid")]
    pub offset: Option<Offset>,
    /// Print all pictures, so many in a row.
    #[arg(long, value_name = "COLS", num_args = 0..=1, default_missing_value = "4")]
    pub grid: Option<u16>,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// What would be used.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `cache`.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Remove all cached pictures.
    Clear(CacheClearArgs),
}

/// `cache clear`.
#[derive(Args, Debug)]
pub struct CacheClearArgs {
    /// Where the cache is.
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
}

/// `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The command.
    pub command: Option<String>,
}

/// `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// What happens in it.
    #[arg(value_enum, default_value_t)]
    pub scenario: Scenario,
    /// The same seed gives the same session.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How fast time passes.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_speed)]
    pub speed: f64,
    /// End after this time.
    #[arg(long = "for", value_name = "TIME", value_parser = look::parse_duration)]
    pub duration: Option<Duration>,
    /// Leave the log and the pictures in DIR, and print the commands to try.
    #[arg(long, value_name = "DIR", conflicts_with = "serve")]
    pub write: Option<PathBuf>,
    /// Serve DIR on loopback.
    #[arg(long, value_name = "DIR")]
    pub serve: Option<PathBuf>,
    /// The port for --serve.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// How it is printed.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// What to read, and which assets.
#[derive(Args, Debug)]
pub struct InputArgs {
    /// Logs, plain or compressed; quoted globs and directories too. - is stdin.
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Show only what passes: words, status:, code:, samples<N, since:, host:, ! negates.
    #[arg(short = 'e', long, value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Vec<Filter>,
    /// Show only assets of this status.
    #[arg(short, long, value_name = "S")]
    pub status: Option<String>,
    /// Show only assets whose id has this in it.
    #[arg(short, long, value_name = "ID")]
    pub asset: Option<String>,
    /// Show only what is not older: 30m, 2h, or RFC 3339. What has no time is kept.
    #[arg(long, value_name = "T", value_parser = parse_since)]
    pub since: Option<String>,
    /// Show only what is not newer.
    #[arg(long, value_name = "T", value_parser = parse_since)]
    pub until: Option<String>,
    /// How it is printed. auto: full screen on a terminal, else table for list and jsonl for tail and open.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// Show secrets in URLs.
    #[arg(long)]
    pub reveal: bool,
    /// The zone of times without one, and of the screen.
    #[arg(long, value_enum, default_value_t)]
    pub tz: Zone,
}

/// `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// By what stdout is.
    #[default]
    Auto,
    /// Full screen.
    Tui,
    /// Columns for people.
    Table,
    /// One object.
    Json,
    /// One object a line.
    Jsonl,
    /// RFC 4180.
    Csv,
}

/// `--tz`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Zone {
    /// This machine's.
    #[default]
    Local,
    /// UTC.
    Utc,
}

/// `-n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineCount {
    /// The last N events.
    Last(u64),
    /// All.
    All,
}

impl std::str::FromStr for LineCount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "+1" {
            return Ok(Self::All);
        }
        text.parse().map(Self::Last).map_err(|_no_number| "a number of events, or +1 for all")
    }
}

/// The command line as it is defined: every long option has its environment variable, an empty one is none, and a
/// flag's may be 0 or 1.
pub fn definition() -> clap::Command {
    equip(Cli::command())
}

fn equip(command: clap::Command) -> clap::Command {
    let equipped = command.mut_args(|arg| {
        let Some(name) = arg.get_long() else { return arg };
        let variable = format!("THUMBVIEW_{}", name.to_uppercase().replace('-', "_"));
        if env::var_os(&variable).is_some_and(|value| value.is_empty()) {
            return arg;
        }
        let flag = matches!(arg.get_action(), ArgAction::SetTrue);
        // They are told of once, below the examples.
        let arg = arg.env(variable).hide_env(true);
        if flag { arg.value_parser(BoolishValueParser::new()) } else { arg }
    });
    equipped.mut_subcommands(equip)
}

/// Reads arguments, the environment, and below both what a config file says. Plain `thumbview FILE...` is `open`.
pub fn parse(args: &[OsString], config: Option<&ConfigFile>) -> Result<Invocation, clap::Error> {
    let mut definition = definition();
    if let Some(config) = config {
        definition = config.under(definition);
    }
    let matches = definition.try_get_matches_from_mut(args)?;
    if let Some((command, _)) = matches.subcommand() {
        let typed = |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
        // Taken for `open`, it would be lost without a word.
        let early = definition.get_arguments().filter(|arg| !arg.is_global_set()).find(typed).map(ToString::to_string);
        if let Some(early) = early {
            let what = format!("{early} stands before the command {command}: it belongs behind it");
            return Err(definition.error(ErrorKind::ArgumentConflict, what));
        }
    }
    let typed = |matches: &ArgMatches| {
        let cli = Cli::from_arg_matches(matches)?;
        // An option that all commands have may stand behind any of them, and is known there.
        let mut innermost = matches;
        while let Some((_, inner)) = innermost.subcommand() {
            innermost = inner;
        }
        let common = CommonArgs::from_arg_matches(innermost)?;
        Ok(Invocation { command: cli.command.unwrap_or(Command::Open(cli.open)), common })
    };
    typed(&matches).map_err(|error: clap::Error| error.format(&mut definition))
}

impl InputArgs {
    /// All filters in one, or what is wrong with them.
    pub fn filter(&self) -> Result<Filter, app::filter::FilterError> {
        let mut filter = self.filter.iter().cloned().fold(Filter::default(), Filter::and);
        let named = [
            self.status.as_ref().map(|status| format!("status:{status}")),
            self.asset.clone(),
            self.since.as_ref().map(|time| format!("since:{time}")),
            self.until.as_ref().map(|time| format!("until:{time}")),
        ];
        for text in named.into_iter().flatten() {
            filter = filter.and(Filter::parse(&text)?);
        }
        Ok(filter)
    }

    /// The zone of times without one, and of the screen.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        self.tz.zone()
    }

    /// What `source` needs.
    pub fn source(&self, mode: Mode, start: Start) -> source::SourceConfig {
        source::SourceConfig { files: self.files.clone(), mode, start, zone: self.zone() }
    }
}

impl Zone {
    /// The zone.
    pub fn zone(self) -> jiff::tz::TimeZone {
        match self {
            Self::Local => jiff::tz::TimeZone::system(),
            Self::Utc => jiff::tz::TimeZone::UTC,
        }
    }
}

/// `1:30`, `90`, `0:12.5`.
fn parse_offset(text: &str) -> Result<Offset, String> {
    app::parse_offset(text).ok_or_else(|| "a place such as 1:30 or 90".to_owned())
}

/// An age or a time, checked here so that a wrong one is named with its option.
fn parse_since(text: &str) -> Result<String, String> {
    Filter::parse(&format!("since:{text}")).map_err(|_wrong| "an age such as 30m, or an RFC 3339 time".to_owned())?;
    Ok(text.to_owned())
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_no_number| "a number".to_owned())?;
    if (0.01..=1000.0).contains(&speed) { Ok(speed) } else { Err("between 0.01 and 1000".to_owned()) }
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
        assert!(matches!(parse_words(&["a.log"]), Ok(Command::Open(open)) if open.input.files == ["a.log"]));
        assert!(matches!(parse_words(&["tail", "-n", "+1", "-F", "a.log"]), Ok(Command::Tail(tail))
            if tail.lines == Some(LineCount::All)));
        assert!(matches!(parse_words(&["a.log", "b.log"]), Ok(Command::Open(open)) if open.input.files.len() == 2));
        assert!(matches!(parse_words(&["-v", "--config", "c", "list", "a.log"]), Ok(Command::List(_))));
        assert!(parse_words(&["-p", "kitty", "tail", "a.log"]).is_err(), "it would be lost");
        assert!(parse_words(&["list", "-e", "since:soon", "a.log"]).is_err());
        assert!(parse_words(&["list", "--since", "soon", "a.log"]).is_err());
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
