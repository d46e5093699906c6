//! Commands as sources: what `--command` prints on stdout is a log.
//!
//! A command runs by `sh -c` in a process group of its own, which ends with this program however that ends. What it
//! prints on stderr becomes notices. `docker logs -f`, `kubectl logs -f` and `journalctl -f` go on where they stopped;
//! any other command is started again only where that is asked for.

mod child;
mod complaints;
mod known;
mod replay;

use crate::{
    event::{Health, ReadMode, Severity, redact},
    source::{
        backoff::{Backoff, jitter},
        config::Restart,
        error::{Stopped, reason},
        intake::Intake,
        lines::Lines,
        outlet::Outlet,
        sink::{Beginning, ContentChange, Sink as _},
        state::SharedState,
        stream::{Pipe, StreamHistory, read_through},
        tape::Tape,
    },
    text::Safe,
};
use child::{ChildExit, ProcessGroup};
use known::KnownCommand;
use replay::ResumedOutput;
use std::{
    io::Read,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// The longest pause between two checks for having been stopped.
const STOP_PERIOD: Duration = Duration::from_millis(250);

/// A command as a source.
#[derive(Clone, Debug)]
pub(super) struct CommandSource {
    /// The command line for `sh -c`.
    pub(super) text: String,
    pub(super) restart: Restart,
}

/// The step after a command has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum NextStep {
    /// It has ended, with this state.
    End(Health),
    /// It is started again.
    StartAgain,
}

/// Runs a command, and runs it again where it is to be, until it ends for good.
pub(super) fn run(
    source: &CommandSource,
    name: &Arc<str>,
    mut intake: Intake,
    outlet: &Outlet,
    tape: &Mutex<Tape>,
) -> Result<(), Stopped> {
    let shared = &outlet.shared;
    let now = jiff::Timestamp::now().as_second();
    intake.begin(0, Beginning { size: None, modified: now, content: ContentChange::New })?;
    let mut lines = Lines::new(0, Some(NonZeroU32::MIN));
    let mut resumed = KnownCommand::parse(&source.text).filter(KnownCommand::follows).map(ResumedOutput::new);
    let mut backoff = Backoff::default();
    let history = Arc::new(StreamHistory::new(shared));
    loop {
        let text = resumed.as_ref().map_or_else(|| source.text.clone(), ResumedOutput::command_line);
        let before = lines.byte();
        let exit = match ProcessGroup::start(&text, name, outlet) {
            Ok(mut group) => {
                intake.health(Health::Live)?;
                let mut pipe = Pipe::new(group.take_stdout(), Arc::clone(&history));
                let problem = match &mut resumed {
                    Some(resumed) => {
                        resumed.start();
                        read_through(&mut resumed.reader(&mut pipe, name, outlet), &mut intake, &mut lines, tape)?
                    }
                    None => read_through(&mut pipe as &mut dyn Read, &mut intake, &mut lines, tape)?,
                };
                if let Some(problem) = problem {
                    intake.notice(Severity::Warning, problem)?;
                }
                group.wait(shared)?
            }
            Err(error) => ChildExit::NotStarted(reason(&error)),
        };
        lines.finish(|lines| intake.lines(0, lines))?;
        intake.flush()?;
        if lines.byte() > before {
            backoff.reset();
        }
        match next_step(&exit, shared.mode(), source.restart, resumed.is_some()) {
            NextStep::End(health) => {
                if exit != ChildExit::Code(0) {
                    intake.notice(Severity::Warning, exit.sentence())?;
                }
                intake.end(0)?;
                return intake.health(health);
            }
            NextStep::StartAgain => {
                let wait = backoff.next(jitter());
                let sentence = format!("{}; started again in {} s", exit.sentence(), wait.as_secs_f32().ceil());
                intake.notice(Severity::Warning, sentence.clone())?;
                intake.health(Health::Waiting(Safe::new(&sentence)))?;
                pause(shared, wait)?;
            }
        }
    }
}

/// Decides whether a command that has ended is started again.
fn next_step(exit: &ChildExit, mode: ReadMode, restart: Restart, is_resumed: bool) -> NextStep {
    if mode == ReadMode::Follow && (is_resumed || restart == Restart::Always) {
        return NextStep::StartAgain;
    }
    match exit {
        ChildExit::Code(0) => NextStep::End(Health::Ended),
        ChildExit::Code(_) | ChildExit::Signal(_) | ChildExit::NotStarted(_) => {
            NextStep::End(Health::Failed(Safe::new(&exit.sentence())))
        }
    }
}

/// Waits, unless the source is stopped.
fn pause(shared: &SharedState, wait: Duration) -> Result<(), Stopped> {
    let end = Instant::now() + wait;
    loop {
        if shared.is_stopped() {
            return Err(Stopped);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(STOP_PERIOD));
    }
}

/// Returns the name of a command as it is shown and printed: its text, without secrets.
pub(super) fn name_of(command: &str) -> Arc<str> {
    redact(command).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_started_again_only_where_it_can_go_on_or_that_is_asked_for() {
        let failed = || NextStep::End(Health::Failed("ended with code 3".into()));
        let ended = || NextStep::End(Health::Ended);
        let (never, always) = (Restart::Never, Restart::Always);
        let cases = [
            (ChildExit::Code(0), ReadMode::Follow, never, false, ended()),
            (ChildExit::Code(3), ReadMode::Follow, never, false, failed()),
            (ChildExit::Code(3), ReadMode::Follow, never, true, NextStep::StartAgain),
            (ChildExit::Code(0), ReadMode::Follow, always, false, NextStep::StartAgain),
            (ChildExit::Code(0), ReadMode::Once, always, true, ended()),
            (ChildExit::Code(3), ReadMode::Once, always, false, failed()),
        ];
        for (exit, mode, restart, is_resumed, expected) in cases {
            assert_eq!(next_step(&exit, mode, restart, is_resumed), expected, "{exit:?} {mode:?} {restart:?}");
        }
    }

    #[test]
    fn the_name_of_a_command_holds_no_secret() {
        assert_eq!(&*name_of("kubectl logs -f deploy/x"), "kubectl logs -f deploy/x");
        assert!(!name_of("curl https://h/log?token=s3cret").contains("s3cret"));
    }
}
