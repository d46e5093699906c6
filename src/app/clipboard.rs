//! The handing on of ids, URLs and events: to the clipboard of the terminal (OSC 52) and to a browser.

use super::{
    action::ShareAction,
    message::{Effect, RawPurpose},
    outcome::ActionOutcome,
};
use crate::{
    catalog::Asset,
    event::{Origin, PictureUrl, Reveal},
    picture::Multiplexer,
    text::number::{bytes, counted},
};

/// The bytes that terminals take in one OSC 52.
const MAX_BYTES: usize = 74_000;

pub(super) const NO_ASSET: &str = "no asset is selected";
const NO_PICTURE: &str = "no picture is selected";

/// The things that can be handed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared<'a> {
    pub(super) asset: Option<Asset<'a>>,
    /// The place of the event's text.
    pub(super) event: Option<Origin>,
    /// The URL of the picture under the cursor.
    pub(super) url: Option<&'a PictureUrl>,
    pub(super) reveal: Reveal,
    pub(super) multiplexer: Multiplexer,
}

impl Shared<'_> {
    /// Copies or opens one of them. A URL is copied with its secrets.
    pub(super) fn act(self, action: ShareAction) -> ActionOutcome {
        match action {
            ShareAction::CopyId => match self.asset.map(|asset| asset.id().to_string()) {
                Some(id) => copy("asset id", &id, id.clone(), self.multiplexer),
                None => ActionOutcome::say(NO_ASSET),
            },
            ShareAction::CopyUrl => match self.url {
                Some(url) => copy("URL", &url.shown(self.reveal), url.reveal().to_owned(), self.multiplexer),
                None => ActionOutcome::say(NO_PICTURE),
            },
            ShareAction::CopyEvent => match self.event {
                Some(origin) => Effect::ReadRaw(origin, RawPurpose::Copy).into(),
                None => ActionOutcome::say(NO_ASSET),
            },
            ShareAction::Open => match self.url {
                Some(url) => Effect::Open(url.clone()).into(),
                None => ActionOutcome::say(NO_PICTURE),
            },
        }
    }
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
