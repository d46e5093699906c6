//! Going on where an earlier run stopped, over the rotations since.

use crate::{
    event::Severity,
    source::{
        error::ReadError,
        file::{
            access::{FileSystem, OpenedFile, SourceFile},
            follow::{
                anchor::Anchor,
                context::FollowContext,
                follower::Follower,
                history::ReadFile,
                observation::Inode,
                saved_place,
                sibling_scan::{CopiedLog, NameChange, is_copy},
                siblings,
            },
        },
        packing::{Packing, packing_of},
        saved_state::{SavedFile, SavedName},
        sink::{ContentChange, Sink},
    },
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file in which a saved position may be found.
struct ResumeCandidate {
    path: PathBuf,
    file: Arc<dyn SourceFile>,
    id: Inode,
    packing: Option<Packing>,
    modified: (i64, i64),
    /// The saved position that was found in it.
    found: Option<(Anchor, SavedFile)>,
}

impl ResumeCandidate {
    fn open(files: &dyn FileSystem, path: &Path) -> io::Result<Option<Self>> {
        let OpenedFile { file, stat, .. } = files.open(path, &[])?;
        if !stat.is_file() {
            return Ok(None);
        }
        let packing = packing_of(&*file)?;
        let (id, modified) = (stat.id, stat.stamp.modified);
        Ok(Some(Self { path: path.to_owned(), file, id, packing, modified, found: None }))
    }
}

impl Follower {
    /// Reads the files that were rotated since the state was saved, and notes where the file that has the name goes on.
    pub(super) fn resume(
        &mut self,
        saved: SavedName,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), ReadError> {
        let mut current = ResumeCandidate::open(&*self.files, &self.path).ok().flatten();
        let siblings = siblings::list(&*self.files, &[&self.path, &self.files.resolve(&self.path)?])?;
        let open = |sibling: &siblings::Sibling| ResumeCandidate::open(&*self.files, &sibling.path).ok().flatten();
        let mut rotated: Vec<ResumeCandidate> = siblings.iter().filter_map(open).collect();
        rotated.retain(|candidate| current.as_ref().is_none_or(|current| current.id != candidate.id));
        rotated.sort_by_key(|candidate| candidate.modified);
        for file in saved.files {
            let offset = file.offset;
            if !find(file, rotated.iter_mut().chain(&mut current))? && offset > 0 {
                let text = "the place where the last run stopped is gone; lines written since may be lost";
                context.sink.notice(Severity::Warning, text.into())?;
            }
        }
        // Files that came since the last run are newer than those that were being read then.
        rotated.sort_by_key(|candidate| candidate.found.is_none());
        // While the name has its file, what begins as that does is a copy of it.
        let log = current.as_ref().map(|current| {
            let name = if current.found.is_some() { NameChange::Same } else { NameChange::Other };
            CopiedLog { file: &*current.file, name }
        });
        for candidate in rotated {
            let is_seen = saved_place::is_seen(&saved.seen, &*candidate.file, candidate.id, candidate.packing)?;
            let is_copied = || log.map_or(Ok(false), |log| is_copy(&*candidate.file, log));
            if candidate.found.is_some() || !is_seen && !is_copied()? {
                self.read_rotated(candidate, context)?;
            }
        }
        self.resumed =
            current.and_then(|current| Some((self.known_file(current.id, current.found.as_ref())?, current.found?.1)));
        Ok(())
    }

    /// Reads on in a file that was rotated, or reads all of it.
    fn read_rotated(
        &mut self,
        candidate: ResumeCandidate,
        context: &mut FollowContext<'_, impl Sink>,
    ) -> Result<(), ReadError> {
        let name = candidate.path.file_name().unwrap_or_default().display().to_string();
        let known = self.known_file(candidate.id, candidate.found.as_ref());
        let what = if known.is_some() { "is read on" } else { "was written since the last run; it is read" };
        let sent = candidate.found.map(|(_, saved)| saved.sent).unwrap_or_default();
        let is_packed = candidate.packing.is_some();
        if let (true, Some(known)) = (is_packed, &known) {
            context.history.note(known.clone());
        }
        let (stat, known) = (candidate.file.stat()?, known.filter(|_| !is_packed));
        let mut open = self.start(candidate.file, &stat, known, ContentChange::New, context)?;
        context.sink.skip(open.generation, &sent);
        context.sink.notice(Severity::Routine, format!("{name} {what}"))?;
        if is_packed {
            open.read_packed(context.history, context.sink)?;
        } else {
            open.read_on(context.sink)?;
        }
        self.keep_rotated(open, context);
        Ok(())
    }

    fn known_file(&self, id: Inode, found: Option<&(Anchor, SavedFile)>) -> Option<ReadFile> {
        let (anchor, saved) = found?;
        let reader = (self.rank, u16::MAX);
        Some(ReadFile { id, anchor: anchor.clone(), line: saved.line, reader, held: false })
    }
}

/// Finds a saved position in one of the files: in the same file, or else in a copy or an archive of it.
fn find<'a>(saved: SavedFile, candidates: impl Iterator<Item = &'a mut ResumeCandidate>) -> io::Result<bool> {
    let mut candidates: Vec<&mut ResumeCandidate> = candidates.filter(|candidate| candidate.found.is_none()).collect();
    let is_same = |candidate: &ResumeCandidate| candidate.id.has_numbers(saved.dev, saved.ino);
    candidates.sort_by_key(|candidate| (!is_same(candidate), candidate.packing.is_some()));
    for candidate in candidates {
        let anchor = saved_place::find(&saved, &*candidate.file, candidate.id, candidate.packing)?;
        if let Some(anchor) = anchor {
            candidate.found = Some((anchor, saved));
            return Ok(true);
        }
    }
    Ok(false)
}
