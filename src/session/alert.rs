//! Alerts about new events: the bell, a command for each, and the end of the program.
//!
//! An event is new if it was read after the sources had been read to their ends, or came from a stream. Commands run on
//! a thread, one at a time; 100 wait, and more are skipped and counted. No text of a log is part of a command
//! line: the event is passed on stdin and in variables.

use crate::{
    app::{Filter, Message},
    diagnostics,
    event::{LogEvent, LogUpdate, Notice, Reveal, Severity, Time},
    report,
    text::Safe,
};
use std::{
    io::{self, Write as _},
    os::fd::AsFd as _,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::{self, JoinHandle},
};
use tokio::sync::mpsc;

/// The number of events that may wait for their command.
const QUEUE: usize = 100;

/// The alerts that were asked for.
#[derive(Clone, Debug, Default)]
pub struct AlertConfig {
    /// The events that are alerted about (`--alert`).
    pub filter: Filter,
    /// The use of the bell (`--bell`).
    pub bell: Bell,
    /// The command for each event (`--exec`).
    pub command: Option<String>,
    /// The events that end the program (`--exit-on`).
    pub exit_on: Option<Filter>,
    /// The events that count as new.
    pub history: History,
    /// The use of secrets in URLs that are passed on.
    pub reveal: Reveal,
}

/// The use of the terminal's bell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bell {
    /// It rings once per event.
    Ring,
    /// It is silent.
    #[default]
    Silent,
}

/// The part of the input that is history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// Everything up to the ends that the sources had at the start.
    #[default]
    UntilLoaded,
    /// Nothing: a pipe is read as it is written.
    None,
}

/// The destination of what commands print, and of the sentence that one has failed.
#[derive(Clone, Debug)]
pub enum CommandOutput {
    /// Our stderr.
    Stderr,
    /// Nowhere, since the screen is in use; a failure is a notice on it, once while it stays the same.
    Screen(mpsc::Sender<Message>),
}

/// The reaction to an event that the caller has to perform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// There is none.
    None,
    /// The bell rings.
    Bell,
    /// The program ends.
    Exit,
}

/// The state of alerts.
#[derive(Debug)]
pub struct Alerter {
    config: AlertConfig,
    runner: Option<Runner>,
}

/// The thread that runs commands.
#[derive(Debug)]
struct Runner {
    jobs: SyncSender<Job>,
    thread: JoinHandle<()>,
    skipped: u64,
}

/// An event for a command.
#[derive(Debug)]
struct Job {
    line: Vec<u8>,
    variables: [(&'static str, String); 3],
}

impl Alerter {
    /// Starts the thread that runs commands, if one is needed.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn new(config: AlertConfig, output: CommandOutput) -> io::Result<Self> {
        let runner = config.command.clone().map(|command| Runner::start(command, output)).transpose()?;
        Ok(Self { config, runner })
    }

    /// Notes the end of history.
    pub fn observe(&mut self, update: &LogUpdate) {
        if *update == LogUpdate::Loaded {
            self.config.history = History::None;
        }
    }

    /// Takes an event of the file named `file` and its asset's title: runs the command, and returns what else to do.
    pub fn take(&mut self, file: &str, event: &LogEvent, title: Option<&str>) -> Alert {
        if self.config.history == History::UntilLoaded {
            return Alert::None;
        }
        let now = Time::from(jiff::Timestamp::now());
        let alerts = (self.config.bell == Bell::Ring || self.runner.is_some())
            && self.config.filter.matches_event(event, file, title, now);
        if alerts && let Some(runner) = &mut self.runner {
            let mut line = Vec::new();
            // Writing to memory does not fail.
            drop(report::event_line(&mut line, file, event, title, self.config.reveal));
            runner.push(Job { line, variables: variables(event, self.config.reveal) });
        }
        if self.config.exit_on.as_ref().is_some_and(|filter| filter.matches_event(event, file, title, now)) {
            Alert::Exit
        } else if alerts && self.config.bell == Bell::Ring {
            Alert::Bell
        } else {
            Alert::None
        }
    }

    /// Waits for the commands that were not skipped; returns the number of those that were.
    pub fn finish(self) -> u64 {
        let Some(Runner { jobs, thread, skipped }) = self.runner else { return 0 };
        drop(jobs);
        // A panic was reported by the hook.
        drop(thread.join());
        skipped
    }
}

impl Runner {
    fn start(command: String, output: CommandOutput) -> io::Result<Self> {
        let (jobs, queue) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("exec".into()).spawn(move || run_all(&queue, &command, &output))?;
        Ok(Self { jobs, thread, skipped: 0 })
    }

    fn push(&mut self, job: Job) {
        match self.jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.skipped += 1,
        }
    }
}

fn run_all(queue: &Receiver<Job>, command: &str, output: &CommandOutput) {
    let mut shown = String::new();
    for job in queue {
        let problem = match run(command, &job, output) {
            Ok(status) if status.success() => continue,
            Ok(status) => format!("--exec: the command ended with {status}"),
            Err(error) => format!("--exec: the command cannot be run: {error}"),
        };
        match output {
            CommandOutput::Stderr => diagnostics::info(&problem),
            CommandOutput::Screen(_) if shown == problem => diagnostics::log(&problem),
            CommandOutput::Screen(messages) => {
                let (time, text) = (Time::from(jiff::Timestamp::now()), Safe::new(&problem));
                let notice = Notice { time, severity: Severity::Warning, text };
                // The loop is gone when the program ends.
                drop(messages.blocking_send(Message::Log(LogUpdate::Notice(notice))));
                shown = problem;
            }
        }
    }
}

fn run(command: &str, job: &Job, output: &CommandOutput) -> io::Result<ExitStatus> {
    // stdout carries results only, so a command prints to stderr.
    let (stdout, stderr) = match output {
        CommandOutput::Stderr => (io::stderr().as_fd().try_clone_to_owned()?.into(), Stdio::inherit()),
        CommandOutput::Screen(_) => (Stdio::null(), Stdio::null()),
    };
    let variables = job.variables.iter().map(|(name, value)| (name, value));
    let mut child = Command::new("sh")
        .args(["-c", command])
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(stdout)
        .stderr(stderr)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command need not read its stdin.
        drop(stdin.write_all(&job.line));
    }
    child.wait()
}

fn variables(event: &LogEvent, reveal: Reveal) -> [(&'static str, String); 3] {
    // The environment cannot hold a NUL.
    let value = |text: &str| text.replace('\0', "");
    let code = event.fault.as_deref().map_or("", |fault| &*fault.code);
    [
        ("THUMBVIEW_EVENT_ASSET_ID", value(&event.asset.shown(reveal))),
        ("THUMBVIEW_EVENT_STATUS", value(&reveal.apply(event.status.as_str()))),
        ("THUMBVIEW_EVENT_CODE", value(&reveal.apply(code))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FileId, FoundEvents, RecordReader};
    use std::{fs, num::NonZeroU32};

    fn event(id: &str, status: &str) -> LogEvent {
        let text = format!(
            r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"{id}","status":"{status}","error_code":"VOD.$(id)"}}}}"#
        );
        let mut found = FoundEvents::default();
        RecordReader::new(FileId::default()).read(text.as_bytes(), 0, NonZeroU32::new(1), &mut found);
        found.events.swap_remove(0)
    }

    fn config(command: Option<String>) -> AlertConfig {
        let filter = Filter::parse("status:failed").unwrap();
        AlertConfig { filter, bell: Bell::Ring, command, ..AlertConfig::default() }
    }

    #[test]
    fn only_new_events_that_pass_are_alerted_about() {
        let exit_on = Some(Filter::parse("status:succeed").unwrap());
        let mut alerter = Alerter::new(AlertConfig { exit_on, ..config(None) }, CommandOutput::Stderr).unwrap();
        let take = |alerter: &mut Alerter, status| alerter.take("vod.log", &event("a", status), None);
        assert_eq!(take(&mut alerter, "FAILED"), Alert::None, "it is history");
        alerter.observe(&LogUpdate::Loaded);
        assert_eq!(take(&mut alerter, "FAILED"), Alert::Bell);
        assert_eq!(take(&mut alerter, "PROCESSING"), Alert::None);
        assert_eq!(take(&mut alerter, "SUCCEED"), Alert::Exit);
    }

    #[test]
    fn a_command_gets_the_event_on_stdin_and_in_variables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let command = format!(
            "{{ cat; echo \"$THUMBVIEW_EVENT_ASSET_ID $THUMBVIEW_EVENT_STATUS $THUMBVIEW_EVENT_CODE\"; }} >> {}",
            path.display()
        );
        let config = AlertConfig { history: History::None, ..config(Some(command)) };
        let mut alerter = Alerter::new(config, CommandOutput::Stderr).unwrap();
        alerter.take("vod.log", &event("a", "FAILED"), None);
        alerter.take("vod.log", &event("b", "SUCCEED"), None);
        alerter.take("vod.log", &event("c", "FAILED"), None);
        assert_eq!(alerter.finish(), 0);
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[0].starts_with("{\"event\":\"thumbnailComplete\",\"asset_id\":\"a\""), "{text}");
        assert_eq!((lines[1], lines[3]), ("a FAILED VOD.$(id)", "c FAILED VOD.$(id)"), "nothing of it was run");
    }

    #[test]
    fn a_command_that_fails_is_a_notice_once() {
        let (sender, mut messages) = mpsc::channel(8);
        let config = AlertConfig { history: History::None, ..config(Some("exit 3".to_owned())) };
        let mut alerter = Alerter::new(config, CommandOutput::Screen(sender)).unwrap();
        alerter.take("vod.log", &event("a", "FAILED"), None);
        alerter.take("vod.log", &event("b", "FAILED"), None);
        assert_eq!(alerter.finish(), 0);
        let Some(Message::Log(LogUpdate::Notice(notice))) = messages.blocking_recv() else { panic!("no notice") };
        assert_eq!(notice.text.as_str(), "--exec: the command ended with exit status: 3");
        assert!(messages.blocking_recv().is_none());
    }

    #[test]
    fn too_many_events_are_skipped_and_counted() {
        let config = AlertConfig { history: History::None, ..config(Some("sleep 0.05".to_owned())) };
        let mut alerter = Alerter::new(config, CommandOutput::Stderr).unwrap();
        for _ in 0..QUEUE + 50 {
            alerter.take("vod.log", &event("a", "FAILED"), None);
        }
        // The first few may have left the queue already.
        let skipped = alerter.runner.as_ref().unwrap().skipped;
        assert!((1..=50).contains(&skipped), "{skipped}");
        drop(alerter);
    }
}
