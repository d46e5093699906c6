//! The output of a command that is started again: what was read before is left out.
//!
//! docker and kubectl print lines from a time on, so that those of the last second come twice; each is left out as often
//! as it was read. A line is passed on once it has its newline, so that one that was cut off comes whole or not at all.

use super::known::{KnownCommand, LogTool, OutputPlace};
use crate::{
    event::{Fingerprint, Severity, redact},
    source::{lines::LINE_MAX, outlet::Outlet},
};
use jiff::Timestamp;
use std::{
    collections::{HashMap, VecDeque},
    io::{self, Read},
};

/// The most lines of the last seconds that are remembered.
const REMEMBERED: usize = 1 << 16;

/// The number of bytes that are read at a time.
const CHUNK: usize = 64 << 10;

/// The output of a command over all its runs.
#[derive(Debug)]
pub(super) struct ResumedOutput {
    command: KnownCommand,
    place: Option<OutputPlace>,
    /// The second and the hash of each line of the last seconds, in the order of reading.
    recent: VecDeque<(i64, u64)>,
    /// The times that each line of those seconds is still to be left out in this run.
    repeated: HashMap<u64, u32>,
    /// The bytes after the last newline of this run.
    rest: Vec<u8>,
}

/// A line as it is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineFate {
    Pass,
    /// It was read before.
    Drop,
    /// The tool itself says something.
    Complaint,
}

impl ResumedOutput {
    pub(super) fn new(command: KnownCommand) -> Self {
        Self { command, place: None, recent: VecDeque::new(), repeated: HashMap::new(), rest: Vec::new() }
    }

    /// Returns the command line of the next run.
    pub(super) fn command_line(&self) -> String {
        self.command.command_line(self.place.as_ref())
    }

    /// Begins a run: lines that were read before may come again.
    pub(super) fn start(&mut self) {
        self.rest.clear();
        self.repeated.clear();
        for (_, hash) in &self.recent {
            *self.repeated.entry(*hash).or_default() += 1;
        }
    }

    /// Returns the output of a run without what was read before. What the tool itself says becomes a notice.
    pub(super) fn reader<'a, R: Read>(
        &'a mut self,
        input: R,
        name: &'a str,
        outlet: &'a Outlet,
    ) -> ResumedReader<'a, R> {
        ResumedReader { output: self, input, passed: Vec::new(), at: 0, name, outlet }
    }

    /// Takes bytes of a run; appends the lines to pass on to `passed`, and what the tool says to `complaints`.
    fn take(&mut self, bytes: &[u8], passed: &mut Vec<u8>, complaints: &mut Vec<String>) {
        self.rest.extend_from_slice(bytes);
        let Some(end) = memchr::memrchr(b'\n', &self.rest).map(|newline| newline + 1) else {
            if self.rest.len() > LINE_MAX {
                passed.append(&mut self.rest);
            }
            return;
        };
        let behind = self.rest.split_off(end);
        let whole = std::mem::replace(&mut self.rest, behind);
        for line in whole.split_inclusive(|byte| *byte == b'\n') {
            match self.judge(line) {
                LineFate::Pass => passed.extend_from_slice(line),
                LineFate::Drop => {}
                LineFate::Complaint => complaints.push(String::from_utf8_lossy(line).trim_end().to_owned()),
            }
        }
    }

    fn judge(&mut self, line: &[u8]) -> LineFate {
        match self.command.tool() {
            LogTool::Journalctl => {
                if let Some(cursor) = cursor_of(line) {
                    self.place = Some(OutputPlace::Cursor(cursor));
                }
                LineFate::Pass
            }
            LogTool::Docker | LogTool::Kubectl => match stamp_of(line) {
                Some(time) => self.judge_stamped(time, Fingerprint::of(line)),
                // docker's own errors share a stream with the log.
                None if self.command.tool() == LogTool::Docker => LineFate::Complaint,
                None => LineFate::Pass,
            },
        }
    }

    fn judge_stamped(&mut self, time: Timestamp, hash: u64) -> LineFate {
        if let Some(count) = self.repeated.get_mut(&hash).filter(|count| **count > 0) {
            *count -= 1;
            return LineFate::Drop;
        }
        let newest = match self.place {
            Some(OutputPlace::Time(newest)) => newest.max(time),
            Some(OutputPlace::Cursor(_)) | None => time,
        };
        self.place = Some(OutputPlace::Time(newest));
        let oldest = newest.as_second() - self.command.slack();
        while self.recent.front().is_some_and(|(second, _)| *second < oldest) || self.recent.len() >= REMEMBERED {
            self.recent.pop_front();
        }
        if time.as_second() >= oldest {
            self.recent.push_back((time.as_second(), hash));
        }
        LineFate::Pass
    }
}

/// Returns the time stamp with which a line begins.
fn stamp_of(line: &[u8]) -> Option<Timestamp> {
    let word = line.split(|byte| *byte == b' ' || *byte == b'\n').next()?;
    str::from_utf8(word.get(..word.len().min(40))?).ok()?.parse().ok()
}

/// Returns the cursor of a journal entry in JSON. A cursor has no characters that JSON escapes.
fn cursor_of(line: &[u8]) -> Option<String> {
    const KEY: &[u8] = br#""__CURSOR":""#;
    let rest = line.get(memchr::memmem::find(line, KEY)? + KEY.len()..)?;
    let value = rest.get(..memchr::memchr(b'"', rest)?)?;
    str::from_utf8(value).ok().filter(|value| !value.contains('\\')).map(str::to_owned)
}

/// The output of a run without what was read before.
pub(super) struct ResumedReader<'a, R> {
    output: &'a mut ResumedOutput,
    input: R,
    passed: Vec<u8>,
    /// The number of passed bytes that were handed on.
    at: usize,
    name: &'a str,
    outlet: &'a Outlet,
}

impl<R: Read> Read for ResumedReader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.passed.len() {
            self.passed.clear();
            self.at = 0;
            let mut chunk = vec![0; CHUNK];
            let count = self.input.read(&mut chunk)?;
            let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else { return Ok(0) };
            let mut complaints = Vec::new();
            self.output.take(bytes, &mut self.passed, &mut complaints);
            for complaint in complaints {
                let sent = self.outlet.notice(self.name, Severity::Warning, &redact(&complaint));
                sent.map_err(|_stopped| io::Error::from(io::ErrorKind::ConnectionAborted))?;
            }
        }
        let rest = self.passed.get(self.at..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out.iter_mut().zip(rest).for_each(|(out, byte)| *out = *byte);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a command once for each text and returns what is passed on, with the command line after the last run.
    fn run(command: &str, runs: &[&str]) -> (String, Vec<String>, String) {
        let mut output = ResumedOutput::new(KnownCommand::parse(command).unwrap());
        let (mut passed, mut complaints) = (Vec::new(), Vec::new());
        for text in runs {
            output.start();
            for chunk in text.as_bytes().chunks(7) {
                output.take(chunk, &mut passed, &mut complaints);
            }
        }
        (String::from_utf8(passed).unwrap(), complaints, output.command_line())
    }

    #[test]
    fn lines_of_the_last_second_are_left_out_as_often_as_they_were_read() {
        let first =
            "2026-03-14T01:15:01.9Z a\n2026-03-14T01:15:02.1Z b\n2026-03-14T01:15:02.1Z b\n2026-03-14T01:15:02.2Z cut";
        let second = "2026-03-14T01:15:02.1Z b\n2026-03-14T01:15:02.1Z b\n2026-03-14T01:15:02.1Z b\n2026-03-14T01:15:02.2Z cut off\n";
        let (passed, complaints, line) = run("kubectl logs -f x", &[first, second]);
        let words: Vec<&str> = passed.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(words, ["a", "b", "b", "b", "cut off"], "the third b is new");
        assert_eq!(complaints, Vec::<String>::new());
        assert!(line.ends_with("--since-time=2026-03-14T01:15:02Z"), "{line}");
    }

    #[test]
    fn lines_of_several_pods_may_be_out_of_order() {
        let first = "2026-03-14T01:15:05Z a1\n2026-03-14T01:15:02Z b1\n";
        let second =
            "2026-03-14T01:15:02Z b1\n2026-03-14T01:15:03Z b2\n2026-03-14T01:15:05Z a1\n2026-03-14T01:15:06Z a2\n";
        let (passed, ..) = run("kubectl logs -f -l app=x", &[first, second]);
        let words: Vec<&str> = passed.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(words, ["a1", "b1", "b2", "a2"]);
    }

    #[test]
    fn what_docker_itself_says_is_no_line_of_the_log() {
        let text = "2026-03-14T01:15:02Z {}\nError response from daemon: No such container: x\n";
        let (passed, complaints, _) = run("docker logs -f x", &[text]);
        assert_eq!(passed, "2026-03-14T01:15:02Z {}\n");
        assert_eq!(complaints, ["Error response from daemon: No such container: x"]);
    }

    #[test]
    fn a_journal_goes_on_behind_its_last_whole_entry() {
        let text = "{\"__CURSOR\":\"s=1;i=2\",\"MESSAGE\":\"a\"}\n{\"__CURSOR\":\"s=1;i=3\",\"MESS";
        let (passed, _, line) = run("journalctl -f", &[text]);
        assert_eq!(passed.lines().count(), 1);
        assert!(line.ends_with("'--after-cursor=s=1;i=2'"), "{line}");
    }
}
