//! The failure of an event: in the whole pane, or in a banner above pictures.

use super::lines::draw_block;
use crate::{
    app::{App, error_code::meaning},
    catalog::Asset,
    event::{EventKind, Status},
    text::Safe,
    ui::{
        theme::{Role, StyledText, Theme, part},
        time::{clock, moment},
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws the failure of an asset without pictures: code, message, meaning, remedy, time, place in the log, earlier events.
pub(super) fn draw_failure(buffer: &mut Buffer, area: Rect, asset: &Asset<'_>, app: &App, theme: Theme) {
    let width = usize::from(area.width.saturating_sub(4)).max(8);
    let fault = asset.fault();
    let code = fault.map_or("", |fault| &fault.code);
    let message = fault.map(|fault| fault.shown(app.options().reveal)).unwrap_or_default();
    let wrapped = |text: &Safe, role| text.wrap(width).into_iter().map(move |line| vec![(line, role)]);
    let shown_code = fault.map(|fault| fault.shown_code(app.options().reveal)).filter(|code| !code.is_empty());
    let mut lines = vec![vec![part(shown_code.unwrap_or_else(|| Safe::new("FAILED without a code")), Role::Bad)]];
    lines.extend(wrapped(&message, Role::Plain));
    if let Some(meaning) = meaning(code) {
        lines.push(Vec::new());
        lines.extend(wrapped(&meaning.what.into(), Role::Plain));
        lines.extend(wrapped(&meaning.advice.into(), Role::Dim));
    }
    lines.push(Vec::new());
    for (name, value) in facts(asset, app) {
        let mut texts = value.wrap(width.saturating_sub(FACT_NAME)).into_iter();
        let first = texts.next().unwrap_or_default();
        lines.push(vec![part(format!("{name:<FACT_NAME$}"), Role::Dim), (first, Role::Plain)]);
        lines.extend(texts.map(|text| vec![part(" ".repeat(FACT_NAME), Role::Dim), (text, Role::Plain)]));
    }
    if usize::from(area.height) > lines.len() + 2 {
        lines.push(Vec::new());
        lines.push(keys_that_fit(width));
    }
    let height = usize::from(area.height);
    if lines.len() > height {
        lines.truncate(height.saturating_sub(1));
        lines.push(vec![part("… ", Role::Dim), part("J", Role::Accent), part(" shows the whole event", Role::Dim)]);
    }
    draw_block(buffer, area, &lines, theme);
}

/// Returns the keys that help with a failure, each with its meaning, as many as fit.
fn keys_that_fit(width: usize) -> Vec<StyledText> {
    let keys = [("J", " the event as logged   "), ("v", " its history   "), ("e", " the next failure")];
    let mut used = 0;
    let fits = |(key, what): &(&str, &str)| {
        used += key.len() + what.len();
        used <= width + what.len() - what.trim_end().len()
    };
    keys.into_iter().take_while(fits).flat_map(|(key, what)| [part(key, Role::Accent), part(what, Role::Dim)]).collect()
}

/// The cells of the name of a fact.
const FACT_NAME: usize = 8;

/// Returns the time and the place of the newest event, and the number of events before it.
fn facts(asset: &Asset<'_>, app: &App) -> Vec<(&'static str, Safe)> {
    let newest = asset.newest();
    let mut facts = Vec::new();
    facts.extend(newest.time.map(|time| ("when", moment(time, app))));
    let name = app.catalog().file_name(newest.origin.file);
    facts.push(("from", Safe::new(&format!("{name}:{}", newest.origin.place()))));
    let earlier = asset.history().map(|key| app.catalog().event(key));
    let earlier = earlier.filter(|event| *event.kind == EventKind::Thumbnail && event.key != newest.key);
    let (mut failed, mut all) = (0, 0);
    for event in earlier {
        all += 1;
        failed += usize::from(*event.status == Status::Failed);
    }
    facts.push((
        "earlier",
        match (failed, all) {
            (_, 0) => "no other thumbnail event".into(),
            (1, 1) => "1 event, FAILED".into(),
            (_, 1) => "1 event, not FAILED".into(),
            (failed, all) => Safe::new(&format!("{all} events, {failed} of them FAILED")),
        },
    ));
    facts
}

/// Draws the failure of the newest event above the pictures of an earlier success.
pub(super) fn draw_banner(buffer: &mut Buffer, area: Rect, asset: &Asset<'_>, app: &App, theme: Theme) {
    let fault = asset.fault();
    let (code, message) = (fault.map_or("", |fault| &fault.code), fault.map(|fault| fault.shown(app.options().reveal)));
    let message = message.unwrap_or_default();
    let shown_code = fault.map(|fault| fault.shown_code(app.options().reveal)).unwrap_or_default();
    let first = [part(format!(" {shown_code} "), Role::Bad), part(message, Role::Plain)];
    let meaning = meaning(code).map(|meaning| format!("{}: {}", meaning.what, meaning.advice)).unwrap_or_default();
    let width = usize::from(area.width.saturating_sub(2)).max(8);
    let mut meaning = Safe::new(&meaning).wrap(width);
    let room = usize::from(area.height.saturating_sub(2));
    if meaning.len() > room {
        let rest = meaning.drain(room.saturating_sub(1)..).map(|line| line.to_string()).collect::<Vec<_>>().join(" ");
        meaning.push(Safe::new(&rest).fit(width));
    }
    let shown = app.shown_event().map(|key| app.catalog().event(key));
    let when = shown.and_then(|event| event.time).map(|time| format!(", {}", clock(time, app)));
    let is_newest = shown.is_some_and(|event| event.key == asset.newest().key);
    let whose = if is_newest { "pictures of this event" } else { "pictures of an earlier event" };
    let third = format!(" {whose}{}", when.unwrap_or_default());
    let mut rows = vec![first.to_vec()];
    rows.extend(meaning.into_iter().map(|line| vec![part(" ", Role::Plain), (line, Role::Plain)]));
    rows.push(vec![part(third, Role::Dim)]);
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        theme.print(buffer, Rect { y, height: 1, ..area }, &row);
    }
}
