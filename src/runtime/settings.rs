//! The config file as it lies on the disk, and what is generated from the definition of the options.

use super::{Usage, user_folder};
use crate::{cli, text::Safe};
use anyhow::Result;
use std::{
    fs::File,
    io::{self, ErrorKind, Read as _, Write as _},
    path::Path,
    process::ExitCode,
};

/// The most bytes of a config file.
const MOST: u64 = 1 << 20;

/// The file's name and text: the one that was named, which must be there, else the user's own, where it is. A folder of
/// another user's, as under sudo, is none of ours.
pub(super) fn read(named: Option<&Path>) -> Result<Option<(Safe, String)>> {
    let own = || user_folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("config.toml"));
    let Some(path) = named.map(Path::to_owned).or_else(own) else { return Ok(None) };
    let shown = Safe::new(&path.display().to_string());
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(MOST + 1).read_to_string(&mut text));
    match read {
        Err(error) if named.is_none() && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            Ok(None)
        }
        Err(error) => Err(Usage(format!("cannot read the config file {shown}: {error}")).into()),
        Ok(_) if text.len() as u64 > MOST => Err(Usage(format!("{shown}: too long for a config file")).into()),
        Ok(_) => Ok(Some((shown, text))),
    }
}

/// `completions`: prints a script for a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::definition(), "thumbview", &mut script);
    io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// `man`: prints the page of a command, or the main one.
pub(super) fn man(command: Option<&str>) -> Result<ExitCode> {
    let mut definition = cli::definition();
    definition.build();
    let page = match command {
        None => definition,
        Some(name) => {
            let found = definition.find_subcommand(name).cloned();
            found.ok_or_else(|| Usage(format!("there is no command {name}: `thumbview --help` has them")))?
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    io::stdout().write_all(&text)?;
    Ok(ExitCode::SUCCESS)
}
