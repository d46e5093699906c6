//! Text → the events in it, whatever they are wrapped in.
//!
//! One mechanism for all forms: [`needle`] finds words that only events have, the object around such a word is an
//! event or wraps one, and what is wrapped (an object, a list, a string with one more level of escapes) is searched
//! in the same way, to a bounded depth and with bounded work. What a form needs of its own is a small function at
//! the end. An event is given the time and the delivery of the innermost wrapping that has one.

mod candidate;

use crate::event::{
    copies::{TextHead, WholeTexts},
    decode::{self, EventBody, ObjectClass},
    fields::{Fields, items, string},
    fingerprint::Fingerprint,
    kind::EventKind,
    needle::{looks_like_event, needle},
    notation::{
        Notation,
        encoding::{self, BASE64_KEYS, DecodedText},
    },
    pictures::builder::Templates,
    record::{
        colours::without_colours,
        times::{ParsedTime, TimeContext},
    },
};
use candidate::{Candidate, Inner};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::ops::Range;

/// The deepest wrapping that is followed. Real logs have four levels: container, logger, queue, SMN.
const DEPTH_MAX: u8 = 12;

/// The most bytes of a template text on either side of its label for the id.
const TEMPLATE_MAX: usize = 4096;

/// The most events of a list element among which a copy is searched.
const COPIES_MAX: usize = 64;

/// A finding in a text.
#[derive(Debug)]
pub(super) enum Embedded {
    /// An event.
    Event {
        /// Its outermost object in the text.
        at: Range<usize>,
        body: Box<EventBody>,
        stamp: Option<ParsedTime>,
        delivery: Option<u64>,
    },
    /// A text that looks like an event and cannot be read.
    Refused { at: usize, reason: String },
    /// An event or a confirmation that belongs to no asset.
    Other,
}

/// Finds the events of a text.
pub(super) fn search(
    text: &str,
    stamp: Option<ParsedTime>,
    clock: &TimeContext,
    templates: &mut Templates,
) -> Vec<Embedded> {
    // Attempts that fail may look at the same bytes again; this bounds how often.
    let budget = text.len().saturating_mul(16).saturating_add(64 << 10);
    let mut search = EmbeddedSearch {
        clock,
        templates,
        pieces: Vec::new(),
        heads: Vec::new(),
        words: Vec::new(),
        places: Vec::new(),
        places_made: 0,
        in_root: 0,
        budget,
    };
    search.text(text, &Wrapping { stamp, message: None, element: 0, place: 0, depth: 0, root: None });
    search.without_cut_copies()
}

struct EmbeddedSearch<'a> {
    clock: &'a TimeContext,
    templates: &'a mut Templates,
    pieces: Vec<Embedded>,
    /// The beginnings of the texts of pieces, by their indices in `pieces`.
    heads: Vec<(usize, TextHead)>,
    /// The indices in `pieces` of those that are mere words of a line, such as `event_type=thumbnailComplete`.
    words: Vec<usize>,
    /// For each event of the present list element: its index in `pieces`, its element, its field.
    places: Vec<(usize, u32, u32)>,
    /// Events of the present outermost object.
    in_root: u64,
    places_made: u32,
    budget: usize,
}

/// The context of a text, from the outermost wrapping inwards.
#[derive(Clone)]
struct Wrapping {
    stamp: Option<ParsedTime>,
    /// Fingerprint of the SMN `message_id`.
    message: Option<u64>,
    /// The index of the list element, over all levels.
    element: u32,
    /// The number of the field of a wrapping object.
    place: u32,
    depth: u8,
    root: Option<Range<usize>>,
}

impl EmbeddedSearch<'_> {
    fn text(&mut self, text: &str, outside: &Wrapping) {
        let bytes = text.as_bytes();
        let (mut at, mut braces, mut previous) = (0, 0, 0);
        let (mut line, mut lines_to) = (0, 0);
        let (mut damaged, mut refused, mut elided) = (None, None, false);
        'needles: while let Some(needle) = needle(bytes, at) {
            let passed = bytes.get(lines_to..needle.start()).unwrap_or_default();
            line = memchr::memrchr(b'\n', passed).map_or(line, |newline| lines_to + newline + 1);
            lines_to = lines_to.max(needle.start());
            while let Some(brace) = memchr::memchr(b'{', bytes.get(braces..needle.start()).unwrap_or_default()) {
                let brace = braces + brace;
                braces = brace + 1;
                let (end, inner) = match candidate::classify(text, brace, &mut self.budget) {
                    Candidate::Found(end, inner) if end > needle.start() => (end, inner),
                    Candidate::Found(end, _) => {
                        braces = end;
                        continue;
                    }
                    Candidate::Damaged => {
                        damaged.get_or_insert(brace);
                        continue;
                    }
                    Candidate::Elided => {
                        elided = true;
                        continue;
                    }
                    Candidate::Nothing => continue,
                };
                let inside = self.within(text, [line, previous], brace..end, outside);
                match inner {
                    Inner::Object(json) => self.object(&json, &inside),
                    Inner::Text(text) => self.deeper(&text, &inside, |search, inside| search.text(&text, inside)),
                }
                (at, braces, previous, damaged) = (end, end, end, None);
                continue 'needles;
            }
            if let Some((encoded, inner)) = self.decoded(text, needle.range()) {
                let end = encoded.end;
                let inside = self.within(text, [line, previous], encoded, outside);
                self.deeper(&inner, &inside, |search, inside| search.text(&inner, inside));
                (at, previous) = (end, end);
                continue;
            }
            at = match self.template(text, line, needle.range(), outside) {
                Some(end) => end,
                None => needle.end(),
            };
            let notation = Notation::of_thumbnail(bytes, needle.range());
            if let Some(notation) = notation.filter(|_| damaged.is_none() || damaged != refused) {
                let notation = if elided { Notation::Inspect } else { notation };
                self.refuse(text, damaged, needle.start(), notation, outside);
                refused = damaged;
            }
        }
    }

    /// Decodes what stands around a key that no object holds.
    fn decoded(&mut self, text: &str, key: Range<usize>) -> Option<DecodedText> {
        let bytes = text.as_bytes();
        let decoded = if BASE64_KEYS.iter().any(|word| bytes.get(key.clone()) == Some(word.as_bytes())) {
            encoding::base64(text, key.start)
        } else if bytes.get(..key.start)?.ends_with(b"22") {
            encoding::percent(text, key.start)
        } else {
            None
        }?;
        self.budget = self.budget.checked_sub(decoded.1.len())?;
        Some(decoded)
    }

    fn object(&mut self, text: &str, inside: &Wrapping) {
        let fields = match Fields::read(text) {
            Ok(fields) => fields,
            Err(error) => {
                if looks_like_event(text) {
                    let column = if inside.depth == 0 { error.column().saturating_sub(1) } else { 0 };
                    self.heads.push((self.pieces.len(), TextHead::of(text)));
                    self.push_refused(inside, column, decode::explain(&error));
                }
                return;
            }
        };
        let mut inside = inside.clone();
        inside.stamp = innermost(inside.stamp, self.clock.fields(&fields));
        if let Some(id) = fields.scalar("message_id") {
            inside.message = Some(Fingerprint::of(id.as_bytes()));
        }
        match decode::read(&fields, self.templates) {
            ObjectClass::Event(body) => {
                let at = self.pieces.len();
                self.push_event(body, &inside);
                if self.pieces.len() > at {
                    self.heads.push((at, TextHead::of(text)));
                }
            }
            ObjectClass::Other => self.pieces.push(Embedded::Other),
            ObjectClass::Refused(reason) => self.push_refused(&inside, 0, reason),
            ObjectClass::Wrapping => self.wrapped(&fields, &inside),
        }
    }

    /// Searches the fields of an object that is no event itself.
    fn wrapped(&mut self, fields: &Fields<'_>, inside: &Wrapping) {
        if let Some(message) = journal_message(fields) {
            match message {
                Ok(text) => self.deeper(&text, inside, |search, inside| search.text(&text, inside)),
                Err(reason) => self.push_refused(inside, 0, reason.to_owned()),
            }
        }
        for (_, raw) in fields.iter() {
            if needle(raw.get().as_bytes(), 0).is_some() {
                self.places_made += 1;
                let inside = Wrapping { place: self.places_made, ..inside.clone() };
                self.value(raw, &inside);
            }
        }
    }

    fn value(&mut self, raw: &RawValue, inside: &Wrapping) {
        match raw.get().as_bytes().first() {
            Some(b'"') => {
                let text = string(raw).unwrap_or_default();
                let plain = without_colours(text.as_bytes());
                let text = String::from_utf8_lossy(&plain);
                self.deeper(&text, inside, |search, inside| search.text(&text, inside));
            }
            Some(b'{') => self.deeper(raw.get(), inside, |search, inside| search.object(raw.get(), inside)),
            Some(b'[') => {
                for (element, raw) in (1u32..).zip(items(raw)) {
                    if needle(raw.get().as_bytes(), 0).is_some() {
                        let element = inside.element.wrapping_mul(65_537).wrapping_add(element);
                        let inside = Wrapping { element, ..inside.clone() };
                        self.deeper(raw.get(), &inside, |search, inside| search.value(raw, inside));
                    }
                }
            }
            _ => {}
        }
    }

    fn deeper(&mut self, text: &str, inside: &Wrapping, then: impl FnOnce(&mut Self, &Wrapping)) {
        if inside.depth < DEPTH_MAX {
            then(self, &Wrapping { depth: inside.depth + 1, ..inside.clone() });
        } else if looks_like_event(text) {
            self.push_refused(inside, 0, format!("wrapped more than {DEPTH_MAX} levels deep"));
        }
    }

    /// Returns the context inside of an object of `text`: the time before it, which is that of its own frame where
    /// several records share a line, and in the outermost text its place. Takes the start of the line of the key and the
    /// end of the object before.
    fn within(&mut self, text: &str, [line, previous]: [usize; 2], at: Range<usize>, outside: &Wrapping) -> Wrapping {
        let bytes = text.as_bytes();
        let before = bytes.get(..at.start).unwrap_or_default();
        // An object of several lines has the time of the first.
        let line =
            if line <= at.start { line } else { memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1) };
        let head = |from: usize| {
            let before = before.get(from..).unwrap_or_default();
            self.clock.find(before.get(..memchr::memchr(b'{', before).unwrap_or(before.len())).unwrap_or_default())
        };
        let own = if previous > line { head(previous) } else { None };
        let mut inside = outside.clone();
        inside.stamp = innermost(outside.stamp, own.or_else(|| head(line)).or_else(|| self.later_cell(bytes, at.end)));
        if outside.root.is_none() {
            inside.root = Some(at);
            self.places.clear();
            self.in_root = 0;
        }
        inside
    }

    /// Returns the time in the cells after the one that ends at `end`, where that is one of CSV.
    fn later_cell(&self, text: &[u8], end: usize) -> Option<ParsedTime> {
        let rest = text.get(end..)?.strip_prefix(b"\",")?;
        self.clock.find(rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?)
    }

    fn push_event(&mut self, body: Box<EventBody>, inside: &Wrapping) {
        if self.places.last().is_some_and(|(_, element, _)| *element != inside.element) {
            self.places.clear();
        }
        // A shipper may keep an event both as text and decoded: the same event twice in one element.
        let twice = self.places.iter().rev().take(COPIES_MAX).any(|(index, _, place)| {
            let same = |known: &Embedded| matches!(known, Embedded::Event { body: known, .. } if *known == body);
            *place != inside.place && self.pieces.get(*index).is_some_and(same)
        });
        if twice {
            return;
        }
        // One message may hold several events: the n-th of a redelivery is the n-th of the first delivery.
        let delivery = inside.message.map(|id| id.wrapping_add(self.in_root));
        self.in_root += 1;
        self.places.push((self.pieces.len(), inside.element, inside.place));
        let at = inside.root.clone().unwrap_or_default();
        self.pieces.push(Embedded::Event { at, body, stamp: inside.stamp, delivery });
    }

    /// Returns the pieces without refused texts of which another piece is the whole. Words beside an event name it.
    fn without_cut_copies(self) -> Vec<Embedded> {
        let Self { pieces, heads, mut words, .. } = self;
        let (whole, refused): (Vec<_>, Vec<_>) =
            heads.into_iter().partition(|(at, _)| matches!(pieces.get(*at), Some(Embedded::Event { .. })));
        // Both lists are sorted by their indices.
        let mut copies = Vec::new();
        if !refused.is_empty() {
            let wholes = WholeTexts::new(whole.iter().map(|(_, head)| head));
            copies.extend(refused.iter().filter(|(_, head)| wholes.hold(head)).map(|(at, _)| *at));
        }
        let is_thumbnail =
            |piece: &Embedded| matches!(piece, Embedded::Event { body, .. } if body.kind == EventKind::Thumbnail);
        if !pieces.iter().any(is_thumbnail) {
            words.clear();
        }
        (0..)
            .zip(pieces)
            .filter(|(at, _)| copies.binary_search(at).is_err() && words.binary_search(at).is_err())
            .map(|(_, piece)| piece)
            .collect()
    }

    fn push_refused(&mut self, inside: &Wrapping, column: usize, reason: String) {
        let at = inside.root.as_ref().map_or(0, |root| root.start) + column;
        self.pieces.push(Embedded::Refused { at, reason });
    }

    /// Refuses an event around `key` that no whole object holds.
    fn refuse(&mut self, text: &str, damaged: Option<usize>, key: usize, notation: Notation, outside: &Wrapping) {
        let json = damaged.and_then(|brace| text.get(brace..)).unwrap_or_default();
        let error = serde_json::Deserializer::from_str(json).into_iter::<IgnoredAny>().next().and_then(Result::err);
        let reason = match (&error, damaged) {
            (Some(error), _) if notation == Notation::Json => decode::explain(error),
            (None, Some(_)) if notation == Notation::Json => "not valid JSON".to_owned(),
            _ => notation.advice().to_owned(),
        };
        self.heads.push((self.pieces.len(), TextHead::of(json)));
        if damaged.is_none() && matches!(notation, Notation::Logfmt | Notation::Yaml) {
            self.words.push(self.pieces.len());
        }
        let column = error.filter(|error| error.line() == 1).map_or(0, |error| error.column().saturating_sub(1));
        let at = damaged.map_or(key, |brace| brace + column);
        self.push_refused(outside, if outside.root.is_none() { at } else { 0 }, reason);
    }

    /// Reads the template text around its label for the id; returns its end.
    fn template(&mut self, text: &str, line: usize, label: Range<usize>, outside: &Wrapping) -> Option<usize> {
        let start = text.ceil_char_boundary(line.max(label.start.saturating_sub(TEMPLATE_MAX)));
        let end = text.floor_char_boundary(label.end + TEMPLATE_MAX);
        let line = text.get(start..end)?.split('\n').next().filter(|line| line.contains("截图任务"))?;
        let end = start + line.len();
        let body = decode::template(line)?;
        let stamp = innermost(outside.stamp, self.clock.find(line.as_bytes()));
        let inside = Wrapping { stamp, root: outside.root.clone().or(Some(start..end)), ..outside.clone() };
        self.push_event(Box::new(body), &inside);
        Some(end.max(label.end))
    }
}

/// The inner time, unless it lacks a zone and an outer one is there.
fn innermost(outer: Option<ParsedTime>, inner: Option<ParsedTime>) -> Option<ParsedTime> {
    match (outer, inner) {
        (Some(outer), Some(inner)) if outer.zoned && !inner.zoned => Some(outer),
        (outer, inner) => inner.or(outer),
    }
}

/// journald's `MESSAGE` where it is no string: a list of byte values, or null where it was too long for journalctl.
fn journal_message(fields: &Fields<'_>) -> Option<Result<String, &'static str>> {
    fields.get("__REALTIME_TIMESTAMP").or(fields.get("__CURSOR"))?;
    let raw = fields.get("MESSAGE")?;
    if raw.get() == "null" {
        return Some(Err("the message is too long for journalctl's JSON: use journalctl --all"));
    }
    let bytes: Vec<u8> = serde_json::from_str(raw.get()).ok()?;
    Some(Ok(String::from_utf8_lossy(&bytes).into_owned()))
}
