//! Other programs of the user's desktop: the browser, and a tmux that holds the clipboard.
//!
//! Children are waited for on threads, so that they leave no zombies.

use crate::{
    event::{PictureUrl, Reveal},
    graphics::is_over_ssh,
    text::Safe,
};
use std::{
    env, io,
    io::Write as _,
    process::{Command, Stdio},
    thread,
};

/// Opens a URL in the browser of this machine's desktop; returns what to tell the user.
pub(super) fn browse(url: &PictureUrl, reveal: Reveal) -> Safe {
    let web = url::Url::parse(url.reveal()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match web {
        None => "not opened: not an http or https URL".into(),
        Some(_) if is_over_ssh() || !has_desktop() => Safe::new(&format!("`u` copies {}", url.shown(reveal))),
        Some(web) => match spawn_opener(web.as_str()) {
            Ok(()) => "opened in the browser".into(),
            Err(error) => Safe::new(&format!("{OPENER}: {error} · `u` copies the URL")),
        },
    }
}

const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

fn has_desktop() -> bool {
    cfg!(target_os = "macos") || env::var_os("DISPLAY").is_some() || env::var_os("WAYLAND_DISPLAY").is_some()
}

fn spawn_opener(url: &str) -> io::Result<()> {
    let mut child = quiet(Command::new(OPENER).arg(url)).stdin(Stdio::null()).spawn()?;
    wait_on_thread(move || drop(child.wait()));
    Ok(())
}

/// Hands a text to a tmux of this machine, which refuses OSC 52 from programs by default. Without a tmux, or with one
/// older than `load-buffer -w`, nothing happens.
pub(super) fn copy_to_tmux(text: String) {
    if env::var_os("TMUX").is_none_or(|socket| socket.is_empty()) {
        return;
    }
    let mut command = Command::new("tmux");
    command.args(["load-buffer", "-w", "-"]).stdin(Stdio::piped());
    if let Ok(mut child) = quiet(&mut command).spawn() {
        wait_on_thread(move || {
            if let Some(mut stdin) = child.stdin.take() {
                drop(stdin.write_all(text.as_bytes()));
            }
            drop(child.wait());
        });
    }
}

/// Runs `wait` on a thread. Without one, the child stays a zombie until the program ends.
fn wait_on_thread(wait: impl FnOnce() + Send + 'static) {
    let _started = thread::Builder::new().name("child".to_owned()).spawn(wait);
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdout(Stdio::null()).stderr(Stdio::null())
}
