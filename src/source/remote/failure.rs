//! The reason why there is no link to a host, from what ssh said, as a sentence for the operator.
//!
//! Pure. It also tells whether trying again may help: a login that was refused is refused again, and may get the address
//! locked out.

use crate::text::Safe;

/// The reason why there is no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LinkFailure {
    pub(super) sentence: String,
    pub(super) remedy: Remedy,
}

/// The remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Time.
    Time,
    /// The operator.
    Operator,
}

/// The end of a shell before or after its greeting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ShellEnd {
    /// The exit code of ssh; `None` where it was ended or still runs.
    pub(super) code: Option<i32>,
    /// The last lines of its stderr.
    pub(super) stderr: String,
    /// The text that came instead of a greeting.
    pub(super) noise: String,
}

/// Returns the reason why a shell ended or did not begin.
pub(super) fn explain(host: &str, end: &ShellEnd) -> LinkFailure {
    let said = end.stderr.as_str();
    let has = |text: &str| said.contains(text);
    let time = |sentence: &str| LinkFailure { sentence: sentence.to_owned(), remedy: Remedy::Time };
    let operator = |sentence: String| LinkFailure { sentence, remedy: Remedy::Operator };
    if has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        operator(format!("its host key has changed; if that is known to be right: ssh-keygen -R {host}"))
    } else if has("Host key verification failed") {
        operator(format!("its host key is not known here; log in once with: ssh {host}"))
    } else if let Some(methods) = said.split("Permission denied (").nth(1) {
        let methods = methods.split(')').next().unwrap_or_default();
        operator(format!("the login was refused ({methods}); this must work without a question: ssh {host}"))
    } else if has("Too many authentication failures") {
        operator("the login was refused: too many keys were offered".to_owned())
    } else if has("Could not resolve hostname") {
        time("its name cannot be resolved")
    } else if has("Connection refused") {
        time("connection refused")
    } else if has("No route to host") || has("Network is unreachable") {
        time("there is no route to it")
    } else if has("timed out") || has("not responding") || has("Timeout") {
        time("no answer")
    } else if end.code == Some(127) || has("not found") && !has("HOSTNAME") {
        operator("there is no sh that could be started".to_owned())
    } else if !end.noise.trim().is_empty() {
        let noise = end.noise.trim().lines().next_back().unwrap_or_default();
        operator(format!("no sh answered but: {}", Safe::new(noise).fit(80)))
    } else {
        match said.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
            Some(line) => time(Safe::new(line).fit(120).as_str()),
            None => time("the connection was closed"),
        }
    }
}

/// Returns whether ssh might have gone on with an answer to a question: a password, a passphrase, or yes to a host key.
/// It never asks about one that has changed.
pub(super) fn lacks_answer(end: &ShellEnd) -> bool {
    let has = |text: &str| end.stderr.contains(text);
    let key_is_unknown = has("Host key verification failed") && !has("HOST IDENTIFICATION HAS CHANGED");
    key_is_unknown || has("Permission denied (")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_sentence() {
        let cases = [
            (
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                255,
                "",
                "its host key has changed; if that is known to be right: ssh-keygen -R web1",
                Remedy::Operator,
            ),
            (
                "No ED25519 host key is known for web1\nHost key verification failed.\n",
                255,
                "",
                "its host key is not known here; log in once with: ssh web1",
                Remedy::Operator,
            ),
            (
                "ops@web1: Permission denied (publickey,password).\n",
                255,
                "",
                "the login was refused (publickey,password); this must work without a question: ssh web1",
                Remedy::Operator,
            ),
            (
                "ssh: Could not resolve hostname web1: Name or service not known",
                255,
                "",
                "its name cannot be resolved",
                Remedy::Time,
            ),
            ("ssh: connect to host web1 port 22: Connection refused", 255, "", "connection refused", Remedy::Time),
            ("ssh: connect to host web1 port 22: Connection timed out", 255, "", "no answer", Remedy::Time),
            ("Timeout, server web1 not responding.", 255, "", "no answer", Remedy::Time),
            ("ssh: connect to host web1 port 22: No route to host", 255, "", "there is no route to it", Remedy::Time),
            ("bash: line 1: exec: sh: not found", 127, "", "there is no sh that could be started", Remedy::Operator),
            (
                "",
                1,
                "Hello\nThis service allows sftp connections only.\n",
                "no sh answered but: This service allows sftp connections only.",
                Remedy::Operator,
            ),
            (
                "client_loop: send disconnect: Broken pipe",
                255,
                "",
                "client_loop: send disconnect: Broken pipe",
                Remedy::Time,
            ),
            ("", 255, "", "the connection was closed", Remedy::Time),
        ];
        for (stderr, code, noise, sentence, remedy) in cases {
            let end = ShellEnd { code: Some(code), stderr: stderr.to_owned(), noise: noise.to_owned() };
            assert_eq!(explain("web1", &end), LinkFailure { sentence: sentence.to_owned(), remedy }, "{stderr}");
        }
    }

    #[test]
    fn a_question_is_worth_asking_where_its_answer_may_help() {
        let cases = [
            ("Host key verification failed.", true),
            ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", false),
            ("ops@web1: Permission denied (publickey,password).", true),
            ("ssh: connect to host web1 port 22: Connection refused", false),
            ("sh: /x: Permission denied", false),
        ];
        for (stderr, expected) in cases {
            let end = ShellEnd { code: Some(255), stderr: stderr.to_owned(), noise: String::new() };
            assert_eq!(lacks_answer(&end), expected, "{stderr}");
        }
    }
}
