//! What happens in each scenario, and when.
//!
//! A [`Script`] is an endless list of timed [`ScriptStep`]s that follows from scenario, seed and the time at which it starts.
//! It reads no clock and touches no file: `writer` performs it, tests count it. Each [`Record`] knows what a reader
//! should make of it.

mod cast;
mod plots;

use super::{
    DemoConfig,
    asset::{Random, Shot},
    wire::{self, WireForm},
};
use cast::{Cast, RenderJob};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Something that is done to the log, and when.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ScriptStep {
    /// After the start; what lies before it is there when the scenario begins.
    pub(super) at: SignedDuration,
    /// What is done.
    pub(super) act: Act,
}

/// What is done to the log.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// A record is written to the log.
    Append(Record),
    /// A record is written to the file that was renamed away last, by a writer that has not noticed.
    AppendLate(Record),
    /// The log is renamed and a new one made.
    Rename,
    /// The log is copied and emptied.
    CopyTruncate,
    /// The log is emptied and written anew, all at once.
    Rewrite(Vec<Record>),
    /// The log is deleted; the next record makes it anew.
    Delete,
    /// The log's name becomes a symbolic link to a new file.
    Link,
}

impl Act {
    /// The records that it writes.
    pub(super) fn records(&self) -> &[Record] {
        match self {
            Self::Append(record) | Self::AppendLate(record) => std::slice::from_ref(record),
            Self::Rewrite(records) => records,
            Self::Rename | Self::CopyTruncate | Self::Delete | Self::Link => &[],
        }
    }
}

/// Some lines of the log.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    /// The lines, each with its newline.
    pub(super) text: String,
    /// What a reader should make of them.
    pub(super) says: Says,
    /// The pictures that they name.
    pub(super) shots: Vec<Shot>,
}

/// What a reader should make of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// A `thumbnailComplete` of this status.
    Succeeded,
    /// As before.
    Failed,
    /// As before, with a status that is in no document.
    Unfinished,
    /// One that was delivered before.
    Again,
    /// Another event of an asset.
    Other,
    /// An event that was cut off.
    Broken,
    /// Nothing.
    Chatter,
}

/// The endless list of steps.
#[derive(Clone, Debug)]
pub(super) struct Script {
    config: DemoConfig,
    pen: Pen,
    cast: Cast,
    /// Beats so far.
    beat: usize,
    /// Steps that are laid down and not yet handed out, in the order of their times.
    steps: VecDeque<ScriptStep>,
    /// Bytes in the log since it was last made or emptied.
    size: usize,
}

/// Writes records at a time of the script.
#[derive(Clone, Debug)]
struct Pen {
    random: Random,
    base: String,
    start: Timestamp,
    now: SignedDuration,
}

impl Script {
    /// Begins a scenario at `start`. `base` is the server's address, such as `http://127.0.0.1:8787`.
    pub(super) fn new(config: DemoConfig, base: &str, start: Timestamp) -> Self {
        let pen = Pen { random: Random::new(config.seed), base: base.to_owned(), start, now: SignedDuration::ZERO };
        let mut script = Self { config, pen, cast: Cast::default(), beat: 0, steps: VecDeque::new(), size: 0 };
        script.lay_backlog();
        script.pen.now = SignedDuration::ZERO;
        script
    }

    /// Takes the steps that lie before the start.
    pub(super) fn take_backlog(&mut self) -> Vec<ScriptStep> {
        let live = self.steps.iter().position(|step| !step.at.is_negative()).unwrap_or(self.steps.len());
        self.steps.drain(..live).collect()
    }

    /// Lets scenario time pass. The past has passed at its own speed.
    fn wait(&mut self, seconds: f64) {
        self.hold(if self.pen.now.is_negative() { seconds } else { seconds / self.config.speed });
    }

    /// Lets real time pass, whatever the speed: a reader needs it.
    fn hold(&mut self, seconds: f64) {
        self.pen.now += SignedDuration::from_secs_f64(seconds);
    }

    /// Goes back to so many seconds before the start.
    fn ago(&mut self, seconds: u32) {
        self.pen.now = -SignedDuration::from_secs(seconds.into());
    }

    fn lay(&mut self, act: Act) {
        self.size = match &act {
            Act::Append(record) => self.size + record.text.len(),
            Act::Rewrite(records) => records.iter().map(|record| record.text.len()).sum(),
            Act::Rename | Act::CopyTruncate | Act::Delete | Act::Link => 0,
            Act::AppendLate(_) => self.size,
        };
        self.steps.push_back(ScriptStep { at: self.pen.now, act });
    }

    fn say(&mut self, record: Record) {
        self.lay(Act::Append(record));
    }
}

impl Iterator for Script {
    type Item = ScriptStep;

    fn next(&mut self) -> Option<ScriptStep> {
        while self.steps.is_empty() {
            self.lay_beat();
            self.beat += 1;
        }
        self.steps.pop_front()
    }
}

impl Pen {
    fn record(&mut self, form: WireForm, message: &str, says: Says, shots: Vec<Shot>) -> Record {
        let text = form.wrap(message, self.start + self.now, &mut self.random);
        Record { text, says, shots }
    }

    fn succeeded(&mut self, form: WireForm, job: &RenderJob) -> Record {
        let message = wire::succeeded(&self.base, job.asset, &job.shots);
        self.record(form, &message, Says::Succeeded, job.shots.clone())
    }

    fn failed(&mut self, form: WireForm, job: &RenderJob, (code, words): (&str, &str)) -> Record {
        self.record(form, &wire::failed(job.asset, code, words), Says::Failed, Vec::new())
    }

    fn unfinished(&mut self, form: WireForm, job: &RenderJob) -> Record {
        self.record(form, &wire::unfinished(job.asset), Says::Unfinished, Vec::new())
    }

    fn created(&mut self, form: WireForm, job: &RenderJob) -> Record {
        let message = wire::created(&self.base, job.asset, &job.title);
        self.record(form, &message, Says::Other, Vec::new())
    }

    fn parsed(&mut self, form: WireForm, job: &RenderJob) -> Record {
        let message = wire::parsed(&self.base, job.asset, job.duration);
        self.record(form, &message, Says::Other, Vec::new())
    }

    /// An event whose second half was lost.
    fn broken(&mut self, job: &RenderJob) -> Record {
        let mut record = self.succeeded(WireForm::Prefix, job);
        let half = record.text.len() / 2;
        record.text.truncate(half);
        record.text.push('\n');
        Record { says: Says::Broken, shots: Vec::new(), ..record }
    }

    fn chatter(&mut self, words: &str) -> Record {
        let text = format!("{} {words}\n", wire::prefix(self.start + self.now, &mut self.random));
        Record { text, says: Says::Chatter, shots: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
