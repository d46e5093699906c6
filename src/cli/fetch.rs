//! The options that say what may be fetched, and how.

use super::{UsageError, environment::cache_folder};
use crate::{
    media::{Header, HostBound, HostPort, MediaConfig, Policy},
    picture::FetchMode,
};
use clap::{Arg, Args, Command, builder::TypedValueParser, error::ErrorKind};
use ipnet::IpNet;
use std::{ffi::OsStr, num::NonZeroUsize, path::PathBuf, str::FromStr, time::Duration};
use url::Url;

/// The limits of fetching.
#[derive(Args, Debug)]
pub struct FetchArgs {
    /// Also fetch from this host, although its address is private or loopback, or its port is neither 80 nor 443.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub allow_host: Vec<HostPort>,
    /// Also fetch from this private network, for example 10.0.0.0/8.
    #[arg(long, value_name = "NET")]
    pub allow_cidr: Vec<IpNet>,
    /// Fetch no pictures; those in the cache are still shown.
    #[arg(long)]
    pub no_fetch: bool,
    /// Fetch at most N pictures at a time.
    #[arg(short, long, value_name = "N", default_value = "6", value_parser = parse_count)]
    pub jobs: NonZeroUsize,
    /// Give up after this time without a byte. Connecting may take half of it, a whole fetch three times.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// Refuse pictures that are larger than this.
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = parse_size)]
    pub max_size: u64,
    /// Send this Referer to that host only. HOST may be left out with exactly one --allow-host.
    #[arg(long, value_name = "[HOST=]URL")]
    pub referer: Vec<String>,
    /// Send this header to that host only. HOST may be left out with exactly one --allow-host.
    #[arg(short = 'H', long, value_name = "[HOST=]K:V")]
    pub header: Vec<String>,
    /// Fetch through this proxy, which then resolves host names and decides which addresses are allowed.
    #[arg(long, value_name = "URL", value_parser = ProxyParser)]
    pub proxy: Option<Url>,
    /// Also trust the certificate authorities in this file.
    #[arg(long, value_name = "PEM")]
    pub ca_file: Option<PathBuf>,
    /// Keep the picture cache in this folder instead of the user's cache folder.
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Keep no pictures on disk.
    #[arg(long)]
    pub no_cache: bool,
}

impl FetchArgs {
    /// Returns the configuration of the fetches.
    pub fn media(&self) -> Result<MediaConfig, UsageError> {
        let mut policy = Policy::default();
        for host in &self.allow_host {
            policy.allow(host.clone()).map_err(|refusal| UsageError::new(refusal.to_string()))?;
        }
        policy.allow_nets.clone_from(&self.allow_cidr);
        let only = if let [only] = &*self.allow_host { Some(only) } else { None };
        let referer = parse_bound("--referer", &self.referer, only)?;
        let headers = parse_bound::<Header>("--header", &self.header, only)?;
        Ok(MediaConfig {
            policy,
            idle_timeout: self.timeout,
            max_bytes: self.max_size,
            jobs: self.jobs.get().min(64),
            referer,
            headers,
            proxy: self.proxy.clone(),
            ca_file: self.ca_file.clone(),
            cache_dir: self.cache_dir(),
            fetch: if self.no_fetch { FetchMode::Never } else { FetchMode::Prefetch },
            ..MediaConfig::default()
        })
    }

    /// Returns the folder of the picture cache, if there is one: as asked, else in the user's cache folder.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        if self.no_cache { None } else { self.cache_dir.clone().or_else(cache_folder) }
    }
}

/// Parses the values of a repeatable option. An error names the value by its place only: any part may be a secret.
fn parse_bound<T: FromStr>(
    option: &str,
    values: &[String],
    only: Option<&HostPort>,
) -> Result<Vec<HostBound<T>>, UsageError> {
    let parse = |(index, text): (usize, &String)| {
        HostBound::parse(text, only).map_err(|reason| match values.len() {
            1 => UsageError::new(format!("{option}: {reason}")),
            _ => UsageError::new(format!("{option} number {}: {reason}", index + 1)),
        })
    };
    values.iter().enumerate().map(parse).collect()
}

/// The parser of `--proxy`, whose errors leave the value out: it may contain a password.
#[derive(Clone, Debug)]
struct ProxyParser;

impl TypedValueParser for ProxyParser {
    type Value = Url;

    fn parse_ref(&self, command: &Command, _arg: Option<&Arg>, value: &OsStr) -> Result<Url, clap::Error> {
        let url = value.to_str().and_then(|text| Url::parse(text).ok()).filter(Url::has_host);
        url.ok_or_else(|| {
            let message = "--proxy needs a URL such as http://proxy.example:3128\n";
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

/// `10s`, `2m`, `1h 30m`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = parse_interval(text)?;
    if duration.is_zero() { Err("expected a time above zero".to_owned()) } else { Ok(duration) }
}

/// A time, or 0 without a unit.
pub(super) fn parse_interval(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let duration: jiff::SignedDuration =
        text.parse().map_err(|_unreadable| "expected a time such as 10s or 2m".to_owned())?;
    Duration::try_from(duration).map_err(|_negative| "expected a time above zero".to_owned())
}

/// A number of things of which there must be one.
pub(super) fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_unreadable| "expected a whole number of at least 1".to_owned())
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
        _ => return Err("expected a size such as 16MiB".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_no_number| "expected a size such as 16MiB".to_owned())?;
    match number.checked_mul(unit) {
        Some(0) => Err("expected a size above zero".to_owned()),
        size => size.ok_or_else(|| "the size is too large".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(parse_size("16MiB"), Ok(16 << 20));
        assert_eq!(parse_size("0MiB"), Err("expected a size above zero".to_owned()));
        assert_eq!(parse_duration("0s"), Err("expected a time above zero".to_owned()));
        assert_eq!(parse_count("0"), Err("expected a whole number of at least 1".to_owned()));
        assert_eq!(parse_count("7").map(NonZeroUsize::get), Ok(7));
        assert_eq!(parse_size("500KB"), Ok(500_000));
        assert_eq!(parse_size("7"), Ok(7));
        assert!(parse_size("x").is_err() && parse_size("5 bananas").is_err() && parse_size("99999999999G").is_err());
        assert_eq!(parse_duration("1m30s"), Ok(Duration::from_secs(90)));
        assert!(parse_duration("soon").is_err());
    }
}
