//! One running program at the other end: requests go to its stdin, answers come from its stdout, in the same order.
//!
//! Several threads may ask at a time; requests are sent at once, so that the other end need not wait for the next one.
//! A thread reads the answers and hands each to whoever asked. A shell that has ended answers nothing any more.

use super::{
    failure::ShellEnd,
    mark::mark,
    transport::Transport,
    wire::{ANSWER_MAX, Answer, AnswerReader, Greeting, Request},
};
use crate::source::brief_wait;
use std::{
    collections::VecDeque,
    io::{self, Read, Write as _},
    os::unix::process::CommandExt as _,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The longest silence while an answer is awaited; ssh itself gives up after 15 s.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// The time between two checks for silence and for having been stopped.
const CHECK_PERIOD: Duration = Duration::from_millis(100);

/// The most bytes of stderr that are kept, and of what comes instead of a greeting.
const SAID_MAX: usize = 8 << 10;

/// The time that ssh has to end after the other end closed its output.
const EXIT_TIME: Duration = Duration::from_secs(2);

/// A running program at the other end. Dropping it ends it.
#[derive(Debug)]
pub(super) struct RemoteShell {
    stdin: Mutex<Option<ChildStdin>>,
    shared: Arc<ShellShared>,
    started: Instant,
    pub(super) greeting: Greeting,
    /// The clock of the other end against this one, in seconds.
    pub(super) clock_offset: f64,
}

#[derive(Debug)]
struct ShellShared {
    /// Whoever waits for the next answers, in the order of the requests; `None` once the shell has ended.
    waiting: Mutex<Option<VecDeque<SyncSender<Answer>>>>,
    child: Mutex<Child>,
    end: Mutex<ShellEnd>,
    /// The time of the last byte that came, in milliseconds since the start.
    heard: AtomicU64,
}

/// An answer that is awaited.
#[derive(Debug)]
pub(super) struct PendingAnswer(Receiver<Answer>);

impl RemoteShell {
    /// Starts the program and waits for its greeting.
    pub(super) fn start(transport: &Transport, is_stopped: &dyn Fn(Duration) -> bool) -> Result<Self, ShellEnd> {
        let failed = |error: &io::Error| ShellEnd { stderr: start_error(error), ..ShellEnd::default() };
        let command = transport.command();
        let (program, arguments) = command.split_first().ok_or_else(ShellEnd::default)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| failed(&error))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let shared = Arc::new(ShellShared {
            waiting: Mutex::new(Some(VecDeque::new())),
            child: Mutex::new(child),
            end: Mutex::default(),
            heard: AtomicU64::new(0),
        });
        let mark = mark();
        let started = Instant::now();
        let greeting = Greeting { now: 0.0, can_pack: false, has_fractions: false };
        let mut shell = Self { stdin: Mutex::new(stdin), shared, started, greeting, clock_offset: 0.0 };
        let pending = shell.register().map_err(|_ended| shell.end())?;
        shell.read_on_threads(mark.clone(), stdout, stderr).map_err(|error| failed(&error))?;
        // One that has ended already says why on its other streams.
        drop(Self::write(&mut lock(&shell.stdin), format!("{mark}\n").as_bytes()));
        let answer = shell.wait(&pending, is_stopped).map_err(|_ended| shell.end())?;
        let now = seconds_now();
        let greeting = Greeting::parse(&answer).filter(|_| answer.code == 0);
        shell.greeting = greeting.ok_or_else(|| ShellEnd {
            noise: "it has no stat that prints what is asked for".to_owned(),
            ..ShellEnd::default()
        })?;
        shell.clock_offset = shell.greeting.now - now;
        Ok(shell)
    }

    fn read_on_threads(
        &self,
        mark: String,
        stdout: Option<ChildStdout>,
        stderr: Option<ChildStderr>,
    ) -> io::Result<()> {
        let (shared, started) = (Arc::clone(&self.shared), self.started);
        let read_stderr = |stderr| {
            let shared = Arc::clone(&self.shared);
            thread::Builder::new().name("ssh-stderr".to_owned()).spawn(move || shared.read_stderr(stderr))
        };
        let stderr_reader = stderr.map(read_stderr).transpose()?;
        if let Some(stdout) = stdout {
            let read = move || shared.read_answers(&mark, stdout, stderr_reader.as_ref(), started);
            thread::Builder::new().name("ssh-answers".to_owned()).spawn(read)?;
        }
        Ok(())
    }

    /// Sends requests together, so that none of another thread comes between them.
    pub(super) fn send(&self, requests: &[Request<'_>]) -> io::Result<Vec<PendingAnswer>> {
        let mut stdin = lock(&self.stdin);
        let mut pending = Vec::new();
        let mut lines = String::new();
        for request in requests {
            lines.push_str(&request.line());
            pending.push(self.register()?);
        }
        Self::write(&mut stdin, lines.as_bytes())?;
        Ok(pending)
    }

    fn register(&self) -> io::Result<PendingAnswer> {
        let (sender, receiver) = sync_channel(1);
        let mut waiting = lock(&self.shared.waiting);
        waiting.as_mut().ok_or_else(ended)?.push_back(sender);
        Ok(PendingAnswer(receiver))
    }

    fn write(stdin: &mut Option<ChildStdin>, bytes: &[u8]) -> io::Result<()> {
        let written = stdin.as_mut().map_or_else(|| Err(ended()), |stdin| stdin.write_all(bytes));
        written.map_err(|_closed| ended())
    }

    /// Waits for an answer; gives up where `is_stopped` returns `true` for the time of silence. A shell that is silent
    /// for too long is ended.
    pub(super) fn wait(&self, pending: &PendingAnswer, is_stopped: &dyn Fn(Duration) -> bool) -> io::Result<Answer> {
        let asked = self.now();
        loop {
            match pending.0.recv_timeout(CHECK_PERIOD) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let silence = self.silence(asked);
            if is_stopped(silence) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if silence > SILENCE_MAX {
                lock(&self.shared.end).stderr.push_str("\nTimeout");
                self.stop();
                return Err(ended());
            }
        }
    }

    /// Returns how long nothing has come, counted from a time at the earliest.
    fn silence(&self, since: u64) -> Duration {
        let heard = self.shared.heard.load(Ordering::Relaxed).max(since);
        Duration::from_millis(self.now().saturating_sub(heard))
    }

    /// Returns the time since the last byte came.
    pub(super) fn since_heard(&self) -> Duration {
        self.silence(0)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns whether the shell has ended.
    pub(super) fn has_ended(&self) -> bool {
        lock(&self.shared.waiting).is_none()
    }

    /// Returns what is known about the end of the shell.
    pub(super) fn end(&self) -> ShellEnd {
        // ssh says why before it ends, but the two come by different ways.
        let since = Instant::now();
        while lock(&self.shared.end).code.is_none() && since.elapsed() < EXIT_TIME {
            thread::sleep(Duration::from_millis(5));
        }
        lock(&self.shared.end).clone()
    }

    /// Ends the shell.
    pub(super) fn stop(&self) {
        *lock(&self.shared.waiting) = None;
        // It may have ended by itself. The program at the other end ends with its input.
        drop(lock(&self.shared.child).kill());
        drop(lock(&self.stdin).take());
    }
}

impl Drop for RemoteShell {
    fn drop(&mut self) {
        self.stop();
    }
}

impl ShellShared {
    fn read_stderr(&self, mut stderr: impl Read) {
        let mut chunk = [0; 1024];
        while let Ok(count @ 1..) = stderr.read(&mut chunk) {
            let text = String::from_utf8_lossy(chunk.get(..count).unwrap_or_default()).into_owned();
            let said = &mut lock(&self.end).stderr;
            said.push_str(&text);
            let excess = said.len().saturating_sub(SAID_MAX);
            let cut = (excess..said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(0);
            said.drain(..cut);
        }
    }

    /// Hands each answer to whoever waits for it, until the other end closes its output.
    fn read_answers(
        &self,
        mark: &str,
        mut stdout: impl Read,
        stderr_reader: Option<&JoinHandle<()>>,
        started: Instant,
    ) {
        let mut reader = AnswerReader::new(mark);
        let mut chunk = vec![0; 256 << 10];
        let mut is_greeted = false;
        while let Ok(count @ 1..) = stdout.read(&mut chunk) {
            self.heard.store(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
            reader.push(chunk.get(..count).unwrap_or_default());
            while let Some(answer) = reader.next() {
                is_greeted = true;
                let waiting = lock(&self.waiting).as_mut().and_then(VecDeque::pop_front);
                let Some(waiting) = waiting else { break };
                // Whoever asked may have gone.
                drop(waiting.try_send(answer));
            }
            if reader.rest().len() > ANSWER_MAX {
                break;
            }
        }
        if !is_greeted {
            let noise = reader.rest().get(..reader.rest().len().min(SAID_MAX)).unwrap_or_default();
            lock(&self.end).noise = String::from_utf8_lossy(noise).into_owned();
        }
        let since = Instant::now();
        let code = loop {
            let mut child = lock(&self.child);
            match child.try_wait() {
                Ok(Some(status)) => break status.code().unwrap_or(-1),
                Ok(None) if since.elapsed() < EXIT_TIME => {}
                Ok(None) | Err(_) => {
                    // It may have ended just now.
                    drop(child.kill());
                    drop(child.wait());
                    break -1;
                }
            }
            drop(child);
            thread::sleep(Duration::from_millis(5));
        };
        // The reason for the end may still be on its way.
        stderr_reader.map(brief_wait::for_end_of);
        lock(&self.end).code = Some(code);
        *lock(&self.waiting) = None;
    }
}

/// Returns the error of a shell that has ended.
fn ended() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

/// Returns what is said where ssh itself cannot be started.
fn start_error(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        "ssh is not installed on this machine".to_owned()
    } else {
        format!("ssh cannot be started: {error}")
    }
}

fn seconds_now() -> f64 {
    jiff::Timestamp::now().as_duration().as_secs_f64()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
