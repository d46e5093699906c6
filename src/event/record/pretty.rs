//! Pretty-printed objects: one object over several lines.
//!
//! An object in another notation than JSON is followed as well where a line has the key of an event.
//!
//! An object whose first line begins with the name of its writer goes on only in lines with that name.

use super::{
    brackets::BracketOutline,
    colours::without_colours,
    outline::{JsonOutline, OutlineProgress},
    place::LinePlace,
    times::ParsedTime,
    writer::is_name,
};
use memchr::memchr;
use std::borrow::Cow;

/// The lines of an object that has not ended.
#[derive(Clone, Debug)]
pub(in crate::event) struct OpenObject {
    text: Vec<u8>,
    places: Vec<LinePlace>,
    stamp: Option<ParsedTime>,
    outline: Outline,
    /// The name of the writer before the first line; empty without one.
    name: Vec<u8>,
    style: NameStyle,
    /// The number of lines of other writers since the last line of this one.
    idle: u32,
}

/// The outline of an object, by its notation.
#[derive(Clone, Debug)]
enum Outline {
    Json(JsonOutline),
    Other(BracketOutline),
}

/// The keys in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) enum Keys {
    /// One of an event, in any notation.
    Event,
    /// None of interest.
    Any,
}

/// The lines that bear the name of the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameStyle {
    /// Not known before the second line.
    Unknown,
    /// Every line.
    Every,
    /// The first line at most: loggers put a time and a level there.
    First,
}

/// The effect of a line on an open object.
#[derive(Debug)]
pub(in crate::event) enum LineOutcome {
    /// It goes on.
    Open,
    /// It ended, and perhaps another began on the same line.
    Closed(Option<Box<OpenObject>>),
    /// The line is no part of it, and was not added: the object ends here.
    Broken,
    /// The line is of another writer; the object may go on.
    Other,
}

impl OpenObject {
    /// The most lines that are carried. A video of two hours, a picture a second, takes 30 000.
    pub(in crate::event) const LINES_MAX: usize = 1 << 18;

    /// Returns the object that `line` begins and does not end; one in another notation only with a key of an event.
    pub(in crate::event) fn begin(
        line: &[u8],
        place: LinePlace,
        stamp: Option<ParsedTime>,
        keys: Keys,
    ) -> Option<Self> {
        if !ends_open(line) {
            return None;
        }
        let (brace, outline) = match opening(line) {
            Some((brace, outline)) => (brace, Outline::Json(outline)),
            None if keys == Keys::Event => (0, Outline::Other(BracketOutline::opening(line)?)),
            None => return None,
        };
        let name = line.get(..brace).filter(|name| is_name(name)).unwrap_or_default().to_vec();
        let style = if name.is_empty() { NameStyle::First } else { NameStyle::Unknown };
        Some(Self { text: line.to_vec(), places: vec![place], stamp, outline, name, style, idle: 0 })
    }

    /// The most lines of other writers between two of its own.
    const IDLE_MAX: u32 = 1000;

    /// Adds the next line.
    pub(in crate::event) fn take(&mut self, line: &[u8], place: LinePlace, keys: Keys) -> LineOutcome {
        let own = self.without_name(line);
        let outcome = match (self.style, own) {
            (NameStyle::Unknown | NameStyle::Every, Some(line)) => {
                self.style = NameStyle::Every;
                self.add(line, place, keys)
            }
            (NameStyle::First, _) => self.add(line, place, keys),
            (NameStyle::Unknown, None) => match self.add(line, place, keys) {
                LineOutcome::Broken => LineOutcome::Other,
                outcome @ (LineOutcome::Open | LineOutcome::Closed(_) | LineOutcome::Other) => {
                    self.style = NameStyle::First;
                    outcome
                }
            },
            (NameStyle::Every, None) => LineOutcome::Other,
        };
        match outcome {
            LineOutcome::Other if self.idle == Self::IDLE_MAX => LineOutcome::Broken,
            LineOutcome::Other => {
                self.idle += 1;
                LineOutcome::Other
            }
            LineOutcome::Open | LineOutcome::Closed(_) | LineOutcome::Broken => {
                self.idle = 0;
                outcome
            }
        }
    }

    /// Returns `true` if only a line with the name of its writer goes on with it.
    pub(in crate::event) fn is_named(&self) -> bool {
        self.style != NameStyle::First
    }

    /// Returns `true` if `line` bears the name of its writer.
    pub(in crate::event) fn owns(&self, line: &[u8]) -> bool {
        self.is_named() && self.without_name(line).is_some()
    }

    /// Returns what follows the name in `line`; numbers of lines, which `grep -n` adds, may differ.
    fn without_name<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        if let Some(rest) = line.strip_prefix(self.name.as_slice()) {
            return Some(rest);
        }
        let number = |text: &[u8]| text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let name = self.name.strip_suffix(b":")?;
        let name = name.get(..name.len() - number(name)).filter(|base| base.len() < name.len())?;
        let rest = line.strip_prefix(name)?;
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        rest.get(digits..)?.strip_prefix(b":").or_else(|| rest.get(digits..)?.strip_prefix(b"-"))
    }

    fn add(&mut self, line: &[u8], place: LinePlace, keys: Keys) -> LineOutcome {
        let before = self.outline.clone();
        let progress = match &mut self.outline {
            Outline::Json(outline) => outline.take(line),
            Outline::Other(outline) => outline.take(line),
        };
        let is_broken = matches!(progress, OutlineProgress::Cut(_) | OutlineProgress::Broken(_));
        let other = if is_broken && keys == Keys::Event { self.take_other(line) } else { None };
        match other.unwrap_or(progress) {
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
                        let next = Self {
                            text,
                            places: vec![place],
                            stamp: self.stamp,
                            outline: Outline::Json(outline),
                            name: self.name.clone(),
                            style: self.style,
                            idle: 0,
                        };
                        (at + brace, Some(Box::new(next)))
                    }
                    None => (line.len(), None),
                };
                self.push(line.get(..ends).unwrap_or_default(), place);
                LineOutcome::Closed(next)
            }
            OutlineProgress::Cut(_) | OutlineProgress::Broken(_) => {
                self.outline = before;
                LineOutcome::Broken
            }
        }
    }

    /// Adds a line as one of an object in another notation, which the lines so far may be.
    fn take_other(&mut self, line: &[u8]) -> Option<OutlineProgress> {
        let mut lines = self.text.split(|b| *b == b'\n');
        let mut outline = BracketOutline::opening(lines.next()?)?;
        let follows = lines.all(|line| outline.take(line) == OutlineProgress::Open);
        let progress = outline.take(line);
        self.outline = Outline::Other(outline);
        follows.then_some(progress)
    }

    /// Returns the lines so far, their places, and the time that the container gave to the first line.
    pub(in crate::event) fn into_parts(self) -> (Vec<u8>, Vec<LinePlace>, Option<ParsedTime>) {
        (self.text, self.places, self.stamp)
    }

    /// Returns the lines so far.
    pub(in crate::event) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(in crate::event) fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns the places of the lines so far.
    pub(in crate::event) fn places(&self) -> &[LinePlace] {
        &self.places
    }

    pub(in crate::event) fn places_mut(&mut self) -> impl Iterator<Item = &mut LinePlace> {
        self.places.iter_mut()
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
