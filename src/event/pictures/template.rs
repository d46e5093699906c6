//! URLs with holes for the asset's id and for a number.

use crate::event::{digits::leading_number, url::asset_in};
use hashbrown::DefaultHashBuilder;
use std::{fmt::Write as _, hash::BuildHasher as _, sync::LazyLock};

/// Seeded for each process: a log cannot be written so that its URLs collide.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// A URL with holes: `head{id}middle{number}tail`.
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
}

/// A URL as parts of its text, before it has a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Parts<'a> {
    head: &'a str,
    has_id: bool,
    middle: &'a str,
    has_number: bool,
    tail: &'a str,
}

impl<'a> Parts<'a> {
    /// Makes holes where `url` holds `id`, and after it the last number of the path; returns that number too.
    pub(super) fn of(url: &'a str, id: &str) -> (Self, u64) {
        let (head, rest) = url.split_once(id).map_or(("", url), |(head, rest)| (head, rest));
        let has_id = !(head.is_empty() && rest.len() == url.len());
        let parts = |middle, has_number, tail| Self { head, has_id, middle, has_number, tail };
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        let Some((number, tail_len)) = last_number(last) else { return (parts(rest, false, ""), 0) };
        let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
        let end = path.len() - tail_len;
        let (middle, tail) = (rest.get(..end - digits).unwrap_or_default(), rest.get(end..).unwrap_or_default());
        (parts(middle, true, tail), number)
    }

    /// Returns `true` if other pictures may have the same template: it has a hole.
    pub(super) fn is_shareable(&self) -> bool {
        self.has_id || self.has_number
    }

    /// Returns `true` if the text beside the holes has the length of a signature, of which each URL has its own.
    pub(super) fn looks_signed(&self) -> bool {
        const DIGEST: usize = 32;
        let is_long = |text: &str, separators: [char; 2]| text.split(separators).any(|word| word.len() >= DIGEST);
        self.tail.contains('?') && is_long(self.tail, ['=', '&']) || is_long(self.head, ['/', '.'])
    }

    /// Returns the [hash](Template::hash) of the template.
    pub(super) fn hash(&self) -> u64 {
        HASHER.hash_one(self)
    }

    /// Makes the template; `hash` is [`Self::hash`].
    pub(super) fn to_template(self, hash: u64) -> Template {
        let Self { head, has_id, middle, has_number, tail } = self;
        let text = [head, middle, tail].concat().into_boxed_str();
        let middle_end = head.len() + middle.len();
        Template { hash, text, head_end: head.len(), middle_end, has_id, has_number }
    }
}

impl Template {
    fn parts(&self) -> Parts<'_> {
        let (before, tail) = self.text.split_at(self.middle_end);
        let (head, middle) = before.split_at(self.head_end);
        Parts { head, has_id: self.has_id, middle, has_number: self.has_number, tail }
    }

    /// Returns `true` if these are its parts.
    pub(super) fn is_made_of(&self, parts: &Parts<'_>) -> bool {
        self.parts() == *parts
    }

    /// Returns the hash of the whole template, the same for equal ones in one process.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// Returns the text before the id.
    pub(in crate::event) fn head(&self) -> &str {
        self.parts().head
    }

    /// Returns the text between the id and the number.
    pub(in crate::event) fn middle(&self) -> &str {
        self.parts().middle
    }

    /// Returns the text after the number.
    pub(in crate::event) fn tail(&self) -> &str {
        self.parts().tail
    }

    /// Returns `true` if the asset's id follows the head.
    pub(in crate::event) fn has_id(&self) -> bool {
        self.has_id
    }

    /// Returns `true` if a number follows the middle.
    pub(in crate::event) fn has_number(&self) -> bool {
        self.has_number
    }

    /// Returns the number in `url` if it is this template for `id`.
    pub(super) fn number(&self, url: &[u8], id: &str) -> Option<u64> {
        let Parts { head, has_id, middle, has_number, tail } = self.parts();
        let rest = url.strip_prefix(head.as_bytes())?;
        let rest = if has_id { rest.strip_prefix(id.as_bytes())? } else { rest };
        let rest = rest.strip_prefix(middle.as_bytes())?;
        let (number, rest) = if has_number { leading_number(rest)? } else { (0, rest) };
        (rest == tail.as_bytes()).then_some(number)
    }

    /// Returns the parts of `url` if it has the same middle at the same place, whatever its head and tail, and the
    /// number in it. This is the common case of URLs that are signed one by one.
    pub(super) fn similar<'a>(&self, url: &'a str, id: &str) -> Option<(Parts<'a>, u64)> {
        if !self.has_id || !self.has_number {
            return None;
        }
        let (head, rest) = url.split_at_checked(self.head_end)?;
        let rest = rest.strip_prefix(id)?;
        let (middle, after) = rest.split_at_checked(self.middle_end - self.head_end)?;
        let (number, tail) = leading_number(after.as_bytes())?;
        let (_, tail) = after.split_at_checked(after.len() - tail.len())?;
        let mut path = tail.bytes().take_while(|byte| !matches!(byte, b'?' | b'#'));
        let is_last = path.all(|byte| byte != b'/' && !byte.is_ascii_digit());
        let parts = Parts { head, has_id: true, middle, has_number: true, tail };
        (middle == self.middle() && is_last).then_some((parts, number))
    }

    /// Returns `true` if its URLs name another asset than `id`.
    pub(super) fn is_foreign(&self, id: &str) -> bool {
        let Parts { head, has_id, middle, tail, .. } = self.parts();
        let names_own = has_id && head.ends_with("/asset/") && middle.starts_with('/');
        let names_any = || [head, middle, tail].iter().any(|part| part.contains("/asset/"));
        !names_own && names_any() && asset_in(&self.fill(id, 0)).is_some_and(|named| !named.eq_ignore_ascii_case(id))
    }

    /// Returns `true` if JSON needs no other escapes for it than for slashes.
    pub(in crate::event) fn is_plain(&self) -> bool {
        is_plain(&self.text)
    }

    /// Makes the URL of an asset and a number.
    pub(super) fn fill(&self, id: &str, number: u64) -> String {
        let Parts { head, has_id, middle, has_number, tail } = self.parts();
        let mut url = String::with_capacity(self.text.len() + id.len() + 8);
        url.push_str(head);
        if has_id {
            url.push_str(id);
        }
        url.push_str(middle);
        if has_number {
            // Writing into a String cannot fail.
            let _ = write!(url, "{number}");
        }
        url.push_str(tail);
        url
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
