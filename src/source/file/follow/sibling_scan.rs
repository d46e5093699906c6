//! The search for bytes that could not be read in time.
//!
//! Between two polls a log may be rotated twice, or be copied and truncated. The bytes that were not read then stand in
//! a sibling of the log. Only files that prove their kinship are read: a copy holds the bytes that were read of the log,
//! and a missed file did not lie there at the start or at the search before. No clock decides.

use crate::source::{
    file::access::{FileSystem, OpenedFile, ReadFrom, SourceFile},
    file::follow::{
        anchor::{Anchor, TAIL},
        archive,
        history::ReadHistory,
        observation::{FileStamp, FileStat, GRANULARITY, Inode},
        open_file::OpenFile,
        saved_place::save_sibling,
        siblings::{Sibling, SiblingKind, folder_of, list},
    },
    packing::{Packing, packing_of},
    saved_state::SavedSibling,
};
use std::{collections::HashMap, io, path::PathBuf, sync::Arc, time::Duration};

/// The time since its last write after which an archive is taken as complete, if it is.
pub(super) const SETTLED: Duration = Duration::from_secs(1);

/// The time since its last write after which an archive that is not complete is taken as damaged.
const ABANDONED: Duration = Duration::from_secs(20);

/// A file that had the name between two polls.
#[derive(Debug)]
pub(super) struct MissedFile {
    pub(super) path: PathBuf,
    pub(super) id: Inode,
    pub(super) file: Arc<dyn SourceFile>,
}

/// What a sibling that was not seen before holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SiblingJudgement {
    /// What was read, or was no part of what is followed.
    Read,
    /// A log that nobody has read.
    Missed,
    /// What is read from the log itself. If that is truncated first, the copy is judged again.
    Copy,
    /// It cannot be told yet: an archive is being written, or is damaged.
    Unknown,
}

/// The log of which a sibling may be a copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct CopiedLog<'a> {
    pub(super) file: &'a dyn SourceFile,
    pub(super) name: NameChange,
}

/// The change of the name's file since the last search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameChange {
    /// The name stands for the same file.
    Same,
    /// The name stands for another file. A sibling that is no younger had the name before, even if it begins alike.
    Other,
}

/// The state of the search beside one name.
#[derive(Debug)]
pub(super) struct SiblingScan {
    files: Arc<dyn FileSystem>,
    /// The followed name.
    path: PathBuf,
    /// The path without symbolic links of the file that was opened last.
    target: PathBuf,
    /// The siblings at the last search, and their sizes in bytes.
    seen: Option<HashMap<Inode, u64>>,
    /// The siblings of the last search as a later run knows them again, where that is asked for.
    saved: Option<Vec<SavedSibling>>,
    /// The stamps of the searched folders at the last search.
    folders: [Option<FileStamp>; 2],
    /// Set while files were found of which it cannot be told yet whether they are to be read, or that could not be read.
    is_unfinished: bool,
}

impl SiblingScan {
    pub(super) fn new(files: Arc<dyn FileSystem>, path: PathBuf) -> Self {
        Self { files, target: path.clone(), path, seen: None, saved: None, folders: [None; 2], is_unfinished: false }
    }

    /// Notes siblings from now on so that a later run knows them again.
    pub(super) fn keep(&mut self) {
        self.saved = Some(Vec::new());
    }

    /// Returns the siblings of the last search as a later run knows them again.
    pub(super) fn saved(&self) -> &[SavedSibling] {
        self.saved.as_deref().unwrap_or_default()
    }

    fn save(&mut self, siblings: &[Sibling], without: &[Inode]) {
        if let Some(saved) = &mut self.saved {
            let siblings = siblings.iter().filter(|sibling| !without.contains(&sibling.stat.id));
            let open = |sibling: &Sibling| save_sibling(&*self.files.open(&sibling.path, &[]).ok()?.file).ok();
            *saved = siblings.filter_map(open).collect();
        }
    }

    /// Notes, the first time, the siblings that lie there: those are no part of what is followed.
    pub(super) fn note_existing(&mut self) -> io::Result<()> {
        if self.seen.is_none() {
            let siblings = self.siblings()?;
            self.note(&siblings, &[]);
        }
        Ok(())
    }

    /// Notes the siblings of a search, without some of them.
    fn note(&mut self, siblings: &[Sibling], without: &[Inode]) {
        self.seen = Some(seen(siblings).filter(|(id, _)| !without.contains(id)).collect());
        self.save(siblings, without);
    }

    /// Takes files that were found as missed for unseen once more, since they could not be read: they are searched again.
    pub(super) fn forget(&mut self, ids: &[Inode]) {
        self.seen.iter_mut().for_each(|seen| seen.retain(|id, _| !ids.contains(id)));
        self.repeat();
    }

    /// Asks for another search at the next poll.
    pub(super) fn repeat(&mut self) {
        self.is_unfinished = true;
    }

    /// Returns whether the last search has to be repeated.
    pub(super) fn is_unfinished(&self) -> bool {
        self.is_unfinished
    }

    /// Notes that the file to which the name leads now was opened, by its path without symbolic links.
    pub(super) fn set_opened(&mut self, target: PathBuf) -> io::Result<()> {
        if target != self.target {
            // Files that lie beside the new target belong to its past.
            let siblings = list(&*self.files, &[&target])?;
            self.seen.get_or_insert_default().extend(seen(&siblings));
            self.target = target;
        }
        Ok(())
    }

    /// Returns a sibling that holds all bytes that were read of `old`, and maybe more: the copy from before a truncation.
    pub(super) fn find_copy(
        &self,
        old: &OpenFile,
        history: &ReadHistory,
    ) -> io::Result<Option<(Arc<dyn SourceFile>, Inode)>> {
        let offset = old.anchor.offset();
        let mut siblings = self.siblings()?;
        // Logs repeat themselves: a new file is more likely to be the copy.
        siblings.sort_by_key(|sibling| self.has_seen(&sibling.stat));
        for Sibling { path, stat, kind } in siblings {
            let id = stat.id;
            let is_sure = offset >= TAIL as u64 || !self.has_seen(&stat);
            let is_candidate = kind == SiblingKind::Plain && id != old.id && stat.stamp.size >= offset && is_sure;
            if !is_candidate || history.is_held(id) {
                continue;
            }
            let Ok(OpenedFile { file: copy, .. }) = self.files.open(&path, &[]) else { continue };
            if old.anchor.holds(&*copy)? {
                return Ok(Some((copy, id)));
            }
        }
        Ok(None)
    }

    /// Returns a new sibling that holds what was read of `old` but for its end: lines that were written between the copying
    /// and the truncating, and read in time.
    pub(super) fn find_cut_copy(&self, old: &OpenFile, history: &ReadHistory) -> io::Result<Option<(Anchor, Inode)>> {
        for Sibling { path, stat, kind } in self.siblings()? {
            let size = stat.stamp.size;
            let is_shorter = (1..old.anchor.offset()).contains(&size);
            let is_new = !self.has_seen(&stat) && !history.is_held(stat.id) && stat.id != old.id;
            if kind != SiblingKind::Plain || !is_shorter || !is_new {
                continue;
            }
            let Ok(OpenedFile { file: copy, .. }) = self.files.open(&path, &[]) else { continue };
            let anchor = Anchor::at(&*copy, size)?;
            if old.anchor.begins_with(&anchor) {
                return Ok(Some((anchor, stat.id)));
            }
        }
        Ok(None)
    }

    /// Returns an archive beside the name that holds all bytes that were read of `old`.
    pub(super) fn find_packed_copy(&self, old: &OpenFile) -> io::Result<Option<(Arc<dyn SourceFile>, Packing)>> {
        let offset = old.anchor.offset();
        let archives = self.siblings()?.into_iter().filter(|sibling| {
            let is_sure = offset >= TAIL as u64 || offset > 0 && !self.has_seen(&sibling.stat);
            sibling.kind == SiblingKind::Packed && is_sure
        });
        for archive in archives {
            let Ok(OpenedFile { file, .. }) = self.files.open(&archive.path, &[]) else { continue };
            let Some(packing) = packing_of(&*file)? else { continue };
            // An archive that cannot be read to that place does not hold it.
            if archive::holds(&old.anchor, packing.unpack(ReadFrom { file: &*file, at: 0 })).unwrap_or(false) {
                return Ok(Some((file, packing)));
            }
        }
        Ok(None)
    }

    /// Returns the files that had the name between two polls, oldest first; without `current`, which has it now. Without
    /// copies of `copied`, too: the log itself, which is read from its beginning or being read, while it is copied.
    pub(super) fn find_missed(
        &mut self,
        current: Option<Inode>,
        copied: Option<CopiedLog<'_>>,
        history: &ReadHistory,
        rank: u16,
    ) -> io::Result<Vec<MissedFile>> {
        if !self.has_folder_changed()? && !self.is_unfinished {
            return Ok(Vec::new());
        }
        // Until it is over.
        self.is_unfinished = true;
        let siblings = self.siblings()?;
        let ids: Vec<Inode> = siblings.iter().map(|sibling| sibling.stat.id).collect();
        let misses_packing = self.files.misses_packing();
        let mut unseen: Vec<&Sibling> = siblings
            .iter()
            .filter(|Sibling { stat, kind, .. }| {
                let id = stat.id;
                let is_kind = *kind == SiblingKind::Plain || misses_packing;
                is_kind && !self.has_seen(stat) && !history.is_held(id) && current != Some(id)
            })
            .collect();
        unseen.sort_by_key(|sibling| sibling.stat.stamp.modified);
        let (mut missed, mut is_unfinished) = (Vec::new(), false);
        // What is being read, or is to be read next, is judged once that is over: it may fail.
        let is_read_now = |id: &Inode| history.is_held(*id) || current == Some(*id);
        let mut unjudged: Vec<Inode> = ids.iter().copied().filter(is_read_now).collect();
        for sibling in unseen {
            let id = sibling.stat.id;
            let file = self.open_found(sibling)?;
            let judgement = match (&file, copied) {
                // It is found under its next name.
                (None, _) => SiblingJudgement::Unknown,
                (Some(file), Some(log)) if is_copy(&**file, log)? => SiblingJudgement::Copy,
                // It may have been created, rotated and packed between two looks.
                (Some(file), _) if sibling.kind == SiblingKind::Packed => {
                    self.judge_archive(&**file, &sibling.stat, history, &ids)?
                }
                (Some(file), _) if history.is_read(&**file, id, rank, &ids)? => SiblingJudgement::Read,
                (Some(_), _) => SiblingJudgement::Missed,
            };
            is_unfinished |= judgement == SiblingJudgement::Unknown;
            match judgement {
                SiblingJudgement::Read => {}
                SiblingJudgement::Missed => {
                    missed.extend(file.map(|file| MissedFile { path: sibling.path.clone(), id, file }));
                }
                SiblingJudgement::Copy | SiblingJudgement::Unknown => unjudged.push(id),
            }
        }
        self.is_unfinished = is_unfinished;
        self.note(&siblings, &unjudged);
        Ok(missed)
    }

    /// Opens a file that was found; returns `None` if its name is gone or another file's by now.
    fn open_found(&self, sibling: &Sibling) -> io::Result<Option<Arc<dyn SourceFile>>> {
        let opened = match self.files.open(&sibling.path, &[]) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok((opened.stat.id == sibling.stat.id).then_some(opened.file))
    }

    /// Tells an archive of a log that was missed from one of a log that was read, or that lay beside the name at the
    /// search before and is no longer there: that is known by its size.
    fn judge_archive(
        &mut self,
        file: &dyn SourceFile,
        stat: &FileStat,
        history: &ReadHistory,
        ids: &[Inode],
    ) -> io::Result<SiblingJudgement> {
        let is_older = |age| self.files.has_passed(stat.stamp.modified, age);
        if !is_older(SETTLED) {
            return Ok(SiblingJudgement::Unknown);
        }
        let Some(packing) = packing_of(file)? else {
            return Ok(if is_older(ABANDONED) { SiblingJudgement::Read } else { SiblingJudgement::Unknown });
        };
        let text = || packing.unpack(ReadFrom { file, at: 0 });
        if archive::read_before(text, history).is_some() {
            return Ok(SiblingJudgement::Read);
        }
        let size = match io::copy(&mut text(), &mut io::sink()) {
            Ok(size) => size,
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::NotConnected) => {
                return Err(error);
            }
            Err(_being_written) if !is_older(ABANDONED) => return Ok(SiblingJudgement::Unknown),
            // What can be read of a damaged one is read, unless its log was.
            Err(_damaged) if archive::begins_as_read(text(), history) => return Ok(SiblingJudgement::Read),
            Err(_damaged) => return Ok(SiblingJudgement::Missed),
        };
        let is_gone = |id: &Inode| !ids.contains(id) && !history.knows_archive_of(*id);
        let Some(seen) = &mut self.seen else { return Ok(SiblingJudgement::Missed) };
        let gone = seen.iter().find(|(id, seen)| is_gone(id) && **seen == size).map(|(id, _)| *id);
        // It has no other archive.
        gone.map(|id| seen.remove(&id));
        Ok(if gone.is_some() { SiblingJudgement::Read } else { SiblingJudgement::Missed })
    }

    fn siblings(&self) -> io::Result<Vec<Sibling>> {
        list(&*self.files, &[&self.path, &self.target])
    }

    fn has_seen(&self, stat: &FileStat) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.contains_key(&stat.id))
    }

    /// Returns whether names came or went beside the log since this was asked last, as far as stamps tell.
    fn has_folder_changed(&mut self) -> io::Result<bool> {
        let own = folder_of(&self.path);
        let folders = [Some(own), Some(folder_of(&self.target)).filter(|target| *target != own)];
        let mut stamps = [None; 2];
        for (stamp, folder) in stamps.iter_mut().zip(folders.into_iter().flatten()) {
            *stamp = self.files.folder_stamp(folder)?;
        }
        let is_final = |stamp: &FileStamp| self.files.has_passed(stamp.changed, GRANULARITY);
        let may_change_unseen = stamps.iter().flatten().any(|stamp| !is_final(stamp));
        Ok(std::mem::replace(&mut self.folders, stamps) != stamps || may_change_unseen)
    }
}

fn seen(siblings: &[Sibling]) -> impl Iterator<Item = (Inode, u64)> {
    siblings.iter().map(|Sibling { stat, .. }| (stat.id, stat.stamp.size))
}

/// Returns whether a file holds the beginning of a log, as far as it is copied.
pub(super) fn is_copy(file: &dyn SourceFile, CopiedLog { file: log, name }: CopiedLog<'_>) -> io::Result<bool> {
    let (stat, log_stat) = (file.stat()?, log.stat()?);
    let may_be = match name {
        NameChange::Same => true,
        NameChange::Other => stat.id.born.zip(log_stat.id.born).is_some_and(|(born, log_born)| born > log_born),
    };
    let size = stat.stamp.size;
    Ok(may_be && (size == 0 || size <= log_stat.stamp.size && Anchor::at(file, size)?.holds(log)?))
}
