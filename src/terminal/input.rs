//! The only reader of the terminal: a thread that polls, splits and hands on.
//!
//! crossterm's own reader is not used anywhere: it cannot be mixed with terminal queries, and it spins on a core after
//! the terminal is gone. Here a hang-up, an end of file and any error are one thing, [`Input::HungUp`], after which the
//! thread ends. A key waits for a receiver that is slow; nothing is dropped.

use super::{
    splitter::Splitter,
    tty::{Tty, poll},
};
use crossterm::event::{KeyEvent, MouseEvent};
use rustix::{
    event::{PollFd, PollFlags},
    io::Errno,
};
use std::{
    io::{PipeReader, PipeWriter, pipe},
    os::fd::AsFd as _,
    thread,
    time::Duration,
};
use tokio::sync::mpsc::Sender;

/// How long the rest of a sequence is waited for while answers are on their way: a slow link may part one after its ESC.
const ASKED: Duration = Duration::from_millis(400);

/// What came from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed, or repeats while it is held; releases are not reported.
    Key(KeyEvent),
    /// The mouse did something, where it is ours.
    Mouse(MouseEvent),
    /// Text was pasted; as untrusted as a log.
    Paste(String),
    /// A whole answer of the terminal, from its ESC to its last byte.
    Reply(Box<[u8]>),
    /// The terminal is gone; nothing comes after this.
    HungUp,
}

/// The reading thread; it stops when this is dropped.
#[derive(Debug)]
pub struct InputReader {
    /// Its end is the sign to stop.
    _stop: Option<PipeWriter>,
}

/// Starts to read. A thread that cannot be started is reported as a hang-up, for without keys there is no way on.
pub fn read(tty: &Tty, sender: Sender<Input>) -> InputReader {
    let hung_up = sender.clone();
    let start = || -> std::io::Result<PipeWriter> {
        let (stopped, stop) = pipe()?;
        let tty = tty.clone();
        thread::Builder::new().name("keys".to_owned()).spawn(move || run(&tty, &stopped, &sender))?;
        Ok(stop)
    };
    let stop = start().ok();
    if stop.is_none() {
        // A full channel is impossible here: nothing was ever sent.
        drop(hung_up.try_send(Input::HungUp));
    }
    InputReader { _stop: stop }
}

fn run(tty: &Tty, stopped: &PipeReader, sender: &Sender<Input>) {
    let mut splitter = Splitter::default();
    let mut bytes = [0; 4096];
    let mut inputs = Vec::new();
    loop {
        match wait(tty, stopped, &splitter) {
            WaitOutcome::Readable => match rustix::io::read(tty.as_fd(), &mut bytes) {
                Ok(count) if count > 0 => splitter.push(bytes.get(..count).unwrap_or_default(), &mut inputs),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Ok(_) | Err(_) => inputs.push(Input::HungUp),
            },
            WaitOutcome::Silence => splitter.flush(&mut inputs),
            WaitOutcome::HungUp => inputs.push(Input::HungUp),
            WaitOutcome::Stopped => return,
        }
        for input in inputs.drain(..) {
            if is_fence(&input) {
                tty.answered();
            }
            let last = input == Input::HungUp;
            if sender.blocking_send(input).is_err() || last {
                return;
            }
        }
    }
}

enum WaitOutcome {
    Readable,
    Silence,
    HungUp,
    Stopped,
}

fn wait(tty: &Tty, stopped: &PipeReader, splitter: &Splitter) -> WaitOutcome {
    let device = tty.as_fd();
    let mut fds = [PollFd::from_borrowed_fd(device, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
    loop {
        let patience = splitter.patience().map(|patience| if tty.is_asking() { patience.max(ASKED) } else { patience });
        if poll(&mut fds, patience).is_err() {
            return WaitOutcome::HungUp;
        }
        let [keys, stop] = fds.each_ref().map(PollFd::revents);
        if !stop.is_empty() {
            return WaitOutcome::Stopped;
        }
        if keys.contains(PollFlags::IN) {
            return WaitOutcome::Readable;
        }
        if !keys.is_empty() {
            return WaitOutcome::HungUp;
        }
        if splitter.is_pending() {
            return WaitOutcome::Silence;
        }
    }
}

/// Whether this answers `CSI 5n` or `CSI c`, after which no earlier answer is on its way any more.
fn is_fence(input: &Input) -> bool {
    match input {
        Input::Reply(bytes) => {
            &**bytes == super::flow_control::ANSWER || bytes.starts_with(b"\x1b[?") && bytes.ends_with(b"c")
        }
        Input::Key(_) | Input::Mouse(_) | Input::Paste(_) | Input::HungUp => false,
    }
}
