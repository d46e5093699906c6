//! The full screen: a session that shows logs until the user quits.
//!
//! `event_loop` takes what happens, updates [`App`](crate::app::App) and draws; `effects` performs what the update asks
//! for; `display` owns the terminal. No work is done on the loop but updating and drawing: logs, pictures and files are
//! read, prepared and written on other threads.

pub mod alert;
mod channels;
mod desktop;
mod display;
mod effects;
mod event_loop;
pub mod files;
mod log_file;
mod memory;
mod plan;
mod preparation;
pub mod resume_file;
pub mod state_file;

pub use plan::SessionPlan;

use crate::{
    diagnostics::error,
    terminal::{self, Tty},
};
use anyhow::Result;
use event_loop::EventLoop;
use std::process::ExitCode;

/// Runs a session to its end and returns the exit code. The first frame is drawn before anything is read, asked or
/// fetched.
pub async fn run(plan: SessionPlan) -> Result<ExitCode> {
    terminal::install_panic_hook();
    let signals = terminal::signals()?;
    terminal::restore_on_abort()?;
    let tty = Tty::open()?;
    let (mut session, channels) = EventLoop::start(tty, plan, signals)?;
    let outcome = session.run(channels).await;
    let mut failures = session.source_failures();
    failures.extend(session.save_resume_point());
    let code = session.close(outcome)?;
    // Repeated on stderr: the screen that showed them is gone.
    for failure in &failures {
        error(failure);
    }
    Ok(if code == ExitCode::SUCCESS && !failures.is_empty() { ExitCode::FAILURE } else { code })
}
