//! The room on a real pty: what goes out, what comes in, and what is left behind.

use super::{
    Input, InputReader, Mouse, Screen, ScreenOptions, TerminalError, Tty, WriteFinished, guard::Guard, guard::Holder,
    read,
};
use portable_pty::{PtyPair, PtySize, native_pty_system};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Size},
    style::Color,
    widgets::{Paragraph, Widget as _},
};
use rustix::fs::{Mode, OFlags};
use std::{
    io::{Read as _, Write},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::mpsc::Receiver;

/// No wait of a test is longer, and none is asserted to be shorter.
const DEADLINE: Duration = Duration::from_secs(10);

/// A terminal without a window: its master side, and the device as the program opens it.
struct Glass {
    pair: PtyPair,
    keyboard: Box<dyn Write + Send>,
    tty: Tty,
    /// What was written to the terminal.
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Glass {
    fn new() -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 800, pixel_height: 480 };
        let pair = native_pty_system().openpty(size).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let device = rustix::fs::open(pair.master.tty_name().unwrap(), flags, Mode::empty()).unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        Self { pair, keyboard, tty: Tty::on(device), seen: Arc::default() }
    }

    /// Starts to take what is written; before, the terminal is a link whose other end has stopped.
    fn look(&self) {
        let mut master = self.pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&self.seen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = master.read(&mut bytes) {
                seen.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
    }

    fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }

    fn wait(&self, what: &str, enough: impl Fn(&[u8]) -> bool) {
        wait(what, || enough(&self.bytes()));
    }

    /// The rows as a terminal shows them.
    fn rows(&self) -> Vec<String> {
        let size = self.tty.size();
        let rows = size.height.try_into().unwrap();
        let mut parser = vt100::Parser::new(rows, size.width.try_into().unwrap(), 0);
        parser.process(&self.bytes());
        parser.screen().rows(0, size.width).collect()
    }

    fn termios(&self) -> String {
        format!("{:?}", rustix::termios::tcgetattr(&self.tty).unwrap())
    }

    fn set_size(&self, cols: u16, rows: u16) {
        self.pair.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    fn open(&self) -> (Screen, Receiver<WriteFinished>) {
        Screen::open(&self.tty, ScreenOptions::default()).unwrap()
    }
}

fn wait(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < DEADLINE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn show(screen: &mut Screen, text: &str) -> usize {
    let draw = |buffer: &mut Buffer| (Paragraph::new(text.to_owned()).render(buffer.area, buffer), None);
    screen.draw(draw, |(), _| {}).unwrap()
}

fn ready(screen: &Screen) {
    wait("the frame to go out", || screen.is_ready());
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}

/// A text that fills the screen, different for each seed.
fn full(seed: u32, size: Size) -> String {
    let row = |y: u32| (0..u32::from(size.width)).map(move |x| char::from(b'!' + ((x * 7 + y * 13 + seed) % 90) as u8));
    (0..u32::from(size.height)).map(|y| row(y).chain(['\n']).collect::<String>()).collect()
}

fn keys(tty: &Tty) -> (InputReader, Receiver<Input>) {
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    (read(tty, sender), receiver)
}

#[test]
fn what_was_opened_is_closed() {
    let mut glass = Glass::new();
    glass.look();
    let before = glass.termios();
    let (mut screen, _written) = Screen::open(&glass.tty, ScreenOptions { mouse: Mouse::On }).unwrap();
    assert_ne!(glass.termios(), before, "raw mode");
    screen.cleanup(b"\x1b_Ga=d,d=I,i=7\x1b\\".to_vec());
    assert!(show(&mut screen, "hello") > 0);
    glass.wait("the frame", |bytes| count(bytes, b"\x1b[?2026l") == 1);
    assert_eq!(glass.rows()[0], "hello");
    screen.close().unwrap();
    assert_eq!(glass.termios(), before);
    glass.wait("the cursor", |bytes| bytes.ends_with(b"\x1b[?25h"));
    let bytes = glass.bytes();
    for mode in ["1049", "2004", "1000", "1002", "1006"] {
        assert_eq!(count(&bytes, format!("\x1b[?{mode}h").as_bytes()), 1, "{mode}");
        assert_eq!(count(&bytes, format!("\x1b[?{mode}l").as_bytes()), 1, "{mode}");
    }
    let at = |part: &[u8]| bytes.windows(part.len()).position(|window| window == part).unwrap();
    assert!(at(b"a=d,d=I,i=7") < at(b"\x1b[?1049l"), "pictures go before their screen");
    glass.keyboard.flush().unwrap();
}

#[test]
fn nothing_changed_is_nothing_written() {
    let glass = Glass::new();
    glass.look();
    let (mut screen, _written) = glass.open();
    assert!(show(&mut screen, "same") > 0);
    ready(&screen);
    assert_eq!(show(&mut screen, "same"), 0);
    screen.redraw();
    assert!(show(&mut screen, "same") > 0);
}

#[test]
fn a_large_frame_waits_for_its_answer() {
    let mut glass = Glass::new();
    glass.look();
    glass.set_size(200, 60);
    let (_reader, mut inputs) = keys(&glass.tty);
    let (mut screen, mut written) = glass.open();
    let text = full(0, glass.tty.size());
    assert!(show(&mut screen, &text) > 4096);
    glass.wait("the question", |bytes| bytes.ends_with(b"\x1b[?2026l\x1b[5n"));
    assert_eq!(written.blocking_recv(), Some(WriteFinished::Out));
    assert!(!screen.is_ready(), "out, but not arrived");
    glass.keyboard.write_all(b"\x1b[0n").unwrap();
    let Some(Input::Reply(bytes)) = inputs.blocking_recv() else { panic!("an answer") };
    assert!(screen.reply(&bytes));
    assert!(screen.is_ready());
    assert!(screen.rate().is_some());
    assert!(!screen.reply(b"\x1b[?62c"), "somebody else's");
}

#[test]
fn a_mute_terminal_is_not_waited_for_twice() {
    let glass = Glass::new();
    glass.look();
    glass.set_size(200, 60);
    let (mut screen, _written) = glass.open();
    show(&mut screen, &full(0, glass.tty.size()));
    screen.tick(Duration::from_secs(100));
    ready(&screen);
    show(&mut screen, &full(1, glass.tty.size()));
    ready(&screen);
    assert_eq!(count(&glass.bytes(), b"\x1b[5n"), 1);
}

#[test]
fn a_stopped_link_loses_no_byte() {
    let glass = Glass::new();
    glass.set_size(400, 200);
    let (mut screen, _written) = glass.open();
    let size = glass.tty.size();
    let mut bytes = show(&mut screen, &full(0, size));
    screen.send(b"\x07".to_vec());
    thread::sleep(Duration::from_millis(20));
    assert!(!screen.is_ready(), "{bytes} bytes fit into no pty");
    glass.look();
    screen.tick(Duration::from_secs(10));
    ready(&screen);
    bytes += show(&mut screen, &full(1, size));
    ready(&screen);
    glass.wait("all bytes", |seen| seen.len() >= bytes);
    let expected = full(1, size);
    wait("the last frame", || glass.rows() == expected.lines().collect::<Vec<_>>());
}

#[test]
fn a_dead_link_does_not_hold_us() {
    let glass = Glass::new();
    glass.set_size(400, 200);
    let before = glass.termios();
    let (mut screen, _written) = glass.open();
    show(&mut screen, &full(0, glass.tty.size()));
    screen.close().unwrap();
    assert_eq!(glass.termios(), before);
}

#[test]
fn a_torn_picture_is_ended_before_the_screen_is_left() {
    let glass = Glass::new();
    let (mut screen, _written) = glass.open();
    let picture = [b"\x1bPq".as_slice(), &vec![b'~'; 400_000], b"\x1b\\"].concat();
    screen.draw(|_| ((), None), |(), bytes| bytes.extend_from_slice(&picture)).unwrap();
    thread::sleep(Duration::from_millis(20));
    glass.look();
    screen.guard().restore(Holder::Shell);
    glass.wait("the cursor", |bytes| bytes.ends_with(b"\x1b[?25h"));
    let bytes = glass.bytes();
    assert!(bytes.len() < picture.len(), "it was torn");
    assert_eq!(count(&bytes, b"~\x18\x1b\\"), 1);
}

#[test]
fn a_panic_while_drawing_restores() {
    let glass = Glass::new();
    glass.look();
    let before = glass.termios();
    let (mut screen, _written) = glass.open();
    let panicked = thread::spawn(move || drop(screen.draw(|_| panic!("while drawing"), |(), _| {}))).join();
    assert!(panicked.is_err());
    assert_eq!(glass.termios(), before);
    glass.wait("the cursor", |bytes| bytes.ends_with(b"\x1b[?25h"));
}

#[test]
fn the_shell_borrows_the_terminal() {
    let glass = Glass::new();
    glass.look();
    let before = glass.termios();
    let (mut screen, _written) = glass.open();
    let raw = glass.termios();
    show(&mut screen, "before");
    ready(&screen);
    screen.guard().restore(Holder::ShellForNow);
    assert_eq!(glass.termios(), before);
    show(&mut screen, "lost");
    ready(&screen);
    screen.guard().resume().unwrap();
    assert_eq!(glass.termios(), raw);
    glass.set_size(30, 5);
    screen.resize(glass.tty.size());
    show(&mut screen, "after");
    glass.wait("the frame", |bytes| count(bytes, b"after") == 1);
    assert_eq!(glass.rows(), ["after", "", "", "", ""]);
    assert_eq!(count(&glass.bytes(), b"lost"), 0);
    screen.close().unwrap();
    assert_eq!(glass.termios(), before);
}

#[test]
fn a_closed_screen_is_not_entered_again() {
    let glass = Glass::new();
    glass.look();
    let before = glass.termios();
    let guard = Guard::enter(glass.tty.clone(), Mouse::Off).unwrap();
    guard.restore(Holder::Shell);
    guard.restore(Holder::Shell);
    guard.resume().unwrap();
    assert_eq!(glass.termios(), before);
    glass.wait("the cursor", |bytes| bytes.ends_with(b"\x1b[?25h"));
    assert_eq!(count(&glass.bytes(), b"\x1b[?1049l"), 1);
}

#[test]
fn a_lost_terminal_hangs_up() {
    let glass = Glass::new();
    let (_reader, mut inputs) = keys(&glass.tty);
    let (mut screen, _written) = glass.open();
    drop((glass.pair, glass.keyboard));
    // The pty's writer types an end of file when it is dropped.
    let last = std::iter::from_fn(|| inputs.blocking_recv()).find(|input| !matches!(input, Input::Key(_)));
    assert_eq!(last, Some(Input::HungUp));
    assert_eq!(inputs.blocking_recv(), None, "the thread has ended");
    show(&mut screen, "x");
    ready(&screen);
    assert!(matches!(screen.draw(|_| ((), None), |(), _| {}), Err(TerminalError::HungUp)));
    assert!(matches!(screen.close(), Err(TerminalError::HungUp)));
}

#[test]
fn keys_and_answers_come_apart() {
    let mut glass = Glass::new();
    let (_screen, _written) = glass.open();
    let (reader, mut inputs) = keys(&glass.tty);
    glass.keyboard.write_all(b"j\x1bP>|a\x1b\\\x1b").unwrap();
    let mut next = || inputs.blocking_recv().unwrap();
    assert!(matches!(next(), Input::Key(key) if key.code == crossterm::event::KeyCode::Char('j')));
    assert_eq!(next(), Input::Reply(b"\x1bP>|a\x1b\\".as_slice().into()));
    assert!(matches!(next(), Input::Key(key) if key.code == crossterm::event::KeyCode::Esc), "after silence");
    drop(reader);
    assert_eq!(inputs.blocking_recv(), None, "the thread has ended");
}

#[test]
fn leaving_waits_for_answers_on_their_way() {
    let mut glass = Glass::new();
    glass.look();
    let (_reader, _inputs) = keys(&glass.tty);
    let (mut screen, _written) = glass.open();
    screen.send(b"\x1b[>q\x1b[c".to_vec());
    assert!(glass.tty.is_asking());
    glass.wait("the probe", |bytes| bytes.ends_with(b"\x1b[c"));
    glass.keyboard.write_all(b"\x1b[?62;4c").unwrap();
    wait("the answer", || !glass.tty.is_asking());
    screen.close().unwrap();
}

#[test]
fn sizes_are_clamped() {
    let glass = Glass::new();
    let check = |cols, rows, width, height| {
        glass.set_size(cols, rows);
        assert_eq!(glass.tty.size(), Size { width, height });
    };
    check(100, 30, 100, 30);
    check(1, 1, 1, 1);
    check(0, 0, 80, 24);
    check(u16::MAX, u16::MAX, 1000, 400);
    assert_eq!(glass.tty.pixels(), (0, 0));
}

#[test]
fn the_cursor_shows_where_it_is_wanted() {
    let glass = Glass::new();
    glass.look();
    let (mut screen, _written) = glass.open();
    let mut prompt = |text: &'static str, at: Option<Position>, picture: &'static [u8]| {
        let draw = |buffer: &mut Buffer| (text.render(buffer.area, buffer), at);
        let written = screen.draw(draw, |(), bytes| bytes.extend_from_slice(picture)).unwrap();
        ready(&screen);
        written
    };
    prompt("/ab", Some(Position { x: 3, y: 0 }), b"");
    assert_eq!(prompt("/ab", Some(Position { x: 3, y: 0 }), b""), 0);
    prompt("/abc", Some(Position { x: 4, y: 0 }), b"\x1b[9;9H");
    glass.wait("the second frame", |bytes| count(bytes, b"\x1b[9;9H") == 1);
    let mut parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    parser.process(&glass.bytes());
    assert_eq!(parser.screen().cursor_position(), (0, 4));
    assert!(!parser.screen().hide_cursor());
    prompt("", None, b"");
    glass.wait("the hidden cursor", |bytes| bytes.ends_with(b"\x1b[?25l"));
}

#[test]
fn colours_are_ratatuis() {
    let glass = Glass::new();
    glass.look();
    let (mut screen, _written) = glass.open();
    let draw = |buffer: &mut Buffer| (buffer.set_string(0, 0, "x", Color::Rgb(1, 2, 3)), None);
    screen.draw(draw, |(), _| {}).unwrap();
    glass.wait("the frame", |bytes| count(bytes, b"38;2;1;2;3") == 1);
}
