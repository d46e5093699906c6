//! The read positions of all files of a source, whatever their names.
//!
//! A log that comes back under another name is known by its anchor, so that it is not read twice.

use crate::source::file::{
    access::SourceFile,
    follow::{
        anchor::{Anchor, TAIL},
        observation::Inode,
    },
};
use std::{collections::VecDeque, io, num::NonZeroU32};

/// The number of files that are remembered.
const FILES_MAX: usize = 1024;

/// The read positions of all files of a source, whatever their names.
#[derive(Debug, Default)]
pub struct ReadHistory {
    files: VecDeque<ReadFile>,
}

/// The read position of one file.
#[derive(Clone, Debug)]
pub struct ReadFile {
    /// Its inode.
    pub id: Inode,
    /// The bytes that were read first and last.
    pub anchor: Anchor,
    /// The number of the next line.
    pub line: Option<NonZeroU32>,
    /// The rank and generation that it was read as.
    pub reader: (u16, u16),
    /// Set while the file is open.
    pub held: bool,
}

impl ReadHistory {
    /// Notes a file's read position; adds the file where it is new.
    pub fn note(&mut self, file: ReadFile) {
        if let Some(entry) = self.files.iter_mut().find(|entry| entry.reader == file.reader) {
            *entry = file;
            return;
        }
        if self.files.len() >= FILES_MAX {
            let oldest = self.files.iter().position(|entry| !entry.held).unwrap_or_default();
            self.files.remove(oldest);
        }
        self.files.push_back(file);
    }

    /// Marks a file as closed.
    pub fn release(&mut self, reader: (u16, u16)) {
        if let Some(entry) = self.files.iter_mut().find(|entry| entry.reader == reader) {
            entry.held = false;
        }
    }

    /// Returns whether another name's follower has this file open.
    pub fn is_held_beside(&self, id: Inode, rank: u16) -> bool {
        self.files.iter().any(|entry| entry.held && entry.id == id && entry.reader.0 != rank)
    }

    /// Returns whether this file is open. The inode of a closed file proves nothing: it may have been reused.
    pub fn is_held(&self, id: Inode) -> bool {
        self.files.iter().any(|entry| entry.held && entry.id == id)
    }

    /// Returns whether a file with this inode was read so far that its archive is known by its content.
    pub(super) fn knows_archive_of(&self, id: Inode) -> bool {
        self.files.iter().any(|entry| entry.id == id && entry.anchor.offset() >= TAIL as u64)
    }

    /// Returns the file whose read content lies in `file` as well: one with its inode, or else, under another name than
    /// that of `rank`, with so much in common that `file` is a copy. Of several, the one that was read furthest.
    ///
    /// A new file under the same name that begins as an old one did is no copy: logs repeat themselves.
    pub fn find(&self, file: &dyn SourceFile, id: Inode, rank: u16) -> io::Result<Option<&ReadFile>> {
        let mut best: Option<&ReadFile> = None;
        for entry in &self.files {
            let enough = if entry.id == id { 1 } else { TAIL as u64 };
            let may_be = entry.id == id || entry.reader.0 != rank;
            let further = best.is_none_or(|best| best.anchor.offset() < entry.anchor.offset());
            if may_be && entry.anchor.offset() >= enough && further && entry.anchor.holds(file)? {
                best = Some(entry);
            }
        }
        Ok(best)
    }

    /// Returns the files that were read under the name of `rank` and are closed.
    pub(super) fn closed(&self, rank: u16) -> impl Iterator<Item = &ReadFile> {
        self.files.iter().filter(move |file| !file.held && file.reader.0 == rank)
    }

    /// Returns whether a sibling of the name of `rank` was read under that name, or is a copy of a file that was. It is
    /// no copy where the file that it resembles lies among the siblings itself.
    pub(super) fn is_read(&self, file: &dyn SourceFile, id: Inode, rank: u16, siblings: &[Inode]) -> io::Result<bool> {
        for entry in &self.files {
            let may_be = match entry.anchor.offset() {
                0 => false,
                _ if entry.id == id => true,
                offset => offset >= TAIL as u64 && !siblings.contains(&entry.id),
            };
            if may_be && entry.reader.0 == rank && entry.anchor.holds(file)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the files whose head is the head of these bytes, those read furthest first.
    pub fn with_head(&self, bytes: &[u8]) -> Vec<&ReadFile> {
        let mut found: Vec<&ReadFile> = self
            .files
            .iter()
            .filter(|entry| entry.anchor.offset() >= TAIL as u64 && bytes.starts_with(entry.anchor.head()))
            .collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.anchor.offset()));
        found
    }
}
