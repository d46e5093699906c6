//! Following a log: `cargo bench --bench follow [-- append|lnav|burst|idle|losses…]`; all of it takes six minutes.
//!
//! The time from the write of an event to its id on the screen, also in lnav; the keys' answers under 2000 events a
//! second; CPU and system calls on a silent log; and the events that `tail -F` loses of the writer of the tests.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a panic is how it fails")]

#[path = "../it/harness.rs"]
#[expect(dead_code, clippy::print_stdout, reason = "only the children are served here")]
mod harness;
#[path = "../support/pty.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod pty;
#[path = "../it/follow/writer.rs"]
mod writer;

use pty::{Answers, PROGRAM, Session, UNWATCHED};
use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};
use writer::{EVENTS, FileClock, Links, REPEATED, event, number_in};

const SIZE: (u16, u16) = (120, 40);

fn program() -> String {
    env::var("THUMBVIEW_PROGRAM").unwrap_or_else(|_unset| PROGRAM.into())
}

/// The full screen on a log, with or without inotify.
fn tail(log: &Path, unwatched: bool) -> Session {
    let program = program();
    let before: &[&str] = if unwatched { &["unshare", "-r", "sh", "-c", UNWATCHED] } else { &[] };
    let command = [before, &[&program, "tail", "--no-fetch", log.to_str().unwrap()]].concat();
    Session::run(&command, SIZE, &[], Answers::Plain)
}

/// Polls every 200 µs until a condition holds; returns the time that took.
fn spin(mut done: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_mins(1), "waited in vain");
        thread::sleep(Duration::from_micros(200));
    }
    begun.elapsed()
}

fn print_times(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{what}: n {}, p50 {:.1?}, p95 {:.1?}, max {:.1?}", times.len(), at(50), at(95), at(100));
}

/// From the write of an event until its id is on the screen.
fn append_to_screen(what: &str, session: &Session, log: &Path, first: u32) {
    let mut file = File::options().append(true).open(log).unwrap();
    let mut odd = 7_u64;
    let times = (first..first + 200).map(|number| {
        odd = odd.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        thread::sleep(Duration::from_millis(60 + (odd >> 33) % 250));
        let id = format!("{number:032}");
        file.write_all(event(number).as_bytes()).unwrap();
        spin(|| session.text().contains(&id))
    });
    print_times(what, times.collect());
}

fn from_append_to_screen() {
    for unwatched in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("vod.log");
        append(&log, &event(0));
        let session = tail(&log, unwatched);
        session.wait_for_text(&format!("┌ {:032}", 0));
        append_to_screen(
            if unwatched { "append to screen, polling" } else { "append to screen, inotify" },
            &session,
            &log,
            1,
        );
    }
}

fn from_append_to_screen_in_lnav() {
    if Command::new("lnav").arg("-V").stdout(Stdio::null()).status().is_err() {
        return println!("skipped: no lnav");
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    append(&log, &event(0));
    let session = Session::run(&["lnav", log.to_str().unwrap()], (200, 40), &[], Answers::Plain);
    session.wait_for_text(&format!("{:032}", 0));
    append_to_screen("append to screen, lnav", &session, &log, 1);
}

/// The id over the picture, which is the selected asset's.
fn selected(session: &Session) -> String {
    let text = session.text();
    let id = text.split_once("┌ 0").map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect());
    id.unwrap_or_default()
}

fn two_thousand_events_a_second_for_a_minute() {
    const SECONDS: u32 = 60;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    append(&log, &(0..100).map(event).collect::<String>());
    let mut session = tail(&log, false);
    session.wait_for_text(&format!("┌ {:032}", 99));
    session.type_keys("kkk");
    spin(|| selected(&session).ends_with("96"));
    let writing = AtomicBool::new(true);
    let mut times = Vec::new();
    let behind = thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = File::options().append(true).open(&log).unwrap();
            let begun = Instant::now();
            for tick in 0..SECONDS * 100 {
                let first = 100 + tick * 20;
                file.write_all((first..first + 20).map(event).collect::<String>().as_bytes()).unwrap();
                thread::sleep((Duration::from_millis(10) * (tick + 1)).saturating_sub(begun.elapsed()));
            }
            println!("wrote {} events in {:.1?}", SECONDS * 2000, begun.elapsed());
            writing.store(false, Ordering::Relaxed);
        });
        let mut keys = ["j", "k"].iter().cycle();
        while writing.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(500));
            let before = selected(&session);
            session.type_keys(keys.next().unwrap());
            times.push(spin(|| selected(&session) != before));
        }
        let all = format!("All{}FAILED", SECONDS * 2000 + 100);
        spin(|| session.text().replace(|c: char| !c.is_alphanumeric(), "").contains(&all))
    });
    print_times("from key to frame under 2000 events a second", times);
    println!("all on the screen {behind:.1?} after the last was written");
    let output = Command::new(program()).args(["list", "--summary", log.to_str().unwrap()]).output().unwrap();
    println!("list: {}", String::from_utf8_lossy(&output.stdout).trim());
}

/// The process that has this file among its arguments and is no tool of ours.
fn process_of(log: &Path) -> u32 {
    let name = log.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let found = processes.filter(|id: &u32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        line.contains(name) && !line.starts_with("strace") && !line.starts_with("unshare")
    });
    found.last().unwrap()
}

/// User and system time so far, in hundredths of a second.
fn cpu(process: u32) -> u64 {
    let line = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let words: Vec<&str> = line.rsplit_once(')').unwrap().1.split_whitespace().collect();
    words[11].parse::<u64>().unwrap() + words[12].parse::<u64>().unwrap()
}

fn idle_on_a_silent_log() {
    for (what, there, unwatched) in [("a silent log", true, false), ("polled", true, true), ("no log", false, false)] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("vod.log");
        if there {
            append(&log, &event(0));
        }
        let session = tail(&log, unwatched);
        session.wait_for_text(if there { "00000000" } else { "waiting" });
        thread::sleep(Duration::from_secs(13));
        let (process, written) = (process_of(&log), session.bytes().len());
        let before = cpu(process);
        thread::sleep(Duration::from_secs(20));
        let (cpu, written) = (cpu(process) - before, session.bytes().len() - written);
        println!("idle on {what}, 20 s: {cpu}0 ms of CPU, {written} bytes written");
        let id = process.to_string();
        let output = Command::new("timeout").args(["-s", "INT", "20", "strace", "-c", "-f", "-p", &id]).output();
        let said = String::from_utf8_lossy(&output.unwrap().stderr).into_owned();
        println!("{}", said.lines().filter(|line| !line.starts_with("strace")).collect::<Vec<_>>().join("\n"));
    }
}

/// Counts the events that `tail -F` of coreutils prints, or prints twice, of the writer of the tests.
fn losses_of_tail() {
    for (polling, links) in [(false, Links::Spared), (true, Links::Spared), (false, Links::Made), (true, Links::Made)] {
        let folder = tempfile::tempdir().unwrap();
        let (log, out) = (folder.path().join("vod.log"), folder.path().join("out"));
        // A log that is there: of one that comes later it finds less.
        append(&log, "");
        let mut command = Command::new("tail");
        command.args(["-n", "+1", "-F"]).args(polling.then_some("---disable-inotify")).arg(&log);
        let mut tail = command.stdout(File::create(&out).unwrap()).stderr(Stdio::null()).spawn().unwrap();
        assert!(writer::start(&log, links, FileClock::True).wait().unwrap().success());
        thread::sleep(Duration::from_secs(10));
        tail.kill().unwrap();
        tail.wait().unwrap();
        let (mut times, text) = (BTreeMap::<u32, u32>::new(), fs::read_to_string(&out).unwrap());
        for number in text.lines().filter_map(number_in) {
            *times.entry(number).or_default() += 1;
        }
        let young = writer::young(&log);
        let due = (0..EVENTS).filter(|number| !young.contains_key(number));
        let (due, lost) =
            due.fold((0, 0), |(due, lost), number| (due + 1, lost + u32::from(!times.contains_key(&number))));
        let twice = times.values().filter(|times| **times > 1).count();
        let how = if polling { "polling" } else { "inotify" };
        let (equal, came) = (writer::repeated(&log), text.lines().filter(|line| line.contains(REPEATED)).count());
        println!("tail -F, {how}, links {links:?}: of {due} events {lost} lost, {twice} more than once");
        println!("    and of {equal} equal events {came} came");
    }
}

fn append(path: &Path, text: &str) {
    File::options().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// The figures by name.
const FIGURES: [(&str, fn()); 5] = [
    ("append", from_append_to_screen),
    ("lnav", from_append_to_screen_in_lnav),
    ("burst", two_thousand_events_a_second_for_a_minute),
    ("idle", idle_on_a_silent_log),
    ("losses", losses_of_tail),
];

fn main() {
    if harness::serve(vec![harness::Child::new("follow::writer", writer::write)]) {
        return;
    }
    let wanted: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    for (name, figure) in FIGURES {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            figure();
        }
    }
}
