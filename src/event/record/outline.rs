//! The end of a JSON value, found without parsing it.
//!
//! [`JsonOutline`] follows one value over any number of pieces of text, a line at a time, in constant memory. It knows
//! the grammar's skeleton only: brackets, keys, commas, and where strings end. What it calls closed may still be
//! refused by the decoder; what it calls broken is no JSON.

use memchr::memchr3;

/// The deepest nesting that is followed: what `serde_json` takes.
pub(in crate::event) const DEPTH_MAX: u32 = 127;

/// Follows one JSON value.
#[derive(Clone, Debug)]
pub(in crate::event) struct JsonOutline {
    expects: Expects,
    /// One bit a level: 1 is an object.
    levels: u128,
    depth: u32,
}

/// The progress after one piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) enum OutlineProgress {
    /// The value goes on in the next piece.
    Open,
    /// The value ended with this many bytes of the piece.
    Closed(usize),
    /// The piece ends within a string that begins at this byte.
    Cut(usize),
    /// The piece is no JSON from this byte on.
    Broken(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expects {
    Value,
    /// A value, or the end of an array.
    FirstValue,
    Key,
    /// A key, or the end of an object.
    FirstKey,
    Colon,
    /// A comma, or the end of what is open.
    Comma,
}

impl JsonOutline {
    pub(in crate::event) fn new() -> Self {
        Self { expects: Expects::Value, levels: 0, depth: 0 }
    }

    /// Scans the next piece, such as a line; no string and no number may cross its end.
    pub(in crate::event) fn take(&mut self, piece: &[u8]) -> OutlineProgress {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                at += 1;
                continue;
            }
            match self.step(byte, piece, at) {
                Some(next) => at = next,
                None if byte == b'"'
                    && string_end(piece, at).is_none()
                    && !piece.get(at..).is_some_and(|rest| rest.contains(&b'\n')) =>
                {
                    return OutlineProgress::Cut(at);
                }
                None => return OutlineProgress::Broken(at),
            }
            if self.depth == 0 && self.expects == Expects::Comma {
                return OutlineProgress::Closed(at);
            }
        }
        OutlineProgress::Open
    }

    /// Scans the token that begins with `byte`; returns the index after it.
    fn step(&mut self, byte: u8, piece: &[u8], at: usize) -> Option<usize> {
        match (self.expects, byte) {
            (Expects::Value | Expects::FirstValue, b'{') => self.open(1),
            (Expects::Value | Expects::FirstValue, b'[') => self.open(0),
            (Expects::FirstValue | Expects::Comma, b']') => self.close(0),
            (Expects::FirstKey | Expects::Comma, b'}') => self.close(1),
            (Expects::Value | Expects::FirstValue, b'"') => {
                self.expects = Expects::Comma;
                return string_end(piece, at);
            }
            (Expects::Value | Expects::FirstValue, _) => {
                self.expects = Expects::Comma;
                return word_end(piece, at);
            }
            (Expects::Key | Expects::FirstKey, b'"') => {
                self.expects = Expects::Colon;
                return string_end(piece, at);
            }
            (Expects::Colon, b':') => {
                self.expects = Expects::Value;
                Some(())
            }
            (Expects::Comma, b',') => {
                self.expects = if self.levels & 1 == 1 { Expects::Key } else { Expects::Value };
                Some(())
            }
            (Expects::Key | Expects::FirstKey | Expects::Colon | Expects::Comma, _) => None,
        }?;
        Some(at + 1)
    }

    fn open(&mut self, level: u128) -> Option<()> {
        if self.depth == DEPTH_MAX {
            return None;
        }
        self.depth += 1;
        self.levels = self.levels << 1 | level;
        self.expects = if level == 1 { Expects::FirstKey } else { Expects::FirstValue };
        Some(())
    }

    fn close(&mut self, level: u128) -> Option<()> {
        if self.depth == 0 || self.levels & 1 != level {
            return None;
        }
        self.depth -= 1;
        self.levels >>= 1;
        self.expects = Expects::Comma;
        Some(())
    }
}

/// Returns the index after the string that begins at `at`.
pub(in crate::event) fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr3(b'"', b'\\', b'\n', text.get(at..)?)?;
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => return None,
        }
    }
}

/// Returns the index after a number, `true`, `false` or `null`.
fn word_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
    let word = rest.get(..len)?;
    let fits = matches!(word, b"true" | b"false" | b"null") || matches!(word.first()?, b'0'..=b'9' | b'-');
    fits.then_some(at + len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outline(text: &str) -> OutlineProgress {
        JsonOutline::new().take(text.as_bytes())
    }

    #[test]
    fn finds_the_end() {
        let check = |text, expected| assert_eq!(outline(text), expected, "{text}");
        check(r#"{"a":[1,{"b":"}\""}],"c":null} tail"#, OutlineProgress::Closed(30));
        check("{} {}", OutlineProgress::Closed(2));
        check(r#"{"a":[]"#, OutlineProgress::Open);
        check(r#"{"a""#, OutlineProgress::Open);
        check(r#"{"a"#, OutlineProgress::Cut(1));
        check("{\"a\n", OutlineProgress::Broken(1));
        check(r#"{"a":oops}"#, OutlineProgress::Broken(5));
        check(r#"{"a":1,}"#, OutlineProgress::Broken(7));
        check("{]", OutlineProgress::Broken(1));
        check(&"[".repeat(200), OutlineProgress::Broken(127));
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                prop::collection::vec(("[a-c\"]{0,3}", inner), 0..5)
                    .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn closes_where_the_json_ends_over_any_lines(value in any_json(), tail in any::<String>()) {
            let text = serde_json::to_string_pretty(&vec![value]).unwrap();
            let mut outline = JsonOutline::new();
            let mut taken = 0;
            for line in format!("{text}{tail}").split_inclusive('\n') {
                match outline.take(line.as_bytes()) {
                    OutlineProgress::Open => taken += line.len(),
                    OutlineProgress::Closed(at) => {
                        taken += at;
                        break;
                    }
                    OutlineProgress::Cut(at) | OutlineProgress::Broken(at) => prop_assert!(false, "broken at {at} of {line}"),
                }
            }
            prop_assert_eq!(taken, text.len());
        }
    }
}
