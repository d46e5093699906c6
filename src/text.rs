//! Log text made fit for a terminal.
//!
//! Everything that thumbview shows may have been written by an attacker: asset ids, error messages, URLs, file names,
//! HTTP headers. [`Safe`] is the one way from such text to a screen, a printer, a title or a file name. It escapes
//! visibly and never strips, so that nothing is hidden; its invariant is that it holds no control character in any
//! form, no bidirectional or invisible character, and no grapheme longer than [`GRAPHEME_CHARS`].

pub mod identifier;
pub mod number;

use std::{fmt, fmt::Write as _};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// The most code points that one visible character may have; what follows is replaced by `…`.
pub const GRAPHEME_CHARS: usize = 8;

/// The most bytes that one visible character may have.
const GRAPHEME_BYTES: usize = 32;

/// The mark of text that was cut off.
const ELLIPSIS: &str = "…";

/// Text that can be written to a terminal as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub struct Safe(String);

impl Safe {
    /// Escapes `text`. Text that is safe already stays as it is.
    pub fn new(text: &str) -> Self {
        if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Self(text.to_owned());
        }
        let mut out = String::with_capacity(text.len() + 8);
        for grapheme in text.graphemes(true) {
            escape_grapheme(grapheme, &mut out);
        }
        Self(out)
    }

    /// Escapes bytes that should be UTF-8; what is not becomes `\x9b` and the like.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut out = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            out.push_str(Self::new(chunk.valid()).as_str());
            for byte in chunk.invalid() {
                // Writing into a String cannot fail.
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
        Self(out)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `true` for an empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the cells that the text takes on the screen.
    pub fn width(&self) -> usize {
        self.0.width()
    }

    /// Cuts the text to at most `width` cells, the last of them `…` where something was cut.
    pub fn fit(&self, width: usize) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        if width == 0 {
            return Self::default();
        }
        let mut out = head(&self.0, width - 1).to_owned();
        out.push_str(ELLIPSIS);
        Self(out)
    }

    /// Cuts out the middle, so that both ends of an id or a URL can still be read: `14d7b2fa…bc3f`.
    pub fn fit_middle(&self, width: usize) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        if width < 3 {
            return self.fit(width);
        }
        let tail_cells = (width - 1) / 3;
        let tail: Vec<&str> = tail_graphemes(&self.0, tail_cells);
        let tail_width: usize = tail.iter().map(|g| g.width()).sum();
        let mut out = head(&self.0, width - 1 - tail_width).to_owned();
        out.push_str(ELLIPSIS);
        out.extend(tail);
        Self(out)
    }

    /// Cuts the text into pieces, the first of at most `first` cells, which may be none, the others of at most `width`;
    /// a character that is wider than that has a piece of its own.
    pub fn pieces(&self, first: usize, width: usize) -> Vec<Self> {
        let mut pieces = vec![Self::default()];
        let mut room = first;
        for grapheme in self.0.graphemes(true) {
            let cells = grapheme.width();
            if cells > room {
                pieces.push(Self::default());
                room = width;
            }
            room = room.saturating_sub(cells);
            if let Some(Self(piece)) = pieces.last_mut() {
                piece.push_str(grapheme);
            }
        }
        pieces
    }

    /// Splits the text into lines of at most `width` cells, at spaces where there are any.
    pub fn wrap(&self, width: usize) -> Vec<Self> {
        let width = width.max(1);
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in words(&self.0) {
            if line.width() + word.width() > width && !line.is_empty() {
                lines.push(Self(std::mem::take(&mut line).trim_end().to_owned()));
            }
            if line.is_empty() && word.trim().is_empty() {
                continue;
            }
            for grapheme in word.graphemes(true) {
                if line.width() + grapheme.width() > width && !line.is_empty() {
                    lines.push(Self(std::mem::take(&mut line)));
                }
                line.push_str(grapheme);
            }
        }
        if !line.trim_end().is_empty() {
            lines.push(Self(line.trim_end().to_owned()));
        }
        lines
    }
}

/// Splits text where a line may break. ASCII characters break at blanks alone: `H.264` and `#5` stay whole.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_word_bounds() {
        let is_joined = word.starts_with(|c: char| c.is_ascii_graphic());
        match words.last_mut().filter(|last| is_joined && last.ends_with(|c: char| c.is_ascii_graphic())) {
            Some(last) => last.push_str(word),
            None => words.push(word.to_owned()),
        }
    }
    words
}

impl fmt::Display for Safe {
    /// Counts a width in cells, so that columns with wide characters stay aligned.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blank = f.width().unwrap_or(0).saturating_sub(self.width());
        let (before, after) = match f.align() {
            Some(fmt::Alignment::Right) => (blank, 0),
            Some(fmt::Alignment::Center) => (blank / 2, blank - blank / 2),
            Some(fmt::Alignment::Left) | None => (0, blank),
        };
        write!(f, "{:before$}{}{:after$}", "", self.0, "")
    }
}

impl From<&str> for Safe {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Safe {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

/// Returns the longest head of `text` that takes at most `width` cells.
fn head(text: &str, width: usize) -> &str {
    let mut used = 0;
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
        if used > width {
            break;
        }
        end = at + grapheme.len();
    }
    text.get(..end).unwrap_or_default()
}

/// Returns the last graphemes of `text` that together take at most `width` cells.
fn tail_graphemes(text: &str, width: usize) -> Vec<&str> {
    let mut used = 0;
    let mut tail: Vec<&str> = text
        .graphemes(true)
        .rev()
        .take_while(|grapheme| {
            used += grapheme.width();
            used <= width
        })
        .collect();
    tail.reverse();
    tail
}

fn escape_grapheme(grapheme: &str, out: &mut String) {
    let emoji = grapheme.chars().any(is_pictograph);
    for (count, c) in grapheme.chars().enumerate() {
        if count == GRAPHEME_CHARS || grapheme.len() > GRAPHEME_BYTES && count >= GRAPHEME_BYTES / 4 {
            out.push_str(ELLIPSIS);
            return;
        }
        escape_char(c, emoji, out);
    }
}

fn escape_char(c: char, in_emoji: bool, out: &mut String) {
    match c {
        '\t' => out.push_str("    "),
        '\n' | '\r' => out.push('⏎'),
        '\0'..='\x1f' => out.extend(char::from_u32(0x2400 + u32::from(c))),
        '\x7f' => out.push('␡'),
        '\u{80}'..='\u{9f}' => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        // The zero-width joiner and the emoji selector hold an emoji together; anywhere else they hide something.
        '\u{200d}' | '\u{fe0f}' if in_emoji => out.push(c),
        _ if is_invisible(c) => {
            let _ = write!(out, "<U+{:04X}>", u32::from(c));
        }
        _ => out.push(c),
    }
}

/// Characters that reorder or hide text (Trojan Source, CVE-2021-42574) or that take no cell of their own.
fn is_invisible(c: char) -> bool {
    matches!(
        u32::from(c),
        0xad | 0x34f
            | 0x61c
            | 0x115f..=0x1160
            | 0x17b4..=0x17b5
            | 0x180b..=0x180f
            | 0x200b..=0x200f
            | 0x2028..=0x202e
            | 0x2060..=0x206f
            | 0x3164
            | 0xfe00..=0xfe0f
            | 0xfeff
            | 0xffa0
            | 0xfff0..=0xfffb
            | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff
    )
}

fn is_pictograph(c: char) -> bool {
    matches!(u32::from(c), 0x203c | 0x2049 | 0x2122..=0x27bf | 0x2b00..=0x2bff | 0x1f000..=0x1faff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        let cases = [
            ("plain", "plain"),
            ("新品发布会", "新品发布会"),
            ("a\x1b[2Jb", "a␛[2Jb"),
            ("a\tb", "a    b"),
            ("a\r\nb", "a⏎⏎b"),
            ("\x7f\0", "␡␀"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("abc\u{202e}gpj.exe", "abc<U+202E>gpj.exe"),
            ("a\u{200d}b", "a<U+200D>b"),
            ("\u{feff}x\u{e0041}", "<U+FEFF>x<U+E0041>"),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
        ];
        for (input, expected) in cases {
            assert_eq!(Safe::new(input).as_str(), expected, "{input:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        // Trojan Source, and what else takes no cell or fills one with nothing.
        let ranges = [
            (0xad, 0xad),
            (0x34f, 0x34f),
            (0x61c, 0x61c),
            (0x115f, 0x1160),
            (0x200b, 0x200f),
            (0x2028, 0x202e),
            (0x2060, 0x2064),
            (0x2066, 0x2069),
            (0x3164, 0x3164),
            (0xfe00, 0xfe0f),
            (0xfeff, 0xfeff),
            (0xffa0, 0xffa0),
            (0xfff9, 0xfffb),
            (0xe0000, 0xe007f),
            (0xe0100, 0xe01ef),
        ];
        for code in ranges.into_iter().flat_map(|(first, last)| first..=last) {
            let c = char::from_u32(code).unwrap();
            let shown = format!("<U+{code:04X}>");
            assert_eq!(Safe::new(&format!("a{c}b")).as_str(), format!("a{shown}b"));
            assert_eq!(Safe::new(&String::from(c)).as_str(), shown);
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_are_shown() {
        assert_eq!(Safe::from_bytes(b"ok \x9b2J \xff").as_str(), "ok \\x9b2J \\xff");
    }

    #[test]
    fn overlong_graphemes_end() {
        let zalgo = format!("a{}b", "\u{301}".repeat(1000));
        assert!(Safe::new(&zalgo).as_str().len() < 40);
    }

    #[test]
    fn cuts_by_cells() {
        let check = |text: &str, width, end: &str, middle: &str| {
            let text = Safe::new(text);
            assert_eq!(text.fit(width).as_str(), end);
            assert_eq!(text.fit_middle(width).as_str(), middle);
        };
        check("14d7b2faba0ddd3f", 9, "14d7b2fa…", "14d7b2…3f");
        check("新品发布会", 7, "新品发…", "新品…会");
        check("abc", 3, "abc", "abc");
        check("abcd", 1, "…", "…");
        check("abcd", 0, "", "");
    }

    #[test]
    fn pads_by_cells() {
        assert_eq!(format!("[{:6}] [{:>6}]", Safe::new("发布"), Safe::new("ab")), "[发布  ] [    ab]");
    }

    #[test]
    fn cuts_into_pieces() {
        let pieces = |text: &str, first, width| -> Vec<String> {
            Safe::new(text).pieces(first, width).iter().map(ToString::to_string).collect()
        };
        assert_eq!(pieces("abcdefgh", 2, 3), ["ab", "cde", "fgh"]);
        assert_eq!(pieces("发布会", 1, 4), ["", "发布", "会"]);
        assert_eq!(pieces("", 2, 3), [""]);
    }

    #[test]
    fn wraps_at_spaces() {
        let lines = |text: &str, width| -> Vec<String> {
            Safe::new(text).wrap(width).iter().map(ToString::to_string).collect()
        };
        assert_eq!(lines("no answer for 10 s", 9), ["no answer", "for 10 s"]);
        assert_eq!(lines("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(lines("", 3), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn never_holds_a_control_or_invisible_character(text in any::<String>()) {
            let safe = Safe::new(&text);
            prop_assert!(!safe.as_str().chars().any(char::is_control));
            prop_assert_eq!(Safe::new(safe.as_str()), safe.clone(), "escaping twice changes nothing");
            for width in 0..12 {
                prop_assert!(safe.fit(width).width() <= width);
                prop_assert!(safe.fit_middle(width).width() <= width);
            }
        }
    }
}
