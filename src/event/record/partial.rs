//! Lines that a container runtime or a shipper cut into parts, joined again.
//!
//! Parts of a named stream follow each other. A stream without a name may mix several writers: there a part is joined to
//! a line only if the JSON of both fits together, and among several lines to the one whose asset it names. What fits
//! nowhere stays apart; the caller refuses what is not whole in the end.

use super::{
    outline::{JsonOutline, OutlineProgress},
    place::LinePlace,
    times::ParsedTime,
    writer::WriterCertainty,
};
use memchr::{memchr, memmem};

/// A line whose last part has not come yet.
#[derive(Clone, Debug)]
pub(in crate::event) struct PartialLine {
    pub(in crate::event) text: Vec<u8>,
    pub(in crate::event) place: LinePlace,
    pub(in crate::event) stamp: Option<ParsedTime>,
    /// The number of its parts.
    pub(in crate::event) parts: u32,
}

/// The incomplete lines of one stream, oldest first; more than one only where several writers are mixed.
#[derive(Clone, Debug, Default)]
pub(in crate::event) struct PartialLines(Vec<PartialLine>);

/// The line to which a part belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) enum Target {
    /// This incomplete line.
    Line(usize),
    /// A line of its own.
    New,
    /// One of several incomplete lines, and nothing tells which.
    Unknown,
}

impl PartialLines {
    /// The most incomplete lines of one stream.
    pub(in crate::event) const MAX: usize = 8;

    pub(in crate::event) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::event) fn places_mut(&mut self) -> impl Iterator<Item = &mut LinePlace> {
        self.0.iter_mut().map(|line| &mut line.place)
    }

    /// Returns the lines so far.
    pub(in crate::event) fn lines(&self) -> &[PartialLine] {
        &self.0
    }

    /// Returns the number of parts of the newest line.
    pub(in crate::event) fn parts(&self) -> u32 {
        self.0.last().map_or(0, |line| line.parts)
    }

    /// Returns the byte at which the oldest line begins.
    pub(in crate::event) fn byte(&self) -> Option<u64> {
        self.0.iter().map(|line| line.place.byte).min()
    }

    /// Finds the line that `part` continues. `asset` is the asset that a URL in the part names, `begins_event` whether
    /// the part has a key that only events have.
    pub(in crate::event) fn target(
        &self,
        part: &[u8],
        asset: Option<&str>,
        begins_event: bool,
        certainty: WriterCertainty,
    ) -> Target {
        match (self.0.as_slice(), certainty) {
            ([], _) => return Target::New,
            ([_], WriterCertainty::Unnamed) if !begins_event => return Target::Line(0),
            ([..], WriterCertainty::Named) => return Target::Line(0),
            ([..], WriterCertainty::Unnamed) => {}
        }
        let fitting: Vec<usize> = (0..self.0.len()).filter(|at| fits(&self.0[*at].text, part)).collect();
        let named = |at: &usize| asset.is_some_and(|id| memmem::find(&self.0[*at].text, id.as_bytes()).is_some());
        match *fitting {
            [] => Target::New,
            [one] => Target::Line(one),
            [..] => {
                let mut naming = fitting.iter().filter(|at| named(at));
                match (naming.next(), naming.next()) {
                    (Some(one), None) => Target::Line(*one),
                    (None, _) | (_, Some(_)) => Target::Unknown,
                }
            }
        }
    }

    /// Adds a part to a line; returns the line.
    pub(in crate::event) fn append(&mut self, at: usize, text: &[u8], end: u64) -> &PartialLine {
        let line = &mut self.0[at];
        line.text.extend_from_slice(text);
        line.place.end = end;
        line.parts += 1;
        line
    }

    /// Completes a line with its last part.
    pub(in crate::event) fn join(&mut self, at: usize, text: &[u8], end: u64) -> PartialLine {
        self.append(at, text, end);
        self.take(at)
    }

    /// Adds a line; returns the oldest where there are too many.
    pub(in crate::event) fn push(&mut self, line: PartialLine) -> Option<PartialLine> {
        self.0.push(line);
        (self.0.len() > Self::MAX).then(|| self.0.remove(0))
    }

    pub(in crate::event) fn take(&mut self, at: usize) -> PartialLine {
        self.0.remove(at)
    }

    pub(in crate::event) fn take_all(&mut self) -> Vec<PartialLine> {
        std::mem::take(&mut self.0)
    }
}

/// The longest line that is scanned again for each part; a longer one is taken to go on.
const SCAN_MAX: usize = 256 << 10;

/// Returns `true` if `part` can follow `text` within one line: the JSON that `text` leaves open goes on in it.
fn fits(text: &[u8], part: &[u8]) -> bool {
    if text.len() > SCAN_MAX {
        return true;
    }
    let mut from = 0;
    let mut tries = 0;
    while let Some(at) = memchr(b'{', text.get(from..).unwrap_or_default()).filter(|_| tries < 8) {
        tries += 1;
        let brace = from + at;
        let open = text.get(brace..).unwrap_or_default();
        from = match JsonOutline::new().take(open) {
            OutlineProgress::Open | OutlineProgress::Cut(_) => {
                let joined = [open, part].concat();
                return match JsonOutline::new().take(&joined) {
                    OutlineProgress::Open | OutlineProgress::Closed(_) | OutlineProgress::Cut(_) => true,
                    OutlineProgress::Broken(at) => is_cut_word(joined.get(at..).unwrap_or_default()),
                };
            }
            OutlineProgress::Closed(len) => brace + len,
            OutlineProgress::Broken(at) if is_cut_word(open.get(at..).unwrap_or_default()) => {
                let joined = [open, part].concat();
                return !matches!(JsonOutline::new().take(&joined), OutlineProgress::Broken(_));
            }
            OutlineProgress::Broken(_) => brace + 1,
        };
    }
    // Nothing is left open that could tell.
    true
}

/// Returns `true` for the head of `true`, `false` or `null`.
fn is_cut_word(text: &[u8]) -> bool {
    [&b"true"[..], b"false", b"null"].iter().any(|word| !text.is_empty() && word.starts_with(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fit_where_the_json_goes_on() {
        let check = |text: &str, part: &str, expected| {
            assert_eq!(fits(text.as_bytes(), part.as_bytes()), expected, "{text} + {part}");
        };
        check(r#"x {"a":"b"#, r#"c"}"#, true);
        check(r#"{"a":"b"#, r#"{"a":"b"#, false);
        check(r#"{"a":tr"#, r#"ue,"b":"#, true);
        check(r#"{"a":[1"#, r#"{"a":1}"#, false);
        check(r#"{"a":[1,"#, r#"{"a":1}"#, true);
        check(r#"{"a":1}"#, "anything", true);
    }
}
