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

/// Draws lines as a block in the middle of an area, aligned at the left.
pub(in crate::ui) fn draw_block(buffer: &mut Buffer, area: Rect, lines: &[Vec<StyledText>], theme: Theme) {
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let width_of = |line: &Vec<StyledText>| line.iter().map(|(text, _)| text.width()).sum::<usize>();
    let widest = u16::try_from(lines.iter().map(width_of).max().unwrap_or(0)).unwrap_or(u16::MAX);
    let (left, top) = (area.width.saturating_sub(widest) / 2, (area.height - height) / 2);
    let block = Rect { x: area.x + left, y: area.y + top, width: area.width - left, height };
    for (y, line) in (block.y..block.bottom()).zip(lines) {
        theme.print(buffer, Rect { y, height: 1, ..block }, line);
    }
}
