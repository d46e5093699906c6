//! The content of the picture pane: a picture, or the reason why there is none.

use super::{album::PictureState, comparison::ComparisonMode, pane::PicturePane};
use crate::picture::{Excerpt, FetchMode, PictureFailure, PictureKey, PictureRequest, Placement, Protocol};
use ratatui::layout::Rect;

/// The content of the picture pane.
#[derive(Clone, Debug)]
pub enum Exhibit {
    /// The picture under the cursor.
    Picture(Placement),
    /// The nearest picture that is ready, while the picture under the cursor loads.
    StandIn {
        /// The picture that is shown.
        placement: Placement,
        /// The picture under the cursor.
        awaited: PictureKey,
    },
    /// The marked picture and the picture under the cursor, side by side.
    SideBySide(Box<[ComparedPicture; 2]>),
    /// The difference of the picture under the cursor and the marked one.
    Difference(Placement),
    /// The picture under the cursor is loading, and no other is ready.
    Loading(PictureKey),
    /// The picture under the cursor could not be fetched or decoded.
    Failed(PictureFailure),
    /// Pictures are turned off.
    PicturesOff,
    /// Fetching is turned off, and the picture is not there.
    FetchingOff,
    /// The asset has no pictures, or no asset is selected.
    Nothing,
}

/// A picture of a comparison side by side.
#[derive(Clone, Debug)]
pub struct ComparedPicture {
    /// The picture.
    pub request: PictureRequest,
    /// Its area.
    pub area: Rect,
    /// Its placement, once it is ready.
    pub placement: Option<Placement>,
}

impl PicturePane<'_> {
    /// The content of the pane.
    pub fn exhibit(&self) -> Exhibit {
        let (Some(area), Some(key)) = (self.area(), self.timeline.current_key()) else { return Exhibit::Nothing };
        if let Some(exhibit) = self.compared(key, area) {
            return exhibit;
        }
        if let PictureState::Failed(failure) = self.album.state(key) {
            return Exhibit::Failed(failure.clone());
        }
        if self.screen.canvas.protocol == Protocol::None {
            return Exhibit::PicturesOff;
        }
        if self.fetch_mode == FetchMode::Never && self.album.picture(key).is_none() {
            return Exhibit::FetchingOff;
        }
        // The whole picture is shown until the part of it is ready.
        let whole = || self.placement_of(key, Excerpt::Whole, area);
        if let Some(placement) = self.placement(key, area).or_else(whole) {
            return Exhibit::Picture(placement);
        }
        match self.nearest_ready(area) {
            Some(placement) => Exhibit::StandIn { placement, awaited: key },
            None => Exhibit::Loading(key),
        }
    }

    /// The comparison with the marked picture, if one is shown.
    fn compared(&self, key: PictureKey, area: Rect) -> Option<Exhibit> {
        let other = self.comparison()?.other(key)?;
        if self.screen.canvas.protocol == Protocol::None {
            return None;
        }
        match self.comparison()?.mode() {
            ComparisonMode::Off => None,
            ComparisonMode::SideBySide => {
                let [left, right] = self.halves()?;
                let compared = |request: &PictureRequest, area| ComparedPicture {
                    request: request.clone(),
                    area,
                    placement: self.placement_of(request.key, Excerpt::Whole, area),
                };
                Some(Exhibit::SideBySide(Box::new([compared(other, left), compared(self.timeline.current()?, right)])))
            }
            ComparisonMode::Difference => {
                let placement = self.placement_of(key, Excerpt::Difference(other.key), area);
                Some(placement.map_or(Exhibit::Loading(key), Exhibit::Difference))
            }
        }
    }

    /// The picture nearest to the cursor that is ready for an area.
    fn nearest_ready(&self, area: Rect) -> Option<Placement> {
        let marks = self.timeline.marks();
        let cursor = self.timeline.cursor();
        let reach = cursor.max(marks.len().saturating_sub(cursor));
        (1..=reach)
            .flat_map(|by| [cursor.checked_sub(by), Some(cursor + by)])
            .flatten()
            .filter_map(|at| marks.get(at))
            .find_map(|mark| self.placement(mark.key, area))
    }
}
