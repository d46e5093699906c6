//! A fast hash of a record's bytes.
//!
//! It is not for use against attackers, who may make two records alike. It tells whether bytes that are read again
//! are those that were read before, at the speed of memory. It is the same on every machine and in every session.

use rapidhash::v3::rapidhash_v3;

/// A hash by which a record is recognised when it is read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(u64);

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Fingerprint {
    /// Returns the hash of a record. It is made of its lines without their ends, so that lines can be added one by one.
    pub fn of(record: &[u8]) -> u64 {
        let mut all = Self::default();
        for line in memchr_lines(record) {
            all.line(line);
        }
        all.0
    }

    /// Returns the length of the record with this hash at the beginning of a text, without the end of its last line.
    pub fn find(hash: u64, text: &[u8]) -> Option<usize> {
        let mut all = Self::default();
        let mut at = 0;
        for whole in text.split_inclusive(|byte| *byte == b'\n') {
            let line = without_returns(whole.strip_suffix(b"\n").unwrap_or(whole));
            all.line(line);
            if all.0 == hash {
                return Some(at + line.len());
            }
            at += whole.len();
        }
        None
    }

    /// Adds the next line of a record, without its end.
    pub(super) fn line(&mut self, line: &[u8]) {
        self.add(hash(line));
    }

    /// Adds the next line by its own hash.
    pub(super) fn add(&mut self, line: u64) {
        self.0 = mix(self.0.rotate_left(5) ^ line);
    }

    pub(super) fn value(self) -> u64 {
        self.0
    }
}

/// The lines of a record without their ends.
fn memchr_lines(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(record);
    std::iter::from_fn(move || {
        let text = rest?;
        let (line, after) = match memchr::memchr(b'\n', text) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
            None => (text, None),
        };
        rest = after;
        Some(without_returns(line))
    })
}

/// Returns a line without the carriage returns at its end.
pub(super) fn without_returns(mut line: &[u8]) -> &[u8] {
    while let Some(before) = line.strip_suffix(b"\r") {
        line = before;
    }
    line
}

/// Hashes bytes.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    rapidhash_v3(bytes)
}

fn mix(word: u64) -> u64 {
    let word = (word ^ word >> 32).wrapping_mul(ODD);
    word ^ word >> 29
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_ends_do_not_matter() {
        assert_eq!(Fingerprint::of(b"{\r\n}"), Fingerprint::of(b"{\n}"));
        assert_eq!(Fingerprint::of(b"{}\r\r\n"), Fingerprint::of(b"{}\n"));
        assert_ne!(Fingerprint::of(b"{\n}"), Fingerprint::of(b"{}"));
    }

    proptest! {
        #[test]
        fn a_changed_byte_changes_it(bytes in prop::collection::vec(any::<u8>(), 1..100), at in any::<prop::sample::Index>()) {
            let mut other = bytes.clone();
            other[at.index(bytes.len())] ^= 0x40;
            prop_assert_ne!(hash(&bytes), hash(&other));
        }
    }
}
