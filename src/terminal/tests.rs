//! The terminal module on a real pty: its output, its input, and its restoration.

use super::{
    FrameExtras, Input, InputReader, Mouse, Screen, TerminalError, Tty, WriteFinished, guard::Guard, guard::Holder,
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

/// The longest wait of a test; none is asserted to be shorter.
const DEADLINE: Duration = Duration::from_secs(10);

/// A pty: its master side, and the device as the program opens it.
struct TestTerminal {
    pair: PtyPair,
    keyboard: Box<dyn Write + Send>,
    tty: Tty,
    /// The bytes that the terminal has read.
    output: Arc<Mutex<Vec<u8>>>,
}

impl TestTerminal {
    fn new() -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 800, pixel_height: 480 };
        let pair = native_pty_system().openpty(size).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let device = rustix::fs::open(pair.master.tty_name().unwrap(), flags, Mode::empty()).unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        Self { pair, keyboard, tty: Tty::from_fd(device), output: Arc::default() }
    }

    /// Starts to read; before, the terminal is a link whose other end has stopped.
    fn start_reading(&self) {
        let mut master = self.pair.master.try_clone_reader().unwrap();
        let output = Arc::clone(&self.output);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = master.read(&mut bytes) {
                output.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
    }

    fn bytes(&self) -> Vec<u8> {
        self.output.lock().unwrap().clone()
    }

    fn wait(&self, what: &str, enough: impl Fn(&[u8]) -> bool) {
        wait(what, || enough(&self.bytes()));
    }

    /// Returns the rows as a terminal shows them.
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
        Screen::open(&self.tty, Mouse::Off).unwrap()
    }
}

fn wait(what: &str, mut done: impl FnMut() -> bool) {
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

fn wait_until_ready(screen: &Screen) {
    wait("the frame to go out", || screen.is_ready());
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}

/// Returns a text that fills the screen, different for each seed.
fn screenful(seed: u32, size: Size) -> String {
    let row = |y: u32| (0..u32::from(size.width)).map(move |x| char::from(b'!' + ((x * 7 + y * 13 + seed) % 90) as u8));
    (0..u32::from(size.height)).map(|y| row(y).chain(['\n']).collect::<String>()).collect()
}

fn keys(tty: &Tty) -> (InputReader, Receiver<Input>) {
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    (read(tty, sender), receiver)
}

#[test]
fn the_modes_that_were_set_are_reset() {
    let mut terminal = TestTerminal::new();
    terminal.start_reading();
    let before = terminal.termios();
    let (mut screen, _written) = Screen::open(&terminal.tty, Mouse::On).unwrap();
    assert_ne!(terminal.termios(), before, "raw mode");
    screen.set_cleanup(b"\x1b_Ga=d,d=I,i=7\x1b\\".to_vec());
    assert!(show(&mut screen, "hello") > 0);
    terminal.wait("the frame", |bytes| count(bytes, b"\x1b[?2026l") == 1);
    assert_eq!(terminal.rows()[0], "hello");
    screen.close().unwrap();
    assert_eq!(terminal.termios(), before);
    terminal.wait("the cursor", |bytes| bytes.ends_with(b"\x1b[?25h"));
    let bytes = terminal.bytes();
    for mode in ["1049", "2004", "1000", "1002", "1006"] {
        assert_eq!(count(&bytes, format!("\x1b[?{mode}h").as_bytes()), 1, "{mode}");
        assert_eq!(count(&bytes, format!("\x1b[?{mode}l").as_bytes()), 1, "{mode}");
    }
    let at = |part: &[u8]| bytes.windows(part.len()).position(|window| window == part).unwrap();
    assert!(at(b"a=d,d=I,i=7") < at(b"\x1b[?1049l"), "pictures go before their screen");
    terminal.keyboard.flush().unwrap();
}

#[test]
fn an_unchanged_frame_writes_nothing() {
    let terminal = TestTerminal::new();
    terminal.start_reading();
    let (mut screen, _written) = terminal.open();
    assert!(show(&mut screen, "same") > 0);
    wait_until_ready(&screen);
    assert_eq!(show(&mut screen, "same"), 0);
    screen.redraw();
    assert!(show(&mut screen, "same") > 0);
}

#[test]
fn a_large_frame_waits_for_its_answer() {
    let mut terminal = TestTerminal::new();
    terminal.start_reading();
    terminal.set_size(200, 60);
    let (_reader, mut inputs) = keys(&terminal.tty);
    let (mut screen, mut written) = terminal.open();
    let text = screenful(0, terminal.tty.size());
    assert!(show(&mut screen, &text) > 4096);
    terminal.wait("the query", |bytes| bytes.ends_with(b"\x1b[?2026l\x1b[5n"));
    assert_eq!(written.blocking_recv(), Some(WriteFinished::Written));
    assert!(!screen.is_ready(), "written, but not acknowledged");
    terminal.keyboard.write_all(b"\x1b[0n").unwrap();
    let Some(Input::Reply(bytes)) = inputs.blocking_recv() else { panic!("an answer") };
    assert!(screen.acknowledge(&bytes));
    assert!(screen.is_ready());
    assert!(screen.rate().is_some());
    assert!(!screen.acknowledge(b"\x1b[?62c"), "not an acknowledgement");
}

#[test]
fn a_mute_terminal_is_waited_for_once() {
    let terminal = TestTerminal::new();
    terminal.start_reading();
    terminal.set_size(200, 60);
    let (mut screen, _written) = terminal.open();
    show(&mut screen, &screenful(0, terminal.tty.size()));
    screen.tick(Duration::from_secs(100));
    wait_until_ready(&screen);
    show(&mut screen, &screenful(1, terminal.tty.size()));
    wait_until_ready(&screen);
    assert_eq!(count(&terminal.bytes(), b"\x1b[5n"), 1);
}

#[test]
fn a_stopped_link_loses_no_byte() {
    let terminal = TestTerminal::new();
    terminal.set_size(400, 200);
    let (mut screen, _written) = terminal.open();
    let size = terminal.tty.size();
    let mut bytes = show(&mut screen, &screenful(0, size));
    screen.send(b"\x07".to_vec());
    thread::sleep(Duration::from_millis(20));
    assert!(!screen.is_ready(), "{bytes} bytes fit into no pty");
    terminal.start_reading();
    screen.tick(Duration::from_secs(10));
    wait_until_ready(&screen);
    bytes += show(&mut screen, &screenful(1, size));
    wait_until_ready(&screen);
    terminal.wait("all bytes", |seen| seen.len() >= bytes);
    let expected = screenful(1, size);
    wait("the last frame", || terminal.rows() == expected.lines().collect::<Vec<_>>());
}

#[test]
fn a_dead_link_does_not_block_the_end() {
    let terminal = TestTerminal::new();
    terminal.set_size(400, 200);
    let before = terminal.termios();
    let (mut screen, _written) = terminal.open();
    show(&mut screen, &screenful(0, terminal.tty.size()));
    screen.close().unwrap();
    assert_eq!(terminal.termios(), before);
}

#[test]
fn an_incomplete_picture_is_ended_before_the_screen_is_left() {
    let terminal = TestTerminal::new();
    let (mut screen, _written) = terminal.open();
    let picture = [b"\x1bPq".as_slice(), &vec![b'~'; 400_000], b"\x1b\\"].concat();
    screen.draw(|_| ((), None), |(), bytes| bytes.extend_from_slice(&picture)).unwrap();
    thread::sleep(Duration::from_millis(20));
    terminal.start_reading();
    screen.guard().restore(Holder::Shell);
    terminal.wait("the cursor", |bytes| bytes.ends_with(b"\x1b[?25h"));
    let bytes = terminal.bytes();
    assert!(bytes.len() < picture.len(), "it was incomplete");
    assert_eq!(count(&bytes, b"~\x18\x1b\\"), 1);
}

#[test]
fn a_panic_while_drawing_restores() {
    let terminal = TestTerminal::new();
    terminal.start_reading();
    let before = terminal.termios();
    let (mut screen, _written) = terminal.open();
    let panicked =
        thread::spawn(move || drop(screen.draw(|_| -> ((), FrameExtras) { panic!("while drawing") }, |(), _| {})))
            .join();
    assert!(panicked.is_err());
    assert_eq!(terminal.termios(), before);
    terminal.wait("the cursor", |bytes| bytes.ends_with(b"\x1b[?25h"));
}

#[test]
fn the_shell_borrows_the_terminal() {
    let terminal = TestTerminal::new();
    terminal.start_reading();
    let before = terminal.termios();
    let (mut screen, _written) = terminal.open();
    let raw = terminal.termios();
    show(&mut screen, "before");
    wait_until_ready(&screen);
    screen.guard().restore(Holder::StoppedShell);
    assert_eq!(terminal.termios(), before);
    show(&mut screen, "lost");
    wait_until_ready(&screen);
    screen.guard().resume().unwrap();
    assert_eq!(terminal.termios(), raw);
    terminal.set_size(30, 5);
    screen.resize(terminal.tty.size());
    show(&mut screen, "after");
    terminal.wait("the frame", |bytes| count(bytes, b"after") == 1);
    assert_eq!(terminal.rows(), ["after", "", "", "", ""]);
    assert_eq!(count(&terminal.bytes(), b"lost"), 0);
    screen.close().unwrap();
    assert_eq!(terminal.termios(), before);
}

#[test]
fn a_closed_screen_is_not_entered_again() {
    let terminal = TestTerminal::new();
    terminal.start_reading();
    let before = terminal.termios();
    let guard = Guard::enter(terminal.tty.clone(), Mouse::Off).unwrap();
    guard.restore(Holder::Shell);
    guard.restore(Holder::Shell);
    guard.resume().unwrap();
    assert_eq!(terminal.termios(), before);
    terminal.wait("the cursor", |bytes| bytes.ends_with(b"\x1b[?25h"));
    assert_eq!(count(&terminal.bytes(), b"\x1b[?1049l"), 1);
}

#[test]
fn a_lost_terminal_hangs_up() {
    let terminal = TestTerminal::new();
    let (_reader, mut inputs) = keys(&terminal.tty);
    let (mut screen, _written) = terminal.open();
    drop((terminal.pair, terminal.keyboard));
    // The pty's writer types an end of file when it is dropped.
    let last = std::iter::from_fn(|| inputs.blocking_recv()).find(|input| !matches!(input, Input::Key(_)));
    assert_eq!(last, Some(Input::HungUp));
    assert_eq!(inputs.blocking_recv(), None, "the thread has ended");
    show(&mut screen, "x");
    wait_until_ready(&screen);
    assert!(matches!(screen.draw(|_| ((), None), |(), _| {}), Err(TerminalError::HungUp)));
    assert!(matches!(screen.close(), Err(TerminalError::HungUp)));
}

#[test]
fn keys_and_answers_are_separated() {
    let mut terminal = TestTerminal::new();
    let (_screen, _written) = terminal.open();
    let (reader, mut inputs) = keys(&terminal.tty);
    terminal.keyboard.write_all(b"j\x1bP>|a\x1b\\\x1b").unwrap();
    let mut next = || inputs.blocking_recv().unwrap();
    assert!(matches!(next(), Input::Key(key) if key.code == crossterm::event::KeyCode::Char('j')));
    assert_eq!(next(), Input::Reply(b"\x1bP>|a\x1b\\".as_slice().into()));
    assert!(matches!(next(), Input::Key(key) if key.code == crossterm::event::KeyCode::Esc), "after silence");
    drop(reader);
    assert_eq!(inputs.blocking_recv(), None, "the thread has ended");
}

#[test]
fn closing_waits_for_answers_that_are_due() {
    let mut terminal = TestTerminal::new();
    terminal.start_reading();
    let (_reader, _inputs) = keys(&terminal.tty);
    let (mut screen, _written) = terminal.open();
    screen.send(b"\x1b[>q\x1b[c".to_vec());
    assert!(terminal.tty.awaits_answers());
    terminal.wait("the probe", |bytes| bytes.ends_with(b"\x1b[c"));
    terminal.keyboard.write_all(b"\x1b[?62;4c").unwrap();
    wait("the answer", || !terminal.tty.awaits_answers());
    screen.close().unwrap();
}

#[test]
fn closing_waits_for_an_answer_from_far_away() {
    let terminal = TestTerminal::new();
    terminal.start_reading();
    let (_reader, mut inputs) = keys(&terminal.tty);
    let (mut screen, _written) = terminal.open();
    screen.send(b"\x1b[c".to_vec());
    let output = Arc::clone(&terminal.output);
    let mut keyboard = terminal.keyboard;
    let answering = thread::spawn(move || {
        wait("the query", || output.lock().unwrap().ends_with(b"\x1b[c"));
        thread::sleep(Duration::from_millis(500));
        keyboard.write_all(b"\x1b[?62;4c").unwrap();
        keyboard
    });
    screen.close().unwrap();
    // In the shell's modes it could not be read without a newline.
    let answer = Input::Reply(b"\x1b[?62;4c".as_slice().into());
    wait("the answer, which is not left for the shell", || inputs.try_recv().is_ok_and(|input| input == answer));
    drop(answering.join().unwrap());
}

#[test]
fn a_mute_terminal_is_not_waited_for_for_ever() {
    let terminal = TestTerminal::new();
    terminal.start_reading();
    let (mut screen, _written) = terminal.open();
    screen.send(b"\x1b[c".to_vec());
    screen.close().unwrap();
    assert!(!terminal.tty.awaits_answers());
}

#[test]
fn sizes_are_clamped() {
    let terminal = TestTerminal::new();
    let check = |cols, rows, width, height| {
        terminal.set_size(cols, rows);
        assert_eq!(terminal.tty.size(), Size { width, height });
    };
    check(100, 30, 100, 30);
    check(1, 1, 1, 1);
    check(0, 0, 80, 24);
    check(u16::MAX, u16::MAX, 1000, 400);
    assert_eq!(terminal.tty.pixels(), (0, 0));
}

#[test]
fn the_cursor_is_shown_at_its_position() {
    let terminal = TestTerminal::new();
    terminal.start_reading();
    let (mut screen, _written) = terminal.open();
    let mut prompt = |text: &'static str, at: Option<Position>, picture: &'static [u8]| {
        let draw = |buffer: &mut Buffer| (text.render(buffer.area, buffer), at);
        let written = screen.draw(draw, |(), bytes| bytes.extend_from_slice(picture)).unwrap();
        wait_until_ready(&screen);
        written
    };
    prompt("/ab", Some(Position { x: 3, y: 0 }), b"");
    assert_eq!(prompt("/ab", Some(Position { x: 3, y: 0 }), b""), 0);
    prompt("/abc", Some(Position { x: 4, y: 0 }), b"\x1b[9;9H");
    terminal.wait("the second frame", |bytes| count(bytes, b"\x1b[9;9H") == 1);
    let mut parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    parser.process(&terminal.bytes());
    assert_eq!(parser.screen().cursor_position(), (0, 4));
    assert!(!parser.screen().hide_cursor());
    prompt("", None, b"");
    terminal.wait("the hidden cursor", |bytes| bytes.ends_with(b"\x1b[?25l"));
}

#[test]
fn colours_are_those_of_the_buffer() {
    let terminal = TestTerminal::new();
    terminal.start_reading();
    let (mut screen, _written) = terminal.open();
    let draw = |buffer: &mut Buffer| (buffer.set_string(0, 0, "x", Color::Rgb(1, 2, 3)), None);
    screen.draw(draw, |(), _| {}).unwrap();
    terminal.wait("the frame", |bytes| count(bytes, b"38;2;1;2;3") == 1);
}
