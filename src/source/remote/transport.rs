//! The command line that starts the program at the other end.

use super::name::RemoteHost;
use std::ffi::OsString;

/// The program, as it stands in its file.
const PROGRAM: &str = include_str!("program.sh");

/// The options with which ssh neither asks, nor forwards, nor hangs, nor leaves anything behind. Those of the user come
/// before them, since ssh takes the first value of an option.
const OPTIONS: [&str; 11] = [
    "BatchMode=yes",
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

/// The way to a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    /// The program to run here and its arguments.
    pub(super) command: Vec<OsString>,
    /// The host, as it is shown.
    pub(super) host: String,
}

impl Transport {
    /// Returns the way by ssh, with these options of the user.
    pub(in crate::source) fn ssh(host: &RemoteHost, options: &[String]) -> Self {
        let mut command: Vec<OsString> = vec!["ssh".into(), "-T".into()];
        for option in options.iter().map(String::as_str).chain(OPTIONS) {
            command.extend(["-o".into(), option.into()]);
        }
        command.extend(host.arguments());
        command.push(command_line("sh").into());
        Self { command, host: host.name.clone() }
    }

    /// Returns the way to this machine itself, by a shell such as `sh` or `busybox sh`.
    pub fn shell(shell: &str) -> Self {
        let command = ["sh".into(), "-c".into(), command_line(shell).into()];
        Self { command: command.to_vec(), host: shell.to_owned() }
    }
}

/// Returns the command line for the login shell at the other end, whichever that is.
fn command_line(shell: &str) -> String {
    let lines = PROGRAM.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    format!("exec {shell} -c '{}'", lines.collect::<Vec<&str>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_one_word_for_any_login_shell() {
        let line = command_line("sh");
        let program = line.strip_prefix("exec sh -c '").and_then(|rest| rest.strip_suffix('\'')).unwrap();
        for forbidden in ["'", "!", "\\\\", "\n"] {
            assert!(!program.contains(forbidden), "{forbidden:?}");
        }
        assert!(program.len() < 4096);
    }

    #[test]
    fn the_options_of_the_user_come_first_and_the_host_last() {
        let host = RemoteHost { user: Some("ops".into()), name: "web1".into(), port: Some(2222) };
        let transport = Transport::ssh(&host, &["ConnectTimeout=3".into()]);
        let words: Vec<&str> = transport.command.iter().map(|word| word.to_str().unwrap()).collect();
        assert_eq!(words[..6], ["ssh", "-T", "-o", "ConnectTimeout=3", "-o", "BatchMode=yes"]);
        assert_eq!(words[words.len() - 7..words.len() - 1], ["-p", "2222", "-l", "ops", "--", "web1"]);
    }
}
