//! The overlay of facts about the picture under the cursor.

use crate::{
    app::{
        App,
        viewer::{album::PictureState, exhibit::Exhibit},
    },
    picture::Prepared,
    text::{Safe, number::bytes},
    ui::theme::{Role, StyledText, part},
};

/// Returns a row for each fact.
pub(super) fn rows(app: &App) -> Vec<Vec<StyledText>> {
    let Some(mark) = app.timeline().current() else {
        return vec![vec![part(" no picture is selected ", Role::Dim)]];
    };
    let asset = app.selected();
    let title = asset.as_ref().and_then(|asset| asset.title().cloned());
    let id = asset.map(|asset| Safe::new(&asset.id().shown(app.options().reveal)));
    let mut facts: Vec<(&str, Safe)> = Vec::new();
    facts.extend(id.map(|id| ("asset", id)));
    facts.extend(title.map(|title| ("title", title)));
    facts.extend([
        ("picture", Safe::new(&format!("{} #{} at {}", mark.key.kind.as_str(), mark.key.index + 1, mark.offset))),
        ("URL", Safe::new(&mark.url.shown(app.options().reveal))),
    ]);
    if mark.url.is_foreign(&mark.asset) {
        facts.push(("warning", "the URL names another asset".into()));
    }
    match app.album().state(mark.key) {
        PictureState::Absent => facts.push(("state", "not fetched yet".into())),
        PictureState::Loading => facts.push(("state", "loading".into())),
        PictureState::Failed(failure) => {
            facts.push(("state", failure.what.clone()));
            facts.extend(failure.advice.iter().map(|advice| ("", advice.clone())));
        }
        PictureState::Ready(picture) => {
            let fetched = &picture.fetched;
            let status = fetched.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
            let version = fetched.version.unwrap_or_default();
            facts.push(("HTTP", Safe::new(format!("{status} {version}").trim())));
            facts.push(("type", fetched.content_type.clone().unwrap_or_else(|| "not given".into())));
            facts.push(("bytes", bytes(picture.jpeg.len() as u64)));
            facts.push(("pixels", Safe::new(&picture.size.to_string())));
            let cached = if fetched.from_cache { "the disk cache".into() } else { "the network".into() };
            facts.push(("from", cached));
            facts.push(("fetch time", Safe::new(&format!("{} ms", fetched.took.as_millis()))));
            if let Some(other) = app.pane().lookalike(app.timeline().cursor()) {
                facts.push(("looks", Safe::new(&format!("the same as picture #{}", other + 1))));
            }
            facts.extend(picture.damage.as_ref().map(|damage| ("damage", damage.text().clone())));
        }
    }
    for (verdict, reason) in app.check().findings(mark.key) {
        facts.push(("check", Safe::new(&format!("{verdict}: {reason}"))));
    }
    if let Exhibit::Picture(placement) = app.pane().exhibit()
        && let Prepared::Bytes { bytes: drawing, size } = &*placement.prepared
    {
        facts.push(("drawn", Safe::new(&format!("{} as {size} px", bytes(drawing.len() as u64)))));
    }
    let canvas = &app.screen().canvas;
    facts.push(("protocol", canvas.protocol.as_str().into()));
    let link = app.screen().link;
    let rate = link.rate.map(|rate| format!(" in total, at about {}/s", bytes(rate))).unwrap_or_default();
    facts.push(("output", Safe::new(&format!("{}{rate}", bytes(link.sent)))));
    facts.push(("cell", Safe::new(&format!("{} px", canvas.cell))));
    facts
        .into_iter()
        .map(|(name, value)| {
            vec![part(format!(" {name:<10} "), Role::Dim), (value, Role::Plain), part(" ", Role::Plain)]
        })
        .collect()
}
