//! tmux: what it tells of its own terminal, and how a sequence is handed through to that.
//!
//! Nothing here changes an option of the user's: what would help is said in a hint.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The longest wait for tmux's own word; it takes 3 ms.
const PATIENCE: Duration = Duration::from_millis(250);

/// The terminal that tmux itself runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Its answer to XTVERSION: `kitty(0.41.1)`. Empty where tmux did not learn it.
    pub terminal: String,
    /// Whether tmux takes it to show sixel graphics.
    pub sixel: bool,
    /// Whether the option `allow-passthrough` is on for this pane.
    pub passthrough: bool,
}

impl Client {
    /// Asks tmux. `None` if there is no answer in time: an old tmux, a detached one, another machine's.
    pub(super) fn ask() -> Option<Self> {
        let mut child = Command::new("tmux")
            .args(["display-message", "-p", "#{client_termtype}\t#{client_termfeatures}\t#{allow-passthrough}"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait().ok()?.is_none() {
            if Instant::now() > deadline {
                child.kill().and_then(|()| child.wait()).ok()?;
                return None;
            }
            thread::sleep(Duration::from_millis(1));
        }
        let mut answer = String::new();
        child.stdout?.take(4096).read_to_string(&mut answer).ok()?;
        Self::read(&answer)
    }

    fn read(answer: &str) -> Option<Self> {
        let mut words = answer.trim_end_matches('\n').split('\t');
        let (terminal, features, passthrough) = (words.next()?, words.next()?, words.next()?);
        Some(Self {
            terminal: terminal.to_owned(),
            sixel: features.split(',').any(|feature| feature == "sixel"),
            passthrough: matches!(passthrough, "1" | "on" | "all" | "2"),
        })
    }
}

/// Wraps one whole sequence, so that tmux hands it to its terminal instead of reading it itself.
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
    fn reads_what_tmux_says_of_its_terminal() {
        let client = |terminal: &str, sixel, passthrough| Client { terminal: terminal.to_owned(), sixel, passthrough };
        let check = |answer, expected| assert_eq!(Client::read(answer), expected, "{answer:?}");
        check("kitty(0.41.1)\tbpaste,RGB,title\t1\n", Some(client("kitty(0.41.1)", false, true)));
        check("\t256,sixel\t0\n", Some(client("", true, false)));
        check("XTerm(379)\tsixel\tall\n", Some(client("XTerm(379)", true, true)));
        check("no server running\n", None);
    }
}
