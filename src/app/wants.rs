//! What to fetch, what to prepare, and what to show meanwhile.
//!
//! All three follow from the cursor: its picture first, then those in the direction of travel, then the next asset's.
//! The lists replace the ones before, so scrubbing needs no queue and nothing has to be called off.

use super::{App, Effect, Preparation, album::PictureState, filter::StatusTab, panes::Grid, panes::View};
use crate::{
    catalog::Asset,
    event::Status,
    picture::{
        FetchMode, Fit, PictureFailure, PictureKey, PictureRequest, Placement, Prepared, Protocol, Quality, fit,
    },
    text::Safe,
};
use ratatui::layout::{Rect, Size};
use std::{sync::Arc, time::Duration};

/// Pictures fetched in the direction of travel, and against it.
const AHEAD: usize = 4;
const BEHIND: usize = 2;
/// An asset of at most so many pictures is fetched whole.
const SMALL: usize = 24;
/// Pictures prepared before they are looked at.
const PREPARED_AHEAD: usize = 3;

/// How fast the cursor moves: while keys repeat, previews do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ScrubSpeed {
    /// Whether the link is so slow that each picture begins as a preview.
    pub(super) is_tight: bool,
    at: Option<PictureKey>,
    last: Option<Duration>,
    hurried: bool,
}

impl ScrubSpeed {
    /// Two steps within this time are hurried.
    const REPEAT: Duration = Duration::from_millis(150);
    /// This long after the last step the full picture is worth its bytes.
    const REST: Duration = Duration::from_millis(170);

    /// Notes a step.
    pub(super) fn step(&mut self, now: Duration) {
        self.hurried = self.last.is_some_and(|last| now.saturating_sub(last) < Self::REPEAT);
        self.last = Some(now);
    }

    /// Notes the picture under the cursor, however it came there.
    fn arrive(&mut self, at: Option<PictureKey>, now: Duration) {
        if self.at != at {
            self.at = at;
            if self.is_tight {
                self.hurried = true;
                self.last = Some(now);
            }
        }
    }

    /// Whether a rest is being waited for.
    pub(super) fn is_settling(&self) -> bool {
        self.hurried
    }

    /// Ends the hurry once the cursor rests; returns whether it just did.
    pub(super) fn settled(&mut self, now: Duration) -> bool {
        let rests = self.hurried && self.last.is_some_and(|last| now.saturating_sub(last) >= Self::REST);
        self.hurried &= !rests;
        rests
    }
}

/// What the picture's box holds.
#[derive(Clone, Debug)]
pub enum Exhibit {
    /// A picture; not the one under the cursor where `wanted` is not `None`.
    Picture {
        /// Which, where, in which form.
        placement: Placement,
        /// The picture under the cursor, while another stands in for it.
        wanted: Option<PictureKey>,
    },
    /// The picture under the cursor cannot be had.
    Trouble(PictureFailure),
    /// The picture under the cursor is on its way, and none stands in for it.
    Loading(PictureKey),
    /// Words in place of pictures.
    Words(Vec<Safe>),
}

impl App {
    /// The box for pictures, without the rows in which a failure is told.
    pub fn picture_area(&self) -> Option<Rect> {
        let area = self.panes().picture?;
        let banner = self.banner_rows();
        Some(Rect { y: area.y + banner, height: area.height.saturating_sub(banner), ..area })
    }

    /// Rows above the picture that tell of a failure after the run whose pictures are shown.
    pub fn banner_rows(&self) -> u16 {
        let failed = self.selected().is_some_and(|asset| *asset.status() == Status::Failed);
        let roomy = self.panes().picture.is_some_and(|area| area.height > 8);
        if failed && roomy && self.view == View::Panes && !self.timeline.marks().is_empty() { 3 } else { 0 }
    }

    /// What the picture's box holds.
    pub fn exhibit(&self) -> Exhibit {
        let Some(area) = self.picture_area() else { return Exhibit::Words(Vec::new()) };
        let Some(key) = self.timeline.current_key() else { return Exhibit::Words(self.nothing_to_show()) };
        if let PictureState::Failed(trouble) = self.album.state(key) {
            return Exhibit::Trouble(trouble.clone());
        }
        if self.canvas.protocol == Protocol::None {
            return Exhibit::Words(vec!["pictures are off · P turns them on".into()]);
        }
        if self.options.fetch_mode == FetchMode::Never && self.album.picture(key).is_none() {
            return Exhibit::Words(vec!["not fetched: --no-fetch".into()]);
        }
        if let Some(placement) = self.placement(key, area) {
            return Exhibit::Picture { placement, wanted: None };
        }
        match self.stand_in(area) {
            Some(placement) => Exhibit::Picture { placement, wanted: Some(key) },
            None => Exhibit::Loading(key),
        }
    }

    /// The grid of the contact sheet, and the first mark of its page.
    pub fn sheet(&self) -> Option<(Grid, usize)> {
        let area = self.panes().picture.filter(|_| self.view == View::Sheet)?;
        let shape = self.timeline.marks().iter().find_map(|mark| self.album.picture(mark.key));
        let size = shape.map_or(crate::picture::PixelSize { width: 16, height: 9 }, |picture| picture.size);
        let highest = area.height.saturating_sub(1);
        let rows_of = |width| fit(size, Size::new(width, highest), self.canvas.cell).height;
        let grid = Grid::new(area, self.timeline.marks().len(), rows_of);
        let first = self.timeline.cursor() / grid.page().max(1) * grid.page();
        Some((grid, first))
    }

    /// The grid of the strip under the picture, the first mark of its page, and its box. It turns page by page, so that a
    /// step of the cursor mostly changes no picture in it.
    pub fn strip(&self) -> Option<(Grid, usize, Rect)> {
        let area = self.panes().strip.filter(|_| self.timeline.marks().len() > 1)?;
        let shape = self.timeline.marks().iter().find_map(|mark| self.album.picture(mark.key));
        let size = shape.map_or(crate::picture::PixelSize { width: 16, height: 9 }, |picture| picture.size);
        let columns_of = |height| fit(size, Size::new(area.width, height), self.canvas.cell).width;
        let grid = Grid::strip(area, columns_of);
        Some((grid, self.timeline.cursor() / grid.page() * grid.page(), area))
    }

    /// A picture where it is ready for a box: in full, or as a preview.
    pub fn placement(&self, key: PictureKey, area: Rect) -> Option<Placement> {
        let full = self.fit_for(key, area, Quality::Full)?;
        let preview = self.fit_for(key, area, Quality::Preview)?;
        let found = |fit| Some((fit, self.album.prepared(key, fit)?));
        // What was made for another rate of the link stands until it was made anew.
        let other = || self.album.prepared_for_box(key, full);
        // A key that repeats leaves no time for what holds everything up until it is whole.
        let hurried = self.pace.is_tight && self.pace.hurried && self.canvas.protocol != Protocol::Kitty;
        let (first, second) = if hurried { (preview, full) } else { (full, preview) };
        let (fit, prepared) = found(first).or_else(|| found(second)).or_else(other)?;
        let preview = found(preview).filter(|_| self.pace.is_tight && fit == full);
        let preview = preview.map(|(fit, prepared)| (fit, Arc::clone(prepared)));
        Some(Placement { preview, ..place(key, fit, prepared, area) })
    }

    /// The picture nearest to the cursor that is ready for the box.
    fn stand_in(&self, area: Rect) -> Option<Placement> {
        let marks = self.timeline.marks();
        let cursor = self.timeline.cursor();
        let reach = cursor.max(marks.len().saturating_sub(cursor));
        (1..=reach)
            .flat_map(|by| [cursor.checked_sub(by), Some(cursor + by)])
            .flatten()
            .filter_map(|at| marks.get(at))
            .find_map(|mark| self.placement(mark.key, area))
    }

    fn fit_for(&self, key: PictureKey, area: Rect, quality: Quality) -> Option<Fit> {
        let picture = self.album.picture(key)?;
        Some(Fit {
            cells: fit(picture.size, self.canvas.bounds(area.as_size()), self.canvas.cell),
            cell: self.canvas.cell,
            protocol: self.canvas.protocol,
            colours: self.canvas.colours,
            quality,
            target_bytes: self.canvas.budget.bytes(quality),
            multiplexer: self.canvas.multiplexer,
        })
    }

    /// Why the selected asset has no pictures.
    fn nothing_to_show(&self) -> Vec<Safe> {
        let Some(asset) = self.selected() else { return self.why_empty() };
        match asset.status() {
            Status::Failed => Vec::new(),
            Status::Succeed | Status::Other(_) => vec!["this event holds no pictures".into()],
        }
    }

    fn why_empty(&self) -> Vec<Safe> {
        let lines = self.catalog.tally().counts.lines;
        if self.catalog.tally().assets > 0 {
            let all = self.assets.tab() == StatusTab::All;
            let words: &[&str] = match (self.assets.filter().is_empty(), all) {
                (true, _) => &["no asset has such a status", "s shows the next, Esc all"],
                (false, true) => &["no asset passes the filter", "Esc clears it"],
                (false, false) => {
                    &["no asset of such a status passes the filter", "Esc clears it, s shows the next status"]
                }
            };
            return words.iter().copied().map(Safe::from).collect();
        }
        if !self.loaded {
            return vec!["reading…".into()];
        }
        if lines == 0 {
            return vec!["nothing was read yet".into()];
        }
        let mut words = vec![Safe::new(&format!("no snapshot event in {lines} lines"))];
        if let Some(folded) = self.journal.rejected().last() {
            words.push(Safe::new(&format!("the nearest miss: {}", folded.latest.reason)));
            words.push("! shows it".into());
        }
        words
    }

    /// Asks for what the cursor needs, where that is not what was asked for last.
    pub(super) fn want(&mut self, effects: &mut Vec<Effect>) {
        self.pace.arrive(self.timeline.current_key(), self.now.mono);
        let wanted = self.wishes();
        let keys: Vec<PictureKey> = wanted.iter().map(|request| request.key).collect();
        if keys != self.wanted {
            self.wanted = keys;
            effects.push(Effect::Want(wanted));
        }
        let preparations = self.preparations();
        let keys: Vec<(PictureKey, Fit)> = preparations.iter().map(|job| (job.key, job.fit)).collect();
        if keys != self.preparing {
            self.preparing = keys;
            if !preparations.is_empty() {
                effects.push(Effect::Prepare(preparations));
            }
        }
    }

    /// Marks whose pictures matter now, the most urgent first.
    fn interest(&self) -> Vec<usize> {
        let marks = self.timeline.marks().len();
        if marks == 0 {
            return Vec::new();
        }
        let cursor = self.timeline.cursor();
        let mut interest = vec![cursor];
        if let Some((grid, first)) = self.sheet() {
            interest.extend((first..marks.min(first + grid.page())).filter(|at| *at != cursor));
        } else if self.options.fetch_mode == FetchMode::Prefetch {
            let near = self.timeline.neighbours(AHEAD, BEHIND);
            interest.extend(&near);
            if marks <= SMALL {
                interest.extend((0..marks).filter(|at| *at != cursor && !near.contains(at)));
            }
        }
        let strip: Vec<usize> = self.strip_marks().filter(|at| !interest.contains(at)).collect();
        interest.extend(strip);
        interest
    }

    /// The marks of the strip's page.
    fn strip_marks(&self) -> impl Iterator<Item = usize> {
        let page = self.strip().map_or(0..0, |(grid, first, _)| first..first + grid.page());
        page.start..page.end.min(self.timeline.marks().len()).max(page.start)
    }

    fn wishes(&self) -> Vec<PictureRequest> {
        if self.options.fetch_mode == FetchMode::Never || self.canvas.protocol == Protocol::None {
            return Vec::new();
        }
        if self.view == View::Panes && self.panes().picture.is_none() {
            return Vec::new();
        }
        let mut wishes: Vec<PictureRequest> =
            self.interest().into_iter().filter_map(|at| self.timeline.marks().get(at).cloned()).collect();
        if self.options.fetch_mode == FetchMode::Prefetch {
            wishes.extend(self.next_assets().filter_map(|asset| asset.first_request()));
        }
        wishes.retain(|wish| matches!(self.album.state(wish.key), PictureState::Absent | PictureState::Loading));
        wishes
    }

    /// The assets below and above the selected one.
    fn next_assets(&self) -> impl Iterator<Item = Asset<'_>> {
        let (rows, at) = (self.assets.rows(), self.assets.at());
        [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|at| self.catalog.asset(*rows.get(at)?))
    }

    fn preparations(&self) -> Vec<Preparation> {
        let Some(area) = self.picture_area().filter(|_| self.canvas.protocol != Protocol::None) else {
            return Vec::new();
        };
        if let Some((grid, _)) = self.sheet() {
            let thumb = Rect { width: grid.cell.width, height: grid.cell.height, ..area };
            return self.interest().into_iter().filter_map(|at| self.job(at, thumb, Quality::Full)).take(4).collect();
        }
        let here = if self.pace.hurried { Quality::Preview } else { Quality::Full };
        // On a slow link a preview comes first, wherever the cursor goes.
        let (first, ahead, next) = if self.pace.is_tight {
            (Some(Quality::Preview), Quality::Preview, Quality::Preview)
        } else {
            (None, here, Quality::Full)
        };
        let mut interest = self.interest().into_iter().take(1 + PREPARED_AHEAD);
        let cursor = interest.next();
        let both = cursor.into_iter().flat_map(|at| first.into_iter().chain([here]).map(move |care| (at, care)));
        let mut jobs: Vec<Preparation> = both.filter_map(|(at, care)| self.job(at, area, care)).collect();
        if let Some((grid, _, strip)) = self.strip() {
            let thumb = Rect { width: grid.cell.width, height: grid.cell.height, ..strip };
            // They are looked at; what is prepared ahead is not yet.
            jobs.extend(self.strip_marks().filter_map(|at| self.job(at, thumb, ahead)).take(4));
        }
        jobs.extend(interest.filter_map(|at| self.job(at, area, ahead)));
        jobs.extend(self.next_assets().filter_map(|asset| self.prepare(asset.first_request()?.key, area, next)));
        jobs
    }

    fn job(&self, at: usize, area: Rect, quality: Quality) -> Option<Preparation> {
        self.prepare(self.timeline.marks().get(at)?.key, area, quality)
    }

    fn prepare(&self, key: PictureKey, area: Rect, quality: Quality) -> Option<Preparation> {
        // Cells cost the same in a hurry; a full picture that is there needs no preview.
        let cells = self.canvas.protocol == Protocol::Blocks;
        let quality = if cells { Quality::Full } else { quality };
        let fit = self.fit_for(key, area, quality)?;
        let there = |fit| self.album.prepared(key, fit).is_some();
        let done = there(fit) || !self.pace.is_tight && there(self.fit_for(key, area, Quality::Full)?);
        let picture = Arc::clone(self.album.picture(key)?);
        (!done && fit.cells != Size::ZERO).then_some(Preparation { key, picture, fit })
    }
}

/// A picture in the middle of a box.
fn place(key: PictureKey, fit: Fit, prepared: &Arc<Prepared>, area: Rect) -> Placement {
    let Size { width, height } = fit.cells;
    let area = Rect::new(
        area.x + area.width.saturating_sub(width) / 2,
        area.y + area.height.saturating_sub(height) / 2,
        width.min(area.width),
        height.min(area.height),
    );
    Placement { key, area, fit, prepared: Arc::clone(prepared), preview: None }
}
