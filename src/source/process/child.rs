//! A running command and the processes that it starts.
//!
//! They form a process group. The shell first starts a watcher in it, which reads from a pipe that this program holds:
//! as soon as the pipe closes, be it that this program is killed, the watcher ends the group.

use super::complaints::Complaints;
use crate::{
    event::{Severity, redact},
    source::{brief_wait, error::Stopped, outlet::Outlet, state::SharedState},
};
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    os::{
        fd::OwnedFd,
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Starts the watcher, then becomes `sh -c` of the first argument. Its own stdin is the pipe that is watched; the
/// command's is empty.
const WATCHED: &str = r#"exec 3<&0 </dev/null
(trap "" TERM HUP INT; exec >/dev/null 2>&1; read -r line <&3; kill -s TERM 0; sleep 1; kill -s KILL 0) &
exec 3<&-
exec sh -c "$1""#;

/// The most bytes of a line on stderr that are kept.
const LINE_MAX: u64 = 1024;

/// The time that a command has to end after it closed its stdout.
const EXIT_TIME: Duration = Duration::from_secs(5);

/// A running command. Its process group ends when this is dropped.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    child: Child,
    /// The pipe of the watcher.
    held: Option<ChildStdin>,
    /// The thread that reports what it prints on stderr.
    reports: Option<JoinHandle<()>>,
}

/// The end of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ChildExit {
    /// It ended with this code.
    Code(i32),
    /// It was ended by this signal.
    Signal(i32),
    /// It could not be started, for this reason.
    NotStarted(String),
}

impl ProcessGroup {
    /// Starts a command, and a thread that reports what it prints on stderr.
    pub(super) fn start(text: &str, name: &Arc<str>, outlet: &Outlet) -> io::Result<Self> {
        let mut child = Command::new("sh")
            .args(["-c", WATCHED, "sh", text])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let (held, stderr) = (child.stdin.take(), child.stderr.take());
        let report = |stderr: ChildStderr| {
            let (name, outlet) = (Arc::clone(name), outlet.clone());
            let report = move || {
                // The receiver of notices may be gone, and then nobody reads them.
                let _ = report_lines(stderr, &name, &outlet);
            };
            thread::Builder::new().name("stderr".to_owned()).spawn(report)
        };
        Ok(Self { child, held, reports: stderr.map(report).transpose()? })
    }

    /// Returns the stdout of the command, once.
    pub(super) fn take_stdout(&mut self) -> Option<File> {
        self.child.stdout.take().map(|stdout| File::from(OwnedFd::from(stdout)))
    }

    /// Waits for the end of the command, whose stdout is closed, and for the report of what it printed on stderr.
    pub(super) fn wait(mut self, shared: &SharedState) -> Result<ChildExit, Stopped> {
        let exit = self.wait_for_exit(shared);
        if let Some(reports) = self.reports.take() {
            brief_wait::for_end_of(&reports);
        }
        exit
    }

    fn wait_for_exit(&mut self, shared: &SharedState) -> Result<ChildExit, Stopped> {
        let closed = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(ChildExit::of(status)),
                Ok(None) if shared.is_stopped() => return Err(Stopped),
                Ok(None) if closed.elapsed() < EXIT_TIME => thread::sleep(Duration::from_millis(10)),
                Ok(None) => {
                    // It prints nothing any more, but runs on.
                    drop(self.held.take());
                    return Ok(self.child.wait().map_or_else(|error| ChildExit::unknown(&error), ChildExit::of));
                }
                Err(error) => return Ok(ChildExit::unknown(&error)),
            }
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        drop(self.held.take());
        // The watcher ends the group within a second; a child that is gone already is only collected.
        let _collected = self.child.try_wait();
    }
}

impl ChildExit {
    fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }

    fn unknown(error: &io::Error) -> Self {
        Self::NotStarted(error.to_string())
    }

    /// Returns the end in words.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Code(127) => "ended with code 127: the shell finds no such command".to_owned(),
            Self::Code(code) => format!("ended with code {code}"),
            Self::Signal(signal) => format!("was ended by signal {signal}"),
            Self::NotStarted(why) => format!("cannot be run: {why}"),
        }
    }
}

/// Reports the lines of a command's stderr as notices, as many as an operator may read.
fn report_lines(stderr: impl io::Read, name: &str, outlet: &Outlet) -> Result<(), Stopped> {
    let (mut stderr, started) = (BufReader::new(stderr), Instant::now());
    let mut complaints = Complaints::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        match stderr.by_ref().take(LINE_MAX).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_gone) => break,
        }
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            for sentence in complaints.take(&redact(text.trim_end()), started.elapsed()) {
                outlet.notice(name, Severity::Warning, &sentence)?;
            }
        }
    }
    complaints.rest().map_or(Ok(()), |sentence| outlet.notice(name, Severity::Warning, &sentence))
}
