//! `listen`: receives callbacks, keeps them in a journal, and shows the journal as `tail` shows a log.

mod operator;

use super::{events, follow::FollowOptions, full_screen, media, stdio};
use crate::{
    app::{CallbackOrigin, Listening},
    cli::{LineCount, ListenArgs, Output, PRINTED_HISTORY},
    diagnostics::info,
    event::ReadMode,
    listen::{self, CallbackListener, MessageOrigin},
    source::{Order, SourceConfig, Start},
    text::Safe,
};
use anyhow::Result;
use operator::{Confirming, Operator};
use std::{path::Path, process::ExitCode};
use tokio::sync::mpsc;

/// The messages that may wait for the screen.
const MESSAGES: usize = 16;

pub(super) fn run(args: &ListenArgs) -> Result<ExitCode> {
    // The others need all events before the first line.
    args.output.require("listen", &[Output::Tui, Output::Jsonl])?;
    let is_full_screen = args.output.is_full_screen(stdio::stdout());
    let config = args.config()?;
    let confirming =
        if args.confirm { Confirming::At(media::config(&args.screen.fetch)?.into()) } else { Confirming::Never };
    let (follow, state) = FollowOptions::new(args.alerts(), args.state.as_deref())?;
    let (listener, updates) = listen::start(&config)?;
    let source = SourceConfig { state, ..source(args, &config.journal, is_full_screen) };
    if is_full_screen {
        let (messages, feed) = mpsc::channel(MESSAGES);
        let listening = listening(&listener, config.tls.is_some());
        let _operator = Operator::on_screen(listener, updates, listening.clone(), messages, confirming)?;
        let follow = FollowOptions { feed: Some(feed), listening: Some(listening), ..follow };
        return full_screen::run(&args.selection, &args.screen, source, follow);
    }
    info(&describe(&listener, &config.journal, config.tls.is_some()));
    let _operator = Operator::on_stderr(listener, updates, confirming)?;
    events::print(&args.selection, source, follow)
}

/// Returns how the journal is read.
fn source(args: &ListenArgs, journal: &Path, is_full_screen: bool) -> SourceConfig {
    let (default, order) =
        if is_full_screen { (Start::All, Order::NewestFirst) } else { (Start::Last(PRINTED_HISTORY), Order::Log) };
    let start = args.lines.map_or(default, LineCount::start);
    SourceConfig::of_files(vec![journal.to_owned()], ReadMode::Follow, start, order, args.selection.zone())
}

fn url(listener: &CallbackListener, is_tls: bool) -> String {
    format!("{}://{}", if is_tls { "https" } else { "http" }, listener.address())
}

fn listening(listener: &CallbackListener, is_tls: bool) -> Listening {
    let origin = match listener.origin() {
        MessageOrigin::Verified => CallbackOrigin::Signed,
        MessageOrigin::Unknown => CallbackOrigin::Unsigned,
    };
    let scheme = if is_tls { "https://" } else { "" };
    Listening { address: Safe::new(&format!("{scheme}{}", listener.address())), origin, refused: 0 }
}

fn describe(listener: &CallbackListener, journal: &Path, is_tls: bool) -> String {
    let signed = match listener.origin() {
        MessageOrigin::Verified => "signed callbacks",
        MessageOrigin::Unknown => "callbacks without a check of their origin (unsigned)",
    };
    format!("listening on {} for {signed}; the journal is {}", url(listener, is_tls), journal.display())
}
