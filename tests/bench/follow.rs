//! Figures, not tests: they print, and run only when asked for. `THUMBVIEW_PROGRAM` names the program to measure.
//!
//! `THUMBVIEW_PROGRAM=target/release/thumbview cargo test --test follow figures -- --ignored --nocapture --test-threads 1`

use super::{
    program::{Running, UNWATCHED},
    support::pty::{Answers, PROGRAM, Session},
    writer::{EVENTS, Links, event},
    *,
};
use std::{
    env,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

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

/// Waits without losing time; returns how long it took.
fn spin(mut done: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_mins(1), "waited in vain");
        thread::sleep(Duration::from_micros(200));
    }
    begun.elapsed()
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{what}: n {}, p50 {:.1?}, p95 {:.1?}, max {:.1?}", times.len(), at(50), at(95), at(100));
}

/// From the write of an event until its id is on the screen.
fn append_to_glass(what: &str, session: &Session, log: &Path, first: u32) {
    let mut file = File::options().append(true).open(log).unwrap();
    let mut odd = 7_u64;
    let times = (first..first + 200).map(|number| {
        odd = odd.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        thread::sleep(Duration::from_millis(60 + (odd >> 33) % 250));
        let id = format!("{number:032}");
        file.write_all(event(number).as_bytes()).unwrap();
        spin(|| session.text().contains(&id))
    });
    told(what, times.collect());
}

#[ignore = "a figure"]
fn from_append_to_glass() {
    for unwatched in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("vod.log");
        append(&log, &event(0));
        let session = tail(&log, unwatched);
        session.wait_for_text(&format!("┌ {:032}", 0));
        append_to_glass(
            if unwatched { "append to glass, polling" } else { "append to glass, inotify" },
            &session,
            &log,
            1,
        );
    }
}

#[ignore = "a figure"]
fn from_append_to_glass_in_lnav() {
    if Command::new("lnav").arg("-V").stdout(Stdio::null()).status().is_err() {
        return eprintln!("skipped: lnav is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    append(&log, &event(0));
    let session = Session::run(&["lnav", log.to_str().unwrap()], (200, 40), &[], Answers::Plain);
    session.wait_for_text(&format!("{:032}", 0));
    append_to_glass("append to glass, lnav", &session, &log, 1);
}

/// The id over the picture, which is the selected asset's.
fn selected(session: &Session) -> String {
    let text = session.text();
    let id = text.split_once("┌ 0").map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect());
    id.unwrap_or_default()
}

#[ignore = "a figure; takes 70 s"]
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
    told("from key to frame under 2000 events a second", times);
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

#[ignore = "a figure; takes 100 s"]
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

#[ignore = "a figure; takes 150 s"]
fn what_tail_loses_of_the_same_writer() {
    for (polling, links) in [(false, Links::Spared), (true, Links::Spared), (false, Links::Made), (true, Links::Made)] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("vod.log");
        // A log that is there: of one that comes later it finds less.
        append(&log, "");
        let mut command = Command::new("tail");
        command.args(["-n", "+1", "-F"]).args(polling.then_some("---disable-inotify")).arg(&log);
        let mut running = Running::start(&mut command);
        assert!(writer::start(&log, links).wait().unwrap().success());
        thread::sleep(Duration::from_secs(10));
        running.end();
        let (times, young) = (running.times(), writer::young(&log));
        let due = (0..EVENTS).filter(|number| !young.contains_key(number));
        let (due, lost) =
            due.fold((0, 0), |(due, lost), number| (due + 1, lost + u32::from(!times.contains_key(&number))));
        let twice = times.values().filter(|times| **times > 1).count();
        let how = if polling { "polling" } else { "inotify" };
        println!("tail -F, {how}, links {links:?}: of {due} events {lost} lost, {twice} more than once");
    }
}
