//! The panic hook: it restores the terminal if the program ends.
//!
//! A panic of the thread that installed the hook ends the program, so the terminal is restored before the message is
//! printed. A panic of any other thread, such as a decoder's, is caught by the code that started it: its message is kept
//! for the screen to show, and the terminal stays as it is. ratatui's own hook restores on every thread.

use super::guard::{Guard, Holder};
use crate::text::Safe;
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, Write as _},
    panic::{self, PanicHookInfo},
    sync::{Mutex, PoisonError},
    thread,
};

/// The message of the last panic of a worker thread.
static LAST_WORKER_PANIC: Mutex<Option<Safe>> = Mutex::new(None);

/// Installs the hook; the calling thread is the one whose panic ends the program.
pub fn install_panic_hook() {
    let main = thread::current().id();
    panic::set_hook(Box::new(move |info| {
        let text = describe(info);
        match Guard::active().filter(|guard| guard.holder() == Holder::Screen) {
            Some(_) if thread::current().id() != main => {
                *LAST_WORKER_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
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
pub fn take_worker_panic() -> Option<Safe> {
    LAST_WORKER_PANIC.lock().unwrap_or_else(PoisonError::into_inner).take()
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
    // A closed stderr cannot be reported anywhere.
    drop(writeln!(stderr, "thumbview: this is a bug: {text}"));
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        drop(writeln!(stderr, "{backtrace}"));
    }
}
