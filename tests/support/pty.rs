//! A terminal for the tests: the real program on a real pty, seen through a terminal's parser.
//!
//! ```ignore
//! let mut session = Session::start(&["demo"], (100, 30), &[]);
//! session.wait_for("the list", |screen| screen.contents().contains("SUCCEED"));
//! session.type_keys("j l");                    // as bytes: "\x1b[A" is the up arrow, "\r" Enter
//! session.signal(Signal::TERM);
//! assert_eq!(session.exit_code(), 143);
//! assert_eq!(session.modes(), session.modes_before());
//! ```
//!
//! Nothing here asserts a time: waits have one generous deadline and end as soon as what they wait for is there. The
//! child's environment is empty but for `PATH`, a home of its own, `TERM`, `LANG` and what the test adds. Dropping a
//! session kills its child. [`Answers`] says what kind of terminal is played. After the child's end the device stays
//! open, so that its modes can be looked at.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::{
    fs::{Mode, OFlags},
    process::{Pid, Signal, kill_process},
};
use std::{
    collections::VecDeque,
    io::{Read as _, Write},
    num::NonZeroU16,
    os::fd::OwnedFd,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The program under test. In a pipe or as a job: `Session::run(&["sh", "-c", "true | $0 $@", PROGRAM, "-"], …)`.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_thumbview");

/// The script that runs a command without inotify, as the first words of `unshare -r sh -c`.
pub(crate) const UNWATCHED: &str = "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$0\" \"$@\"";

/// What asks for kitty's pictures; written in one piece, and so seen in one.
const KITTY_QUERY: &[u8] = b"a=q,t=d";

/// No wait is longer.
const DEADLINE: Duration = Duration::from_mins(1);

/// How the played terminal answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answers {
    /// Not at all.
    Mute,
    /// As a VT220 without graphics: DA1 and DSR.
    Plain,
    /// The same, but so much later.
    Late(Duration),
    /// As kitty: pictures, in cells of 10x20 pixels.
    Kitty,
    /// As it is written down.
    Scripted(Script),
}

/// Parts of an answer, each after a pause.
pub(crate) type Parts = Vec<(Duration, Vec<u8>)>;
/// How late an answer is written, and in what parts.
pub(crate) type Manner = fn(&str) -> (Duration, Parts);

/// A terminal that answers as it is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// What is asked, and what is answered to it.
    pub(crate) answers: &'static [(&'static str, &'static str)],
    /// Writes an answer.
    pub(crate) manner: Manner,
}

/// A program on a terminal.
pub(crate) struct Session {
    master: Option<Box<dyn MasterPty + Send>>,
    device: OwnedFd,
    child: Box<dyn Child + Send + Sync>,
    keyboard: Keyboard,
    emulator: Arc<Mutex<Emulator>>,
    looks: Arc<AtomicBool>,
    looker: Option<JoinHandle<()>>,
    modes_before: String,
    /// The program's home, gone after it.
    _home: tempfile::TempDir,
}

type Keyboard = Arc<Mutex<Box<dyn Write + Send>>>;

struct Emulator {
    is_open: bool,
    parser: vt100::Parser<Answerer>,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct Answerer {
    answers: Vec<u8>,
}

impl vt100::Callbacks for Answerer {
    fn unhandled_csi(&mut self, _: &mut vt100::Screen, i1: Option<u8>, _: Option<u8>, params: &[&[u16]], c: char) {
        match (i1, params, c) {
            (None, [] | [[0]], 'c') => self.answers.extend_from_slice(b"\x1b[?62;22c"),
            (None, [[5]], 'n') => self.answers.extend_from_slice(b"\x1b[0n"),
            _ => {}
        }
    }
}

impl Session {
    /// Starts the program with these arguments, in a window of (columns, rows), on a terminal that answers plainly.
    pub(crate) fn start(args: &[&str], size: (u16, u16), env: &[(&str, &str)]) -> Self {
        Self::run(&[&[PROGRAM], args].concat(), size, env, Answers::Plain)
    }

    /// Starts any command on any terminal.
    pub(crate) fn run(command: &[&str], (cols, rows): (u16, u16), env: &[(&str, &str)], answers: Answers) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let device = rustix::fs::open(pair.master.tty_name().unwrap(), flags, Mode::empty()).unwrap();
        let modes_before = modes(&device);
        let home = tempfile::tempdir().unwrap();
        let child = pair.slave.spawn_command(builder(command, env, home.path())).unwrap();
        drop(pair.slave);
        let mut session = Self {
            keyboard: Arc::new(Mutex::new(pair.master.take_writer().unwrap())),
            master: Some(pair.master),
            device,
            child,
            emulator: Arc::new(Mutex::new(Emulator {
                is_open: true,
                parser: vt100::Parser::new_with_callbacks(cells(rows), cells(cols), 0, Answerer::default()),
                bytes: Vec::new(),
            })),
            looks: Arc::new(AtomicBool::new(true)),
            looker: None,
            modes_before,
            _home: home,
        };
        session.looker = Some(session.look(answers));
        session
    }

    /// Types these bytes.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.keyboard.lock().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen is as wanted; panics with the screen when it does not come to be.
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let found = until(|| wanted(self.emulator.lock().unwrap().parser.screen()));
        assert!(found, "waited in vain for {what}; the screen is\n{}", self.text());
    }

    /// Waits until this text is on the screen.
    pub(crate) fn wait_for_text(&self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    /// The text on the screen.
    pub(crate) fn text(&self) -> String {
        self.emulator.lock().unwrap().parser.screen().contents()
    }

    /// All bytes that the program has written so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.emulator.lock().unwrap().bytes.clone()
    }

    /// How often these bytes were written.
    pub(crate) fn count(&self, part: &str) -> usize {
        self.bytes().windows(part.len()).filter(|window| *window == part.as_bytes()).count()
    }

    /// Changes the window's size, which sends SIGWINCH. A size that no terminal can have is shown at a usual one.
    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        let seen = if cols == 0 || cols > 1000 { (80, 24) } else { (cols, rows) };
        self.emulator.lock().unwrap().parser.set_size(cells(seen.1), cells(seen.0));
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().expect("a window").resize(size).unwrap();
    }

    /// Stops (false) or goes on (true) to take what the program writes, as a dead link does.
    pub(crate) fn set_looking(&self, looks: bool) {
        self.looks.store(looks, Ordering::Release);
    }

    /// Closes the terminal's window; the last that the program sees of it is a hang-up.
    pub(crate) fn hang_up(&mut self) {
        self.master = None;
        *self.keyboard.lock().unwrap() = Box::new(std::io::sink());
        // The looking thread holds the window open and waits for output: it gets some, and finds the window gone.
        self.emulator.lock().unwrap().is_open = false;
        self.set_looking(true);
        rustix::io::write(&self.device, b" ").unwrap();
        self.looker.take().expect("it hangs up once").join().unwrap();
    }

    /// Returns the input that the program left for the shell; to be called after its end.
    pub(crate) fn unread_input(&self) -> Vec<u8> {
        let mut raw = rustix::termios::tcgetattr(&self.device).unwrap();
        raw.make_raw();
        rustix::termios::tcsetattr(&self.device, rustix::termios::OptionalActions::Now, &raw).unwrap();
        let mut fds = [rustix::event::PollFd::new(&self.device, rustix::event::PollFlags::IN)];
        if rustix::event::poll(&mut fds, Some(&rustix::event::Timespec::default())).unwrap() == 0 {
            return Vec::new();
        }
        let mut bytes = vec![0; 4096];
        let count = rustix::io::read(&self.device, &mut bytes).unwrap();
        bytes.truncate(count);
        bytes
    }

    /// The settings of the terminal, to be compared.
    pub(crate) fn modes(&self) -> String {
        modes(&self.device)
    }

    /// The settings before the program began.
    pub(crate) fn modes_before(&self) -> &str {
        &self.modes_before
    }

    /// The id of the process that was started.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends a signal to the program in the foreground.
    pub(crate) fn signal(&self, signal: Signal) {
        let leader = self.master.as_ref().and_then(|master| master.process_group_leader());
        kill_process(Pid::from_raw(leader.unwrap()).unwrap(), signal).unwrap();
    }

    /// Waits for the end of the process.
    pub(crate) fn exit_code(&mut self) -> u32 {
        let mut status = None;
        let ended = until(|| {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended, "the program does not end; the screen is\n{}", self.text());
        status.expect("it ended").exit_code()
    }

    fn look(&self, answers: Answers) -> JoinHandle<()> {
        let mut reader = self.master.as_ref().expect("a window").try_clone_reader().unwrap();
        let (emulator, looks, keyboard) =
            (Arc::clone(&self.emulator), Arc::clone(&self.looks), Arc::clone(&self.keyboard));
        let script = match answers {
            Answers::Scripted(script) => Some(play(script, &keyboard)),
            Answers::Mute | Answers::Plain | Answers::Kitty | Answers::Late(_) => None,
        };
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                while !looks.load(Ordering::Acquire) {
                    thread::sleep(Duration::from_millis(2));
                }
                let Ok(count @ 1..) = reader.read(&mut bytes) else { return };
                let part = &bytes[..count];
                let mut emulator = emulator.lock().unwrap();
                if !emulator.is_open {
                    return;
                }
                emulator.bytes.extend_from_slice(part);
                emulator.parser.process(part);
                let mut text = std::mem::take(&mut emulator.parser.callbacks_mut().answers);
                if matches!(answers, Answers::Kitty) && part.windows(KITTY_QUERY.len()).any(|seen| seen == KITTY_QUERY)
                {
                    text.splice(0..0, *b"\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t");
                }
                drop(emulator);
                match &script {
                    Some(script) => drop(script.send(part.to_vec())),
                    None => answer(answers, text, &keyboard),
                }
            }
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.set_looking(true);
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn answer(answers: Answers, text: Vec<u8>, keyboard: &Keyboard) {
    let delay = match answers {
        _ if text.is_empty() => return,
        Answers::Mute | Answers::Scripted(_) => return,
        Answers::Plain | Answers::Kitty => Duration::ZERO,
        Answers::Late(delay) => delay,
    };
    let keyboard = Arc::clone(keyboard);
    thread::spawn(move || {
        thread::sleep(delay);
        // The program may be gone by now.
        drop(keyboard.lock().unwrap().write_all(&text));
    });
}

/// Plays a terminal: takes what the program writes, and answers one question after the other.
fn play(script: Script, keyboard: &Keyboard) -> mpsc::Sender<Vec<u8>> {
    let (written, seen) = mpsc::channel::<Vec<u8>>();
    let keyboard = Arc::clone(keyboard);
    thread::spawn(move || {
        let mut unread = Vec::new();
        let mut due: VecDeque<(Instant, Parts)> = VecDeque::new();
        loop {
            let now = Instant::now();
            while let Some((_, parts)) = due.pop_front_if(|(when, _)| *when <= now) {
                // No terminal lets a key into the middle of an answer.
                let mut keyboard = keyboard.lock().unwrap();
                for (pause, part) in parts {
                    thread::sleep(pause);
                    // The program may be gone by now.
                    drop(keyboard.write_all(&part));
                }
            }
            let pause = due.front().map_or(DEADLINE, |(when, _)| when.saturating_duration_since(now));
            match seen.recv_timeout(pause) {
                Ok(part) => unread.extend(part),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
            while let Some(answer) = take_question(&mut unread, script.answers) {
                let (delay, parts) = (script.manner)(answer);
                due.push_back((Instant::now() + delay, parts));
            }
        }
    });
    written
}

/// The answer to the first question in the bytes; what lies before and in it goes.
fn take_question(unread: &mut Vec<u8>, answers: &[(&str, &'static str)]) -> Option<&'static str> {
    let place = |question: &str| unread.windows(question.len()).position(|part| part == question.as_bytes());
    let places = answers.iter().filter_map(|(question, answer)| Some((place(question)?, question.len(), *answer)));
    let first = places.min_by_key(|(at, ..)| *at);
    // What may be the beginning of a question stays.
    let longest = answers.iter().map(|(question, _)| question.len()).max().unwrap_or(1);
    let done = first.map_or(unread.len().saturating_sub(longest), |(at, length, _)| at + length);
    unread.drain(..done);
    first.map(|(.., answer)| answer)
}

fn builder(command: &[&str], env: &[(&str, &str)], home: &Path) -> CommandBuilder {
    let (program, args) = command.split_first().unwrap();
    let mut builder = CommandBuilder::new(program);
    builder.args(args);
    builder.env_clear();
    builder.cwd(home);
    let path = std::env::var("PATH").unwrap_or_default();
    let usual = [("PATH", path.as_str()), ("TERM", "xterm-256color"), ("LANG", "C.UTF-8")];
    for (name, value) in usual.iter().chain(env) {
        builder.env(name, value);
    }
    builder.env("HOME", home);
    builder
}

fn modes(device: &OwnedFd) -> String {
    format!("{:?}", rustix::termios::tcgetattr(device).unwrap())
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN)
}

fn until(mut done: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !done() {
        if begun.elapsed() > DEADLINE {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}
