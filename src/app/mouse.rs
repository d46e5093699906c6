//! The actions of the mouse: what a click, a drag or the wheel means at a place on the screen.

use super::{
    action::{Action, Move, Scrub, Share},
    panes::{DragSource, Panes},
    viewer::{
        pane::{GridPage, PicturePane},
        timeline::Timeline,
    },
};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// An action of the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MouseAction {
    /// Move in the list, in the sheet or in the open overlay; or show the picture of the sheet on which the cursor is.
    Act(Action),
    /// Move the cursor on the timeline.
    Scrub(Scrub),
    /// Select the asset in a line of the list, counted from the top.
    SelectLine(usize),
}

/// The areas that take the mouse; none of them while an overlay covers the screen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MouseAreas {
    pub(super) panes: Panes,
    pub(super) sheet: Option<GridPage>,
    pub(super) strip: Option<GridPage>,
    /// The number of pictures on the timeline.
    pub(super) pictures: usize,
    /// The index of the picture under the cursor.
    pub(super) cursor: usize,
}

/// Returns the action of a mouse event. `drag` is kept from one event to the next.
#[expect(clippy::wildcard_enum_match_arm, reason = "other mouse events have no action")]
pub(super) fn action(mouse: MouseEvent, areas: &MouseAreas, drag: &mut DragSource) -> Option<MouseAction> {
    let at = Position::new(mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::ScrollDown => Some(areas.wheel(at, 1)),
        MouseEventKind::ScrollUp => Some(areas.wheel(at, -1)),
        MouseEventKind::Down(MouseButton::Left) => {
            *drag = areas.drag_source(at);
            areas.picture(at).or_else(|| areas.drag(at, *drag))
        }
        MouseEventKind::Drag(MouseButton::Left) => areas.drag(at, *drag),
        MouseEventKind::Up(MouseButton::Left) => {
            *drag = DragSource::None;
            None
        }
        _ => None,
    }
}

impl MouseAreas {
    /// The areas of a screen without an overlay.
    pub(super) fn new(panes: Panes, pane: &PicturePane<'_>, timeline: &Timeline) -> Self {
        let (pictures, cursor) = (timeline.marks().len(), timeline.cursor());
        Self { panes, sheet: pane.sheet(), strip: pane.strip(), pictures, cursor }
    }

    /// The wheel scrubs over the picture, the strip and the timeline, and moves by rows elsewhere.
    fn wheel(&self, at: Position, by: i32) -> MouseAction {
        let panes = [self.panes.picture, self.panes.strip, self.panes.timeline];
        if self.sheet.is_none() && panes.into_iter().any(|area| is_in(area, at)) {
            return MouseAction::Scrub(Scrub::Step(by));
        }
        MouseAction::Act(Action::Move(if by < 0 { Move::Up } else { Move::Down }))
    }

    fn drag_source(&self, at: Position) -> DragSource {
        if is_in(self.panes.timeline, at) {
            DragSource::Timeline
        } else if is_in(self.panes.list_lines(), at) {
            DragSource::List
        } else {
            DragSource::None
        }
    }

    fn drag(&self, at: Position, source: DragSource) -> Option<MouseAction> {
        match source {
            DragSource::None => None,
            DragSource::Timeline => {
                let bar = self.panes.timeline_bar()?;
                let last = bar.width.saturating_sub(1);
                let share = Share { at: at.x.saturating_sub(bar.x).min(last), of: last.max(1) };
                Some(MouseAction::Scrub(Scrub::Share(share)))
            }
            DragSource::List => {
                let lines = self.panes.list_lines()?;
                let row = at.y.clamp(lines.y, lines.bottom().saturating_sub(1).max(lines.y));
                Some(MouseAction::SelectLine(usize::from(row - lines.y)))
            }
        }
    }

    fn picture(&self, at: Position) -> Option<MouseAction> {
        let picture = self.sheet.or(self.strip)?.picture_at(at, self.pictures)?;
        let is_open = self.sheet.is_some() && picture == self.cursor;
        Some(if is_open { MouseAction::Act(Action::Enter) } else { MouseAction::Scrub(Scrub::Picture(picture)) })
    }
}

fn is_in(area: Option<Rect>, at: Position) -> bool {
    area.is_some_and(|area| area.contains(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{
        grid::Grid,
        panes::{Layout, View},
    };
    use crossterm::event::KeyModifiers;
    use ratatui::layout::Size;

    const LEFT: MouseButton = MouseButton::Left;
    const DOWN: MouseEventKind = MouseEventKind::Down(LEFT);
    const DRAG: MouseEventKind = MouseEventKind::Drag(LEFT);

    fn event(kind: MouseEventKind, column: u16, row: u16) -> MouseEvent {
        MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }
    }

    fn share(at: u16, of: u16) -> MouseAction {
        MouseAction::Scrub(Scrub::Share(Share { at, of }))
    }

    #[test]
    fn each_part_of_the_screen_takes_its_own() {
        let panes = Panes::new(Size::new(100, 30), Layout::Both, View::Panes);
        let areas = MouseAreas { panes, ..MouseAreas::default() };
        let (list, picture) = (panes.list_lines().unwrap(), panes.picture.unwrap());
        let check = |kind, (x, y), expected| {
            assert_eq!(action(event(kind, x, y), &areas, &mut DragSource::None), expected, "{kind:?} at {x},{y}");
        };
        check(DOWN, (list.x, list.y + 3), Some(MouseAction::SelectLine(3)));
        check(MouseEventKind::ScrollDown, (list.x, list.y), Some(MouseAction::Act(Action::Move(Move::Down))));
        check(MouseEventKind::ScrollUp, (picture.x, picture.y), Some(MouseAction::Scrub(Scrub::Step(-1))));
        check(DOWN, (picture.x, picture.y), None);
        check(DOWN, (0, 0), None);
        check(DRAG, (list.x, list.y), None);
        check(MouseEventKind::Moved, (list.x, list.y), None);
    }

    #[test]
    fn a_drag_goes_on_beside_the_timeline() {
        let panes = Panes::new(Size::new(100, 30), Layout::Both, View::Panes);
        let areas = MouseAreas { panes, ..MouseAreas::default() };
        let bar = panes.timeline_bar().unwrap();
        let last = bar.width - 1;
        let mut drag = DragSource::None;
        let mut take = |kind, x, y| action(event(kind, x, y), &areas, &mut drag);
        assert_eq!(take(DOWN, bar.x, bar.y), Some(share(0, last)));
        assert_eq!(take(DRAG, bar.x + 7, bar.y - 9), Some(share(7, last)), "over the picture");
        assert_eq!(take(DRAG, 0, bar.y), Some(share(0, last)), "over the list");
        assert_eq!(take(DRAG, bar.right() + 1, 29), Some(share(last, last)));
        assert_eq!(take(MouseEventKind::Up(LEFT), 3, 3), None);
        assert_eq!(take(DRAG, bar.x, bar.y), None, "the button is up");
    }

    #[test]
    fn a_picture_of_the_sheet_is_found_by_its_cells() {
        let area = Rect::new(1, 3, 98, 25);
        let grid = Grid { columns: 4, rows: 3, cell: Size::new(23, 7) };
        let page = GridPage { grid, area, first: 12 };
        let panes = Panes::new(Size::new(100, 30), Layout::Both, View::Sheet);
        let areas = MouseAreas { panes, sheet: Some(page), strip: None, pictures: 18, cursor: 13 };
        for place in 0..grid.page() {
            let (picture, caption) = grid.place(area, place);
            let expected = match place {
                1 => Some(MouseAction::Act(Action::Enter)),
                0..6 => Some(MouseAction::Scrub(Scrub::Picture(12 + place))),
                _ => None,
            };
            for at in [picture.as_position(), Position::new(picture.right() - 1, caption.y)] {
                assert_eq!(action(event(DOWN, at.x, at.y), &areas, &mut DragSource::None), expected, "{place}");
            }
        }
        let wheel = event(MouseEventKind::ScrollDown, 10, 10);
        assert_eq!(action(wheel, &areas, &mut DragSource::None), Some(MouseAction::Act(Action::Move(Move::Down))));
    }
}
