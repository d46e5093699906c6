//! The picture pane: where pictures stand on the screen, and in which form they are ready.

use super::{
    album::Album,
    comparison::{Comparison, ComparisonMode},
    speed::{LinkSpeed, ScrubSpeed},
    timeline::Timeline,
    zoom::Zoom,
};
use crate::{
    app::{grid::Grid, panes::View, screen::ScreenState},
    catalog::Asset,
    event::{PictureKind, Status},
    picture::{Excerpt, FetchMode, Fit, PictureKey, PixelSize, Placement, Prepared, Protocol, Quality, fit},
};
use ratatui::layout::{Position, Rect, Size};
use std::sync::Arc;

/// The shape that is assumed of pictures while none is decoded.
const USUAL_SHAPE: PixelSize = PixelSize { width: 16, height: 9 };
/// Rows above the picture that describe a failure, and the same in a higher pane.
const BANNER_ROWS: u16 = 3;
const HIGH_BANNER_ROWS: u16 = 4;
/// A pane of so many rows is high.
const HIGH_PANE_ROWS: u16 = 16;
/// A pane of fewer rows has no banner.
const BANNER_PANE_ROWS: u16 = 9;

/// The picture pane of one screen.
#[derive(Clone, Copy, Debug)]
pub struct PicturePane<'a> {
    pub(in crate::app) timeline: &'a Timeline,
    pub(in crate::app) album: &'a Album,
    pub(super) speed: ScrubSpeed,
    pub(super) zoom: Zoom,
    pub(super) comparison: &'a Comparison,
    pub(in crate::app) screen: &'a ScreenState,
    pub(in crate::app) asset: Option<Asset<'a>>,
    pub(super) fetch_mode: FetchMode,
}

/// One page of a grid of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridPage {
    /// The grid.
    pub grid: Grid,
    /// The area that it divides.
    pub area: Rect,
    /// The index of the first picture on the page.
    pub first: usize,
}

impl GridPage {
    /// Returns the picture whose cells or caption are at a position, of `count` on the timeline.
    pub fn picture_at(&self, at: Position, count: usize) -> Option<usize> {
        let is_here = |place: &usize| {
            let (picture, caption) = self.grid.place(self.area, *place);
            picture.contains(at) || caption.contains(at)
        };
        let place = (0..self.grid.page()).find(is_here)?;
        Some(self.first + place).filter(|picture| *picture < count)
    }
}

impl PicturePane<'_> {
    /// The area for pictures, below the banner.
    pub fn area(&self) -> Option<Rect> {
        let area = self.screen.panes().picture?;
        let banner = self.banner_rows();
        Some(Rect { y: area.y + banner, height: area.height.saturating_sub(banner), ..area })
    }

    /// The rows above the pictures of an earlier success that describe the failure of the newest event.
    pub fn banner_rows(&self) -> u16 {
        let is_failed = self.asset.is_some_and(|asset| *asset.status() == Status::Failed);
        let is_shown = is_failed && self.screen.view == View::Panes && !self.timeline.marks().is_empty();
        match self.screen.panes().picture.map_or(0, |area| area.height) {
            HIGH_PANE_ROWS.. if is_shown => HIGH_BANNER_ROWS,
            BANNER_PANE_ROWS.. if is_shown => BANNER_ROWS,
            _ => 0,
        }
    }

    /// The page of the contact sheet that holds the cursor, while the sheet is shown.
    pub fn sheet(&self) -> Option<GridPage> {
        let area = self.screen.panes().picture.filter(|_| self.screen.view == View::Sheet)?;
        let shape = self.shape();
        let highest = area.height.saturating_sub(1);
        let rows_of = |width| fit(shape, Size::new(width, highest), self.screen.canvas.cell).height;
        Some(self.page(Grid::new(area, self.timeline.marks().len(), rows_of), area))
    }

    /// The page of the strip under the picture that holds the cursor, where there is room for a strip. It turns page by
    /// page, so that most steps of the cursor change no picture in it.
    pub fn strip(&self) -> Option<GridPage> {
        let area = self.screen.panes().strip.filter(|_| self.timeline.marks().len() > 1)?;
        let shape = self.shape();
        let columns_of = |height| fit(shape, Size::new(area.width, height), self.screen.canvas.cell).width;
        Some(self.page(Grid::strip(area, self.timeline.marks().len(), columns_of), area))
    }

    fn page(&self, grid: Grid, area: Rect) -> GridPage {
        GridPage { grid, area, first: self.timeline.cursor() / grid.page().max(1) * grid.page() }
    }

    /// The size of the asset's first decoded picture.
    fn shape(&self) -> PixelSize {
        let decoded = self.timeline.marks().iter().find_map(|mark| self.album.picture(mark.key));
        decoded.map_or(USUAL_SHAPE, |picture| picture.size)
    }

    /// The placement of a picture in an area, if it is prepared for that: in full, or as a preview.
    pub fn placement(&self, key: PictureKey, area: Rect) -> Option<Placement> {
        self.placement_of(key, self.excerpt_of(key), area)
    }

    /// The placement of a part of a picture, or of a difference, in an area.
    pub(super) fn placement_of(&self, key: PictureKey, excerpt: Excerpt, area: Rect) -> Option<Placement> {
        let full = self.fit_for(key, excerpt, area, Quality::Full)?;
        let preview = self.fit_for(key, excerpt, area, Quality::Preview)?;
        let found = |fit| Some((fit, self.album.prepared(key, fit)?));
        // A form that was prepared for another rate of the link is shown until it is prepared again.
        let other = || self.album.prepared_for_area(key, full);
        let is_slow = self.speed.link() == LinkSpeed::Slow;
        // A repeated key leaves no time for a picture that holds up everything until all of it is sent.
        let prefers_preview = is_slow && self.speed.is_moving() && self.screen.canvas.protocol != Protocol::Kitty;
        let (first, second) = if prefers_preview { (preview, full) } else { (full, preview) };
        let (fit, prepared) = found(first).or_else(|| found(second)).or_else(other)?;
        let preview = found(preview).filter(|_| is_slow && fit == full);
        let preview = preview.map(|(fit, prepared)| (fit, Arc::clone(prepared)));
        Some(Placement { preview, ..centred(key, fit, prepared, area) })
    }

    /// The magnification in percent, while a part of the picture is shown.
    pub fn zoom_percent(&self) -> Option<u32> {
        (self.screen.view == View::Full && self.zoom.is_near()).then(|| self.zoom.percent())
    }

    /// The part of a picture that is shown: of the picture under the cursor a part, while it is magnified.
    pub(super) fn excerpt_of(&self, key: PictureKey) -> Excerpt {
        let is_magnified = self.zoom_percent().is_some() && self.timeline.current_key() == Some(key);
        let size = self.album.picture(key).filter(|_| is_magnified).map(|picture| picture.size);
        size.and_then(|size| self.zoom.part(size)).map_or(Excerpt::Whole, Excerpt::Part)
    }

    /// The comparison with the marked picture, while one is shown.
    pub fn comparison(&self) -> Option<&Comparison> {
        let is_shown = self.screen.view != View::Sheet && self.comparison.mode() != ComparisonMode::Off;
        Some(self.comparison).filter(|_| is_shown)
    }

    /// The areas of the marked picture and of the picture under the cursor side by side, below a row for captions.
    pub fn halves(&self) -> Option<[Rect; 2]> {
        let area = self.area()?;
        let width = area.width.saturating_sub(1) / 2;
        let (y, height) = (area.y + 1, area.height.saturating_sub(1));
        let half = |x| Rect { x, y, width, height };
        Some([half(area.x), half(area.right() - width)])
    }

    /// The size and form of a decoded picture in an area.
    pub(super) fn fit_for(&self, key: PictureKey, excerpt: Excerpt, area: Rect, quality: Quality) -> Option<Fit> {
        let size = match excerpt {
            Excerpt::Whole | Excerpt::Difference(_) => self.album.picture(key)?.size,
            Excerpt::Part(part) => part.size,
        };
        let canvas = &self.screen.canvas;
        Some(Fit {
            excerpt,
            cells: fit(size, canvas.bounds(area.as_size()), canvas.cell),
            cell: canvas.cell,
            protocol: canvas.protocol,
            symbols: canvas.symbols,
            colours: canvas.colours,
            quality,
            target_bytes: canvas.budget.bytes(quality),
            multiplexer: canvas.multiplexer,
        })
    }

    /// The neighbour on the timeline that a picture looks like: the video stood still, or one frame was taken twice.
    /// Pictures of one offset are expected to look alike, and so are covers.
    pub fn lookalike(&self, at: usize) -> Option<usize> {
        let marks = self.timeline.marks();
        let mark = marks.get(at)?;
        let is_alike = |near: &usize| {
            marks.get(*near).is_some_and(|other| {
                let has_cover = [mark, other].iter().any(|mark| mark.key.kind == PictureKind::Cover);
                !has_cover && mark.offset != other.offset && self.album.are_alike(mark.key, other.key)
            })
        };
        [at.checked_sub(1), Some(at + 1)].into_iter().flatten().find(is_alike)
    }
}

/// A picture in the middle of an area.
fn centred(key: PictureKey, fit: Fit, prepared: &Arc<Prepared>, area: Rect) -> Placement {
    let Size { width, height } = fit.cells;
    let area = Rect::new(
        area.x + area.width.saturating_sub(width) / 2,
        area.y + area.height.saturating_sub(height) / 2,
        width.min(area.width),
        height.min(area.height),
    );
    Placement { key, area, fit, prepared: Arc::clone(prepared), preview: None }
}
