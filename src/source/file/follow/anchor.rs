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
