//! tmux: the terminal that it runs in, and sequences passed through to that terminal.
//!
//! tmux is asked once by `display-message`, with a time-out. No option of the user's is changed: a setting that would help
//! is named in a hint.

use std::{
    fmt,
    io::Read as _,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The longest wait for tmux's answer, which usually takes 3 ms.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(250);

/// The terminal that tmux itself runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Its answer to XTVERSION, such as `kitty(0.41.1)`; empty where tmux has none.
    pub terminal: String,
    /// True if tmux believes that it shows sixel graphics.
    pub sixel: bool,
    /// True if the option `allow-passthrough` is on for this pane.
    pub passthrough: bool,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terminal = if self.terminal.is_empty() { "no name" } else { self.terminal.as_str() };
        let sixel = if self.sixel { "sixel" } else { "no sixel" };
        let passthrough = if self.passthrough { "on" } else { "off" };
        write!(f, "{terminal}, {sixel}, allow-passthrough {passthrough}")
    }
}

impl Client {
    /// Asks tmux. `None` without an answer in time: an old tmux, a detached one, that of another machine.
    pub(super) fn query() -> Option<Self> {
        let mut child = Command::new("tmux")
            .args(["display-message", "-p", "#{client_termtype}\t#{client_termfeatures}\t#{allow-passthrough}"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        while child.try_wait().ok()?.is_none() {
            if Instant::now() > deadline {
                child.kill().and_then(|()| child.wait()).ok()?;
                return None;
            }
            thread::sleep(Duration::from_millis(1));
        }
        let mut answer = String::new();
        child.stdout?.take(4096).read_to_string(&mut answer).ok()?;
        Self::parse(&answer)
    }

    fn parse(answer: &str) -> Option<Self> {
        let mut words = answer.trim_end_matches('\n').split('\t');
        let (terminal, features, passthrough) = (words.next()?, words.next()?, words.next()?);
        Some(Self {
            terminal: terminal.to_owned(),
            sixel: features.split(',').any(|feature| feature == "sixel"),
            passthrough: matches!(passthrough, "1" | "on" | "all" | "2"),
        })
    }
}

/// Appends a whole sequence wrapped so that tmux passes it to its terminal.
pub(super) fn wrap(sequence: &[u8], out: &mut Vec<u8>) {
    out.extend(b"\x1bPtmux;");
    for byte in sequence {
        if *byte == 0x1b {
            out.push(0x1b);
        }
        out.push(*byte);
    }
    out.extend(b"\x1b\\");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tmux_describes_its_terminal() {
        let client = |terminal: &str, sixel, passthrough| Client { terminal: terminal.to_owned(), sixel, passthrough };
        let check = |answer, expected| assert_eq!(Client::parse(answer), expected, "{answer:?}");
        check("kitty(0.41.1)\tbpaste,RGB,title\t1\n", Some(client("kitty(0.41.1)", false, true)));
        check("\t256,sixel\t0\n", Some(client("", true, false)));
        check("XTerm(379)\tsixel\tall\n", Some(client("XTerm(379)", true, true)));
        check("no server running\n", None);
    }
}
