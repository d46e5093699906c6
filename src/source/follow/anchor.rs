//! By what a file is known again.
//!
//! Names, inodes and sizes all lie: a name is given to another file, an inode is reused, a file is truncated and grows
//! past its old size between two looks. An [`Anchor`] is bytes that were read: the file's head, and what stands right
//! before the place that was read to. Only where both are still there does reading go on. [`ReadHistory`] keeps the anchors
//! of all files of a source, so that a log that comes back under another name is not taken twice.

use crate::source::follow::look::Inode;
use std::{collections::VecDeque, fs::File, io, num::NonZeroU32, os::unix::fs::FileExt as _};

/// How much of a file's head is kept.
const HEAD: usize = 1024;

/// How much is kept of what stands before the place that was read to.
pub(super) const TAIL: usize = 256;

/// How many files are remembered.
const FILES_MAX: usize = 1024;

/// What was read last, and at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchor {
    offset: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Anchor {
    /// The anchor of a file that was read up to `offset`.
    pub fn at(file: &File, offset: u64) -> io::Result<Self> {
        let part = |from: u64, len: u64| {
            let mut bytes = vec![0; usize::try_from(len).unwrap_or(HEAD)];
            file.read_exact_at(&mut bytes, from).map(|()| bytes)
        };
        let tail = offset.min(TAIL as u64);
        Ok(Self { offset, head: part(0, offset.min(HEAD as u64))?, tail: part(offset - tail, tail)? })
    }

    /// How far the file was read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The bytes right before [`Self::offset`].
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// The file's first bytes.
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
        let shown = count.min(HEAD as u64);
        self.push(&vec![0; usize::try_from(shown).unwrap_or(HEAD)]);
        self.offset += count - shown;
    }

    /// Whether what was read is still there.
    pub fn holds(&self, file: &File) -> io::Result<bool> {
        Ok(self.head_holds(file)? && same(file, self.offset - self.tail.len() as u64, &self.tail)?)
    }

    /// Whether the head is still there.
    pub fn head_holds(&self, file: &File) -> io::Result<bool> {
        same(file, 0, &self.head)
    }
}

fn same(file: &File, from: u64, bytes: &[u8]) -> io::Result<bool> {
    let mut now = vec![0; bytes.len()];
    match file.read_exact_at(&mut now, from) {
        Ok(()) => Ok(now == bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// What was read of the files of a source, whatever their names.
#[derive(Debug, Default)]
pub struct ReadHistory {
    files: VecDeque<ReadFile>,
}

/// What was read of one file.
#[derive(Clone, Debug)]
pub struct ReadFile {
    /// Which file.
    pub id: Inode,
    /// What was read of it.
    pub anchor: Anchor,
    /// Number of the line that comes next.
    pub line: Option<NonZeroU32>,
    /// Who read it: rank and generation.
    pub by: (u16, u16),
    /// Whether it is open.
    pub held: bool,
}

impl ReadHistory {
    /// Notes how far a file was read; makes its entry where there is none.
    pub fn note(&mut self, file: ReadFile) {
        if let Some(entry) = self.files.iter_mut().find(|entry| entry.by == file.by) {
            *entry = file;
            return;
        }
        if self.files.len() >= FILES_MAX {
            let oldest = self.files.iter().position(|entry| !entry.held).unwrap_or_default();
            self.files.remove(oldest);
        }
        self.files.push_back(file);
    }

    /// Notes that a file is closed.
    pub fn release(&mut self, by: (u16, u16)) {
        if let Some(entry) = self.files.iter_mut().find(|entry| entry.by == by) {
            entry.held = false;
        }
    }

    /// Whether another name's follower has this file open.
    pub fn is_held_beside(&self, id: Inode, rank: u16) -> bool {
        self.files.iter().any(|entry| entry.held && entry.id == id && entry.by.0 != rank)
    }

    /// Whether this file is open; only then does its inode prove which file it is.
    pub fn is_held(&self, id: Inode) -> bool {
        self.files.iter().any(|entry| entry.held && entry.id == id)
    }

    /// The files whose content lies in `file` as well: those with its inode, or else with so much in common that it is
    /// a copy. The one that was read furthest comes out.
    pub fn find(&self, file: &File, id: Inode) -> io::Result<Option<&ReadFile>> {
        let mut best: Option<&ReadFile> = None;
        for entry in &self.files {
            let enough = if entry.id == id { 1 } else { TAIL as u64 };
            let further = best.is_none_or(|best| best.anchor.offset < entry.anchor.offset);
            if entry.anchor.offset >= enough && further && entry.anchor.holds(file)? {
                best = Some(entry);
            }
        }
        Ok(best)
    }

    /// The files whose head is the head of these bytes, the longest first: an archive may hold one of them.
    pub fn with_head(&self, bytes: &[u8]) -> Vec<&ReadFile> {
        let mut found: Vec<&ReadFile> = self
            .files
            .iter()
            .filter(|entry| entry.anchor.offset >= TAIL as u64 && bytes.starts_with(&entry.anchor.head))
            .collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.anchor.offset));
        found
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
