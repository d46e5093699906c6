//! The actions of the mouse: what a click, a drag or the wheel means at a place on the screen.

use super::{
    action::{Move, Scrub, Share},
    panes::Panes,
};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// An action of the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MouseAction {
    /// Move in the list, in the sheet or in the open overlay.
    Move(Move),
    /// Move the cursor on the timeline.
    Scrub(Scrub),
    /// Select the asset in a line of the list, counted from the top.
    SelectLine(usize),
}

/// Returns the action of a mouse event. Without `panes` an overlay covers the screen.
#[expect(clippy::wildcard_enum_match_arm, reason = "other mouse events have no action")]
pub(super) fn action(mouse: MouseEvent, panes: Option<Panes>) -> Option<MouseAction> {
    let at = Position::new(mouse.column, mouse.row);
    let panes = panes.unwrap_or_default();
    let under = |area: Option<Rect>| area.filter(|area| area.contains(at));
    let is_over_pictures = under(panes.timeline.or(panes.picture)).is_some();
    match mouse.kind {
        MouseEventKind::ScrollDown if is_over_pictures => Some(MouseAction::Scrub(Scrub::Step(1))),
        MouseEventKind::ScrollUp if is_over_pictures => Some(MouseAction::Scrub(Scrub::Step(-1))),
        MouseEventKind::ScrollDown => Some(MouseAction::Move(Move::Down)),
        MouseEventKind::ScrollUp => Some(MouseAction::Move(Move::Up)),
        MouseEventKind::Down(MouseButton::Left) | MouseEventKind::Drag(MouseButton::Left) => {
            if let Some(area) = under(panes.timeline) {
                let share = Share { at: at.x - area.x, of: area.width.saturating_sub(1).max(1) };
                return Some(MouseAction::Scrub(Scrub::Share(share)));
            }
            let list = under(panes.list_lines())?;
            Some(MouseAction::SelectLine(usize::from(at.y - list.y)))
        }
        _ => None,
    }
}
