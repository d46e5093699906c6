//! `open`: loads logs once, in full screen or as printed output.

use super::{events, full_screen, list, stdio};
use crate::{
    catalog::ListFormat,
    cli::{self, InputArgs, OpenArgs, StreamKind},
    event::ReadMode,
    source::Start,
};
use anyhow::{Context as _, Result};
use std::process::ExitCode;

pub(super) fn run(args: OpenArgs) -> Result<ExitCode> {
    if args.input.files.is_empty() && stdio::stdin() == StreamKind::Terminal {
        cli::definition().print_help().context(stdio::STDOUT)?;
        return Ok(ExitCode::from(2));
    }
    let input = InputArgs::or_stdin(args.input, stdio::stdin())?;
    if input.output.is_full_screen(stdio::stdout()) {
        return full_screen::run(&input, &args.screen, ReadMode::Once);
    }
    match input.output.format().unwrap_or(ListFormat::Jsonl) {
        ListFormat::Jsonl => events::print(&input, ReadMode::Once, Start::All),
        ListFormat::Table | ListFormat::Json | ListFormat::Csv => list::print(&input, list::Part::Assets),
    }
}
