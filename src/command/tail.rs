//! `tail`: follows logs by name, in full screen or as JSON lines.

use super::{events, full_screen, stdio};
use crate::cli::{InputArgs, TailArgs};
use anyhow::Result;
use std::process::ExitCode;

pub(super) fn run(args: TailArgs) -> Result<ExitCode> {
    let args = TailArgs { input: InputArgs::or_stdin(args.input, stdio::stdin())?, ..args };
    let mode = args.read_mode();
    if args.input.output.is_full_screen(stdio::stdout()) {
        return full_screen::run(&args.input, &args.screen, mode);
    }
    events::print(&args.input, mode, args.start())
}
