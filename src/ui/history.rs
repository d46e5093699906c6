//! All events of the selected asset, newest first.

use super::{
    assets::{moment, status_glyph},
    theme::{Role, StyledText, Theme, part},
};
use crate::{app::App, event::EventKind, picture::EventKey, text::Safe};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws as many events of the selected asset as fit into a bordered box.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let inner = theme.border(buffer, area, &[part("History", Role::Strong), part(" v ", Role::Accent)]);
    let runs: Vec<EventKey> =
        app.selected().map(|asset| asset.history().take(usize::from(inner.height)).collect()).unwrap_or_default();
    for (y, row) in (inner.y..inner.bottom()).zip(rows(app, &runs, theme)) {
        theme.print(buffer, Rect { y, height: 1, ..inner }, &row);
    }
}

/// One row an event: when, what, how it ended, what it brought, where it stands.
pub(super) fn rows(app: &App, runs: &[EventKey], theme: Theme) -> Vec<Vec<StyledText>> {
    let time = |run: &EventKey| app.catalog().event(*run).time.map_or_else(|| Safe::new("–"), |time| moment(time, app));
    let times: Vec<Safe> = runs.iter().map(time).collect();
    let width = times.iter().map(Safe::width).max().unwrap_or(0);
    runs.iter().zip(times).map(|(run, time)| row(app, *run, &format!("{time:>width$}"), theme)).collect()
}

fn row(app: &App, run: EventKey, time: &str, theme: Theme) -> Vec<StyledText> {
    let event = app.catalog().event(run);
    let (glyph, role) = status_glyph(event.status);
    let mut brought = Vec::new();
    if !event.pictures.is_empty() {
        brought.push(format!("{} pictures", event.pictures.len()));
    }
    if let Some(fault) = &event.fault {
        brought.push(format!("{} {}", fault.code, fault.shown(app.options().reveal)));
    }
    if let Some(facts) = &event.facts {
        brought.extend(facts.title.as_ref().map(ToString::to_string));
        brought.extend(facts.duration.map(|duration| format!("length {duration}")));
        brought.extend(facts.verdict.as_ref().map(|verdict| format!("review: {verdict}")));
    }
    let odd = event.oddities;
    for (count, what) in [
        (odd.missing, "without offset"),
        (odd.negative, "negative"),
        (odd.unsorted, "unsorted"),
        (odd.duplicate, "doubled"),
    ] {
        if count > 0 {
            brought.push(format!("{count} {what}"));
        }
    }
    let line = event.origin.line.map_or_else(String::new, |line| format!(":{line}"));
    let shown = if app.run() == Some(run) { Role::Accent } else { Role::Plain };
    vec![
        part(format!(" {time}  "), Role::Dim),
        (theme.glyph(glyph), role),
        part(format!(" {:<16} ", kind(event.kind)), shown),
        part(format!("{:<10} ", event.status.as_str()), Role::Plain),
        part(format!("{}  ", brought.join(" · ")), Role::Plain),
        part(format!("{}{line} ", app.catalog().file_name(event.origin.file)), Role::Dim),
    ]
}

fn kind(kind: &EventKind) -> Safe {
    match kind {
        EventKind::Thumbnail => "snapshots".into(),
        EventKind::Create => "created".into(),
        EventKind::Parse => "parsed".into(),
        EventKind::Transcode => "transcoded".into(),
        EventKind::Cover => "cover".into(),
        EventKind::Review => "reviewed".into(),
        EventKind::AudioExtract => "audio".into(),
        EventKind::Details => "API answer".into(),
        EventKind::Template => "notice text".into(),
        EventKind::Other(name) => Safe::new(name).fit(16),
    }
}
