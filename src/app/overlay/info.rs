//! The overlay of facts about the picture under the cursor. It changes with the cursor.

use super::content::{OverlayContent, OverlayContext};
use crate::{
    app::viewer::{album::PictureState, exhibit::Exhibit},
    picture::{Picture, Prepared},
    text::{Safe, number::bytes},
};

/// The facts about the picture under the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoOverlay;

/// A fact: its name, empty where it continues the one before, and its value.
pub type Fact = (&'static str, Safe);

/// The cells of the name of a fact with the gap behind it.
pub const FACT_NAME: usize = 11;

/// Returns the facts, the values in lines that fit into `columns` cells with the name.
pub fn fact_rows(facts: &[Fact], columns: usize) -> Vec<Fact> {
    let width = columns.saturating_sub(FACT_NAME).max(8);
    let mut rows = Vec::new();
    for (name, value) in facts {
        // URLs have no words.
        let lines = if value.as_str().contains(' ') { value.wrap(width) } else { value.pieces(width, width) };
        rows.extend(lines.into_iter().enumerate().map(|(nth, line)| (if nth == 0 { *name } else { "" }, line)));
    }
    rows
}

/// Returns the facts; none without a picture.
pub(in crate::app) fn facts(context: &OverlayContext<'_>) -> Vec<Fact> {
    let (pane, reveal) = (&context.pane, context.options.reveal);
    let Some(mark) = pane.timeline.current() else { return Vec::new() };
    let asset = context.selected();
    let title = asset.as_ref().and_then(|asset| asset.title().cloned());
    let id = asset.map(|asset| Safe::new(&asset.id().shown(reveal)));
    let mut facts: Vec<Fact> = Vec::new();
    facts.extend(id.map(|id| ("asset", id)));
    facts.extend(title.map(|title| ("title", title)));
    facts.extend([
        ("picture", Safe::new(&format!("{} #{} at {}", mark.key.kind.as_str(), mark.key.index + 1, mark.offset))),
        ("URL", Safe::new(&mark.url.shown(reveal))),
    ]);
    if mark.url.is_foreign(&mark.asset) {
        facts.push(("warning", "the URL names another asset".into()));
    }
    match pane.album.state(mark.key) {
        PictureState::Absent => facts.push(("state", "not fetched yet".into())),
        PictureState::Loading => facts.push(("state", "loading".into())),
        PictureState::Failed(failure) => {
            facts.push(("state", failure.what.clone()));
            facts.extend(failure.advice.iter().map(|advice| ("", advice.clone())));
        }
        PictureState::Ready(picture) => {
            facts.extend(fetched(picture));
            if let Some(other) = pane.lookalike(pane.timeline.cursor()) {
                facts.push(("looks", Safe::new(&format!("same as picture #{}", other + 1))));
            }
            facts.extend(picture.damage.as_ref().map(|damage| ("damage", damage.text().clone())));
        }
    }
    for (verdict, reason) in context.check.findings(mark.key) {
        facts.push(("check", Safe::new(&format!("{verdict}: {reason}"))));
    }
    facts.extend(drawn(context));
    facts
}

/// The answer of the server.
fn fetched(picture: &Picture) -> [Fact; 6] {
    let fetched = &picture.fetched;
    let status = fetched.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
    let version = fetched.version.unwrap_or_default();
    let cached = if fetched.from_cache { "the disk cache" } else { "the network" };
    [
        ("HTTP", Safe::new(format!("{status} {version}").trim())),
        ("type", fetched.content_type.clone().unwrap_or_else(|| "not given".into())),
        ("bytes", bytes(picture.jpeg.len() as u64)),
        ("pixels", Safe::new(&picture.size.to_string())),
        ("from", cached.into()),
        ("fetch time", Safe::new(&format!("{} ms", fetched.took.as_millis()))),
    ]
}

/// The way in which the terminal shows it.
fn drawn(context: &OverlayContext<'_>) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Exhibit::Picture(placement) = context.pane.exhibit()
        && let Prepared::Bytes { bytes: drawing, size } = &*placement.prepared
    {
        facts.push(("drawn", Safe::new(&format!("{} as {size} px", bytes(drawing.len() as u64)))));
    }
    let canvas = &context.screen.canvas;
    facts.push(("protocol", canvas.protocol.as_str().into()));
    let link = context.screen.link;
    let rate = link.rate.map(|rate| format!(" in total, at about {}/s", bytes(rate))).unwrap_or_default();
    facts.push(("output", Safe::new(&format!("{}{rate}", bytes(link.sent)))));
    facts.push(("cell", Safe::new(&format!("{} px", canvas.cell))));
    facts
}

impl OverlayContent for InfoOverlay {
    fn row_count(&self, context: &OverlayContext<'_>) -> usize {
        fact_rows(&facts(context), context.space(self).columns()).len()
    }

    fn least_width(&self) -> u16 {
        28
    }
}
