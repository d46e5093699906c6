//! Commands as sources: the real program reads what other programs print.

use crate::{
    harness::skip,
    support::{pty::PROGRAM, running::Running},
};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes on a busy machine; reaching it is a failure.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder with programs of its own, which come before the system's.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a program from a shell script.
    fn program(&self, name: &str, script: &str) {
        let path = self.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Starts a `tail` of all that a command prints.
    fn tail(&self, args: &[&str]) -> Running {
        Running::start(self.command(&["tail", "-n", "+1", "-o", "jsonl"]).args(args))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        let path = format!("{}:{}", self.path().display(), std::env::var("PATH").unwrap_or_default());
        command.args(args).current_dir(self.path()).env_clear().env("PATH", path).env("LANG", "C.UTF-8");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program with an open pipe for stdin, in which nothing comes.
    fn run(&self, args: &[&str]) -> Output {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let held = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(held);
        output
    }
}

fn event(id: &str) -> String {
    format!(r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"{id}","status":"SUCCEED"}}}}"#)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn what_a_command_prints_is_a_log() {
    let place = Place::new();
    fs::write(place.path().join("a.log"), event("a") + "\n" + &event("b")).unwrap();
    let output = place.run(&["list", "-o", "json", "--command", "echo oops >&2; cat a.log", "--command", "cat a.log"]);
    assert_eq!(output.status.code(), Some(0));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&list["summary"]["assets"], &list["summary"]["events"]), (&2.into(), &4.into()));
    assert_eq!(list["assets"][0]["source"]["file"], "cat a.log");
    assert!(text(&output.stderr).contains("cat a.log: oops"), "{}", text(&output.stderr));
}

fn a_failure_is_told_with_its_code() {
    let place = Place::new();
    let output = place.run(&["list", "--command", "exit 3"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("exit 3: ended with code 3"), "{}", text(&output.stderr));
    let output = place.run(&["tail", "-o", "jsonl", "--command", "no-such-program"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("the shell finds no such command"), "{}", text(&output.stderr));
}

fn a_flood_on_stderr_is_counted() {
    let place = Place::new();
    let output = place.run(&["list", "--command", "seq 1 5000 | sed 's/^/complaint /' >&2"]);
    let stderr = text(&output.stderr);
    assert!(stderr.lines().filter(|line| line.contains("complaint ")).count() < 1000, "{}", stderr.len());
    assert!(stderr.contains("more lines on stderr are left out"), "{stderr}");
}

fn other_commands_are_started_again_where_that_is_asked_for() {
    let place = Place::new();
    place.program("once", &format!("echo '{}'", event("a")));
    let mut tail = place.tail(&["--restart", "--command", "once"]);
    tail.until("three runs", |tail| tail.out().len() >= 3);
    assert!(tail.ids().iter().all(|id| id == "a"));
}

fn kubectl_goes_on_where_it_stopped() {
    let place = Place::new();
    // Ends in the middle of a line, in the first run; then goes on from the second that it is given.
    let line = |second, id: &str| format!("2026-03-14T01:15:{second}Z {}", event(id));
    let (b, c) = (line("02.1", "b"), line("02.2", "c"));
    let script = format!(
        "echo \"$*\" >> calls\ncase \"$*\" in\n*--since-time=2026-03-14T01:15:02Z*) echo '{b}'; echo '{c}'; echo '{}'; sleep 60;;\n\
         *) echo '{}'; echo '{b}'; printf '%.50s' '{c}';;\nesac\n",
        line("03", "d"),
        line("01", "a"),
    );
    place.program("kubectl", &script);
    let mut tail = place.tail(&["--command", "kubectl logs -f x"]);
    tail.until_ids(&["a", "b", "c", "d"]);
    let calls = fs::read_to_string(place.path().join("calls")).unwrap();
    let expected = "logs -f x --timestamps\nlogs -f x --timestamps --tail=-1 --since-time=2026-03-14T01:15:02Z\n";
    assert_eq!(calls, expected);
}

fn docker_prints_the_log_on_both_streams() {
    let place = Place::new();
    let line = |second, id: &str| format!("2026-03-14T01:15:{second}Z {}", event(id));
    let script = format!("echo '{}'; echo '{}' >&2; echo 'Error: gone' >&2", line("01", "a"), line("02", "b"));
    place.program("docker", &script);
    let mut tail = place.tail(&["--command", "docker logs -f x"]);
    tail.until("an event of each stream", |tail| tail.out().len() >= 2);
    // Nothing orders two pipes.
    let mut ids = tail.ids();
    ids.sort();
    assert_eq!(ids, ["a", "b"]);
    tail.until_said("docker logs -f x: Error: gone");
}

fn journalctl_goes_on_behind_its_cursor() {
    let place = Place::new();
    let entry = |cursor, id: &str| {
        let message = event(id).replace('"', "\\\"");
        format!(r#"{{"__CURSOR":"s=1;i={cursor}","MESSAGE":"{message}"}}"#)
    };
    let script =
        "case \"$*\" in\n*'--after-cursor=s=1;i=2'*) cat second; sleep 60;;\n*--output=json*) cat first;;\nesac\n";
    place.program("journalctl", script);
    fs::write(place.path().join("first"), format!("{}\n{}\n", entry(1, "a"), entry(2, "b"))).unwrap();
    fs::write(place.path().join("second"), format!("{}\n", entry(3, "c"))).unwrap();
    let mut tail = place.tail(&["--command", "journalctl -fu vod"]);
    tail.until_ids(&["a", "b", "c"]);
}

fn all_processes_of_a_command_end_with_the_program() {
    if !Path::new("/proc/self/stat").exists() {
        skip("no /proc");
    }
    let place = Place::new();
    let command = "sleep 1000 & echo $! $$ > pids.new; mv pids.new pids; sleep 1001";
    let mut tail = place.command(&["tail", "-o", "jsonl", "--command", command]).stdin(Stdio::null()).spawn().unwrap();
    let wait_for = |what: &str, mut is_so: Box<dyn FnMut() -> bool>| {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < PATIENCE, "{what}");
            thread::sleep(Duration::from_millis(20));
        }
    };
    let path = place.path().join("pids");
    wait_for("the command runs", Box::new(move || path.exists()));
    let pids = fs::read_to_string(place.path().join("pids")).unwrap();
    let pids: Vec<Pid> = pids.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap()).collect();
    kill_process(Pid::from_child(&tail), Signal::KILL).unwrap();
    tail.wait().unwrap();
    for pid in pids {
        // One that nobody has collected yet has ended all the same.
        let state = move || fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        let has_ended = move || state().map_or(true, |stat| stat.contains(") Z "));
        wait_for("the command has ended", Box::new(move || test_kill_process(pid).is_err() || has_ended()));
    }
}

crate::tests! {
    what_a_command_prints_is_a_log,
    a_failure_is_told_with_its_code,
    a_flood_on_stderr_is_counted,
    other_commands_are_started_again_where_that_is_asked_for,
    kubectl_goes_on_where_it_stopped,
    docker_prints_the_log_on_both_streams,
    journalctl_goes_on_behind_its_cursor,
    all_processes_of_a_command_end_with_the_program,
}
