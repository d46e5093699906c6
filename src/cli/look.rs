//! The options that several commands share: what may be fetched, and how the screen looks.

use crate::{
    app::{self, Fetching, Following, Glyphs, MouseUse, Theme},
    media::{self, FetchMode, Header, HostBound, HostPort, Policy},
    picture::Protocol,
    text::Safe,
};
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use std::{path::PathBuf, time::Duration};
use url::Url;

/// What may be fetched, and how.
#[derive(Args, Debug)]
pub struct FetchArgs {
    /// Fetch from HOST or HOST:PORT although it is private, loopback or on another port.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub allow_host: Vec<HostPort>,
    /// Fetch from this network although it is private.
    #[arg(long, value_name = "NET")]
    pub allow_cidr: Vec<IpNet>,
    /// Fetch nothing.
    #[arg(long)]
    pub no_fetch: bool,
    /// How many fetches may be in flight.
    #[arg(short, long, value_name = "N", default_value_t = 6)]
    pub jobs: usize,
    /// The longest silence of a server; connecting may take half of it, the whole three times.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// The largest picture that is fetched.
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = parse_size)]
    pub max_size: u64,
    /// Send this Referer, to that host only.
    #[arg(long, value_name = "[HOST=]URL")]
    pub referer: Vec<String>,
    /// Send this header, to that host only.
    #[arg(short = 'H', long, value_name = "[HOST=]K:V")]
    pub header: Vec<String>,
    /// Fetch through this proxy, which then looks up and judges addresses.
    #[arg(long, value_name = "URL")]
    pub proxy: Option<Url>,
    /// Trust these issuers too.
    #[arg(long, value_name = "PEM")]
    pub ca_file: Option<PathBuf>,
    /// Keep fetched pictures here instead of the user's cache folder.
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Keep no pictures on disk.
    #[arg(long)]
    pub no_cache: bool,
}

/// How it looks, and what may be fetched.
#[derive(Args, Debug)]
pub struct LookArgs {
    /// How pictures are drawn.
    #[arg(short, long, value_enum, default_value_t)]
    pub protocol: Draw,
    /// What may be fetched.
    #[command(flatten)]
    pub fetch: FetchArgs,
    /// Fetch only what is looked at.
    #[arg(long)]
    pub no_prefetch: bool,
    /// Colours of the screen.
    #[arg(long, value_enum, default_value_t)]
    pub theme: Colours,
    /// Whether the screen has colours.
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        help = "Whether the screen has colours; auto: unless NO_COLOR is set, never: as --theme mono"
    )]
    pub color: When,
    /// Use no glyphs beyond ASCII.
    #[arg(long)]
    pub ascii: bool,
    /// Take the mouse: click, wheel, drag on the timeline.
    #[arg(long)]
    pub mouse: bool,
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

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// Unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Whatever `NO_COLOR` says.
    Always,
    /// No colours.
    Never,
}

impl FetchArgs {
    /// What `media` needs; or what is wrong with the options.
    pub fn media(&self) -> Result<media::MediaConfig, String> {
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
        Ok(media::MediaConfig {
            policy,
            idle_timeout: self.timeout,
            max_bytes: self.max_size,
            jobs: self.jobs.clamp(1, 64),
            referer,
            headers,
            proxy: self.proxy.clone(),
            ca_file: self.ca_file.clone(),
            fetch: if self.no_fetch { FetchMode::No } else { FetchMode::Yes },
            ..media::MediaConfig::default()
        })
    }
}

impl LookArgs {
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

    /// What the screen begins with; `no_color` is whether `NO_COLOR` is set.
    pub fn options(&self, no_color: bool) -> app::AppOptions {
        let theme = match (self.theme, self.color) {
            (_, When::Never) | (Colours::Mono, _) => Theme::Mono,
            (Colours::Auto, When::Auto) if no_color => Theme::Mono,
            (Colours::Auto, When::Auto | When::Always) => Theme::Auto,
            (Colours::Dark, When::Auto | When::Always) => Theme::Dark,
            (Colours::Light, When::Auto | When::Always) => Theme::Light,
        };
        app::AppOptions {
            theme,
            glyphs: if self.ascii { Glyphs::Ascii } else { Glyphs::Unicode },
            fetching: match (self.fetch.no_fetch, self.no_prefetch) {
                (true, _) => Fetching::Nothing,
                (false, true) => Fetching::Looked,
                (false, false) => Fetching::Ahead,
            },
            mouse: if self.mouse { MouseUse::On } else { MouseUse::Off },
            following: Following::Off,
            ..app::AppOptions::default()
        }
    }
}

/// `10s`, `2m`, `1h 30m`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration = text.parse().map_err(|_unreadable| "a time such as 10s or 2m".to_owned())?;
    Duration::try_from(duration).map_err(|_negative| "a time above zero".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(parse_size("16MiB"), Ok(16 << 20));
        assert_eq!(parse_size("500KB"), Ok(500_000));
        assert_eq!(parse_size("7"), Ok(7));
        assert!(parse_size("x").is_err() && parse_size("5 bananas").is_err() && parse_size("99999999999G").is_err());
        assert_eq!(parse_duration("1m30s"), Ok(Duration::from_secs(90)));
        assert!(parse_duration("soon").is_err());
    }
}
