//! The state file of `--state`: the positions up to which logs were read and dealt with.
//!
//! A position is saved only after every update before it was handled, so that nothing is lost when the program is
//! killed. What was handled after the last save is read again: at most the updates of one poll.

use crate::{
    source::{Checkpoint, OutputPosition, SavedState, Source, StateError},
    text::Safe,
};
use std::{error::Error as _, path::PathBuf};

/// The state file of a run.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    /// The number of updates that were handled.
    handled: u64,
    /// The number of updates that belong to the position which was saved last.
    saved: u64,
    /// The last problem, so that it is reported once.
    problem: Option<Safe>,
}

impl StateFile {
    /// Reads the state of an earlier run, and writes it again, so that a file that cannot be written is known before
    /// anything is read; returns it with the file.
    ///
    /// # Errors
    /// If the file cannot be read or written, or holds something else.
    pub fn open(path: PathBuf) -> Result<(Self, SavedState), StateError> {
        let state = SavedState::read(&path)?;
        state.write(&path)?;
        Ok((Self { path, handled: 0, saved: 0, problem: None }, state))
    }

    /// Notes that an update of the source was handled.
    pub fn update_handled(&mut self) {
        self.handled += 1;
    }

    /// Returns the number of updates that were handled.
    pub fn handled(&self) -> u64 {
        self.handled
    }

    /// Returns whether the position of everything that was handled is saved.
    pub fn is_current(&self) -> bool {
        self.saved >= self.handled
    }

    /// Saves the newest position, if there is a new one; returns a problem that was not reported yet. `output` returns
    /// the position of the printed output after so many updates.
    pub fn save(&mut self, source: &Source, output: impl FnOnce(u64) -> Option<OutputPosition>) -> Option<Safe> {
        let Checkpoint { updates, state } = source.checkpoint(self.handled)?;
        self.saved = updates;
        let state = state.with_output(output(updates));
        let problem = state.write(&self.path).err().map(|error| Safe::new(&describe(&error)));
        let is_new = problem != self.problem;
        self.problem.clone_from(&problem);
        problem.filter(|_| is_new)
    }
}

/// Returns an error with its cause.
fn describe(error: &StateError) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
