//! The real program, `tail -n +1 -o jsonl`, on logs that another process writes and rotates.

use super::{
    support::{
        pty::{PROGRAM, UNWATCHED},
        running::{PATIENCE, Running},
    },
    writer::{EVENTS, FileClock, Links, REPEATED, event, number_in},
    *,
};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

impl Running {
    /// Starts a command without what its environment adds: without a home there is no config file of whoever runs the
    /// tests.
    fn follower(command: &mut Command) -> Self {
        Self::start(
            command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LANG", "C.UTF-8"),
        )
    }

    /// The program on a log, as it stands.
    fn tail(log: &Path) -> Self {
        Self::follower(Command::new(PROGRAM).args(tail_args(log)))
    }

    /// The same where the system tells nothing of changes; skips the test where that cannot be had.
    fn tail_unwatched(log: &Path) -> Self {
        let unshare = |program: &OsStr| {
            let mut command = Command::new("unshare");
            command.args(["-r", "sh", "-c", UNWATCHED]).arg(program);
            command
        };
        if !unshare("true".as_ref()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            skip("no user namespaces");
        }
        Self::follower(unshare(PROGRAM.as_ref()).args(tail_args(log)))
    }

    /// The numbers of the events that came, and how often each did.
    fn times(&self) -> BTreeMap<u32, u32> {
        let mut times = BTreeMap::new();
        for number in self.out().iter().filter_map(|line| number_in(line)) {
            *times.entry(number).or_default() += 1;
        }
        times
    }

    /// The number of the equal events that came.
    fn repeated(&self) -> usize {
        self.out().iter().filter(|line| line.contains(REPEATED)).count()
    }

    /// Waits for these events; they and no others came, once each.
    fn until_numbers(&mut self, expected: std::ops::Range<u32>) {
        let expected: BTreeMap<u32, u32> = expected.map(|number| (number, 1)).collect();
        self.until(&format!("{expected:?}"), |running| running.times().len() >= expected.len());
        assert_eq!(self.times(), expected);
    }

    /// The files that it has open, as the system names them.
    fn open_files(&self) -> Vec<String> {
        let links = fs::read_dir(format!("/proc/{}/fd", self.pid().as_raw_nonzero())).into_iter().flatten();
        let links = links.filter_map(|link| fs::read_link(link.unwrap().path()).ok());
        links.map(|link| link.display().to_string()).collect()
    }
}

fn tail_args(log: &Path) -> [&OsStr; 6] {
    ["tail".as_ref(), "-n".as_ref(), "+1".as_ref(), "-o".as_ref(), "jsonl".as_ref(), log.as_os_str()]
}

/// Runs the writer to its end beside a follower. All that stood for a second came once, and equal events each time that
/// they were written; nothing came twice; what did not come is told as a gap, at least once for each rotation that
/// destroyed some of it.
fn follow_the_writer(mut running: Running, log: &Path, clock: FileClock) {
    assert!(writer::start(log, Links::Made, clock).wait().unwrap().success());
    let (young, repeated) = (writer::young(log), writer::repeated(log));
    let due: Vec<u32> = (0..EVENTS).filter(|number| !young.contains_key(number)).collect();
    let begun = Instant::now();
    let missing = loop {
        let times = running.times();
        let missing: Vec<_> = due.iter().filter(|number| !times.contains_key(number)).collect();
        let is_whole = missing.is_empty() && running.repeated() >= repeated;
        if is_whole || begun.elapsed() > PATIENCE {
            break missing;
        }
        thread::sleep(Duration::from_millis(100));
    };
    assert!(missing.is_empty(), "never came: {missing:?}; it said {:#?}", running.err());
    append(log, &event(EVENTS));
    running.until("the last event", |running| running.times().contains_key(&EVENTS));
    running.end();
    let times = running.times();
    assert_eq!(times.range(EVENTS + 1..).next(), None, "an event of a file that lay there at the start");
    assert_eq!(running.repeated(), repeated, "equal events; it said {:#?}", running.err());
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "came more than once: {twice:?}; it said {:#?}", running.err());
    let lost: BTreeSet<u32> = young.iter().filter(|(event, _)| !times.contains_key(event)).map(|(_, by)| *by).collect();
    let told = running.said("may be lost");
    println!("{} came, {} rotations destroyed what nobody had read, {told} gaps were told", times.len(), lost.len());
    assert!(told >= lost.len(), "{lost:?}; it said {:#?}", running.err());
    assert!(running.said("rotated") > 0 && running.said("unread bytes were taken from its copy") + told > 0);
}

fn ten_thousand_events_over_fifty_rotations_come_once_each() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    follow_the_writer(Running::tail(&log), &log, FileClock::True);
}

/// The times of the files are of another machine's clock, which jumps; what lay beside the log at the start is not read.
fn jumping_clocks_lose_and_repeat_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    let ahead = std::time::SystemTime::now() + Duration::from_hours(2);
    for old in 0..3 {
        let path = folder.path().join(format!("vod.log.{}", 900 + old));
        append(&path, &event(EVENTS + 1 + old));
        File::options().append(true).open(path).unwrap().set_modified(ahead).unwrap();
    }
    follow_the_writer(Running::tail(&log), &log, FileClock::Jumping);
}

fn without_inotify_polling_is_told_and_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    let mut running = Running::tail_unwatched(&log);
    running.until("the notice", |running| running.said("does not report changes") == 1);
    follow_the_writer(running, &log, FileClock::True);
}

/// Kills the follower four times while the writer rotates its log in every way; each next one goes on from the state.
fn four_kills_in_a_storm_lose_and_repeat_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (log, out, state) = (path("vod.log"), path("out"), path("state"));
    let start = || {
        let out = File::options().append(true).create(true).open(&out).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(tail_args(&log)).arg("--state").arg(&state).stdin(Stdio::null()).stdout(out);
        command.env_clear().env("LANG", "C.UTF-8").stderr(Stdio::null()).spawn().unwrap()
    };
    let printed = || -> (BTreeMap<u32, u32>, usize) {
        let (mut times, mut repeated) = (BTreeMap::new(), 0);
        for line in fs::read_to_string(&out).unwrap().lines() {
            match number_in(line) {
                Some(number) => *times.entry(number).or_default() += 1,
                None => repeated += usize::from(line.contains(REPEATED)),
            }
        }
        (times, repeated)
    };
    let mut writer = writer::start(&log, Links::Spared, FileClock::True);
    let mut child = start();
    for pause in [1500, 2700, 3300, 4100] {
        thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        child = start();
    }
    assert!(writer.wait().unwrap().success());
    append(&log, &event(EVENTS));
    let begun = Instant::now();
    while !printed().0.contains_key(&EVENTS) {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for the last event");
        thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let ((times, repeated), young) = (printed(), writer::young(&log));
    let lost: Vec<u32> =
        (0..EVENTS).filter(|number| !young.contains_key(number) && !times.contains_key(number)).collect();
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(lost.is_empty() && twice.is_empty(), "lost {lost:?}, twice {twice:?}");
    let due = writer::repeated(&log);
    assert_eq!(repeated, due, "equal events");
}

/// What the shell does in a namespace of its own: a file system is mounted over the folder of a log, and its end, while
/// a writer keeps the log open.
const MOUNTS: &str = r#"
program=$1; cd "$2" || exit 1
event() { echo "{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{\"asset_id\":\"$1\",\"status\":\"SUCCEED\"}}"; }
came() { n=0; until grep -q "\"$1\"" out; do n=$((n + 1)); [ $n -lt 600 ] || exit 3; sleep 0.05; done; }
mount -t tmpfs none other && umount other || exit 2
event a1 > logs/vod.log; : > out
"$program" tail -n +1 -o jsonl logs/vod.log > out 2> err & child=$!
came a1; exec 7>> logs/vod.log
mount -t tmpfs none logs; event b1 > logs/vod.log; came b1; event a2 >&7; came a2
umount -l logs; event a3 >&7; came a3
mount -t tmpfs none logs; event c1 > logs/vod.log; came c1; event a4 >&7; came a4
umount -l logs; event a5 >> logs/vod.log; came a5
sleep 1; kill $child
"#;

fn a_mount_over_the_folder_and_its_end_repeat_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("logs")).unwrap();
    fs::create_dir(path("other")).unwrap();
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", MOUNTS, "sh", PROGRAM]).arg(folder.path()).env("LANG", "C.UTF-8");
    let code = command.stdin(Stdio::null()).stderr(Stdio::null()).status().ok().and_then(|status| status.code());
    if code.is_none_or(|code| code == 1 || code == 2) {
        skip("no file system that may be mounted");
    }
    let (out, err) = (fs::read_to_string(path("out")).unwrap(), fs::read_to_string(path("err")).unwrap());
    let event = |line: &str| line.split_once(r#""asset_id":""#).unwrap().1.split_once('"').unwrap().0.to_owned();
    let mut came: Vec<String> = out.lines().map(event).collect();
    came.sort_unstable();
    assert_eq!(came, ["a1", "a2", "a3", "a4", "a5", "b1", "c1"], "{err}");
}

/// The position is saved before the first event is printed: the log may be rotated right after a kill.
fn a_kill_before_anything_was_printed_loses_nothing() {
    for start in ["+1", "2000"] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (log, state) = (path("vod.log"), path("state"));
        append(&log, &events(0..2000));
        let command = || {
            let mut command = Command::new(PROGRAM);
            command.args(["tail", "-n", start, "-o", "jsonl"]).arg(&log).arg("--state").arg(&state);
            command.env_clear().env("LANG", "C.UTF-8");
            command
        };
        // Nobody reads what it prints, so that it cannot print all.
        let mut child = command().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        // The file is written at the start, when the log was not opened yet.
        while !fs::read_to_string(&state).is_ok_and(|state| state.contains("\"offset\":")) {
            assert!(begun.elapsed() < PATIENCE, "waited in vain for a position");
            thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        fs::rename(&log, path("vod.log.1")).unwrap();
        append(&log, &events(2000..2010));
        let mut running = Running::follower(&mut command());
        running.until_numbers(0..2010);
    }
}

/// An event whose last part does not come is told while the log is followed, and read once the part comes.
fn an_event_without_its_last_part_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    let whole = event(7);
    let (head, rest) = whole.trim_end().split_at(90);
    let stored = |tag: &str, part: &str| format!("2026-03-14T09:15:02.412345678Z stdout {tag} {part}\n");
    append(&log, &stored("P", head));
    let mut running = Running::tail(&log);
    running.until_said(&format!(
        "{}: an event is unfinished; it is read once the rest of it comes: {head}",
        log.display()
    ));
    append(&log, &stored("F", rest));
    running.until_numbers(7..8);
    assert_eq!(running.said("unfinished"), 1);
}

/// At rest the position of all that was printed is saved, so that a kill repeats nothing on a pipe either.
fn a_kill_at_rest_repeats_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (log, state) = (path("vod.log"), path("state"));
    for round in 0..8 {
        let numbers = round * 5..round * 5 + 5;
        append(&log, &events(numbers.clone()));
        let mut running = Running::follower(Command::new(PROGRAM).args(tail_args(&log)).arg("--state").arg(&state));
        running.until_numbers(numbers);
        let end = format!("\"offset\":{},", fs::metadata(&log).unwrap().len());
        running.until("the position", |_| fs::read_to_string(&state).is_ok_and(|state| state.contains(&end)));
    }
}

/// The log's truncations under a writer that does not pause, and the events before each.
const HOT_ROUNDS: u32 = 80;
const HOT_EVENTS: u32 = 40;

/// A reader that looks at a log so often, as `tail -F` does without inotify, and reads what is new.
const POLL: Duration = Duration::from_millis(50);

/// Reads a log until an event comes; begins again when the file is shorter than what was read.
fn poll_until(log: &Path, last: u32) -> BTreeSet<u32> {
    let (mut seen, mut read) = (BTreeSet::new(), 0);
    while !seen.contains(&last) {
        let text = fs::read_to_string(log).unwrap();
        let new = text.get(read..).unwrap_or(&text);
        seen.extend(new.lines().filter_map(number_in));
        read = text.len();
        thread::sleep(POLL);
    }
    seen
}

/// Of a log that is truncated 80 times at 2 000 events a second no event comes twice, and of those before a truncation
/// only the last ones are missing: fewer than a reader misses that polls.
fn hot_truncation_loses_no_more_than_a_reader_that_polls() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    append(&log, "");
    let mut running = Running::tail(&log);
    let last = HOT_ROUNDS * HOT_EVENTS;
    let mut file = File::options().append(true).open(&log).unwrap();
    let polled = thread::scope(|scope| {
        let reader = scope.spawn(|| poll_until(&log, last));
        for number in 0..last {
            if number > 0 && number % HOT_EVENTS == 0 {
                file.set_len(0).unwrap();
            }
            file.write_all(event(number).as_bytes()).unwrap();
            thread::sleep(Duration::from_micros(400));
        }
        file.write_all(event(last).as_bytes()).unwrap();
        reader.join().unwrap()
    });
    running.until("the last event", |running| running.times().contains_key(&last));
    running.end();
    let times = running.times();
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "came more than once: {twice:?}");
    for round in 0..HOT_ROUNDS {
        let numbers = round * HOT_EVENTS..(round + 1) * HOT_EVENTS;
        let came = numbers.clone().take_while(|number| times.contains_key(number)).count();
        assert_eq!(times.range(numbers).count(), came, "round {round}: an event is missing before one that came");
    }
    let written = last as usize + 1;
    let (missing, missed_by_polling) = (written - times.len(), written - polled.len());
    println!("of {written} events {missing} never came, {missed_by_polling} were missed by polling");
    assert!(missing <= missed_by_polling, "{missing} never came, {missed_by_polling} were missed by polling");
    assert!(missing == 0 || running.said("may be lost") > 0);
}

fn events(numbers: std::ops::Range<u32>) -> String {
    numbers.map(event).collect()
}

/// Writes one event each millisecond, into the file that it opened last, while `rotate` rotates the log five times.
/// Tells how many it wrote.
fn write_meanwhile(log: &Path, mut rotate: impl FnMut()) -> u32 {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut next = 0;
            while !ended.load(Ordering::Relaxed) {
                // It notices only now and then that the name stands for another file.
                let mut file = File::options().append(true).create(true).open(log).unwrap();
                for number in next..next + 50 {
                    file.write_all(event(number).as_bytes()).unwrap();
                    thread::sleep(Duration::from_millis(1));
                }
                next += 50;
            }
            next
        });
        for _ in 0..5 {
            thread::sleep(Duration::from_millis(400));
            rotate();
        }
        thread::sleep(Duration::from_millis(400));
        ended.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    })
}

/// The numbers of the events that stand in the files of a folder.
fn numbers_on_disk(folder: &Path) -> BTreeSet<u32> {
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    files.flat_map(|text| text.lines().filter_map(number_in).collect::<Vec<_>>()).collect()
}

/// Runs `logrotate -f` in one way under a running writer. What is written between the copying and the truncating of
/// `copytruncate` is in no file afterwards; nothing else may be missing.
fn follow_logrotate(how: &str) {
    let rotated = |config: &Path, state: &Path| {
        Command::new("logrotate")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .arg("-f")
            .arg("-s")
            .args([state, config])
            .output()
    };
    if rotated(Path::new("/dev/null"), Path::new("/dev/null")).is_err() {
        skip("no logrotate");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let log = path("vod.log");
    let text = format!("\"{}\" {{\n  rotate 9\n  {how}\n}}\n", log.display());
    fs::write(path("config"), text).unwrap();
    fs::set_permissions(path("config"), fs::Permissions::from_mode(0o644)).unwrap();
    append(&log, "");
    let mut running = Running::tail(&log);
    let written = write_meanwhile(&log, || {
        let output = rotated(&path("config"), &path("state")).unwrap();
        assert!(output.status.success(), "{output:?}");
    });
    assert!(path("vod.log.5").exists(), "it was rotated five times");
    running.until("the last event", |running| running.times().contains_key(&(written - 1)));
    running.end();
    let times = running.times();
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let standing = numbers_on_disk(folder.path());
    let missing: Vec<_> = standing.iter().filter(|number| !times.contains_key(number)).collect();
    assert!(missing.is_empty(), "{how}: on the disk, but never came: {missing:?}");
    println!("{how}: of {written} events {} came, {} stand on the disk", times.len(), standing.len());
    assert!(how == "copytruncate" || times.len() == written as usize);
    let word = if how == "copytruncate" { "truncated to" } else { "rotated" };
    assert!(running.said(word) >= 1 && running.said(word) <= 5, "{:?}", running.err());
}

fn logrotate_with_create() {
    follow_logrotate("create");
}

fn logrotate_with_copytruncate() {
    follow_logrotate("copytruncate");
}

/// The program as one whom permissions bind: nobody, where this is the superuser. Skips the test where that cannot be had.
fn bound() -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(PROGRAM);
    }
    let nobody = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", PROGRAM]);
        command
    };
    let can = nobody().arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !can.is_ok_and(|status| status.success()) {
        skip("permissions do not bind the superuser, and nobody else can run the program");
    }
    nobody()
}

fn permission_is_lost_and_regained() {
    let mut command = bound();
    let folder = tempfile::tempdir().unwrap();
    let sub = folder.path().join("sub");
    let log = sub.join("vod.log");
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    allow(folder.path(), 0o755);
    fs::create_dir(&sub).unwrap();
    allow(&sub, 0o755);
    append(&log, &events(0..3));
    allow(&log, 0o644);
    let mut writer = File::options().append(true).open(&log).unwrap();
    let mut running = Running::follower(command.args(tail_args(&log)));
    running.until_numbers(0..3);
    // The folder is locked: the open file is read on.
    allow(&sub, 0o0);
    running.until("the folder", |running| running.said("permission denied; still reading the open file, waiting") == 1);
    writer.write_all(events(3..5).as_bytes()).unwrap();
    running.until_numbers(0..5);
    allow(&sub, 0o755);
    // A rotation to a file that may not be read, until it may.
    let next = sub.join("next");
    append(&next, &events(5..8));
    allow(&next, 0o0);
    fs::rename(&log, sub.join("vod.log.1")).unwrap();
    fs::rename(&next, &log).unwrap();
    running.until("the new file", |running| running.said("vod.log: permission denied, waiting") == 1);
    allow(&log, 0o644);
    running.until_numbers(0..8);
    running.end();
    assert_eq!(running.said("is there now"), 1, "{:?}", running.err());
}

fn a_deleted_log_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    append(&log, &events(0..3));
    let mut running = Running::tail(&log);
    running.until_numbers(0..3);
    if running.open_files().is_empty() {
        skip("no /proc");
    }
    let name = log.display().to_string();
    let holds = |running: &Running| running.open_files().iter().any(|file| file.starts_with(&name));
    assert!(holds(&running));
    fs::remove_file(&log).unwrap();
    running.until("its descriptor is closed", |running| !holds(running));
    running.until("it is told", |running| running.said("gone") > 0);
    append(&log, &events(3..5));
    running.until_numbers(0..5);
    assert_eq!(running.said("gone"), 1, "{:?}", running.err());
}

crate::tests! {
    ten_thousand_events_over_fifty_rotations_come_once_each,
    jumping_clocks_lose_and_repeat_nothing,
    hot_truncation_loses_no_more_than_a_reader_that_polls,
    without_inotify_polling_is_told_and_finds_the_same,
    four_kills_in_a_storm_lose_and_repeat_nothing,
    a_kill_at_rest_repeats_nothing,
    a_mount_over_the_folder_and_its_end_repeat_nothing,
    a_kill_before_anything_was_printed_loses_nothing,
    an_event_without_its_last_part_is_told,
    logrotate_with_create,
    logrotate_with_copytruncate,
    permission_is_lost_and_regained,
    a_deleted_log_is_closed,
}
