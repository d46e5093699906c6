//! URLs with holes for an asset's id, a number and a signature.

use crate::event::{
    digits::leading_number,
    url::{asset_at, names_other},
};
use hashbrown::DefaultHashBuilder;
use std::{fmt::Write as _, hash::BuildHasher as _, sync::LazyLock};

/// Seeded for each process: a log cannot be written so that its URLs collide.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// A URL with holes: `head{id}middle{number}tail{query}`, and one for a signature within the head.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::event) struct Template {
    /// The hash of the other fields; compared first.
    hash: u64,
    /// Head, middle and tail.
    text: Box<str>,
    head_end: usize,
    middle_end: usize,
    id: IdPlace,
    /// `true` if a number follows the middle.
    has_number: bool,
    has_query: bool,
    signature: PathSignature,
    /// The index in the head at which a signature is left out; 0 without one.
    signature_at: usize,
    escapes: TextEscapes,
    /// `true` if the id stands where URLs name their asset, and is the event's own.
    names_own: bool,
}

/// The escapes that JSON needs for the text of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextEscapes {
    /// None but those that some write for slashes.
    Slashes,
    Others,
}

/// The id that follows the head of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::event) enum IdPlace {
    /// None: the head is empty.
    None,
    /// That of the event's asset.
    Own,
    /// That of another asset, 32 hexadecimal digits between `/asset/` and a slash.
    Other,
}

/// The signature in the path before `/asset/`, as hotlink keys have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::event) enum PathSignature {
    None,
    /// A time of 12 digits, and a digest.
    TypeB,
    /// A digest, and a time of 8 hexadecimal digits.
    TypeC,
}

/// The text of a template, and its holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Parts<'a> {
    /// The text before and after a signature, if the head has it; else all and nothing.
    head: [&'a str; 2],
    id: IdPlace,
    middle: &'a str,
    has_number: bool,
    /// Up to the question mark, if the query is a hole; else all.
    tail: &'a str,
    has_query: bool,
    signature: PathSignature,
}

/// The text that fills the holes of a template beside the event's own id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::event) struct Filling<'a> {
    pub(in crate::event) number: u64,
    /// The id of another asset; empty where the template has no hole for one.
    pub(in crate::event) id: &'a str,
    /// The signature in the path; empty without one.
    pub(in crate::event) signature: &'a str,
    /// The query without its question mark, in which hotlink keys of type A, versions and tokens stand; empty where the
    /// template has no hole for it.
    pub(in crate::event) query: &'a str,
}

/// Returns the hash of a text, the same for equal ones in one process.
pub(super) fn hash(text: &str) -> u64 {
    HASHER.hash_one(text)
}

impl<'a> Filling<'a> {
    /// Splits the texts that fill a template.
    pub(super) fn new(number: u64, texts: &'a str, template: &Template) -> Self {
        let id = if template.id == IdPlace::Other { OTHER_ID } else { 0 };
        let (id, texts) = texts.split_at_checked(id).unwrap_or_default();
        let (signature, query) = texts.split_at_checked(template.signature.len()).unwrap_or_default();
        Self { number, id, signature, query }
    }

    /// Returns the length of its texts, which a template bounds.
    pub(super) fn texts_len(&self) -> u16 {
        u16::try_from(self.texts().iter().map(|text| text.len()).sum::<usize>()).unwrap_or(u16::MAX)
    }

    /// Adds its texts to those of other pictures.
    pub(super) fn push_texts(&self, all: &mut String) {
        self.texts().iter().for_each(|text| all.push_str(text));
    }

    /// Returns `true` if these are its texts.
    pub(super) fn has_texts(&self, texts: &str) -> bool {
        self.texts().iter().try_fold(texts, |rest, text| rest.strip_prefix(text)) == Some("")
    }

    fn texts(&self) -> [&'a str; 3] {
        [self.id, self.signature, self.query]
    }
}

impl<'a> Parts<'a> {
    /// Makes holes where `url` holds `id` or the id of another asset, after it the last number of the path, and a
    /// signature; returns what fills them as well.
    pub(super) fn of(url: &'a str, id: &str) -> (Self, Filling<'a>) {
        let mut filling = Filling::default();
        let (place, head, rest) = match own_at(url, id) {
            Some((head, rest)) => (IdPlace::Own, head, rest),
            None => match asset_at(url) {
                Some(at) => {
                    let (head, rest) = url.split_at(at);
                    let (other, rest) = rest.split_at_checked(OTHER_ID).unwrap_or_default();
                    filling.id = other;
                    (IdPlace::Other, head, rest)
                }
                None => (IdPlace::None, "", url),
            },
        };
        let (path, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        let last = path.rsplit('/').next().unwrap_or_default();
        let (middle, tail, has_number) = match last_number(last) {
            None => (path, query, false),
            Some((number, tail_len)) => {
                filling.number = number;
                let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
                let end = path.len() - tail_len;
                (rest.get(..end - digits).unwrap_or_default(), rest.get(end..).unwrap_or_default(), true)
            }
        };
        let mut parts = Self {
            head: [head, ""],
            id: place,
            middle,
            has_number,
            tail,
            has_query: query.get(1..).is_some_and(|value| query.starts_with('?') && is_query(value.as_bytes())),
            signature: PathSignature::None,
        };
        if parts.has_query {
            (parts.tail, filling.query) = tail.split_at(tail.len() + 1 - query.len());
        }
        if let Some((at, signature)) = PathSignature::before(head) {
            let (before, signed) = head.split_at(at);
            let (signed, after) = signed.split_at(signature.len());
            (parts.head, parts.signature, filling.signature) = ([before, after], signature, signed);
        }
        (parts, filling)
    }

    /// Returns `true` if other pictures may have the same template: it has a hole.
    pub(super) fn is_shareable(&self) -> bool {
        self.id != IdPlace::None || self.has_number
    }

    /// Returns the [hash](Template::hash) of the template.
    pub(super) fn hash(&self) -> u64 {
        HASHER.hash_one(self)
    }

    /// Makes the template; `hash` is [`Self::hash`].
    pub(super) fn to_template(self, hash: u64) -> Template {
        let Self { head, id, middle, has_number, tail, has_query, signature } = self;
        let text = [head[0], head[1], middle, tail].concat().into_boxed_str();
        let head_end = head[0].len() + head[1].len();
        let middle_end = head_end + middle.len();
        let signature_at = if signature == PathSignature::None { 0 } else { head[0].len() };
        let escapes = if is_plain(&text) { TextEscapes::Slashes } else { TextEscapes::Others };
        let names_own = id == IdPlace::Own
            && text.get(..head_end).is_some_and(|head| head.ends_with("/asset/"))
            && middle.starts_with('/');
        Template {
            hash,
            text,
            head_end,
            middle_end,
            id,
            has_number,
            has_query,
            signature,
            signature_at,
            escapes,
            names_own,
        }
    }
}

impl Template {
    fn parts(&self) -> Parts<'_> {
        let (before, tail) = self.text.split_at(self.middle_end);
        let (head, middle) = before.split_at(self.head_end);
        let Self { id, has_number, has_query, signature, signature_at, .. } = *self;
        let head = if signature == PathSignature::None { [head, ""] } else { head.split_at(signature_at).into() };
        Parts { head, id, middle, has_number, tail, has_query, signature }
    }

    /// Returns `true` if these are its parts.
    pub(super) fn is_made_of(&self, parts: &Parts<'_>) -> bool {
        self.parts() == *parts
    }

    /// Returns the hash of the whole template, the same for equal ones in one process.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// Returns the text before the id: before and after a signature.
    pub(in crate::event) fn head(&self) -> [&str; 2] {
        self.parts().head
    }

    /// Returns the text between the id and the number.
    pub(in crate::event) fn middle(&self) -> &str {
        self.text.get(self.head_end..self.middle_end).unwrap_or_default()
    }

    /// Returns the text after the number, up to the query where that is a hole.
    pub(in crate::event) fn tail(&self) -> &str {
        self.text.get(self.middle_end..).unwrap_or_default()
    }

    /// Returns the signature in the path.
    pub(in crate::event) fn signature(&self) -> PathSignature {
        self.signature
    }

    /// Returns `true` if the query is a hole.
    pub(in crate::event) fn has_query(&self) -> bool {
        self.has_query
    }

    /// Returns `true` if only the event's own id and a number fill it.
    pub(in crate::event) fn has_no_texts(&self) -> bool {
        self.id != IdPlace::Other && self.signature == PathSignature::None && !self.has_query
    }

    /// Returns the id that follows the head.
    pub(in crate::event) fn id(&self) -> IdPlace {
        self.id
    }

    /// Returns `true` if a number follows the middle.
    pub(in crate::event) fn has_number(&self) -> bool {
        self.has_number
    }

    /// Returns what fills the holes in `url` if it is this template for `own`.
    pub(super) fn filling<'a>(&self, url: &'a str, own: &str) -> Option<Filling<'a>> {
        let Parts { head, id: place, middle, has_number, tail, has_query, signature } = self.parts();
        let mut filling = Filling::default();
        let rest = url.strip_prefix(head[0])?;
        (filling.signature, _) = rest.split_at_checked(signature.matching(rest.as_bytes())?)?;
        let mut rest = rest.get(filling.signature.len()..)?.strip_prefix(head[1])?;
        match place {
            IdPlace::None => {}
            IdPlace::Own => rest = rest.strip_prefix(own)?,
            IdPlace::Other => {
                let len = other_id_len(rest.as_bytes(), own)?;
                (filling.id, rest) = rest.split_at_checked(len)?;
            }
        }
        let rest = rest.strip_prefix(middle)?;
        let (number, after) = if has_number { leading_number(rest.as_bytes())? } else { (0, rest.as_bytes()) };
        filling.number = number;
        let rest = rest.get(rest.len() - after.len()..)?.strip_prefix(tail)?;
        filling.query = rest;
        (if has_query { is_query(rest.as_bytes()) } else { rest.is_empty() }).then_some(filling)
    }

    /// Returns `true` if its URLs name another asset than `own`, as far as its text tells: an id of another asset in a hole is
    /// not looked at.
    pub(super) fn is_foreign(&self, own: &str) -> bool {
        !self.names_own
            && self.id != IdPlace::Other
            && self.text.contains("/asset/")
            && names_other(&self.fill(own, Filling::default()), own)
    }

    /// Returns `true` if JSON needs no other escapes for it than for slashes.
    pub(in crate::event) fn is_plain(&self) -> bool {
        self.escapes == TextEscapes::Slashes
    }

    /// Makes the URL of the asset `own`.
    pub(super) fn fill(&self, own: &str, filling: Filling<'_>) -> String {
        let Parts { head, id: place, middle, has_number, tail, .. } = self.parts();
        let texts_len = usize::from(filling.texts_len());
        let mut url = String::with_capacity(self.text.len() + own.len() + texts_len + 8);
        let id = match place {
            IdPlace::None => "",
            IdPlace::Own => own,
            IdPlace::Other => filling.id,
        };
        for part in [head[0], filling.signature, head[1], id, middle] {
            url.push_str(part);
        }
        if has_number {
            // Writing into a String cannot fail.
            let _ = write!(url, "{}", filling.number);
        }
        url.push_str(tail);
        url.push_str(filling.query);
        url
    }
}

/// The length of an id that is a hole although it is not the event's own.
const OTHER_ID: usize = 32;

/// Returns the length of the id with which a text begins, if it is of another asset than `own`.
pub(in crate::event) fn other_id_len(text: &[u8], own: &str) -> Option<usize> {
    let id = text.get(..OTHER_ID)?;
    (is_hex(id) && text.get(OTHER_ID) == Some(&b'/') && id != own.as_bytes()).then_some(OTHER_ID)
}

/// Returns `true` for a query that is left out of a template: it is not empty, not long, names no asset, and JSON needs no
/// escapes for it.
pub(in crate::event) fn is_query(query: &[u8]) -> bool {
    // Without a branch for each byte.
    let is_free = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
    let is_plain = query.iter().fold(true, |all, byte| all & is_free(byte));
    let names_asset = || memchr::memchr(b'/', query).is_some() && memchr::memmem::find(query, b"/asset/").is_some();
    (1..=1024).contains(&query.len()) && is_plain && !names_asset()
}

impl PathSignature {
    /// Returns its length in bytes.
    pub(in crate::event) fn len(self) -> usize {
        match self {
            Self::None => 0,
            Self::TypeB => 12 + 1 + 32,
            Self::TypeC => 32 + 1 + 8,
        }
    }

    /// Returns its length if `text` begins with it.
    pub(in crate::event) fn matching(self, text: &[u8]) -> Option<usize> {
        let slash = match self {
            Self::None => return Some(0),
            Self::TypeB => 12,
            Self::TypeC => 32,
        };
        let text = text.get(..self.len())?;
        let (first, second) = text.split_at_checked(slash)?;
        (is_hex(first) && second.first() == Some(&b'/') && is_hex(second.get(1..)?)).then_some(text.len())
    }

    /// Returns the place of the signature in the head of a URL, and its type.
    fn before(head: &str) -> Option<(usize, Self)> {
        let signed = head.strip_suffix("/asset/")?.as_bytes();
        [Self::TypeB, Self::TypeC].into_iter().find_map(|signature| {
            let at = signed.len().checked_sub(signature.len())?;
            let (before, text) = signed.split_at_checked(at)?;
            (before.ends_with(b"/") && signature.matching(text).is_some()).then_some((at, signature))
        })
    }
}

/// Returns `true` for hexadecimal digits; without a branch for each.
fn is_hex(text: &[u8]) -> bool {
    text.iter().fold(true, |all, byte| all & byte.is_ascii_hexdigit())
}

/// Returns `true` if JSON needs no other escapes for `text` than for slashes.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}

/// Returns the text before and after an id: where it stands alone, since a short one may be a part of any word.
fn own_at<'a>(url: &'a str, id: &str) -> Option<(&'a str, &'a str)> {
    let is_part = |byte: Option<&u8>| id.len() < OTHER_ID / 2 && byte.is_some_and(u8::is_ascii_alphanumeric);
    url.match_indices(id)
        .map(|(at, _)| (url.split_at(at).0, url.split_at(at + id.len()).1))
        .find(|(head, rest)| !is_part(head.as_bytes().last()) && !is_part(rest.as_bytes().first()))
}

/// Returns the last number of `text` that prints as it was written, and the number of bytes that follow it.
fn last_number(text: &str) -> Option<(u64, usize)> {
    let bytes = text.as_bytes();
    let end = bytes.iter().rposition(u8::is_ascii_digit)? + 1;
    let start = bytes.get(..end)?.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
    let (number, rest) = leading_number(bytes.get(start..end)?)?;
    rest.is_empty().then_some((number, bytes.len() - end))
}
