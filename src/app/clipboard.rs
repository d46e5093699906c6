//! Copies to the clipboard of the terminal (OSC 52).

use super::{message::Effect, outcome::ActionOutcome};
use crate::{
    catalog::Asset,
    event::{PictureUrl, Reveal},
    picture::Multiplexer,
    text::number::{bytes, counted},
};

/// The bytes that terminals take in one OSC 52.
const MAX_BYTES: usize = 74_000;

/// Copies the id of an asset.
pub(super) fn copy_id(asset: Option<Asset<'_>>, multiplexer: Multiplexer) -> ActionOutcome {
    let Some(asset) = asset else { return ActionOutcome::say("no asset is selected") };
    let id = asset.id().to_string();
    copy("asset id", &id, id.clone(), multiplexer)
}

/// Copies the URL of a picture, with its secrets.
pub(super) fn copy_url(url: Option<&PictureUrl>, reveal: Reveal, multiplexer: Multiplexer) -> ActionOutcome {
    let Some(url) = url else { return ActionOutcome::say("no picture is selected") };
    copy("URL", &url.shown(reveal), url.reveal().to_owned(), multiplexer)
}

/// Copies the text of an event.
pub(super) fn copy_event(bytes: &[u8], multiplexer: Multiplexer) -> ActionOutcome {
    let shown = counted(bytes.len() as u64, "byte").to_string();
    copy("event", &shown, String::from_utf8_lossy(bytes).into_owned(), multiplexer)
}

/// Copies `text`. The operator sees `shown`, to select it by hand where the terminal takes no copy.
fn copy(what: &str, shown: &str, text: String, multiplexer: Multiplexer) -> ActionOutcome {
    if text.len() > MAX_BYTES {
        let size = bytes(text.len() as u64);
        return ActionOutcome::say(format!("not copied: the {what} ({size}) is too long for the terminal's clipboard"));
    }
    match multiplexer {
        Multiplexer::Screen => ActionOutcome::say(format!("GNU screen does not pass copies on · {what}: {shown}")),
        Multiplexer::None | Multiplexer::Tmux => {
            ActionOutcome::say(format!("{what} copied (OSC 52): {shown}")).with(Effect::Copy(text))
        }
    }
}
