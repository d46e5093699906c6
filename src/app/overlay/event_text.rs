//! The text of an event as logged, laid out for reading: JSON is indented and its names are distinguished from its values.
//!
//! The text is not parsed into a tree, since order, repeated names and the form of numbers are evidence. Strings are
//! shown without escapes; a string that holds a JSON object, as in SMN messages and docker logs, is expanded. Long lines
//! are wrapped, never cut.

use crate::{
    event::{PictureUrl, Reveal},
    text::Safe,
};
use serde::de::IgnoredAny;

/// The bytes of an event that are shown; an event of a thousand pictures has about as many.
const MAX_BYTES: usize = 256 << 10;

/// The number of braces at which JSON is looked for.
const MAX_TRIES: usize = 32;

/// The depth to which strings within strings are expanded.
const MAX_NESTING: usize = 4;

/// The kind of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A string, or text that is not JSON.
    Text,
    /// The name of a value.
    Name,
    /// A number, `true`, `false`, `null`.
    Value,
    /// A bracket, a comma, or a remark of this program.
    Mark,
}

/// A row of pieces.
pub type TextRow = Vec<(TokenKind, Safe)>;

/// The text of an event in rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventText {
    /// Each line with the number of blanks before it.
    lines: Vec<(usize, TextRow)>,
    /// The wrapped lines.
    rows: Vec<TextRow>,
    /// The cells of the widest row.
    width: usize,
}

impl EventText {
    /// Lays a text out in rows of at most `width` cells, below a heading.
    pub fn new(heading: &Safe, bytes: &[u8], reveal: Reveal, width: usize) -> Self {
        let hidden = bytes.len().saturating_sub(MAX_BYTES);
        let mut layout = TextLayout { reveal, lines: Vec::new(), depth: 0, is_cut: hidden > 0 };
        if !heading.is_empty() {
            layout.line();
            layout.put(TokenKind::Mark, heading.clone());
        }
        layout.text(&to_text(bytes.get(..MAX_BYTES).unwrap_or(bytes)));
        if hidden > 0 {
            layout.depth = 0;
            layout.line();
            layout.put(TokenKind::Mark, Safe::new(&format!("… {hidden} more bytes are not shown")));
        }
        let mut text = Self { lines: layout.lines, rows: Vec::new(), width: 0 };
        text.fit(width);
        text
    }

    /// Wraps the lines for another width.
    pub fn fit(&mut self, width: usize) {
        self.rows = self.lines.iter().flat_map(|(indent, line)| wrapped(*indent, line, width.max(8))).collect();
        let cells = |row: &TextRow| row.iter().map(|(_, text)| text.width()).sum();
        self.width = self.rows.iter().map(cells).max().unwrap_or(0);
    }

    /// The cells of the widest row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows.
    pub fn rows(&self) -> &[TextRow] {
        &self.rows
    }
}

/// Splits a line into rows of at most `width` cells, all with the same indentation.
fn wrapped(indent: usize, line: &TextRow, width: usize) -> Vec<TextRow> {
    let indent = indent.min(width / 2);
    let blank = (TokenKind::Mark, Safe::new(&" ".repeat(indent)));
    let mut rows = vec![vec![blank.clone()]];
    let most = width - indent;
    let mut room = most;
    for (kind, text) in line {
        for (nth, piece) in text.pieces(room, most).into_iter().enumerate() {
            if nth > 0 {
                rows.push(vec![blank.clone()]);
                room = most;
            }
            room = room.saturating_sub(piece.width());
            if let Some(row) = rows.last_mut().filter(|_| !piece.is_empty()) {
                row.push((*kind, piece));
            }
        }
    }
    rows
}

struct TextLayout {
    reveal: Reveal,
    lines: Vec<(usize, TextRow)>,
    depth: usize,
    /// The end of the text is missing.
    is_cut: bool,
}

impl TextLayout {
    fn text(&mut self, text: &str) {
        let mut rest = text;
        let mut from = 0;
        for _ in 0..MAX_TRIES {
            let Some(at) = rest.get(from..).and_then(|tail| tail.find('{')).map(|at| from + at) else { break };
            let (before, tail) = rest.split_at(at);
            let cut = Some(tail).filter(|tail| self.is_cut && tail.starts_with("{\""));
            let Some(json) = object(tail).or(cut) else {
                from = at + 1;
                continue;
            };
            self.plain(before);
            self.json(json, MAX_NESTING);
            // The rest of the line begins another row.
            (rest, from) = (tail.get(json.len()..).unwrap_or_default().trim_start_matches(' '), 0);
        }
        self.plain(rest);
    }

    fn plain(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = self.shown(line.trim_end());
            self.line();
            self.put(TokenKind::Text, line);
        }
    }

    /// Adds a valid JSON text.
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
                    self.put(TokenKind::Mark, Safe::new(&format!("{token}{end}")));
                }
                '{' | '[' => {
                    self.put(TokenKind::Mark, token.into());
                    self.depth += 1;
                    self.line();
                }
                '}' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.line();
                    self.put(TokenKind::Mark, token.into());
                }
                ',' => {
                    self.put(TokenKind::Mark, ",".into());
                    self.line();
                }
                ':' => self.put(TokenKind::Mark, ": ".into()),
                '"' if rest.starts_with(':') => {
                    let name = self.string(token);
                    self.put(TokenKind::Name, name);
                }
                '"' => self.value(token, nested),
                _ => self.put(TokenKind::Value, token.into()),
            }
        }
    }

    /// Adds a string, expanded if it holds an object.
    fn value(&mut self, token: &str, nested: usize) {
        let inner = serde_json::from_str::<String>(token).unwrap_or_default();
        let holds = object(inner.trim()).filter(|json| nested > 0 && json.len() == inner.trim().len());
        let Some(json) = holds else {
            let text = self.string(token);
            return self.put(TokenKind::Text, text);
        };
        self.put(TokenKind::Mark, "JSON in a string:".into());
        self.depth += 1;
        self.json(json, nested - 1);
        self.depth -= 1;
    }

    /// Returns a string in its quotes, without the escapes that hide nothing.
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
        Safe::new(&self.reveal.apply(text))
    }

    fn line(&mut self) {
        self.lines.push((self.depth * 2, TextRow::new()));
    }

    fn put(&mut self, kind: TokenKind, text: Safe) {
        if let Some((_, line)) = self.lines.last_mut() {
            line.push((kind, text));
        }
    }
}

/// Returns the JSON object at the beginning of a text.
fn object(text: &str) -> Option<&str> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    text.starts_with('{').then_some(())?;
    stream.next()?.ok()?;
    text.get(..stream.byte_offset())
}

/// Returns bytes as text with its lines; bytes that are not UTF-8 become `\x9b` and the like.
fn to_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(Safe::from_bytes(chunk.invalid()).as_str());
    }
    text
}

/// Returns the length of the JSON string at the beginning of a text, with its quotes.
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
        let raw = EventText::new(&Safe::default(), text.as_bytes(), Reveal::Hide, width);
        let text = |row: &TextRow| row.iter().map(|(_, text)| text.as_str()).collect::<String>();
        raw.rows().iter().map(text).collect()
    }

    #[test]
    fn json_keeps_its_order_and_form() {
        let text = r#"{"z":1.50,"a":[1,{"b":null}],"e":{},"a":"中\/文"}"#;
        let expected =
            ["{", r#"  "z": 1.50,"#, r#"  "a": ["#, "    1,", "    {", r#"      "b": null"#, "    }", "  ],"];
        assert_eq!(rows(text, 80)[..8], expected);
        assert_eq!(rows(text, 80)[8..], [r#"  "e": {},"#, r#"  "a": "中/文""#, "}"]);
    }

    #[test]
    fn text_around_json_is_kept() {
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
    fn a_string_that_holds_an_object_is_expanded() {
        let rows = rows(r#"{"Message":"{\"asset_id\":\"x\"}","n":"{not json"}"#, 80);
        let expected = [
            "{",
            r#"  "Message": JSON in a string:"#,
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
            let revealed = EventText::new(&Safe::default(), text.as_bytes(), Reveal::Show, 200);
            assert!(format!("{revealed:?}").contains("SECRET"));
        }
    }

    #[test]
    fn a_cut_text_says_so() {
        let event = format!("x {{\"url\":\"{}\"}}", "u".repeat(2 * MAX_BYTES));
        let rows = rows(&event, 80);
        assert_eq!(rows[..2], ["x", "{"]);
        assert!(rows[2].starts_with("  \"url\": \"uuu"), "{}", rows[2]);
        assert_eq!(*rows.last().unwrap(), format!("… {} more bytes are not shown", event.len() - MAX_BYTES));
    }

    #[test]
    fn long_lines_are_wrapped_at_their_indentation() {
        let rows = rows(r#"{"url":"https://example.com/asset/0.jpg"}"#, 20);
        assert_eq!(rows, ["{", r#"  "url": "https://ex"#, "  ample.com/asset/0.", r#"  jpg""#, "}"]);
    }

    proptest! {
        #[test]
        fn rows_hold_all_text_and_fit_the_width(text in "[ -~\n]{0,200}", width in 8..40_usize) {
            let laid_out = EventText::new(&Safe::default(), text.as_bytes(), Reveal::Show, width);
            let rows: Vec<String> =
                laid_out.rows().iter().map(|row| row.iter().map(|(_, text)| text.as_str()).collect()).collect();
            for row in &rows {
                prop_assert!(Safe::new(row).width() <= width, "{row:?}");
            }
            let letters = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            prop_assert_eq!(letters(&rows.concat()), letters(&text));
        }

        #[test]
        fn any_bytes_can_be_laid_out(bytes in any::<Vec<u8>>()) {
            EventText::new(&Safe::default(), &bytes, Reveal::Hide, 40);
        }
    }
}
