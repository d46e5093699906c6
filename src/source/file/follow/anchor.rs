//! The bytes by which a file is known again.
//!
//! Names, inodes and sizes are no proof: a name is given to another file, an inode is reused, a file is truncated and
//! grows past its old size between two polls. An [`Anchor`] is bytes that were read: the file's head, and those right
//! before the read position. Only where both are still there does reading go on.

use crate::source::file::access::SourceFile;
use std::io;

/// The number of bytes of a file's head that are kept.
const HEAD: usize = 1024;

/// The number of bytes before the read position that are kept.
pub(super) const TAIL: usize = 256;

/// The bytes that were read first and last, and the read position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchor {
    offset: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Anchor {
    /// Returns the anchor of a file that was read up to `offset`.
    pub fn at(file: &dyn SourceFile, offset: u64) -> io::Result<Self> {
        let part = |from: u64, len: u64| {
            let mut bytes = vec![0; usize::try_from(len).unwrap_or(HEAD)];
            file.read_exact_at(&mut bytes, from).map(|()| bytes)
        };
        let tail = offset.min(TAIL as u64);
        Ok(Self { offset, head: part(0, offset.min(HEAD as u64))?, tail: part(offset - tail, tail)? })
    }

    /// Returns the anchor of these bytes.
    pub(super) fn of_parts(offset: u64, head: Vec<u8>, tail: Vec<u8>) -> Self {
        Self { offset, head, tail }
    }

    /// Returns the read position.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the bytes right before [`Self::offset`].
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// Returns the file's first bytes.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Notes bytes that were read at [`Self::offset`].
    pub fn push(&mut self, bytes: &[u8]) {
        let head = bytes.len().min(HEAD - self.head.len().min(HEAD));
        self.head.extend_from_slice(bytes.get(..head).unwrap_or_default());
        let tail = bytes.len().min(TAIL);
        let keep = self.tail.len().min(TAIL - tail);
        self.tail.drain(..self.tail.len() - keep);
        self.tail.extend_from_slice(bytes.get(bytes.len() - tail..).unwrap_or_default());
        self.offset += bytes.len() as u64;
    }

    /// Notes NUL bytes that were read at [`Self::offset`].
    pub fn push_nuls(&mut self, count: u64) {
        let pushed = count.min(HEAD as u64);
        self.push(&vec![0; usize::try_from(pushed).unwrap_or(HEAD)]);
        self.offset += count - pushed;
    }

    /// Returns whether the bytes that were read are still there.
    pub fn holds(&self, file: &dyn SourceFile) -> io::Result<bool> {
        Ok(self.head_holds(file)? && has_bytes_at(file, self.offset - self.tail.len() as u64, &self.tail)?)
    }

    /// Returns whether a file that is read up to `other` begins this one, as far as the bytes that are kept tell.
    pub(super) fn begins_with(&self, other: &Self) -> bool {
        let tail_begin = self.offset - self.tail.len() as u64;
        // The bytes that stand in the tails of both.
        let common =
            usize::try_from(other.offset.saturating_sub(tail_begin)).unwrap_or(usize::MAX).min(other.tail.len());
        let theirs = other.tail.get(other.tail.len() - common..).unwrap_or_default();
        let end = usize::try_from(other.offset.saturating_sub(tail_begin)).unwrap_or(usize::MAX);
        let own = self.tail.get(end.saturating_sub(common)..end);
        other.offset <= self.offset && self.head.starts_with(&other.head) && (common == 0 || own == Some(theirs))
    }

    /// Returns whether the head is still there.
    pub fn head_holds(&self, file: &dyn SourceFile) -> io::Result<bool> {
        has_bytes_at(file, 0, &self.head)
    }
}

fn has_bytes_at(file: &dyn SourceFile, from: u64, bytes: &[u8]) -> io::Result<bool> {
    let mut now = vec![0; bytes.len()];
    match file.read_exact_at(&mut now, from) {
        Ok(()) => Ok(now == bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    #[test]
    fn a_copy_that_was_cut_short_is_known() {
        let text: Vec<u8> = (0..3000_u16).flat_map(u16::to_le_bytes).collect();
        let anchor = |bytes: &[u8]| {
            let mut anchor = Anchor::default();
            anchor.push(bytes);
            anchor
        };
        for (own, other) in [(6000, 5990), (6000, 5800), (6000, 3000), (6000, 100), (300, 290), (300, 10), (6000, 6000)]
        {
            let (whole, cut) = (anchor(&text[..own]), anchor(&text[..other]));
            assert!(whole.begins_with(&cut), "{other} of {own}");
            assert!(own == other || !cut.begins_with(&whole), "{own} of {other}");
            let mut changed = text[..other].to_vec();
            if let Some(last) = changed.last_mut() {
                *last ^= 1;
            }
            let is_kept = other <= HEAD || other > own - TAIL;
            assert_eq!(whole.begins_with(&anchor(&changed)), !is_kept, "another end, {other} of {own}");
        }
    }

    proptest! {
        #[test]
        fn pushing_gives_what_reading_gives(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..6), nuls in 0u64..3000) {
            let mut file = tempfile::tempfile().unwrap();
            let mut anchor = Anchor::default();
            for part in &parts {
                file.write_all(part).unwrap();
                anchor.push(part);
            }
            file.write_all(&vec![0; usize::try_from(nuls).unwrap()]).unwrap();
            anchor.push_nuls(nuls);
            prop_assert_eq!(&anchor, &Anchor::at(&file, anchor.offset()).unwrap());
            prop_assert!(anchor.holds(&file).unwrap());
        }
    }
}
