//! What a log of another machine has in common with one here: its raw text, its saved position, its time.

use super::*;
use crate::support::pty::{Answers, Session};

fn the_raw_text_of_an_event_is_read_there() {
    let place = Place::new(HERE);
    let line = event("asset-a").replace("{\"event_type\"", "{\"trace\":\"only-in-the-log\",\"event_type\"");
    fs::write(place.path("vod.log"), line + "\n").unwrap();
    let path = format!("{}:{}", place.folder.path().display(), std::env::var("PATH").unwrap_or_default());
    let name = place.remote("vod.log");
    let command = [PROGRAM, "tail", "--no-fetch", &name];
    let mut session = Session::run(&command, (100, 30), &[("PATH", &path)], Answers::Plain);
    session.wait_for_text("asset-a");
    session.type_keys("J");
    session.wait_for_text("only-in-the-log");
    session.type_keys("q");
    session.wait_for("the list", |screen| !screen.contents().contains("only-in-the-log"));
    // In a rotated log it is found as well.
    fs::rename(place.path("vod.log"), place.path("vod.log.1")).unwrap();
    place.write("vod.log", &["asset-b"]);
    session.wait_for_text("asset-b");
    session.type_keys("gJ");
    session.wait_for_text("only-in-the-log");
}

fn a_saved_position_holds_there() {
    let place = Place::new(HERE);
    let (name, out, state) = (place.remote("vod.log"), place.path("out"), place.path("state"));
    fs::write(&out, "").unwrap();
    let start = || {
        let out = File::options().append(true).open(&out).unwrap();
        let state = state.to_str().unwrap();
        let mut command = place.command(&["tail", "-n", "+1", "-o", "jsonl", "--state", state, &name]);
        command.stdout(out).stderr(Stdio::null()).spawn().unwrap()
    };
    let printed = || fs::read_to_string(&out).unwrap();
    let wait_for = |lines: usize| {
        let since = Instant::now();
        while printed().lines().count() < lines {
            assert!(since.elapsed() < PATIENCE, "waited in vain for {lines} lines");
            thread::sleep(Duration::from_millis(10));
        }
    };
    let mut number = 0;
    let mut write = |count: u32| {
        let mut file = File::options().create(true).append(true).open(place.path("vod.log")).unwrap();
        for _ in 0..count {
            number += 1;
            file.write_all((event(&format!("{number:04}")) + "\n").as_bytes()).unwrap();
        }
    };
    for rotation in 1..=4 {
        write(40);
        let mut child = start();
        wait_for(usize::try_from(rotation).unwrap() * 80 - 60);
        // Before the first position is saved nothing is known of a log that is rotated meanwhile.
        let since = Instant::now();
        while !fs::read_to_string(&state).unwrap_or_default().contains("vod.log") {
            assert!(since.elapsed() < PATIENCE, "no position was saved");
            thread::sleep(Duration::from_millis(1));
        }
        write(20);
        child.kill().unwrap();
        child.wait().unwrap();
        // Nobody looks at what is written and rotated now.
        write(20);
        fs::rename(place.path("vod.log"), place.path(&format!("vod.log.{rotation}"))).unwrap();
    }
    write(1);
    let mut child = start();
    wait_for(321);
    thread::sleep(Duration::from_millis(500));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut times = BTreeMap::<String, u32>::new();
    for line in printed().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        *times.entry(event["asset_id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty() && times.len() == 321, "{} events, twice {twice:?}", times.len());
}

fn a_clock_that_is_off_is_told() {
    let place = Place::new(HERE);
    let date = "#!/bin/sh\nnow=$(/bin/date +%s.%N)\necho \"$((${now%.*} - 9200)).${now#*.}\"\n";
    fs::write(place.path("date"), date).unwrap();
    fs::set_permissions(place.path("date"), fs::Permissions::from_mode(0o755)).unwrap();
    let name = place.write("vod.log", &["a"]);
    let output = place.run(&["list", &name]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    // A busy machine takes its time to answer.
    let seconds = said.split("web1: its clock is ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok());
    assert!(seconds.is_some_and(|seconds| (9200..9300).contains(&seconds)) && said.contains(" s behind"), "{said}");
}

fn every_command_passes_options_of_ssh_on() {
    for command in [&["show", "-p", "blocks"][..], &["check"], &["list"], &["export"], &["open", "-o", "jsonl"]] {
        let place = Place::new(HERE);
        let name = place.write("vod.log", &["a"]);
        let output = place.run(&[command, &["--ssh-option", "Port=2222", "--ssh-option", "User=ops", &name]].concat());
        let calls = fs::read_to_string(place.path("calls")).unwrap_or_default();
        let expected = "-T -o Port=2222 -o User=ops -o BatchMode=yes";
        assert!(calls.starts_with(expected), "{command:?}: {calls}{}", text(&output.stderr));
        assert_eq!(calls.lines().count(), 1, "{command:?} connects once");
    }
}

crate::tests! {
    the_raw_text_of_an_event_is_read_there,
    a_saved_position_holds_there,
    a_clock_that_is_off_is_told,
    every_command_passes_options_of_ssh_on,
}
