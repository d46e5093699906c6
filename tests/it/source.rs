//! The source from outside: files, globs, archives, pipes and streams in, updates out.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at one update among many")]

pub(crate) mod loading;
pub(crate) mod restarts;

use crate::{
    harness::{Child, skip},
    heard::Heard,
};
use encoding_rs::GBK;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    num::NonZeroU32,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileExt as _, MetadataExt as _},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};
use thumbview::{
    event::{FileId, FoundEvents, Health, LogEvent, LogUpdate, Origin, ReadMode, RecordReader, Time},
    source::{Order, RawError, SavedState, SourceConfig, Start},
};

impl Heard {
    fn new(files: &[&Path], mode: ReadMode) -> Self {
        Self::start(files, mode, Start::All, Order::NewestFirst)
    }

    fn start(files: &[&Path], mode: ReadMode, start: Start, order: Order) -> Self {
        let files = files.iter().map(|path| path.to_path_buf()).collect();
        Self::spawn(SourceConfig::of_files(files, mode, start, order, jiff::tz::TimeZone::UTC))
    }

    /// Follows a log from where the state says, else from its beginning.
    fn resume(path: &Path, state: SavedState) -> Self {
        let (files, zone) = (vec![path.to_owned()], jiff::tz::TimeZone::UTC);
        let config = SourceConfig::of_files(files, ReadMode::Follow, Start::All, Order::Log, zone);
        Self::spawn(SourceConfig { state: Some(state), ..config })
    }

    fn until_ids(&mut self, expected: &[String]) {
        self.until(&format!("{expected:?}"), |heard| heard.ids() == expected);
    }

    fn ids(&self) -> Vec<String> {
        self.events().map(|event| event.asset.to_string()).collect()
    }

    fn lines(&self) -> Vec<Option<u32>> {
        self.events().map(|event| event.origin.line.map(NonZeroU32::get)).collect()
    }
}

fn event(id: &str) -> String {
    format!(
        "{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{{\"asset_id\":\"{id}\",\"status\":\"SUCCEED\",\"sample\":[],\"dots\":[]}}}}\n"
    )
}

fn ids(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| format!("asset-{n}")).collect()
}

fn log(range: std::ops::Range<u32>) -> String {
    ids(range).iter().map(|id| event(id)).collect()
}

fn append(path: &Path, text: &str) {
    fs::File::options().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Compresses a text with a command; skips the test where it is absent.
fn pack(command: &str, text: &str) -> Vec<u8> {
    let Ok(mut child) = Command::new(command).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        skip(format!("no {command}"));
    };
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = thread::spawn(move || stdin.write_all(text.as_bytes()));
    let out = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap().unwrap();
    out
}

fn gzip_is_known_by_content_and_read_to_the_last_member() {
    check_archives_of("gzip");
}

fn zstd_is_known_by_content_and_read_to_the_last_member() {
    check_archives_of("zstd");
}

fn bzip2_is_known_by_content_and_read_to_the_last_stream() {
    check_archives_of("bzip2");
}

fn xz_is_known_by_content_and_read_to_the_last_stream() {
    check_archives_of("xz");
}

fn lines_in_other_encodings_are_events_and_are_shown_again() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    let failed = |id: &str, text: &str| {
        event(id).replace("\"status\":\"SUCCEED\"", &format!("\"status\":\"FAILED\",\"error_msg\":\"{text}\""))
    };
    let gbk = [failed("gbk-1", "截图任务失败，请稍后"), failed("gbk-2", "源文件：篭")].concat();
    let wide: Vec<u8> = failed("wide", "上海").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let parts = [event("plain").into_bytes(), GBK.encode(&gbk).0.into_owned(), wide, event("last").into_bytes()];
    fs::write(&path, parts.concat()).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Once);
    heard.until_finished();
    assert_eq!(heard.ids(), ["plain", "gbk-1", "gbk-2", "wide", "last"]);
    assert!(heard.noticed("GBK") && heard.noticed("UTF-16"));
    let origins: Vec<Origin> = heard.events().map(|event| event.origin).collect();
    for (origin, text) in origins.iter().zip(["plain", "请稍后", "篭", "上海", "last"]) {
        let raw = String::from_utf8(heard.source.read_raw(*origin).unwrap()).unwrap();
        assert!(raw.contains(text), "{raw} has {text}");
    }
    assert_eq!(heard.counts().bytes, parts.concat().len() as u64);
}

/// Events in UTF-16 with characters of which a byte looks like a newline.
fn wide_log(range: std::ops::Range<u32>, is_pretty: bool) -> String {
    let titles = ["上海上传", "上", "end", "上传失败，请稍后再试", "一上"];
    let event = |n: u32| {
        let title = titles[n as usize % titles.len()];
        let event = event(&format!("asset-{n}")).replace("\"sample\"", &format!("\"title\":\"{title}\",\"sample\""));
        if is_pretty { event.replace('{', "{\n").replace(',', ",\n").replace('}', "\n}") } else { event }
    };
    range.map(event).collect()
}

fn utf16_is_read_whole_in_either_byte_order() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    // A big one is read in several blocks.
    let texts = [wide_log(0..6000, false), wide_log(0..300, true), wide_log(0..300, false).replace('\n', "\r\n")];
    for (text, unit, mark) in texts.iter().flat_map(|text| {
        let orders: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];
        orders.into_iter().flat_map(move |unit| ["", "\u{feff}"].map(|mark| (text, unit, mark)))
    }) {
        let bytes: Vec<u8> = format!("{mark}{text}").encode_utf16().flat_map(unit).collect();
        fs::write(&path, &bytes).unwrap();
        let mut heard = Heard::new(&[&path], ReadMode::Once);
        heard.until_finished();
        let first: String = text.chars().take(30).collect();
        let what = format!("{first}… of {} bytes, U+FEFF as {:x?}", bytes.len(), unit(0xfeff));
        let count = u32::try_from(text.matches("asset_id").count()).unwrap();
        assert_eq!(heard.ids(), ids(0..count), "{what}");
        let last = heard.events().last().unwrap().origin;
        let lines_before =
            text.lines().count() - text.lines().rev().position(|line| line.contains("event_type")).unwrap();
        let is_pretty = text.starts_with("{\n");
        assert_eq!(last.line.map(NonZeroU32::get), u32::try_from(lines_before - usize::from(is_pretty)).ok(), "{what}");
        for origin in heard.events().map(|event| event.origin).step_by(97) {
            let raw = String::from_utf8(heard.source.read_raw(origin).unwrap()).unwrap();
            assert!(text.contains(raw.trim()), "{what}: {raw}");
        }
    }
}

fn utf16_is_followed_however_it_is_written() {
    for (order, unit) in [("little", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("big", u16::to_be_bytes)] {
        let folder = Folder::new();
        let path = folder.path("a.log");
        fs::write(&path, "").unwrap();
        let mut heard = Heard::new(&[&path], ReadMode::Follow);
        heard.until_loaded();
        let text = wide_log(0..7, false);
        let bytes: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
        let mut file = fs::File::options().append(true).open(&path).unwrap();
        for part in bytes.chunks(41) {
            file.write_all(part).unwrap();
            thread::sleep(Duration::from_millis(3));
        }
        heard.until(order, |heard| heard.ids() == ids(0..7));
    }
}

fn utf16_of_a_stream_is_shown_again() {
    let folder = Folder::new();
    let fifo = folder.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let mut heard = Heard::new(&[&fifo], ReadMode::Follow);
    let mut writer = fs::File::options().read(true).write(true).open(&fifo).unwrap();
    let text = wide_log(0..5, false);
    writer.write_all(&text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    heard.until("the events", |heard| heard.ids() == ids(0..5));
    for (origin, line) in heard.events().map(|event| event.origin).zip(text.lines()) {
        assert_eq!(String::from_utf8(heard.source.read_raw(origin).unwrap()).unwrap(), line);
    }
}

fn check_archives_of(command: &str) {
    let folder = Folder::new();
    let (one, two) = (pack(command, &log(0..500)), pack(command, &log(500..1000)));
    let path = folder.path("archive.log");
    fs::write(&path, [one.clone(), two.clone()].concat()).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Once);
    heard.until_finished();
    assert_eq!(heard.ids(), ids(0..1000), "{command}");
    assert_eq!(heard.lines().last(), Some(&Some(1000)));
    let origin = heard.events().last().unwrap().origin;
    let raw = String::from_utf8(heard.source.read_raw(origin).unwrap()).unwrap();
    assert_eq!(raw.trim_end(), event("asset-999").trim_end(), "the raw text is unpacked again");

    fs::write(&path, [one.as_slice(), two.get(..two.len() / 2).unwrap()].concat()).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Once);
    heard.until_finished();
    assert!(heard.ids().len() >= 500 && heard.ids() == ids(0..u32::try_from(heard.ids().len()).unwrap()));
    let warnings = heard.all.iter().filter(|update| matches!(update, LogUpdate::Notice(_))).count();
    assert_eq!(warnings, 1, "{command}: {:?}", heard.all);
    assert!(heard.noticed("cut off"));
}

fn globs_and_directories_find_new_files_and_know_rotated_ones() {
    let folder = Folder::new();
    let (log_path, glob) = (folder.path("vod.log"), folder.path("vod.log*"));
    fs::write(&log_path, log(0..20)).unwrap();
    let mut heard = Heard::new(&[&glob], ReadMode::Follow);
    heard.until_loaded();
    fs::rename(&log_path, folder.path("vod.log.1")).unwrap();
    append(&log_path, &log(20..25));
    append(&folder.path("vod.log.other"), &log(25..26));
    heard.until("the other file", |heard| heard.ids().contains(&"asset-25".to_owned()));
    fs::copy(folder.path("vod.log.1"), folder.path("vod.log.copy")).unwrap();
    let first = fs::read_to_string(folder.path("vod.log.1")).unwrap();
    fs::write(folder.path("vod.log.1.gz"), pack("gzip", &first)).unwrap();
    heard.until("the archive", |heard| heard.noticed("before it was packed"));
    heard.until("the copy", |heard| heard.noticed("were read before; continuing from there"));
    let mut found = heard.ids();
    found.sort_by_key(|id| id.split_once('-').unwrap().1.parse::<u32>().unwrap());
    assert_eq!(found, ids(0..26), "nothing is taken twice");
    assert_eq!(heard.counts().replayed, 0);
}

fn an_empty_glob_waits_and_the_first_match_takes_its_rank() {
    let folder = Folder::new();
    let glob = folder.path("*.log");
    let mut heard = Heard::new(&[&glob], ReadMode::Follow);
    heard.until_loaded();
    assert!(matches!(heard.health(0), Some(Health::Waiting(why)) if why.as_str() == "no file matches"));
    fs::write(folder.path("a.log"), log(0..1)).unwrap();
    heard.until_ids(&ids(0..1));
    let names: Vec<String> = heard.source.names().iter().map(ToString::to_string).collect();
    assert_eq!(names, [folder.path("a.log").to_str().unwrap()]);
}

fn the_last_events_come_with_their_lines_and_what_follows() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..3000)).unwrap();
    for count in [0, 1, 10, 2999, 5000] {
        let mut heard = Heard::start(&[&path], ReadMode::Follow, Start::Last(count.into()), Order::Log);
        heard.until_loaded();
        assert_eq!(heard.ids(), ids(3000 - count.min(3000)..3000), "the last {count}");
        assert!(count == 0 || heard.lines().last() == Some(&Some(3000)), "{:?}", heard.lines().last());
    }
    let mut heard = Heard::start(&[&path], ReadMode::Follow, Start::Last(1), Order::Log);
    heard.until_loaded();
    append(&path, &log(3000..3001));
    heard.until_ids(&ids(2999..3001));
    assert_eq!(heard.lines(), [Some(3000), Some(3001)]);
}

fn raw_text_of_a_log_that_became_a_fifo_is_refused() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..1)).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Once);
    heard.until_finished();
    let origin = heard.events().next().unwrap().origin;
    fs::remove_file(&path).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(matches!(heard.source.read_raw(origin), Err(RawError::Unreadable { .. })));
}

fn a_fifo_without_a_writer_holds_nothing_up_and_is_read_when_one_comes() {
    let folder = Folder::new();
    let (fifo, file) = (folder.path("pipe"), folder.path("a.log"));
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    fs::write(&file, log(0..1)).unwrap();
    let mut heard = Heard::new(&[&fifo, &file], ReadMode::Follow);
    heard.until_loaded();
    assert_eq!(heard.ids(), ids(0..1));
    for number in 1..3 {
        fs::write(&fifo, log(number..number + 1)).unwrap();
        heard.until_ids(&ids(0..number + 1));
    }
    let origin = heard.events().last().unwrap().origin;
    let raw = heard.source.read_raw(origin).unwrap();
    assert_eq!(String::from_utf8(raw).unwrap().trim_end(), event("asset-2").trim_end());
}

fn a_stream_is_loaded_at_its_first_silence() {
    let folder = Folder::new();
    let fifo = folder.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    // It is opened for reading as well, so that it has a writer before it is read.
    let mut writer = fs::File::options().read(true).write(true).open(&fifo).unwrap();
    let mut heard = Heard::new(&[&fifo], ReadMode::Once);
    writer.write_all(log(0..2).as_bytes()).unwrap();
    heard.until_loaded();
    assert_eq!(heard.ids(), ids(0..2));
    writer.write_all(log(2..3).as_bytes()).unwrap();
    heard.until_ids(&ids(0..3));
    assert!(!heard.all.contains(&LogUpdate::Finished));
    drop(writer);
    heard.until_finished();
    assert_eq!(heard.ids(), ids(0..3));
}

/// The variable that names the log of a child.
const LOG: &str = "THUMBVIEW_TEST_LOG";

/// The sentence of [`read_standard_input`] on stderr.
const SILENT: &str = "loaded while standard input was silent";

/// Follows its own standard input and the log that the environment names; says on stderr how far it is.
pub(crate) fn read_standard_input() {
    let path = std::env::var(LOG).unwrap();
    let mut heard = Heard::new(&[Path::new("-"), Path::new(&path)], ReadMode::Follow);
    heard.until_loaded();
    assert_eq!(heard.ids(), ids(0..1));
    eprintln!("{SILENT}");
    heard.until_ids(&ids(0..3));
    heard.until("its end", |heard| heard.health(0) == Some(&Health::Ended));
}

fn a_silent_standard_input_holds_nothing_up_and_ends() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..1)).unwrap();
    let mut child = Child::command("source::read_standard_input");
    let mut child =
        child.env(LOG, &path).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains(SILENT)));
    child.stdin.take().unwrap().write_all(log(1..3).as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{:?}", said.collect::<Vec<_>>());
}

fn what_is_no_file_fails_with_a_sentence() {
    let mut heard = Heard::new(&[Path::new("/dev/null")], ReadMode::Once);
    heard.until_finished();
    assert!(matches!(heard.health(0), Some(Health::Failed(why)) if why.as_str() == "is a device"));
}

fn raw_text_is_proved_and_found_after_a_rotation() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..3)).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Once);
    heard.until_finished();
    let origin = heard.events().nth(1).unwrap().origin;
    let raw =
        |heard: &Heard| heard.source.read_raw(origin).map(|raw| String::from_utf8(raw).unwrap().trim_end().to_owned());
    assert_eq!(raw(&heard).unwrap(), event("asset-1").trim_end());
    fs::rename(&path, folder.path("a.log.1")).unwrap();
    assert_eq!(raw(&heard).unwrap(), event("asset-1").trim_end());
    fs::write(&path, log(5..9)).unwrap();
    assert_eq!(raw(&heard).unwrap(), event("asset-1").trim_end());
    fs::remove_file(folder.path("a.log.1")).unwrap();
    assert!(matches!(raw(&heard), Err(RawError::Changed { .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(raw(&heard), Err(RawError::Unreadable { .. })));
}

fn a_sparse_file_without_a_newline_takes_no_memory() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    append(&path, &log(0..1));
    append(&path, "x");
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(3 << 30).unwrap();
    let blocks = std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap());
    if blocks > 1 << 20 {
        skip("the file system has no sparse files");
    }
    append(&path, "\n");
    append(&path, &log(1..2));
    let status = Child::command("source::read_a_sparse_file").env(LOG, &path).status().unwrap();
    assert!(status.success());
}

/// Reads the file that the environment names; its memory is that of nobody else.
pub(crate) fn read_a_sparse_file() {
    let path = PathBuf::from(std::env::var_os(LOG).unwrap());
    let mut heard = Heard::new(&[&path], ReadMode::Once);
    heard.until_finished();
    let places: Vec<_> = heard.places().into_iter().map(|(id, _, line, ..)| (id, line)).collect();
    assert_eq!(places, [("asset-0".to_owned(), Some(1)), ("asset-1".to_owned(), Some(3))]);
    assert_eq!(heard.counts().lines, 3);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kilobytes < 100 << 10, "{kilobytes} kB at the peak");
    }
}

fn reads_a_file_once_with_its_last_unfinished_line() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, format!("noise\n{}", log(0..3).trim_end())).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Once);
    heard.until_finished();
    assert_eq!(heard.ids(), ids(0..3));
    assert_eq!(heard.lines(), [Some(2), Some(3), Some(4)]);
    assert_eq!(heard.counts().lines, 4);
    assert_eq!(heard.health(0), Some(&Health::Loaded));
}

fn follows_what_is_appended_and_waits_for_the_newline() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..2)).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Follow);
    heard.until_loaded();
    let line = event("asset-2");
    let (begun, rest) = line.split_at(40);
    append(&path, begun);
    thread::sleep(Duration::from_millis(300));
    append(&path, rest);
    heard.until_ids(&ids(0..3));
    assert_eq!(heard.health(0), Some(&Health::Live));
}

fn a_missing_file_fails_once_and_is_waited_for_when_followed() {
    let folder = Folder::new();
    let (here, missing) = (folder.path("a.log"), folder.path("sub/b.log"));
    fs::write(&here, log(0..1)).unwrap();
    let mut heard = Heard::new(&[&missing, &here], ReadMode::Once);
    heard.until_finished();
    assert!(matches!(heard.health(0), Some(Health::Failed(why)) if why.as_str() == "no such file"));
    assert_eq!(heard.ids(), ids(0..1));

    let mut heard = Heard::new(&[&missing], ReadMode::Follow);
    heard.until_loaded();
    assert!(matches!(heard.health(0), Some(Health::Waiting(_))));
    fs::create_dir(folder.path("sub")).unwrap();
    fs::write(&missing, log(0..2)).unwrap();
    heard.until_ids(&ids(0..2));
    assert_eq!(heard.health(0), Some(&Health::Live));
}

fn following_can_be_turned_on_later() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..2).trim_end()).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Once);
    heard.until_finished();
    append(&path, "\n");
    append(&path, &log(2..3));
    heard.source.set_mode(ReadMode::Follow);
    heard.until_ids(&ids(0..3));
}

fn a_last_line_that_was_taken_hides_no_event_of_another_file() {
    let folder = Folder::new();
    let path = folder.path("a.log");
    fs::write(&path, log(0..1).trim_end()).unwrap();
    let mut heard = Heard::new(&[&path], ReadMode::Once);
    heard.until_finished();
    fs::rename(&path, folder.path("a.log.1")).unwrap();
    // It begins at the same byte.
    fs::write(&path, log(1..3)).unwrap();
    heard.source.set_mode(ReadMode::Follow);
    heard.until_ids(&ids(0..3));
}

fn names_that_are_no_utf8_are_names_like_others() {
    let folder = Folder::new();
    let odd = folder.path("").join(OsStr::from_bytes(b"\xff.log"));
    if fs::write(&odd, log(0..1)).is_err() {
        skip("the file system takes UTF-8 names only");
    }
    let (glob, new) = (folder.path("*.log"), folder.path("new.log"));
    let mut heard = Heard::new(&[&glob], ReadMode::Follow);
    heard.until_ids(&ids(0..1));
    fs::write(new, log(1..2)).unwrap();
    heard.until_ids(&ids(0..2));
    let mut heard = Heard::new(&[&odd], ReadMode::Once);
    heard.until_finished();
    assert_eq!(heard.ids(), ids(0..1));
}

crate::tests! {
    gzip_is_known_by_content_and_read_to_the_last_member,
    zstd_is_known_by_content_and_read_to_the_last_member,
    bzip2_is_known_by_content_and_read_to_the_last_stream,
    xz_is_known_by_content_and_read_to_the_last_stream,
    lines_in_other_encodings_are_events_and_are_shown_again,
    utf16_is_read_whole_in_either_byte_order,
    utf16_is_followed_however_it_is_written,
    utf16_of_a_stream_is_shown_again,
    globs_and_directories_find_new_files_and_know_rotated_ones,
    an_empty_glob_waits_and_the_first_match_takes_its_rank,
    the_last_events_come_with_their_lines_and_what_follows,
    raw_text_of_a_log_that_became_a_fifo_is_refused,
    a_fifo_without_a_writer_holds_nothing_up_and_is_read_when_one_comes,
    a_stream_is_loaded_at_its_first_silence,
    a_silent_standard_input_holds_nothing_up_and_ends,
    what_is_no_file_fails_with_a_sentence,
    raw_text_is_proved_and_found_after_a_rotation,
    a_sparse_file_without_a_newline_takes_no_memory,
    reads_a_file_once_with_its_last_unfinished_line,
    follows_what_is_appended_and_waits_for_the_newline,
    a_missing_file_fails_once_and_is_waited_for_when_followed,
    following_can_be_turned_on_later,
    a_last_line_that_was_taken_hides_no_event_of_another_file,
    names_that_are_no_utf8_are_names_like_others,
}
