//! What a night does to a log, one by one: the follower on real files, under a clock of its own.

use super::*;

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
    rig.pause(5);
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
    rig.pause(5);
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
    rig.follower = Follower::new(folder.join("vod.log"), 0, Discovery::AtStart);
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

fn utf16_is_told() {
    let mut rig = Rig::new();
    fs::write(rig.log(), b"\xff\xfea\0\n\0").unwrap();
    rig.poll();
    assert!(rig.noticed("is UTF-16, in which nothing is found"));
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::remove_file(rig.log()).unwrap();
    let wide: Vec<u8> =
        "a log that was written without a byte order mark".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(rig.log(), &wide).unwrap();
    rig.poll();
    append(&rig.log(), "a2\n");
    rig.poll();
    assert_eq!(rig.record.notices.iter().filter(|notice| notice.contains("is UTF-16 or binary")).count(), 1);
}

fn two_names_of_one_file_are_read_once() {
    let mut rig = Rig::new();
    append(&rig.log(), "a1\n");
    rig.poll();
    fs::hard_link(rig.log(), rig.path("other")).unwrap();
    let mut other = Follower::new(rig.path("other"), 1, Discovery::Later);
    let mut kept = Record::default();
    other.poll(&mut FollowContext { now: rig.now, history: &mut rig.history, sink: &mut kept }).unwrap();
    assert_eq!(kept.lines, []);
    assert!(kept.notices.iter().any(|notice| notice.contains("under another name")));
}

crate::tests! {
    renamed_with_late_writers_and_created_anew,
    renamed_over,
    truncated_and_grown_past_the_old_size,
    rewritten_to_the_same_size,
    copied_and_truncated_with_bytes_that_nobody_had_read,
    a_writer_that_does_not_append_leaves_a_hole_after_the_truncation,
    a_link_is_switched,
    deleted_and_made_again_and_the_descriptor_is_let_go,
    an_inode_that_is_reused_is_another_file,
    a_file_that_comes_back_goes_on_where_it_was,
    the_folder_goes_and_comes_back,
    a_partial_last_line_waits_is_shown_and_is_one_line,
    nuls_at_the_end_are_not_written_yet,
    a_huge_line_ends_and_the_next_one_is_read,
    utf16_is_told,
    two_names_of_one_file_are_read_once,
}
