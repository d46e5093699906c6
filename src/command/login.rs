//! Logins to other machines before the screen is taken, with the questions of ssh on the terminal.
//!
//! Only a person is asked: stdin and stderr are a terminal, and this program has it in the foreground. While ssh asks,
//! Ctrl-C reaches both; ssh gives the terminal back, and only then this program ends.

use super::{signals::HeldSignals, stdio};
use crate::{
    cli::StreamKind,
    diagnostics::info,
    source::{self, LoginContext, SourceConfig},
};
use anyhow::Result;
use rustix::{
    process::getpgrp,
    termios::{OptionalActions, tcgetattr, tcgetpgrp, tcsetattr},
};
use std::fs::{File, OpenOptions};

/// The exit code of a login that was interrupted, as of any program that Ctrl-C ends.
const INTERRUPTED: u8 = 130;

/// A signal ended the program while a login was waited for; the exit code that it stands for.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("ended by a signal")]
pub(super) struct EndedBySignal(pub(super) u8);

/// Logs in to the machines that the files are on, if there is somebody to ask.
pub(super) fn log_in(config: SourceConfig) -> Result<SourceConfig> {
    if !source::has_remote_names(&config) {
        return Ok(config);
    }
    let Some(terminal) = terminal_in_foreground() else { return Ok(config) };
    let (modes, signals) = (tcgetattr(&terminal), HeldSignals::hold());
    let context = LoginContext { has_interrupted: &|| signals.received().is_some(), say: &info };
    let outcome = source::log_in(config, &context);
    match (outcome, signals.release()) {
        (Ok(config), None) => Ok(config),
        (_, code) => {
            // ssh does so itself, unless it had to be killed; a terminal that is gone needs it no more.
            let _ = modes.and_then(|modes| tcsetattr(&terminal, OptionalActions::Now, &modes));
            Err(EndedBySignal(code.unwrap_or(INTERRUPTED)).into())
        }
    }
}

/// Returns the terminal if somebody is there who could answer.
fn terminal_in_foreground() -> Option<File> {
    if stdio::stdin() != StreamKind::Terminal || stdio::stderr() != StreamKind::Terminal {
        return None;
    }
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp()).then_some(terminal)
}
