//! Names that tools put before the lines of each writer when they mix several.
//!
//! `tail` prints a heading before the lines of each file, `grep -H` the file before each line, `kubectl logs --prefix`,
//! `stern` and `docker compose logs` the pod or the service. Lines with the same name are of one writer.

use super::colours::without_colours;
use crate::event::fingerprint;
use memchr::{memchr, memchr_iter};

/// The identity of a stream of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::event) struct StreamId {
    hash: u64,
    certainty: WriterCertainty,
}

/// The certainty that the lines of a stream are of one writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::event) enum WriterCertainty {
    /// Nothing names the writer, so that several may be mixed.
    #[default]
    Unnamed,
    Named,
}

impl StreamId {
    /// The lines of the file itself.
    pub(in crate::event) const PLAIN: Self = Self { hash: 0, certainty: WriterCertainty::Unnamed };

    /// Returns the stream of the same kind of a writer with this name.
    pub(in crate::event) fn named(self, name: &[u8]) -> Self {
        Self { certainty: WriterCertainty::Named, ..self.of(name) }
    }

    /// Returns a stream that belongs to this one, such as its standard output.
    pub(in crate::event) fn of(self, part: &[u8]) -> Self {
        Self { hash: self.hash.rotate_left(7) ^ fingerprint::hash(part), ..self }
    }

    pub(in crate::event) fn certainty(self) -> WriterCertainty {
        self.certainty
    }
}

/// Returns the name in a heading of `tail`: `==> name <==`.
pub(in crate::event) fn tail_heading(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"==> ")?.strip_suffix(b" <==").filter(|name| !name.is_empty())
}

/// Splits `name:text` and `name:12:text`, as `grep -H` and `grep -Hn` print, where `text` is accepted by `is_text`.
pub(super) fn split_name(line: &[u8], is_text: impl Fn(&[u8]) -> bool) -> Option<(&[u8], &[u8])> {
    let head = line.get(..NAME_MAX.min(line.len()))?;
    let (name, text) = memchr_iter(b':', head)
        .filter_map(|at| Some((line.get(..at)?, line.get(at + 1..)?)))
        .find(|(name, text)| !name.is_empty() && is_text(text))?;
    let number = name.iter().rposition(|b| !b.is_ascii_digit()).filter(|at| name[*at] == b':' && at + 1 < name.len());
    Some((number.map_or(name, |at| &name[..at]), text))
}

/// Returns `true` if the text before an object looks like the name of its writer: `[pod/a/b] `, `service-1  | `,
/// `pod container `, `file:`.
pub(super) fn is_name(prefix: &[u8]) -> bool {
    let plain = &*without_colours(prefix);
    let word = |text: &[u8]| {
        !text.is_empty() && text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'/'))
    };
    if plain.is_empty() || plain.len() > NAME_MAX {
        return false;
    }
    if let Some(name) = plain.strip_suffix(b"| ") {
        return word(name.trim_ascii_end());
    }
    if let Some(name) = plain.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"] ")) {
        return word(name) && memchr(b'/', name).is_some();
    }
    if let Some(name) = plain.strip_suffix(b":") {
        return name.split(|b| *b == b':').all(word);
    }
    // Pods have a dash in their names, unlike most words of a sentence.
    let mut words = plain.strip_suffix(b" ").unwrap_or_default().split(|b| *b == b' ');
    let (pod, container) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    word(pod) && memchr(b'-', pod).is_some() && word(container) && words.next().is_none()
}

/// The most bytes of a name.
const NAME_MAX: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_writers_are_recognised() {
        let check = |prefix: &str, expected| assert_eq!(is_name(prefix.as_bytes()), expected, "{prefix}");
        check("[pod/vod-a-5d9c/vod] ", true);
        check("vod-a-1  | ", true);
        check("\x1b[36mvod-a-1  | \x1b[0m", true);
        check("vod-a-5d9c vod ", true);
        check("/var/log/vod-a.log:", true);
        check("got ", false);
        check("2026-03-14 09:15:00 INFO got ", false);
        check("[INFO] ", false);
        check("received callback ", false);
        check("", false);
    }

    #[test]
    fn headings_and_file_names_are_split_off() {
        assert_eq!(tail_heading(b"==> /var/log/a.log <=="), Some(&b"/var/log/a.log"[..]));
        assert_eq!(tail_heading(b"==> a"), None);
        let split = |line: &'static str| {
            split_name(line.as_bytes(), |text| text.starts_with(b"2026-")).map(|(name, text)| (name, text.len()))
        };
        assert_eq!(split("a.log:2026-03"), Some((&b"a.log"[..], 7)));
        assert_eq!(split("a.log:12:2026-03"), Some((&b"a.log"[..], 7)));
        assert_eq!(split("a: b"), None);
    }
}
