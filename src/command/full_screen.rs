//! The full screen over logs, as `tail` and `open` show it.

use super::{follow::FollowOptions, media, runtime};
use crate::{
    app::AppOptions,
    cli::{ScreenArgs, SelectionArgs, locale_notice},
    session::{self, SessionPlan},
    source::SourceConfig,
};
use anyhow::Result;
use std::process::ExitCode;

/// Runs a session over the input until the user quits.
pub(super) fn run(
    selection: &SelectionArgs,
    screen: &ScreenArgs,
    source: SourceConfig,
    follow: FollowOptions,
) -> Result<ExitCode> {
    let plan = SessionPlan {
        media: media::config(&screen.fetch)?,
        drawing: screen.drawing(),
        options: AppOptions {
            read_mode: source.mode,
            filter: selection.filter()?,
            reveal: selection.reveal(),
            listening: follow.listening,
            ..screen.options(selection.zone())
        },
        source,
        state_file: follow.state_file,
        alerts: follow.alerts,
        feed: follow.feed,
        notice: locale_notice(),
        limit: None,
    };
    runtime::block_on(session::run(plan))
}
