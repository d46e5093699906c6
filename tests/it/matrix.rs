//! The program on every kind of terminal with every timing of answers.
//!
//! A terminal may answer at once or late, in one piece or byte by byte, with other sequences in between, or not at all. In
//! every case the first frame is drawn before the queries, no answer is taken for a key, the keyboard works, and the
//! picture is drawn by the best protocol of which answers came.

use crate::support::pty::{Answers, Manner, PROGRAM, Parts, Script, Session};
use crate::support::server::{ImageServer, picture};
use rustix::process::Signal;
use std::{
    fs,
    io::Cursor,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const SIZE: (u16, u16) = (72, 16);
const IDS: [&str; 2] = ["9e107d9d372bb6826bd81d3542a419d6", "14d7b2faba0dddd6b4e8936272d6bc3f"];

/// Queries and answers.
type Talk = &'static [(&'static str, &'static str)];

const KITTY: Talk = &[
    ("\x1b[>q", "\x1bP>|kitty(0.41.1)\x1b\\"),
    ("\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", "\x1b_Gi=31;OK\x1b\\"),
    ("\x1b[16t", "\x1b[6;20;10t"),
    ("\x1b[14t", "\x1b[4;320;720t"),
    ("\x1b]11;?\x1b\\", "\x1b]11;rgb:0000/0000/0000\x1b\\"),
    ("\x1b[c", "\x1b[?62;c"),
    ("\x1b[5n", "\x1b[0n"),
];
const ITERM2: Talk = &[
    ("\x1b[>q", "\x1bP>|iTerm2 3.5.0\x1b\\"),
    ("\x1b[14t", "\x1b[4;320;720t"),
    ("\x1b]11;?\x1b\\", "\x1b]11;rgb:ffff/ffff/ffff\x07"),
    ("\x1b[c", "\x1b[?62;4c"),
    ("\x1b[5n", "\x1b[0n"),
];
const SIXEL: Talk = &[
    ("\x1b[>q", "\x1bP>|foot(1.21.0)\x1b\\"),
    ("\x1b[?2;4;0S", "\x1b[?2;0;2000;2000S"),
    ("\x1b[16t", "\x1b[6;20;10t"),
    ("\x1b[c", "\x1b[?62;4;22c"),
    ("\x1b[5n", "\x1b[0n"),
];
const PLAIN: Talk = &[("\x1b[c", "\x1b[?6c"), ("\x1b[5n", "\x1b[0n")];

/// The bytes by which a picture of each protocol is recognised.
const DRAWINGS: [(&str, &str); 3] =
    [("kitty", "\x1b_Ga=p,"), ("iTerm2", "\x1b]1337;File=inline=1;"), ("sixel", "\x1bP0;1;0q\"1;1;")];

const MANNERS: [(&str, Manner); 6] = [
    ("mute", |_| (Duration::ZERO, Vec::new())),
    ("after 80 ms", |answer| late(80, answer)),
    ("byte by byte", |answer| {
        (Duration::ZERO, answer.bytes().map(|byte| (Duration::from_millis(2), vec![byte])).collect())
    }),
    ("after 1.5 s", |answer| late(1500, answer)),
    ("after 5 s", |answer| late(5000, answer)),
    ("amid other sequences", |answer| {
        let other = "\x1b[?9999;1;2;3z\x1bP1$rqjq\x1b\\\x1b]52;c;cWpx\x07\x1b[8;24;80t\x1b[0n\x1b_Gi=7;ENOENT:q\x1b\\";
        late(0, &format!("{other}{answer}"))
    }),
];

fn late(millis: u64, answer: &str) -> (Duration, Parts) {
    (Duration::from_millis(millis), vec![(Duration::ZERO, answer.into())])
}

struct Case {
    terminal: &'static str,
    talk: Talk,
    manner: (&'static str, Manner),
}

fn every_terminal_with_every_timing() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(ImageServer::start(|request| picture(&jpeg(&request.path))));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    fs::write(&log, IDS.map(|id| event(&server, id)).concat()).unwrap();
    let terminals = [("kitty", KITTY), ("iTerm2", ITERM2), ("sixel", SIXEL), ("plain", PLAIN)];
    // Many at the same time, because most of it is waiting; not all, because none should wait for a core.
    for some in terminals.chunks(2) {
        thread::scope(|scope| {
            for (terminal, talk) in some {
                for manner in MANNERS {
                    let (log, host) = (&log, server.host());
                    scope.spawn(move || check(&Case { terminal, talk, manner }, log, &host));
                }
            }
        });
    }
}

fn check(case: &Case, log: &Path, host: &str) {
    let Case { terminal, talk, manner: (manner, write) } = case;
    let name = format!("{terminal}, {manner}");
    // Whether the disk takes pictures is told where the hints stand, and is not what this is about.
    let command = [PROGRAM, "open", log.to_str().unwrap(), "--allow-host", host, "--no-cache"];
    let script = Script { answers: talk, manner: *write };
    let mut session = Session::run(&command, SIZE, &[("COLORTERM", "truecolor")], Answers::Scripted(script));
    session.wait_for_text("All 2");
    let first = session.bytes();
    let place = |what: &str| first.windows(what.len()).position(|part| part == what.as_bytes());
    assert!(place("thumbview") < place("\x1b[c"), "{name}: a frame comes before the questions");
    wait_for_cursor(&session, 1, 1, &name);
    // The keyboard works while answers are on their way; but no terminal lets a key into the middle of one.
    let early = *manner != "byte by byte";
    if early {
        session.type_keys("l");
        wait_for_cursor(&session, 1, 2, &name);
    }
    let expected = if *manner == "mute" { "plain" } else { terminal };
    for (protocol, drawing) in DRAWINGS {
        if protocol == expected {
            until(&format!("{name}: a picture"), || session.count(drawing) > 0);
        }
    }
    session.wait_for(&format!("{name}: cells"), |screen| expected != "plain" || blocks(screen) > 30);
    // No answer moved anything, opened anything, or was typed anywhere.
    wait_for_cursor(&session, 1, if early { 2 } else { 1 }, &name);
    assert!(session.text().contains("j/k asset"), "{name}: {}", session.text());
    session.type_keys("k");
    wait_for_cursor(&session, 0, 1, &name);
    for (protocol, drawing) in DRAWINGS {
        assert_eq!(session.count(drawing) > 0, protocol == expected, "{name}: {protocol}");
    }
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0, "{name}");
    assert_eq!(session.modes(), session.modes_before(), "{name}");
}

fn no_image_stays_in_the_terminal() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(ImageServer::start(|request| picture(&jpeg(&request.path))));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vod.log");
    fs::write(&log, IDS.map(|id| event(&server, id)).concat()).unwrap();
    let (log, host) = (log.to_str().unwrap(), server.host());
    let script = Script { answers: KITTY, manner: |answer| late(0, answer) };
    // A shell that tells when it has the terminal, so that a stop can be seen.
    let job = "set -m; \"$0\" \"$@\"; echo stopped; read line; fg >/dev/null; echo ended $?";
    let command = ["sh", "-c", job, PROGRAM, "open", log, "--allow-host", &host];
    let leave: [fn(&mut Session); 3] = [
        |session| session.type_keys("q"),
        |session| session.signal(Signal::TERM),
        |session| {
            session.type_keys("\x1a");
            session.wait_for_text("stopped");
            assert_eq!(kept(&session.bytes()), Vec::<u32>::new(), "while it is stopped");
            let before = session.count(DRAWINGS[0].1);
            session.type_keys("\n");
            until("pictures again", || session.count(DRAWINGS[0].1) > before);
            session.type_keys("q");
        },
    ];
    thread::scope(|scope| {
        for leave in leave {
            scope.spawn(move || {
                let mut session = Session::run(&command, SIZE, &[], Answers::Scripted(script));
                wait_for_cursor(&session, 1, 1, "kitty");
                until("a picture", || session.count(DRAWINGS[0].1) > 0);
                // The sheet shows several, whichever came first.
                session.type_keys("t");
                until("several", || kept(&session.bytes()).len() > 1);
                session.type_keys("t");
                wait_for_cursor(&session, 1, 1, "kitty");
                leave(&mut session);
                until("the end", || session.count("\x1b[?1049l") > 0);
                session.wait_for("the shell", |screen| !screen.alternate_screen());
                assert_eq!(kept(&session.bytes()), Vec::<u32>::new());
            });
        }
    });
}

/// Returns the ids of the images that a terminal stores after these bytes.
fn kept(bytes: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(bytes);
    let mut kept = Vec::new();
    for command in text.split("\x1b_G").skip(1) {
        let keys = command.split([';', '\x1b']).next().unwrap();
        let number = keys.split(',').find_map(|key| key.strip_prefix("i=")).map(|number| number.parse().unwrap());
        if keys.starts_with("a=t,") {
            kept.extend(number);
        } else if keys.starts_with("a=d,d=I") {
            kept.retain(|kept| Some(*kept) != number);
        }
    }
    kept
}

/// Waits until this asset is selected and this picture of it is under the cursor.
fn wait_for_cursor(session: &Session, asset: usize, picture: usize, name: &str) {
    let head = IDS[asset].split_at(8).0;
    session.wait_for(&format!("{name}: picture {picture} of {head}"), |screen| {
        let text = screen.contents();
        text.contains(&format!("┌ {head}")) && text.contains(&format!("#{picture} of 3"))
    });
}

fn blocks(screen: &vt100::Screen) -> usize {
    let (rows, columns) = screen.size();
    let places = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
    let cells = places.filter_map(|(row, column)| screen.cell(row, column));
    cells.filter(|cell| matches!(cell.bgcolor(), vt100::Color::Rgb(..))).count()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn event(server: &ImageServer, id: &str) -> String {
    let sample = |index| format!(r#"{{"offset":{},"url":"{}"}}"#, index * 5, server.url(&format!("/{id}/{index}.jpg")));
    let samples = (0..3).map(sample).collect::<Vec<_>>().join(",");
    let info = format!(r#"{{"asset_id":"{id}","status":"SUCCEED","sample":[{samples}],"dots":[]}}"#);
    format!("{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{info}}}\n")
}

/// A picture with something in it, so that its blocks are of more than one kind; each path has its own.
fn jpeg(path: &str) -> Vec<u8> {
    let shade = path.bytes().fold(0, |shade: u8, byte| shade.wrapping_mul(31).wrapping_add(byte));
    let pixel = |x, y| image::Rgb([x, y * 2, 255 - x].map(|part: u32| part.to_le_bytes()[0].wrapping_add(shade)));
    let image = image::RgbImage::from_fn(160, 90, pixel);
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

crate::tests! {
    every_terminal_with_every_timing,
    no_image_stays_in_the_terminal,
}
