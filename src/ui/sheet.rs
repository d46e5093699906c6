//! The contact sheet, a grid of all pictures of the asset with their offsets; and the strip, a sheet of one row under the
//! picture.

use super::{
    picture::{lines::draw_lines, placement::draw_placement},
    theme::{Glyph, Role, Theme, part},
};
use crate::{
    app::{
        App,
        viewer::{album::PictureState, pane::GridPage},
    },
    event::PictureKind,
    picture::Placement,
    text::Safe,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws the page that holds the cursor; returns the pictures that the painter is to draw.
pub(super) fn draw(buffer: &mut Buffer, app: &App, theme: Theme, covered: &[Rect]) -> Vec<Placement> {
    let Some(page) = app.pane().sheet() else { return Vec::new() };
    if app.timeline().marks().is_empty() {
        draw_lines(buffer, page.area, &[vec![part("this asset has no pictures", Role::Dim)]], theme);
    }
    draw_page(buffer, page, app, theme, covered)
}

/// Draws the strip under the picture, if there is one.
pub(super) fn draw_strip(buffer: &mut Buffer, app: &App, theme: Theme, covered: &[Rect]) -> Vec<Placement> {
    let Some(page) = app.pane().strip() else { return Vec::new() };
    draw_page(buffer, page, app, theme, covered)
}

fn draw_page(buffer: &mut Buffer, page: GridPage, app: &App, theme: Theme, covered: &[Rect]) -> Vec<Placement> {
    let marks = app.timeline().marks();
    let mut placements = Vec::new();
    for (place, at) in (page.first..marks.len().min(page.first + page.grid.page())).enumerate() {
        let mark = &marks[at];
        let (picture, caption) = page.grid.place(page.area, place);
        match app.pane().placement(mark.key, picture) {
            Some(placement) => placements.extend(draw_placement(buffer, placement, theme, covered)),
            None => draw_absent(buffer, picture, app.album().state(mark.key), theme),
        }
        let is_current = at == app.timeline().cursor();
        let (marker, role) =
            if is_current { (theme.glyph(Glyph::Selected), Role::Accent) } else { (Safe::new(" "), Role::Plain) };
        let kind = match mark.key.kind {
            PictureKind::Sample => "",
            PictureKind::Dot | PictureKind::Cover => mark.key.kind.as_str(),
        };
        let text = format!("{marker}{} {kind}", mark.offset);
        theme.print_centred(buffer, caption, &[part(text, role)]);
    }
    placements
}

fn draw_absent(buffer: &mut Buffer, area: Rect, state: &PictureState, theme: Theme) {
    let line = match state {
        PictureState::Failed(failure) => vec![(failure.what.fit(usize::from(area.width)), Role::Bad)],
        PictureState::Absent => vec![(theme.glyph(Glyph::SampleAbsent), Role::Dim)],
        PictureState::Loading | PictureState::Ready(_) => vec![(theme.glyph(Glyph::Loading), Role::Dim)],
    };
    draw_lines(buffer, area, &[line], theme);
}
