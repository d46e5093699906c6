//! Lines of text in the middle of an area.

use crate::ui::theme::{StyledText, Theme};
use ratatui::{buffer::Buffer, layout::Rect};

/// Draws lines in the middle of an area; those that do not fit are left out at the end.
pub(in crate::ui) fn draw_lines(buffer: &mut Buffer, area: Rect, lines: &[Vec<StyledText>], theme: Theme) {
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let top = area.y + (area.height - height) / 2;
    for (y, line) in (top..top + height).zip(lines) {
        theme.print_centred(buffer, Rect { y, height: 1, ..area }, line);
    }
}
