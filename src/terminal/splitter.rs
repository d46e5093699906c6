//! Bytes of the terminal into inputs: answers to our questions here, keys there.
//!
//! The framing is our own and goes byte by byte, so that where a read ends changes nothing, an answer is never taken
//! for keys, and broken or endless sequences cannot swallow the keyboard: all that is held is bounded, any control
//! character ends a broken sequence, and [`Splitter::flush`] ends what silence has left open. What a complete key
//! sequence means is `terminal/keys`' part.

use super::{input::Input, keys};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;

/// How long an ESC waits for the rest of its sequence before it is the Escape key.
pub(super) const ESCAPE_PATIENCE: Duration = Duration::from_millis(30);

/// How long a sequence that no human types waits for its rest; slow links pause in the middle of one.
const SEQUENCE_PATIENCE: Duration = Duration::from_secs(2);

/// The longest control sequence and the longest answer string, in bytes; longer ones are discarded.
const CSI_BYTES: usize = 256;
const STRING_BYTES: usize = 4 * 1024;

/// The most of a paste that is kept, in bytes; the prompts are one line.
const PASTE_BYTES: usize = 64 * 1024;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Takes bytes as they come and gives inputs as they are complete.
#[derive(Debug, Default)]
pub struct Splitter {
    state: State,
    /// The sequence so far, from its ESC on, or the text of a paste.
    held: Vec<u8>,
    size: Size,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// ESC was seen.
    Escape,
    /// `ESC O`: one more byte makes a key.
    Ss3,
    /// `ESC [`: parameters, then a final byte.
    Csi,
    /// `more` bytes without a form of their own: the rest of a UTF-8 character, of an X10 mouse report, of `CSI [ A`.
    Counted { more: u8, kind: Counted },
    /// DCS, OSC, APC, PM, SOS: up to ST or BEL.
    String,
    /// ESC within a string.
    StringEscape,
    /// A bracketed paste, of whose end `matched` bytes were seen.
    Paste { matched: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Character,
    Report,
}

/// Whether the held sequence is all there is of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Size {
    #[default]
    Whole,
    TooLong,
}

impl Splitter {
    /// Takes bytes and appends the inputs that they complete.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Input>) {
        for &byte in bytes {
            self.step(byte, out);
        }
    }

    /// Ends what is open, after silence: a lone ESC is the Escape key, `ESC [` is Alt-[, a paste is what came of it;
    /// the beginning of anything else is dropped.
    pub fn flush(&mut self, out: &mut Vec<Input>) {
        match (self.state, self.held.as_slice()) {
            (State::Escape, _) => out.push(escape_key()),
            (State::Paste { .. }, text) => out.push(Input::Paste(String::from_utf8_lossy(text).into_owned())),
            (State::Ss3 | State::Csi | State::String, &[ESC, introducer]) => {
                out.push(Input::Key(KeyEvent::new(KeyCode::Char(char::from(introducer)), KeyModifiers::ALT)));
            }
            _ => {}
        }
        self.reset();
    }

    /// Whether a sequence is open, so that silence has a meaning.
    pub fn is_pending(&self) -> bool {
        self.state != State::Ground
    }

    /// How much silence ends what is open; `None` when nothing is.
    pub(super) fn patience(&self) -> Option<Duration> {
        // ESC and Alt-[ can be typed; everything longer, and every paste, comes from the terminal itself.
        let typed = self.held.len() <= 2 && !matches!(self.state, State::Paste { .. });
        self.is_pending().then_some(if typed { ESCAPE_PATIENCE } else { SEQUENCE_PATIENCE })
    }

    fn reset(&mut self) {
        self.state = State::Ground;
        self.held.clear();
        self.size = Size::Whole;
    }

    fn step(&mut self, byte: u8, out: &mut Vec<Input>) {
        match self.state {
            State::Ground => self.begin(byte, out),
            State::Escape => self.after_escape(byte, out),
            State::Ss3 if byte < b' ' => self.restart(byte, out),
            State::Ss3 => {
                self.held.push(byte);
                self.key(out);
            }
            State::Csi => self.within_csi(byte, out),
            State::Counted { more, kind } => self.counted(byte, more, kind, out),
            State::String => self.within_string(byte, out),
            State::StringEscape if byte == b'\\' => {
                self.hold(byte, STRING_BYTES);
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
        self.held.push(byte);
        match byte {
            ESC => self.state = State::Escape,
            0x00..=0x7f => self.key(out),
            0xc2..=0xf4 => self.state = State::Counted { more: continuation(byte), kind: Counted::Character },
            // No character begins so; not ours to guess a code page.
            0x80..=0xc1 | 0xf5..=0xff => self.reset(),
        }
    }

    fn after_escape(&mut self, byte: u8, out: &mut Vec<Input>) {
        if byte == ESC {
            out.push(escape_key());
            return;
        }
        self.held.push(byte);
        match byte {
            b'[' => self.state = State::Csi,
            b'O' => self.state = State::Ss3,
            b'P' | b']' | b'_' | b'^' | b'X' => self.state = State::String,
            0x00..=0x7f => self.key(out),
            0xc2..=0xf4 => self.state = State::Counted { more: continuation(byte), kind: Counted::Character },
            0x80..=0xc1 | 0xf5..=0xff => self.reset(),
        }
    }

    fn within_csi(&mut self, byte: u8, out: &mut Vec<Input>) {
        let first = self.held.len() == 2;
        match byte {
            b' '..=b'?' => self.hold(byte, CSI_BYTES),
            b'[' if first => {
                // The Linux console's F1 to F5 are `CSI [ A` to `CSI [ E`.
                self.held.push(byte);
                self.state = State::Counted { more: 1, kind: Counted::Report };
            }
            b'M' if first => {
                self.held.push(byte);
                self.state = State::Counted { more: 3, kind: Counted::Report };
            }
            b'@'..=b'~' => {
                self.hold(byte, CSI_BYTES);
                self.csi(out);
            }
            _ => self.restart(byte, out),
        }
    }

    fn csi(&mut self, out: &mut Vec<Input>) {
        if self.held == PASTE_START {
            self.reset();
            self.state = State::Paste { matched: 0 };
        } else if is_reply(&self.held) {
            self.reply(out);
        } else {
            self.key(out);
        }
    }

    fn counted(&mut self, byte: u8, more: u8, kind: Counted, out: &mut Vec<Input>) {
        let fits = match kind {
            Counted::Character => matches!(byte, 0x80..=0xbf),
            Counted::Report => byte >= b' ',
        };
        if !fits {
            self.restart(byte, out);
            return;
        }
        self.held.push(byte);
        if more > 1 {
            self.state = State::Counted { more: more - 1, kind };
        } else {
            self.key(out);
        }
    }

    fn within_string(&mut self, byte: u8, out: &mut Vec<Input>) {
        match byte {
            BEL => {
                self.hold(byte, STRING_BYTES);
                self.reply(out);
            }
            ESC => {
                self.hold(byte, STRING_BYTES);
                self.state = State::StringEscape;
            }
            CAN | SUB => self.reset(),
            // No answer holds a control character: this is a key, and whatever was to come is broken.
            0x00..=0x1f => self.restart(byte, out),
            _ => self.hold(byte, STRING_BYTES),
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
            self.hold(kept, PASTE_BYTES);
        }
        // ESC stands only at the beginning of the end, so a mismatch can only begin it anew.
        let begins = byte == ESC;
        self.state = State::Paste { matched: usize::from(begins) };
        if !begins {
            self.hold(byte, PASTE_BYTES);
        }
    }

    /// Drops the broken sequence; the byte that broke it counts.
    fn restart(&mut self, byte: u8, out: &mut Vec<Input>) {
        self.reset();
        self.begin(byte, out);
    }

    fn hold(&mut self, byte: u8, limit: usize) {
        if self.held.len() < limit {
            self.held.push(byte);
        } else {
            self.size = Size::TooLong;
        }
    }

    fn key(&mut self, out: &mut Vec<Input>) {
        if self.size == Size::Whole {
            out.extend(keys::decode(&self.held));
        }
        self.reset();
    }

    fn reply(&mut self, out: &mut Vec<Input>) {
        if self.size == Size::Whole {
            out.push(Input::Reply(self.held.as_slice().into()));
        }
        self.reset();
    }
}

/// How many bytes follow the first one of a UTF-8 character.
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

/// Whether a complete control sequence answers a question.
///
/// `R` is told by its form: F3 with modifiers is `CSI 1 ; 2 R` to `CSI 1 ; 16 R` (xterm, kitty), and so would be a
/// report of the cursor in the first row. The key wins, because we never ask for the cursor.
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
