//! The performance of effects: what the application asks for, done outside of it.
//!
//! Slow work is done on the blocking pool and answered by a message.

use super::{
    desktop,
    display::Display,
    files::{self, FileError},
    preparation::Preparer,
};
use crate::{
    app::{App, Effect, Message, RawPurpose, WriteContent, WriteJob, WriteOutcome},
    catalog::{AssetKey, Catalog},
    event::{Origin, Reveal},
    media::Media,
    report::{self, ExportedFiles},
    source::Source,
    terminal::TerminalError,
    text::Safe,
};
use std::{collections::HashSet, io::Write as _, path::PathBuf, sync::Arc};
use tokio::sync::mpsc::Sender;

/// The outcome of an effect, as far as the loop has to act on it.
#[derive(Debug)]
pub(super) enum EffectOutcome {
    /// There is nothing to do.
    Done,
    /// The display may show pictures in another way.
    CanvasChanged,
    /// A message is to be handled.
    Message(Message),
    /// The program was stopped and continued: everything must be drawn.
    Continued,
    /// The session ends.
    Quit,
}

/// The parts of a session on which effects are performed.
#[derive(Debug)]
pub(super) struct EffectPerformer {
    pub(super) source: Arc<Source>,
    pub(super) media: Media,
    pub(super) preparer: Preparer,
    /// Takes the answers of work on other threads.
    pub(super) messages: Sender<Message>,
}

impl EffectPerformer {
    /// Performs an effect.
    pub(super) fn perform(
        &self,
        effect: Effect,
        app: &App,
        display: &mut Display,
    ) -> Result<EffectOutcome, TerminalError> {
        match effect {
            Effect::Want(requests) => self.media.want(requests),
            Effect::Check(requests) => self.media.check(requests),
            Effect::Prepare(jobs) => self.preparer.prepare(jobs),
            Effect::Refetch(key) => self.media.refetch(key),
            Effect::Allow(host) => {
                if let Err(refusal) = self.media.allow(host.as_str()) {
                    return Ok(EffectOutcome::Message(Message::Toast(Safe::new(&refusal.to_string()))));
                }
            }
            Effect::Follow(mode) => self.source.set_mode(mode),
            Effect::ReadRaw(origin, purpose) => self.read_raw(origin, purpose),
            Effect::Copy(text) => {
                display.copy(&text);
                desktop::copy_to_tmux(text);
            }
            Effect::Open(url) => {
                let toast = desktop::browse(&url, app.options().reveal);
                return Ok(EffectOutcome::Message(Message::Toast(toast)));
            }
            Effect::Write(job) => self.write(job, app),
            Effect::SetDrawing(choice) => {
                display.set_drawing(choice);
                return Ok(EffectOutcome::CanvasChanged);
            }
            Effect::SetMouse(mouse) => display.set_mouse(mouse),
            Effect::Redraw => display.redraw(),
            Effect::Suspend => {
                display.suspend()?;
                return Ok(EffectOutcome::Continued);
            }
            Effect::Quit => return Ok(EffectOutcome::Quit),
        }
        Ok(EffectOutcome::Done)
    }

    /// Reads an event's text again.
    fn read_raw(&self, origin: Origin, purpose: RawPurpose) {
        let (source, messages) = (Arc::clone(&self.source), self.messages.clone());
        tokio::task::spawn_blocking(move || {
            let text = source.read_raw(origin).map_err(|error| Safe::new(&error.to_string()));
            // The receiver is gone when the session has ended.
            drop(messages.blocking_send(Message::Raw(origin, purpose, text)));
        });
    }

    fn write(&self, job: WriteJob, app: &App) {
        let messages = self.messages.clone();
        // Shared, so that the log is read on meanwhile.
        let (catalog, reveal) = (app.shared_catalog(), app.options().reveal);
        tokio::task::spawn_blocking(move || {
            let outcome = write(&job, &catalog, reveal);
            drop(messages.blocking_send(Message::Wrote(job, outcome)));
        });
    }
}

/// Writes a picture as it was fetched, or assets as `export` prints them.
fn write(job: &WriteJob, catalog: &Catalog, reveal: Reveal) -> WriteOutcome {
    let in_home = std::env::home_dir().zip(job.path.strip_prefix("~/")).map(|(home, rest)| home.join(rest));
    let path = in_home.unwrap_or_else(|| PathBuf::from(&job.path));
    let written = files::write(&path, job.overwrite, |out| match &job.content {
        WriteContent::Picture(picture) => out.write_all(&picture.jpeg),
        WriteContent::Assets(keys, format) => {
            let listed: HashSet<AssetKey> = keys.iter().copied().collect();
            let mut keys = report::newest_first(catalog);
            keys.retain(|key| listed.contains(key));
            report::export(out, catalog, &keys, &ExportedFiles::new(), *format, reveal)
        }
    });
    match written {
        Ok(()) => {
            let full = std::path::absolute(&path).unwrap_or(path);
            WriteOutcome::Done(Safe::new(&full.display().to_string()))
        }
        Err(FileError::Exists) => WriteOutcome::Exists,
        Err(error @ (FileError::NotRegular | FileError::Io(_))) => WriteOutcome::Failed(Safe::new(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::Overwrite,
        catalog::ListFormat,
        picture::{Picture, PixelSize},
    };

    #[test]
    fn pictures_and_lists_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        let picture = Picture::of_rgb(PixelSize { width: 1, height: 1 }, [0; 3]);
        let picture = Picture { jpeg: (*b"JPEG").into(), ..picture };
        let content = WriteContent::Picture(Arc::new(picture));
        let job = WriteJob { path: path.display().to_string(), content, overwrite: Overwrite::No };
        let put = |job: &WriteJob| write(job, &Catalog::default(), Reveal::Hide);
        assert_eq!(put(&job), WriteOutcome::Done(Safe::new(&job.path)));
        assert_eq!(std::fs::read(&path).unwrap(), b"JPEG");
        assert_eq!(put(&job), WriteOutcome::Exists);
        let job =
            WriteJob { content: WriteContent::Assets(Vec::new(), ListFormat::Jsonl), overwrite: Overwrite::Yes, ..job };
        assert!(matches!(put(&job), WriteOutcome::Done(_)));
        assert_eq!(std::fs::read(&path).unwrap(), b"", "no assets, no lines");
        let job = WriteJob { path: folder.path().join("no/where.csv").display().to_string(), ..job };
        assert!(matches!(put(&job), WriteOutcome::Failed(_)));
    }
}
