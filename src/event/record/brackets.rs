//! The extent of an object in another notation than JSON, from line to line.
//!
//! [`BracketOutline`] counts brackets outside of quotes. It is used once a line has shown a key of an event and no JSON,
//! and it gives up at the first line that cannot continue an object, so that no other record is held back.

use super::outline::OutlineProgress;
use crate::event::notation::literal::string_end;

/// The most lines of such an object.
const LINES_MAX: u32 = 4096;

/// Follows one object.
#[derive(Clone, Debug)]
pub(super) struct BracketOutline {
    depth: u32,
    lines: u32,
}

impl BracketOutline {
    /// Returns the outline of the object that a line begins and does not end.
    pub(super) fn opening(line: &[u8]) -> Option<Self> {
        let mut outline = Self { depth: 0, lines: 0 };
        let rest = line.get(memchr::memchr(b'{', line)?..)?;
        outline.count(rest).is_none().then_some(outline)
    }

    /// Adds the next line.
    pub(super) fn take(&mut self, line: &[u8]) -> OutlineProgress {
        self.lines += 1;
        let continues =
            line.first().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'}' | b']' | b')' | b'"' | b'\''));
        if !continues || self.lines > LINES_MAX {
            return OutlineProgress::Broken(0);
        }
        self.count(line).map_or(OutlineProgress::Open, OutlineProgress::Closed)
    }

    /// Counts the brackets of a text; returns where the object ends.
    fn count(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let after_word =
                at.checked_sub(1).and_then(|before| text.get(before)).is_some_and(u8::is_ascii_alphanumeric);
            at = match byte {
                b'\'' | b'"' | b'`' if !after_word => string_end(text, at).unwrap_or(at + 1),
                _ => at + 1,
            };
            match byte {
                b'{' | b'[' | b'(' => self.depth += 1,
                b'}' | b']' | b')' => self.depth = self.depth.saturating_sub(1),
                _ => continue,
            }
            if self.depth == 0 {
                return Some(at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_objects_over_lines() {
        let check = |lines: &[&str], expected: OutlineProgress| {
            let (first, rest) = lines.split_first().unwrap();
            let mut outline = BracketOutline::opening(first.as_bytes()).unwrap();
            let mut progress = OutlineProgress::Open;
            for line in rest {
                assert_eq!(progress, OutlineProgress::Open, "{line}");
                progress = outline.take(line.as_bytes());
            }
            assert_eq!(progress, expected, "{lines:?}");
        };
        check(&["x {", "  a: 'b}',", "  c: { d: [ 1 ] }", "} y"], OutlineProgress::Closed(1));
        check(&["{'a': 'it\\'s }',", " 'b': [1,", "       2]}"], OutlineProgress::Closed(10));
        check(&["{", "  it's open"], OutlineProgress::Open);
        check(&["{", "2026-03-14 09:15:00 next"], OutlineProgress::Broken(0));
        assert!(BracketOutline::opening(b"{a} {").is_none());
        assert!(BracketOutline::opening(b"none").is_none());
    }
}
