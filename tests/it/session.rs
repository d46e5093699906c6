//! Whole sessions: the real program on a real terminal, its log in a file or a pipe, its pictures from a real server.
//!
//! Each picture has one colour, given by asset and index, so that a test can tell which picture the cells show.

use crate::support::pty::{Answers, PROGRAM, Session};
use crate::support::server::{Act, ImageServer, Request, picture};
use crate::support::{hostile, server};
use rustix::process::Signal;
use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const SIZE: (u16, u16) = (100, 30);
/// The pictures of the asset that is scrubbed through.
const PICTURES: usize = 100;
const TRUE_COLOUR: (&str, &str) = ("COLORTERM", "truecolor");
const IDS: [&str; 4] = [
    "c0ffee00c0ffee00c0ffee00c0ffee01",
    "9e107d9d372bb6826bd81d3542a419d6",
    "5f1c9a7be20d4c6f8a3b1d2e4f607182",
    "14d7b2faba0dddd6b4e8936272d6bc3f",
];

/// A folder for logs, and a server of pictures that runs beside the test.
struct Scene {
    server: ImageServer,
    // Ends the server's tasks with the scene.
    _runtime: Runtime,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self::serving(|request| picture(&jpeg(colour_of(request))))
    }

    fn serving(handler: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(ImageServer::start(handler));
        Self { server, _runtime: runtime, folder: tempfile::tempdir().unwrap() }
    }

    /// A log of four assets: the second failed, the others have 3, 4 and 6 pictures.
    fn log(&self) -> PathBuf {
        let log = self.path("vod.log");
        let lines = [self.event(0, 3), failure(1), self.event(2, 4), self.event(3, 6)];
        fs::write(&log, lines.concat()).unwrap();
        log
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A line of the log: so many pictures of an asset, five seconds apart.
    fn event(&self, asset: usize, count: usize) -> String {
        let sample = |index| {
            let url = self.server.url(&format!("/{asset}/{index}.jpg"));
            format!(r#"{{"offset":{},"url":"{url}"}}"#, index * 5)
        };
        let samples = (0..count).map(sample).collect::<Vec<_>>().join(",");
        let id = IDS[asset];
        let info = format!(r#"{{"asset_id":"{id}","status":"SUCCEED","sample":[{samples}],"dots":[]}}"#);
        format!("{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{info}}}\n")
    }

    /// The program on a terminal of true colours, allowed to fetch from the server.
    fn start(&self, args: &[&str]) -> Session {
        let host = self.server.host();
        Session::start(&[args, &["--allow-host", &host]].concat(), SIZE, &[TRUE_COLOUR])
    }

    /// Waits until the server has seen so many requests.
    fn wait_for_requests(&self, count: usize) {
        until("requests", || self.server.requests().len() >= count);
    }
}

fn failure(asset: usize) -> String {
    let id = IDS[asset];
    let info =
        format!(r#"{{"asset_id":"{id}","status":"FAILED","error_code":"VOD.10104","error_msg":"截图任务失败"}}"#);
    format!("{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{info}}}\n")
}

/// The colour of a picture: far from those of its neighbours.
fn colour(asset: usize, index: usize) -> [u8; 3] {
    [asset * 60 + 30, index % 4 * 60 + 30, index / 4 % 4 * 60 + 30].map(|part| u8::try_from(part).unwrap())
}

/// The colour of what `/ASSET/INDEX.jpg` asks for.
fn colour_of(request: &Request) -> [u8; 3] {
    let mut numbers = request.path.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok());
    colour(numbers.next().unwrap(), numbers.next().unwrap())
}

/// A picture of one colour, 16 by 9.
fn jpeg(colour: [u8; 3]) -> Vec<u8> {
    let image = image::RgbImage::from_pixel(160, 90, image::Rgb(colour));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// Counts the cells of about this colour; JPEG and five bits per channel lose a little.
fn painted(screen: &vt100::Screen, colour: [u8; 3]) -> usize {
    let near = |shown: vt100::Color| match shown {
        vt100::Color::Rgb(r, g, b) => [r, g, b].iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 16),
        vt100::Color::Default | vt100::Color::Idx(_) => false,
    };
    cells(screen).filter(|cell| near(cell.bgcolor())).count()
}

fn cells(screen: &vt100::Screen) -> impl Iterator<Item = &vt100::Cell> {
    let (rows, cols) = screen.size();
    let places = (0..rows.get()).flat_map(move |row| (0..cols.get()).map(move |col| (row, col)));
    places.filter_map(|(row, col)| screen.cell(row, col))
}

fn wait_for_picture(session: &Session, asset: usize, index: usize) {
    let what = format!("picture {index} of asset {asset}");
    session.wait_for(&what, |screen| painted(screen, colour(asset, index)) > 50);
}

/// Waits until this asset is selected: its row has the mark, its id stands over the picture.
fn wait_for_asset(session: &Session, asset: usize) {
    session.wait_for(IDS[asset], |screen| screen.contents().contains(&format!("┌ {}", IDS[asset])));
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn append(path: &Path, text: &str) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Quits, and finds the terminal as it was.
fn quit(mut session: Session) {
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
    check_restored(&session);
}

fn check_restored(session: &Session) {
    assert_eq!(session.modes(), session.modes_before());
    session.wait_for("the terminal as it was", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    });
}

fn shows_a_log_and_its_pictures() {
    let scene = Scene::new();
    let mut session = scene.start(&["tail", str(&scene.log())]);
    session.wait_for("our modes", |screen| screen.alternate_screen() && screen.hide_cursor());
    for words in ["vod.log", "All 4", "FAILED 1", "SUCCEED 3", "c0ffee00", "VOD.10104", "#1 of 6"] {
        session.wait_for_text(words);
    }
    wait_for_asset(&session, 3);
    wait_for_picture(&session, 3, 0);
    session.type_keys("k");
    wait_for_asset(&session, 2);
    wait_for_picture(&session, 2, 0);
    session.type_keys("l");
    session.wait_for_text("#2 of 4");
    wait_for_picture(&session, 2, 1);
    session.type_keys("l");
    session.wait_for_text("#3 of 4");
    wait_for_picture(&session, 2, 2);
    session.type_keys("e");
    wait_for_asset(&session, 1);
    session.wait_for_text("the snapshot task failed");
    session.wait_for("no picture", |screen| painted(screen, colour(2, 2)) == 0);
    session.type_keys("?");
    session.wait_for_text("ten pictures back, forward");
    // The first q closes the help.
    session.type_keys("q");
    session.wait_for("no help", |screen| !screen.contents().contains("ten pictures back, forward"));
    quit(session);
}

fn a_session_is_resumed() {
    let scene = Scene::new();
    let state = scene.path("state");
    let start = |args: &[&str]| {
        let host = scene.server.host();
        let args = [args, &["--allow-host", &host]].concat();
        Session::start(&args, SIZE, &[TRUE_COLOUR, ("XDG_STATE_HOME", str(&state))])
    };
    let log = scene.log();
    let mut session = start(&["open", str(&log)]);
    session.wait_for_text("All 4");
    session.type_keys("g");
    wait_for_asset(&session, 0);
    quit(session);
    assert!(!state.exists(), "nothing is written unasked");

    let mut session = start(&["open", "--resume", str(&log)]);
    wait_for_asset(&session, 3);
    session.type_keys("ssk");
    wait_for_asset(&session, 2);
    quit(session);
    let session = start(&["open", "--resume", str(&log)]);
    wait_for_asset(&session, 2);
    session.wait_for_text("Assets 2/3");
    quit(session);
}

fn a_private_server_is_asked_once_it_is_allowed() {
    let scene = Scene::new();
    let mut session = Session::start(&["open", str(&scene.log())], SIZE, &[TRUE_COLOUR]);
    session.wait_for_text(&format!("{} is a loopback address", scene.server.host()));
    assert_eq!(scene.server.connections(), 0);
    session.type_keys("a");
    wait_for_picture(&session, 3, 0);
    quit(session);
}

fn indexed_colours_where_there_are_no_others() {
    let scene = Scene::new();
    let host = scene.server.host();
    let session = Session::start(&["open", str(&scene.log()), "--allow-host", &host], SIZE, &[]);
    session.wait_for("a picture", |screen| {
        cells(screen).filter(|cell| matches!(cell.bgcolor(), vt100::Color::Idx(16..))).count() > 50
    });
    session.wait_for("no true colour", |screen| {
        !cells(screen).any(|cell| matches!(cell.bgcolor(), vt100::Color::Rgb(..)))
    });
    quit(session);
}

fn a_log_from_a_pipe_leaves_the_keyboard_free() {
    let scene = Scene::new();
    let script = "cat \"$1\" | \"$0\" - --allow-host \"$2\"";
    let (log, host) = (scene.log(), scene.server.host());
    let command = ["sh", "-c", script, PROGRAM, str(&log), &host];
    let mut session = Session::run(&command, SIZE, &[TRUE_COLOUR], Answers::Plain);
    wait_for_asset(&session, 3);
    session.wait_for_text("standard input");
    session.type_keys("k");
    wait_for_asset(&session, 2);
    wait_for_picture(&session, 2, 0);
    quit(session);
}

fn a_live_pipe_says_what_a_followed_file_does() {
    let scene = Scene::new();
    let fifo = scene.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let mut writer = fs::File::options().read(true).write(true).open(&fifo).unwrap();
    let command = ["sh", "-c", "exec \"$0\" - < \"$1\"", PROGRAM, str(&fifo)];
    let mut session = Session::run(&command, SIZE, &[TRUE_COLOUR], Answers::Plain);
    writer.write_all(fs::read(scene.log()).unwrap().as_slice()).unwrap();
    wait_for_asset(&session, 3);
    session.wait_for_text("● live");
    session.type_keys("k");
    wait_for_asset(&session, 2);
    session.wait_for_text("holding");
    // Up to the first silence an event counts as history: written again until it is new.
    for written in 0.. {
        if session.text().contains(" new") {
            break;
        }
        assert!(written < 60, "{}", session.text());
        writer.write_all(failure(1).as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(500));
    }
    session.wait_for_text("▼");
    session.wait_for_text("/min");
    wait_for_asset(&session, 2);
    drop(writer);
    session.wait_for_text("stream ended");
    quit(session);
}

fn a_silent_pipe_does_not_hold_us() {
    // The pipe's writer is a process that says nothing and outlives the program.
    let script = "{ echo $$ >&2; exec sleep 30; } | { \"$0\" tail -; echo ended $?; kill 0; }";
    let mut session = Session::run(&["sh", "-c", script, PROGRAM], SIZE, &[], Answers::Plain);
    session.wait_for_text("reading");
    session.type_keys("q");
    session.wait_for_text("ended 0");
    check_restored(&session);
}

fn a_file_may_come_later() {
    let scene = Scene::new();
    let log = scene.path("later.log");
    let session = scene.start(&["tail", str(&log)]);
    session.wait_for_text("waiting");
    fs::write(&log, scene.event(3, 6)).unwrap();
    wait_for_asset(&session, 3);
    wait_for_picture(&session, 3, 0);
    session.wait_for("no waiting", |screen| !screen.contents().contains("waiting"));
    quit(session);
}

fn a_file_that_is_not_there_cannot_be_opened() {
    let scene = Scene::new();
    let mut session = scene.start(&["open", str(&scene.path("no.log"))]);
    assert_eq!(session.exit_code(), 1);
    session.wait_for_text("no.log");
    session.wait_for_text("no such file");
    check_restored(&session);
}

fn places_without_a_screen_get_a_sentence() {
    let scene = Scene::new();
    let log = scene.log();
    let check = |args: &[&str], term: &str, code: u32, words: &str| {
        let mut session = Session::start(args, SIZE, &[("TERM", term)]);
        session.wait_for_text(words);
        assert_eq!(session.exit_code(), code, "{args:?} TERM={term}");
        check_restored(&session);
        assert_eq!(session.count("\x1b"), 0);
    };
    check(&["tail", str(&log)], "dumb", 1, "TERM=dumb");
    check(&["tail", str(&log)], "", 1, "TERM is not set");
    check(&["list", str(&log)], "dumb", 0, IDS[3]);
    check(&[], "xterm", 2, "--version");
    check(&["list"], "xterm", 2, "no FILE was given");
}

fn what_is_appended_appears() {
    let scene = Scene::new();
    let log = scene.path("vod.log");
    fs::write(&log, scene.event(0, 3)).unwrap();
    let mut session = scene.start(&["tail", str(&log)]);
    wait_for_picture(&session, 0, 0);
    // The selection sticks to the newest, until it is led elsewhere.
    append(&log, &scene.event(2, 4));
    wait_for_asset(&session, 2);
    wait_for_picture(&session, 2, 0);
    session.type_keys("k");
    wait_for_asset(&session, 0);
    append(&log, &failure(1));
    session.wait_for_text("▼ 1 new");
    wait_for_asset(&session, 0);
    session.type_keys("G");
    wait_for_asset(&session, 1);
    quit(session);
}

fn signals_end_a_session_that_waits_for_a_server() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let scene = Scene::serving(|_| vec![Act::Hang]);
        let mut session = scene.start(&["tail", str(&scene.log())]);
        scene.wait_for_requests(1);
        session.signal(signal);
        assert_eq!(session.exit_code(), code);
        check_restored(&session);
    }
}

fn a_session_stops_and_goes_on_in_another_size() {
    let scene = Scene::new();
    let script = "set -m; \"$0\" \"$@\"; echo stopped; read line; fg >/dev/null; echo ended $?";
    let (log, host) = (scene.log(), scene.server.host());
    let command = ["sh", "-c", script, PROGRAM, "tail", str(&log), "--allow-host", &host];
    let mut session = Session::run(&command, SIZE, &[TRUE_COLOUR], Answers::Plain);
    wait_for_picture(&session, 3, 0);
    session.type_keys("\x1a");
    session.wait_for_text("stopped");
    check_restored(&session);
    session.resize(80, 24);
    session.type_keys("\n");
    wait_for_picture(&session, 3, 0);
    session.wait_for("our modes", |screen| screen.alternate_screen() && screen.hide_cursor());
    session.type_keys("l");
    wait_for_picture(&session, 3, 1);
    session.type_keys("q");
    session.wait_for_text("ended 0");
    check_restored(&session);
}

fn a_locale_without_utf_8_gets_ascii() {
    for locale in [("LC_ALL", "C"), ("LC_ALL", "POSIX"), ("LANG", ""), ("LC_CTYPE", "zh_CN.GB18030")] {
        let scene = Scene::new();
        let (log, host) = (scene.log(), scene.server.host());
        let mut session = Session::start(&["tail", str(&log), "--allow-host", &host], SIZE, &[TRUE_COLOUR, locale]);
        session.wait_for_text("locale is not UTF-8");
        session.wait_for_text(&format!("+ {}", IDS[3]));
        wait_for_picture(&session, 3, 0);
        for (key, words) in [("e", "the snapshot task failed"), ("?", "ten pictures back, forward"), ("q", "VOD.10104")]
        {
            session.type_keys(key);
            session.wait_for_text(words);
        }
        for key in ["J", "q", "v", "q", "!", "q", "c", "q", "G", "t", "z"] {
            session.type_keys(key);
            thread::sleep(Duration::from_millis(30));
        }
        quit_from_overlay(&mut session);
        check_restored(&session);
        let bytes = session.bytes();
        let beyond = String::from_utf8_lossy(&bytes).chars().find(|c| !c.is_ascii());
        assert_eq!(beyond, None, "{locale:?}");
    }
}

fn sizes_that_no_window_has() {
    let scene = Scene::new();
    let mut session = scene.start(&["tail", str(&scene.log())]);
    wait_for_picture(&session, 3, 0);
    for size in [(0, 0), (u16::MAX, u16::MAX), (0, u16::MAX), (u16::MAX, 0), (1, 1), (u16::MAX, 1)] {
        let frames = session.count("\x1b[?2026h");
        session.resize(size.0, size.1);
        until("another frame", || session.count("\x1b[?2026h") > frames);
    }
    let most = fs::read_to_string(format!("/proc/{}/status", session.process_id())).ok();
    if let Some(most) = most.as_deref().and_then(|status| status.lines().find_map(|line| line.strip_prefix("VmHWM:"))) {
        let kib: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 700 << 10, "{kib} KiB at most: no screen is larger than 1000x400");
    }
    session.resize(SIZE.0, SIZE.1);
    session.wait_for("the whole screen", |screen| screen.rows(0, 100).nth(29).unwrap().contains("? help"));
    wait_for_picture(&session, 3, 0);
    quit(session);
}

fn any_size_and_back() {
    let scene = Scene::new();
    let mut session = scene.start(&["tail", str(&scene.log())]);
    wait_for_picture(&session, 3, 0);
    for ((cols, rows), words) in [((1, 1), "…"), ((20, 5), "All 4"), ((60, 15), "#1 of 6"), (SIZE, "#1 of 6")] {
        session.resize(cols, rows);
        session.wait_for_text(words);
    }
    wait_for_picture(&session, 3, 0);
    session.wait_for("the whole screen", |screen| screen.rows(0, 100).nth(29).unwrap().contains("? help"));
    quit(session);
}

/// Text that would act on a terminal if it were printed raw; each has 777 in it.
fn nothing_in_a_log_reaches_the_terminal() {
    let scene = Scene::serving(|_| server::answer("403 \x1b]0;777\x07", "Content-Type: \u{9b}777m\r\n", b"\x1b[777m"));
    let log = scene.path("hostile\x1b[777m.log");
    fs::write(&log, hostile::log(&scene.server.url("/"))).unwrap();
    let mut session = scene.start(&["tail", str(&log)]);
    session.wait_for_text("All 9");
    // Every asset, then what else shows its text: the raw event, its history, the journal, the codes, the info.
    for key in ["g", "j", "j", "j", "j", "j", "j", "j", "j", "J", "q", "v", "q", "!", "q", "c", "q", "i", "q", "t", "z"]
    {
        session.type_keys(key);
        thread::sleep(Duration::from_millis(30));
    }
    session.wait_for_text("777");
    quit_from_overlay(&mut session);
    let bytes = session.bytes();
    let ours = hostile::sequences(&bytes);
    assert!(ours.len() > 100, "sequences were found");
    // The title of the window is text that was made safe.
    let ours = ours.iter().filter(|sequence| !sequence.starts_with("]2;thumbview · "));
    let theirs: Vec<_> = ours.filter(|sequence| sequence.contains("777")).collect();
    assert!(theirs.is_empty(), "{theirs:?}");
    assert_eq!(hostile::controls(&bytes, b"\x1b\r\n"), Vec::<char>::new());
    check_restored(&session);
}

/// Quits out of whatever overlay is open.
fn quit_from_overlay(session: &mut Session) {
    session.type_keys("\x03");
    assert_eq!(session.exit_code(), 0);
}

/// Holds a key over pictures that take 100 ms each: pictures that are no longer looked at are not requested. At the rate
/// of a repeating key, six fetches at a time keep up; a burst, as after a stall of the link, skips pictures.
fn a_held_key_does_not_queue_fetches() {
    let one_by_one = |session: &mut Session| {
        for _ in 1..PICTURES {
            session.type_keys("l");
            thread::sleep(Duration::from_millis(33));
        }
    };
    println!("{}", scrub("30 keys a second", one_by_one, PICTURES));
    println!("{}", scrub("a burst of keys", |session| session.type_keys(&"l".repeat(PICTURES - 1)), PICTURES / 2));
}

/// Goes through a hundred pictures, a key each; asserts how many of them are asked for, and that none is asked for twice.
fn scrub(what: &str, type_keys: impl FnOnce(&mut Session), bound: usize) -> String {
    let scene = Scene::serving(|request| {
        let slowly = [Act::Pause(Duration::from_millis(100))];
        [slowly.as_slice(), &picture(&jpeg(colour_of(request)))].concat()
    });
    let log = scene.path("long.log");
    fs::write(&log, scene.event(3, PICTURES)).unwrap();
    let mut session = scene.start(&["open", str(&log)]);
    session.wait_for_text("#1 of 100");
    type_keys(&mut session);
    session.wait_for_text("#100 of 100");
    wait_for_picture(&session, 3, PICTURES - 1);
    quit(session);
    let mut asked = BTreeMap::<String, usize>::new();
    for request in scene.server.requests() {
        *asked.entry(request.path).or_default() += 1;
    }
    let twice: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "asked for more than once: {twice:?}");
    let (asked, most) = (asked.len(), scene.server.most_in_flight());
    // Six places, and a hang-up or two that the server has not seen yet.
    assert!(asked <= bound && most <= 8, "{what}: {asked} asked for, {most} at a time");
    format!("{what}: {asked} of {PICTURES} pictures were asked for, at most {most} at a time")
}

crate::tests! {
    shows_a_log_and_its_pictures,
    a_session_is_resumed,
    a_private_server_is_asked_once_it_is_allowed,
    indexed_colours_where_there_are_no_others,
    a_log_from_a_pipe_leaves_the_keyboard_free,
    a_live_pipe_says_what_a_followed_file_does,
    a_silent_pipe_does_not_hold_us,
    a_file_may_come_later,
    a_file_that_is_not_there_cannot_be_opened,
    places_without_a_screen_get_a_sentence,
    what_is_appended_appears,
    signals_end_a_session_that_waits_for_a_server,
    a_session_stops_and_goes_on_in_another_size,
    a_locale_without_utf_8_gets_ascii,
    sizes_that_no_window_has,
    any_size_and_back,
    nothing_in_a_log_reaches_the_terminal,
    a_held_key_does_not_queue_fetches,
}
