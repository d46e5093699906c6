//! What the effects mean outside.

use super::{
    file::{self, Existing, FileError},
    session::Session,
};
use crate::{
    app::{
        Effect, Following, ListFormat, Message, MouseUse, Overwrite, RawPurpose, WriteContent, WriteJob, WriteOutcome,
    },
    catalog::{AssetKey, Catalog},
    event::{Origin, PictureUrl, Reveal},
    graphics,
    report::{self, ExportedFiles, Format},
    source::Mode,
    terminal::{Mouse, TerminalError},
    text::Safe,
};
use std::{
    collections::HashSet,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

/// Whether the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterEffects {
    /// It does.
    On,
    /// The user quit.
    Quit,
}

impl Session {
    /// Performs effects in their order.
    pub(super) fn perform(&mut self, effects: Vec<Effect>) -> Result<AfterEffects, TerminalError> {
        for effect in effects {
            match effect {
                Effect::Want(requests) => self.media.want(requests),
                Effect::Prepare(jobs) => self.preparer.prepare(jobs),
                Effect::Refetch(key) => self.media.refetch(key),
                Effect::Allow(host) => {
                    if let Err(refusal) = self.media.allow(host.as_str()) {
                        self.post(Message::Toast(Safe::new(&refusal.to_string())));
                    }
                }
                Effect::Follow(following) => self.source.set_mode(match following {
                    Following::On => Mode::Follow,
                    Following::Off => Mode::Once,
                }),
                Effect::ReadRaw(origin, purpose) => self.read_raw(origin, purpose),
                Effect::Copy(text) => self.copy(text),
                Effect::Open(url) => self.browse(&url),
                Effect::Write(job) => self.write(job),
                Effect::SetProtocol(protocol) => {
                    self.probe.force(protocol);
                    self.canvas_changed();
                }
                Effect::SetMouse(mouse) => self.screen.set_mouse(match mouse {
                    MouseUse::On => Mouse::On,
                    MouseUse::Off => Mouse::Off,
                }),
                Effect::Redraw => {
                    self.painter.forget();
                    self.screen.redraw();
                }
                Effect::Suspend => self.suspend()?,
                Effect::Quit => return Ok(AfterEffects::Quit),
            }
        }
        Ok(AfterEffects::On)
    }

    /// Reads an event's text again, off the loop.
    fn read_raw(&self, origin: Origin, purpose: RawPurpose) {
        let (source, messages) = (Arc::clone(&self.source), self.messages.clone());
        tokio::task::spawn_blocking(move || {
            let text = source.read_raw(origin).map_err(|error| Safe::new(&error.to_string()));
            // The session has ended where nobody listens.
            drop(messages.blocking_send(Message::Raw(origin, purpose, text)));
        });
    }

    /// Writes a file, off the loop.
    fn write(&self, job: WriteJob) {
        let messages = self.messages.clone();
        // The log goes on while a list is written.
        let catalog = self.app.shared_catalog();
        let reveal = self.app.options().reveal;
        tokio::task::spawn_blocking(move || {
            let written = write(&job, &catalog, reveal);
            drop(messages.blocking_send(Message::Wrote(job, written)));
        });
    }

    /// Puts a text into the terminal's clipboard; where a tmux of this machine has its default settings, which refuse
    /// that to programs, by asking tmux itself.
    fn copy(&mut self, text: String) {
        self.screen.send(graphics::clipboard(text.as_bytes(), self.app.canvas().multiplexer));
        if std::env::var_os("TMUX").is_none_or(|socket| socket.is_empty()) {
            return;
        }
        let mut command = Command::new("tmux");
        command.args(["load-buffer", "-w", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Where there is no such program, or it is older than `-w`, the sequences are all there is.
        if let Ok(mut child) = command.spawn() {
            std::thread::spawn(move || {
                if let Some(mut stdin) = child.stdin.take() {
                    drop(stdin.write_all(text.as_bytes()));
                }
                drop(child.wait());
            });
        }
    }

    /// Opens a URL where a desktop is at hand, else shows it to be copied.
    fn browse(&mut self, url: &PictureUrl) {
        let remote = std::env::var_os("SSH_CONNECTION").is_some() || std::env::var_os("SSH_TTY").is_some();
        let desktop = cfg!(target_os = "macos")
            || std::env::var_os("DISPLAY").is_some()
            || std::env::var_os("WAYLAND_DISPLAY").is_some();
        let web = url::Url::parse(url.reveal()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let said = match web {
            None => "not opened: no http or https URL".into(),
            Some(_) if remote || !desktop => Safe::new(&format!("u copies {}", url.shown(self.app.options().reveal))),
            Some(web) => {
                let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
                let quiet = Command::new(opener)
                    .arg(web.as_str())
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn();
                match quiet {
                    Ok(mut child) => {
                        // Waited for, so that it leaves no zombie.
                        std::thread::spawn(move || drop(child.wait()));
                        "opened in the browser".into()
                    }
                    Err(error) => Safe::new(&format!("{opener}: {error} · u copies the URL")),
                }
            }
        };
        self.post(Message::Toast(said));
    }
}

/// Writes a picture as it was fetched, or assets as `export` prints them.
fn write(job: &WriteJob, catalog: &Catalog, reveal: Reveal) -> WriteOutcome {
    let home = std::env::home_dir().zip(job.path.strip_prefix("~/")).map(|(home, rest)| home.join(rest));
    let path = home.unwrap_or_else(|| PathBuf::from(&job.path));
    let existing = match job.overwrite {
        Overwrite::No => Existing::Keep,
        Overwrite::Yes => Existing::Replace,
    };
    let written = file::write(&path, existing, |out| match &job.content {
        WriteContent::Picture(picture) => out.write_all(&picture.jpeg),
        WriteContent::Assets(keys, format) => {
            let format = match format {
                ListFormat::Json => Format::Json,
                ListFormat::Jsonl => Format::Jsonl,
                ListFormat::Csv => Format::Csv,
            };
            let listed: HashSet<AssetKey> = keys.iter().copied().collect();
            let mut keys = report::newest_first(catalog);
            keys.retain(|key| listed.contains(key));
            report::export(out, catalog, &keys, &ExportedFiles::new(), format, reveal)
        }
    });
    let full = std::path::absolute(&path).unwrap_or(path);
    match written {
        Ok(()) => WriteOutcome::Done(Safe::new(&full.display().to_string())),
        Err(FileError::Taken) => WriteOutcome::Taken,
        Err(error @ (FileError::NotPlain | FileError::Io(_))) => WriteOutcome::Failed(Safe::new(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{FetchInfo, Picture, PixelSize};

    #[test]
    fn what_is_written_is_what_was_fetched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        let (size, fetched) = (PixelSize { width: 1, height: 1 }, FetchInfo::default());
        let picture = Picture { size, rgb: [0; 3].into(), jpeg: (*b"JPEG").into(), fetched, damage: None };
        let content = WriteContent::Picture(Arc::new(picture));
        let job = WriteJob { path: path.display().to_string(), content, overwrite: Overwrite::No };
        let put = |job: &WriteJob| write(job, &Catalog::default(), Reveal::Hide);
        assert_eq!(put(&job), WriteOutcome::Done(Safe::new(&job.path)));
        assert_eq!(std::fs::read(&path).unwrap(), b"JPEG");
        assert_eq!(put(&job), WriteOutcome::Taken);
        let job =
            WriteJob { content: WriteContent::Assets(Vec::new(), ListFormat::Jsonl), overwrite: Overwrite::Yes, ..job };
        assert!(matches!(put(&job), WriteOutcome::Done(_)));
        assert_eq!(std::fs::read(&path).unwrap(), b"", "no assets, no lines");
        let job = WriteJob { path: folder.path().join("no/where.csv").display().to_string(), ..job };
        assert!(matches!(put(&job), WriteOutcome::Failed(_)));
    }
}
