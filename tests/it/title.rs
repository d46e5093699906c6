//! The title of the terminal's window: new failures until the operator is there.

use crate::support::{
    pty::Session,
    stage::{Stage, TestEvent},
};
use std::{
    fs,
    io::Write as _,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use thumbview::app::{AppOptions, TitleUse};

fn title(stage: &Stage) -> Option<String> {
    let app = &stage.app;
    app.screen().title(app.options(), app.sources()).map(|title| title.to_string())
}

fn failures_count_from_the_last_key_on() {
    let failed = TestEvent { id: "9e107d9d372bb6826bd81d3542a419d6", status: "FAILED", ..TestEvent::default() };
    let options = AppOptions { title: TitleUse::Set, ..AppOptions::default() };
    let mut stage = Stage::with_assets(100, 30, options);
    let quiet = Some("thumbview · vod.log".to_owned());
    assert_eq!(title(&stage), quiet, "failures of the history are no news");
    stage.log_event(&failed);
    stage.log_event(&TestEvent { status: "SUCCEED", ..failed.clone() });
    stage.log_event(&failed);
    assert_eq!(title(&stage).unwrap(), "thumbview · 2 new FAILED");
    stage.keys("j");
    assert_eq!(title(&stage), quiet);
    // What the filter hides is no news.
    stage.keys("f \"!9e107d9d\" Enter");
    stage.log_event(&failed);
    assert_eq!(title(&stage), quiet);
    stage.keys("f C-u \"picture:bad\" Enter");
    stage.log_event(&failed);
    assert_eq!(title(&stage), quiet);
    assert_eq!(title(&Stage::filled(100, 30)), None);
}

const SAVE: &str = "\x1b[22;2t";
const RESTORE: &str = "\x1b[23;2t";

fn event(id: &str, status: &str) -> String {
    let info = format!(r#"{{"asset_id":"{id}","status":"{status}","sample":[],"dots":[]}}"#);
    format!("{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{info}}}\n")
}

fn append(log: &Path, text: &str) {
    fs::File::options().append(true).open(log).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Waits until the program has written these bytes so often.
fn wait_for_part(session: &Session, part: &str, count: usize) {
    let begun = Instant::now();
    while session.count(part) < count {
        assert!(begun.elapsed() < Duration::from_mins(1), "waited in vain for {part:?}");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(session.count(part), count, "{part:?}");
}

fn the_title_is_set_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    fs::write(&log, event("first", "FAILED")).unwrap();
    let mut session = Session::start(&["tail", log.to_str().unwrap()], (100, 30), &[]);
    wait_for_part(&session, "\x1b]2;thumbview · ", 1);
    session.wait_for_text("● live");
    append(&log, &event("second", "FAILED"));
    wait_for_part(&session, "\x1b]2;thumbview · 1 new FAILED\x1b\\", 1);
    session.type_keys("j");
    wait_for_part(&session, "\x1b]2;", 3);
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
    wait_for_part(&session, RESTORE, 1);
    assert_eq!(session.count(SAVE), 1);
}

fn a_title_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    fs::write(&log, event("first", "FAILED")).unwrap();
    let log = log.to_str().unwrap();
    let check = |args: &[&str], env: &[(&str, &str)]| {
        let mut session = Session::start(&[&["tail", log], args].concat(), (100, 30), env);
        session.wait_for_text("● live");
        session.type_keys("q");
        assert_eq!(session.exit_code(), 0);
        for part in ["\x1b]2;", SAVE, RESTORE] {
            assert_eq!(session.count(part), 0, "{args:?} {env:?}");
        }
    };
    check(&["--no-title"], &[]);
    check(&[], &[("THUMBVIEW_NO_TITLE", "1")]);
    check(&[], &[("TERM", "linux")]);
    check(&[], &[("TERM", "screen")]);
}

crate::tests! {
    failures_count_from_the_last_key_on,
    the_title_is_set_and_restored,
    a_title_is_left_alone,
}
