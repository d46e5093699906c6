//! The pictures to fetch and to prepare.
//!
//! Both lists follow from the cursor: its picture first, then those in the direction of travel, then those of the assets
//! next in the list. They replace the previous ones, so scrubbing needs no queue and no request is cancelled.

use super::{
    album::PictureState,
    comparison::ComparisonMode,
    pane::{GridPage, PicturePane},
    speed::LinkSpeed,
};
use crate::{
    app::{message::Preparation, panes::View},
    catalog::Asset,
    picture::{Excerpt, FetchMode, PictureKey, PictureRequest, Protocol, Quality},
};
use ratatui::layout::{Rect, Size};
use std::sync::Arc;

/// The number of pictures fetched in the direction of travel, and against it.
const AHEAD: usize = 4;
const BEHIND: usize = 2;
/// An asset of at most this number of pictures is fetched whole.
const SMALL_ASSET: usize = 24;
/// The number of pictures prepared in the direction of travel.
const PREPARED_AHEAD: usize = 3;
/// The number of thumbnails prepared at once.
const PREPARED_THUMBNAILS: usize = 4;

/// Returns the pictures to fetch, the most urgent first. `next` are the assets next in the list.
pub(super) fn requests(pane: &PicturePane<'_>, next: &[Asset<'_>]) -> Vec<PictureRequest> {
    let screen = pane.screen;
    let is_hidden = screen.view == View::Panes && screen.panes().picture.is_none();
    if pane.fetch_mode == FetchMode::Never || screen.canvas.protocol == Protocol::None || is_hidden {
        return Vec::new();
    }
    let marks = pane.timeline.marks();
    let mut requests: Vec<PictureRequest> =
        by_urgency(pane).into_iter().filter_map(|at| marks.get(at).cloned()).collect();
    if let (Some(current), Some(comparison)) = (pane.timeline.current_key(), pane.comparison()) {
        let at = 1.min(requests.len());
        requests.splice(at..at, comparison.other(current).cloned());
    }
    if pane.fetch_mode == FetchMode::Prefetch {
        requests.extend(next.iter().filter_map(Asset::first_request));
    }
    requests.retain(|request| matches!(pane.album.state(request.key), PictureState::Absent | PictureState::Loading));
    requests
}

/// Returns the pictures to prepare, the most urgent first. `next` are the assets next in the list.
pub(super) fn preparations(pane: &PicturePane<'_>, next: &[Asset<'_>]) -> Vec<Preparation> {
    let Some(area) = pane.area().filter(|_| pane.screen.canvas.protocol != Protocol::None) else {
        return Vec::new();
    };
    let marks = pane.timeline.marks();
    let at = |at: usize, area, quality| preparation(pane, marks.get(at)?.key, area, quality);
    if let Some(page) = pane.sheet() {
        let thumbnail = thumbnail(&page);
        let thumbnails = by_urgency(pane).into_iter().filter_map(|index| at(index, thumbnail, Quality::Full));
        return thumbnails.take(PREPARED_THUMBNAILS).collect();
    }
    if let Some(compared) = compared(pane, area) {
        return compared;
    }
    let here = if pane.speed.is_moving() { Quality::Preview } else { Quality::Full };
    // On a slow link each picture begins as a preview.
    let (first, ahead, neighbour) = match pane.speed.link() {
        LinkSpeed::Slow => (Some(Quality::Preview), Quality::Preview, Quality::Preview),
        LinkSpeed::Fast => (None, here, Quality::Full),
    };
    let mut order = by_urgency(pane).into_iter().take(1 + PREPARED_AHEAD);
    let cursor = order.next();
    let under_cursor =
        cursor.into_iter().flat_map(|index| first.into_iter().chain([here]).map(move |quality| (index, quality)));
    let mut jobs: Vec<Preparation> = under_cursor.filter_map(|(index, quality)| at(index, area, quality)).collect();
    if let Some(page) = pane.strip() {
        let thumbnail = thumbnail(&page);
        // The strip is in view, which pictures prepared ahead are not yet.
        let thumbnails = indices(pane, &page).filter_map(|index| at(index, thumbnail, ahead));
        jobs.extend(thumbnails.take(PREPARED_THUMBNAILS));
    }
    jobs.extend(order.filter_map(|index| at(index, area, ahead)));
    jobs.extend(next.iter().filter_map(|asset| preparation(pane, asset.first_request()?.key, area, neighbour)));
    jobs
}

/// The preparations for a comparison, while one is shown.
fn compared(pane: &PicturePane<'_>, area: Rect) -> Option<Vec<Preparation>> {
    let current = pane.timeline.current_key()?;
    let other = pane.comparison()?.other(current)?.key;
    let jobs = match pane.comparison()?.mode() {
        ComparisonMode::Off => return None,
        ComparisonMode::SideBySide => {
            let [left, right] = pane.halves()?;
            [(current, right), (other, left)]
                .into_iter()
                .filter_map(|(key, area)| excerpt_preparation(pane, key, Excerpt::Whole, area, Quality::Full))
                .collect()
        }
        ComparisonMode::Difference => {
            let excerpt = Excerpt::Difference(other);
            excerpt_preparation(pane, current, excerpt, area, Quality::Full).into_iter().collect()
        }
    };
    Some(jobs)
}

/// The indices of the pictures that matter now, the most urgent first.
fn by_urgency(pane: &PicturePane<'_>) -> Vec<usize> {
    let count = pane.timeline.marks().len();
    if count == 0 {
        return Vec::new();
    }
    let cursor = pane.timeline.cursor();
    let mut order = vec![cursor];
    if let Some(page) = pane.sheet() {
        order.extend(indices(pane, &page).filter(|at| *at != cursor));
    } else if pane.fetch_mode == FetchMode::Prefetch {
        let near = pane.timeline.neighbours(AHEAD, BEHIND);
        order.extend(&near);
        if count <= SMALL_ASSET {
            order.extend((0..count).filter(|at| *at != cursor && !near.contains(at)));
        }
    }
    if let Some(page) = pane.strip() {
        let rest: Vec<usize> = indices(pane, &page).filter(|at| !order.contains(at)).collect();
        order.extend(rest);
    }
    order
}

/// The indices of the pictures on a page.
fn indices(pane: &PicturePane<'_>, of: &GridPage) -> impl Iterator<Item = usize> + use<> {
    of.first..pane.timeline.marks().len().min(of.first + of.grid.page()).max(of.first)
}

/// The area of one picture of a grid.
fn thumbnail(page: &GridPage) -> Rect {
    let Size { width, height } = page.grid.cell;
    Rect { width, height, ..page.area }
}

/// The preparation of a decoded picture for an area; `None` if it was prepared already.
fn preparation(pane: &PicturePane<'_>, key: PictureKey, area: Rect, quality: Quality) -> Option<Preparation> {
    excerpt_preparation(pane, key, pane.excerpt_of(key), area, quality)
}

/// The preparation of a part of a picture, or of a difference; `None` if it was prepared already.
fn excerpt_preparation(
    pane: &PicturePane<'_>,
    key: PictureKey,
    excerpt: Excerpt,
    area: Rect,
    quality: Quality,
) -> Option<Preparation> {
    // Cells take the same number of bytes in either quality.
    let quality = if pane.screen.canvas.protocol == Protocol::Blocks { Quality::Full } else { quality };
    let fit = pane.fit_for(key, excerpt, area, quality)?;
    let is_ready = |fit| pane.album.prepared(key, fit).is_some();
    // If the full picture is ready, a preview is needed on a slow link alone.
    let is_done = is_ready(fit)
        || pane.speed.link() == LinkSpeed::Fast && is_ready(pane.fit_for(key, excerpt, area, Quality::Full)?);
    if is_done || fit.cells == Size::ZERO {
        return None;
    }
    let whole = pane.album.picture(key)?;
    let picture = match excerpt {
        Excerpt::Whole => Arc::clone(whole),
        Excerpt::Part(part) => Arc::new(whole.part(part)),
        Excerpt::Difference(_) => Arc::clone(&pane.comparison()?.difference(key)?.picture),
    };
    Some(Preparation { key, picture, fit })
}
