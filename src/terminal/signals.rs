//! Signals: what ends the program, stops it, or changes its window.
//!
//! A thread of its own takes them, so that they work whatever the loop is doing. Ending has a watchdog: if the loop has
//! not left within [`WATCHDOG`], the terminal is restored and the process ends from here. Stopping and continuing are
//! done here alone, whether the stop came from a key or from outside.

use super::{
    TerminalError,
    guard::{Guard, Holder},
};
use rustix::process::{Signal as Number, getpgrp, getppid, getsid, kill_current_process_group};
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH},
    iterator::Signals,
    low_level,
};
use std::{
    io,
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How long the loop has to leave by itself; restoring takes up to a tenth of a second more.
const WATCHDOG: Duration = Duration::from_millis(350);

/// How long a stop signal to ourselves may take to be noticed.
const NOTICE: Duration = Duration::from_secs(1);

/// What the loop has to do with a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The window has, perhaps, another size.
    Resized,
    /// Leave with this exit code, 128 + the signal's number, at once.
    Quit(i32),
    /// We were stopped and the screen is ours again; its content is uncertain and its size may differ.
    Continued,
}

/// Counts the stops that are over, for [`stop_group`].
static STOPS: (Mutex<u64>, Condvar) = (Mutex::new(0), Condvar::new());

/// Listens to SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT and SIGWINCH from now on. To be called before the
/// screen is opened. SIGHUP is listened to even where it was ignored (nohup): without a terminal there is no screen.
///
/// # Errors
/// When a handler or the thread cannot be set up.
pub fn signals() -> Result<Receiver<Signal>, TerminalError> {
    let failed = |error| TerminalError::Start("signals", error);
    let mut caught = Signals::new([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT]).map_err(failed)?;
    let (sender, receiver) = channel(64);
    let run = move || {
        let mut ending = None;
        for signal in caught.forever() {
            match signal {
                // A full channel holds a size change already.
                SIGWINCH => {
                    let _ = sender.try_send(Signal::Resized);
                }
                SIGTSTP => stop(),
                SIGCONT => resume(&sender),
                _ => end(&mut ending, signal, &sender),
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(run).map_err(failed)?;
    Ok(receiver)
}

/// Asks the loop to leave and sees to it; a second signal leaves at once.
fn end(ending: &mut Option<i32>, signal: i32, sender: &Sender<Signal>) {
    if let Some(code) = *ending {
        leave(code);
    }
    let code = 128 + signal;
    *ending = Some(code);
    let watchdog = thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
        thread::sleep(WATCHDOG);
        leave(code);
    });
    if watchdog.is_err() {
        leave(code);
    }
    // When the channel is full the loop hangs, and the watchdog is on its way.
    let _ = sender.try_send(Signal::Quit(code));
}

fn leave(code: i32) -> ! {
    if let Some(guard) = Guard::active() {
        guard.restore(Holder::Shell);
    }
    low_level::exit(code)
}

fn stop() {
    if !has_job_control() {
        note_stop();
        return;
    }
    if let Some(guard) = Guard::active() {
        guard.restore(Holder::ShellForNow);
    }
    // The whole process stops here, until SIGCONT, which then goes its own way through `resume`.
    drop(low_level::emulate_default_handler(SIGTSTP));
}

fn resume(sender: &Sender<Signal>) {
    if let Some(guard) = Guard::active() {
        // A terminal that is gone by now is noticed by its reader.
        drop(guard.resume());
    }
    note_stop();
    let _ = sender.try_send(Signal::Continued);
}

fn note_stop() {
    *STOPS.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    STOPS.1.notify_all();
}

/// Stops the process group, as Ctrl-Z does in other programs, and returns when it goes on.
pub(super) fn stop_group(guard: &Guard) -> io::Result<()> {
    if !has_job_control() {
        return Ok(());
    }
    let stops = STOPS.0.lock().unwrap_or_else(PoisonError::into_inner);
    let before = *stops;
    kill_current_process_group(Number::TSTP)?;
    let mut stops = stops;
    while *stops == before {
        let (next, wait) = STOPS.1.wait_timeout(stops, NOTICE).unwrap_or_else(PoisonError::into_inner);
        stops = next;
        if wait.timed_out() && *stops == before && guard.holder() == Holder::Screen {
            break;
        }
    }
    Ok(())
}

/// Whether somebody would continue us. The group of a session's leader (`ssh host thumbview`, a container, a pty
/// without a shell) is orphaned: stopped, it would stay so for ever.
fn has_job_control() -> bool {
    let session = getsid(None).ok();
    session.is_some() && session != Some(getpgrp()) && getppid().and_then(|parent| getsid(Some(parent)).ok()) == session
}
