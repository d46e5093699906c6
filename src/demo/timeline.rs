//! The operations on the demo's log in the order of their times.
//!
//! A [`ScriptTimeline`] is the queue that a script fills and a log writer empties. It reads no clock and touches no file.

use super::record::DemoRecord;
use jiff::SignedDuration;
use std::{collections::VecDeque, slice};

/// An operation on the log and its time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ScriptStep {
    /// Time since the start; negative for what the log holds at the start.
    pub(super) at: SignedDuration,
    pub(super) operation: LogOperation,
}

/// An operation on the log.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LogOperation {
    /// Appends a record to the log.
    Append(DemoRecord),
    /// Appends a record to the file that was renamed last, as a writer does that still has it open.
    AppendToRenamed(DemoRecord),
    /// Renames the log and creates a new one.
    Rename,
    /// Copies the log and truncates it.
    CopyTruncate,
    /// Truncates the log and writes these records in one write.
    Rewrite(Vec<DemoRecord>),
    /// Deletes the log; the next record creates it.
    Delete,
    /// Replaces the log by a symbolic link to a new file.
    Link,
}

impl LogOperation {
    /// Returns the records that it writes.
    pub(super) fn records(&self) -> &[DemoRecord] {
        match self {
            Self::Append(record) | Self::AppendToRenamed(record) => slice::from_ref(record),
            Self::Rewrite(records) => records,
            Self::Rename | Self::CopyTruncate | Self::Delete | Self::Link => &[],
        }
    }

    /// Returns the size of the log after this operation, in bytes.
    pub(super) fn size_after(&self, size: usize) -> usize {
        let written = self.records().iter().map(|record| record.text.len()).sum();
        match self {
            Self::Append(_) => size + written,
            Self::AppendToRenamed(_) => size,
            Self::Rewrite(_) => written,
            Self::Rename | Self::CopyTruncate | Self::Delete | Self::Link => 0,
        }
    }
}

/// A queue of steps and the time at which the next one is added.
#[derive(Clone, Debug)]
pub(super) struct ScriptTimeline {
    now: SignedDuration,
    /// Scenario seconds in a real second, after the start.
    speed: f64,
    /// Size of the log after the last step, in bytes.
    size: usize,
    steps: VecDeque<ScriptStep>,
}

impl ScriptTimeline {
    pub(super) fn new(speed: f64) -> Self {
        Self { now: SignedDuration::ZERO, speed, size: 0, steps: VecDeque::new() }
    }

    /// Returns the time since the start at which the next step is added.
    pub(super) fn now(&self) -> SignedDuration {
        self.now
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Moves to a time before the start.
    pub(super) fn rewind(&mut self, seconds: u32) {
        self.now = -SignedDuration::from_secs(seconds.into());
    }

    /// Moves to the start.
    pub(super) fn start(&mut self) {
        self.now = SignedDuration::ZERO;
    }

    /// Advances by scenario time. Before the start the speed does not count.
    pub(super) fn wait(&mut self, seconds: f64) {
        self.wait_real(if self.now.is_negative() { seconds } else { seconds / self.speed });
    }

    /// Advances by real time, whatever the speed.
    pub(super) fn wait_real(&mut self, seconds: f64) {
        self.now += SignedDuration::from_secs_f64(seconds);
    }

    pub(super) fn push(&mut self, operation: LogOperation) {
        self.size = operation.size_after(self.size);
        self.steps.push_back(ScriptStep { at: self.now, operation });
    }

    /// Takes the steps before the start.
    pub(super) fn take_backlog(&mut self) -> Vec<ScriptStep> {
        let live = self.steps.iter().position(|step| !step.at.is_negative()).unwrap_or(self.steps.len());
        self.steps.drain(..live).collect()
    }

    /// Takes the next step.
    pub(super) fn pop(&mut self) -> Option<ScriptStep> {
        self.steps.pop_front()
    }
}
