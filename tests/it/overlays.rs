//! The overlays: what they count and filter, what stays in view beside them, and what they do on a small screen.

use crate::support::stage::Stage;
use thumbview::{
    app::{AppOptions, Message, ResumePoint, list::Stick},
    event::{LogUpdate, Notice, Severity, Time},
    picture::{Canvas, Protocol},
};

fn said(stage: &Stage, text: &str) {
    let screen = stage.screen();
    assert!(screen.contains(text), "{text} is not in\n{screen}");
}

/// The text of the screen without line ends, borders and blanks, so that wrapped sentences are found.
fn squeezed(stage: &Stage) -> String {
    stage.screen().chars().filter(|c| !c.is_whitespace() && *c != '│').collect()
}

fn listed(stage: &Stage) -> Vec<String> {
    let app = &stage.app;
    let id = |key| app.catalog().asset(key).unwrap().id().to_string();
    app.list().rows().iter().map(|key| id(*key).chars().take(4).collect()).collect()
}

fn a_bar_of_events_over_time_filters_to_its_time() {
    let mut stage = Stage::filled(100, 30);
    stage.log_untimed("f00d");
    stage.keys("b");
    for text in
        ["Events over time  5 s a bar  11:52:00 – 11:58:05", "FAILED 2 events  up to 1 a bar", "SUCCEED 4 events"]
    {
        said(&stage, text);
    }
    for text in ["11:58:00 – 11:58:05  1 SUCCEED", "1 event without a time is not shown"] {
        said(&stage, text);
    }
    // Eleven bars of silence lie between two events a minute apart.
    said(&stage, "longest silence 11:52:05 – 11:53:00");
    stage.keys("h");
    said(&stage, "11:57:55 – 11:58:00  no event");
    stage.keys("Enter");
    assert!(stage.app.overlay().is_some(), "there is nothing to filter to");
    stage.keys("Home l h Down Up Enter");
    assert_eq!(
        stage.app.list().filter().to_string(),
        "since:2026-03-14T11:52:00Z until:2026-03-14T11:52:04Z",
        "the bar from its first second to its last"
    );
    assert_eq!(listed(&stage), ["f00d", "c0ff"], "an event without a time passes any time");
    stage.keys("b");
    said(&stage, "Events over time  1 s a bar");
    stage.keys("Enter");
    assert_eq!(stage.app.list().filter().to_string(), "since:2026-03-14T11:52:00Z until:2026-03-14T11:52:00Z");
}

fn a_bar_never_widens_the_filter() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("f \"until:2026-03-14T11:55:00.5Z\" Enter b End Enter");
    // The last second of the bar is 11:55:01.
    let filter = stage.app.list().filter().to_string();
    assert_eq!(filter, "since:2026-03-14T11:55:00Z until:2026-03-14T11:55:00.5Z");
}

fn events_over_time_are_those_that_pass_the_filter() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("f \"status:failed\" Enter b");
    // One of the two failed assets had succeeded before.
    for text in ["FAILED 2 events", "SUCCEED 1 event"] {
        said(&stage, text);
    }
    stage.keys("b f \"nothing\" Enter b");
    said(&stage, "no event passes the filter");
    stage.keys("Enter");
    assert!(stage.app.overlay().is_none());
}

fn events_that_come_are_counted_while_the_selected_bar_stays() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("b Home");
    said(&stage, "11:52:00 – 11:52:05  1 SUCCEED");
    stage.log_event_at("late", 30);
    stage.wait(std::time::Duration::from_secs(1));
    said(&stage, "SUCCEED 5 events");
    said(&stage, "11:52:00 – 11:52:30  1 SUCCEED");
}

fn failures_over_time_stand_in_the_header_where_there_is_room() {
    let stage = Stage::filled(200, 50);
    let header = stage.screen().lines().next().unwrap().to_owned();
    assert!(header.contains("FAILED ") && header.contains("█") && header.contains(" over 6 min"), "{header}");
    assert!(!Stage::filled(80, 24).screen().lines().next().unwrap().contains("FAILED"));
}

fn rows_of_notices_stay_while_more_come() {
    let mut stage = Stage::filled(100, 30);
    let notice = |text: &str| {
        let (time, severity) = (Time::from_micros(0), Severity::Routine);
        Message::Log(LogUpdate::Notice(Notice { time, severity, text: text.into() }))
    };
    stage.send(notice("first"));
    stage.keys("! j");
    let row = |stage: &Stage| stage.screen().lines().find(|line| line.contains("first")).map(str::to_owned);
    let before = row(&stage);
    assert!(before.as_ref().is_some_and(|row| row.contains('▶')), "{before:?}");
    stage.send(notice("second"));
    assert_eq!(row(&stage), before);
    said(&stage, "1 more since it was opened");
    stage.keys("! !");
    said(&stage, "second");
}

fn the_help_is_whole_at_every_size() {
    for (width, height) in [(200, 50), (100, 30), (80, 24), (60, 15), (40, 12), (24, 8)] {
        let mut stage = Stage::filled(width, height);
        stage.keys("?");
        let mut seen = String::new();
        for _ in 0..if width < 60 { 150 } else { 20 } {
            let screen = stage.screen();
            let mut overlay = screen.lines().skip(1).take(usize::from(height) - 2);
            assert!(overlay.all(|line| !line.contains("…│")), "{screen}");
            seen.push_str(&squeezed(&stage));
            stage.keys("PgDn");
        }
        for text in ["Choose an asset", "The screen", "quit at once", "All words must hold"] {
            assert!(seen.contains(&text.replace(' ', "")), "{text} at {width}x{height}");
        }
        if height < 20 {
            said(&stage, " of ");
        }
    }
}

fn a_long_sentence_is_wrapped() {
    let mut stage = Stage::filled(40, 12);
    stage.keys("Tab m");
    let said = stage.app.toast().unwrap().to_string().replace(['`', ' '], "");
    assert!(said.chars().count() > 40, "{said} would fit");
    assert!(squeezed(&stage).contains(&said), "{}", stage.screen());
}

fn hits_are_counted_while_a_search_is_typed() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("/ \"d\"");
    said(&stage, "4 hits");
    stage.keys("\"eadbeef\"");
    said(&stage, "1 hit");
    stage.keys("\"x\"");
    said(&stage, "0 hits");
    stage.keys("Esc");
    assert!(stage.app.typed_hits().is_none());
}

/// A screen whose terminal draws pictures by kitty's protocol.
fn in_kitty(width: u16, height: u16) -> Stage {
    let mut stage = Stage::filled(width, height);
    let offered = vec![Protocol::Kitty];
    stage.send(Message::Canvas(Canvas { protocol: Protocol::Kitty, offered, ..Canvas::default() }));
    stage.serve();
    stage
}

fn overlays_leave_the_picture_in_view() {
    for (width, height, keys) in [(80, 24, "i"), (100, 30, "i c"), (140, 40, "i c b v ! ?"), (200, 50, "i c b v ! ? J")]
    {
        let mut stage = in_kitty(width, height);
        stage.keys("l");
        stage.serve();
        let before = stage.placements();
        assert!(!before.is_empty());
        for key in keys.split(' ') {
            stage.keys(key);
            assert!(stage.app.overlay().is_some());
            assert_eq!(stage.placements(), before, "{key} at {width}x{height}:\n{}", stage.screen());
            stage.keys(key);
        }
    }
    // What does not cover the picture leaves its keys to it.
    let mut stage = in_kitty(140, 40);
    stage.keys("c l");
    assert_eq!(stage.app.timeline().cursor(), 1);
    let mut stage = in_kitty(70, 24);
    stage.keys("c l");
    assert_eq!(stage.app.timeline().cursor(), 0, "a covered picture does not change");
}

fn facts_scroll_on_a_small_screen() {
    let mut stage = Stage::filled(40, 12);
    stage.keys("Tab i");
    said(&stage, " of ");
    let mut seen = String::new();
    for _ in 0..30 {
        seen.push_str(&squeezed(&stage));
        stage.keys("j");
    }
    assert!(seen.contains("cell10x20px"), "{seen}");
}

fn resume_point(stage: &Stage) -> ResumePoint {
    ResumePoint::of(stage.app.list(), stage.app.catalog())
}

fn a_session_resumes_where_the_last_one_ended() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("f \"samples<13\" Enter S S s s g j");
    let point = resume_point(&stage);
    let rows = listed(&stage);
    let selected = stage.app.selected().unwrap().id().to_string();
    let resumed = Stage::with_assets(100, 30, AppOptions { resume: Some(point.clone()), ..AppOptions::default() });
    assert_eq!(listed(&resumed), rows);
    assert_eq!(resumed.app.selected().unwrap().id().to_string(), selected);
    assert_eq!(resume_point(&resumed), point);
    let list = resumed.app.list();
    assert_eq!(
        (list.order(), list.tab(), list.stick()),
        (stage.app.list().order(), stage.app.list().tab(), Stick::Holding)
    );

    let mut gone = point.clone();
    gone.asset = Some("never".to_owned());
    let resumed = Stage::with_assets(100, 30, AppOptions { resume: Some(gone), ..AppOptions::default() });
    assert_eq!(resumed.app.toast().unwrap().as_str(), "the asset of the last session is no longer in the log");
    assert_eq!(resumed.app.list().stick(), Stick::Sticking);

    // A list that stuck to its newest row does so again.
    let mut stage = Stage::filled(100, 30);
    let point = resume_point(&stage);
    assert_eq!(point.asset, None);
    stage.keys("k");
    assert!(resume_point(&stage).asset.is_some());
}

crate::tests! {
    a_bar_of_events_over_time_filters_to_its_time,
    a_bar_never_widens_the_filter,
    events_over_time_are_those_that_pass_the_filter,
    events_that_come_are_counted_while_the_selected_bar_stays,
    failures_over_time_stand_in_the_header_where_there_is_room,
    rows_of_notices_stay_while_more_come,
    the_help_is_whole_at_every_size,
    a_long_sentence_is_wrapped,
    hits_are_counted_while_a_search_is_typed,
    overlays_leave_the_picture_in_view,
    facts_scroll_on_a_small_screen,
    a_session_resumes_where_the_last_one_ended,
}
