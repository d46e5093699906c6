//! An event's text as it stands in the log, laid out to be read: JSON indented, its names told from its values, what
//! stands around it left as it is.
//!
//! The text is laid out and not parsed into a tree: order, doubled names and the form of numbers are evidence. Strings
//! are shown without their escapes; one that holds a JSON object, as SMN and docker send them, is opened. Long lines are
//! wrapped, since the end of a URL is what tells it from its neighbours.

use crate::{
    event::{PictureUrl, Reveal, redact_urls},
    text::Safe,
};
use serde::de::IgnoredAny;

/// Bytes of an event that are shown; an event of a thousand pictures has as many.
const MAX: usize = 256 << 10;

/// Places of a text at which JSON is looked for; a text of nothing but braces has no more.
const TRIES: usize = 32;

/// Strings within strings that are opened.
const NESTED: usize = 4;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Strings, and what is no JSON.
    Text,
    /// The name of a value.
    Name,
    /// A number, `true`, `false`, `null`.
    Value,
    /// Brackets, commas, our own words.
    Mark,
}

/// One row of pieces.
pub type RawRow = Vec<(Tone, Safe)>;

/// An event's text for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// Each line and the blanks before it.
    lines: Vec<(usize, RawRow)>,
    /// The lines, wrapped, and how wide they are.
    rows: Vec<RawRow>,
    width: usize,
}

impl Raw {
    /// Lays a text out in rows of at most `width` cells, below what is said of it.
    pub fn new(head: &Safe, bytes: &[u8], reveal: Reveal, width: usize) -> Self {
        let hidden = bytes.len().saturating_sub(MAX);
        let mut layout = RawLayout { reveal, lines: Vec::new(), depth: 0, is_cut: hidden > 0 };
        if !head.is_empty() {
            layout.line();
            layout.put(Tone::Mark, head.clone());
        }
        layout.text(&readable(bytes.get(..MAX).unwrap_or(bytes)));
        if hidden > 0 {
            layout.depth = 0;
            layout.line();
            layout.put(Tone::Mark, Safe::new(&format!("… {hidden} more bytes are not shown")));
        }
        let mut raw = Self { lines: layout.lines, rows: Vec::new(), width: 0 };
        raw.fit(width);
        raw
    }

    /// Wraps the lines anew.
    pub fn fit(&mut self, width: usize) {
        self.rows = self.lines.iter().flat_map(|(indent, line)| wrapped(*indent, line, width.max(8))).collect();
        let cells = |row: &RawRow| row.iter().map(|(_, text)| text.width()).sum();
        self.width = self.rows.iter().map(cells).max().unwrap_or(0);
    }

    /// Cells of the widest row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What is to be shown.
    pub fn rows(&self) -> &[RawRow] {
        &self.rows
    }
}

/// A line in rows of at most `width` cells, all of them indented alike.
fn wrapped(indent: usize, line: &RawRow, width: usize) -> Vec<RawRow> {
    let indent = indent.min(width / 2);
    let blank = (Tone::Mark, Safe::new(&" ".repeat(indent)));
    let mut rows = vec![vec![blank.clone()]];
    let most = width - indent;
    let mut room = most;
    for (tone, text) in line {
        for (nth, piece) in text.pieces(room, most).into_iter().enumerate() {
            if nth > 0 {
                rows.push(vec![blank.clone()]);
                room = most;
            }
            room = room.saturating_sub(piece.width());
            if let Some(row) = rows.last_mut().filter(|_| !piece.is_empty()) {
                row.push((*tone, piece));
            }
        }
    }
    rows
}

struct RawLayout {
    reveal: Reveal,
    lines: Vec<(usize, RawRow)>,
    depth: usize,
    /// Whether the end of the text is missing.
    is_cut: bool,
}

impl RawLayout {
    fn text(&mut self, text: &str) {
        let mut rest = text;
        let mut from = 0;
        for _ in 0..TRIES {
            let Some(at) = rest.get(from..).and_then(|tail| tail.find('{')).map(|at| from + at) else { break };
            let (before, tail) = rest.split_at(at);
            let cut = Some(tail).filter(|tail| self.is_cut && tail.starts_with("{\""));
            let Some(json) = object(tail).or(cut) else {
                from = at + 1;
                continue;
            };
            self.plain(before);
            self.json(json, NESTED);
            // What follows on the same line begins a row of its own.
            (rest, from) = (tail.get(json.len()..).unwrap_or_default().trim_start_matches(' '), 0);
        }
        self.plain(rest);
    }

    fn plain(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = self.shown(line.trim_end());
            self.line();
            self.put(Tone::Text, line);
        }
    }

    /// A JSON text that was checked to be one.
    fn json(&mut self, json: &str, nested: usize) {
        self.line();
        let mut rest = json;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '"' => string_length(rest),
                '{' | '}' | '[' | ']' | ',' | ':' => 1,
                _ => rest.find(['{', '}', '[', ']', ',', ':', '"', ' ', '\t', '\r', '\n']).unwrap_or(rest.len()),
            };
            let (token, tail) = rest.split_at(length.clamp(1, rest.len()));
            rest = tail.trim_start();
            match first {
                '{' | '[' if rest.starts_with(['}', ']']) => {
                    let (end, tail) = rest.split_at(1);
                    rest = tail.trim_start();
                    self.put(Tone::Mark, Safe::new(&format!("{token}{end}")));
                }
                '{' | '[' => {
                    self.put(Tone::Mark, token.into());
                    self.depth += 1;
                    self.line();
                }
                '}' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.line();
                    self.put(Tone::Mark, token.into());
                }
                ',' => {
                    self.put(Tone::Mark, ",".into());
                    self.line();
                }
                ':' => self.put(Tone::Mark, ": ".into()),
                '"' if rest.starts_with(':') => {
                    let name = self.string(token);
                    self.put(Tone::Name, name);
                }
                '"' => self.value(token, nested),
                _ => self.put(Tone::Value, token.into()),
            }
        }
    }

    /// A string; opened, where it holds an object.
    fn value(&mut self, token: &str, nested: usize) {
        let inner = serde_json::from_str::<String>(token).unwrap_or_default();
        let holds = object(inner.trim()).filter(|json| nested > 0 && json.len() == inner.trim().len());
        let Some(json) = holds else {
            let text = self.string(token);
            return self.put(Tone::Text, text);
        };
        self.put(Tone::Mark, "a string that holds".into());
        self.depth += 1;
        self.json(json, nested - 1);
        self.depth -= 1;
    }

    /// A string in its quotes, its escapes gone where they hide nothing.
    fn string(&self, token: &str) -> Safe {
        match serde_json::from_str::<String>(token) {
            // One URL, whatever is in it.
            Ok(text) if text.starts_with("http://") || text.starts_with("https://") => {
                let url = PictureUrl::new(&text).shown(self.reveal);
                Safe::new(&serde_json::to_string(&url).unwrap_or_default())
            }
            Ok(text) => self.shown(&serde_json::to_string(&text).unwrap_or_default()),
            Err(_wrong) => self.shown(token),
        }
    }

    fn shown(&self, text: &str) -> Safe {
        match self.reveal {
            Reveal::Hide => Safe::from(redact_urls(text)),
            Reveal::Show => Safe::new(text),
        }
    }

    fn line(&mut self) {
        self.lines.push((self.depth * 2, RawRow::new()));
    }

    fn put(&mut self, tone: Tone, text: Safe) {
        if let Some((_, line)) = self.lines.last_mut() {
            line.push((tone, text));
        }
    }
}

/// The JSON object that a text begins with.
fn object(text: &str) -> Option<&str> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    text.starts_with('{').then_some(())?;
    stream.next()?.ok()?;
    text.get(..stream.byte_offset())
}

/// Bytes as text, their lines kept; what is no UTF-8 becomes `\x9b` and the like.
fn readable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(Safe::from_bytes(chunk.invalid()).as_str());
    }
    text
}

/// The length of the string that a JSON text begins with, its quotes included.
fn string_length(json: &str) -> usize {
    let mut escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(json.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str, width: usize) -> Vec<String> {
        let raw = Raw::new(&Safe::default(), text.as_bytes(), Reveal::Hide, width);
        let text = |row: &RawRow| row.iter().map(|(_, text)| text.as_str()).collect::<String>();
        raw.rows().iter().map(text).collect()
    }

    #[test]
    fn json_is_laid_out_in_its_own_order_and_form() {
        let text = r#"{"z":1.50,"a":[1,{"b":null}],"e":{},"a":"中\/文"}"#;
        let expected =
            ["{", r#"  "z": 1.50,"#, r#"  "a": ["#, "    1,", "    {", r#"      "b": null"#, "    }", "  ],"];
        assert_eq!(rows(text, 80)[..8], expected);
        assert_eq!(rows(text, 80)[8..], [r#"  "e": {},"#, r#"  "a": "中/文""#, "}"]);
    }

    #[test]
    fn what_stands_around_json_stays() {
        let rows = rows("2026-03-14 INFO [x{1}] received {\"a\":1} and {\"b\":2}, done\n\tat y", 80);
        let expected = [
            "2026-03-14 INFO [x{1}] received ",
            "{",
            "  \"a\": 1",
            "}",
            "and",
            "{",
            "  \"b\": 2",
            "}",
            ", done",
            "    at y",
        ];
        assert_eq!(rows.iter().map(|row| row.trim_end()).collect::<Vec<_>>(), expected.map(str::trim_end));
    }

    #[test]
    fn a_string_that_holds_an_object_is_opened() {
        let rows = rows(r#"{"Message":"{\"asset_id\":\"x\"}","n":"{not json"}"#, 80);
        let expected = [
            "{",
            r#"  "Message": a string that holds"#,
            "    {",
            r#"      "asset_id": "x""#,
            "    },",
            r#"  "n": "{not json""#,
            "}",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn secrets_of_urls_are_hidden_in_every_spelling() {
        for url in [r"https:\/\/h\/a.jpg?auth_key=SECRET", r"https://h/a.jpg?x=1\u0026auth_key=SECRET"] {
            let text = format!(r#"at {url} {{"url":"{url}","in":"{{\"url\":\"{url}\"}}"}}"#);
            let shown = rows(&text, 200).join("\n");
            assert!(!shown.contains("SECRET"), "{shown}");
            let revealed = Raw::new(&Safe::default(), text.as_bytes(), Reveal::Show, 200);
            assert!(format!("{revealed:?}").contains("SECRET"));
        }
    }

    #[test]
    fn what_is_too_long_says_so() {
        let event = format!("x {{\"url\":\"{}\"}}", "u".repeat(2 * MAX));
        let rows = rows(&event, 80);
        assert_eq!(rows[..2], ["x", "{"]);
        assert!(rows[2].starts_with("  \"url\": \"uuu"), "{}", rows[2]);
        assert_eq!(*rows.last().unwrap(), format!("… {} more bytes are not shown", event.len() - MAX));
    }

    #[test]
    fn long_lines_are_wrapped_at_their_indentation() {
        let rows = rows(r#"{"url":"https://example.com/asset/0.jpg"}"#, 20);
        assert_eq!(rows, ["{", r#"  "url": "https://ex"#, "  ample.com/asset/0.", r#"  jpg""#, "}"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_wide(text in "[ -~\n]{0,200}", width in 8..40_usize) {
            let rows = rows(&text, width);
            for row in &rows {
                prop_assert!(Safe::new(row).width() <= width, "{row:?}");
            }
            let letters = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            prop_assert_eq!(letters(&rows.concat()), letters(&text));
        }

        #[test]
        fn any_bytes_are_laid_out(bytes in any::<Vec<u8>>()) {
            Raw::new(&Safe::default(), &bytes, Reveal::Hide, 40);
        }
    }
}
