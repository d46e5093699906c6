//! Pretty-printed objects: one object over several lines.

use super::{
    colours::without_colours,
    outline::{JsonOutline, OutlineProgress},
    times::ParsedTime,
};
use memchr::memchr;
use std::{borrow::Cow, num::NonZeroU32};

/// The place of a line in the file.
#[derive(Clone, Copy, Debug)]
pub(in crate::event) struct LinePlace {
    pub(in crate::event) byte: u64,
    /// The byte after its text.
    pub(in crate::event) end: u64,
    pub(in crate::event) number: Option<NonZeroU32>,
}

/// The lines of an object that has not ended.
#[derive(Clone, Debug)]
pub(in crate::event) struct OpenObject {
    text: Vec<u8>,
    places: Vec<LinePlace>,
    stamp: Option<ParsedTime>,
    outline: JsonOutline,
}

/// The effect of a line on an open object.
#[derive(Debug)]
pub(in crate::event) enum LineOutcome {
    /// It goes on.
    Open,
    /// It ended, and perhaps another began on the same line.
    Closed(Option<Box<OpenObject>>),
    /// The line is no part of it, and was not added.
    Broken,
}

impl OpenObject {
    /// The most lines that are carried. A video of two hours, a picture a second, takes 30 000.
    pub(in crate::event) const LINES_MAX: usize = 1 << 18;

    /// Returns the object that `line` begins and does not end.
    pub(in crate::event) fn begin(line: &[u8], place: LinePlace, stamp: Option<ParsedTime>) -> Option<Self> {
        if !ends_open(line) {
            return None;
        }
        let (_, outline) = opening(line)?;
        Some(Self { text: line.to_vec(), places: vec![place], stamp, outline })
    }

    /// Adds the next line.
    pub(in crate::event) fn take(&mut self, line: &[u8], place: LinePlace) -> LineOutcome {
        match self.outline.take(line) {
            OutlineProgress::Open => {
                self.push(line, place);
                LineOutcome::Open
            }
            OutlineProgress::Closed(at) => {
                let rest = line.get(at..).unwrap_or_default();
                let next = Some(rest).filter(|rest| ends_open(rest)).and_then(opening);
                let (ends, next) = match next {
                    Some((brace, outline)) => {
                        let text = rest.get(brace..).unwrap_or_default().to_vec();
                        (at + brace, Some(Box::new(Self { text, places: vec![place], stamp: self.stamp, outline })))
                    }
                    None => (line.len(), None),
                };
                self.push(line.get(..ends).unwrap_or_default(), place);
                LineOutcome::Closed(next)
            }
            OutlineProgress::Cut(_) | OutlineProgress::Broken(_) => LineOutcome::Broken,
        }
    }

    /// Returns the lines so far.
    pub(in crate::event) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns the places of the lines so far.
    pub(in crate::event) fn places(&self) -> &[LinePlace] {
        &self.places
    }

    /// Returns the time that the container gave to the first line.
    pub(in crate::event) fn stamp(&self) -> Option<ParsedTime> {
        self.stamp
    }

    fn push(&mut self, line: &[u8], place: LinePlace) {
        self.text.push(b'\n');
        self.text.extend_from_slice(line);
        self.places.push(place);
    }
}

/// Returns `true` if a line may end within an object: pretty printers break lines after `{`, `[` and `,`.
pub(in crate::event) fn ends_open(line: &[u8]) -> bool {
    match line.trim_ascii_end().last() {
        Some(b'{' | b'[') => true,
        Some(b',') => memchr(b'{', line).is_some(),
        Some(b'm') => match without_colours(line) {
            Cow::Borrowed(_) => false,
            Cow::Owned(plain) => plain.trim_ascii_end().last() != Some(&b'm') && ends_open(&plain),
        },
        _ => false,
    }
}

/// Returns the first object that a line begins and does not end: its index, and its outline so far.
fn opening(line: &[u8]) -> Option<(usize, JsonOutline)> {
    let mut from = 0;
    // Attempts that fail may look at the same bytes again; this bounds how often.
    let mut budget = line.len().saturating_mul(4) + (64 << 10);
    while let Some(at) = memchr(b'{', line.get(from..)?).filter(|_| budget > 0) {
        let brace = from + at;
        let rest = line.get(brace..)?;
        let mut outline = JsonOutline::new();
        from = match outline.take(rest) {
            OutlineProgress::Open => return Some((brace, outline)),
            OutlineProgress::Closed(len) => brace + len,
            OutlineProgress::Cut(len) | OutlineProgress::Broken(len) => {
                budget = budget.saturating_sub(len);
                brace + 1
            }
        };
    }
    None
}
