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
use std::fmt::Write as _;

/// The cells of an id: at least, where it is shown, and at most.
const MIN_ID: usize = 8;
/// The cells of a name that stand before facts about its pictures.
const LEGIBLE: usize = 20;
const MAX_ID: usize = 32;

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
    let count_of_marks = timeline.marks().len();
    let mut place = String::new();
    if app.screen().view == View::Sheet && count_of_marks > 0 {
        place = format!("  #{} of {count_of_marks}", timeline.cursor() + 1);
        if let Some(page) = app.pane().sheet().filter(|page| page.grid.page() < count_of_marks) {
            let last = count_of_marks.min(page.first + page.grid.page());
            // Writing into a String cannot fail.
            let _ = write!(place, ", {}–{last} shown", page.first + 1);
        }
    }
    let mut facts = format!(
        "{}{}{end}{place}",
        number(count(PictureKind::Sample), "sample", "samples"),
        number(count(PictureKind::Dot), "dot", "dots"),
    );
    let status = Safe::new(&format!(" {}", asset.status().as_str()));
    let id = Safe::new(&asset.id().shown(app.options().reveal));
    let name = name(&asset, app);
    let room_beside = |facts: &str| width.saturating_sub(status.width() + facts.chars().count() + 7);
    if room_beside(&facts) < name.width().min(LEGIBLE) {
        // The list and the timeline tell the same of the pictures.
        facts = place;
    }
    let room = room_beside(&facts);
    let name = if name == id {
        id.fit_middle(room.clamp(MIN_ID, MAX_ID))
    } else {
        // The title stands; the id is shortened, or left out.
        let title = name.fit(room);
        let rest = room.saturating_sub(title.width() + 2).min(MAX_ID);
        if rest < MIN_ID { title } else { Safe::new(&format!("{title}  {}", id.fit_middle(rest))) }
    };
    vec![
        (name, Role::Strong),
        part("  ", Role::Plain),
        (theme.glyph(glyph), role),
        (status, Role::Plain),
        part(facts, Role::Dim),
    ]
}
