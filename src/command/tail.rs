//! `tail`: follows logs by name, in full screen or as JSON lines.

use super::{events, follow::FollowOptions, full_screen, stdio};
use crate::{
    cli::{InputArgs, Output, TailArgs},
    source::{
        Order, SourceConfig,
        kafka::{KafkaOptions, TopicHistory},
    },
};
use anyhow::Result;
use std::process::ExitCode;

pub(super) fn run(args: TailArgs) -> Result<ExitCode> {
    let args = TailArgs { input: InputArgs::or_stdin(args.input, stdio::stdin())?, ..args };
    // The others need all events before the first line.
    args.input.output.require("tail", &[Output::Tui, Output::Jsonl])?;
    let mode = args.read_mode();
    if args.input.output.is_full_screen(stdio::stdout()) {
        let (follow, state) = FollowOptions::new(args.alerts(), args.state.as_deref())?;
        let source = args.input.source(mode, args.screen_start(), Order::NewestFirst);
        let resume_file = args.resume.then(|| full_screen::resume_file(&args.input)).transpose()?;
        let follow = FollowOptions { resume_file, ..follow };
        let history = if args.lines.is_some() { TopicHistory::LikeFiles } else { TopicHistory::None };
        let kafka = KafkaOptions { history, ..source.kafka };
        return full_screen::run(&args.input.selection, &args.screen, SourceConfig { state, kafka, ..source }, follow);
    }
    let (follow, state) = FollowOptions::new(args.alerts(), args.state.as_deref())?;
    let source = args.input.source(mode, args.printed_start(), Order::Log);
    events::print(&args.input.selection, SourceConfig { state, ..source }, follow)
}
