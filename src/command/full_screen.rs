//! The full screen over logs, as `tail` and `open` show it.

use super::{follow::FollowOptions, login, media, runtime, signals};
use crate::{
    app::AppOptions,
    cli::{InputArgs, ScreenArgs, SelectionArgs, UsageError, locale_notice, state_folder},
    session::{
        self, SessionPlan,
        resume_file::{ResumeFile, refusal},
    },
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
    let last = follow.resume_file.as_ref().map(ResumeFile::read).transpose();
    let (resume, refused) = match last {
        Ok(point) => (point.flatten(), None),
        Err(error) => (None, Some(refusal(&error))),
    };
    let mut plan = SessionPlan {
        media: media::config(&screen.fetch)?,
        drawing: screen.drawing(),
        options: AppOptions {
            read_mode: source.mode,
            filter: selection.filter()?,
            reveal: selection.reveal(),
            resume,
            listening: follow.listening,
            ..screen.options(selection.zone())
        },
        source,
        state_file: follow.state_file,
        resume_file: follow.resume_file,
        alerts: follow.alerts,
        feed: follow.feed,
        notice: refused.or_else(locale_notice),
        limit: None,
    };
    plan.source = login::log_in(plan.source)?;
    // The session restores the screen first.
    signals::leave();
    runtime::block_on(session::run(plan))
}

/// Returns the file of `--resume` for the input.
///
/// # Errors
/// If there is no place for it, or the input has no name by which it could be known again.
pub(super) fn resume_file(input: &InputArgs) -> Result<ResumeFile, UsageError> {
    let folder = state_folder().ok_or_else(|| UsageError::new("--resume needs the variable HOME or XDG_STATE_HOME"))?;
    ResumeFile::new(&folder, &input.files)
        .ok_or_else(|| UsageError::new("--resume needs named files, not only stdin or commands"))
}
