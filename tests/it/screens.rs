//! Screens as reviewed files: the state drawn at the sizes that people have, and at those that nobody should have.

use crate::support::stage::{Stage, plain};
use proptest::prelude::*;
use ratatui::layout::Size;
use std::fmt::Write as _;
use thumbview::{
    app::{AppOptions, Message, ThemeChoice},
    picture::{FailureKind, PictureFailure, PictureUpdate},
};

/// Minutes of a day.
const DAY: i64 = 24 * 60;

fn shot(name: &str, stage: &Stage) {
    insta::assert_snapshot!(name, stage.screen());
}

fn the_main_screen_at_every_size() {
    for (width, height) in [(200, 60), (200, 50), (140, 40), (100, 30), (80, 24), (60, 15), (40, 12), (20, 5), (1, 1)] {
        let mut stage = Stage::filled(width, height);
        stage.serve();
        shot(&format!("main_{width}x{height}"), &stage);
    }
}

fn days_titles_and_marks_of_the_list() {
    let mut stage = Stage::filled(100, 30);
    stage.log_event_at("old1", -3 * DAY);
    stage.log_event_at("old2", -DAY);
    stage.log_event_at("old3", -DAY);
    stage.keys("k k");
    stage.refuse(&PictureFailure {
        kind: FailureKind::Forbidden,
        what: "HTTP 403".into(),
        advice: Vec::new(),
        allow: None,
    });
    shot("days_100x30", &stage);
    // In another order no line tells the day.
    stage.keys("S");
    shot("sorted_by_id_100x30", &stage);
    let mut stage = Stage::filled(80, 24);
    stage.log_event_at("old1", -3 * DAY);
    stage.keys("g");
    shot("days_80x24", &stage);
}

fn comparisons_and_magnified_pictures() {
    for (name, keys) in [("side_by_side", "m k k l l d"), ("difference", "m l l d d"), ("magnified", "z + + l")] {
        let mut stage = Stage::filled(100, 30);
        stage.serve();
        for key in keys.split(' ') {
            stage.keys(key);
            stage.serve();
        }
        stage.wait(std::time::Duration::from_secs(5));
        shot(&format!("{name}_100x30"), &stage);
    }
}

fn a_session_that_has_read_nothing() {
    shot("empty_80x24", &Stage::new(80, 24));
}

fn failures_in_plain_words() {
    let mut stage = Stage::filled(100, 30);
    stage.serve();
    stage.keys("e");
    shot("failed_100x30", &stage);
    stage.keys("e");
    stage.serve();
    shot("failed_after_success_100x30", &stage);
}

fn a_picture_that_is_not_to_be_had() {
    let mut stage = Stage::filled(80, 24);
    stage.refuse(&PictureFailure {
        kind: FailureKind::Forbidden,
        what: "127.0.0.1:8787 is a loopback address".into(),
        advice: vec!["--allow-host 127.0.0.1:8787 allows it for good".into()],
        allow: Some("127.0.0.1:8787".into()),
    });
    shot("refused_80x24", &stage);
}

fn every_overlay() {
    for (width, height) in [(100, 30), (80, 24)] {
        for (name, keys) in [
            ("help", "?"),
            ("codes", "c"),
            ("histogram", "b"),
            ("info", "i"),
            ("notices", "!"),
            ("history", "v"),
            ("sheet", "t"),
            ("write", "w"),
        ] {
            let overlay = |theme| {
                let mut stage = Stage::with_assets(width, height, AppOptions { theme, ..AppOptions::default() });
                stage.serve();
                stage.keys(keys);
                stage.serve();
                stage
            };
            let dark = overlay(ThemeChoice::Dark);
            shot(&format!("{name}_{width}x{height}"), &dark);
            let mut styles = format!("dark\n{}", dark.styles());
            for (title, theme) in [("light", ThemeChoice::Light), ("mono", ThemeChoice::Mono)] {
                let stage = overlay(theme);
                assert_eq!(stage.screen(), dark.screen(), "a theme changes no text");
                write!(styles, "{title}\n{}", stage.styles()).unwrap();
            }
            insta::assert_snapshot!(format!("{name}_{width}x{height}_styles"), styles);
        }
    }
}

fn the_event_as_logged() {
    let event = r#"2026-03-14T12:01:00Z INFO received {"Message":"{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{\"asset_id\":\"14d7b2faba0dddd6b4e8936272d6bc3f\",\"status\":\"SUCCEED\",\"sample\":[{\"offset\":0,\"url\":\"https:\/\/103-cdn.example.com\/asset\/14d7b2faba0dddd6b4e8936272d6bc3f\/snapshot\/sample\/0.jpg?auth_key=1773489660-0-0-5cd00ab9\"}]}}","n":1}"#;
    for (width, height) in [(100, 30), (80, 24)] {
        let show = |theme| {
            let mut stage = Stage::with_assets(width, height, AppOptions { theme, ..AppOptions::default() });
            stage.keys("J");
            stage.read(event.as_bytes());
            stage
        };
        shot(&format!("raw_{width}x{height}"), &show(ThemeChoice::Dark));
        let styles = [ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::Mono].map(|theme| show(theme).styles());
        insta::assert_snapshot!(format!("raw_{width}x{height}_styles"), styles.concat());
        let mut stage = show(ThemeChoice::Dark);
        stage.send(Message::Resize(Size { width: 50, height }));
        stage.keys("G");
        assert!(stage.screen().contains("│ } "), "the end: {}", stage.screen());
    }
}

fn black_and_repeated_pictures_are_flagged() {
    let mut stage = Stage::filled(100, 30);
    for (key, shade) in stage.wanted().into_iter().zip([90, 2, 120, 150, 150, 180]) {
        stage.send(Message::Picture(PictureUpdate::Loaded(key, plain(shade))));
    }
    stage.prepare();
    stage.keys("4 l");
    let said = |stage: &Stage, text: &str| assert!(stage.screen().contains(text), "{text}: {}", stage.screen());
    shot("flagged_100x30", &stage);
    said(&stage, "same as #");
    stage.keys("i");
    said(&stage, "same as picture #");
    stage.keys("i ^ l");
    said(&stage, "   black");
}

fn full_screen_and_layouts() {
    for (name, keys) in [("full", "z"), ("picture", "Tab"), ("list", "Tab Tab"), ("filter", "f \"status:failed\"")] {
        let mut stage = Stage::filled(80, 24);
        stage.keys(keys);
        stage.serve();
        shot(&format!("{name}_80x24"), &stage);
    }
}

fn a_stand_in_is_marked() {
    let mut stage = Stage::filled(80, 24);
    stage.serve();
    stage.keys("k k");
    stage.serve();
    stage.keys("k");
    stage.keys("l l l");
    // The asset is small, so its first picture came with its neighbour's; the one under the cursor did not.
    shot("stand_in_80x24", &stage);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    fn no_size_and_no_keys_panic(width in 0u16..120, height in 0u16..60, keys in "[a-zA-Z0-9!?:/^$ ]{0,40}") {
        let mut stage = Stage::filled(width, height);
        let spaced: Vec<String> = keys.chars().filter(|c| !c.is_whitespace()).map(String::from).collect();
        for key in spaced {
            stage.keys(&key);
            stage.screen();
        }
        stage.serve();
        stage.screen();
    }
}

crate::tests! {
    the_main_screen_at_every_size,
    days_titles_and_marks_of_the_list,
    comparisons_and_magnified_pictures,
    a_session_that_has_read_nothing,
    failures_in_plain_words,
    a_picture_that_is_not_to_be_had,
    every_overlay,
    the_event_as_logged,
    black_and_repeated_pictures_are_flagged,
    full_screen_and_layouts,
    a_stand_in_is_marked,
    no_size_and_no_keys_panic,
}
