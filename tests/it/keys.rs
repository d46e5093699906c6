//! The effects of keys: a state, keys, and the state that follows.

pub(crate) mod notices;
pub(crate) mod writing;

use crate::support::stage::{Stage, TestEvent};
use std::{fmt::Write as _, num::NonZeroU32, time::Duration};
use thumbview::{
    app::{
        AppOptions, Effect, Filter, Message, RawPurpose, WriteContent, WriteJob, WriteOutcome,
        asset_limit::MemoryUse,
        keymap,
        list::Stick,
        overlay::{
            OverlayKind,
            help::{HelpLine, HelpPage},
        },
        panes::View,
        viewer::comparison::{Comparison, ComparisonMode},
    },
    event::{AssetId, FileId, FoundEvents, LogUpdate, Notice, RecordReader, Severity, Time},
    picture::{Excerpt, FailureKind, PictureFailure, PictureUpdate},
};

/// The selected asset's first four characters, the offset under the cursor, and how many rows are listed.
fn state(stage: &Stage) -> String {
    let app = &stage.app;
    let asset =
        app.selected().map_or_else(|| "none".to_owned(), |asset| asset.id().to_string().chars().take(4).collect());
    let offset = app.timeline().current().map_or_else(|| "-".to_owned(), |mark| mark.offset.to_string());
    format!("{asset} {offset} of {}", app.list().rows().len())
}

fn check(keys: &str, expected: &str) {
    let mut stage = Stage::filled(100, 30);
    stage.keys(keys);
    assert_eq!(state(&stage), expected, "{keys}");
}

fn moving_through_assets() {
    check("", "14d7 0:00 of 6");
    check("k", "dead 0:00 of 6");
    check("Up Up", "5f1c 0:00 of 6");
    check("k j Down", "14d7 0:00 of 6");
    check("g", "c0ff 0:00 of 6");
    check("Home j", "9e10 - of 6");
    check("g G", "14d7 0:00 of 6");
    check("PgUp", "c0ff 0:00 of 6");
    check("PgUp C-d", "14d7 0:00 of 6");
    check("C-u End", "14d7 0:00 of 6");
}

fn scrubbing() {
    check("l", "14d7 0:05 of 6");
    check("l l h", "14d7 0:05 of 6");
    check("Right . ,", "14d7 0:05 of 6");
    check("$", "14d7 0:25 of 6");
    check("$ ^", "14d7 0:00 of 6");
    check("L", "14d7 0:25 of 6");
    check("L H", "14d7 0:00 of 6");
    check("6", "14d7 0:15 of 6");
    check("9 0", "14d7 0:00 of 6");
    check(": \"0:12\" Enter", "14d7 0:10 of 6");
    check(": \"#4\" Enter", "14d7 0:15 of 6");
    check(": \"@c0ffee00c0ffee00c0ffee00c0ffee01\" Enter", "c0ff 0:00 of 6");
    check(": \"nowhere\" Enter", "14d7 0:00 of 6");
    check(": \"@c0ff\" Enter", "c0ff 0:00 of 6");
    check(": \"@ffff\" Enter", "14d7 0:00 of 6");
    check("f \"status:failed\" Enter : \"@c0ff\" Enter", "dead 0:00 of 2");
    check("k k l l l", "5f1c 0:12 of 6");
    check(": \"@C0FF\" Enter", "c0ff 0:00 of 6");
    check(": \"@新品\" Enter", "5f1c 0:00 of 6");
    check(": \"@终版\" Enter", "5f1c 0:00 of 6");
}

/// The sentence that is shown after keys.
fn toast(keys: &str) -> String {
    let mut stage = Stage::filled(100, 30);
    stage.keys(keys);
    stage.app.toast().map(ToString::to_string).unwrap_or_default()
}

fn destinations_that_do_not_exist_are_reported() {
    assert_eq!(
        toast(": \"9:99\" Enter"),
        "\"9:99\" is not a time (1:30 or 90), a picture (#12) or an asset (@id or @title)"
    );
    assert_eq!(toast(": \"#99\" Enter"), "there is no picture #99: the last one is #6");
    assert_eq!(toast(": \"#0\" Enter"), "there is no picture #0: the last one is #6");
    assert_eq!(toast(": \"0:12\" Enter"), "no picture at 0:12 · nearest: 0:10");
    assert_eq!(toast(": \"0:15\" Enter"), "");
    assert_eq!(toast("e : \"5\" Enter"), "this asset has no pictures");
    assert_eq!(toast(": \"@ffff\" Enter"), "no asset has an id or title like \"ffff\"");
    assert_eq!(
        toast("f \"status:failed\" Enter : \"@c0ff\" Enter"),
        "\"c0ff\" is not listed now · `Esc` clears the filter and the tab"
    );
    check(": \"#99\" Enter", "14d7 0:00 of 6");
}

fn a_status_that_no_asset_has_is_told() {
    assert_eq!(toast("f \"status:banana\" Enter"), "no asset has status BANANA yet");
    assert_eq!(toast("f \"status:processing\" Enter"), "");
    let mut stage = Stage::filled(100, 30);
    stage.keys("f \"status:banana\"");
    assert!(stage.screen().contains("no asset has status BANANA"), "{}", stage.screen());
    let filter = Filter::parse("status:banana").unwrap();
    let stage = Stage::with_assets(100, 30, AppOptions { filter, ..AppOptions::default() });
    assert_eq!(stage.app.toast().unwrap().as_str(), "no asset has status BANANA yet");
}

fn keys_in_sentences_stand_without_marks() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("m");
    assert!(stage.screen().contains("0:00 is marked · go to another picture, d compares them"), "{}", stage.screen());
}

fn ctrl_c_quits_while_a_line_is_typed() {
    for keys in ["C-c", "/ \"a\" C-c", "f C-c", ": C-c", "w C-c", "? C-c"] {
        let mut stage = Stage::filled(100, 30);
        stage.keys(keys);
        assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Quit)), "{keys}");
    }
}

fn an_asset_that_is_looked_at_is_held() {
    for keys in ["l", "Space", "Enter", "z", "t", "i", "J", "v", "y", "u", "Y", "o", "w", "r", "a", ": \"0:05\" Enter"]
    {
        let mut stage = Stage::filled(100, 30);
        stage.keys(keys);
        stage.log_event(&TestEvent { id: "aaaa", status: "FAILED", ..TestEvent::default() });
        assert!(state(&stage).starts_with("14d7"), "{keys}");
        assert_eq!((stage.app.list().unread().new, stage.app.list().unread().failed), (1, 1), "{keys}");
        assert!(stage.app.list().stick() == Stick::Holding, "{keys}");
    }
    for keys in ["", "?", "c", "!", "f Esc", "P", "l End"] {
        let mut stage = Stage::filled(100, 30);
        stage.keys(keys);
        stage.log_event(&TestEvent { id: "aaaa", ..TestEvent::default() });
        assert!(state(&stage).starts_with("aaaa"), "{keys}");
    }
    // A selection that happens to be on the newest row does not make the list stick to it.
    let mut stage = Stage::filled(100, 30);
    stage.keys("k j");
    stage.log_event(&TestEvent { id: "aaaa", ..TestEvent::default() });
    assert_eq!(state(&stage), "14d7 0:00 of 7");
}

fn a_held_asset_stays_listed_and_keeps_its_place() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("f \"status:failed\" Enter g l");
    stage.log_event(&TestEvent { id: "9e107d9d372bb6826bd81d3542a419d6", samples: &[0, 5], ..TestEvent::default() });
    assert_eq!(state(&stage), "9e10 0:00 of 2", "it has succeeded, and is still looked at");
    let mut stage = Stage::filled(100, 30);
    stage.keys("l l");
    let again = TestEvent { id: "14d7b2faba0dddd6b4e8936272d6bc3f", samples: &[0, 10, 20], ..TestEvent::default() };
    stage.log_event(&again);
    assert_eq!(state(&stage), "14d7 0:10 of 6", "the newer event has a picture at that offset");
}

fn counts_are_of_what_passes_the_filter() {
    let mut stage = Stage::filled(120, 30);
    let counts = |stage: &Stage| stage.app.list().filtered_counts().map(|counts| (counts.all, counts.failed));
    assert_eq!(counts(&stage), None);
    stage.keys("f \"dead\" Enter");
    assert_eq!(counts(&stage), Some((1, 1)));
    let screen = stage.screen();
    assert!(screen.contains("All 1 of 6 │ FAILED 1 of 2 │ SUCCEED 0 of 3 │ other 0 of 1"), "{screen}");
    stage.log_event(&TestEvent { id: "deadbeefdeadbeefdeadbeefdeadbeef", samples: &[0], ..TestEvent::default() });
    stage.log_event(&TestEvent { id: "dead", status: "FAILED", ..TestEvent::default() });
    assert_eq!(counts(&stage), Some((2, 1)));
    // The tab narrows the list, not the counts.
    stage.keys("s");
    assert_eq!((counts(&stage), state(&stage).as_str()), (Some((2, 1)), "dead - of 1"));
    stage.keys("c");
    assert!(stage.screen().contains("Error codes  1 of 2 FAILED assets"), "{}", stage.screen());
}

fn a_picture_in_full_is_magnified() {
    let zoom = |keys: &str| {
        let mut stage = Stage::filled(100, 30);
        stage.serve();
        stage.keys(keys);
        (stage.app.pane().zoom_percent(), state(&stage))
    };
    let check = |keys: &str, percent, expected: &str| {
        assert_eq!(zoom(keys), (percent, expected.to_owned()), "{keys}");
    };
    check("z +", Some(150), "14d7 0:00 of 6");
    check("z = + -", Some(150), "14d7 0:00 of 6");
    check("z + -", None, "14d7 0:00 of 6");
    check("z + l j h k", Some(150), "14d7 0:00 of 6");
    check("z + .", Some(150), "14d7 0:05 of 6");
    check("z + z", None, "14d7 0:00 of 6");
    check("z + Esc l", None, "14d7 0:05 of 6");
    check("+", None, "14d7 0:00 of 6");
    assert_eq!(toast("+"), "`z` shows the full picture, where `+` and `-` zoom");
    let mut stage = Stage::filled(100, 30);
    stage.serve();
    stage.keys("z +");
    let Some(Effect::Prepare(jobs)) = stage.effects.last() else { panic!("{:?}", stage.effects) };
    let sizes: Vec<(u32, u32)> = jobs.iter().map(|job| (job.picture.size.width, job.picture.size.height)).collect();
    assert_eq!(sizes[0], (31, 17), "two thirds of 48x27, once");
    assert!(matches!(jobs[0].fit.excerpt, Excerpt::Part(_)));
    stage.prepare();
    stage.keys("Esc");
    assert_eq!(stage.app.screen().view, View::Full, "one step back shows the whole picture");
}

fn pictures_are_compared_with_a_marked_one() {
    let mode = |keys: &str| {
        let mut stage = Stage::filled(100, 30);
        stage.serve();
        stage.keys(keys);
        stage.app.pane().comparison().map(Comparison::mode)
    };
    assert_eq!(mode("m l d"), Some(ComparisonMode::SideBySide));
    assert_eq!(mode("m l d d"), Some(ComparisonMode::Difference));
    assert_eq!(mode("m l d d d"), None);
    assert_eq!(mode("m l d Esc"), None);
    assert_eq!(mode("m k d"), Some(ComparisonMode::SideBySide), "across assets");
    assert_eq!(mode("m d"), None);
    assert_eq!(toast("m d"), "this is the marked picture · go to another one, `d` compares them");
    assert_eq!(toast("d"), "no picture is marked · `m` marks one, then `d` compares another with it");
    // The marked picture is fetched, whatever asset it is of.
    let mut stage = Stage::filled(100, 30);
    let marked = stage.app.timeline().current_key().unwrap();
    stage.keys("m k d");
    assert!(stage.wanted().contains(&marked));
}

fn a_code_is_added_to_the_filter() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("f \"9e10\" Enter c Enter");
    assert_eq!(stage.app.list().filter().to_string(), "9e10 status:failed code:VOD.10104");
    assert_eq!(state(&stage), "9e10 - of 1");
    stage.keys("c Enter");
    assert_eq!(stage.app.list().filter().to_string(), "9e10 status:failed code:VOD.10104");
}

fn an_asset_is_found_again_where_it_was_left() {
    check("l l k j", "14d7 0:10 of 6");
}

fn finding_failures_and_hits() {
    check("e", "9e10 - of 6");
    check("e e", "dead 0:00 of 6");
    check("E", "dead 0:00 of 6");
    check("/ \"dead\" Enter", "dead 0:00 of 6");
    check("/ \"失败\" Enter", "9e10 - of 6");
    check("/ \"失败\" Enter n", "dead 0:00 of 6");
    check("/ \"失败\" Enter n n N", "dead 0:00 of 6");
    check("/ \"发布会\" Enter", "5f1c 0:00 of 6");
    check("/ \"(\" Enter", "14d7 0:00 of 6");
}

fn filters_and_tabs() {
    check("f \"status:failed\" Enter", "dead 0:00 of 2");
    // The list sticks to its newest row, whichever that is.
    check("f \"status:failed\" Enter Esc", "14d7 0:00 of 6");
    check("f \"samples>8\" Enter", "c0ff 0:00 of 1");
    check("f \"nothing-like-it\" Enter", "none - of 0");
    check("s", "dead 0:00 of 2");
    check("s s", "14d7 0:00 of 3");
    check("s s s", "e3b0 - of 1");
    check("s s s s", "14d7 0:00 of 6");
    check("c Enter", "dead 0:00 of 2");
    // A code is of failures, whichever tab was shown.
    check("s s c Enter", "dead 0:00 of 2");
}

fn a_filter_is_tried_while_it_is_typed() {
    check("f \"samples>8\"", "c0ff 0:00 of 1");
    check("f \"samples>8\" Esc", "14d7 0:00 of 6");
    check("f \"samples>8\" Enter f \"x\" Esc", "c0ff 0:00 of 1");
    // A filter that is deleted to its end stays deleted.
    check("f \"samples>8\" Enter f C-u Backspace", "14d7 0:00 of 6");
    let mut stage = Stage::filled(100, 30);
    stage.keys("f \"samples>x\" Enter");
    assert!(stage.app.prompt().is_some(), "what is wrong stays to be mended");
    assert!(stage.screen().contains("\"samples>x\" needs a number"), "{}", stage.screen());
    stage.keys("Backspace 8 Enter");
    assert_eq!(state(&stage), "c0ff 0:00 of 1");
    stage.keys("Esc f Up Enter");
    assert_eq!(state(&stage), "c0ff 0:00 of 1", "recalled");
}

fn a_selection_comes_back_with_its_row() {
    check("k k f \"nothing\"", "none - of 0");
    check("k k f \"nothing\" Esc", "5f1c 0:00 of 6");
    check("k k f \"5f1c\" Enter Esc", "5f1c 0:00 of 6");
    check("g s Esc", "c0ff 0:00 of 6");
    // A later choice replaces the earlier one.
    check("g s k Esc", "9e10 - of 6");
}

fn the_run_that_is_pointed_at_is_read() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("k v j J");
    let Some(Effect::ReadRaw(origin, RawPurpose::Show)) = stage.effects.last() else { panic!("{:?}", stage.effects) };
    let asset = stage.app.selected().unwrap();
    let second = asset.history().nth(1).unwrap();
    assert_eq!(*origin, stage.app.catalog().event(second).origin);
}

fn an_overlay_keeps_keys_from_what_it_hides() {
    // On a screen this small, all but the facts stand over the picture.
    let after = |keys: &str| {
        let mut stage = Stage::filled(70, 24);
        stage.keys(keys);
        (state(&stage), stage.app.overlay().is_some())
    };
    let check = |keys: &str, expected: &str, open| assert_eq!(after(keys), (expected.to_owned(), open), "{keys}");
    for overlay in ["?", "c", "J", "v", "!"] {
        check(&format!("{overlay} l $ Space"), "14d7 0:00 of 6", true);
        check(&format!("{overlay} j k G g"), "14d7 0:00 of 6", true);
        check(&format!("{overlay} e"), "9e10 - of 6", false);
        check(&format!("{overlay} s"), "dead 0:00 of 2", false);
    }
    // The facts about the picture go along with it.
    check("i l", "14d7 0:05 of 6", true);
    check("i e", "9e10 - of 6", true);
}

fn sorting() {
    let rows = |keys: &str| {
        let mut stage = Stage::filled(100, 30);
        stage.keys(keys);
        let app = &stage.app;
        let ids = app.list().rows().iter().map(|key| app.catalog().asset(*key).unwrap().id().to_string());
        ids.map(|id| id.chars().take(4).collect::<String>()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(rows(""), "c0ff 9e10 e3b0 5f1c dead 14d7", "the newest at the bottom");
    assert_eq!(rows("S"), "14d7 5f1c 9e10 c0ff dead e3b0", "by id");
    assert_eq!(rows("S S"), "c0ff 5f1c 14d7 e3b0 9e10 dead", "by status, failures at the bottom");
    assert_eq!(rows("S S S"), "9e10 e3b0 dead 14d7 5f1c c0ff", "by pictures");
    assert_eq!(rows("S S S S"), "9e10 e3b0 dead 5f1c 14d7 c0ff", "by duration, else by the last picture");
    assert_eq!(rows("S S S S S"), rows(""));
    assert_eq!(rows("I"), "14d7 dead 5f1c e3b0 9e10 c0ff", "the newest on top");
    assert_eq!(rows("S I"), "e3b0 dead c0ff 9e10 5f1c 14d7");
    assert_eq!(rows("I I"), rows(""));
    // The selection stays on its asset, and the newest is still stuck to.
    check("S", "14d7 0:00 of 6");
    check("S S", "14d7 0:00 of 6");
    check("k S", "dead 0:00 of 6");
    check("k I", "dead 0:00 of 6");
    check("k I g", "14d7 0:00 of 6");
    check("I j", "dead 0:00 of 6");
}

fn a_filter_holds_for_new_rows_too() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("f \"status:failed\" Enter");
    stage.log_event(&TestEvent { id: "aaaa", samples: &[0], ..TestEvent::default() });
    stage.log_event(&TestEvent { id: "bbbb", status: "FAILED", ..TestEvent::default() });
    assert_eq!(state(&stage), "bbbb - of 3");
}

fn new_rows_leave_the_selection_alone() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("k l l");
    stage.log_event(&TestEvent { id: "aaaa", status: "FAILED", ..TestEvent::default() });
    stage.log_event(&TestEvent { id: "bbbb", samples: &[0], ..TestEvent::default() });
    assert_eq!(state(&stage), "dead 0:06 of 8");
    let unread = stage.app.list().unread();
    assert_eq!((unread.new, unread.failed), (2, 1));
    stage.keys("End");
    assert_eq!((state(&stage).as_str(), stage.app.list().unread().new), ("bbbb 0:00 of 8", 0));
    stage.log_event(&TestEvent { id: "cccc", samples: &[0], ..TestEvent::default() });
    assert_eq!(state(&stage), "cccc 0:00 of 9", "the list sticks to the newest again");
}

fn views_and_overlays_close_one_at_a_time() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("z ?");
    assert!(matches!(stage.app.overlay().map(|overlay| &overlay.kind), Some(OverlayKind::Help(_))));
    stage.keys("q");
    assert!(stage.app.overlay().is_none() && stage.app.screen().view == View::Full);
    stage.keys("q");
    assert_eq!(stage.app.screen().view, View::Panes);
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
    stage.keys("q");
    assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Quit)));
}

fn the_sheet_moves_by_rows() {
    let mut stage = Stage::filled(80, 24);
    stage.keys("t j");
    assert_eq!(state(&stage), "14d7 0:15 of 6");
    stage.keys("k l Enter");
    assert_eq!((state(&stage).as_str(), stage.app.screen().view), ("14d7 0:05 of 6", View::Panes));
}

fn wants_go_ahead_in_the_direction_of_travel() {
    let mut stage = Stage::new(100, 30);
    let hour: Vec<i64> = (0..100).map(|n| n * 10).collect();
    stage.log_event(&TestEvent { id: "long", samples: &hour, ..TestEvent::default() });
    stage.keys("5");
    let wanted: Vec<u32> = stage.wanted().iter().map(|key| key.index).collect();
    assert_eq!(wanted, [49, 50, 51, 52, 53, 48, 47]);
    stage.keys("h");
    let wanted: Vec<u32> = stage.wanted().iter().map(|key| key.index).collect();
    assert_eq!(wanted, [48, 47, 46, 45, 44, 49, 50]);
}

fn a_held_key_never_queues_wants() {
    let mut stage = Stage::new(100, 30);
    let hour: Vec<i64> = (0..100).map(|n| n * 10).collect();
    stage.log_event(&TestEvent { id: "long", samples: &hour, ..TestEvent::default() });
    for _ in 0..90 {
        stage.wait(Duration::from_millis(33));
        stage.keys("l");
        assert!(stage.wanted().len() <= 7, "only what is near is wanted");
    }
}

fn a_refused_host_is_allowed_by_a_key() {
    let mut stage = Stage::filled(100, 30);
    stage.refuse(&PictureFailure {
        kind: FailureKind::Forbidden,
        what: "no".into(),
        advice: Vec::new(),
        allow: Some("127.0.0.1:8787".into()),
    });
    assert!(stage.wanted().is_empty(), "what failed is not asked for again");
    stage.keys("a");
    assert!(
        stage.effects.iter().any(|effect| matches!(effect, Effect::Allow(host) if host.as_str() == "127.0.0.1:8787"))
    );
    assert!(!stage.wanted().is_empty(), "now it is");
}

fn retrying_asks_again() {
    let mut stage = Stage::filled(100, 30);
    let failure =
        PictureFailure { kind: FailureKind::Forbidden, what: "HTTP 403".into(), advice: Vec::new(), allow: None };
    stage.refuse(&failure);
    stage.keys("r");
    assert_eq!(stage.wanted().len(), 1);
    stage.refuse(&failure);
    stage.keys("R");
    assert!(stage.wanted().len() > 5);
    // A decoded picture may be out of date, so the cache is bypassed.
    stage.serve();
    let is_refetch = |effect: &&Effect| matches!(effect, Effect::Refetch(_));
    let before = stage.effects.iter().filter(is_refetch).count();
    stage.keys("r");
    assert_eq!((stage.wanted().len(), stage.effects.iter().filter(is_refetch).count()), (1, before + 1));
}

fn copying_says_what_and_how() {
    let mut stage = Stage::filled(100, 30);
    let copied = |stage: &mut Stage| match stage.effects.pop() {
        Some(Effect::Copy(text)) => text,
        other => panic!("{other:?}"),
    };
    stage.keys("y");
    assert_eq!(copied(&mut stage), "14d7b2faba0dddd6b4e8936272d6bc3f");
    assert_eq!(stage.app.toast().unwrap().as_str(), "asset id copied (OSC 52): 14d7b2faba0dddd6b4e8936272d6bc3f");
    stage.keys("l u");
    let url = copied(&mut stage);
    assert!(url.ends_with("/sample/5.jpg"), "{url}");
    stage.keys("Y");
    assert!(matches!(stage.effects.last(), Some(Effect::ReadRaw(_, RawPurpose::Copy))));
    stage.read(b"{}");
    assert_eq!(copied(&mut stage), "{}");
}

fn the_keys_stand_in_the_help_and_in_the_readme() {
    let readme = include_str!("../../README.md");
    let line = |line: &HelpLine| match line {
        HelpLine::Blank => String::new(),
        HelpLine::Heading(title) => format!("{title}\n"),
        HelpLine::Entry { keys, text, .. } => format!("{keys}  {text}\n"),
    };
    // No text is wrapped in so many columns.
    let help: String = HelpPage::new(400).rows.iter().flatten().map(line).collect();
    let mut table = String::from("| key | what it does |\n| --- | --- |\n");
    for binding in keymap::bindings() {
        assert!(help.contains(binding.help), "{} is not in the help", binding.help);
        assert!(help.contains(&format!("{} ", binding.spelling())), "{:?}", binding.keys);
        let keys = binding.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" ");
        writeln!(table, "| {keys} | {} |", binding.help.replace('|', "\\|")).unwrap();
    }
    assert!(readme.contains(&table), "the README should have this table:\n\n{table}");
}

fn the_raw_event_is_laid_out_and_safe() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("J");
    stage.read(br#"{"event_type":"thumbnailComplete","x":"\u001b[2J"}"#);
    let screen = stage.screen();
    assert!(screen.contains(r#""event_type": "thumbnailComplete""#) && !screen.contains('\u{1b}'), "{screen}");
}

fn playing_goes_round_and_stops() {
    let mut stage = Stage::filled(100, 30);
    stage.serve();
    stage.keys("Space");
    for _ in 0..6 {
        stage.wait(Duration::from_millis(500));
    }
    assert_eq!(state(&stage), "14d7 0:00 of 6", "six steps over six pictures");
    stage.keys("] ] Space");
    assert!(!stage.app.timeline().is_playing());
}

fn a_late_picture_is_kept_and_changes_nothing_else() {
    let mut stage = Stage::filled(100, 30);
    let first = stage.wanted()[0];
    stage.keys("k k k k");
    let before = state(&stage);
    stage.send(Message::Picture(PictureUpdate::Dropped(first)));
    assert_eq!(state(&stage), before);
}

fn every_action_of_the_table_can_be_taken_in_every_view() {
    for view in ["", "t", "z", "?", "c", "v", "!", "Tab", "Tab Tab"] {
        for binding in keymap::bindings() {
            for key in binding.keys.iter().filter(|key| key.chars().count() == 1) {
                let mut stage = Stage::filled(80, 24);
                stage.keys(view);
                stage.keys(key);
                stage.screen();
            }
        }
    }
}

crate::tests! {
    moving_through_assets,
    scrubbing,
    destinations_that_do_not_exist_are_reported,
    a_status_that_no_asset_has_is_told,
    keys_in_sentences_stand_without_marks,
    ctrl_c_quits_while_a_line_is_typed,
    an_asset_that_is_looked_at_is_held,
    a_held_asset_stays_listed_and_keeps_its_place,
    counts_are_of_what_passes_the_filter,
    a_picture_in_full_is_magnified,
    pictures_are_compared_with_a_marked_one,
    a_code_is_added_to_the_filter,
    an_asset_is_found_again_where_it_was_left,
    finding_failures_and_hits,
    filters_and_tabs,
    a_filter_is_tried_while_it_is_typed,
    a_selection_comes_back_with_its_row,
    the_run_that_is_pointed_at_is_read,
    an_overlay_keeps_keys_from_what_it_hides,
    sorting,
    a_filter_holds_for_new_rows_too,
    new_rows_leave_the_selection_alone,
    views_and_overlays_close_one_at_a_time,
    the_sheet_moves_by_rows,
    wants_go_ahead_in_the_direction_of_travel,
    a_held_key_never_queues_wants,
    a_refused_host_is_allowed_by_a_key,
    retrying_asks_again,
    copying_says_what_and_how,
    the_keys_stand_in_the_help_and_in_the_readme,
    the_raw_event_is_laid_out_and_safe,
    playing_goes_round_and_stops,
    a_late_picture_is_kept_and_changes_nothing_else,
    every_action_of_the_table_can_be_taken_in_every_view,
}
