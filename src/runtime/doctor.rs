//! `doctor`: what was found out about the terminal, the network and the cache, ready for a bug report.

use super::{ask::ask, cache_dir, print::say};
use crate::{cli, text::Safe};
use anyhow::Result;
use std::{env, path::Path, process::ExitCode};

/// Prints one finding a line.
pub(super) async fn run(args: &cli::DoctorArgs) -> Result<ExitCode> {
    section("thumbview")?;
    line("version", env!("CARGO_PKG_VERSION"))?;
    line("system", &format!("{} {}", env::consts::OS, env::consts::ARCH))?;
    section("terminal")?;
    match ask(args.look.forced()).await {
        None => line("terminal", "none: output goes to a file or a pipe, or TERM says it cannot be drawn on")?,
        Some(probe) => {
            for (name, value) in probe.report() {
                line(name.as_str(), value.as_str())?;
            }
        }
    }
    section("network")?;
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
        if env::var_os(name).is_some() || env::var_os(name.to_lowercase()).is_some() {
            line(name, "is set, not used; --proxy uses one")?;
        }
    }
    line("proxy", if args.look.fetch.proxy.is_some() { "as --proxy says" } else { "none" })?;
    line("may be fetched from", &allowed(args))?;
    section("cache")?;
    match cache_dir(&args.look.fetch) {
        None => line("folder", "none: --no-cache, or no home folder")?,
        Some(folder) => {
            line("folder", &folder.display().to_string())?;
            line("holds", &held(&folder))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn section(name: &str) -> Result<()> {
    say(name)
}

fn line(name: &str, value: &str) -> Result<()> {
    say(&format!("  {name:<30} {}", Safe::new(value)))
}

fn allowed(args: &cli::DoctorArgs) -> String {
    let hosts = args.look.fetch.allow_host.iter().map(ToString::to_string);
    let nets = args.look.fetch.allow_cidr.iter().map(ToString::to_string);
    let more: Vec<String> = hosts.chain(nets).collect();
    let public = "public addresses on ports 80 and 443";
    if more.is_empty() { public.to_owned() } else { format!("{public}; {}", more.join(", ")) }
}

fn held(folder: &Path) -> String {
    let mut folders = vec![folder.to_owned()];
    let (mut files, mut bytes) = (0_u64, 0_u64);
    while let Some(entries) = folders.pop().map(std::fs::read_dir) {
        for entry in entries.into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => {
                    files += 1;
                    bytes += metadata.len();
                }
                Err(_) => {}
            }
        }
    }
    format!("{files} files, {bytes} bytes")
}
