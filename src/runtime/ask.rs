//! Asks the terminal what it can show, outside a session: for `show` and `doctor`.

use crate::{
    graphics::{Environment, Probe},
    picture::{Multiplexer, PixelSize, Protocol},
    terminal::{self, Input, Screen, Tty},
};
use std::time::Duration;
use tokio::{sync::mpsc::channel, time::timeout};

/// How long a terminal may take to answer all questions. Over a slow link that is a second.
const PATIENCE: Duration = Duration::from_secs(1);
/// What may still come behind the answer to the last question.
const REST: Duration = Duration::from_millis(100);
/// The same in tmux, which answers that question itself, while its terminal's answers may take as long as tmux takes to
/// start. What comes later is typed into the shell.
const REST_IN_TMUX: Duration = Duration::from_secs(1);

/// What the terminal answered; `None` without a terminal. The screen is as it was afterwards.
pub(super) async fn ask(forced: Option<Protocol>) -> Option<Probe> {
    let mut probe = Probe::new(Environment::from_process(), forced);
    let _signals = terminal::signals().ok()?;
    let tty = Tty::open().ok()?;
    let (width, height) = tty.pixels();
    probe.set_window(tty.size(), PixelSize { width, height });
    let (mut screen, _written) = Screen::open(&tty, terminal::Mouse::Off).ok()?;
    let (sender, mut inputs) = channel(64);
    let reader = terminal::read(&tty, sender);
    screen.send(probe.query());
    let mut patience = PATIENCE;
    while let Ok(Some(input)) = timeout(patience, inputs.recv()).await {
        match input {
            Input::Reply(bytes) => {
                probe.answer(&bytes);
                let in_tmux = probe.canvas().multiplexer == Multiplexer::Tmux;
                // DA1 ends the burst; in tmux the version of the terminal behind it does.
                if bytes.starts_with(b"\x1b[?") && bytes.ends_with(b"c") {
                    patience = if in_tmux { REST_IN_TMUX } else { REST };
                } else if in_tmux && bytes.starts_with(b"\x1bP>|") && !bytes.starts_with(b"\x1bP>|tmux") {
                    patience = REST;
                }
            }
            Input::HungUp => break,
            Input::Key(_) | Input::Mouse(_) | Input::Paste(_) => {}
        }
    }
    // A terminal that went away meanwhile has answered all the same.
    drop(screen.close());
    drop(reader);
    Some(probe)
}
