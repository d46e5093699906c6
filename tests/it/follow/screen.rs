//! A followed log on the full screen: how it fares, what is new, and where the eye stays.

use super::{
    support::pty::{Answers, PROGRAM, Session, UNWATCHED},
    writer::event,
    *,
};
use std::process::{Command, Stdio};

const SIZE: (u16, u16) = (100, 30);

fn tail(log: &Path) -> Session {
    Session::start(&["tail", "--no-fetch", log.to_str().unwrap()], SIZE, &[])
}

fn id(number: u32) -> String {
    format!("{number:032}")
}

fn failure(number: u32) -> String {
    event(number).replace("SUCCEED", "FAILED")
}

/// So many pictures, five seconds apart.
fn success(number: u32, pictures: u32) -> String {
    let sample = |at| format!("{{\"offset\":{},\"url\":\"https://cdn.example/{number}/{at}.jpg\"}}", at * 5);
    let samples = (0..pictures).map(sample).collect::<Vec<_>>().join(",");
    event(number).replace("\"sample\":[]", &format!("\"sample\":[{samples}]"))
}

fn wait_for_asset(session: &Session, number: u32) {
    session.wait_for_text(&format!("┌ {}", id(number)));
}

fn wait_for_header(session: &Session, words: &str) {
    session.wait_for(words, |screen| screen.rows(0, SIZE.0).next().unwrap().contains(words));
}

fn quit(mut session: Session) {
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
}

fn the_header_says_how_the_log_fares() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let log = path("vod.log");
    let mut session = tail(&log);
    wait_for_header(&session, "vod.log  waiting: not there yet");
    append(&log, &event(1));
    wait_for_header(&session, "● live  1/min");
    // In one step, since a name that is missing for a moment may be seen to be.
    append(&path("new"), &event(2));
    fs::hard_link(&log, path("vod.log.1")).unwrap();
    fs::rename(path("new"), &log).unwrap();
    wait_for_header(&session, "● live  2/min  rotated");
    fs::write(&log, "").unwrap();
    wait_for_header(&session, "truncated");
    append(&log, &event(3));
    wait_for_asset(&session, 3);
    fs::remove_file(&log).unwrap();
    wait_for_header(&session, "waiting: gone");
    append(&path("target"), &event(4));
    std::os::unix::fs::symlink(path("target"), &log).unwrap();
    wait_for_header(&session, "● live");
    wait_for_asset(&session, 4);
    append(&path("other"), &event(5));
    std::os::unix::fs::symlink(path("other"), path("new")).unwrap();
    fs::rename(path("new"), &log).unwrap();
    wait_for_header(&session, "link switched");
    // Each of these is kept, with its time, where notices are.
    wait_for_header(&session, "notice");
    session.type_keys("!");
    for words in ["rotated; the old file is read", "truncated to 0 bytes", "gone; waiting", "the link points to"] {
        session.wait_for_text(words);
    }
    session.type_keys("q");
    quit(session);
}

fn the_header_says_that_the_system_tells_nothing() {
    let allowed = ["-r", "sh", "-c", UNWATCHED, "true"];
    if !Command::new("unshare").args(allowed).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        skip("no user namespaces");
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    append(&log, &event(1));
    let command = ["unshare", "-r", "sh", "-c", UNWATCHED, PROGRAM, "tail", "--no-fetch", log.to_str().unwrap()];
    let session = Session::run(&command, SIZE, &[], Answers::Plain);
    wait_for_header(&session, "polling only");
    append(&log, &event(2));
    wait_for_asset(&session, 2);
    quit(session);
}

fn an_unfinished_last_line_is_dimmed_until_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    let line = event(2);
    let (head, rest) = line.split_at(60);
    append(&log, &(event(1) + head));
    let session = tail(&log);
    wait_for_asset(&session, 1);
    session.wait_for("the head of the line, dimmed", |screen| {
        let found =
            (0..SIZE.1).find(|row| screen.contents_between(*row, 0, *row, SIZE.0).contains("unfinished: {\"event"));
        found.is_some_and(|row| screen.cell(row, 4).is_some_and(vt100::Cell::dim))
    });
    append(&log, rest);
    wait_for_asset(&session, 2);
    session.wait_for("no unfinished line", |screen| !screen.contents().contains("unfinished"));
    quit(session);
}

fn the_eye_stays_where_it_is_and_end_sticks_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    append(&log, &(success(1, 6) + &success(2, 6)));
    let mut session = tail(&log);
    wait_for_asset(&session, 2);
    session.wait_for_text("sticking to newest");
    session.type_keys("k");
    wait_for_asset(&session, 1);
    session.type_keys("ll");
    session.wait_for_text("#3 of 6");
    append(&log, &(success(3, 4) + &failure(4) + &failure(5) + &success(6, 4)));
    session.wait_for_text("4 new, 2 FAILED");
    session.wait_for("the same asset and picture", |screen| {
        let text = screen.contents();
        text.contains(&format!("┌ {}", id(1))) && text.contains("#3 of 6") && !text.contains("sticking")
    });
    session.type_keys("\x1b[F");
    wait_for_asset(&session, 6);
    session.wait_for("nothing new", |screen| !screen.contents().contains(" new, "));
    append(&log, &failure(7));
    wait_for_asset(&session, 7);
    session.wait_for_text("sticking to newest");
    quit(session);
}

crate::tests! {
    the_header_says_how_the_log_fares,
    the_header_says_that_the_system_tells_nothing,
    an_unfinished_last_line_is_dimmed_until_it_is_whole,
    the_eye_stays_where_it_is_and_end_sticks_again,
}
