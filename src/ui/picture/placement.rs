//! A picture in its area: as blocks, or left to the painter.

use crate::{
    picture::{Placement, Prepared},
    ui::theme::Theme,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws a picture of blocks, or leaves its cells to the painter and returns its placement. A picture that one of the
/// `covered` areas touches is not drawn by the painter.
pub(in crate::ui) fn draw_placement(
    buffer: &mut Buffer,
    placement: Placement,
    theme: Theme,
    covered: &[Rect],
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
            if covered.iter().any(|over| over.intersects(placement.area)) {
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
