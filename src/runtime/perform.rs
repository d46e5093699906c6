//! What the effects mean outside.

use super::session::Session;
use crate::{
    app::{Effect, Following, Message, MouseUse, RawPurpose},
    event::{Origin, PictureUrl},
    graphics,
    source::Mode,
    terminal::{Mouse, TerminalError},
    text::Safe,
};
use std::{
    process::{Command, Stdio},
    sync::Arc,
};

/// Whether the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It does.
    On,
    /// The user quit.
    Quit,
}

impl Session {
    /// Performs effects in their order.
    pub(super) fn perform(&mut self, effects: Vec<Effect>) -> Result<Next, TerminalError> {
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
                Effect::Follow(following) => self.source.set_follow(match following {
                    Following::On => Mode::Follow,
                    Following::Off => Mode::Once,
                }),
                Effect::ReadRaw(origin, purpose) => self.read_raw(origin, purpose),
                Effect::Copy(text) => {
                    self.screen.send(graphics::clipboard(text.as_bytes(), self.app.canvas().multiplexer));
                }
                Effect::Open(url) => self.browse(&url),
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
                Effect::Quit => return Ok(Next::Quit),
            }
        }
        Ok(Next::On)
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

    /// Opens a URL where a desktop is at hand, else shows it to be copied.
    fn browse(&mut self, url: &PictureUrl) {
        let remote = std::env::var_os("SSH_CONNECTION").is_some() || std::env::var_os("SSH_TTY").is_some();
        let desktop = cfg!(target_os = "macos")
            || std::env::var_os("DISPLAY").is_some()
            || std::env::var_os("WAYLAND_DISPLAY").is_some();
        let web = url::Url::parse(url.reveal()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let said = match web {
            None => "not opened: no http or https URL".into(),
            Some(web) if remote || !desktop => Safe::new(&format!("u copies {web}")),
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
