//! A program that runs beside a test, and what it has said so far.
//!
//! Nothing here asserts a time: waits have one generous deadline and end as soon as what they wait for is there. Dropping
//! a program kills it.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead as _, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Longer than anything takes on a busy machine; reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// The lines of a stream.
type Lines = Arc<Mutex<Vec<String>>>;

/// A program that runs, and what it has said.
pub(crate) struct Running {
    child: Child,
    out: Lines,
    err: Lines,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts a command with nothing on stdin.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (Lines::default(), Lines::default());
        let readers = vec![
            read(child.stdout.take().unwrap(), Arc::clone(&out)),
            read(child.stderr.take().unwrap(), Arc::clone(&err)),
        ];
        Self { child, out, err, readers }
    }

    /// The lines on stdout.
    pub(crate) fn out(&self) -> MutexGuard<'_, Vec<String>> {
        self.out.lock().unwrap()
    }

    /// The lines on stderr.
    pub(crate) fn err(&self) -> MutexGuard<'_, Vec<String>> {
        self.err.lock().unwrap()
    }

    /// The number of lines on stderr with these words.
    pub(crate) fn said(&self, words: &str) -> usize {
        self.err().iter().filter(|line| line.contains(words)).count()
    }

    /// The assets of the events on stdout, each a line of JSON.
    pub(crate) fn ids(&self) -> Vec<String> {
        let id = |line: &String| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event["asset_id"].as_str().unwrap().to_owned()
        };
        self.out().iter().map(id).collect()
    }

    /// Waits until it has done something.
    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        loop {
            // Looked at first, so that all that it said before its end is known.
            let has_ended = self.readers.iter().all(JoinHandle::is_finished);
            if done(self) {
                return;
            }
            let said = self.err();
            assert!(!has_ended, "it ended before {what}; it said {said:#?}");
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}; it said {said:#?}");
            drop(said);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until these words are on stderr.
    pub(crate) fn until_said(&mut self, words: &str) {
        self.until(words, |running| running.said(words) > 0);
    }

    /// Waits for events about these assets; they and no others came.
    #[track_caller]
    pub(crate) fn until_ids(&mut self, expected: &[impl AsRef<str>]) {
        let expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
        self.until(&format!("{expected:?}"), |running| running.out().len() >= expected.len());
        assert_eq!(self.ids(), expected);
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Asks it to end, and hears the rest.
    pub(crate) fn end(&mut self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
        self.exit_code();
    }

    /// Waits for its end, and hears the rest.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.until("its end", |running| running.readers.iter().all(JoinHandle::is_finished));
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn read(pipe: impl Read + Send + 'static, lines: Lines) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    })
}
