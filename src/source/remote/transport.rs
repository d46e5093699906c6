//! The command line that starts the program at the other end.

use super::{
    login::{Login, Logins},
    name::RemoteHost,
    ssh::{Questions, words},
};
use std::{ffi::OsString, sync::Arc};

/// The program, as it stands in its file.
const PROGRAM: &str = include_str!("program.sh");

/// The way to a machine.
#[derive(Clone, Debug)]
pub struct Transport {
    /// The host, as it is shown.
    pub(super) host: String,
    kind: TransportKind,
}

#[derive(Clone, Debug)]
enum TransportKind {
    /// By ssh, with these options of the user, and over a login that is there already.
    Ssh { host: RemoteHost, options: Vec<String>, login: Option<Arc<Login>> },
    /// By the shell of this machine: the words of the command.
    Here(Vec<OsString>),
}

impl Transport {
    /// Returns the way by ssh, with these options of the user, and over the login to the host while that lasts.
    pub(in crate::source) fn ssh(host: &RemoteHost, options: &[String], logins: &Logins) -> Self {
        let kind = TransportKind::Ssh { host: host.clone(), options: options.to_vec(), login: logins.of(host) };
        Self { host: host.name.clone(), kind }
    }

    /// Returns the way to this machine itself, by a shell such as `sh` or `busybox sh`.
    pub fn shell(shell: &str) -> Self {
        let command = ["sh".into(), "-c".into(), command_line(shell).into()];
        Self { host: shell.to_owned(), kind: TransportKind::Here(command.to_vec()) }
    }

    /// Returns the program to run here now, and its arguments.
    pub(super) fn command(&self) -> Vec<OsString> {
        match &self.kind {
            TransportKind::Ssh { host, options, login } => {
                // The name of a socket whose master has ended may be somebody else's.
                let shared = login.as_ref().filter(|login| login.is_alive()).map(|login| login.option());
                words(host, shared.as_slice(), options, Questions::Refused, &command_line("sh"))
            }
            TransportKind::Here(command) => command.clone(),
        }
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
        let command = Transport::ssh(&host, &["ConnectTimeout=3".into()], &Logins::default()).command();
        let words: Vec<&str> = command.iter().map(|word| word.to_str().unwrap()).collect();
        assert_eq!(words[..6], ["ssh", "-T", "-o", "ConnectTimeout=3", "-o", "BatchMode=yes"]);
        assert_eq!(words[words.len() - 7..words.len() - 1], ["-p", "2222", "-l", "ops", "--", "web1"]);
    }
}
