//! The splitter of the terminal's bytes into answers and keys.
//!
//! It frames sequences byte by byte, so that the end of a read changes nothing and an answer is never taken for keys.
//! Incomplete and endless sequences cannot block the keyboard: the buffer is bounded, any control character ends a broken
//! sequence, and [`Splitter::flush`] ends what silence has left open. Complete key sequences are decoded in
//! `terminal/keys`.

use super::{input::Input, keys};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;

/// The time-out after which an ESC alone is the Escape key.
pub(super) const ESCAPE_TIMEOUT: Duration = Duration::from_millis(30);

/// The time-out of the rest of an answer after its ESC: a slow link may split it there.
const ANSWER_GAP: Duration = Duration::from_millis(400);

/// The time-out of a sequence that no human types; slow links pause in the middle of one.
const SEQUENCE_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest control sequence and the longest answer string, in bytes; longer ones are discarded.
const MAX_CSI_BYTES: usize = 256;
const MAX_STRING_BYTES: usize = 4 * 1024;

/// The most bytes of a paste that are kept; the prompts are one line.
const MAX_PASTE_BYTES: usize = 64 * 1024;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Splits bytes as they come into complete inputs.
#[derive(Debug, Default)]
pub struct Splitter {
    state: State,
    /// The sequence so far, from its ESC on, or the text of a paste.
    buffer: Vec<u8>,
    length: Length,
    escape: EscapeTime,
}

/// The answers of the terminal that may still come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    None,
    Due,
}

/// The time between the ESC of the open sequence and its next byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum EscapeTime {
    #[default]
    Immediate,
    /// More than [`ESCAPE_TIMEOUT`]: if no answer follows, these were two keys.
    Late,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// ESC was seen.
    Escape,
    /// ESC was seen and [`ESCAPE_TIMEOUT`] has passed: the Escape key, unless an answer follows.
    LateEscape,
    /// `ESC O`: one more byte makes a key.
    Ss3,
    /// `ESC [`: parameters, then a final byte.
    Csi,
    /// `left` bytes of any value: the rest of a UTF-8 character, of an X10 mouse report, of `CSI [ A`.
    Counted { left: u8, kind: Counted },
    /// DCS, OSC, APC, PM, SOS: up to ST or BEL.
    String,
    /// ESC within a string.
    StringEscape,
    /// A bracketed paste; `matched` bytes of its end were seen.
    Paste { matched: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Character,
    Report,
}

/// The length of the buffered sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Length {
    #[default]
    WithinLimit,
    TooLong,
}

impl Splitter {
    /// Appends the inputs that these bytes complete.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Input>) {
        for &byte in bytes {
            self.step(byte, out);
        }
    }

    /// Ends the open sequence after silence: a lone ESC is the Escape key, `ESC [` is Alt-[, a paste is its text so far; the
    /// beginning of anything else is dropped.
    pub fn flush(&mut self, out: &mut Vec<Input>) {
        match (self.state, self.buffer.as_slice()) {
            (State::Escape | State::LateEscape, _) => out.push(escape_key()),
            (State::Csi | State::String, &[ESC, introducer]) if self.escape == EscapeTime::Late => {
                out.push(escape_key());
                self.reset();
                return self.begin(introducer, out);
            }
            (State::Paste { .. }, text) => out.push(Input::Paste(String::from_utf8_lossy(text).into_owned())),
            (State::Ss3 | State::Csi | State::String, &[ESC, introducer]) => {
                out.push(Input::Key(KeyEvent::new(KeyCode::Char(char::from(introducer)), KeyModifiers::ALT)));
            }
            _ => {}
        }
        self.reset();
    }

    /// Returns true while a sequence is open.
    pub fn is_pending(&self) -> bool {
        self.state != State::Ground
    }

    /// Returns the silence after which [`end_silence`](Self::end_silence) is due; `None` if no sequence is open.
    pub(super) fn timeout(&self, answers: Answers) -> Option<Duration> {
        match (self.state, answers) {
            (State::Ground, _) => None,
            (State::Escape | State::Ss3, _) => Some(ESCAPE_TIMEOUT),
            (State::LateEscape, _) => Some(ANSWER_GAP),
            // ESC and Alt-[ can be typed; anything longer, and every paste, comes from the terminal itself.
            (State::Csi | State::String, Answers::None) if self.buffer.len() <= 2 => Some(ESCAPE_TIMEOUT),
            (State::Csi | State::String, Answers::Due) if self.buffer.len() <= 2 => Some(ANSWER_GAP),
            (
                State::Csi | State::Counted { .. } | State::String | State::StringEscape | State::Paste { .. },
                Answers::None | Answers::Due,
            ) => Some(SEQUENCE_TIMEOUT),
        }
    }

    /// Handles the silence of [`timeout`](Self::timeout). While answers are due, an ESC alone stays open for another
    /// [`ANSWER_GAP`], but a byte that begins no answer then makes it the Escape key.
    pub(super) fn end_silence(&mut self, answers: Answers, out: &mut Vec<Input>) {
        match (self.state, answers) {
            (State::Escape, Answers::Due) => self.state = State::LateEscape,
            _ => self.flush(out),
        }
    }

    fn reset(&mut self) {
        self.state = State::Ground;
        self.buffer.clear();
        self.length = Length::WithinLimit;
        self.escape = EscapeTime::Immediate;
    }

    fn step(&mut self, byte: u8, out: &mut Vec<Input>) {
        match self.state {
            State::Ground => self.begin(byte, out),
            State::Escape => self.after_escape(byte, out),
            State::LateEscape => self.after_late_escape(byte, out),
            State::Ss3 if byte < b' ' => self.restart(byte, out),
            State::Ss3 => {
                self.buffer.push(byte);
                self.key(out);
            }
            State::Csi => self.within_csi(byte, out),
            State::Counted { left, kind } => self.counted(byte, left, kind, out),
            State::String => self.within_string(byte, out),
            State::StringEscape if byte == b'\\' => {
                self.append(byte, MAX_STRING_BYTES);
                self.reply(out);
            }
            State::StringEscape => {
                self.reset();
                self.begin(ESC, out);
                self.step(byte, out);
            }
            State::Paste { matched } => self.within_paste(byte, matched, out),
        }
    }

    /// A byte between sequences.
    fn begin(&mut self, byte: u8, out: &mut Vec<Input>) {
        self.buffer.push(byte);
        match byte {
            ESC => self.state = State::Escape,
            0x00..=0x7f => self.key(out),
            0xc2..=0xf4 => self.state = State::Counted { left: continuation(byte), kind: Counted::Character },
            // These bytes begin no UTF-8 character.
            0x80..=0xc1 | 0xf5..=0xff => self.reset(),
        }
    }

    fn after_escape(&mut self, byte: u8, out: &mut Vec<Input>) {
        if byte == ESC {
            out.push(escape_key());
            return;
        }
        self.buffer.push(byte);
        match byte {
            b'[' => self.state = State::Csi,
            b'O' => self.state = State::Ss3,
            b'P' | b']' | b'_' | b'^' | b'X' => self.state = State::String,
            0x00..=0x7f => self.key(out),
            0xc2..=0xf4 => self.state = State::Counted { left: continuation(byte), kind: Counted::Character },
            0x80..=0xc1 | 0xf5..=0xff => self.reset(),
        }
    }

    fn after_late_escape(&mut self, byte: u8, out: &mut Vec<Input>) {
        self.escape = EscapeTime::Late;
        match byte {
            b'[' | b'P' | b']' | b'_' => self.after_escape(byte, out),
            _ => {
                out.push(escape_key());
                self.restart(byte, out);
            }
        }
    }

    fn within_csi(&mut self, byte: u8, out: &mut Vec<Input>) {
        let first = self.buffer.len() == 2;
        match byte {
            b' '..=b'?' => self.append(byte, MAX_CSI_BYTES),
            b'[' if first => {
                // The Linux console's F1 to F5 are `CSI [ A` to `CSI [ E`.
                self.buffer.push(byte);
                self.state = State::Counted { left: 1, kind: Counted::Report };
            }
            b'M' if first => {
                self.buffer.push(byte);
                self.state = State::Counted { left: 3, kind: Counted::Report };
            }
            b'@'..=b'~' => {
                self.append(byte, MAX_CSI_BYTES);
                self.csi(out);
            }
            _ => self.restart(byte, out),
        }
    }

    fn csi(&mut self, out: &mut Vec<Input>) {
        if self.buffer == PASTE_START {
            self.reset();
            self.state = State::Paste { matched: 0 };
        } else if is_reply(&self.buffer) {
            self.reply(out);
        } else {
            self.key(out);
        }
    }

    fn counted(&mut self, byte: u8, left: u8, kind: Counted, out: &mut Vec<Input>) {
        let fits = match kind {
            Counted::Character => matches!(byte, 0x80..=0xbf),
            Counted::Report => byte >= b' ',
        };
        if !fits {
            self.restart(byte, out);
            return;
        }
        self.buffer.push(byte);
        if left > 1 {
            self.state = State::Counted { left: left - 1, kind };
        } else {
            self.key(out);
        }
    }

    fn within_string(&mut self, byte: u8, out: &mut Vec<Input>) {
        match byte {
            BEL => {
                self.append(byte, MAX_STRING_BYTES);
                self.reply(out);
            }
            ESC => {
                self.append(byte, MAX_STRING_BYTES);
                self.state = State::StringEscape;
            }
            CAN | SUB => self.reset(),
            // No answer contains a control character: this is a key, and the answer is broken.
            0x00..=0x1f => self.restart(byte, out),
            _ => self.append(byte, MAX_STRING_BYTES),
        }
    }

    fn within_paste(&mut self, byte: u8, matched: usize, out: &mut Vec<Input>) {
        if PASTE_END.get(matched) == Some(&byte) {
            if matched + 1 == PASTE_END.len() {
                self.flush(out);
            } else {
                self.state = State::Paste { matched: matched + 1 };
            }
            return;
        }
        for &kept in PASTE_END.iter().take(matched) {
            self.append(kept, MAX_PASTE_BYTES);
        }
        // ESC is only the first byte of the end, so a mismatch can only start it again.
        let restarts = byte == ESC;
        self.state = State::Paste { matched: usize::from(restarts) };
        if !restarts {
            self.append(byte, MAX_PASTE_BYTES);
        }
    }

    /// Drops the broken sequence and begins with the byte that broke it.
    fn restart(&mut self, byte: u8, out: &mut Vec<Input>) {
        self.reset();
        self.begin(byte, out);
    }

    fn append(&mut self, byte: u8, limit: usize) {
        if self.buffer.len() < limit {
            self.buffer.push(byte);
        } else {
            self.length = Length::TooLong;
        }
    }

    fn key(&mut self, out: &mut Vec<Input>) {
        if self.length == Length::WithinLimit {
            out.extend(keys::decode(&self.buffer));
        }
        self.reset();
    }

    fn reply(&mut self, out: &mut Vec<Input>) {
        if self.length == Length::WithinLimit {
            out.push(Input::Reply(self.buffer.as_slice().into()));
        }
        self.reset();
    }
}

/// Returns the number of bytes that follow the first one of a UTF-8 character.
fn continuation(first: u8) -> u8 {
    match first {
        0xf0.. => 3,
        0xe0.. => 2,
        _ => 1,
    }
}

fn escape_key() -> Input {
    Input::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE))
}

/// Returns true if a complete control sequence is an answer.
///
/// F3 with modifiers is `CSI 1 ; 2 R` to `CSI 1 ; 16 R` (xterm, kitty), the same as a cursor position report in the first
/// row. It is taken for the key, because the cursor position is never queried.
fn is_reply(csi: &[u8]) -> bool {
    let body = csi.get(2..).unwrap_or_default();
    match body {
        [b'?' | b'>' | b'=', ..] | [.., b'c' | b'n' | b't' | b'x' | b'y'] => true,
        [.., b'R'] => !keys::is_f3(csi),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
