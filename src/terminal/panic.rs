//! What a panic does to the screen: nothing, unless it is the end.
//!
//! A panic of the thread that installed the hook ends the program, so the terminal is restored first and the message
//! printed after. A panic of any other thread, a decoder's say, is caught by whoever started it: it is kept for the
//! screen to tell, and the terminal stays as it is. ratatui's own hook restores on every thread.

use super::guard::{Guard, Holder};
use crate::text::Safe;
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, Write as _},
    panic::{self, PanicHookInfo},
    sync::{Mutex, PoisonError},
    thread,
};

/// The last panic of a worker.
static LAST: Mutex<Option<Safe>> = Mutex::new(None);

/// Installs the hook; the calling thread is the one whose panic ends the program.
pub fn install_panic_hook() {
    let main = thread::current().id();
    panic::set_hook(Box::new(move |info| {
        let text = describe(info);
        match Guard::active().filter(|guard| guard.holder() == Holder::Screen) {
            Some(_) if thread::current().id() != main => {
                *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
            }
            guard => {
                if let Some(guard) = guard {
                    guard.restore(Holder::Shell);
                }
                print(&text);
            }
        }
    }));
}

/// Takes the message of the last panic of a worker thread while the screen was open.
pub fn panicked() -> Option<Safe> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn describe(info: &PanicHookInfo<'_>) -> Safe {
    let thread = thread::current();
    let name = thread.name().unwrap_or("unnamed");
    let message = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    Safe::from(format!("thread {name:?} panicked at {place}: {message}"))
}

fn print(text: &Safe) {
    let mut stderr = io::stderr().lock();
    // Nobody is left to be told that stderr is closed.
    drop(writeln!(stderr, "thumbview: this is a bug: {text}"));
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        drop(writeln!(stderr, "{backtrace}"));
    }
}
