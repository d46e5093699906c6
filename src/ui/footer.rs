//! The footer: a prompt, else a toast, else hints; on the right the events that arrived below.

mod hints;
mod prompt;

use super::{
    sentence::sentence,
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

/// Draws the footer; returns the place of the cursor while something is typed.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) -> Option<Position> {
    if let Some(line) = app.prompt() {
        return Some(prompt::draw(buffer, area, app, line, theme));
    }
    if let Some(text) = app.toast() {
        let mut left = vec![part(" ", Role::Plain)];
        left.extend(sentence(text, Role::Strong));
        theme.print_both(buffer, area, &left, &unread(app, theme));
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
