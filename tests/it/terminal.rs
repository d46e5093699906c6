//! The restoration of the terminal after signals, a lost link, a panic and a stop, seen from outside the process.
//!
//! The program of these tests is [`run_screen`], a child of the test binary on a pty: a screen that shows the last key. So
//! the terminal module is tested apart from the commands.

use crate::{
    harness::Child,
    support::pty::{Answers, Session},
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    style::Color,
    widgets::{Paragraph, Widget as _, Wrap},
};
use rustix::process::Signal as Number;
use std::{process, thread, time::Duration};
use thumbview::terminal::{
    Input, Mouse, Screen, Signal, Tty, exit_on_abort, install_panic_hook, read, restore_on_abort, signals,
    take_worker_panic,
};

const SIZE: (u16, u16) = (60, 12);
const TICK: Duration = Duration::from_millis(100);

/// Runs the program of these tests.
pub(crate) fn run_screen() {
    install_panic_hook();
    exit_on_abort();
    let tty = Tty::open().unwrap_or_else(|error| {
        eprintln!("{error}");
        process::exit(1)
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    process::exit(runtime.block_on(show_keys(tty)));
}

async fn show_keys(tty: Tty) -> i32 {
    let mut signals = signals().unwrap();
    restore_on_abort().unwrap();
    let (sender, mut inputs) = tokio::sync::mpsc::channel(16);
    let _reader = read(&tty, sender);
    let (mut screen, mut written) = Screen::open(&tty, Mouse::On).unwrap();
    screen.send(b"\x1b[c".to_vec());
    let mut last = "ready".to_owned();
    let mut answers = "";
    let mut fill = None;
    let mut now = Duration::ZERO;
    let code = loop {
        if screen.is_ready() {
            let size = tty.size();
            let text = match fill {
                Some(key) => String::from(key).repeat(usize::from(size.width) * usize::from(size.height)),
                None => format!("{last} {}x{}{answers}", size.width, size.height),
            };
            let text = Paragraph::new(text).wrap(Wrap::default()).style(Color::Rgb(200, 150, 100));
            drop(screen.draw(|buffer| (text.render(buffer.area, buffer), None), |(), _| {}));
        }
        tokio::select! {
            input = inputs.recv() => match input.unwrap() {
                Input::HungUp => break 129,
                Input::Reply(bytes) if screen.acknowledge(&bytes) => {}
                Input::Reply(_) => answers = " answered",
                Input::Key(KeyEvent { code: KeyCode::Char('q'), .. }) => break 0,
                Input::Key(KeyEvent { code: KeyCode::Char(key), .. }) if key.is_uppercase() => fill = Some(key),
                Input::Key(KeyEvent { code: KeyCode::Char(key), .. }) => last = act(key, &mut screen),
                Input::Key(key) => last = format!("key {:?} {:?}", key.code, key.modifiers),
                Input::Mouse(_) | Input::Paste(_) => {}
            },
            signal = signals.recv() => match signal.unwrap() {
                Signal::Quit(code) => break code,
                Signal::Resized | Signal::Continued => screen.resize(tty.size()),
            },
            _ = written.recv() => {}
            () = tokio::time::sleep(TICK) => {
                now += TICK;
                screen.tick(now);
            }
        }
    };
    drop(screen.close());
    code
}

fn act(key: char, screen: &mut Screen) -> String {
    match key {
        'z' => screen.suspend().unwrap(),
        'p' => panic!("by hand \x1b[2J"),
        'w' => {
            assert!(thread::spawn(|| panic!("a worker \x1b[2J")).join().is_err());
            return take_worker_panic().unwrap().to_string();
        }
        'm' => drop(std::hint::black_box(Vec::<u8>::with_capacity(isize::MAX as usize))),
        'h' => thread::sleep(Duration::from_secs(1000)),
        _ => {}
    }
    format!("key {key}")
}

/// Runs the program after these words of a command.
fn run(before: &[&str], env: &[(&str, &str)], answers: Answers) -> Session {
    let program = Child::words("terminal::screen");
    let command: Vec<&str> = before.iter().copied().chain(program.iter().map(String::as_str)).collect();
    Session::run(&command, SIZE, env, answers)
}

fn start(answers: Answers) -> Session {
    let session = run(&[], &[], answers);
    session.wait_for_text("60x12");
    session
}

/// Starts the program from a shell script, as `$0`.
fn start_script(script: &str) -> Session {
    run(&["sh", "-c", script], &[], Answers::Plain)
}

/// Asserts that the terminal is restored: settings, screen, cursor, mouse, pastes.
fn check_restored(session: &Session) {
    assert_eq!(session.modes(), session.modes_before());
    session.wait_for("the cursor", |screen| {
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    });
}

fn a_command_without_a_screen_writes_no_sequence() {
    let mut session = Session::start(&["--version"], SIZE, &[]);
    assert_eq!(session.exit_code(), 0);
    check_restored(&session);
    assert_eq!(session.count("\x1b"), 0);
}

fn a_key_quits() {
    let mut session = start(Answers::Plain);
    session.wait_for_text("answered");
    session.wait_for("our modes", |screen| screen.alternate_screen() && screen.hide_cursor());
    session.type_keys("j");
    session.wait_for_text("key j");
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
    check_restored(&session);
    assert!(!session.text().contains("key"), "no text of ours is left");
}

fn signals_restore() {
    for (signal, code) in [(Number::TERM, 143), (Number::INT, 130), (Number::QUIT, 131), (Number::HUP, 129)] {
        let mut session = start(Answers::Plain);
        session.signal(signal);
        assert_eq!(session.exit_code(), code);
        check_restored(&session);
    }
}

fn signals_restore_when_the_loop_hangs() {
    let mut session = start(Answers::Plain);
    session.type_keys("h");
    thread::sleep(Duration::from_millis(50));
    session.signal(Number::TERM);
    assert_eq!(session.exit_code(), 143);
    check_restored(&session);
}

fn signals_end_the_program_on_a_dead_link() {
    let mut session = start(Answers::Mute);
    session.set_looking(false);
    session.type_keys("j");
    session.signal(Number::TERM);
    assert_eq!(session.exit_code(), 143);
    assert_eq!(session.modes(), session.modes_before());
}

fn a_slow_link_gets_the_latest_frame() {
    let mut session = start(Answers::Plain);
    session.resize(200, 60);
    session.wait_for_text("200x60");
    session.type_keys("A");
    session.wait_for_text("AAAA");
    session.set_looking(false);
    for key in 'B'..='Z' {
        session.type_keys(&key.to_string());
        thread::sleep(Duration::from_millis(5));
    }
    session.set_looking(true);
    session.wait_for("the last key", |screen| {
        let text = screen.contents();
        text.starts_with('Z') && text.trim_end().ends_with('Z')
    });
    assert!(session.count("\x1b[?2026h") < 20, "most frames were never drawn");
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
    check_restored(&session);
}

fn a_lost_terminal_ends_the_program() {
    let mut session = start(Answers::Plain);
    session.hang_up();
    assert_eq!(session.exit_code(), 129);
}

fn a_lost_terminal_ends_the_program_without_a_signal() {
    // The shell, not the program, leads the session and ignores the hang-up.
    let mut session = start_script("trap '' HUP; \"$0\" \"$@\"; exit $?");
    session.wait_for_text("answered");
    session.hang_up();
    assert_eq!(session.exit_code(), 129);
}

fn a_panic_restores_the_terminal_before_its_message() {
    let mut session = start(Answers::Plain);
    session.type_keys("p");
    session.wait_for("the message", |screen| !screen.alternate_screen() && screen.contents().contains("by hand ␛[2J"));
    assert_ne!(session.exit_code(), 0);
    check_restored(&session);
}

fn refused_memory_restores_the_terminal() {
    let mut session = start(Answers::Plain);
    session.type_keys("m");
    session.wait_for("the message", |screen| {
        !screen.alternate_screen() && screen.contents().contains("memory was refused")
    });
    assert_eq!(session.exit_code(), 1);
    check_restored(&session);
}

fn a_workers_panic_leaves_the_screen_open() {
    let mut session = start(Answers::Plain);
    session.type_keys("w");
    session.wait_for_text("␛[2J");
    session.wait_for("our modes", vt100::Screen::alternate_screen);
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
    check_restored(&session);
    assert_eq!(session.count("\x1b[?1049l"), 1);
}

const JOB: &str = "set -m; \"$0\" \"$@\"; echo stopped; read line; fg >/dev/null; echo ended $?";

fn check_stopped(session: &Session) {
    session.wait_for("the shell", |screen| screen.contents().contains("stopped"));
    assert_eq!(session.count("\x1b[?1049l"), 1);
    check_restored(session);
}

fn continue_job(session: &mut Session) {
    session.resize(50, 10);
    session.type_keys("\n");
    session.wait_for("the screen in its new size", |screen| {
        screen.alternate_screen() && screen.hide_cursor() && screen.contents().contains("50x10")
    });
    session.type_keys("j");
    session.wait_for_text("key j");
    session.type_keys("q");
    session.wait_for_text("ended 0");
    assert_eq!(session.exit_code(), 0);
    check_restored(session);
}

fn a_job_stops_and_continues() {
    let mut session = start_script(JOB);
    session.wait_for_text("answered");
    session.type_keys("z");
    check_stopped(&session);
    continue_job(&mut session);
}

fn a_stop_signal_restores_the_terminal() {
    let mut session = start_script(JOB);
    session.wait_for_text("answered");
    session.signal(Number::TSTP);
    check_stopped(&session);
    continue_job(&mut session);
}

fn after_sigstop_the_screen_is_drawn_again() {
    let mut session = start_script(JOB);
    session.wait_for_text("answered");
    session.signal(Number::STOP);
    session.wait_for_text("stopped");
    continue_job(&mut session);
}

fn without_a_shell_ctrl_z_does_nothing() {
    let mut session = start(Answers::Plain);
    session.type_keys("z");
    session.wait_for_text("key z");
    assert_eq!(session.count("\x1b[?1049l"), 0);
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
}

fn no_color_does_not_change_the_screens_colours() {
    let session = run(&[], &[("NO_COLOR", "1")], Answers::Plain);
    session.wait_for_text("ready");
    assert_ne!(session.count("38;2;200;150;100"), 0);
}

fn late_answers_are_never_keys() {
    for delay in [0, 300, 1500] {
        let mut session = start(Answers::Late(Duration::from_millis(delay)));
        session.wait_for_text("answered");
        session.type_keys("j");
        session.wait_for_text("key j");
        session.type_keys("q");
        assert_eq!(session.exit_code(), 0);
        check_restored(&session);
    }
}

fn answers_that_are_due_are_not_left_for_the_shell() {
    let delay = Duration::from_millis(300);
    let mut session = start(Answers::Late(delay));
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
    check_restored(&session);
    thread::sleep(2 * delay);
    assert_eq!(session.unread_input(), b"");
}

fn many_resizes_end_in_the_last_size() {
    let mut session = start(Answers::Plain);
    for step in 0..1000 {
        session.resize(40 + step % 40, 5 + step % 10);
    }
    session.resize(33, 7);
    session.wait_for_text("33x7");
    session.type_keys("q");
    assert_eq!(session.exit_code(), 0);
    check_restored(&session);
}

fn unusable_terminals_are_named() {
    for (term, words) in [("dumb", "TERM=dumb"), ("", "TERM is not set")] {
        let mut session = run(&[], &[("TERM", term)], Answers::Plain);
        session.wait_for_text(words);
        assert_eq!(session.exit_code(), 1);
        check_restored(&session);
    }
}

crate::tests! {
    a_command_without_a_screen_writes_no_sequence,
    a_key_quits,
    signals_restore,
    signals_restore_when_the_loop_hangs,
    signals_end_the_program_on_a_dead_link,
    a_slow_link_gets_the_latest_frame,
    a_lost_terminal_ends_the_program,
    a_lost_terminal_ends_the_program_without_a_signal,
    a_panic_restores_the_terminal_before_its_message,
    refused_memory_restores_the_terminal,
    a_workers_panic_leaves_the_screen_open,
    a_job_stops_and_continues,
    a_stop_signal_restores_the_terminal,
    after_sigstop_the_screen_is_drawn_again,
    without_a_shell_ctrl_z_does_nothing,
    no_color_does_not_change_the_screens_colours,
    late_answers_are_never_keys,
    answers_that_are_due_are_not_left_for_the_shell,
    many_resizes_end_in_the_last_size,
    unusable_terminals_are_named,
}
