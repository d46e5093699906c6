//! The arguments of each command.
//!
//! Options of several commands are flattened into them from `input`, `screen` and `fetch`.

use super::{
    alert::AlertArgs,
    check::{CHECK, CheckArgs},
    fetch::{FetchArgs, parse_duration},
    input::{InputArgs, LineCount, Output},
    listen::ListenArgs,
    screen::ScreenArgs,
};
use crate::{
    app,
    demo::{DemoConfig, Scenario},
    diagnostics::Verbosity,
    event::{Offset, ReadMode},
    session::alert::{AlertConfig, History},
    source::Start,
};
use clap::{Args, Subcommand};
use std::{path::PathBuf, time::Duration};
use url::Url;

/// The events of history that are printed as JSON lines unless `-n` says otherwise.
pub const PRINTED_HISTORY: u64 = 10;

/// A command and its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Follow logs by name, full-screen (as JSON lines where stdout is no terminal).
    Tail(TailArgs),
    /// Load logs once, full-screen (the same as `thumbview FILE...`); F follows them.
    Open(OpenArgs),
    /// Receive callbacks of SMN and MFS by HTTP, keep them in a journal, and show it as tail does.
    Listen(Box<ListenArgs>),
    /// Print the assets and exit.
    List(ListArgs),
    /// Print the assets with their pictures as json, jsonl or csv, and write the pictures themselves into a folder.
    #[command(after_long_help = EXPORT)]
    Export(ExportArgs),
    /// Fetch and judge every picture, and print which are missing, damaged, black, frozen, …; exit 4 if any is bad.
    #[command(after_long_help = CHECK)]
    Check(CheckArgs),
    /// Print one picture, a contact sheet or a comparison into the scrollback and exit.
    Show(ShowArgs),
    /// Play a session offline, with its own events, pictures and server.
    Demo(DemoArgs),
    /// Print what is known about the terminal, the network and the cache, for a bug report.
    Doctor(DoctorArgs),
    /// Clear the picture cache.
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
    /// config folder). A variable overrides it, an option overrides both.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Append every diagnostic to this file.
    #[arg(long, value_name = "FILE", global = true)]
    pub log_file: Option<PathBuf>,
    /// Print more on stderr: each line that could not be read, each picture that was written.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Print nothing on stderr but the reason for an exit code other than 0.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// `tail`.
#[derive(Args, Debug)]
pub struct TailArgs {
    /// The logs, the filter and the output.
    #[command(flatten)]
    pub input: InputArgs,
    /// Begin with the last N events (+1: with all). The default is all in full screen, 10 as JSON lines.
    #[arg(short = 'n', long, value_name = "N", allow_hyphen_values = true)]
    pub lines: Option<LineCount>,
    /// Continue where the last run with this FILE stopped, and keep the position in it. A log that is not
    /// in it is read as usual.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The alerts.
    #[command(flatten)]
    pub alerts: AlertArgs,
    /// Accepted for compatibility with tail(1); files are always followed by name.
    #[arg(short = 'f', short_alias = 'F', hide = true)]
    pub follow: bool,
    /// Bring back the filter, the order and the selected asset with which the last session over the same files ended, and
    /// keep them at the end of this one. A filter that is given goes before.
    #[arg(long)]
    pub resume: bool,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// The way in which a command was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenSpelling {
    /// By its name.
    #[default]
    Named,
    /// By files only.
    Implicit,
}

/// `open`.
#[derive(Args, Debug)]
pub struct OpenArgs {
    /// The way in which the command was asked for.
    #[arg(skip)]
    pub spelling: OpenSpelling,
    /// The logs, the filter and the output.
    #[command(flatten)]
    pub input: InputArgs,
    /// Bring back the filter, the order and the selected asset with which the last session over the same files ended, and
    /// keep them at the end of this one. A filter that is given goes before.
    #[arg(long)]
    pub resume: bool,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// The logs, the filter and the output.
    #[command(flatten)]
    pub input: InputArgs,
    /// Print the summary only.
    #[arg(long)]
    pub summary: bool,
}

const EXPORT: &str = r#"The columns and names are those of `list`. JSON and JSONL add to each asset its pictures, by offset:

  "pictures":[{"kind":"sample","offset":5,"url":"https://…",
               "file":"14d7…_sample_00005.jpg","outcome":"written","reason":null}]

CSV has a row for each picture, and one for each asset without pictures; these six values follow the asset's own columns as picture.kind, picture.offset, picture.url, picture.file, picture.outcome, picture.reason.

file is the name in DIR. outcome is written, kept (it was there already), failed, or null without --pictures. reason says why a picture failed, or how a written one is damaged. The exit code is 1 if any picture could not be fetched whole."#;

/// `export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The logs, the filter and the output; `auto` is JSON here.
    #[command(flatten)]
    pub input: InputArgs,
    /// Fetch the pictures and write them into DIR. Files that exist are kept.
    #[arg(long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,
    /// Replace files that exist.
    #[arg(long)]
    pub overwrite: bool,
    /// The limits of fetching.
    #[command(flatten)]
    pub fetch: FetchArgs,
}

/// `show`.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The log; - is stdin.
    pub file: PathBuf,
    /// The asset: its id or title, or the beginning of either; without one, the newest asset with pictures.
    pub asset: Option<String>,
    /// The offset in the video: 1:30, or 90 seconds. The nearest picture is printed.
    #[arg(long, value_name = "TIME", value_parser = parse_offset, conflicts_with = "grid")]
    pub offset: Option<Offset>,
    /// Print this picture, too, and the difference of both; TIME@ASSET is a picture of another asset.
    #[arg(long, value_name = "TIME[@ASSET]", value_parser = parse_compared, conflicts_with = "grid")]
    pub compare: Option<ComparedPlace>,
    /// Print all pictures, COLS in a row.
    #[arg(long, value_name = "COLS", num_args = 0..=1, default_missing_value = "4")]
    pub grid: Option<u16>,
    /// Pass this option to ssh -o; may be given several times.
    #[arg(long, value_name = "OPT")]
    pub ssh_option: Vec<String>,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// The place of a picture that another one is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedPlace {
    /// The offset; without one, that of the other picture.
    pub offset: Option<Offset>,
    /// The asset; without one, that of the other picture.
    pub asset: Option<String>,
}

/// `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// The options to be examined.
    #[command(flatten)]
    pub screen: ScreenArgs,
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
    /// The folder of the cache.
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
    /// The events that are played.
    #[arg(value_enum, default_value_t)]
    pub scenario: Scenario,
    /// The seed of the random numbers: the same seed gives the same session.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// The speed of time: 2 is twice as fast.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_speed)]
    pub speed: f64,
    /// End after this time.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    pub duration: Option<Duration>,
    /// Write the log and the pictures into DIR, and print the commands to try.
    #[arg(long, value_name = "DIR", conflicts_with = "serve")]
    pub write: Option<PathBuf>,
    /// Serve DIR on loopback.
    #[arg(long, value_name = "DIR")]
    pub serve: Option<PathBuf>,
    /// Post the events to URL as callbacks of MFS and SMN, signed by keys for tests, and serve their pictures.
    #[arg(long, value_name = "URL", conflicts_with_all = ["write", "serve"], value_parser = parse_url)]
    pub post: Option<Url>,
    /// The port for the pictures of --serve and --post.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// The format of the output.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

impl CommonArgs {
    /// Returns how much is reported on stderr.
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }
}

impl TailArgs {
    /// Returns whether the input is followed: stdin alone ends by itself.
    pub fn read_mode(&self) -> ReadMode {
        if self.is_stdin_only() { ReadMode::Once } else { ReadMode::Follow }
    }

    /// Returns where printed output begins.
    pub fn printed_start(&self) -> Start {
        self.start().unwrap_or(Start::Last(PRINTED_HISTORY))
    }

    /// Returns where the full screen begins.
    pub fn screen_start(&self) -> Start {
        self.start().unwrap_or(Start::All)
    }

    fn start(&self) -> Option<Start> {
        // A pipe has no history to skip.
        if self.is_stdin_only() {
            return Some(Start::All);
        }
        self.lines.map(LineCount::start)
    }

    /// Returns the alerts about new events.
    pub fn alerts(&self) -> AlertConfig {
        let history = if self.is_stdin_only() { History::None } else { History::UntilLoaded };
        AlertConfig { history, reveal: self.input.reveal(), ..self.alerts.config() }
    }

    fn is_stdin_only(&self) -> bool {
        self.input.command.is_empty() && self.input.files.iter().all(|file| file.as_os_str() == "-")
    }
}

impl DemoArgs {
    /// Returns the configuration of the demo.
    pub fn config(&self) -> DemoConfig {
        DemoConfig { scenario: self.scenario, seed: self.seed, speed: self.speed }
    }
}

/// `1:30`, `90`, `0:12.5`.
fn parse_offset(text: &str) -> Result<Offset, String> {
    app::parse_offset(text).ok_or_else(|| "expected a time such as 1:30 or 90".to_owned())
}

/// `1:30`, `1:30@14d7`, `@14d7`.
fn parse_compared(text: &str) -> Result<ComparedPlace, String> {
    let (time, asset) = text.split_once('@').map_or((text, None), |(time, asset)| (time, Some(asset)));
    let offset = if time.is_empty() { None } else { Some(parse_offset(time)?) };
    if asset.map_or(offset.is_none(), str::is_empty) {
        return Err("expected a time such as 1:30, a time and an asset as in 1:30@14d7, or @ and an asset".to_owned());
    }
    Ok(ComparedPlace { offset, asset: asset.map(str::to_owned) })
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_no_number| "expected a number".to_owned())?;
    if (0.01..=1000.0).contains(&speed) { Ok(speed) } else { Err("expected a number between 0.01 and 1000".to_owned()) }
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| "expected a URL such as http://127.0.0.1:8080".to_owned())
}
