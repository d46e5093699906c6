//! The events of the selected asset, newest first: an overlay, and a pane on large screens.

use crate::{
    app::App,
    event::EventKind,
    picture::EventKey,
    text::{Safe, number::counted},
    ui::{
        asset::status_glyph,
        theme::{Role, StyledText, Theme, part},
        time::moment,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws the pane with as many events of the selected asset as fit.
pub(in crate::ui) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) {
    let inner = theme.border(buffer, area, &[part("History", Role::Strong), part(" v ", Role::Accent)]);
    let events: Vec<EventKey> =
        app.selected().map(|asset| asset.history().take(usize::from(inner.height)).collect()).unwrap_or_default();
    for (y, row) in (inner.y..inner.bottom()).zip(rows(app, &events, theme)) {
        theme.print(buffer, Rect { y, height: 1, ..inner }, &row);
    }
}

/// Returns a row for each event: time, kind, status, content, place in the log.
pub(super) fn rows(app: &App, events: &[EventKey], theme: Theme) -> Vec<Vec<StyledText>> {
    let time = |key: &EventKey| app.catalog().event(*key).time.map_or_else(|| Safe::new("–"), |time| moment(time, app));
    let times: Vec<Safe> = events.iter().map(time).collect();
    let width = times.iter().map(Safe::width).max().unwrap_or(0);
    events.iter().zip(times).map(|(key, time)| row(app, *key, &format!("{time:>width$}"), theme)).collect()
}

fn row(app: &App, key: EventKey, time: &str, theme: Theme) -> Vec<StyledText> {
    let event = app.catalog().event(key);
    let (glyph, role) = status_glyph(event.status);
    let mut content = Vec::new();
    if !event.pictures.is_empty() {
        content.push(counted(event.pictures.len() as u64, "picture").to_string());
    }
    if let Some(fault) = &event.fault {
        content.push(format!("{} {}", fault.shown_code(app.options().reveal), fault.shown(app.options().reveal)));
    }
    if let Some(facts) = &event.facts {
        content.extend(facts.title.as_ref().map(ToString::to_string));
        content.extend(facts.duration.map(|duration| format!("length {duration}")));
        content.extend(facts.verdict.as_ref().map(|verdict| format!("review: {verdict}")));
    }
    let odd = event.oddities;
    for (count, what) in [
        (odd.missing, "without an offset"),
        (odd.negative, "negative"),
        (odd.unsorted, "out of order"),
        (odd.duplicate, "duplicate"),
        (odd.foreign, "of another asset"),
    ] {
        if count > 0 {
            content.push(format!("{count} {what}"));
        }
    }
    let line = event.origin.line.map_or_else(String::new, |line| format!(":{line}"));
    let kind_role = if app.shown_event() == Some(key) { Role::Accent } else { Role::Plain };
    vec![
        part(format!(" {time}  "), Role::Dim),
        (theme.glyph(glyph), role),
        part(format!(" {:<16} ", kind(event.kind)), kind_role),
        part(format!("{:<10} ", event.status.as_str()), Role::Plain),
        part(format!("{}  ", content.join(" · ")), Role::Plain),
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
