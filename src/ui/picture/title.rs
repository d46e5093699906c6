//! The title of the picture pane.

use crate::{
    app::{App, panes::View},
    event::{PictureKind, Pictures},
    text::Safe,
    ui::{
        asset::{name, status_glyph},
        theme::{Role, StyledText, Theme, part},
    },
};

/// Returns the title: `14d7b2fa…c3f  SUCCEED  6 samples  1 dot  0:25`.
pub(in crate::ui) fn title(app: &App, width: usize, theme: Theme) -> Vec<StyledText> {
    let Some(asset) = app.selected() else { return vec![part("no asset", Role::Dim)] };
    let (glyph, role) = status_glyph(asset.status());
    let pictures = app.shown_event().map(|key| app.catalog().event(key).pictures);
    let count = |kind| pictures.map_or(0, |pictures| pictures.count(kind));
    let number = |count: usize, one: &str, many: &str| match count {
        0 => String::new(),
        1 => format!("  1 {one}"),
        count => format!("  {count} {many}"),
    };
    let end = pictures.and_then(Pictures::last_offset).map_or_else(String::new, |end| format!("  {end}"));
    let timeline = app.timeline();
    let place = format!("  #{} of {}", timeline.cursor() + 1, timeline.marks().len());
    let place = if app.screen().view == View::Sheet && !timeline.marks().is_empty() { place } else { String::new() };
    let facts = format!(
        "{}{}{end}{place}",
        number(count(PictureKind::Sample), "sample", "samples"),
        number(count(PictureKind::Dot), "dot", "dots"),
    );
    let status = Safe::new(&format!(" {}", asset.status().as_str()));
    let id = Safe::new(&asset.id().to_string());
    let room = width.saturating_sub(status.width() + facts.chars().count() + 7);
    let title = Some(name(&asset, app)).filter(|title| *title != id && title.width() + 11 <= room);
    let name = match title {
        Some(title) => Safe::new(&format!("{title}  {}", id.fit_middle((room - title.width() - 2).min(32)))),
        None => id.fit_middle(room.clamp(8, 32)),
    };
    vec![
        (name, Role::Strong),
        part("  ", Role::Plain),
        (theme.glyph(glyph), role),
        (status, Role::Plain),
        part(facts, Role::Dim),
    ]
}
