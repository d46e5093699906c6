//! The footer: a prompt, else a toast, else hints; on the right the events that arrived below.

mod hints;
mod prompt;

use super::{
    sentence::sentence_lines,
    theme::{Glyph, Role, StyledText, Theme, part},
};
use crate::{
    app::{
        App,
        list::order::{Criterion, SortDirection},
    },
    text::number::thousands,
};
use hints::hints;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

/// Returns the area of the footer on a screen: `row`, and rows above it where a toast needs them.
pub(super) fn area(app: &App, row: Rect, screen: Rect) -> Rect {
    let lines = toast_lines(app, row);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).clamp(1, (screen.height / 2).max(1));
    Rect { y: row.bottom().saturating_sub(height), height, ..row }
}

/// The lines of the toast; none while something is typed.
fn toast_lines(app: &App, area: Rect) -> Vec<Vec<StyledText>> {
    let text = app.toast().filter(|_| app.prompt().is_none());
    let width = usize::from(area.width.saturating_sub(2));
    let mut lines = text.map_or_else(Vec::new, |text| sentence_lines(text, Role::Strong, width));
    for line in &mut lines {
        line.insert(0, part(" ", Role::Plain));
    }
    lines
}

/// Draws the footer; returns the place of the cursor while something is typed.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) -> Option<Position> {
    if let Some(line) = app.prompt() {
        return Some(prompt::draw(buffer, area, app, line, theme));
    }
    let lines = toast_lines(app, area);
    if let [line] = &lines[..] {
        // The sentence goes before the count of new events.
        let right = unread(app, theme);
        let cells = |parts: &[StyledText]| parts.iter().map(|(text, _)| text.width()).sum::<usize>();
        let fits = cells(line) + cells(&right) < usize::from(area.width);
        theme.print_both(buffer, area, line, if fits { &right } else { &[] });
        return None;
    }
    if !lines.is_empty() {
        for (y, line) in (area.y..area.bottom()).zip(lines) {
            theme.print(buffer, Rect { y, height: 1, ..area }, &line);
        }
        return None;
    }
    let right = unread(app, theme);
    let room = usize::from(area.width)
        - right.iter().map(|(text, _)| text.width()).sum::<usize>().min(usize::from(area.width.saturating_sub(1)));
    theme.print_both(buffer, area, &hints(app, room), &right);
    None
}

/// The events that arrived below: `▼ 14 new, 3 FAILED · End shows`.
fn unread(app: &App, theme: Theme) -> Vec<StyledText> {
    let unread = app.list().unread();
    if unread.new == 0 {
        return Vec::new();
    }
    let failed =
        if unread.failed > 0 { format!(", {} FAILED", thousands(unread.failed as u64)) } else { String::new() };
    let (glyph, key) = match app.list().order().direction {
        SortDirection::Rising => (Glyph::Below, "End"),
        SortDirection::Falling => (Glyph::Above, "Home"),
    };
    let new = format!(" {} new{failed} ", thousands(unread.new as u64));
    // In another order they may be anywhere.
    if app.list().order().by != Criterion::Time {
        return vec![part(new, Role::Plain)];
    }
    vec![
        (theme.glyph(glyph), Role::Accent),
        part(format!("{new}· "), Role::Plain),
        part(key, Role::Accent),
        part(" shows ", Role::Dim),
    ]
}
