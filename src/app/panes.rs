//! The areas of the screen.
//!
//! Geometry alone, used by `update` (the rows of a page, the area of the picture) and by `ui` (where to draw). No area
//! leaves the screen, at any size.
//!
//! ```text
//! ┌ header ─────────────────────────────────┐
//! │ tabs                                    │
//! ├ list ─────────┬ picture ────────────────┤
//! │               │                         │
//! │               │ strip                   │
//! ├ history ──────├ timeline ───────────────┤
//! │               │ info, bar, labels       │
//! ├ footer ───────┴─────────────────────────┤
//! ```
//!
//! History and strip exist on large screens only.

use ratatui::layout::{Rect, Size};

/// Screens below this size show one pane at a time.
const TWO_PANES: Size = Size { width: 60, height: 15 };
/// Screens below this size show one line that says so.
const ONE_PANE: Size = Size { width: 20, height: 5 };
/// Screens from this size on show the asset's history below the list.
const ROOMY: Size = Size { width: 140, height: 56 };
/// A list of fewer rows, with its border, has no headings.
const HEADINGS_FROM: u16 = 10;
/// The rows of the history with its border.
const HISTORY_ROWS: u16 = 10;
/// The least rows of the strip: those of its pictures and one for their captions.
const STRIP_ROWS: u16 = 7;
/// The rows of the timeline: facts, bar, labels.
pub const TIMELINE_ROWS: u16 = 3;

/// The panes that are shown side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// List and picture.
    #[default]
    Both,
    /// The picture alone.
    Picture,
    /// The list alone.
    List,
}

impl Layout {
    /// Returns the next layout; the first after the last.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Both => Self::Picture,
            Self::Picture => Self::List,
            Self::List => Self::Both,
        }
    }
}

/// The content of the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The panes of the layout.
    #[default]
    Panes,
    /// One picture and its timeline, without borders.
    Full,
    /// The contact sheet.
    Sheet,
}

/// The part of the screen on which a drag began. It receives the drag wherever the mouse goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum DragSource {
    /// None, or one that is not dragged.
    #[default]
    None,
    /// The timeline.
    Timeline,
    /// The list.
    List,
}

/// The areas of one screen; `None` for a part that is not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// The sources and warnings.
    pub header: Option<Rect>,
    /// The status tabs and the filter.
    pub tabs: Option<Rect>,
    /// The list with its border.
    pub list: Option<Rect>,
    /// Picture and timeline with their border, if they have one.
    pub frame: Option<Rect>,
    /// The history of the asset with its border, under the list.
    pub history: Option<Rect>,
    /// The picture or the contact sheet.
    pub picture: Option<Rect>,
    /// The strip of small pictures with their captions, under the picture.
    pub strip: Option<Rect>,
    /// The timeline, of three rows or one.
    pub timeline: Option<Rect>,
    /// The hints, the prompt or the toast.
    pub footer: Option<Rect>,
}

/// The largest area of an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverlaySpace {
    /// The area with the border.
    pub area: Rect,
    /// Its place on the screen.
    pub place: OverlayPlace,
}

/// The place of an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayPlace {
    /// Over the list, so that the picture stays in view.
    BesidePicture,
    /// In the middle of the screen.
    OverScreen,
}

impl Panes {
    /// Divides a screen of a size.
    pub fn new(size: Size, layout: Layout, view: View) -> Self {
        if size.width < ONE_PANE.width || size.height < ONE_PANE.height {
            return Self::default();
        }
        let row = |y| Some(Rect::new(0, y, size.width, 1));
        let body = Rect::new(0, 2, size.width, size.height - 3);
        let bars = Self { header: row(0), tabs: row(1), footer: row(size.height - 1), ..Self::default() };
        let small = size.width < TWO_PANES.width || size.height < TWO_PANES.height;
        match (view, layout) {
            (View::Full, _) => Self::full(size),
            (View::Sheet, _) if small => Self { picture: Some(body), ..bars },
            (View::Sheet, _) => {
                let picture = Rect::new(body.x + 1, body.y + 1, body.width - 2, body.height - 2);
                Self { frame: Some(body), picture: Some(picture), ..bars }
            }
            // A small screen starts with the list.
            (View::Panes, Layout::List) => Self { list: Some(body), ..bars },
            (View::Panes, Layout::Both) if small => Self { list: Some(body), ..bars },
            (View::Panes, Layout::Picture) => bars.with_frame(body),
            (View::Panes, Layout::Both) => {
                let list = list_width(size.width);
                let right = Rect::new(list, body.y, size.width - list, body.height);
                Self { list: Some(Rect { width: list, ..body }), ..bars }.with_history(size).with_frame(right)
            }
        }
    }

    fn full(size: Size) -> Self {
        let timeline = if size.height >= 12 { 2 } else { 1 };
        let height = size.height - timeline;
        Self {
            picture: Some(Rect::new(0, 0, size.width, height)),
            timeline: Some(Rect::new(0, height, size.width, timeline)),
            ..Self::default()
        }
    }

    /// Adds a bordered area with the picture above a rule and the timeline below it.
    fn with_frame(self, frame: Rect) -> Self {
        let (width, height) = (frame.width.saturating_sub(2), frame.height.saturating_sub(2));
        let rows = if height >= 8 { TIMELINE_ROWS } else { 1.min(height) };
        let rule = u16::from(height >= 8);
        let rows_above = height.saturating_sub(rows + rule);
        // The rows that a picture of 16:9 leaves free in cells twice as high as wide.
        let spare = rows_above.saturating_sub(width.saturating_mul(9) / 32);
        // One of them stays blank. High pictures need more than half of the rows.
        let most = (rows_above / 2).max(STRIP_ROWS);
        let strip = if spare > STRIP_ROWS { (spare - 1).min(most) } else { 0 };
        let picture = rows_above - strip;
        Self {
            frame: Some(frame),
            picture: Some(Rect::new(frame.x + 1, frame.y + 1, width, picture)),
            strip: (strip > 0).then(|| Rect::new(frame.x + 1, frame.y + 1 + picture, width, strip)),
            timeline: Some(Rect::new(frame.x + 1, frame.y + 1 + rows_above + rule, width, rows)),
            ..self
        }
    }

    /// The area that an overlay may take: over the list where that leaves the picture in view and the overlay at least
    /// `least` cells across, else most of the screen.
    pub fn overlay_space(&self, screen: Size, least: u16) -> OverlaySpace {
        match (self.list, self.frame) {
            (Some(list), Some(frame)) if list.width >= least && list.right() <= frame.x => {
                let height = self.history.map_or(list.bottom(), Rect::bottom) - list.y;
                OverlaySpace { area: Rect { height, ..list }, place: OverlayPlace::BesidePicture }
            }
            _ => {
                let area = Rect::new(0, 1.min(screen.height), screen.width, screen.height.saturating_sub(2));
                OverlaySpace { area, place: OverlayPlace::OverScreen }
            }
        }
    }

    /// Gives the last rows of the list to the history on a large screen.
    fn with_history(self, size: Size) -> Self {
        let Some(list) = self.list.filter(|_| size.width >= ROOMY.width && size.height >= ROOMY.height) else {
            return self;
        };
        let height = list.height - HISTORY_ROWS;
        let history = Rect { y: list.y + height, height: HISTORY_ROWS, ..list };
        Self { list: Some(Rect { height, ..list }), history: Some(history), ..self }
    }

    /// The bar of the timeline: its second row, or its only one, without a cell at each end.
    pub fn timeline_bar(&self) -> Option<Rect> {
        let area = self.timeline.filter(|area| !area.is_empty())?;
        let y = area.y + u16::from(area.height > 1);
        Some(Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 })
    }

    /// The rows of the list within its border and below its headings.
    pub fn list_rows(&self) -> usize {
        self.list_lines().map_or(0, |lines| usize::from(lines.height))
    }

    /// The headings of the list, if it is high enough.
    pub fn list_headings(&self) -> Option<Rect> {
        let list = self.list.filter(|list| list.height >= HEADINGS_FROM)?;
        Some(Rect { x: list.x + 1, y: list.y + 1, width: list.width.saturating_sub(2), height: 1 })
    }

    /// The lines of the list.
    pub fn list_lines(&self) -> Option<Rect> {
        let list = self.list?;
        let above = 1 + u16::from(self.list_headings().is_some());
        let (width, height) = (list.width.saturating_sub(2), list.height.saturating_sub(above + 1));
        Some(Rect { x: list.x + 1, y: list.y + above, width, height })
    }
}

impl OverlaySpace {
    /// The cells of the text across: within the border and a margin of one cell.
    pub fn columns(self) -> usize {
        usize::from(self.area.width.saturating_sub(4))
    }

    /// The rows of the text within the border.
    pub fn rows(self) -> usize {
        usize::from(self.area.height.saturating_sub(2))
    }
}

/// Returns the width of the list: enough for a whole id from 140 columns on, else about a third, and at 80 columns enough
/// for all columns of the list.
fn list_width(width: u16) -> u16 {
    let all_columns = (width * 17 / 40).min(34);
    if width >= 140 { 62 } else { (width * 36 / 100).max(all_columns).clamp(28, 62) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_screen() {
        for width in 0..220 {
            for height in 0..70 {
                let size = Size { width, height };
                let screen = Rect::new(0, 0, width, height);
                for layout in [Layout::Both, Layout::Picture, Layout::List] {
                    for view in [View::Panes, View::Full, View::Sheet] {
                        let p = Panes::new(size, layout, view);
                        for area in
                            [p.header, p.tabs, p.list, p.history, p.frame, p.picture, p.strip, p.timeline, p.footer]
                        {
                            let area = area.unwrap_or_default();
                            assert_eq!(area.intersection(screen), area, "{size:?} {layout:?} {view:?}");
                        }
                    }
                }
            }
        }
    }
}
