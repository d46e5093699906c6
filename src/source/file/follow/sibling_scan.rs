//! The search for bytes that could not be read in time.
//!
//! Between two polls a log may be rotated twice, or be copied and truncated. The bytes that were not read then stand in
//! a sibling of the log. Only files that prove their kinship are read: a copy holds the bytes that were read of the log,
//! and a missed file was created since the last poll.

use crate::source::file::follow::{
    anchor::TAIL,
    history::ReadHistory,
    observation::{FileStamp, GRANULARITY, Inode},
    open_file::{OpenFile, open_file},
    siblings::{folder_of, list, resolve},
};
use std::{
    fs::{File, Metadata},
    io,
    path::PathBuf,
    time::SystemTime,
};

/// The state of the search beside one name.
#[derive(Debug)]
pub(super) struct SiblingScan {
    /// The followed name.
    path: PathBuf,
    /// The path without symbolic links of the file that was opened last.
    target: PathBuf,
    /// The time of the last poll, by the clock that files bear.
    polled: Option<SystemTime>,
    /// The stamps of the searched folders at the last search.
    folders: [Option<FileStamp>; 3],
}

impl SiblingScan {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { target: path.clone(), path, polled: None, folders: [None; 3] }
    }

    /// Notes the time at which a poll began.
    pub(super) fn set_polled(&mut self, time: SystemTime) {
        self.polled = Some(time);
    }

    /// Notes that the file to which the name leads now was opened.
    pub(super) fn set_opened(&mut self) {
        self.target = resolve(&self.path);
    }

    /// Returns a sibling that holds all bytes that were read of `old`, and maybe more: the copy from before a truncation.
    pub(super) fn find_copy(
        &self,
        old: &OpenFile,
        history: &ReadHistory,
        rank: u16,
    ) -> io::Result<Option<(File, Inode)>> {
        let offset = old.anchor.offset();
        for (path, metadata) in list(&[&self.path, &self.target]) {
            let id = Inode::of(&metadata);
            let is_sure = offset >= TAIL as u64 || self.is_new(&metadata);
            if metadata.len() < offset || !is_sure || history.is_held_beside(id, rank) {
                continue;
            }
            let Ok(copy) = open_file(&path) else { continue };
            if id != old.id && old.anchor.holds(&copy)? {
                return Ok(Some((copy, id)));
            }
        }
        Ok(None)
    }

    /// Returns the files that had the name between two polls, oldest first; without `current`, which has it now.
    pub(super) fn find_missed(
        &mut self,
        current: Option<Inode>,
        history: &ReadHistory,
    ) -> io::Result<Vec<(PathBuf, File)>> {
        if self.polled.is_none() || !self.has_folder_changed() {
            return Ok(Vec::new());
        }
        let mut siblings = list(&[&self.path, &self.target, &resolve(&self.path)]);
        siblings.retain(|(_, metadata)| {
            let id = Inode::of(metadata);
            self.is_new(metadata) && !history.is_held(id) && current != Some(id)
        });
        siblings.sort_by_key(|(_, metadata)| metadata.modified().ok());
        let mut missed = Vec::new();
        for (path, metadata) in siblings {
            let file = open_file(&path)?;
            let id = Inode::of(&metadata);
            // A copy of a file that was read is no missed file.
            if id == Inode::of(&file.metadata()?) && history.find(&file, id)?.is_none() {
                missed.push((path, file));
            }
        }
        Ok(missed)
    }

    /// Returns whether names came or went beside the log since this was asked last, as far as stamps tell.
    fn has_folder_changed(&mut self) -> bool {
        let target = if self.path.is_symlink() { resolve(&self.path) } else { self.path.clone() };
        let mut folders = [folder_of(&self.path), folder_of(&self.target), folder_of(&target)].map(Some);
        if folders[1] == folders[0] {
            folders[1] = None;
        }
        if folders[2] == folders[0] {
            folders[2] = None;
        }
        let stamps = folders.map(|folder| folder?.metadata().ok().map(|metadata| FileStamp::of(&metadata)));
        let may_change_unseen = stamps.iter().flatten().any(|stamp| !stamp.is_final());
        std::mem::replace(&mut self.folders, stamps) != stamps || may_change_unseen
    }

    /// Returns whether a file was created since the last poll; not where files bear no such time.
    fn is_new(&self, metadata: &Metadata) -> bool {
        let since = self.polled.and_then(|polled| polled.checked_sub(GRANULARITY));
        metadata.created().ok().zip(since).is_some_and(|(created, since)| created >= since)
    }
}
