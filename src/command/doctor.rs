//! `doctor`: prints what was found out about the terminal, the network and the cache.

use super::{probe::probe_terminal, runtime, stdio::print_line};
use crate::{
    cli::{DoctorArgs, FetchArgs, version},
    media::{TrustedRoots, check_cache},
    text::{Safe, number},
};
use anyhow::Result;
use std::{env, fs, path::Path, process::ExitCode};

pub(super) fn run(args: &DoctorArgs) -> Result<ExitCode> {
    print_line("thumbview")?;
    print_finding("version", &version())?;
    print_finding("system", &format!("{} {}", env::consts::OS, env::consts::ARCH))?;
    print_line("terminal")?;
    match runtime::block_on(async { Ok(probe_terminal(args.screen.drawing()).await) })? {
        None => {
            print_finding("terminal", "none to draw on: there is no controlling terminal, or TERM is dumb or not set")?;
        }
        Some(probe) => {
            for (name, value) in probe.report() {
                print_finding(name.as_str(), value.as_str())?;
            }
        }
    }
    print_line("network")?;
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
        if env::var_os(name).is_some() || env::var_os(name.to_lowercase()).is_some() {
            print_finding(name, "is set but not used; pass it with --proxy")?;
        }
    }
    print_finding("proxy", if args.screen.fetch.proxy.is_some() { "set by --proxy" } else { "none" })?;
    print_finding("pictures are fetched from", &allowed(&args.screen.fetch))?;
    print_finding("certificates", &certificates(TrustedRoots::find()))?;
    print_line("cache")?;
    match args.screen.fetch.cache_dir() {
        None => print_finding("folder", "none (--no-cache, or no home folder)")?,
        Some(folder) => {
            print_finding("folder", &folder.display().to_string())?;
            print_finding("size", &contents(&folder))?;
            match check_cache(&folder) {
                Ok(()) => print_finding("pictures are kept in it", "yes")?,
                Err(error) => print_finding("pictures are kept in it", &format!("no: {error}"))?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_finding(name: &str, value: &str) -> Result<()> {
    print_line(&format!("  {name:<30} {}", Safe::new(value)))
}

fn allowed(fetch: &FetchArgs) -> String {
    let hosts = fetch.allow_host.iter().map(ToString::to_string);
    let nets = fetch.allow_cidr.iter().map(ToString::to_string);
    let allowed: Vec<String> = hosts.chain(nets).collect();
    let public = "public addresses on ports 80 and 443";
    if allowed.is_empty() { public.to_owned() } else { format!("{public}; {}", allowed.join(", ")) }
}

fn certificates(roots: &TrustedRoots) -> String {
    match roots {
        TrustedRoots::System(authorities) => format!("{authorities} authorities of this system"),
        TrustedRoots::BuiltIn(authorities) => format!(
            "this system has none (the package is ca-certificates); the {authorities} authorities of Mozilla's list that are built in are used"
        ),
        TrustedRoots::Unreadable(error) => {
            format!("those of this system cannot be read: {error}; --ca-file names others")
        }
    }
}

/// Counts the files of a folder and those below it.
fn contents(folder: &Path) -> String {
    let mut folders = vec![folder.to_owned()];
    let (mut files, mut bytes) = (0_u64, 0_u64);
    while let Some(entries) = folders.pop().map(fs::read_dir) {
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
    format!("{} in {}", number::bytes(bytes), number::counted(files, "file"))
}
