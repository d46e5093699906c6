//! The decoder of one complete key sequence or mouse report.
//!
//! termina's parser knows the sequences of all keyboards and mice; its events are converted to crossterm's types, which
//! the rest of the program and ratatui use. Only whole sequences come in, one at a time, so that the parser never keeps
//! anything: a sequence that is not exactly one event is `None`.

use super::input::Input;
use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use termina::{Event, Parser, event as theirs};

/// Decodes one sequence; `None` for anything but a key press or repeat and a mouse event.
pub(super) fn decode(sequence: &[u8]) -> Option<Input> {
    if is_f3(sequence) {
        return Some(Input::Key(f3(sequence)));
    }
    // Some terminals send ^H for Backspace (MobaXterm, xfce4-terminal on request); no other key sends it.
    let sequence = match sequence {
        [0x08] => b"\x7f".as_slice(),
        [0x1b, 0x08] => b"\x1b\x7f",
        other => other,
    };
    if !is_decodable(sequence) {
        return None;
    }
    let mut parser = Parser::default();
    parser.parse(sequence, true);
    let event = parser.pop()?;
    if parser.pop().is_some() {
        return None;
    }
    match event {
        Event::Key(key) => key_event(key).map(Input::Key),
        Event::Mouse(mouse) => Some(Input::Mouse(mouse_event(mouse))),
        Event::Paste(_)
        | Event::WindowResized(_)
        | Event::FocusIn
        | Event::FocusOut
        | Event::Csi(_)
        | Event::Osc(_)
        | Event::Dcs(_) => None,
    }
}

/// Returns true if the sequence is F3, which looks like a cursor position report: `CSI R`, `CSI 1 ; 2 R` to `CSI 1 ; 16 R`.
pub(super) fn is_f3(sequence: &[u8]) -> bool {
    sequence == b"\x1b[R" || f3_modifiers(sequence).is_some()
}

fn f3(sequence: &[u8]) -> KeyEvent {
    let mask = f3_modifiers(sequence).map_or(0, |code| code - 1);
    KeyEvent::new(KeyCode::F(3), modifiers(theirs::Modifiers::from_bits_truncate(mask)))
}

fn f3_modifiers(sequence: &[u8]) -> Option<u8> {
    let digits = sequence.strip_prefix(b"\x1b[1;")?.strip_suffix(b"R")?;
    let code = str::from_utf8(digits).ok()?.parse::<u8>().ok()?;
    (2..=16).contains(&code).then_some(code)
}

/// Returns true if the parser can be trusted with a sequence. Parameters begin with a digit in keys and with `<` in mouse
/// reports; it takes anything else for typed text.
fn is_decodable(sequence: &[u8]) -> bool {
    match sequence {
        [0x1b, b'[', b'M', ..] => true,
        [0x1b, b'[', body @ .., _] => {
            matches!(body.first(), None | Some(b'0'..=b'9' | b'<' | b'['))
                && !body.iter().any(|byte| matches!(byte, b' '..=b'/'))
        }
        _ => true,
    }
}

fn key_event(key: theirs::KeyEvent) -> Option<KeyEvent> {
    let kind = match key.kind {
        theirs::KeyEventKind::Press => KeyEventKind::Press,
        theirs::KeyEventKind::Repeat => KeyEventKind::Repeat,
        theirs::KeyEventKind::Release => return None,
    };
    Some(KeyEvent { code: key_code(key.code)?, modifiers: modifiers(key.modifiers), kind, state: KeyEventState::NONE })
}

fn key_code(code: theirs::KeyCode) -> Option<KeyCode> {
    Some(match code {
        theirs::KeyCode::Char(c) => KeyCode::Char(c),
        theirs::KeyCode::Enter => KeyCode::Enter,
        theirs::KeyCode::Backspace => KeyCode::Backspace,
        theirs::KeyCode::Tab => KeyCode::Tab,
        theirs::KeyCode::BackTab => KeyCode::BackTab,
        theirs::KeyCode::Escape => KeyCode::Esc,
        theirs::KeyCode::Left => KeyCode::Left,
        theirs::KeyCode::Right => KeyCode::Right,
        theirs::KeyCode::Up => KeyCode::Up,
        theirs::KeyCode::Down => KeyCode::Down,
        theirs::KeyCode::Home => KeyCode::Home,
        theirs::KeyCode::End => KeyCode::End,
        theirs::KeyCode::PageUp => KeyCode::PageUp,
        theirs::KeyCode::PageDown => KeyCode::PageDown,
        theirs::KeyCode::Insert => KeyCode::Insert,
        theirs::KeyCode::Delete => KeyCode::Delete,
        theirs::KeyCode::KeypadBegin => KeyCode::KeypadBegin,
        theirs::KeyCode::Menu => KeyCode::Menu,
        theirs::KeyCode::Function(n) => KeyCode::F(n),
        // Keys that nothing here uses.
        theirs::KeyCode::CapsLock
        | theirs::KeyCode::ScrollLock
        | theirs::KeyCode::NumLock
        | theirs::KeyCode::PrintScreen
        | theirs::KeyCode::Pause
        | theirs::KeyCode::Null
        | theirs::KeyCode::Modifier(_)
        | theirs::KeyCode::Media(_) => return None,
    })
}

fn modifiers(held: theirs::Modifiers) -> KeyModifiers {
    let pairs = [
        (theirs::Modifiers::SHIFT, KeyModifiers::SHIFT),
        (theirs::Modifiers::ALT, KeyModifiers::ALT),
        (theirs::Modifiers::CONTROL, KeyModifiers::CONTROL),
        (theirs::Modifiers::SUPER, KeyModifiers::SUPER),
        (theirs::Modifiers::HYPER, KeyModifiers::HYPER),
        (theirs::Modifiers::META, KeyModifiers::META),
    ];
    pairs.into_iter().filter(|(theirs, _)| held.contains(*theirs)).map(|(_, ours)| ours).collect()
}

fn mouse_event(mouse: theirs::MouseEvent) -> MouseEvent {
    let kind = match mouse.kind {
        theirs::MouseEventKind::Down(button) => MouseEventKind::Down(mouse_button(button)),
        theirs::MouseEventKind::Up(button) => MouseEventKind::Up(mouse_button(button)),
        theirs::MouseEventKind::Drag(button) => MouseEventKind::Drag(mouse_button(button)),
        theirs::MouseEventKind::Moved => MouseEventKind::Moved,
        theirs::MouseEventKind::ScrollDown => MouseEventKind::ScrollDown,
        theirs::MouseEventKind::ScrollUp => MouseEventKind::ScrollUp,
        theirs::MouseEventKind::ScrollLeft => MouseEventKind::ScrollLeft,
        theirs::MouseEventKind::ScrollRight => MouseEventKind::ScrollRight,
    };
    MouseEvent { kind, column: mouse.column, row: mouse.row, modifiers: modifiers(mouse.modifiers) }
}

fn mouse_button(button: theirs::MouseButton) -> MouseButton {
    match button {
        theirs::MouseButton::Left => MouseButton::Left,
        theirs::MouseButton::Right => MouseButton::Right,
        theirs::MouseButton::Middle => MouseButton::Middle,
    }
}
