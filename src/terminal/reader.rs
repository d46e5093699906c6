//! The only reader of the terminal: a thread that polls, splits and hands on.
//!
//! crossterm's own reader is not used anywhere: it cannot be mixed with terminal queries, and it spins on a core after
//! the terminal is gone. Here a hang-up, an end of file and any error are one thing, [`Input::HungUp`], after which the
//! thread ends. The thread waits for a slow receiver; nothing is dropped.

use super::{
    flow_control::STATUS_OK,
    input::Input,
    splitter::{Answers, Splitter},
    tty::{Tty, poll},
};
use rustix::{
    event::{PollFd, PollFlags},
    io::Errno,
};
use std::{
    io::{PipeReader, PipeWriter, pipe},
    os::fd::AsFd as _,
    thread,
};
use tokio::sync::mpsc::Sender;

/// The reading thread; it stops when this is dropped.
#[derive(Debug)]
pub struct InputReader {
    /// The write end of a pipe; closing it stops the thread.
    _stop: Option<PipeWriter>,
}

/// Starts the reading thread. A thread that cannot be started is reported as a hang-up, since without keys the program
/// cannot be used.
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
            WaitOutcome::Silence => splitter.end_silence(answers(tty), &mut inputs),
            WaitOutcome::HungUp => inputs.push(Input::HungUp),
            WaitOutcome::Stopped => return,
        }
        for input in inputs.drain(..) {
            if is_fence(&input) {
                tty.note_answer();
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
        if poll(&mut fds, splitter.timeout(answers(tty))).is_err() {
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

/// Returns true for the answer to `CSI 5n` or `CSI c`, after which no earlier answer is due any more.
fn is_fence(input: &Input) -> bool {
    match input {
        Input::Reply(bytes) => &**bytes == STATUS_OK || bytes.starts_with(b"\x1b[?") && bytes.ends_with(b"c"),
        Input::Key(_) | Input::Mouse(_) | Input::Paste(_) | Input::HungUp => false,
    }
}

fn answers(tty: &Tty) -> Answers {
    if tty.awaits_answers() { Answers::Due } else { Answers::None }
}
