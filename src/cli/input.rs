//! The options that say what is read, which assets pass, and how they are printed.

use super::{KafkaArgs, UsageError};
use crate::{
    app::{Filter, filter_words},
    catalog::ListFormat,
    event::{ReadMode, Reveal, Time},
    source::{
        Order, Restart, SourceConfig, Start,
        kafka::{KafkaOptions, TopicAddress},
    },
};
use clap::{Args, ValueEnum};
use jiff::{Timestamp, tz::TimeZone};
use std::path::PathBuf;

/// The logs, the filter and the output.
#[derive(Args, Debug)]
pub struct InputArgs {
    /// Logs, plain or compressed; quoted globs and directories too. `HOST:/path` is a log on another machine, by ssh. - is stdin.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Read what this command prints, by sh -c; may be given several times. docker logs -f, kubectl logs -f and
    /// journalctl -f continue where they stopped when they end.
    #[arg(long, value_name = "CMD")]
    pub command: Vec<String>,
    /// Start other commands again when they end, too; all that they print then is new.
    #[arg(long, requires = "command")]
    pub restart: bool,
    /// Pass this option to ssh -o; may be given several times.
    #[arg(long, value_name = "OPT")]
    pub ssh_option: Vec<String>,
    /// The filter.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// The format of the output. auto: full screen on a terminal, else table for list and jsonl for tail and open.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// The login and the TLS of Kafka's brokers.
    #[command(flatten)]
    pub kafka: KafkaArgs,
}

/// The filter, and how secrets and times are shown.
#[derive(Args, Debug)]
pub struct SelectionArgs {
    /// Show only the assets that pass: words, "two words", status:failed, code:VOD.*, samples<5, since:2h, host:NAME,
    /// source:FILE; ! negates.
    #[arg(short = 'e', long, value_name = "EXPR", value_parser = Filter::parse, long_help = filter_help())]
    pub filter: Vec<Filter>,
    /// Show only assets of this status.
    #[arg(short, long, value_name = "S")]
    pub status: Option<String>,
    /// Show only assets whose id contains this.
    #[arg(short, long, value_name = "ID")]
    pub asset: Option<String>,
    /// Show only assets since this time: an age such as 30m or 2h, or RFC 3339. Those without a time are kept.
    #[arg(long, value_name = "T", value_parser = parse_since)]
    pub since: Option<String>,
    /// Show only assets until this time.
    #[arg(long, value_name = "T", value_parser = parse_since)]
    pub until: Option<String>,
    /// Show secrets in URLs.
    #[arg(long)]
    pub reveal: bool,
    /// The time zone of the screen, and of times that name none.
    #[arg(long, value_enum, default_value_t)]
    pub tz: Zone,
}

impl InputArgs {
    /// Returns whether neither a file nor a command was named.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.command.is_empty()
    }

    /// Reads stdin where nothing was named, unless stdin is a terminal. Names of topics are checked.
    pub fn or_stdin(mut self, stdin: StreamKind) -> Result<Self, UsageError> {
        if self.is_empty() {
            if stdin == StreamKind::Terminal {
                let sentence = "no FILE was given: `thumbview --help` has examples, `thumbview demo` needs no file";
                return Err(UsageError::new(sentence));
            }
            self.files.push("-".into());
        }
        for file in &self.files {
            if let Some(Err(error)) = TopicAddress::parse(file.as_os_str()) {
                return Err(UsageError::new(error.to_string()));
            }
        }
        Ok(self)
    }

    /// Returns all filters as one.
    pub fn filter(&self) -> Result<Filter, UsageError> {
        self.selection.filter()
    }

    /// Returns whether secrets in URLs are shown.
    pub fn reveal(&self) -> Reveal {
        self.selection.reveal()
    }

    /// Returns the zone of times without one, and of the screen.
    pub fn zone(&self) -> TimeZone {
        self.selection.zone()
    }

    /// Returns the configuration of the source.
    pub fn source(&self, mode: ReadMode, start: Start, order: Order) -> SourceConfig {
        let now = Time::from(Timestamp::now());
        let since = self.filter().ok().and_then(|filter| filter.since(now)).map(Time::timestamp);
        let kafka = KafkaOptions { since, ..self.kafka.options() };
        SourceConfig {
            commands: self.command.clone(),
            restart: if self.restart { Restart::Always } else { Restart::Never },
            ssh_options: self.ssh_option.clone(),
            kafka,
            ..SourceConfig::of_files(self.files.clone(), mode, start, order, self.zone())
        }
    }
}

impl SelectionArgs {
    /// Returns all filters as one.
    pub fn filter(&self) -> Result<Filter, UsageError> {
        let mut filter = self.filter.iter().cloned().fold(Filter::default(), Filter::and);
        let terms = [
            self.status.as_ref().map(|status| format!("status:{status}")),
            self.asset.clone(),
            self.since.as_ref().map(|time| format!("since:{time}")),
            self.until.as_ref().map(|time| format!("until:{time}")),
        ];
        for term in terms.into_iter().flatten() {
            filter = filter.and(Filter::parse(&term).map_err(|error| UsageError::new(error.to_string()))?);
        }
        Ok(filter)
    }

    /// Returns whether secrets in URLs are shown.
    pub fn reveal(&self) -> Reveal {
        if self.reveal { Reveal::Show } else { Reveal::Hide }
    }

    /// Returns the zone of times without one, and of the screen.
    pub fn zone(&self) -> TimeZone {
        match self.tz {
            Zone::Local => TimeZone::system(),
            Zone::Utc => TimeZone::UTC,
        }
    }
}

/// The kind of a standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// A terminal.
    Terminal,
    /// A file, a pipe or a device.
    Other,
}

/// `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Full screen on a terminal, else what the command prints.
    #[default]
    Auto,
    /// Full screen.
    Tui,
    /// Aligned columns.
    Table,
    /// One JSON object.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// CSV (RFC 4180).
    Csv,
    /// A JUnit report, for CI.
    Junit,
}

impl Output {
    /// Returns an error unless a command has this output. [`Output::Auto`] is always one of them.
    pub fn require(self, command: &str, outputs: &[Self]) -> Result<(), UsageError> {
        if self == Self::Auto || outputs.contains(&self) {
            return Ok(());
        }
        let name =
            |output: &Self| output.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let names: Vec<String> = outputs.iter().map(name).collect();
        let names = match names.as_slice() {
            [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
            names => names.concat(),
        };
        Err(UsageError::new(format!("`{command}` has no output {}, only {names}", name(&self))))
    }

    /// Returns whether this is the full screen.
    pub fn is_full_screen(self, stdout: StreamKind) -> bool {
        match self {
            Self::Auto => stdout == StreamKind::Terminal,
            Self::Tui => true,
            Self::Table | Self::Json | Self::Jsonl | Self::Csv | Self::Junit => false,
        }
    }

    /// Returns the format of printed assets; `None` leaves it to the command.
    pub fn format(self) -> Option<ListFormat> {
        match self {
            Self::Auto | Self::Tui | Self::Junit => None,
            Self::Table => Some(ListFormat::Table),
            Self::Json => Some(ListFormat::Json),
            Self::Jsonl => Some(ListFormat::Jsonl),
            Self::Csv => Some(ListFormat::Csv),
        }
    }
}

/// `--tz`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Zone {
    /// The zone of this machine.
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
    /// All events.
    All,
}

impl LineCount {
    /// Returns where reading begins.
    pub fn start(self) -> Start {
        match self {
            Self::Last(count) => Start::Last(count),
            Self::All => Start::All,
        }
    }
}

impl std::str::FromStr for LineCount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "+1" {
            return Ok(Self::All);
        }
        text.parse().map(Self::Last).map_err(|_no_number| "expected a number of events, or +1 for all")
    }
}

/// Returns the long help of `-e`, with the words of a filter and examples.
fn filter_help() -> String {
    format!("Show only the assets that pass. Given several times, all must hold. The words:\n\n{}", filter_words())
}

/// Checks an age or a time, so that clap names the option of a wrong one.
fn parse_since(text: &str) -> Result<String, String> {
    Filter::parse(&format!("since:{text}"))
        .map_err(|_wrong| "expected an age such as 30m, or a time such as 2026-03-14T01:15:00Z".to_owned())?;
    Ok(text.to_owned())
}
