//! The picture pane: a picture, or the reason why there is none.

mod empty;
mod failure;
pub(super) mod lines;
pub(super) mod placement;
pub(super) mod title;

use super::{
    asset::name,
    sentence::sentence,
    theme::{Role, StyledText, Theme, part},
};
use crate::{
    app::{
        App,
        panes::View,
        viewer::{
            album::PictureState,
            exhibit::{ComparedPicture, Exhibit},
        },
    },
    catalog::Asset,
    event::Status,
    picture::{PictureFailure, PictureKey, Placement},
    text::Safe,
};
use failure::{draw_banner, draw_failure};
use lines::draw_lines;
use placement::draw_placement;
use ratatui::{buffer::Buffer, layout::Rect};

/// Returns the selected asset if it has failed and has no pictures: its failure takes the area of the timeline too.
pub(super) fn failed_without_pictures(app: &App) -> Option<Asset<'_>> {
    let is_empty = app.timeline().marks().is_empty() && app.screen().view != View::Sheet;
    app.selected().filter(|asset| is_empty && *asset.status() == Status::Failed)
}

/// Draws the pane; returns the pictures that the painter is to draw.
pub(super) fn draw(buffer: &mut Buffer, app: &App, theme: Theme, covered: &[Rect]) -> Vec<Placement> {
    let pane = app.pane();
    let Some(area) = pane.area() else { return Vec::new() };
    let banner = pane.banner_rows();
    if let (1.., Some(asset)) = (banner, app.selected()) {
        draw_banner(buffer, Rect { y: area.y - banner, height: banner, ..area }, &asset, app, theme);
    }
    let lines = match pane.exhibit() {
        Exhibit::Picture(placement) => return draw_placement(buffer, placement, theme, covered).into_iter().collect(),
        Exhibit::Difference(placement) => {
            return draw_placement(buffer, placement, theme, covered).into_iter().collect();
        }
        Exhibit::SideBySide(pictures) => {
            return pictures.into_iter().filter_map(|one| draw_compared(buffer, one, app, theme, covered)).collect();
        }
        Exhibit::StandIn { placement, awaited } => {
            draw_stand_in(buffer, area, app, awaited, placement.key, theme);
            return draw_placement(buffer, placement, theme, covered).into_iter().collect();
        }
        Exhibit::Failed(failure) => failed_lines(&failure, area),
        Exhibit::Loading(key) => vec![vec![part(format!("loading {} …", offset_of(app, key)), Role::Dim)]],
        Exhibit::PicturesOff => vec![sentence(&"pictures are off · `P` turns them on".into(), Role::Dim)],
        Exhibit::FetchingOff => vec![vec![part("not fetched, because --no-fetch is set", Role::Dim)]],
        Exhibit::Nothing => match failed_without_pictures(app) {
            Some(asset) => {
                let bottom = app.panes().timeline.map_or(area.bottom(), Rect::bottom);
                let area = Rect { height: bottom.saturating_sub(area.y), ..area };
                draw_failure(buffer, area, &asset, app, theme);
                return Vec::new();
            }
            None => empty::reason(app).iter().map(|text| sentence(text, Role::Dim)).collect(),
        },
    };
    draw_lines(buffer, area, &lines, theme);
    Vec::new()
}

/// Draws a picture of a comparison below its caption.
fn draw_compared(
    buffer: &mut Buffer,
    compared: ComparedPicture,
    app: &App,
    theme: Theme,
    covered: &[Rect],
) -> Option<Placement> {
    let ComparedPicture { request, area, placement } = compared;
    let is_current = app.timeline().current_key() == Some(request.key);
    let whose = app.catalog().find(&request.asset).map(|asset| name(&asset, app)).unwrap_or_default();
    let (word, role) = if is_current { ("", Role::Accent) } else { ("marked ", Role::Plain) };
    let offset = part(format!(" {word}{} ", request.offset), role);
    let room = usize::from(area.width).saturating_sub(offset.0.width() + 1);
    let caption = [offset, (whose.fit(room), Role::Dim)];
    theme.print(buffer, Rect { y: area.y.saturating_sub(1), height: 1, ..area }, &caption);
    if let Some(placement) = placement {
        return draw_placement(buffer, placement, theme, covered);
    }
    let text = match app.album().state(request.key) {
        PictureState::Failed(failure) => failure.what.clone(),
        PictureState::Absent | PictureState::Loading | PictureState::Ready(_) => Safe::new("loading …"),
    };
    draw_lines(buffer, area, &[vec![(text.fit(usize::from(area.width)), Role::Dim)]], theme);
    None
}

/// Says that another picture than the one under the cursor is shown.
fn draw_stand_in(buffer: &mut Buffer, area: Rect, app: &App, awaited: PictureKey, shown: PictureKey, theme: Theme) {
    let text = format!("loading {} · showing {}", offset_of(app, awaited), offset_of(app, shown));
    // In the row under the picture; where there is none, the picture covers it.
    let row = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    theme.print_centred(buffer, row, &[part(text, Role::Dim)]);
}

fn offset_of(app: &App, key: PictureKey) -> Safe {
    let mark = app.timeline().marks().iter().find(|mark| mark.key == key);
    mark.map(|mark| Safe::new(&mark.offset.to_string())).unwrap_or_default()
}

fn failed_lines(failure: &PictureFailure, area: Rect) -> Vec<Vec<StyledText>> {
    let width = usize::from(area.width.saturating_sub(4)).max(8);
    let what = failure.what.wrap(width).into_iter().map(|line| vec![(line, Role::Strong)]);
    let advice = failure.advice.iter().flat_map(|text| text.wrap(width)).map(|line| vec![(line, Role::Dim)]);
    let keys = match &failure.allow {
        Some(_) => "`a` allows it for this session · `r` retries",
        None => "`r` retries",
    };
    let mut lines: Vec<Vec<StyledText>> = what.chain(advice).chain([sentence(&keys.into(), Role::Dim)]).collect();
    let height = usize::from(area.height);
    if lines.len() > height && height > 1 {
        lines.truncate(height - 1);
        lines.push(sentence(&"… `i` shows all".into(), Role::Dim));
    }
    lines
}
