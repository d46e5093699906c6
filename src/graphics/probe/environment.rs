//! The terminal as the environment describes it.

use crate::{graphics::tmux, picture::Multiplexer};
use std::{env, ffi::OsString};

/// The variables that describe the terminal; empty where unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `TERM`.
    pub term: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `TERM_PROGRAM`.
    pub term_program: String,
    /// `LC_TERMINAL`, which iTerm2 sets and ssh often passes on.
    pub lc_terminal: String,
    /// `KONSOLE_VERSION`.
    pub konsole_version: String,
    /// True if `TMUX` is set: a tmux of this machine.
    pub tmux: bool,
    /// The terminal in which that tmux runs.
    pub tmux_client: Option<tmux::Client>,
    /// True at the far end of an ssh connection.
    pub ssh: bool,
}

/// Returns whether this process runs at the far end of an SSH connection.
pub fn is_over_ssh() -> bool {
    is_ssh(|name| env::var_os(name))
}

fn is_ssh(value: impl Fn(&str) -> Option<OsString>) -> bool {
    ["SSH_CONNECTION", "SSH_TTY"].into_iter().filter_map(value).any(|value| !value.is_empty())
}

/// The control strings of which a terminal does not print the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StringSupport {
    /// APC, DCS and OSC.
    All,
    /// OSC alone: Terminal.app of macOS.
    Osc,
    /// None: hardware terminals, and the Linux console before 5.16, which also prints `q` of `CSI > q`.
    None,
}

impl Environment {
    /// Reads the environment, and asks a tmux of this machine about its terminal, which takes some milliseconds.
    pub fn from_process() -> Self {
        let word = |name: &str| env::var(name).unwrap_or_default();
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let tmux = is_set("TMUX");
        Self {
            term: word("TERM"),
            colorterm: word("COLORTERM"),
            term_program: word("TERM_PROGRAM"),
            lc_terminal: word("LC_TERMINAL"),
            konsole_version: word("KONSOLE_VERSION"),
            tmux,
            tmux_client: if tmux { tmux::Client::query() } else { None },
            ssh: is_over_ssh(),
        }
    }

    /// Returns the multiplexer that the variables name.
    pub(super) fn multiplexer(&self) -> Multiplexer {
        if self.tmux || self.term.starts_with("tmux") {
            Multiplexer::Tmux
        } else if self.term.starts_with("screen") {
            Multiplexer::Screen
        } else {
            Multiplexer::None
        }
    }

    /// Returns the strings that the terminal can be sent.
    pub(super) fn string_support(&self) -> StringSupport {
        let prints_strings = ["linux", "vt1", "vt2", "ansi", "cons25", "dumb"];
        if self.multiplexer() != Multiplexer::None {
            StringSupport::All
        } else if prints_strings.iter().any(|name| self.term.starts_with(name)) {
            StringSupport::None
        } else if self.term_program == "Apple_Terminal" {
            StringSupport::Osc
        } else {
            StringSupport::All
        }
    }

    /// Returns true if the terminal has a title that can be saved and set. GNU screen has one but cannot restore it, and
    /// consoles have none.
    pub fn has_titles(&self) -> bool {
        self.multiplexer() != Multiplexer::Screen && self.string_support() != StringSupport::None
    }

    /// Returns true if a terminal with iTerm2's inline images is named.
    pub(super) fn names_iterm2(&self) -> bool {
        let programs = ["iTerm.app", "WezTerm", "mintty", "rio", "WarpTerminal", "Tabby", "Hyper"];
        programs.contains(&self.term_program.as_str())
            || self.lc_terminal == "iTerm2"
            || !self.konsole_version.is_empty()
    }

    /// Returns true if a terminal with 24-bit colours is named.
    pub(super) fn names_true_colour(&self) -> bool {
        let terms = ["kitty", "foot", "alacritty", "ghostty", "wezterm", "direct", "24bit"];
        matches!(self.colorterm.as_str(), "truecolor" | "24bit") || terms.iter().any(|term| self.term.contains(term))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_need_a_terminal_that_restores_them() {
        let check = |term: &str, tmux, expected| {
            let environment = Environment { term: term.to_owned(), tmux, ..Environment::default() };
            assert_eq!(environment.has_titles(), expected, "{term}");
        };
        check("xterm-256color", false, true);
        check("xterm-kitty", false, true);
        check("tmux-256color", false, true);
        check("screen-256color", true, true);
        check("screen-256color", false, false);
        check("linux", false, false);
        check("vt100", false, false);
        check("dumb", false, false);
    }

    #[test]
    fn ssh_is_told_by_either_variable() {
        let check = |set: &[(&str, &str)], expected| {
            let value = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
            assert_eq!(is_ssh(value), expected, "{set:?}");
        };
        check(&[], false);
        check(&[("SSH_TTY", "/dev/pts/0")], true);
        check(&[("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")], true);
        check(&[("SSH_CONNECTION", "")], false);
    }
}
