//! The contact sheet: all pictures of the asset in a grid, page by page, with their offsets; and the strip, a sheet of
//! one row under the picture.

use super::{
    picture::draw_placement,
    theme::{Glyph, Role, Theme, part},
};
use crate::{
    app::{App, album::PictureState, panes::Grid},
    event::PictureKind,
    picture::Placement,
    text::Safe,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws the page that holds the cursor; returns the placements of pictures that the painter draws.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme, covered: Option<Rect>) -> Vec<Placement> {
    let Some((grid, first)) = app.sheet() else { return Vec::new() };
    if app.timeline().marks().is_empty() {
        super::picture::draw_lines(buffer, area, &[vec![part("this asset has no pictures", Role::Dim)]], theme);
    }
    draw_page(buffer, area, app, (grid, first), theme, covered)
}

/// Draws the strip under the picture, where there is one.
pub(super) fn draw_strip(buffer: &mut Buffer, app: &App, theme: Theme, covered: Option<Rect>) -> Vec<Placement> {
    let Some((grid, first, area)) = app.strip() else { return Vec::new() };
    draw_page(buffer, area, app, (grid, first), theme, covered)
}

fn draw_page(
    buffer: &mut Buffer,
    area: Rect,
    app: &App,
    (grid, first): (Grid, usize),
    theme: Theme,
    covered: Option<Rect>,
) -> Vec<Placement> {
    let marks = app.timeline().marks();
    let mut placements = Vec::new();
    for (place, at) in (first..marks.len().min(first + grid.page())).enumerate() {
        let mark = &marks[at];
        let (picture, caption) = grid.place(area, place);
        match app.placement(mark.key, picture) {
            Some(placement) => placements.extend(draw_placement(buffer, placement, theme, covered)),
            None => draw_absent(buffer, picture, app.album().state(mark.key), theme),
        }
        let current = at == app.timeline().cursor();
        let (marker, role) =
            if current { (theme.glyph(Glyph::Selected), Role::Accent) } else { (Safe::new(" "), Role::Plain) };
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
        PictureState::Failed(trouble) => vec![(trouble.what.fit(usize::from(area.width)), Role::Bad)],
        PictureState::Absent => vec![(theme.glyph(Glyph::SampleAbsent), Role::Dim)],
        PictureState::Loading | PictureState::Ready(_) => vec![(theme.glyph(Glyph::Loading), Role::Dim)],
    };
    super::picture::draw_lines(buffer, area, &[line], theme);
}
