//! Notices: the key `!`, and what the header says beside it.

use super::*;
use crate::support::stage::plain;

fn a_routine_notice_is_kept_without_a_warning() {
    let mut stage = Stage::filled(100, 30);
    let mut notify = |severity, text: &str| {
        let notice = Notice { time: Time::from_micros(0), severity, text: text.into() };
        stage.send(Message::Log(LogUpdate::Notice(notice)));
        (stage.app.toast().is_some(), stage.screen().contains("notice"))
    };
    assert_eq!(notify(Severity::Routine, "rotated"), (false, false));
    assert_eq!(notify(Severity::Warning, "truncated"), (true, true));
    stage.keys("!");
    let screen = stage.screen();
    assert!(screen.contains("rotated") && screen.contains("truncated") && screen.contains("1 notice "), "{screen}");
}

fn the_oldest_assets_beyond_the_number_to_keep_are_dropped() {
    let keep = std::num::NonZeroUsize::new(5);
    let mut stage = Stage::with_assets(100, 30, AppOptions { keep, ..AppOptions::default() });
    assert_eq!(state(&stage), "14d7 0:00 of 5");
    assert_eq!(stage.app.catalog().tally().dropped, 1);
    assert!(stage.screen().contains("1 oldest asset dropped"), "{}", stage.screen());
    assert!(stage.screen().contains("All 5 │ FAILED 2 │ SUCCEED 2 │ other 1"), "{}", stage.screen());
    // The asset that is looked at stays, however old it is; what else is as old goes.
    stage.keys("g v");
    for id in ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff"] {
        stage.log_event(&TestEvent { id, samples: &[0], ..TestEvent::default() });
    }
    assert!(state(&stage).starts_with("9e10 - of 6"), "{}", state(&stage));
    assert!(stage.screen().contains("VOD.10104"), "{}", stage.screen());
    // A dropped asset that is logged again is a new one.
    stage.log_event(&TestEvent { id: "c0ffee00c0ffee00c0ffee00c0ffee01", samples: &[0, 5], ..TestEvent::default() });
    stage.keys("q End");
    assert_eq!(state(&stage), "c0ff 0:00 of 5");
    stage.keys("f \"aaaa\" Enter Esc S S I ? q");
    assert_eq!(stage.app.catalog().assets().count(), 5);
}

fn a_picture_of_a_dropped_asset_may_still_come() {
    let keep = std::num::NonZeroUsize::new(2000);
    let mut stage = Stage::with_assets(100, 30, AppOptions { keep, ..AppOptions::default() });
    stage.keys("g");
    let keys = stage.wanted();
    assert!(!keys.is_empty());
    stage.keys("G");
    // The memory of an event is freed with 1 023 others.
    for number in 0..4000 {
        stage.log_event(&TestEvent { id: &format!("{number:08x}"), samples: &[0], ..TestEvent::default() });
    }
    assert!(stage.app.catalog().tally().dropped > 1500);
    for key in keys {
        assert!(stage.app.catalog().event_if_kept(key.event).is_none());
        stage.send(Message::Picture(PictureUpdate::Loaded(key, plain(0))));
        assert_eq!(stage.app.check().findings(key).count(), 0);
    }
}

fn the_oldest_assets_are_dropped_where_memory_is_short() {
    let mut stage = Stage::with_assets(120, 30, AppOptions::default());
    let memory = |used| Message::Memory(MemoryUse { used, limit: 4_000_000_000 });
    for number in 0..1600 {
        stage.log_event(&TestEvent { id: &format!("{number:08x}"), samples: &[0], ..TestEvent::default() });
    }
    let all = stage.app.list().rows().len();
    stage.send(memory(3_999_999_999));
    assert_eq!(stage.app.list().rows().len(), all);
    stage.app.take_dirty();
    stage.send(memory(4_000_000_001));
    assert_eq!(stage.app.list().rows().len(), all - all / 8);
    assert!(stage.app.take_dirty());
    let dropped = u64::try_from(all / 8).unwrap();
    assert_eq!(stage.app.catalog().tally().dropped, dropped);
    let screen = stage.screen();
    assert!(screen.contains(&format!("{dropped} oldest assets dropped")), "{screen}");
    assert!(screen.contains("more than 4.0 GB of memory is used: the oldest assets are dropped"), "{screen}");
    stage.keys("!");
    assert!(stage.screen().contains("--keep N sets how many stay"), "{}", stage.screen());
    // The newest asset is among those that are left, the oldest is not.
    assert_eq!(state(&stage).split_once(' ').unwrap().0, "0000");
    assert!(stage.app.catalog().find(&AssetId::new("0000063f").unwrap()).is_some());
    assert!(stage.app.catalog().find(&AssetId::new("14d7b2faba0dddd6b4e8936272d6bc3f").unwrap()).is_none());
}

fn events_with_pictures_of_another_asset_share_a_notice() {
    let mut stage = Stage::with_assets(100, 30, AppOptions::default());
    let before = stage.app.notices().warnings();
    let other = "24d7b2faba0dddd6b4e8936272d6bc3f";
    let line = format!(
        r#"{{"event_type":"thumbnailComplete","thumbnail_info":{{"asset_id":"a","status":"SUCCEED","sample":[{{"offset":0,"url":"https://h/asset/{other}/0.jpg"}}]}}}}"#
    );
    let mut found = FoundEvents::default();
    let log = format!("first\n{line}\n{line}\n");
    RecordReader::new(FileId::default()).read(log.as_bytes(), 0, NonZeroU32::new(1), &mut found);
    let FoundEvents { events, rejected, counts } = found;
    let place = events[0].origin;
    stage.send(Message::Log(LogUpdate::Batch { events, rejected, counts }));
    assert_eq!(stage.app.notices().warnings(), before + 1);
    stage.keys("!");
    let screen = stage.screen();
    assert!(screen.contains("2× events have pictures of another asset  first vod.log:2"), "{screen}");
    // Below the one unparsed line.
    stage.effects.clear();
    stage.keys("j Enter");
    let is_read = |effect: &Effect| matches!(effect, Effect::ReadRaw(origin, RawPurpose::Show) if *origin == place);
    assert!(stage.effects.iter().any(is_read), "{:?}", stage.effects);
}

fn an_unparsed_line_can_be_read() {
    let mut stage = Stage::filled(100, 30);
    stage.keys("! Enter");
    let Some(Effect::ReadRaw(origin, RawPurpose::Show)) = stage.effects.last().cloned() else {
        panic!("it is read again")
    };
    let rejected = stage.app.notices().rejected().next().unwrap();
    assert_eq!(origin, rejected.latest.origin);
    stage.read(b"{\"event_type\": ");
    assert!(stage.screen().contains("│ {\"event_type\":"), "{}", stage.screen());
    assert!(stage.screen().contains("vod.log:17:41  the JSON ends too early"), "{}", stage.screen());
    stage.keys("Esc");
    assert_eq!(
        stage.app.overlay().map(|overlay| matches!(overlay.kind, OverlayKind::Notices(_))),
        Some(true),
        "one step back"
    );
}

crate::tests! {
    a_routine_notice_is_kept_without_a_warning,
    the_oldest_assets_beyond_the_number_to_keep_are_dropped,
    a_picture_of_a_dropped_asset_may_still_come,
    the_oldest_assets_are_dropped_where_memory_is_short,
    events_with_pictures_of_another_asset_share_a_notice,
    an_unparsed_line_can_be_read,
}
