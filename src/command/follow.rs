//! The options of a followed log, for the screen and for printed output.

use crate::{
    cli::TailArgs,
    session::{
        alert::{AlertConfig, History},
        state_file::StateFile,
    },
    source::{SavedState, StateError},
};

/// The options that only a followed log has; the default is none of them.
#[derive(Debug, Default)]
pub(super) struct FollowOptions {
    pub(super) state_file: Option<StateFile>,
    pub(super) alerts: AlertConfig,
}

impl FollowOptions {
    /// Reads the state file that the arguments name; returns the state in it, too.
    pub(super) fn new(args: &TailArgs) -> Result<(Self, Option<SavedState>), StateError> {
        let mut alerts = args.alerts();
        let Some(path) = args.state.clone() else { return Ok((Self { state_file: None, alerts }, None)) };
        let (file, state) = StateFile::open(path)?;
        // What the last run has not read is new.
        if !state.is_empty() {
            alerts.history = History::None;
        }
        Ok((Self { state_file: Some(file), alerts }, Some(state)))
    }
}
