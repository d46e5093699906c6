//! The commands of the program, one file each.
//!
//! [`run`] reads the arguments, hands them to the command that they name, and returns its exit code; [`fail`] turns an
//! error into a diagnostic and a code. A new command gets a variant of [`cli::Command`], a file here and an arm in
//! `dispatch`. Commands print results; the full screen is in `session`.

mod cache;
mod check;
mod completions;
mod config_file;
mod demo;
mod doctor;
mod events;
mod export;
mod follow;
mod full_screen;
mod limits;
mod list;
mod listen;
mod login;
mod man;
mod media;
mod open;
mod probe;
mod progress;
mod reading;
mod runtime;
mod show;
mod signals;
mod stdio;
mod tail;

use crate::{
    cli::{self, Command, ConfigError, ConfigFile, Invocation, UsageError},
    diagnostics,
    event::redact,
    media::{DECODE_ARGUMENT, decode_main},
    terminal,
};
use anyhow::{Context as _, Result};
use clap::error::ErrorKind;
use login::EndedBySignal;
use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

/// The exit code of a usage error.
const USAGE: u8 = 2;

/// Runs the program. The error's chain says what failed, for which file, and what to do.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Result<ExitCode> {
    let args: Vec<OsString> = args.into_iter().collect();
    // The child process that decodes pictures under limits of its own.
    if args.get(1).is_some_and(|argument| argument == DECODE_ARGUMENT) {
        return Ok(decode_main());
    }
    terminal::exit_on_abort();
    match cli::parse(&args, None) {
        Ok(invocation) => dispatch(configure(&args, invocation)?),
        Err(error) => print_usage(&error),
    }
}

/// Reports an error on stderr and returns its exit code.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    // A reader that closed stdout, such as `head`, is no failure.
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if let Some(ended) = error.downcast_ref::<EndedBySignal>() {
        return ExitCode::from(ended.0);
    }
    diagnostics::error(&format!("{error:#}"));
    if error.is::<UsageError>() || error.is::<ConfigError>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let is_closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_closed))
}

/// Prints what clap reports: help and version are successes, everything else is a usage error.
fn print_usage(error: &clap::Error) -> Result<ExitCode> {
    // Without clap's own colours, and with every control character of an argument made visible.
    let text = error.render().to_string();
    if error.use_stderr() {
        let text = cli::printable(&redact(&text));
        // A closed stderr leaves nobody to tell.
        drop(io::stderr().write_all(text.as_bytes()));
    } else {
        io::stdout().write_all(cli::printable(&text).as_bytes()).context(stdio::STDOUT)?;
    }
    let is_success = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    Ok(if is_success { ExitCode::SUCCESS } else { ExitCode::from(USAGE) })
}

/// Reads the config file, parses the arguments again on top of it, and sets up diagnostics.
fn configure(args: &[OsString], invocation: Invocation) -> Result<Invocation> {
    let Some((name, text)) = config_file::read(invocation.common.config.as_deref())? else {
        diagnostics::init(invocation.common.verbosity(), invocation.common.log_file.as_deref())?;
        return Ok(invocation);
    };
    let config = ConfigFile::parse(&name, &text, &cli::definition())?;
    // Each value was valid by itself: an error now is a conflict between the file and the arguments.
    let invocation = cli::parse(args, Some(&config))
        .map_err(|error| UsageError::new(format!("with {name}: {}", cli::first_paragraph(&error))))?;
    diagnostics::init(invocation.common.verbosity(), invocation.common.log_file.as_deref())?;
    config.warnings().iter().for_each(|warning| diagnostics::info(warning.as_str()));
    Ok(invocation)
}

fn dispatch(invocation: Invocation) -> Result<ExitCode> {
    match invocation.command {
        Command::Tail(args) => tail::run(args),
        Command::Open(args) => open::run(args),
        Command::List(args) => list::run(args),
        Command::Listen(args) => listen::run(&args),
        Command::Export(args) => export::run(args),
        Command::Check(args) => check::run(args),
        Command::Show(args) => show::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Cache(args) => cache::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
