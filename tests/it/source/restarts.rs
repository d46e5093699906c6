//! Logs that were rewritten or rotated, and those that a later run goes on with.

use super::*;

fn a_rewritten_file_does_not_repeat_what_was_taken() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..3) + &event("asset-2")).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Follow);
    heard.until_loaded();
    assert_eq!(heard.ids().len(), 4, "in one file equal lines are two events");
    fs::write(&path, log(0..2) + &log(3..4) + &event("asset-2").repeat(3) + "noise\n").unwrap();
    heard.until("the new events", |heard| heard.ids().len() == 6);
    assert_eq!(heard.counts().replayed, 4, "each as often as it had been taken");
    assert_eq!(heard.ids().split_off(4), ["asset-3", "asset-2"]);
    assert_eq!(heard.events().last().unwrap().origin.file, FileId { rank: 0, generation: 1 });
    assert!(heard.noticed("reading from its beginning"));
    // As an editor saves: another file, which is the old one but for a line.
    fs::write(folder.path("new"), log(0..2) + &log(7..8)).unwrap();
    fs::rename(folder.path("new"), &path).unwrap();
    heard.until("the changed line", |heard| heard.ids().last().is_some_and(|id| id == "asset-7"));
    assert_eq!((heard.counts().replayed, heard.ids().len()), (6, 7));
}

fn a_file_that_begins_with_other_text_repeats_nothing() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..3)).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Follow);
    heard.until_loaded();
    fs::write(&path, log(1..3)).unwrap();
    heard.until("the new events", |heard| heard.ids().len() == 5);
    assert_eq!(heard.counts().replayed, 0);
}

fn equal_lines_after_a_rotation_are_new_events() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    let five = event("asset-0").repeat(5);
    fs::write(&path, &five).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Follow);
    heard.until("the first five", |heard| heard.ids().len() == 5);
    fs::rename(&path, folder.path("a.log.1")).unwrap();
    fs::write(&path, &five).unwrap();
    heard.until("five more", |heard| heard.ids().len() == 10);
    if let Ok(packed) = Command::new("gzip").arg("-k").arg(&path).status() {
        assert!(packed.success());
        fs::rename(folder.path("a.log.gz"), folder.path("a.log.2.gz")).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, &five).unwrap();
        heard.until("five after a packed rotation", |heard| heard.ids().len() == 15);
    }
    assert_eq!(heard.counts().replayed, 0);
}

fn a_record_that_a_rotation_cut_is_one_event() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    let stored = |tag: &str, text: &str| format!("2026-03-14T01:15:03.000000001Z stdout {tag} {}\n", text.trim_end());
    let cut = event("b");
    let (first_half, second_half) = cut.split_at(60);
    fs::write(&path, stored("F", &event("a")) + &stored("P", first_half)).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Follow);
    heard.until_ids(&["a".to_owned()]);
    fs::rename(&path, folder.path("a.log.1")).unwrap();
    fs::write(&path, stored("F", second_half) + &stored("F", &event("c"))).unwrap();
    heard.until_ids(&["a", "b", "c"].map(str::to_owned));
    assert_eq!(heard.counts().unparsed, 0);
}

fn history_that_was_left_out_is_left_out_of_a_rewritten_file() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..100)).unwrap();
    let mut heard = Heard::start(&[&path], ReadMode::Follow, Start::Last(10), Order::Log);
    heard.until_loaded();
    fs::write(folder.path("new"), log(0..101)).unwrap();
    fs::rename(folder.path("new"), &path).unwrap();
    heard.until_ids(&ids(90..101));
    assert_eq!(heard.counts().replayed, 100);
}

/// Follows a log, stops, changes it, and follows it again from the saved state.
fn check_resumed(what: &str, change: impl FnOnce(&Folder, &Path), expected: &[String]) {
    let folder = Folder::new();
    let (path, state) = (folder.path("vod.log"), folder.path("state"));
    fs::write(folder.path("vod.log.1"), log(900..910)).unwrap();
    fs::write(&path, log(0..20)).unwrap();
    let mut heard = Heard::resume(&path, SavedState::read(&state).unwrap());
    heard.until_ids(&ids(0..20));
    append(&path, &log(20..30));
    heard.until_ids(&ids(0..30));
    let end = format!("\"offset\":{},", fs::metadata(&path).unwrap().len());
    let mut saved = None;
    heard.until("the position", |heard| {
        let noted = heard.source.checkpoint(heard.all.len() as u64);
        saved = noted.map(|checkpoint| checkpoint.state).or(saved.take());
        // The position after the first twenty may come first.
        saved.as_ref().is_some_and(|saved| serde_json::to_string(saved).unwrap().contains(&end))
    });
    saved.unwrap().write(&state).unwrap();
    drop(heard);
    change(&folder, &path);
    let mut heard = Heard::resume(&path, SavedState::read(&state).unwrap());
    heard.until(what, |heard| heard.ids().len() >= expected.len());
    append(&path, &log(990..991));
    heard.until("the last", |heard| heard.ids().last().is_some_and(|id| id == "asset-990"));
    assert_eq!(heard.ids().split_last().unwrap().1, expected, "{what}");
    assert_eq!(heard.noticed("is gone"), expected.is_empty() && what != "nothing");
}

fn a_saved_state_goes_on_where_the_last_run_stopped() {
    check_resumed("nothing", |_, _| {}, &[]);
    check_resumed("more lines", |_, path| append(path, &log(30..40)), &ids(30..40));
    check_resumed(
        "a rotation",
        |folder, path| {
            append(path, &log(30..31));
            fs::rename(folder.path("vod.log.1"), folder.path("vod.log.2")).unwrap();
            fs::rename(path, folder.path("vod.log.1")).unwrap();
            append(path, &log(31..35));
        },
        &ids(30..35),
    );
    check_resumed(
        "two rotations, the older one renamed last",
        |folder, path| {
            append(path, &log(30..31));
            fs::rename(path, folder.path("vod.log.3")).unwrap();
            append(path, &log(31..33));
            fs::rename(path, folder.path("vod.log.2")).unwrap();
            append(path, &log(33..35));
        },
        &ids(30..35),
    );
    check_resumed(
        "a copy and a truncation",
        |folder, path| {
            append(path, &log(30..31));
            fs::copy(path, folder.path("vod.log.0")).unwrap();
            fs::write(path, log(31..35)).unwrap();
        },
        &ids(30..35),
    );
    check_resumed(
        "a copy of the log beside it",
        |folder, path| {
            append(path, &log(30..31));
            fs::copy(path, folder.path("vod.log.0")).unwrap();
            append(path, &log(31..35));
        },
        &ids(30..35),
    );
    check_resumed("a loss", |_, path| fs::write(path, "").unwrap(), &[]);
}

fn a_saved_state_is_found_in_archives() {
    check_resumed(
        "packed rotations",
        |folder, path| {
            append(path, &log(30..31));
            for (from, to) in [("vod.log", "vod.log.3.gz"), ("vod.log.1", "vod.log.4.gz")] {
                let text = fs::read_to_string(folder.path(from)).unwrap();
                fs::write(folder.path(to), pack("gzip", &text)).unwrap();
                fs::remove_file(folder.path(from)).unwrap();
            }
            fs::write(folder.path("vod.log.2.gz"), pack("gzip", &log(31..33))).unwrap();
            append(path, &log(33..35));
        },
        &ids(30..35),
    );
}

crate::tests! {
    a_rewritten_file_does_not_repeat_what_was_taken,
    a_file_that_begins_with_other_text_repeats_nothing,
    equal_lines_after_a_rotation_are_new_events,
    a_record_that_a_rotation_cut_is_one_event,
    history_that_was_left_out_is_left_out_of_a_rewritten_file,
    a_saved_state_goes_on_where_the_last_run_stopped,
    a_saved_state_is_found_in_archives,
}
