//! The search for bytes that could not be read in time.
//!
//! Between two polls a log may be rotated twice, or be copied and truncated. The bytes that were not read then stand in
//! a sibling of the log. Only files that prove their kinship are read: a copy holds the bytes that were read of the log,
//! and a missed file did not lie there at the start or at the search before. No clock decides.

use crate::source::{
    file::follow::{
        anchor::TAIL,
        archive,
        history::ReadHistory,
        observation::{FileStamp, Inode},
        open_file::OpenFile,
        saved_place::save_sibling,
        siblings::{Sibling, SiblingKind, folder_of, list, resolve},
    },
    file::open::open_file,
    packing::packing_of,
    saved_state::SavedSibling,
};
use std::{
    collections::HashMap,
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
    /// The siblings at the last search, with their times of birth: an inode is given to another file once it is free.
    seen: Option<HashMap<Inode, Option<SystemTime>>>,
    /// The siblings of the last search as a later run knows them again, where that is asked for.
    saved: Option<Vec<SavedSibling>>,
    /// The stamps of the searched folders at the last search.
    folders: [Option<FileStamp>; 2],
}

impl SiblingScan {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { target: path.clone(), path, seen: None, saved: None, folders: [None; 2] }
    }

    /// Notes siblings from now on so that a later run knows them again.
    pub(super) fn keep(&mut self) {
        self.saved = Some(Vec::new());
    }

    /// Returns the siblings of the last search as a later run knows them again.
    pub(super) fn saved(&self) -> &[SavedSibling] {
        self.saved.as_deref().unwrap_or_default()
    }

    fn save(&mut self, siblings: &[Sibling]) {
        if let Some(saved) = &mut self.saved {
            let open = |sibling: &Sibling| save_sibling(&open_file(&sibling.path).ok()?).ok();
            *saved = siblings.iter().filter_map(open).collect();
        }
    }

    /// Notes, the first time, the siblings that lie there: those are no part of what is followed.
    pub(super) fn note_existing(&mut self) {
        if self.seen.is_none() {
            let siblings = self.siblings();
            self.seen = Some(births(&siblings).collect());
            self.save(&siblings);
        }
    }

    /// Notes that the file to which the name leads now was opened.
    pub(super) fn set_opened(&mut self) {
        let target = resolve(&self.path);
        if target != self.target {
            // Files that lie beside the new target belong to its past.
            self.seen.get_or_insert_default().extend(births(&list(&[&target])));
            self.target = target;
        }
    }

    /// Returns a sibling that holds all bytes that were read of `old`, and maybe more: the copy from before a truncation.
    pub(super) fn find_copy(&self, old: &OpenFile, history: &ReadHistory) -> io::Result<Option<(File, Inode)>> {
        let offset = old.anchor.offset();
        let mut siblings = self.siblings();
        // Logs repeat themselves: a new file is more likely to be the copy.
        siblings.sort_by_key(|sibling| self.has_seen(&sibling.metadata));
        for Sibling { path, metadata, kind } in siblings {
            let id = Inode::of(&metadata);
            let is_sure = offset >= TAIL as u64 || !self.has_seen(&metadata);
            let is_candidate = kind == SiblingKind::Plain && id != old.id && metadata.len() >= offset && is_sure;
            if !is_candidate || history.is_held(id) {
                continue;
            }
            let Ok(copy) = open_file(&path) else { continue };
            if old.anchor.holds(&copy)? {
                return Ok(Some((copy, id)));
            }
        }
        Ok(None)
    }

    /// Returns whether an archive beside the name holds all bytes that were read of `old`.
    pub(super) fn has_packed_copy(&self, old: &OpenFile) -> io::Result<bool> {
        let archives = self.siblings().into_iter().filter(|sibling| {
            sibling.kind == SiblingKind::Packed && !self.has_seen(&sibling.metadata) && old.anchor.offset() > 0
        });
        for archive in archives {
            let Ok(file) = open_file(&archive.path) else { continue };
            let Some(packing) = packing_of(&file)? else { continue };
            // An archive that cannot be read to that place does not hold it.
            if archive::holds(&old.anchor, packing.unpack(file)).unwrap_or(false) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the files that had the name between two polls, oldest first; without `current`, which has it now.
    pub(super) fn find_missed(
        &mut self,
        current: Option<Inode>,
        history: &ReadHistory,
        rank: u16,
    ) -> io::Result<Vec<(PathBuf, File)>> {
        if !self.has_folder_changed() {
            return Ok(Vec::new());
        }
        let siblings = self.siblings();
        let ids: Vec<Inode> = siblings.iter().map(|sibling| Inode::of(&sibling.metadata)).collect();
        let mut unseen: Vec<&Sibling> = siblings
            .iter()
            .filter(|Sibling { metadata, kind, .. }| {
                let id = Inode::of(metadata);
                *kind == SiblingKind::Plain && !self.has_seen(metadata) && !history.is_held(id) && current != Some(id)
            })
            .collect();
        unseen.sort_by_key(|sibling| sibling.metadata.modified().ok());
        let (mut missed, mut renamed) = (Vec::new(), Vec::new());
        for Sibling { path, metadata, .. } in unseen {
            let file = open_file(path)?;
            let id = Inode::of(metadata);
            // Another file may have been renamed to this name since.
            if id != Inode::of(&file.metadata()?) {
                renamed.push(id);
            } else if !history.is_read(&file, id, rank, &ids)? {
                missed.push((path.clone(), file));
            }
        }
        self.seen = Some(births(&siblings).filter(|(id, _)| !renamed.contains(id)).collect());
        self.save(&siblings);
        Ok(missed)
    }

    fn siblings(&self) -> Vec<Sibling> {
        list(&[&self.path, &self.target])
    }

    fn has_seen(&self, metadata: &Metadata) -> bool {
        let seen = self.seen.as_ref().and_then(|seen| seen.get(&Inode::of(metadata)));
        seen.is_some_and(|birth| *birth == metadata.created().ok())
    }

    /// Returns whether names came or went beside the log since this was asked last, as far as stamps tell.
    fn has_folder_changed(&mut self) -> bool {
        let own = folder_of(&self.path);
        let folders = [Some(own), Some(folder_of(&self.target)).filter(|target| *target != own)];
        let stamps = folders.map(|folder| folder?.metadata().ok().map(|metadata| FileStamp::of(&metadata)));
        let may_change_unseen = stamps.iter().flatten().any(|stamp| !stamp.is_final());
        std::mem::replace(&mut self.folders, stamps) != stamps || may_change_unseen
    }
}

fn births(siblings: &[Sibling]) -> impl Iterator<Item = (Inode, Option<SystemTime>)> {
    siblings.iter().map(|sibling| (Inode::of(&sibling.metadata), sibling.metadata.created().ok()))
}
