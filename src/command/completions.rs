//! `completions`: prints a completion script for a shell.

use super::stdio::STDOUT;
use crate::cli::{self, CompletionsArgs};
use anyhow::{Context as _, Result};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

pub(super) fn run(args: &CompletionsArgs) -> Result<ExitCode> {
    // Generated into memory: clap_complete panics when its writer fails.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::definition(), "thumbview", &mut script);
    io::stdout().write_all(&script).context(STDOUT)?;
    Ok(ExitCode::SUCCESS)
}
