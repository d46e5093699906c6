//! Logins that the later connections to a host share, so that a question is answered once, before the screen is taken.
//!
//! A login is a connection of ssh as a control master. Once its socket is there, or its command has given back a word,
//! all questions are answered. ssh asks on the terminal itself. Its connection ends when our pipe closes, so also with a
//! program that was killed, and it takes its socket away. A host that answers without a question is never asked about
//! one.

use super::{
    failure::{ShellEnd, lacks_answer},
    mark::mark,
    name::RemoteHost,
    ssh::{Questions, check_words, words},
};
use crate::source::brief_wait;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::HashMap,
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{self, BufRead as _, BufReader, Read, Write as _},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// The longest wait for a host that is not asked about anything: one that does not answer must not keep the screen from
/// the others.
const SILENT_WAIT: Duration = Duration::from_secs(5);

/// The longest wait for the answer of a master of the user's own.
const CHECK_WAIT: Duration = Duration::from_secs(2);

/// The time that ssh has to give the terminal back and end.
const EXIT_TIME: Duration = Duration::from_secs(1);

/// The time between two looks.
const PERIOD: Duration = Duration::from_millis(20);

/// The longest path of a socket: the system allows a little more than 100 bytes, to which ssh adds 17 while it makes it.
const SOCKET_PATH_MAX: usize = 85;

/// The most lines of ssh that wait to be shown.
const LINES: usize = 64;

/// The command at the other end: it gives back what it is given, and ends with its input.
const ECHO: &str = "exec cat";

/// The logins to hosts.
#[derive(Clone, Debug, Default)]
pub struct Logins(HashMap<RemoteHost, Arc<Login>>);

/// The ways to the operator during a login.
pub struct LoginContext<'a> {
    /// Returns whether the operator has had enough.
    pub has_interrupted: &'a (dyn Fn() -> bool + Sync),
    /// Shows what ssh says about a host while it asks.
    pub say: &'a (dyn Fn(&str) + Sync),
}

/// The operator ended the program while a login was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// A connection that others share. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Login {
    socket: String,
    child: Mutex<Child>,
    /// Closed by the system, too, when this program ends in any way.
    stdin: Option<ChildStdin>,
}

/// The reason why there is no login.
#[derive(Debug)]
enum NoLogin {
    Interrupted,
    /// ssh has ended.
    Ended(ShellEnd),
    /// The host takes longer than is waited for.
    Late,
}

/// A report of a login that begins.
enum LoginReport {
    /// ssh says this.
    Said(String),
    /// The other end gave the word back.
    Done,
    /// The other end closed its output.
    Closed,
}

impl Logins {
    /// Logs in to hosts: to all at a time without questions, then, one after the other, to those that have some.
    pub(in crate::source) fn begin(
        hosts: &[RemoteHost],
        options: &[String],
        context: &LoginContext<'_>,
    ) -> Result<Self, Interrupted> {
        let tried = thread::scope(|scope| {
            let silent = |host| {
                let log_in = move || log_in_silently(host, options, context);
                thread::Builder::new().name("login".to_owned()).spawn_scoped(scope, log_in)
            };
            let threads: Vec<_> = hosts.iter().map(|host| (host, silent(host))).collect();
            // A host without a thread is connected to when its logs are read.
            let join = |(host, thread): (_, io::Result<thread::ScopedJoinHandle<'_, _>>)| {
                Some((host, thread.ok()?.join().ok()?))
            };
            threads.into_iter().filter_map(join).collect::<Vec<_>>()
        });
        let mut logins = Self::default();
        for (host, outcome) in tried {
            let outcome = match outcome {
                Err(NoLogin::Ended(end)) if lacks_answer(&end) => {
                    Login::start(host, options, Questions::Asked, context).map(Some)
                }
                outcome @ (Ok(_) | Err(_)) => outcome,
            };
            match outcome {
                Ok(login) => logins.0.extend(login.map(|login| (host.clone(), Arc::new(login)))),
                Err(NoLogin::Interrupted) => return Err(Interrupted),
                // The source says why there is no link.
                Err(NoLogin::Ended(_) | NoLogin::Late) => {}
            }
        }
        Ok(logins)
    }

    /// Returns the login to a host.
    pub(super) fn of(&self, host: &RemoteHost) -> Option<Arc<Login>> {
        self.0.get(host).cloned()
    }
}

/// Logs in without a question; `None` where a master of the user's own serves the host.
fn log_in_silently(
    host: &RemoteHost,
    options: &[String],
    context: &LoginContext<'_>,
) -> Result<Option<Login>, NoLogin> {
    if has_master(&check_words(host, options)) {
        return Ok(None);
    }
    Login::start(host, options, Questions::Refused, context).map(Some)
}

fn has_master(words: &[OsString]) -> bool {
    let Ok(mut child) = command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else { return false };
    let status = wait_for_exit(&mut child, CHECK_WAIT);
    if status.is_none() {
        end(&mut child);
    }
    status.is_some_and(|status| status.success())
}

impl Login {
    fn start(
        host: &RemoteHost,
        options: &[String],
        questions: Questions,
        context: &LoginContext<'_>,
    ) -> Result<Self, NoLogin> {
        let mark = mark();
        let socket = socket_path(&mark);
        let first = [socket_option(&socket), "ControlMaster=yes".to_owned(), "ControlPersist=no".to_owned()];
        let words = words(host, &first, options, questions, ECHO);
        // In the process group of this program, since no other may ask on the terminal.
        let spawned = command(&words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|_reported_later| NoLogin::Ended(ShellEnd::default()))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let login = Self { socket, child: Mutex::new(child), stdin };
        let (sender, reports) = sync_channel(LINES);
        let said = sender.clone();
        let read_stderr = move || stderr.map_or((), |stderr| report_lines(stderr, &said));
        let word = mark.clone();
        let read_stdout = move || stdout.map_or((), |stdout| report_word(stdout, word.as_bytes(), &sender));
        let name = |name: &str| thread::Builder::new().name(name.to_owned());
        let threads = name("login-stderr")
            .spawn(read_stderr)
            .and_then(|stderr| name("login-stdout").spawn(read_stdout).map(|_runs_on| stderr));
        let Ok(stderr_reader) = threads else { return Err(NoLogin::Ended(ShellEnd::default())) };
        // One that has ended already says why on its other streams.
        drop(login.stdin.as_ref().map(|mut stdin| stdin.write_all(format!("{mark}\n").as_bytes())));
        login.wait(&reports, questions, context, &stderr_reader)?;
        Ok(login)
    }

    /// Waits until the login is done.
    fn wait(
        &self,
        reports: &Receiver<LoginReport>,
        questions: Questions,
        context: &LoginContext<'_>,
        stderr_reader: &thread::JoinHandle<()>,
    ) -> Result<(), NoLogin> {
        let (since, mut said) = (Instant::now(), String::new());
        let mut take = |line: String| {
            if questions == Questions::Asked {
                (context.say)(&line);
            }
            said.push_str(&(line + "\n"));
        };
        loop {
            match reports.recv_timeout(PERIOD) {
                Ok(LoginReport::Done) => return Ok(()),
                Ok(LoginReport::Said(line)) => take(line),
                Ok(LoginReport::Closed) | Err(RecvTimeoutError::Disconnected) => break,
                // ssh makes its socket once the other end has let it in; its command answers two ways later.
                Err(RecvTimeoutError::Timeout) if Path::new(&self.socket).exists() => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if (context.has_interrupted)() {
                // It was interrupted as well, and gives the terminal back.
                end_after(&mut self.child(), EXIT_TIME);
                return Err(NoLogin::Interrupted);
            }
            if questions == Questions::Refused && since.elapsed() > SILENT_WAIT {
                return Err(NoLogin::Late);
            }
        }
        let status = end_after(&mut self.child(), EXIT_TIME);
        // The reason may still be on its way.
        brief_wait::for_end_of(stderr_reader);
        for report in reports.try_iter() {
            match report {
                LoginReport::Said(line) => take(line),
                LoginReport::Done | LoginReport::Closed => {}
            }
        }
        let by_signal = status.and_then(|status| status.signal());
        if (context.has_interrupted)() || by_signal == Some(Signal::INT.as_raw()) {
            return Err(NoLogin::Interrupted);
        }
        let code = status.and_then(|status| status.code());
        Err(NoLogin::Ended(ShellEnd { code, stderr: said, noise: String::new() }))
    }

    /// Returns whether the connection still is there. The socket of one that was killed is removed.
    pub(super) fn is_alive(&self) -> bool {
        let is_alive = matches!(self.child().try_wait(), Ok(None));
        if !is_alive {
            // Mostly it has removed it itself.
            drop(fs::remove_file(&self.socket));
        }
        is_alive
    }

    /// Returns the option with which another connection shares this one.
    pub(super) fn option(&self) -> String {
        socket_option(&self.socket)
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        drop(self.stdin.take());
        if self.is_alive() {
            // It takes its socket away.
            end(&mut self.child());
        }
    }
}

/// Returns a command of ssh that reads nothing yet.
fn command(words: &[OsString]) -> Command {
    let mut words = words.iter();
    let mut command = Command::new(words.next().map_or(OsStr::new("ssh"), OsString::as_os_str));
    command.args(words).stdin(Stdio::null());
    command
}

/// Ends a process, which may clear up.
fn end(child: &mut Child) {
    // Its number is its own until it was waited for.
    if let (Ok(None), Some(pid)) = (child.try_wait(), i32::try_from(child.id()).ok().and_then(Pid::from_raw)) {
        // It may have ended just now.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Waits for the end of a process, and ends it when that takes too long.
fn end_after(child: &mut Child, wait: Duration) -> Option<ExitStatus> {
    if let Some(status) = wait_for_exit(child, wait) {
        return Some(status);
    }
    end(child);
    wait_for_exit(child, wait)
}

fn wait_for_exit(child: &mut Child, wait: Duration) -> Option<ExitStatus> {
    let since = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if since.elapsed() < wait => thread::sleep(PERIOD),
            Ok(None) | Err(_) => return None,
        }
    }
}

/// Reports the lines of stderr; reads on when nobody cares any more, so that ssh never waits.
fn report_lines(stderr: impl Read, reports: &SyncSender<LoginReport>) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while let Ok(1..) = stderr.by_ref().take(1 << 10).read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        // Nobody receives once the login is done.
        drop(reports.send(LoginReport::Said(text)));
        line.clear();
    }
}

/// Reports that a word came, and the end.
fn report_word(mut stdout: impl Read, word: &[u8], reports: &SyncSender<LoginReport>) {
    let (mut chunk, mut received) = ([0; 1024], Vec::new());
    while let Ok(count @ 1..) = stdout.read(&mut chunk) {
        received.extend_from_slice(chunk.get(..count).unwrap_or_default());
        if memchr::memmem::find(&received, word).is_some() {
            drop(reports.send(LoginReport::Done));
        }
        let searched = received.len().saturating_sub(word.len());
        received.drain(..searched);
    }
    drop(reports.send(LoginReport::Closed));
}

fn socket_option(socket: &str) -> String {
    format!("ControlPath={socket}")
}

/// Returns the path of a socket whose name nobody can guess, in a folder that is there.
fn socket_path(mark: &str) -> String {
    let name = format!("thumbview-{}", mark.get(..20).unwrap_or(mark));
    let folders = [env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from), Some(env::temp_dir())];
    let mut paths = folders.into_iter().flatten().filter(|folder| folder.is_dir()).map(|folder| folder.join(&name));
    let usable = |path: PathBuf| path.to_str().filter(|path| is_plain(path)).map(str::to_owned);
    paths.find_map(usable).unwrap_or_else(|| Path::new("/tmp").join(&name).display().to_string())
}

/// Returns whether ssh takes a path as it stands: it expands `%`, `~` and `${…}`, and ends a word at blanks and quotes.
fn is_plain(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,@".contains(&byte);
    path.starts_with('/') && path.len() <= SOCKET_PATH_MAX && path.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_have_paths_that_ssh_takes_as_they_stand() {
        assert!(is_plain("/run/user/1000/thumbview-0123456789abcdef0123"));
        for path in ["/tmp/a b/x", "/tmp/50%/x", "/tmp/${HOME}/x", "tmp/x", &format!("/{}", "x".repeat(90))] {
            assert!(!is_plain(path), "{path}");
        }
        assert!(is_plain(&socket_path(&mark())));
    }

    #[test]
    fn a_word_is_found_however_it_is_cut() {
        for text in ["Welcome\nab word\n", "word", "xxwowordxx"] {
            let (sender, reports) = sync_channel(9);
            report_word(text.as_bytes(), b"word", &sender);
            drop(sender);
            let done = reports.iter().filter(|report| matches!(report, LoginReport::Done)).count();
            assert_eq!(done, 1, "{text}");
        }
    }
}
