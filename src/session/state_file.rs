//! The state file of `--state`: the positions up to which logs were read and dealt with.
//!
//! A position is saved only after every update before it was handled, so that nothing is lost when the program is
//! killed. What was handled after the last save is read again.

use crate::{
    source::{OutputPosition, SavedState, Source, StateError},
    text::Safe,
};
use std::{error::Error as _, path::PathBuf};

/// The state file of a run.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    /// The number of updates that were handled.
    handled: u64,
    /// The last problem, so that it is reported once.
    problem: Option<Safe>,
}

impl StateFile {
    /// Reads the state of an earlier run; returns it with the file.
    ///
    /// # Errors
    /// If the file cannot be read, or holds something else.
    pub fn open(path: PathBuf) -> Result<(Self, SavedState), StateError> {
        let state = SavedState::read(&path)?;
        Ok((Self { path, handled: 0, problem: None }, state))
    }

    /// Notes that an update of the source was handled.
    pub fn update_handled(&mut self) {
        self.handled += 1;
    }

    /// Saves the newest position, if there is a new one, with that of the printed output; returns a problem that was not
    /// reported yet.
    pub fn save(&mut self, source: &Source, output: Option<OutputPosition>) -> Option<Safe> {
        let state = source.checkpoint(self.handled)?;
        let problem = state.with_output(output).write(&self.path).err().map(|error| Safe::new(&describe(&error)));
        let is_new = problem != self.problem;
        self.problem.clone_from(&problem);
        problem.filter(|_| is_new)
    }
}

/// Returns an error with its cause.
fn describe(error: &StateError) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
