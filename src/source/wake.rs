//! What ends a wait before its time.
//!
//! The operating system tells of changes in the folders of the followed files. Nothing depends on it: it may be absent,
//! exhausted, or blind to another machine's writes, and then polling alone is slower by a quarter of a second.

use crate::source::follow::{look::Inode, relatives::folder_of};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _, event::AccessKind};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc::SyncSender,
};

/// Watches folders and pokes.
#[derive(Debug)]
pub(super) struct Waker {
    watcher: Option<RecommendedWatcher>,
    folders: HashMap<PathBuf, Inode>,
    /// What went wrong and was not told yet.
    trouble: Option<String>,
}

impl Waker {
    /// Pokes `poke` whenever something happens in a watched folder. Pokes may be lost where one is waiting already.
    pub(super) fn new(poke: SyncSender<()>) -> Self {
        let handler = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| changes(event.kind)) {
                // A full channel holds a poke already; a closed one has nobody to wake.
                let _ = poke.try_send(());
            }
        };
        let (watcher, trouble) = match notify::recommended_watcher(handler) {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(describe(&error))),
        };
        Self { watcher, folders: HashMap::new(), trouble }
    }

    /// Watches the folder of a file, and of the file that it links to. Watches it again where the folder is another.
    pub(super) fn watch(&mut self, path: &Path) {
        let link = if path.is_symlink() { fs::canonicalize(path).ok() } else { None };
        for file in [Some(path), link.as_deref()].into_iter().flatten() {
            let folder = folder_of(file);
            let Ok(metadata) = fs::metadata(folder) else { continue };
            let id = Inode::of(&metadata);
            let Some(watcher) = &mut self.watcher else { return };
            if self.folders.insert(folder.to_owned(), id) == Some(id) {
                continue;
            }
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                self.trouble = Some(describe(&error));
            }
        }
    }

    /// Why changes are seen by polling alone, once.
    pub(super) fn trouble(&mut self) -> Option<String> {
        let why = self.trouble.take()?;
        Some(format!("no notice of changes from the system ({why}): polling only, up to 250 ms later"))
    }
}

/// Whether an event means that bytes or names changed.
fn changes(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(mode)) => mode == notify::event::AccessMode::Write,
        EventKind::Access(_) => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}

fn describe(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::Io(error) => super::follow::look::reason(error),
        notify::ErrorKind::MaxFilesWatch => "too many watches".into(),
        notify::ErrorKind::Generic(text) => text.clone(),
        notify::ErrorKind::PathNotFound => "path not found".into(),
        notify::ErrorKind::WatchNotFound => "watch not found".into(),
        notify::ErrorKind::InvalidConfig(_) => "invalid configuration".into(),
    }
}
