//! `cache clear`: removes the cached pictures.

use super::stdio::print_line;
use crate::{
    cli::{CacheCommand, cache_folder},
    media::clear_cache,
    text::{Safe, number},
};
use anyhow::{Context as _, Result};
use std::process::ExitCode;

pub(super) fn run(command: &CacheCommand) -> Result<ExitCode> {
    let CacheCommand::Clear(args) = command;
    let folder = args
        .cache_dir
        .clone()
        .or_else(cache_folder)
        .context("there is no picture cache, because there is no home folder")?;
    let shown = Safe::new(&folder.display().to_string());
    let (files, bytes) = clear_cache(&folder).with_context(|| format!("cannot clear {shown}"))?;
    print_line(&format!(
        "removed {} of pictures in {} from {shown}",
        number::bytes(bytes),
        number::counted(files, "file")
    ))?;
    Ok(ExitCode::SUCCESS)
}
