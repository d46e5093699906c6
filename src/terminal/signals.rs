//! Signals that end the program, stop it, or change its window.
//!
//! A thread of its own receives them, so that they work even if the loop hangs. Ending has a watchdog: if the loop has not
//! ended within [`WATCHDOG_TIMEOUT`], the terminal is restored and the process ends from here. Stopping and continuing are
//! handled here alone, for keys and for signals from outside.

use super::{
    error::TerminalError,
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

/// The time in which the loop has to end; restoring takes up to a tenth of a second more.
const WATCHDOG_TIMEOUT: Duration = Duration::from_millis(350);

/// The longest time until the signal thread handles a stop signal of our own.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// A signal for the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The window may have another size.
    Resized,
    /// End at once with this exit code, 128 + the signal's number.
    Quit(i32),
    /// The process continues after a stop; the screen's content is uncertain and its size may differ.
    Continued,
}

/// The number of stops that have ended, for [`stop_group`].
static ENDED_STOPS: (Mutex<u64>, Condvar) = (Mutex::new(0), Condvar::new());

/// Starts to listen to SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT and SIGWINCH; to be called before the screen is
/// opened. SIGHUP is handled even if it was ignored (nohup), because without a terminal there is no screen.
///
/// # Errors
/// If a handler or the thread cannot be set up.
pub fn signals() -> Result<Receiver<Signal>, TerminalError> {
    let failed = |error| TerminalError::Start("signals", error);
    let mut caught = Signals::new([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT]).map_err(failed)?;
    let (sender, receiver) = channel(64);
    let run = move || {
        let mut ending = None;
        for signal in caught.forever() {
            match signal {
                // A full channel contains a size change already.
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

/// Asks the loop to end and starts the watchdog; a second signal ends the process at once.
fn end(ending: &mut Option<i32>, signal: i32, sender: &Sender<Signal>) {
    if let Some(code) = *ending {
        exit(code);
    }
    let code = 128 + signal;
    *ending = Some(code);
    let watchdog = thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
        thread::sleep(WATCHDOG_TIMEOUT);
        exit(code);
    });
    if watchdog.is_err() {
        exit(code);
    }
    // A full channel means that the loop hangs; the watchdog will end the process.
    let _ = sender.try_send(Signal::Quit(code));
}

fn exit(code: i32) -> ! {
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
        guard.restore(Holder::StoppedShell);
    }
    // The whole process stops here until SIGCONT, which is then handled by `resume`.
    drop(low_level::emulate_default_handler(SIGTSTP));
}

fn resume(sender: &Sender<Signal>) {
    if let Some(guard) = Guard::active() {
        // A terminal that is gone is noticed by its reader.
        drop(guard.resume());
    }
    note_stop();
    let _ = sender.try_send(Signal::Continued);
}

fn note_stop() {
    *ENDED_STOPS.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    ENDED_STOPS.1.notify_all();
}

/// Stops the process group, as Ctrl-Z does in other programs, and returns when it continues.
pub(super) fn stop_group(guard: &Guard) -> io::Result<()> {
    if !has_job_control() {
        return Ok(());
    }
    let stops = ENDED_STOPS.0.lock().unwrap_or_else(PoisonError::into_inner);
    let before = *stops;
    kill_current_process_group(Number::TSTP)?;
    let mut stops = stops;
    while *stops == before {
        let (next, wait) = ENDED_STOPS.1.wait_timeout(stops, STOP_TIMEOUT).unwrap_or_else(PoisonError::into_inner);
        stops = next;
        if wait.timed_out() && *stops == before && guard.holder() == Holder::Screen {
            break;
        }
    }
    Ok(())
}

/// Returns true if a shell could continue the process. The group of a session leader (`ssh host thumbview`, a container, a
/// pty without a shell) is orphaned: it would stay stopped for ever.
fn has_job_control() -> bool {
    let session = getsid(None).ok();
    session.is_some() && session != Some(getpgrp()) && getppid().and_then(|parent| getsid(Some(parent)).ok()) == session
}
