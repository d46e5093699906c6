//! The words of a command line of ssh.

use super::name::RemoteHost;
use std::ffi::OsString;

/// The options with which ssh neither forwards, nor hangs, nor leaves anything behind.
const OPTIONS: [&str; 10] = [
    "ConnectTimeout=10",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=2",
    "ControlMaster=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "LogLevel=ERROR",
];

/// The option with which ssh never asks.
const SILENT: &str = "BatchMode=yes";

/// The permission for ssh to ask, on the terminal, for a password, a passphrase or the trust in a host key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Questions {
    Asked,
    Refused,
}

/// Returns the words that run a command at the other end. ssh takes the first value of an option: ours that must hold
/// come first, then those of the user, then ours that hold where the user has none.
pub(super) fn words(
    host: &RemoteHost,
    first: &[String],
    options: &[String],
    questions: Questions,
    command: &str,
) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["ssh".into(), "-T".into()];
    let silent = (questions == Questions::Refused).then_some(SILENT);
    let all = first.iter().chain(options).map(String::as_str).chain(silent).chain(OPTIONS);
    words.extend(all.flat_map(|option| ["-o".into(), option.into()]));
    words.extend(host.arguments());
    words.push(command.into());
    words
}

/// Returns the words that ask whether a master of the user's own serves a host.
pub(super) fn check_words(host: &RemoteHost, options: &[String]) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["ssh".into(), "-O".into(), "check".into()];
    words.extend(options.iter().flat_map(|option| ["-o".into(), option.into()]));
    words.extend(host.arguments());
    words
}
