//! The picture's box: a picture, or a plain reason why there is none.

use super::theme::{Role, StyledText, Theme, part};
use crate::{
    app::{App, Exhibit, codes::meaning, panes::View},
    catalog::Asset,
    event::{Fault, PictureKind, Pictures, Reveal, Status},
    picture::{PictureFailure, PictureKey, Placement, Prepared},
    text::Safe,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws the box; returns the placements of pictures that the painter draws.
pub(super) fn draw(buffer: &mut Buffer, app: &App, theme: Theme, covered: Option<Rect>) -> Vec<Placement> {
    let Some(area) = app.picture_area() else { return Vec::new() };
    if let (true, Some(asset)) = (app.banner_rows() > 0, app.selected()) {
        let rows = Rect { y: area.y - app.banner_rows(), height: app.banner_rows(), ..area };
        draw_banner(buffer, rows, &asset, app, theme);
    }
    match app.exhibit() {
        Exhibit::Picture { placement, wanted } => {
            if let Some(wanted) = wanted {
                // Marked as what it is: another picture than the one under the cursor.
                draw_stand_in(buffer, area, app, wanted, placement.key, theme);
            }
            draw_placement(buffer, placement, theme, covered).into_iter().collect()
        }
        Exhibit::Trouble(trouble) => {
            let lines = trouble_lines(&trouble, area);
            draw_lines(buffer, area, &lines, theme);
            Vec::new()
        }
        Exhibit::Loading(key) => {
            let offset = offset_of(app, key);
            draw_lines(buffer, area, &[vec![part(format!("loading {offset} …"), Role::Dim)]], theme);
            Vec::new()
        }
        Exhibit::Words(words) => {
            let failure = app.selected().filter(|asset| *asset.status() == Status::Failed && words.is_empty());
            let lines = match &failure {
                Some(asset) => failure_lines(asset.fault(), app.options().reveal, area),
                None => words.into_iter().map(|text| vec![(text, Role::Dim)]).collect(),
            };
            draw_lines(buffer, area, &lines, theme);
            Vec::new()
        }
    }
}

/// Draws a picture of blocks, or leaves its cells to the painter where nothing covers them.
pub(super) fn draw_placement(
    buffer: &mut Buffer,
    placement: Placement,
    theme: Theme,
    covered: Option<Rect>,
) -> Option<Placement> {
    match &*placement.prepared {
        Prepared::Blocks(grid) => {
            for (cell, block) in placement.area.positions().zip(&grid.cells) {
                if let Some(cell) = buffer.cell_mut(cell) {
                    theme.paint(cell, *block);
                }
            }
            None
        }
        Prepared::Bytes { .. } => {
            if covered.is_some_and(|over| over.intersects(placement.area)) {
                return None;
            }
            for position in placement.area.positions() {
                if let Some(cell) = buffer.cell_mut(position) {
                    Theme::leave(cell);
                }
            }
            Some(placement)
        }
    }
}

fn draw_stand_in(buffer: &mut Buffer, area: Rect, app: &App, wanted: PictureKey, shown: PictureKey, theme: Theme) {
    let text = format!("loading {} · showing {}", offset_of(app, wanted), offset_of(app, shown));
    // The row under the picture where there is one, else the last row of the box, which the picture then covers.
    let row = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    theme.print_centred(buffer, row, &[part(text, Role::Dim)]);
}

fn offset_of(app: &App, key: PictureKey) -> Safe {
    let mark = app.timeline().marks().iter().find(|mark| mark.key == key);
    mark.map(|mark| Safe::new(&mark.offset.to_string())).unwrap_or_default()
}

/// Lines in the middle of a box; what does not fit is left out at the end.
pub(super) fn draw_lines(buffer: &mut Buffer, area: Rect, lines: &[Vec<StyledText>], theme: Theme) {
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let top = area.y + (area.height - height) / 2;
    for (y, line) in (top..top + height).zip(lines) {
        theme.print_centred(buffer, Rect { y, height: 1, ..area }, line);
    }
}

fn trouble_lines(trouble: &PictureFailure, area: Rect) -> Vec<Vec<StyledText>> {
    let width = usize::from(area.width.saturating_sub(4)).max(8);
    let what = trouble.what.wrap(width).into_iter().map(|line| vec![(line, Role::Strong)]);
    let advice = trouble.advice.iter().flat_map(|text| text.wrap(width)).map(|line| vec![(line, Role::Dim)]);
    let keys = match &trouble.allow {
        Some(_) => "a allows it now · r retries",
        None => "r retries",
    };
    what.chain(advice).chain([vec![part(keys, Role::Dim)]]).collect()
}

/// A failure in plain words: code, message, meaning, advice.
fn failure_lines(fault: Option<&Fault>, reveal: Reveal, area: Rect) -> Vec<Vec<StyledText>> {
    let width = usize::from(area.width.saturating_sub(4)).max(8);
    let (code, message) = (fault.map_or("", |fault| &fault.code), fault.map(|fault| fault.shown(reveal)));
    let message = message.unwrap_or_default();
    let code = if code.is_empty() { "FAILED without a code" } else { code };
    let mut lines = vec![vec![part(code, Role::Bad)]];
    lines.extend(message.wrap(width).into_iter().map(|line| vec![(line, Role::Plain)]));
    if let Some(meaning) = meaning(code) {
        lines.push(Vec::new());
        let sentences = [(meaning.what, Role::Plain), (meaning.advice, Role::Dim)];
        for (text, role) in sentences {
            lines.extend(Safe::new(text).wrap(width).into_iter().map(|line| vec![(line, role)]));
        }
    }
    lines
}

/// Tells of a failure above the pictures of an earlier success.
fn draw_banner(buffer: &mut Buffer, area: Rect, asset: &Asset<'_>, app: &App, theme: Theme) {
    let fault = asset.fault();
    let (code, message) = (fault.map_or("", |fault| &fault.code), fault.map(|fault| fault.shown(app.options().reveal)));
    let message = message.unwrap_or_default();
    let first = [part(format!(" {code} "), Role::Bad), part(message, Role::Plain)];
    let second = meaning(code).map(|meaning| format!(" {}: {}", meaning.what, meaning.advice)).unwrap_or_default();
    let run = app.run().map(|run| app.catalog().event(run));
    let when = run.and_then(|event| event.time).map(|time| format!(" of {}", super::assets::clock(time, app)));
    let third = format!(" pictures of the earlier run{}", when.unwrap_or_default());
    let rows = [first.to_vec(), vec![part(second, Role::Plain)], vec![part(third, Role::Dim)]];
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        theme.print(buffer, Rect { y, height: 1, ..area }, &row);
    }
}

/// The title of the picture's frame: `14d7b2fa…c3f  SUCCEED  6 samples  1 dot  0:25`.
pub(super) fn title(app: &App, width: usize, theme: Theme) -> Vec<StyledText> {
    let Some(asset) = app.selected() else { return vec![part("no asset", Role::Dim)] };
    let (glyph, role) = super::assets::status_glyph(asset.status());
    let pictures = app.run().map(|run| app.catalog().event(run).pictures);
    let count = |kind| pictures.map_or(0, |pictures| pictures.count(kind));
    let number = |count: usize, one: &str, many: &str| match count {
        0 => String::new(),
        1 => format!("  1 {one}"),
        count => format!("  {count} {many}"),
    };
    let end = pictures.and_then(Pictures::last_offset).map_or_else(String::new, |end| format!("  {end}"));
    let timeline = app.timeline();
    let place = format!("  #{} of {}", timeline.cursor() + 1, timeline.marks().len());
    let place = if app.view() == View::Sheet && !timeline.marks().is_empty() { place } else { String::new() };
    let facts = format!(
        "{}{}{end}{place}",
        number(count(PictureKind::Sample), "sample", "samples"),
        number(count(PictureKind::Dot), "dot", "dots"),
    );
    let status = Safe::new(&format!(" {}", asset.status().as_str()));
    let id = Safe::new(&asset.id().to_string());
    let room = width.saturating_sub(status.width() + facts.chars().count() + 7);
    let title = Some(super::assets::name(&asset, app)).filter(|name| *name != id && name.width() + 11 <= room);
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
