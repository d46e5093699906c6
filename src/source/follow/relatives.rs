//! Rotated relatives of a log: where bytes went that could not be read in time.
//!
//! Between two looks a log may be rotated twice, or be copied and truncated. What was not read then stands in a file
//! beside it whose name is the log's with a number or a date. Only files that prove their kinship are read: a copy holds
//! what was read of the log, and a missed file was created since the last look.

use crate::source::{
    ReadError,
    follow::{
        Follower, OpenFile, ReadOutcome, RotatedFile, Sink,
        anchor::{Anchor, ReadFile, ReadHistory, TAIL},
        look::{FileStamp, GRAIN, Inode},
        open_file,
    },
};
use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

impl Follower {
    /// After a truncation: reads from the log's copy what was not read of the log. Tells how many bytes that were;
    /// `None` where there is no copy.
    pub(super) fn read_copy(
        &self,
        old: &mut OpenFile,
        taken: &ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<Option<u64>, ReadError> {
        let offset = old.anchor.offset();
        for (path, metadata) in relatives(&[&self.path, &self.real]) {
            let id = Inode::of(&metadata);
            let sure = offset >= TAIL as u64 || self.is_new(&metadata);
            if metadata.len() < offset || !sure || taken.is_held_beside(id, self.rank) {
                continue;
            }
            let Ok(copy) = open_file(&path) else { continue };
            if id == old.id || !old.anchor.holds(&copy)? {
                continue;
            }
            old.file = copy;
            old.id = id;
            while old.read_on(true, sink)? == ReadOutcome::More {}
            return Ok(Some(old.anchor.offset() - offset));
        }
        Ok(None)
    }

    /// Takes up files that had the name between two looks, oldest first; not the one that has it now.
    pub(super) fn read_missed(
        &mut self,
        current: Option<Inode>,
        now: Duration,
        taken: &mut ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<(), ReadError> {
        if self.looked.is_none() || !self.has_folder_changed() {
            return Ok(());
        }
        let mut missed: Vec<(PathBuf, Metadata)> = relatives(&[&self.path, &self.real, &resolved(&self.path)]);
        missed.retain(|(_, metadata)| {
            let id = Inode::of(metadata);
            self.is_new(metadata) && !taken.is_held(id) && current != Some(id)
        });
        missed.sort_by_key(|(_, metadata)| metadata.modified().ok());
        for (path, metadata) in missed {
            let file = open_file(&path)?;
            let id = Inode::of(&metadata);
            // A copy of what was read already is no missed file.
            if id != Inode::of(&file.metadata()?) || taken.find(&file, id)?.is_some() {
                continue;
            }
            self.take_up(file, now, taken, sink)?;
            let name = path.file_name().unwrap_or_default().display().to_string();
            sink.notice(format!("{name} came and was rotated between two looks; it is read as well"))?;
        }
        Ok(())
    }

    /// Whether names came or went beside the log since this was asked last, as far as stamps tell.
    fn has_folder_changed(&mut self) -> bool {
        let target = if self.path.is_symlink() { resolved(&self.path) } else { self.path.clone() };
        let mut folders = [folder_of(&self.path), folder_of(&self.real), folder_of(&target)].map(Some);
        if folders[1] == folders[0] {
            folders[1] = None;
        }
        if folders[2] == folders[0] {
            folders[2] = None;
        }
        let stamps = folders.map(|folder| folder?.metadata().ok().map(|metadata| FileStamp::of(&metadata)));
        let fresh = stamps.iter().flatten().any(|stamp| !stamp.is_final());
        std::mem::replace(&mut self.folders, stamps) != stamps || fresh
    }

    fn take_up(
        &mut self,
        file: File,
        now: Duration,
        taken: &mut ReadHistory,
        sink: &mut impl Sink,
    ) -> Result<(), ReadError> {
        let mut was = self.start(file, None, taken, sink)?;
        if was.packed {
            was.read_packed(taken, sink)?;
        } else {
            was.read_on(true, sink)?;
        }
        taken.note(was.taken(self.rank));
        self.late.push(RotatedFile { was, since: now, grown: now });
        Ok(())
    }

    /// Whether a file was created since the last look at the name; where files bear no such time, it was not.
    fn is_new(&self, metadata: &Metadata) -> bool {
        let since = self.looked.and_then(|looked: SystemTime| looked.checked_sub(GRAIN));
        metadata.created().ok().zip(since).is_some_and(|(created, since)| created >= since)
    }
}

/// The files beside these whose names are theirs with a number or a date.
pub(super) fn relatives(logs: &[&Path]) -> Vec<(PathBuf, Metadata)> {
    let mut found: Vec<(PathBuf, Metadata)> = Vec::new();
    for log in logs {
        let Some(name) = log.file_name() else { continue };
        let entries = fs::read_dir(folder_of(log)).into_iter().flatten().filter_map(Result::ok);
        for entry in entries.filter(|entry| is_rotated(name.as_encoded_bytes(), entry.file_name().as_encoded_bytes())) {
            let Some(metadata) = entry.metadata().ok().filter(Metadata::is_file) else { continue };
            if found.iter().all(|(_, other)| Inode::of(other) != Inode::of(&metadata)) {
                found.push((entry.path(), metadata));
            }
        }
    }
    found
}

/// Whether a name is a log's with a number or a date: `vod.log.1`, `vod.log-20260314`.
fn is_rotated(log: &[u8], name: &[u8]) -> bool {
    let of_date = |byte: &u8| byte.is_ascii_digit() || b".-_:T".contains(byte);
    match name.strip_prefix(log) {
        Some([b'.' | b'-' | b'_', rest @ ..]) => rest.iter().any(u8::is_ascii_digit) && rest.iter().all(of_date),
        Some(_) | None => false,
    }
}

/// The path without symbolic links, where it leads anywhere.
pub(super) fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The folder that a path is in.
pub(in crate::source) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What was read before of the log that an archive holds.
pub(super) fn read_before<R: Read>(text: impl Fn() -> R, taken: &ReadHistory) -> Option<ReadFile> {
    let mut head = Vec::new();
    text().take(4 * TAIL as u64).read_to_end(&mut head).ok()?;
    taken.with_head(&head).into_iter().find(|file| holds(&file.anchor, text()).unwrap_or(false)).cloned()
}

/// Whether a text holds, at its place, what was read last.
fn holds(anchor: &Anchor, mut text: impl Read) -> io::Result<bool> {
    let skip = anchor.offset() - anchor.tail().len() as u64;
    let skipped = io::copy(&mut text.by_ref().take(skip), &mut io::sink())?;
    let mut tail = vec![0; anchor.tail().len()];
    text.read_exact(&mut tail)?;
    Ok(skipped == skip && tail == anchor.tail())
}
