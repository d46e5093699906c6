//! What a night does to a log, one by one: the follower on real files, under a clock of its own.

use super::*;
use std::os::unix::fs::FileExt as _;

fn renamed_with_late_writers_and_created_anew() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\na2\n");
    rig.poll();
    fs::rename(rig.log(), rig.path("old")).unwrap();
    append(&rig.path("old"), "a3\n");
    append(&rig.log(), "b1\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "a3", "b1"]);
    rig.pause(3);
    append(&rig.path("old"), "a4\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "a3", "b1", "a4"]);
    rig.pause(30);
    append(&rig.path("old"), "a5\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "a3", "b1", "a4", "a5"], "a writer that is late by half a minute");
    assert_eq!(rig.record.ended, BTreeSet::new());
    rig.pause(GRACE.as_secs());
    rig.poll();
    assert_eq!(rig.record.ended, BTreeSet::from([0]), "the old file is let go");
    assert!(rig.noticed("rotated"));
}

fn renamed_over() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    append(&rig.log(), "a2\n");
    append(&rig.path("new"), "b1\n");
    fs::rename(rig.path("new"), rig.log()).unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "b1"]);
}

fn truncated_and_grown_past_the_old_size() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::write(rig.log(), "b1\nb2\nb3\n").unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1", "b2", "b3"]);
    assert!(rig.noticed("rewritten in place; reading from its beginning; lines written since"));
}

fn rewritten_to_the_same_size() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::write(rig.log(), "b1\n").unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1"]);
    assert!(rig.noticed("rewritten"));
}

fn copied_and_truncated_with_bytes_that_nobody_had_read() {
    let mut rig = Rig::new();
    append(&rig.log(), &line(1).repeat(9));
    rig.poll();
    append(&rig.log(), "unread\n");
    fs::copy(rig.log(), rig.path("vod.log.1")).unwrap();
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), "b1\n");
    rig.poll();
    assert_eq!(rig.lines().split_off(9), ["unread", "b1"]);
    assert!(rig.noticed("truncated to 0 bytes") && rig.noticed("7 unread bytes were taken from its copy"));
}

fn a_line_between_copying_and_truncating_doubles_nothing() {
    let mut rig = Rig::new();
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    append(&rig.log(), &lines(0..20));
    rig.poll();
    fs::copy(rig.log(), rig.path("vod.log.1")).unwrap();
    append(&rig.log(), &lines(20..22));
    rig.poll();
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), &lines(22..24));
    rig.poll();
    let expected = lines(0..24);
    assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
}

fn a_log_that_is_copied_before_it_was_read_is_read_once() {
    let mut rig = Rig::new();
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    append(&rig.log(), "");
    rig.poll();
    append(&rig.log(), &lines(0..20));
    append(&rig.path("vod.log.1"), &lines(0..7));
    rig.poll();
    append(&rig.path("vod.log.1"), &lines(7..20));
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), &lines(20..22));
    rig.poll();
    let expected = lines(0..22);
    assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
    assert!(!rig.noticed("may be lost"));
}

/// Waits until a file that is made now is younger than another; skips the test where the file system knows no births.
fn until_younger_than(file: &Path, folder: &Path) {
    let born = |path: &Path| fs::metadata(path).unwrap().created();
    let Ok(before) = born(file) else { skip("the file system knows no births") };
    loop {
        let new = tempfile::NamedTempFile::new_in(folder).unwrap();
        if born(new.path()).unwrap() > before {
            return;
        }
    }
}

fn a_copy_of_what_a_truncated_log_holds_now_is_no_missed_file() {
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    for new in [10, 40] {
        let mut rig = Rig::new();
        append(&rig.log(), &lines(0..20));
        rig.poll();
        let end = 20 + new;
        fs::write(rig.log(), lines(20..end)).unwrap();
        // The next rotation is copying by now.
        let (begin, rest) = (lines(20..27) + "line", lines(27..end).split_off(4));
        append(&rig.path("vod.log.1"), &begin);
        rig.poll();
        append(&rig.path("vod.log.1"), &rest);
        fs::write(rig.log(), "").unwrap();
        rig.poll();
        append(&rig.log(), &lines(end..end + 2));
        rig.poll();
        let expected = lines(0..end + 2);
        assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
        assert!(!rig.noticed("it is read, too"));
    }
}

fn a_younger_copy_of_a_log_that_has_the_name_since_is_no_missed_file() {
    let mut rig = Rig::new();
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    append(&rig.log(), &lines(0..20));
    rig.poll();
    fs::rename(rig.log(), rig.path("vod.log.1")).unwrap();
    append(&rig.log(), &lines(20..30));
    until_younger_than(&rig.log(), rig.folder.path());
    append(&rig.path("vod.log.2"), &lines(20..27));
    rig.poll();
    append(&rig.path("vod.log.2"), &lines(27..30));
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), &lines(30..32));
    rig.poll();
    let expected = lines(0..32);
    assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
    assert!(!rig.noticed("may be lost"));
}

fn a_log_that_was_away_is_copied_and_truncated_as_it_is_back() {
    let mut rig = Rig::new();
    let lines = |numbers: std::ops::Range<u32>| numbers.map(line).collect::<String>();
    append(&rig.log(), &lines(0..10));
    rig.poll();
    fs::rename(rig.log(), rig.path("away")).unwrap();
    rig.poll();
    fs::rename(rig.path("away"), rig.log()).unwrap();
    append(&rig.log(), &lines(10..15));
    fs::copy(rig.log(), rig.path("vod.log.1")).unwrap();
    fs::write(rig.log(), lines(15..17)).unwrap();
    rig.poll();
    let expected = lines(0..17);
    assert_eq!(rig.lines(), expected.lines().collect::<Vec<_>>());
    assert!(!rig.noticed("may be lost"));
}

fn a_rotated_file_that_is_rewritten_is_told() {
    let mut rig = Rig::new();
    append(&rig.log(), &line(1).repeat(9));
    rig.poll();
    fs::rename(rig.log(), rig.path("old")).unwrap();
    rig.poll();
    fs::write(rig.path("old"), "").unwrap();
    rig.poll();
    assert!(rig.noticed("rewritten meanwhile; lines written since the last look may be lost"));
    assert_eq!(rig.record.ended, BTreeSet::from([0]));
}

fn a_writer_that_does_not_append_leaves_a_hole_after_the_truncation() {
    let mut rig = Rig::new();
    let mut writer = File::create(rig.log()).unwrap();
    writer.write_all(b"a1\na2\n").unwrap();
    rig.poll();
    File::options().write(true).open(rig.log()).unwrap().set_len(0).unwrap();
    writer.write_all(b"b1\n").unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "b1"]);
}

fn a_link_is_switched() {
    let mut rig = Rig::new();
    let link = |rig: &Rig, target: &str| {
        std::os::unix::fs::symlink(rig.path(target), rig.path("link")).unwrap();
        fs::rename(rig.path("link"), rig.log()).unwrap();
    };
    append(&rig.path("one"), "a1\n");
    link(&rig, "one");
    rig.poll();
    append(&rig.path("one"), "a2\n");
    append(&rig.path("two"), "b1\n");
    link(&rig, "two");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "b1"]);
    assert!(rig.noticed("the link points to another file"));
}

fn deleted_and_made_again_and_the_descriptor_is_let_go() {
    let mut rig = Rig::new();
    rig.poll();
    assert!(matches!(&rig.record.health, Some(Health::Waiting(why)) if why.as_str() == "not there yet"));
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::remove_file(rig.log()).unwrap();
    rig.poll();
    assert!(matches!(&rig.record.health, Some(Health::Waiting(why)) if why.as_str() == "gone"));
    rig.pause(GRACE_DELETED.as_secs());
    rig.poll();
    let fds = fs::read_dir("/proc/self/fd").into_iter().flatten().filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
    let held: Vec<PathBuf> = fds.filter(|target| target.starts_with(rig.folder.path())).collect();
    assert_eq!(held, Vec::<PathBuf>::new());
    append(&rig.log(), "b1\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1"]);
    assert_eq!(rig.record.health, Some(Health::Live));
}

fn an_inode_that_is_reused_is_another_file() {
    let mut rig = Rig::new();
    let inode = |rig: &Rig| std::os::unix::fs::MetadataExt::ino(&fs::metadata(rig.log()).unwrap());
    append(&rig.log(), "head\na1\n");
    rig.poll();
    let before = inode(&rig);
    fs::remove_file(rig.log()).unwrap();
    rig.poll();
    rig.pause(6);
    rig.poll();
    for _ in 0..100 {
        append(&rig.log(), "head\nb1\nb2\n");
        if inode(&rig) == before {
            rig.poll();
            assert_eq!(rig.lines(), ["head", "a1", "head", "b1", "b2"]);
            return;
        }
        fs::remove_file(rig.log()).unwrap();
    }
    skip("the file system did not reuse the inode");
}

fn a_file_that_comes_back_goes_on_where_it_was() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::rename(rig.log(), rig.path("away")).unwrap();
    rig.poll();
    rig.pause(6);
    rig.poll();
    append(&rig.path("away"), "a2\n");
    fs::rename(rig.path("away"), rig.log()).unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2"]);
}

fn the_folder_goes_and_comes_back() {
    let mut rig = Rig::new();
    let folder = rig.path("sub");
    rig.follower = follower(folder.join("vod.log"), 0, Discovery::AtStart);
    rig.poll();
    fs::create_dir(&folder).unwrap();
    append(&folder.join("vod.log"), "a1\n");
    rig.poll();
    fs::remove_dir_all(&folder).unwrap();
    rig.poll();
    fs::create_dir(&folder).unwrap();
    append(&folder.join("vod.log"), "b1\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1"]);
}

fn a_partial_last_line_waits_is_shown_and_is_one_line() {
    let mut rig = Rig::new();
    for byte in "é is\none\nline".as_bytes().iter().chain(b" only").map(std::slice::from_ref) {
        File::options().append(true).create(true).open(rig.log()).unwrap().write_all(byte).unwrap();
        rig.poll();
    }
    assert_eq!(rig.lines(), ["é is", "one"]);
    assert_eq!(rig.record.incomplete, None);
    rig.pause(5);
    rig.poll();
    assert_eq!(rig.record.incomplete.as_deref(), Some("line only"));
    append(&rig.log(), "\n");
    rig.poll();
    assert_eq!(rig.record.incomplete, None);
    assert_eq!(rig.lines(), ["é is", "one", "line only"]);
}

fn nuls_at_the_end_are_not_written_yet() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    let file = File::options().write(true).open(rig.log()).unwrap();
    file.set_len(4 << 20).unwrap();
    rig.poll();
    std::os::unix::fs::FileExt::write_all_at(&file, b"a2\na3", 3).unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2"]);
    std::os::unix::fs::FileExt::write_all_at(&file, b"\n", 8).unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "a3"]);
}

fn a_huge_line_ends_and_the_next_one_is_read() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    let block = "x".repeat(1 << 20);
    for _ in 0..20 {
        append(&rig.log(), &block);
        rig.poll();
    }
    append(&rig.log(), "\na2\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "overlong line of 20971520 bytes", "a2"]);
}

fn a_file_that_is_no_text_is_reported_once() {
    let mut rig = Rig::new();
    let archive = [b"PK\x03\x04".as_slice(), &[1; 100]].concat();
    fs::write(rig.log(), archive).unwrap();
    rig.poll();
    append(&rig.log(), "a2\n");
    rig.poll();
    assert_eq!(rig.record.notices.iter().filter(|notice| notice.contains("unzip unpacks it")).count(), 1);
}

fn two_names_of_one_file_are_read_once() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::hard_link(rig.log(), rig.path("other")).unwrap();
    let mut other = follower(rig.path("other"), 1, Discovery::Later);
    let mut kept = Record::default();
    other.poll(&mut FollowContext { now: rig.now, history: &mut rig.history, sink: &mut kept }).unwrap();
    assert_eq!(kept.lines, []);
    assert!(kept.notices.iter().any(|notice| notice.contains("under another name")));
}

fn a_late_writer_is_waited_for_as_long_as_it_has_the_file_open() {
    let mut rig = Rig::new();
    let mut writer = File::create(rig.log()).unwrap();
    writer.write_all(b"a1\n").unwrap();
    rig.poll();
    fs::rename(rig.log(), rig.path("old")).unwrap();
    append(&rig.log(), "b1\n");
    rig.poll();
    if !Path::new("/proc/self/fdinfo").exists() {
        skip("no /proc");
    }
    rig.pause(3600);
    rig.poll();
    writer.write_all(b"a2\n").unwrap();
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1", "a2"]);
    drop(writer);
    rig.pause(3600);
    rig.poll();
    assert_eq!(rig.record.ended, BTreeSet::from([0]));
}

fn a_name_that_goes_and_comes_back_has_one_reader() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    for number in 2..5 {
        fs::rename(rig.log(), rig.path("away")).unwrap();
        rig.poll();
        append(&rig.path("away"), &format!("away{number}\n"));
        rig.poll();
        fs::rename(rig.path("away"), rig.log()).unwrap();
        rig.poll();
        append(&rig.log(), &format!("a{number}\n"));
        rig.poll();
    }
    assert_eq!(rig.lines(), ["a1", "away2", "a2", "away3", "a3", "away4", "a4"]);
    rig.pause(100);
    rig.poll();
    assert_eq!(rig.record.ended, BTreeSet::new(), "the file has its name");
}

fn a_link_that_goes_back_has_one_reader_for_each_file() {
    let mut rig = Rig::new();
    append(&rig.path("one"), "a1\n");
    append(&rig.path("two"), "b1\n");
    for (target, text) in [("one", "a2\n"), ("two", "b2\n"), ("one", "a3\n"), ("two", "b3\n")] {
        std::os::unix::fs::symlink(rig.path(target), rig.path("link")).unwrap();
        fs::rename(rig.path("link"), rig.log()).unwrap();
        rig.poll();
        append(&rig.path(target), text);
        rig.poll();
    }
    assert_eq!(rig.lines(), ["a1", "a2", "b1", "b2", "a3", "b3"]);
}

fn exchanged_names_have_one_reader_for_each_file() {
    let mut rig = Rig::new();
    let mut other = follower(rig.path("other.log"), 1, Discovery::AtStart);
    let mut record = Record::default();
    append(&rig.log(), "a1\n");
    append(&rig.path("other.log"), "b1\n");
    for number in 2..6 {
        for _ in 0..2 {
            rig.poll();
            let mut context = FollowContext { now: rig.now, history: &mut rig.history, sink: &mut record };
            other.poll(&mut context).unwrap();
        }
        fs::rename(rig.log(), rig.path("third")).unwrap();
        fs::rename(rig.path("other.log"), rig.log()).unwrap();
        fs::rename(rig.path("third"), rig.path("other.log")).unwrap();
        append(&rig.log(), &format!("c{number}\n"));
        append(&rig.path("other.log"), &format!("d{number}\n"));
        rig.pause(100);
    }
    for _ in 0..3 {
        rig.poll();
        let mut context = FollowContext { now: rig.now, history: &mut rig.history, sink: &mut record };
        other.poll(&mut context).unwrap();
    }
    let mut lines: Vec<&str> = rig.record.lines.iter().chain(&record.lines).map(|(_, line)| line.as_str()).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["a1", "b1", "c2", "c3", "c4", "c5", "d2", "d3", "d4", "d5"]);
}

fn equal_lines_after_a_rotation_are_new_lines() {
    let mut rig = Rig::new();
    let five = line(1).repeat(5);
    append(&rig.log(), &five);
    rig.poll();
    fs::rename(rig.log(), rig.path("vod.log.1")).unwrap();
    append(&rig.log(), &five);
    rig.poll();
    assert_eq!(rig.lines().len(), 10, "renamed and created");
    // Two rotations between two polls.
    fs::rename(rig.path("vod.log.1"), rig.path("vod.log.3")).unwrap();
    fs::rename(rig.log(), rig.path("vod.log.2")).unwrap();
    append(&rig.path("vod.log.1"), &five);
    append(&rig.log(), &five);
    rig.poll();
    assert_eq!(rig.lines().len(), 20, "one file had the name between two polls");
    // Copied and truncated.
    fs::copy(rig.log(), rig.path("vod.log.0")).unwrap();
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), &five);
    rig.poll();
    assert_eq!(rig.lines().len(), 25);
    assert_eq!(rig.record.rewritten, []);
}

fn content_that_is_replaced_without_a_copy_is_told_to_the_sink() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\na2\n");
    rig.poll();
    append(&rig.path("new"), "a1\nb2\n");
    fs::rename(rig.path("new"), rig.log()).unwrap();
    rig.poll();
    fs::write(rig.log(), "").unwrap();
    rig.poll();
    append(&rig.log(), "c1\n");
    rig.poll();
    fs::remove_file(rig.log()).unwrap();
    rig.poll();
    append(&rig.log(), "d1\n");
    rig.poll();
    let beginnings = ["a1\na2\n", "a1\nb2\n", "c1\n"].map(str::to_owned);
    assert_eq!(rig.record.rewritten, (1..).zip(beginnings).collect::<Vec<_>>());
    assert_eq!(rig.lines(), ["a1", "a2", "a1", "b2", "c1", "d1"]);
}

fn siblings_that_lay_there_at_the_start_are_not_read() {
    let mut rig = Rig::new();
    append(&rig.path("vod.log.1"), "old\n");
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::rename(rig.path("vod.log.1"), rig.path("vod.log.2")).unwrap();
    fs::rename(rig.log(), rig.path("vod.log.1")).unwrap();
    append(&rig.log(), "b1\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "b1"]);
}

fn a_hole_of_a_tebibyte_is_no_work() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    let file = File::options().write(true).open(rig.log()).unwrap();
    if file.set_len(1 << 40).is_err() || blocks_of(&file) > 64 {
        skip("the file system knows no holes");
    }
    rig.poll();
    file.write_all_at(b"a2\n", (1 << 40) - 3).unwrap();
    append(&rig.log(), "a3\n");
    rig.poll();
    assert_eq!(rig.lines(), ["a1", "a2", "a3"]);
}

/// The number of blocks of 512 bytes that a file takes.
fn blocks_of(file: &File) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap())
}

fn text_in_space_that_was_set_aside_is_read_as_it_comes() {
    let mut rig = Rig::new();
    append(&rig.log(), "");
    let file = File::options().write(true).open(rig.log()).unwrap();
    // Written zeros, so that there is no hole to skip.
    file.write_all_at(&vec![0; 4 << 20], 0).unwrap();
    rig.poll();
    let mut at = 0;
    for number in 1..100 {
        let line = line(number);
        file.write_all_at(line.as_bytes(), at).unwrap();
        at += line.len() as u64;
        if number == 50 {
            file.write_all_at(&vec![0; 4 << 20], 4 << 20).unwrap();
        }
        rig.poll();
        assert_eq!(rig.lines().len(), number as usize);
    }
}

crate::tests! {
    a_late_writer_is_waited_for_as_long_as_it_has_the_file_open,
    a_name_that_goes_and_comes_back_has_one_reader,
    a_link_that_goes_back_has_one_reader_for_each_file,
    exchanged_names_have_one_reader_for_each_file,
    equal_lines_after_a_rotation_are_new_lines,
    content_that_is_replaced_without_a_copy_is_told_to_the_sink,
    siblings_that_lay_there_at_the_start_are_not_read,
    a_hole_of_a_tebibyte_is_no_work,
    text_in_space_that_was_set_aside_is_read_as_it_comes,
    renamed_with_late_writers_and_created_anew,
    renamed_over,
    truncated_and_grown_past_the_old_size,
    rewritten_to_the_same_size,
    copied_and_truncated_with_bytes_that_nobody_had_read,
    a_line_between_copying_and_truncating_doubles_nothing,
    a_log_that_is_copied_before_it_was_read_is_read_once,
    a_copy_of_what_a_truncated_log_holds_now_is_no_missed_file,
    a_younger_copy_of_a_log_that_has_the_name_since_is_no_missed_file,
    a_log_that_was_away_is_copied_and_truncated_as_it_is_back,
    a_rotated_file_that_is_rewritten_is_told,
    a_writer_that_does_not_append_leaves_a_hole_after_the_truncation,
    a_link_is_switched,
    deleted_and_made_again_and_the_descriptor_is_let_go,
    an_inode_that_is_reused_is_another_file,
    a_file_that_comes_back_goes_on_where_it_was,
    the_folder_goes_and_comes_back,
    a_partial_last_line_waits_is_shown_and_is_one_line,
    nuls_at_the_end_are_not_written_yet,
    a_huge_line_ends_and_the_next_one_is_read,
    a_file_that_is_no_text_is_reported_once,
    two_names_of_one_file_are_read_once,
}
