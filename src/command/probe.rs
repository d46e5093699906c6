//! The question to the terminal what it can show, outside a session.

use crate::{
    graphics::{Environment, Probe},
    picture::{DrawingChoice, Multiplexer, PixelSize},
    terminal::{self, Input, Mouse, Screen, Tty},
};
use std::time::Duration;
use tokio::{sync::mpsc::channel, time::timeout};

/// The longest wait for the answers; over a slow link they take about as long.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// The wait for stragglers after the answer to the last question.
const STRAGGLER_TIMEOUT: Duration = Duration::from_millis(100);
/// The same in tmux, which answers the last question itself, before its terminal answers the others.
const TMUX_STRAGGLER_TIMEOUT: Duration = Duration::from_secs(1);

/// Asks the terminal and returns what is known then; `None` without a terminal. Leaves the screen as it was.
pub(super) async fn probe_terminal(choice: DrawingChoice) -> Option<Probe> {
    let mut probe = Probe::new(Environment::from_process(), choice);
    let _signals = terminal::signals().ok()?;
    let tty = Tty::open().ok()?;
    let (width, height) = tty.pixels();
    probe.set_window(tty.size(), PixelSize { width, height });
    let (mut screen, _written) = Screen::open(&tty, Mouse::Off).ok()?;
    let (sender, mut inputs) = channel(64);
    let reader = terminal::read(&tty, sender);
    screen.send(probe.query());
    let mut wait = ANSWER_TIMEOUT;
    while let Ok(Some(input)) = timeout(wait, inputs.recv()).await {
        match input {
            Input::Reply(bytes) => {
                probe.answer(&bytes);
                let in_tmux = probe.canvas().multiplexer == Multiplexer::Tmux;
                // DA1 is answered last; within tmux, the version of the terminal around it is.
                if bytes.starts_with(b"\x1b[?") && bytes.ends_with(b"c") {
                    wait = if in_tmux { TMUX_STRAGGLER_TIMEOUT } else { STRAGGLER_TIMEOUT };
                } else if in_tmux && bytes.starts_with(b"\x1bP>|") && !bytes.starts_with(b"\x1bP>|tmux") {
                    wait = STRAGGLER_TIMEOUT;
                }
            }
            Input::HungUp => break,
            Input::Key(_) | Input::Mouse(_) | Input::Paste(_) => {}
        }
    }
    // The answers count even if the terminal hung up meanwhile.
    drop(screen.close());
    drop(reader);
    Some(probe)
}
