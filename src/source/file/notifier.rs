//! The system's notices of changes in the folders of the followed files, which end a wait early.
//!
//! Nothing depends on them: they may be absent, exhausted, or blind to another machine's writes, and then polling alone
//! is slower by a quarter of a second.

use crate::source::{
    error::reason,
    file::follow::{observation::Inode, siblings::folder_of},
};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _, event::AccessKind};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc::SyncSender,
};

/// The watch on the folders of the followed files.
#[derive(Debug)]
pub(in crate::source) struct Notifier {
    watcher: Option<RecommendedWatcher>,
    folders: HashMap<PathBuf, Inode>,
    /// An error that was not reported yet.
    error: Option<String>,
}

impl Notifier {
    /// Sends a wake-up whenever something happens in a watched folder, unless one is waiting already.
    pub(in crate::source) fn new(wake: SyncSender<()>) -> Self {
        let handler = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| is_change(event.kind)) {
                // A full channel holds a wake-up already; a closed one has no receiver to wake.
                let _ = wake.try_send(());
            }
        };
        let (watcher, error) = match notify::recommended_watcher(handler) {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(describe(&error))),
        };
        Self { watcher, folders: HashMap::new(), error }
    }

    /// Watches the folder of a file, and of the file that it links to. Watches it again where the folder is another.
    pub(in crate::source) fn watch(&mut self, path: &Path) {
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
                self.error = Some(describe(&error));
            }
        }
    }

    /// Returns, once, the reason why changes are seen by polling alone.
    pub(in crate::source) fn take_error(&mut self) -> Option<String> {
        let why = self.error.take()?;
        Some(format!("the system does not report changes ({why}): polling, up to 250 ms later"))
    }
}

/// Returns whether an event means that bytes or names changed.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(mode)) => mode == notify::event::AccessMode::Write,
        EventKind::Access(_) => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}

fn describe(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::Io(error) => reason(error),
        notify::ErrorKind::MaxFilesWatch => "too many watches".into(),
        notify::ErrorKind::Generic(text) => text.clone(),
        notify::ErrorKind::PathNotFound => "path not found".into(),
        notify::ErrorKind::WatchNotFound => "watch not found".into(),
        notify::ErrorKind::InvalidConfig(_) => "invalid configuration".into(),
    }
}
