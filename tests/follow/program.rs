//! The real program, `tail -n +1 -o jsonl`, on logs that another process writes and rotates.

use super::{
    writer::{EVENTS, event, number_in},
    *,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read},
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Instant,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_thumbview");

/// Longer than anything takes on a busy machine; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// What keeps a process from being told of changes: in a namespace of its own, where it may have no inotify.
const UNWATCHED: &str = "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$0\" \"$@\"";

/// A follower that runs, and what it has said.
struct Running {
    child: Child,
    out: Arc<Mutex<Vec<String>>>,
    err: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (Arc::default(), Arc::default());
        let readers = vec![
            read(child.stdout.take().unwrap(), Arc::clone(&out)),
            read(child.stderr.take().unwrap(), Arc::clone(&err)),
        ];
        Self { child, out, err, readers }
    }

    /// The program on a log, as it stands.
    fn tail(log: &Path) -> Self {
        Self::start(Command::new(PROGRAM).args(tail_args(log)))
    }

    /// The same where the system tells nothing of changes; `None` where that cannot be had.
    fn tail_unwatched(log: &Path) -> Option<Self> {
        let unshare = |program: &OsStr| {
            let mut command = Command::new("unshare");
            command.args(["-r", "sh", "-c", UNWATCHED]).arg(program);
            command
        };
        if !unshare("true".as_ref()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            eprintln!("skipped: no user namespace can be had without inotify here");
            return None;
        }
        Some(Self::start(unshare(PROGRAM.as_ref()).args(tail_args(log))))
    }

    /// The numbers of the events that came, and how often each did.
    fn times(&self) -> BTreeMap<u32, u32> {
        let mut times = BTreeMap::new();
        for number in self.out.lock().unwrap().iter().filter_map(|line| number_in(line)) {
            *times.entry(number).or_default() += 1;
        }
        times
    }

    fn said(&self, words: &str) -> usize {
        self.err.lock().unwrap().iter().filter(|line| line.contains(words)).count()
    }

    fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            assert_eq!(self.child.try_wait().unwrap(), None, "it runs on; it said {:#?}", self.err.lock().unwrap());
            let said = self.err.lock().unwrap();
            assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}; it said {said:#?}");
            drop(said);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for these events; they and no others came, once each.
    fn until_numbers(&mut self, expected: std::ops::Range<u32>) {
        let expected: BTreeMap<u32, u32> = expected.map(|number| (number, 1)).collect();
        self.until(&format!("{expected:?}"), |running| running.times().len() >= expected.len());
        assert_eq!(self.times(), expected);
    }

    /// The files that it has open, as the system names them.
    fn open_files(&self) -> Vec<String> {
        let links = fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        let links = links.filter_map(|link| fs::read_link(link.unwrap().path()).ok());
        links.map(|link| link.display().to_string()).collect()
    }

    /// Ends it, and hears the rest.
    fn end(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn read(pipe: impl Read + Send + 'static, lines: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            lines.lock().unwrap().push(line.unwrap());
        }
    })
}

fn tail_args(log: &Path) -> [&OsStr; 6] {
    ["tail".as_ref(), "-n".as_ref(), "+1".as_ref(), "-o".as_ref(), "jsonl".as_ref(), log.as_os_str()]
}

/// Runs the writer to its end beside a follower. All that stood for a second came once; nothing came twice; what did
/// not come is told as a gap, at least once for each rotation that destroyed some of it.
fn follow_the_writer(mut running: Running, log: &Path) {
    assert!(writer::start(log).wait().unwrap().success());
    let young = writer::young(log);
    let due: Vec<u32> = (0..EVENTS).filter(|number| !young.contains_key(number)).collect();
    let begun = Instant::now();
    let missing = loop {
        let times = running.times();
        let missing: Vec<_> = due.iter().filter(|number| !times.contains_key(number)).collect();
        if missing.is_empty() || begun.elapsed() > Duration::from_secs(10) {
            break missing;
        }
        thread::sleep(Duration::from_millis(100));
    };
    assert!(missing.is_empty(), "never came: {missing:?}; it said {:#?}", running.err.lock().unwrap());
    append(log, &event(EVENTS));
    running.until("the last event", |running| running.times().contains_key(&EVENTS));
    running.end();
    let times = running.times();
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "came more than once: {twice:?}; it said {:#?}", running.err.lock().unwrap());
    let lost: BTreeSet<u32> = young.iter().filter(|(event, _)| !times.contains_key(event)).map(|(_, by)| *by).collect();
    let told = running.said("may be lost");
    println!("{} came, {} rotations destroyed what nobody had read, {told} gaps were told", times.len(), lost.len());
    assert!(told >= lost.len(), "{lost:?}; it said {:#?}", running.err.lock().unwrap());
    assert!(running.said("rotated") > 0 && running.said("unread bytes were taken from its copy") + told > 0);
}

#[test]
fn ten_thousand_events_over_fifty_rotations_come_once_each() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    follow_the_writer(Running::tail(&log), &log);
}

#[test]
fn without_inotify_polling_is_told_and_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    let Some(mut running) = Running::tail_unwatched(&log) else { return };
    running.until("the notice", |running| running.said("polling only") == 1);
    follow_the_writer(running, &log);
}

/// What the writer shows of others. `cargo test --test follow what_tail -- --ignored --nocapture`
#[test]
#[ignore = "a figure"]
fn what_tail_makes_of_the_same() {
    for polling in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("vod.log");
        let mut command = Command::new("tail");
        command.args(["-n", "+1", "-F"]).args(polling.then_some("---disable-inotify")).arg(&log);
        let mut running = Running::start(&mut command);
        assert!(writer::start(&log).wait().unwrap().success());
        thread::sleep(Duration::from_secs(10));
        running.end();
        let (times, young) = (running.times(), writer::young(&log));
        let lost = (0..EVENTS).filter(|number| !young.contains_key(number) && !times.contains_key(number)).count();
        let twice = times.values().filter(|times| **times > 1).count();
        let how = if polling { "polling" } else { "inotify" };
        println!(
            "tail -F, {how}: of {} events that stood for a second {lost} were lost, {twice} came twice or more",
            EVENTS as usize - young.len()
        );
    }
}
