//! The bytes that keyboards and terminals send, whole and broken.

use super::*;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;

fn split(bytes: &[u8]) -> Vec<Input> {
    let mut splitter = Splitter::default();
    let mut out = Vec::new();
    splitter.push(bytes, &mut out);
    out
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

fn typed(text: &str) -> Vec<Input> {
    text.chars().map(|c| key(KeyCode::Char(c), KeyModifiers::NONE)).collect()
}

fn reply(bytes: &[u8]) -> Input {
    Input::Reply(bytes.into())
}

#[test]
fn keys_are_keys() {
    let check = |bytes: &[u8], code, modifiers| {
        assert_eq!(split(bytes), [key(code, modifiers)], "{}", bytes.escape_ascii());
    };
    let none = KeyModifiers::NONE;
    check(b"j", KeyCode::Char('j'), none);
    check(b"G", KeyCode::Char('G'), KeyModifiers::SHIFT);
    check("é".as_bytes(), KeyCode::Char('é'), none);
    check("新".as_bytes(), KeyCode::Char('新'), none);
    check("🦀".as_bytes(), KeyCode::Char('🦀'), none);
    check(b"\r", KeyCode::Enter, none);
    check(b"\t", KeyCode::Tab, none);
    check(b"\x7f", KeyCode::Backspace, none);
    check(b"\x08", KeyCode::Backspace, none);
    check(b"\x1b\x7f", KeyCode::Backspace, KeyModifiers::ALT);
    check(b"\x1b\x08", KeyCode::Backspace, KeyModifiers::ALT);
    check(b"\x17", KeyCode::Char('w'), KeyModifiers::CONTROL);
    check(b"\x03", KeyCode::Char('c'), KeyModifiers::CONTROL);
    check(b"\x1bx", KeyCode::Char('x'), KeyModifiers::ALT);
    check("\x1bé".as_bytes(), KeyCode::Char('é'), KeyModifiers::ALT);
    check(b"\x1b[A", KeyCode::Up, none);
    check(b"\x1bOA", KeyCode::Up, none);
    check(b"\x1b[1;2D", KeyCode::Left, KeyModifiers::SHIFT);
    check(b"\x1b[1;5C", KeyCode::Right, KeyModifiers::CONTROL);
    check(b"\x1b[5~", KeyCode::PageUp, none);
    check(b"\x1b[1~", KeyCode::Home, none);
    check(b"\x1b[Z", KeyCode::BackTab, KeyModifiers::SHIFT);
    check(b"\x1bOP", KeyCode::F(1), none);
    check(b"\x1b[11~", KeyCode::F(1), none);
    check(b"\x1b[[A", KeyCode::F(1), none);
    check(b"\x1b[S", KeyCode::F(4), none);
    check(b"\x1b[1;5S", KeyCode::F(4), KeyModifiers::CONTROL);
    check(b"\x1b[R", KeyCode::F(3), none);
    check(b"\x1b[1;2R", KeyCode::F(3), KeyModifiers::SHIFT);
    check(b"\x1b[13~", KeyCode::F(3), none);
    check(b"\x1b[97;5u", KeyCode::Char('a'), KeyModifiers::CONTROL);
}

#[test]
fn answers_are_never_keys() {
    let answers: [&[u8]; 16] = [
        b"\x1b[0n",
        b"\x1b[?62;4c",
        b"\x1b[>41;377;0c",
        b"\x1b[6;20;10t",
        b"\x1b[4;600;800t",
        b"\x1b[?2026;2$y",
        b"\x1b[?2;0;800;600S",
        b"\x1b[?997;1n",
        b"\x1b[?1u",
        b"\x1b[24;80R",
        b"\x1b[?24;80R",
        b"\x1bP>|XTerm(379)\x1b\\",
        b"\x1bP1+r544e=787465726d\x1b\\",
        b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
        b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
        b"\x1b_Gi=31;OK\x1b\\",
    ];
    for answer in answers {
        let between = [b"j".as_slice(), answer, b"k"].concat();
        let [j, k] = typed("jk").try_into().unwrap();
        assert_eq!(split(&between), [j, reply(answer), k], "{}", answer.escape_ascii());
    }
}

#[test]
fn mouse_reports() {
    let event = |kind, column, row| Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    assert_eq!(split(b"\x1b[<0;5;7M"), [event(MouseEventKind::Down(MouseButton::Left), 4, 6)]);
    assert_eq!(split(b"\x1b[<0;5;7m"), [event(MouseEventKind::Up(MouseButton::Left), 4, 6)]);
    assert_eq!(split(b"\x1b[<65;300;1M"), [event(MouseEventKind::ScrollDown, 299, 0)]);
    assert_eq!(split(b"\x1b[M !!"), [event(MouseEventKind::Down(MouseButton::Left), 0, 0)]);
}

#[test]
fn pastes_are_text() {
    let paste = |text: &str| Input::Paste(text.to_owned());
    assert_eq!(split(b"\x1b[200~a\x1b[Ab\x1b[201~"), [paste("a\x1b[Ab")]);
    assert_eq!(split(b"\x1b[200~\x1b\x1b[20\x1b[201~"), [paste("\x1b\x1b[20")]);
    assert_eq!(split(b"\x1b[200~\xff\x1b[201~"), [paste("\u{fffd}")]);
    let long = [PASTE_START, vec![b'x'; MAX_PASTE_BYTES + 10].as_slice(), PASTE_END, b"j"].concat();
    let kept = "x".repeat(MAX_PASTE_BYTES);
    assert_eq!(split(&long), [paste(&kept), key(KeyCode::Char('j'), KeyModifiers::NONE)]);
}

#[test]
fn broken_sequences_leave_the_keyboard_alive() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(split(bytes), typed(expected), "{}", bytes.escape_ascii());
    };
    check(b"\x1b[1\x1b[;5Aj", "j");
    check(b"\x1b[;Aj", "j");
    check(b"\x1b[27;5;9~j", "j");
    check(b"\x1b[97;1:3uj", "j");
    check(b"\xc3j", "j");
    check(b"\xff\x80j", "j");
    check(b"\x1bP never ended\x18j", "j");
    assert_eq!(split(b"\x1b]0;\x03"), [key(KeyCode::Char('c'), KeyModifiers::CONTROL)], "Ctrl-C gets through");
    let long = [b"\x1bP".as_slice(), &[b'x'; MAX_STRING_BYTES + 10], b"\x1b\\j"].concat();
    check(&long, "j");
    let long = [b"\x1b[".as_slice(), &[b'1'; MAX_CSI_BYTES + 10], b"Aj"].concat();
    check(&long, "j");
}

#[test]
fn silence_ends_the_open_sequence() {
    let check = |bytes: &[u8], expected: &[Input]| {
        let mut splitter = Splitter::default();
        let mut out = Vec::new();
        splitter.push(bytes, &mut out);
        assert!(splitter.is_pending());
        splitter.flush(&mut out);
        assert!(!splitter.is_pending());
        assert_eq!(out, expected, "{}", bytes.escape_ascii());
    };
    check(b"\x1b", &[escape_key()]);
    check(b"\x1b\x1b", &[escape_key(), escape_key()]);
    check(b"\x1b[", &[key(KeyCode::Char('['), KeyModifiers::ALT)]);
    check(b"\x1bO", &[key(KeyCode::Char('O'), KeyModifiers::ALT)]);
    check(b"\x1b[1;5", &[]);
    check(b"\x1bP>|kit", &[]);
    check(b"\x1b[200~half", &[Input::Paste("half".to_owned())]);
}

#[test]
fn only_sequences_that_can_be_typed_time_out_early() {
    let check = |bytes: &[u8], without_answers, with_answers| {
        let mut splitter = Splitter::default();
        splitter.push(bytes, &mut Vec::new());
        let timeouts = [Answers::None, Answers::Due].map(|answers| splitter.timeout(answers));
        assert_eq!(timeouts, [without_answers, with_answers], "{}", bytes.escape_ascii());
    };
    check(b"j", None, None);
    check(b"\x1b", Some(ESCAPE_TIMEOUT), Some(ESCAPE_TIMEOUT));
    check(b"\x1bO", Some(ESCAPE_TIMEOUT), Some(ESCAPE_TIMEOUT));
    check(b"\x1b[", Some(ESCAPE_TIMEOUT), Some(ANSWER_GAP));
    check(b"\x1b[?6", Some(SEQUENCE_TIMEOUT), Some(SEQUENCE_TIMEOUT));
    check(b"\x1b[200~", Some(SEQUENCE_TIMEOUT), Some(SEQUENCE_TIMEOUT));
}

/// Bytes that arrive after an ESC and a silence while answers are due, and the inputs after another silence.
#[test]
fn a_late_escape_is_a_key_unless_an_answer_follows() {
    let check = |rest: &[u8], expected: &[Input]| {
        let mut splitter = Splitter::default();
        let mut out = Vec::new();
        splitter.push(b"\x1b", &mut out);
        splitter.end_silence(Answers::Due, &mut out);
        assert!(out.is_empty(), "an answer may follow");
        assert_eq!(splitter.timeout(Answers::Due), Some(ANSWER_GAP));
        splitter.push(rest, &mut out);
        splitter.end_silence(Answers::Due, &mut out);
        splitter.end_silence(Answers::Due, &mut out);
        assert_eq!(out, expected, "{}", rest.escape_ascii());
        assert!(!splitter.is_pending());
    };
    let pressed = |text: &str| [vec![escape_key()], typed(text)].concat();
    check(b"", &pressed(""));
    check(b"q", &pressed("q"));
    check(b"jj", &pressed("jj"));
    check(
        b"O",
        &pressed("O").into_iter().take(1).chain([key(KeyCode::Char('O'), KeyModifiers::SHIFT)]).collect::<Vec<_>>(),
    );
    check("é".as_bytes(), &pressed("é"));
    check(b"\x1b", &[escape_key(), escape_key()]);
    check(b"\x1b[A", &[escape_key(), key(KeyCode::Up, KeyModifiers::NONE)]);
    // The slower and faster keys, and answers that a slow link splits after their ESC.
    check(b"[", &pressed("["));
    check(b"]", &pressed("]"));
    check(b"[?62;4c", &[reply(b"\x1b[?62;4c")]);
    check(b"_Gi=31;OK\x1b\\", &[reply(b"\x1b_Gi=31;OK\x1b\\")]);
    check(b"P>|kitty(0.41.1)\x1b\\j", &[vec![reply(b"\x1bP>|kitty(0.41.1)\x1b\\")], typed("j")].concat());
    check(b"]11;rgb:0/0/0\x07", &[reply(b"\x1b]11;rgb:0/0/0\x07")]);
}

#[test]
fn without_answers_due_silence_ends_an_escape_at_once() {
    let mut splitter = Splitter::default();
    let mut out = Vec::new();
    splitter.push(b"\x1b", &mut out);
    splitter.end_silence(Answers::None, &mut out);
    assert_eq!(out, [escape_key()]);
}

#[test]
fn the_buffer_is_bounded() {
    let openers: [&[u8]; 6] = [b"", b"\x1b[", b"\x1bP", b"\x1b]11;", b"\x1b_G", PASTE_START];
    for opener in openers {
        for byte in *b"x1;\x1b\xff" {
            let mut splitter = Splitter::default();
            splitter.push(opener, &mut Vec::new());
            splitter.push(&vec![byte; MAX_PASTE_BYTES + 100], &mut Vec::new());
            assert!(splitter.buffer.len() <= MAX_PASTE_BYTES, "{} {byte}", opener.escape_ascii());
        }
    }
}

/// Returns bytes close to those that terminals send.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(vec![
            b"\x1b".to_vec(),
            b"\x1b[".to_vec(),
            b"\x1b[1;5R".to_vec(),
            b"\x1b[?62;4c".to_vec(),
            b"\x1b[<0;5;7M".to_vec(),
            b"\x1b[M".to_vec(),
            b"\x1b[;".to_vec(),
            b"\x1b[>".to_vec(),
            b"\x1b[97;1:3u".to_vec(),
            b"\x1bP>|".to_vec(),
            b"\x1b]11;".to_vec(),
            b"\x1b_G".to_vec(),
            b"\x1b\\".to_vec(),
            b"\x1b[200~".to_vec(),
            b"\x1b[201~".to_vec(),
            "é新🦀".as_bytes().to_vec(),
            b"65535;".to_vec(),
        ]),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn the_end_of_a_read_changes_nothing(bytes in stream(), cuts in prop::collection::vec(0_usize..200, 0..8)) {
        let whole = split(&bytes);
        let mut splitter = Splitter::default();
        let mut out = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts {
            let (part, more) = rest.split_at(cut.min(rest.len()));
            splitter.push(part, &mut out);
            rest = more;
        }
        splitter.push(rest, &mut out);
        prop_assert_eq!(&out, &whole);
    }

    #[test]
    fn after_silence_a_key_is_a_key(bytes in stream()) {
        let mut splitter = Splitter::default();
        let mut out = Vec::new();
        splitter.push(&bytes, &mut out);
        splitter.flush(&mut out);
        out.clear();
        splitter.push(b"q", &mut out);
        prop_assert_eq!(out, typed("q"));
    }
}
