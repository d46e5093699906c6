//! `open`: loads logs once, in full screen or as printed output.

use super::{events, follow::FollowOptions, full_screen, list, stdio};
use crate::{
    catalog::ListFormat,
    cli::{self, InputArgs, OpenArgs, OpenSpelling, Output, StreamKind},
    event::ReadMode,
    source::{Order, Start},
};
use anyhow::{Context as _, Result};
use std::{fs, path::Path, process::ExitCode};

pub(super) fn run(args: OpenArgs) -> Result<ExitCode> {
    if args.input.is_empty() && stdio::stdin() == StreamKind::Terminal {
        cli::definition().print_help().context(stdio::STDOUT)?;
        return Ok(ExitCode::from(2));
    }
    if args.spelling == OpenSpelling::Implicit
        && let Some(word) = args.input.files.iter().find_map(|file| bare_word(file))
    {
        return Err(cli::unknown_command(word).into());
    }
    args.input.output.require("open", &[Output::Tui, Output::Table, Output::Json, Output::Jsonl, Output::Csv])?;
    let input = InputArgs::or_stdin(args.input, stdio::stdin())?;
    if input.output.is_full_screen(stdio::stdout()) {
        let source = input.source(ReadMode::Once, Start::All, Order::NewestFirst);
        let resume_file = args.resume.then(|| full_screen::resume_file(&input)).transpose()?;
        let follow = FollowOptions { resume_file, ..FollowOptions::default() };
        return full_screen::run(&input.selection, &args.screen, source, follow);
    }
    match input.output.format().unwrap_or(ListFormat::Jsonl) {
        ListFormat::Jsonl => events::print(
            &input.selection,
            input.source(ReadMode::Once, Start::All, Order::Log),
            FollowOptions::default(),
        ),
        ListFormat::Table | ListFormat::Json | ListFormat::Csv => list::print(&input, list::Part::Assets),
    }
}

/// Returns a file argument that looks like a command and names no file.
fn bare_word(file: &Path) -> Option<&str> {
    let word =
        file.to_str().filter(|word| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '-'))?;
    (word != "-" && fs::symlink_metadata(file).is_err()).then_some(word)
}
