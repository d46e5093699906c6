//! URLs with holes for the asset's id and for a number.

use crate::event::{digits::leading_number, url::asset_in};
use std::fmt::Write as _;

/// A URL with holes: `head{id}middle{number}tail`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::event) struct Template {
    pub(in crate::event) head: Box<str>,
    /// `true` if the asset's id follows the head.
    pub(in crate::event) has_id: bool,
    pub(in crate::event) middle: Box<str>,
    /// `true` if a number follows the middle.
    pub(in crate::event) has_number: bool,
    pub(in crate::event) tail: Box<str>,
}

impl Template {
    /// Makes holes where `url` holds `id`, and after it the last number of the path; returns that number too.
    pub(super) fn of(url: &str, id: &str) -> (Self, u64) {
        let (head, rest) = url.split_once(id).map_or(("", url), |(head, rest)| (head, rest));
        let has_id = !(head.is_empty() && rest.len() == url.len());
        let template = |middle: &str, has_number, tail: &str| Self {
            head: head.into(),
            has_id,
            middle: middle.into(),
            has_number,
            tail: tail.into(),
        };
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        let Some((number, tail_len)) = last_number(last) else { return (template(rest, false, ""), 0) };
        let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
        let end = path.len() - tail_len;
        let (middle, tail) = (rest.get(..end - digits).unwrap_or_default(), rest.get(end..).unwrap_or_default());
        (template(middle, true, tail), number)
    }

    /// Returns the number in `url` if it is this template for `id`.
    pub(super) fn number(&self, url: &[u8], id: &str) -> Option<u64> {
        let rest = url.strip_prefix(self.head.as_bytes())?;
        let rest = if self.has_id { rest.strip_prefix(id.as_bytes())? } else { rest };
        let rest = rest.strip_prefix(self.middle.as_bytes())?;
        let (number, rest) = if self.has_number { leading_number(rest)? } else { (0, rest) };
        (rest == self.tail.as_bytes()).then_some(number)
    }

    /// Returns `true` if its URLs name another asset than `id`.
    pub(super) fn is_foreign(&self, id: &str) -> bool {
        let names_own = self.has_id && self.head.ends_with("/asset/") && self.middle.starts_with('/');
        let names_any = || [&self.head, &self.middle, &self.tail].iter().any(|part| part.contains("/asset/"));
        !names_own && names_any() && asset_in(&self.fill(id, 0)).is_some_and(|named| !named.eq_ignore_ascii_case(id))
    }

    /// Returns `true` if JSON needs no other escapes for it than for slashes.
    pub(in crate::event) fn is_plain(&self) -> bool {
        [&self.head, &self.middle, &self.tail].iter().all(|part| is_plain(part))
    }

    /// Makes the URL of an asset and a number.
    pub(super) fn fill(&self, id: &str, number: u64) -> String {
        let mut url = String::with_capacity(self.head.len() + id.len() + self.middle.len() + self.tail.len() + 8);
        url.push_str(&self.head);
        if self.has_id {
            url.push_str(id);
        }
        url.push_str(&self.middle);
        if self.has_number {
            // Writing into a String cannot fail.
            let _ = write!(url, "{number}");
        }
        url.push_str(&self.tail);
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
