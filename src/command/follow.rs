//! The options of a followed log, for the screen and for printed output.

use crate::{
    app::{Listening, Message},
    diagnostics::info,
    session::{
        alert::{AlertConfig, History},
        resume_file::ResumeFile,
        state_file::StateFile,
    },
    source::{SavedState, StateError},
};
use std::path::Path;
use tokio::sync::mpsc;

/// The options that only a followed log has; the default is none of them.
#[derive(Debug, Default)]
pub(super) struct FollowOptions {
    pub(super) state_file: Option<StateFile>,
    pub(super) alerts: AlertConfig,
    /// The file of `--resume`, for the full screen.
    pub(super) resume_file: Option<ResumeFile>,
    /// Messages for the screen.
    pub(super) feed: Option<mpsc::Receiver<Message>>,
    /// The server whose journal is followed.
    pub(super) listening: Option<Listening>,
}

impl FollowOptions {
    /// Reads the state file, if there is one; returns the state in it, too.
    pub(super) fn new(mut alerts: AlertConfig, state: Option<&Path>) -> Result<(Self, Option<SavedState>), StateError> {
        for filter in std::iter::once(&alerts.filter).chain(&alerts.exit_on) {
            if let Some(status) = filter.unknown_status(&[]) {
                info(&format!("no asset has status {status} yet"));
            }
        }
        let Some(path) = state else { return Ok((Self { alerts, ..Self::default() }, None)) };
        let (file, state) = StateFile::open(path.to_owned())?;
        // What the last run has not read is new.
        if !state.is_empty() {
            alerts.history = History::None;
        }
        Ok((Self { state_file: Some(file), alerts, ..Self::default() }, Some(state)))
    }
}
