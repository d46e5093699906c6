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
    let folder = args.cache_dir.clone().or_else(cache_folder).context("no home folder, so no cache")?;
    let shown = Safe::new(&folder.display().to_string());
    let (files, bytes) = clear_cache(&folder).with_context(|| format!("cannot clear {shown}"))?;
    print_line(&format!(
        "removed {} of pictures in {} files from {shown}",
        number::bytes(bytes),
        number::thousands(files)
    ))?;
    Ok(ExitCode::SUCCESS)
}
