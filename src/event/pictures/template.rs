//! URLs with holes for the asset's id and for a number.

use crate::event::{digits::leading_number, url::asset_in};
use hashbrown::DefaultHashBuilder;
use std::{fmt::Write as _, hash::BuildHasher as _, sync::LazyLock};

/// Seeded for each process: a log cannot be written so that its URLs collide.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// A URL with holes: `head{id}middle{number}tail`, and one for a signature within head or tail.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::event) struct Template {
    /// The hash of the other fields; compared first.
    hash: u64,
    /// Head, middle and tail.
    text: Box<str>,
    head_end: usize,
    middle_end: usize,
    /// `true` if the asset's id follows the head.
    has_id: bool,
    /// `true` if a number follows the middle.
    has_number: bool,
    signature: SignaturePlace,
    /// The index in the text at which the signature is left out; 0 without one.
    signature_at: usize,
}

/// The part of a URL that holds a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::event) enum SignaturePlace {
    None,
    /// In the path before `/asset/`, as hotlink keys of type B and C have it: a time and a digest, or the reverse.
    Head,
    /// In the query as `auth_key`, as those of type A have it.
    Tail,
}

/// The text of a template, and the signature's place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Parts<'a> {
    /// The text before and after the signature, if the head has it; else all and nothing. The same is true of the tail.
    head: [&'a str; 2],
    has_id: bool,
    middle: &'a str,
    has_number: bool,
    tail: [&'a str; 2],
    signature: SignaturePlace,
}

/// The text that fills the holes of a template beside the id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::event) struct Filling<'a> {
    pub(in crate::event) number: u64,
    /// Empty where the template has no hole for it.
    pub(in crate::event) signature: &'a str,
}

impl<'a> Parts<'a> {
    /// Makes holes where `url` holds `id`, after it the last number of the path, and a signature; returns the latter
    /// two as well.
    pub(super) fn of(url: &'a str, id: &str) -> (Self, Filling<'a>) {
        let (head, rest) = url.split_once(id).map_or(("", url), |(head, rest)| (head, rest));
        let has_id = !(head.is_empty() && rest.len() == url.len());
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        let (middle, tail, number) = match last_number(last) {
            None => (rest, "", None),
            Some((number, tail_len)) => {
                let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
                let end = path.len() - tail_len;
                (rest.get(..end - digits).unwrap_or_default(), rest.get(end..).unwrap_or_default(), Some(number))
            }
        };
        let mut parts = Self {
            head: [head, ""],
            has_id,
            middle,
            has_number: number.is_some(),
            tail: [tail, ""],
            signature: SignaturePlace::None,
        };
        let mut filling = Filling { number: number.unwrap_or_default(), signature: "" };
        if let Some((before, signature, after)) = query_signature(tail) {
            (parts.tail, parts.signature, filling.signature) = ([before, after], SignaturePlace::Tail, signature);
        } else if let Some((before, signature, after)) = path_signature(head) {
            (parts.head, parts.signature, filling.signature) = ([before, after], SignaturePlace::Head, signature);
        }
        (parts, filling)
    }

    /// Returns `true` if other pictures may have the same template: it has a hole.
    pub(super) fn is_shareable(&self) -> bool {
        self.has_id || self.has_number
    }

    /// Returns the [hash](Template::hash) of the template.
    pub(super) fn hash(&self) -> u64 {
        HASHER.hash_one(self)
    }

    /// Makes the template; `hash` is [`Self::hash`].
    pub(super) fn to_template(self, hash: u64) -> Template {
        let Self { head, has_id, middle, has_number, tail, signature } = self;
        let text = [head[0], head[1], middle, tail[0], tail[1]].concat().into_boxed_str();
        let head_end = head[0].len() + head[1].len();
        let middle_end = head_end + middle.len();
        let signature_at = match signature {
            SignaturePlace::None => 0,
            SignaturePlace::Head => head[0].len(),
            SignaturePlace::Tail => middle_end + tail[0].len(),
        };
        Template { hash, text, head_end, middle_end, has_id, has_number, signature, signature_at }
    }
}

impl Template {
    fn parts(&self) -> Parts<'_> {
        let (before, tail) = self.text.split_at(self.middle_end);
        let (head, middle) = before.split_at(self.head_end);
        let (mut head, mut tail) = ([head, ""], [tail, ""]);
        match self.signature {
            SignaturePlace::None => {}
            SignaturePlace::Head => head = head[0].split_at(self.signature_at).into(),
            SignaturePlace::Tail => tail = tail[0].split_at(self.signature_at - self.middle_end).into(),
        }
        Parts { head, has_id: self.has_id, middle, has_number: self.has_number, tail, signature: self.signature }
    }

    /// Returns `true` if these are its parts.
    pub(super) fn is_made_of(&self, parts: &Parts<'_>) -> bool {
        self.parts() == *parts
    }

    /// Returns the hash of the whole template, the same for equal ones in one process.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// Returns the text before the id, without a signature.
    pub(in crate::event) fn head(&self) -> &str {
        self.text.get(..self.head_end).unwrap_or_default()
    }

    /// Returns the text between the id and the number.
    pub(in crate::event) fn middle(&self) -> &str {
        self.text.get(self.head_end..self.middle_end).unwrap_or_default()
    }

    /// Returns the text after the number: before and after a signature.
    pub(in crate::event) fn tail(&self) -> [&str; 2] {
        self.parts().tail
    }

    /// Returns the place of the signature.
    pub(in crate::event) fn signature(&self) -> SignaturePlace {
        self.signature
    }

    /// Returns `true` if the asset's id follows the head.
    pub(in crate::event) fn has_id(&self) -> bool {
        self.has_id
    }

    /// Returns `true` if a number follows the middle.
    pub(in crate::event) fn has_number(&self) -> bool {
        self.has_number
    }

    /// Returns the number and the signature in `url` if it is this template for `id`.
    pub(super) fn filling<'a>(&self, url: &'a str, id: &str) -> Option<Filling<'a>> {
        let Parts { head, has_id, middle, has_number, tail, signature: place } = self.parts();
        let mut signature = "";
        let mut rest = url.strip_prefix(head[0])?;
        if place == SignaturePlace::Head {
            (signature, rest) = rest.split_at_checked(path_signature_len(rest)?)?;
            rest = rest.strip_prefix(head[1])?;
        }
        let rest = if has_id { rest.strip_prefix(id)? } else { rest };
        let rest = rest.strip_prefix(middle)?;
        let (number, after) = if has_number { leading_number(rest.as_bytes())? } else { (0, rest.as_bytes()) };
        let mut rest = rest.get(rest.len() - after.len()..)?.strip_prefix(tail[0])?;
        if place == SignaturePlace::Tail {
            (signature, rest) = rest.split_at(query_signature_len(rest.as_bytes()));
        }
        (rest == tail[1]).then_some(Filling { number, signature })
    }

    /// Returns `true` if its URLs name another asset than `id`.
    pub(super) fn is_foreign(&self, id: &str) -> bool {
        let Parts { head, has_id, middle, tail, .. } = self.parts();
        let names_own = has_id && self.head().ends_with("/asset/") && middle.starts_with('/');
        let names_any = || [head[0], head[1], middle, tail[0]].iter().any(|part| part.contains("/asset/"));
        !names_own
            && names_any()
            && asset_in(&self.fill(id, Filling::default())).is_some_and(|named| !named.eq_ignore_ascii_case(id))
    }

    /// Returns `true` if JSON needs no other escapes for it than for slashes.
    pub(in crate::event) fn is_plain(&self) -> bool {
        is_plain(&self.text)
    }

    /// Makes the URL of an asset.
    pub(super) fn fill(&self, id: &str, filling: Filling<'_>) -> String {
        let Parts { head, has_id, middle, has_number, tail, signature: place } = self.parts();
        let mut url = String::with_capacity(self.text.len() + id.len() + filling.signature.len() + 8);
        url.push_str(head[0]);
        if place == SignaturePlace::Head {
            url.push_str(filling.signature);
        }
        url.push_str(head[1]);
        if has_id {
            url.push_str(id);
        }
        url.push_str(middle);
        if has_number {
            // Writing into a String cannot fail.
            let _ = write!(url, "{}", filling.number);
        }
        url.push_str(tail[0]);
        if place == SignaturePlace::Tail {
            url.push_str(filling.signature);
        }
        url.push_str(tail[1]);
        url
    }
}

/// Splits the tail of a URL at the value of `auth_key`.
fn query_signature(tail: &str) -> Option<(&str, &str, &str)> {
    const KEY: &str = "?auth_key=";
    let at = tail.find(KEY)? + KEY.len();
    let (before, rest) = tail.split_at(at);
    let (signature, after) = rest.split_at(query_signature_len(rest.as_bytes()));
    (!signature.is_empty()).then_some((before, signature, after))
}

/// Returns the length of the value with which a query goes on.
pub(in crate::event) fn query_signature_len(rest: &[u8]) -> usize {
    rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-').unwrap_or(rest.len())
}

/// Splits the head of a URL at the two segments of a signature before `asset`.
fn path_signature(head: &str) -> Option<(&str, &str, &str)> {
    const AFTER: &str = "/asset/";
    let signed = head.strip_suffix(AFTER)?;
    let at = [TYPE_B, TYPE_C].iter().find_map(|len| {
        let at = signed.len().checked_sub(*len)?;
        (path_signature_len(signed.get(at..)?)? == *len && signed.get(..at)?.ends_with('/')).then_some(at)
    })?;
    Some((head.get(..at)?, signed.get(at..)?, AFTER))
}

/// The length of a time of 12 digits and of a digest.
const TYPE_B: usize = 12 + 1 + 32;

/// The length of a digest and of a time of 8 hexadecimal digits.
const TYPE_C: usize = 32 + 1 + 8;

/// Returns the length of the signature with which a path begins.
fn path_signature_len(path: &str) -> Option<usize> {
    let hex = |text: Option<&[u8]>| text.is_some_and(|text| text.iter().all(u8::is_ascii_hexdigit));
    let path = path.as_bytes();
    let is_split =
        |at: usize, len: usize| path.get(at) == Some(&b'/') && hex(path.get(..at)) && hex(path.get(at + 1..len));
    if is_split(12, TYPE_B) {
        Some(TYPE_B)
    } else if is_split(32, TYPE_C) {
        Some(TYPE_C)
    } else {
        None
    }
}

/// Returns `true` if JSON needs no other escapes for `text` than for slashes.
pub(in crate::event) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
}

/// Returns the last number of `text` that prints as it was written, and the number of bytes that follow it.
fn last_number(text: &str) -> Option<(u64, usize)> {
    let bytes = text.as_bytes();
    let end = bytes.iter().rposition(u8::is_ascii_digit)? + 1;
    let start = bytes.get(..end)?.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
    let (number, rest) = leading_number(bytes.get(start..end)?)?;
    rest.is_empty().then_some((number, bytes.len() - end))
}
