//! `man`: prints the manual page of the program or of a command.

use super::stdio::STDOUT;
use crate::cli::{self, ManArgs, UsageError};
use anyhow::{Context as _, Result};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

pub(super) fn run(args: &ManArgs) -> Result<ExitCode> {
    let mut definition = cli::definition();
    definition.build();
    let page = match &args.command {
        None => definition,
        Some(name) => definition
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| UsageError::new(format!("no command \"{name}\": `thumbview --help` lists them")))?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    io::stdout().write_all(&text).context(STDOUT)?;
    Ok(ExitCode::SUCCESS)
}
