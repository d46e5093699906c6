//! All tests that need more than one module: one binary, a module per subject.
#![deny(dead_code, reason = "a test that no list names would not run")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::wildcard_imports,
    reason = "a panic is how a test fails, a runner prints, and the files of a subject share its imports"
)]

mod harness;
#[path = "../support/mod.rs"]
mod support;

mod check;
mod cli;
mod commands;
mod demo;
mod export;
mod follow;
mod graphics;
mod heard;
mod ingest;
mod installed;
#[cfg(feature = "kafka")]
mod kafka;
mod keys;
mod listen;
mod matrix;
mod media;
mod mouse;
mod mutate;
mod notation;
mod overlays;
mod readme;
mod remote;
mod safe;
mod screens;
mod secrets;
mod session;
mod source;
mod storm;
mod streams;
mod terminal;
mod times;
mod title;

use harness::Child;
use std::process::ExitCode;

fn main() -> ExitCode {
    let children = vec![
        Child::new("follow::writer", follow::writer::write),
        Child::new("media::disk::fetch_until_killed", media::disk::fetch_until_killed),
        Child::new("media::isolation::fetch_through_the_environment", media::isolation::fetch_through_the_environment),
        Child::new("media::isolation::ask_for_metadata", media::isolation::ask_for_metadata),
        Child::new("media::isolation::fetch_with_few_descriptors", media::isolation::fetch_with_few_descriptors),
        Child::new("media::isolation::cache_on_a_failing_disk", media::isolation::cache_on_a_failing_disk),
        Child::new("source::read_standard_input", source::read_standard_input),
        Child::new("source::read_a_sparse_file", source::read_a_sparse_file),
        Child::new("terminal::screen", terminal::run_screen),
    ];
    if harness::serve(children) {
        return ExitCode::SUCCESS;
    }
    let tests = [
        check::tests(),
        cli::tests(),
        cli::arguments::tests(),
        commands::tests(),
        demo::tests(),
        export::tests(),
        follow::tests(),
        graphics::tests(),
        graphics::probe::tests(),
        ingest::tests(),
        installed::tests(),
        #[cfg(feature = "kafka")]
        kafka::tests(),
        keys::tests(),
        keys::notices::tests(),
        keys::writing::tests(),
        listen::tests(),
        matrix::tests(),
        media::tests(),
        mouse::tests(),
        mutate::tests(),
        notation::tests(),
        overlays::tests(),
        readme::tests(),
        remote::tests(),
        remote::following::tests(),
        remote::questions::tests(),
        safe::tests(),
        screens::tests(),
        secrets::tests(),
        session::tests(),
        source::tests(),
        source::loading::tests(),
        source::restarts::tests(),
        storm::tests(),
        streams::tests(),
        terminal::tests(),
        times::tests(),
        title::tests(),
    ];
    harness::main(tests.into_iter().flatten().collect())
}
