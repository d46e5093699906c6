//! The command line: what was typed, and what the program needs.
//!
//! [`Cli`] holds what the user typed and makes no system call. Its methods turn that into the configurations of the
//! rooms. Every long option has an environment variable `THUMBVIEW_<OPTION>`.

use crate::{
    app::{self, Fetching, Following, Glyphs, MouseUse, Theme, filter::Filter},
    event::Offset,
    media::{self, FetchMode, Header, HostBound, HostPort, Policy},
    picture::Protocol,
    source::{self, Mode, Start},
    text::Safe,
};
use clap::{Args, Parser, Subcommand, ValueEnum, builder::styling};
use ipnet::IpNet;
use std::{path::PathBuf, time::Duration};
use url::Url;

const EXAMPLES: &str = "\
Examples:
  thumbview demo                                   a full session with nothing at hand
  thumbview tail /var/log/vod.log                  follow a log, over rotations
  thumbview open -e 'status:failed since:2h' *.gz  what failed in the last two hours
  thumbview list -o csv vod.log > assets.csv       one row an asset
  ssh host tail -F /var/log/vod.log | thumbview -  where the host cannot reach the pictures";

/// Reads logs of Huawei Cloud VOD snapshot events and shows their pictures in the terminal, on a timeline.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_long_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true,
    styles = styling::Styles::plain()
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    open: Open,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Follow logs by name, full-screen (as JSON lines where stdout is no terminal).
    Tail(Tail),
    /// Load logs once, full-screen (the same as `thumbview FILE...`); F follows them.
    Open(Open),
    /// Print the assets and exit.
    List(List),
    /// Print one picture, or a contact sheet, into the scrollback and exit.
    Show(Show),
    /// Run a session of its own, offline: events, pictures, server.
    Demo(Demo),
    /// Tell what was found out about the terminal, the network and the cache.
    Doctor(Doctor),
    /// Look after the picture cache.
    #[command(subcommand)]
    Cache(Cache),
}

/// `tail`.
#[derive(Args, Debug)]
pub struct Tail {
    /// What to read.
    #[command(flatten)]
    pub input: Input,
    /// Show N events of history (+1: all). Full screen: all; as JSON lines: 10.
    #[arg(short = 'n', long, value_name = "N", env = "THUMBVIEW_LINES", allow_hyphen_values = true)]
    pub lines: Option<Lines>,
    /// Accepted as tail(1) has them; following is by name anyway.
    #[arg(short = 'f', short_alias = 'F', hide = true)]
    pub follow: bool,
    /// How it looks.
    #[command(flatten)]
    pub look: Look,
}

/// `open`.
#[derive(Args, Debug)]
pub struct Open {
    /// What to read.
    #[command(flatten)]
    pub input: Input,
    /// How it looks.
    #[command(flatten)]
    pub look: Look,
}

/// `list`.
#[derive(Args, Debug)]
pub struct List {
    /// What to read.
    #[command(flatten)]
    pub input: Input,
    /// Print the summary alone.
    #[arg(long)]
    pub summary: bool,
}

/// `show`.
#[derive(Args, Debug)]
pub struct Show {
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
    pub look: Look,
}

/// `doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    /// What would be used.
    #[command(flatten)]
    pub look: Look,
}

/// `cache`.
#[derive(Debug, Subcommand)]
pub enum Cache {
    /// Remove all cached pictures.
    Clear(CacheClear),
}

/// `cache clear`.
#[derive(Args, Debug)]
pub struct CacheClear {
    /// Where the cache is.
    #[arg(long, value_name = "DIR", env = "THUMBVIEW_CACHE_DIR")]
    pub cache_dir: Option<PathBuf>,
}

/// `demo`.
#[derive(Args, Debug)]
pub struct Demo {
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
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
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
    #[arg(short, long, value_enum, default_value_t, env = "THUMBVIEW_OUTPUT")]
    pub output: Output,
    /// How it looks.
    #[command(flatten)]
    pub look: Look,
}

/// What to read, and which assets.
#[derive(Args, Debug)]
pub struct Input {
    /// Logs, plain or compressed; quoted globs and directories too. - is stdin.
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Show only what passes: words, status:, code:, samples<N, since:, host:, ! negates.
    #[arg(short = 'e', long, value_name = "EXPR", value_parser = Filter::parse, env = "THUMBVIEW_FILTER")]
    pub filter: Vec<Filter>,
    /// Show only assets of this status.
    #[arg(short, long, value_name = "S", env = "THUMBVIEW_STATUS")]
    pub status: Option<String>,
    /// Show only assets whose id has this in it.
    #[arg(short, long, value_name = "ID", env = "THUMBVIEW_ASSET")]
    pub asset: Option<String>,
    /// Show only what is not older: 30m, 2h, or RFC 3339. What has no time is kept.
    #[arg(long, value_name = "T", env = "THUMBVIEW_SINCE")]
    pub since: Option<String>,
    /// Show only what is not newer.
    #[arg(long, value_name = "T", env = "THUMBVIEW_UNTIL")]
    pub until: Option<String>,
    /// How it is printed. auto: full screen on a terminal, else table for list and jsonl for tail and open.
    #[arg(short, long, value_enum, default_value_t, env = "THUMBVIEW_OUTPUT")]
    pub output: Output,
    /// Show secrets in URLs.
    #[arg(long, env = "THUMBVIEW_REVEAL")]
    pub reveal: bool,
    /// The zone of times without one, and of the screen.
    #[arg(long, value_enum, default_value_t, env = "THUMBVIEW_TZ")]
    pub tz: Zone,
}

/// How it looks, and what may be fetched.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag on the command line")]
pub struct Look {
    /// How pictures are drawn.
    #[arg(short, long, value_enum, default_value_t, env = "THUMBVIEW_PROTOCOL")]
    pub protocol: Draw,
    /// Fetch from HOST or HOST:PORT although it is private, loopback or on another port.
    #[arg(long, value_name = "HOST[:PORT]", env = "THUMBVIEW_ALLOW_HOST")]
    pub allow_host: Vec<HostPort>,
    /// Fetch from this network although it is private.
    #[arg(long, value_name = "NET", env = "THUMBVIEW_ALLOW_CIDR")]
    pub allow_cidr: Vec<IpNet>,
    /// Fetch nothing.
    #[arg(long, env = "THUMBVIEW_NO_FETCH")]
    pub no_fetch: bool,
    /// Fetch only what is looked at.
    #[arg(long, env = "THUMBVIEW_NO_PREFETCH")]
    pub no_prefetch: bool,
    /// How many fetches may be in flight.
    #[arg(short, long, value_name = "N", default_value_t = 6, env = "THUMBVIEW_JOBS")]
    pub jobs: usize,
    /// The longest silence of a server; connecting may take half of it, the whole three times.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration, env = "THUMBVIEW_TIMEOUT")]
    pub timeout: Duration,
    /// The largest picture that is fetched.
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = parse_size, env = "THUMBVIEW_MAX_SIZE")]
    pub max_size: u64,
    /// Send this Referer, to that host only.
    #[arg(long, value_name = "[HOST=]URL", env = "THUMBVIEW_REFERER")]
    pub referer: Vec<String>,
    /// Send this header, to that host only.
    #[arg(short = 'H', long, value_name = "[HOST=]K:V", env = "THUMBVIEW_HEADER", hide_env_values = true)]
    pub header: Vec<String>,
    /// Fetch through this proxy, which then looks up and judges addresses.
    #[arg(long, value_name = "URL", env = "THUMBVIEW_PROXY", hide_env_values = true)]
    pub proxy: Option<Url>,
    /// Trust these issuers too.
    #[arg(long, value_name = "PEM", env = "THUMBVIEW_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Keep fetched pictures here instead of the user's cache folder.
    #[arg(long, value_name = "DIR", env = "THUMBVIEW_CACHE_DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Keep no pictures on disk.
    #[arg(long, env = "THUMBVIEW_NO_CACHE")]
    pub no_cache: bool,
    /// Colours of the screen.
    #[arg(long, value_enum, default_value_t, env = "THUMBVIEW_THEME")]
    pub theme: Colours,
    /// Use no glyphs beyond ASCII.
    #[arg(long, env = "THUMBVIEW_ASCII")]
    pub ascii: bool,
    /// Take the mouse: click, wheel, drag on the timeline.
    #[arg(long, env = "THUMBVIEW_MOUSE")]
    pub mouse: bool,
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

/// `-p`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Draw {
    /// The best that the terminal answers for.
    #[default]
    Auto,
    /// kitty's graphics.
    Kitty,
    /// iTerm2's inline images.
    Iterm2,
    /// Sixel.
    Sixel,
    /// Block characters.
    Blocks,
    /// No pictures.
    None,
}

/// `--theme`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colours {
    /// By the terminal's background.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// None.
    Mono,
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

/// What a demo shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// A little of everything.
    #[default]
    Tour,
    /// 2 000 events a minute.
    Storm,
    /// Every kind of rotation in turn.
    Rotate,
    /// Each error code.
    Failures,
    /// Pictures that are late, cut off or refused.
    Slow,
}

/// `-n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// The last N events.
    Last(u64),
    /// All.
    All,
}

impl std::str::FromStr for Lines {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "+1" {
            return Ok(Self::All);
        }
        text.parse().map(Self::Last).map_err(|_no_number| "a number of events, or +1 for all")
    }
}

impl Cli {
    /// The command; plain `thumbview FILE...` is `open`.
    pub fn command(self) -> Command {
        self.command.unwrap_or(Command::Open(self.open))
    }
}

impl Input {
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
    pub fn source(&self, mode: Mode, start: Start) -> source::Config {
        source::Config { files: self.files.clone(), mode, start, zone: self.zone() }
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

impl Look {
    /// What `media` needs; or what is wrong with the options.
    pub fn media(&self) -> Result<media::Config, String> {
        let mut policy = Policy::default();
        for host in &self.allow_host {
            policy.allow(host.clone()).map_err(|refusal| refusal.to_string())?;
        }
        policy.allow_nets.clone_from(&self.allow_cidr);
        let only = if let [only] = &*self.allow_host { Some(only) } else { None };
        // The name of the host or the header; what follows may be a secret.
        let bound =
            |text: &String, why| format!("{}: {why}", Safe::new(text.split(['=', ':']).next().unwrap_or_default()));
        let referer = self
            .referer
            .iter()
            .map(|text| HostBound::parse(text, only).map_err(|why| bound(text, why)))
            .collect::<Result<_, _>>()?;
        let headers = self
            .header
            .iter()
            .map(|text| HostBound::<Header>::parse(text, only).map_err(|why| bound(text, why)))
            .collect::<Result<_, _>>()?;
        Ok(media::Config {
            policy,
            silence: self.timeout,
            max_bytes: self.max_size,
            jobs: self.jobs.clamp(1, 64),
            referer,
            headers,
            proxy: self.proxy.clone(),
            ca_file: self.ca_file.clone(),
            fetch: if self.no_fetch { FetchMode::No } else { FetchMode::Yes },
            ..media::Config::default()
        })
    }

    /// The protocol that was forced.
    pub fn forced(&self) -> Option<Protocol> {
        match self.protocol {
            Draw::Auto => None,
            Draw::Kitty => Some(Protocol::Kitty),
            Draw::Iterm2 => Some(Protocol::Iterm2),
            Draw::Sixel => Some(Protocol::Sixel),
            Draw::Blocks => Some(Protocol::Blocks),
            Draw::None => Some(Protocol::None),
        }
    }

    /// What the screen begins with.
    pub fn options(&self, no_color: bool) -> app::Options {
        let theme = match self.theme {
            Colours::Auto if no_color => Theme::Mono,
            Colours::Auto => Theme::Auto,
            Colours::Dark => Theme::Dark,
            Colours::Light => Theme::Light,
            Colours::Mono => Theme::Mono,
        };
        app::Options {
            theme,
            glyphs: if self.ascii { Glyphs::Ascii } else { Glyphs::Unicode },
            fetching: match (self.no_fetch, self.no_prefetch) {
                (true, _) => Fetching::Nothing,
                (false, true) => Fetching::Looked,
                (false, false) => Fetching::Ahead,
            },
            mouse: if self.mouse { MouseUse::On } else { MouseUse::Off },
            following: Following::Off,
            ..app::Options::default()
        }
    }
}

/// `10s`, `2m`, `1h 30m`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration = text.parse().map_err(|_unreadable| "a time such as 10s or 2m".to_owned())?;
    Duration::try_from(duration).map_err(|_negative| "a time above zero".to_owned())
}

/// `1:30`, `90`, `0:12.5`.
fn parse_offset(text: &str) -> Result<Offset, String> {
    app::parse_offset(text).ok_or_else(|| "a place such as 1:30 or 90".to_owned())
}

/// `16MiB`, `500KB`, `1048576`.
fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.trim_start_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "kb" => 1000,
        "m" | "mib" => 1 << 20,
        "mb" => 1_000_000,
        "g" | "gib" => 1 << 30,
        "gb" => 1_000_000_000,
        _ => return Err("a size such as 16MiB".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_no_number| "a size such as 16MiB".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "too large".to_owned())
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_no_number| "a number".to_owned())?;
    if (0.01..=1000.0).contains(&speed) { Ok(speed) } else { Err("between 0.01 and 1000".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        <Cli as CommandFactory>::command().debug_assert();
    }

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(parse_size("16MiB"), Ok(16 << 20));
        assert_eq!(parse_size("500KB"), Ok(500_000));
        assert_eq!(parse_size("7"), Ok(7));
        assert!(parse_size("x").is_err() && parse_size("5 bananas").is_err() && parse_size("99999999999G").is_err());
        assert_eq!(parse_duration("1m30s"), Ok(Duration::from_secs(90)));
        assert!(parse_duration("soon").is_err());
    }

    #[test]
    fn plain_files_are_opened() {
        let parse = |args: &[&str]| Cli::try_parse_from([&["thumbview"], args].concat()).map(Cli::command);
        assert!(matches!(parse(&["a.log"]), Ok(Command::Open(open)) if open.input.files == ["a.log"]));
        assert!(matches!(parse(&["tail", "-n", "+1", "-F", "a.log"]), Ok(Command::Tail(tail))
            if tail.lines == Some(Lines::All)));
        assert!(parse(&["list", "-e", "since:soon", "a.log"]).is_err());
    }
}
