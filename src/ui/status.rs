//! The footer: a prompt, else what was last said, else hints that fit; on the right what is new below.

use super::theme::{Glyph, Part, Role, Theme, part, thousands};
use crate::{
    app::{
        App, OverlayKind,
        assets::Direction,
        panes::View,
        prompt::{Prompt, Purpose},
    },
    event::Status,
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

/// Draws the row; returns where the cursor stands while something is typed.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, theme: Theme) -> Option<Position> {
    if let Some(prompt) = app.prompt() {
        return Some(draw_prompt(buffer, area, app, prompt, theme));
    }
    if let Some(text) = app.toast() {
        theme.print_both(buffer, area, &[part(" ", Role::Plain), (text.clone(), Role::Strong)], &news(app, theme));
        return None;
    }
    let right = news(app, theme);
    let room = usize::from(area.width)
        - right.iter().map(|(text, _)| text.width()).sum::<usize>().min(usize::from(area.width.saturating_sub(1)));
    theme.print_both(buffer, area, &hints(app, room), &right);
    None
}

fn draw_prompt(buffer: &mut Buffer, area: Rect, app: &App, prompt: &Prompt, theme: Theme) -> Position {
    let label = match prompt.purpose {
        Purpose::Search => " /",
        Purpose::Filter => " filter ",
        Purpose::GoTo => " go to ",
        Purpose::Write => " write ",
        Purpose::Replace => " write over ",
    };
    let (before, after) = prompt.parts();
    // A long line shows the end that is being typed.
    let room = usize::from(area.width).saturating_sub(label.len() + 1);
    let hidden = before.width().saturating_sub(room);
    let shown: String = before.as_str().chars().skip(hidden).collect();
    let shown = crate::text::Safe::new(&shown);
    let x = area.x + u16::try_from(label.len() + shown.width()).unwrap_or(0);
    let typed = [part(label, Role::Accent), (shown, Role::Plain), (after, Role::Plain)];
    theme.print_both(buffer, area, &typed, &prompt_hint(app, prompt, area));
    Position { x: x.min(area.right().saturating_sub(1)), y: area.y }
}

/// What can be typed, in the longest form that has room beside what was.
fn prompt_hint(app: &App, prompt: &Prompt, area: Rect) -> Vec<Part> {
    let key = |key: &str| part(key, Role::Accent);
    let dim = |text: &str| part(text, Role::Dim);
    let forms = match prompt.purpose {
        Purpose::Search | Purpose::Filter | Purpose::GoTo => return Vec::new(),
        Purpose::Write => {
            let listed = format!(" the {} listed   ", thousands(app.assets().rows().len() as u64));
            let short = vec![key("Tab"), dim(" next ")];
            let whole = [key(".jpg"), dim(" this picture   "), key(".json .jsonl .csv"), dim(&listed)];
            [[&whole[..], &short].concat(), short]
        }
        Purpose::Replace => {
            [vec![key("y"), dim(" writes over it, any other key does not ")], vec![key("y"), dim("/n ")]]
        }
    };
    let room = usize::from(area.width).saturating_sub(prompt.text().chars().count() + 16);
    let fits = |parts: &Vec<Part>| parts.iter().map(|(text, _)| text.width()).sum::<usize>() <= room;
    forms.into_iter().find(fits).unwrap_or_default()
}

/// As many hints as fit: a key, what it does.
fn hints(app: &App, room: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut used = 0;
    for (key, what) in wanted_hints(app) {
        let gap = if parts.is_empty() { 1 } else { 3 };
        used += gap + key.len() + 1 + what.len();
        // One cell stays free before what is new.
        if used + 1 > room {
            break;
        }
        parts.push(part(" ".repeat(gap), Role::Plain));
        parts.push(part(*key, Role::Accent));
        parts.push(part(format!(" {what}"), Role::Dim));
    }
    parts
}

/// Hints by what is on the screen, the most useful first.
fn wanted_hints(app: &App) -> &'static [(&'static str, &'static str)] {
    match app.overlay().map(|overlay| &overlay.kind) {
        Some(OverlayKind::Codes(_)) => return &[("Enter", "filter by code"), ("j/k", "move"), ("Esc", "close")],
        Some(OverlayKind::History(_)) => return &[("Enter", "show this run"), ("j/k", "move"), ("Esc", "close")],
        Some(_) => return &[("j/k", "scroll"), ("Esc", "close")],
        None => {}
    }
    if app.view() == View::Sheet {
        return &[("hjkl", "move"), ("t", "close"), ("Space", "play"), ("?", "help")];
    }
    let failed = app.selected().is_some_and(|asset| *asset.status() == Status::Failed);
    if failed && app.timeline().marks().is_empty() {
        return &[("j/k", "asset"), ("e", "failure"), ("c", "codes"), ("J", "event"), ("?", "help"), ("q", "quit")];
    }
    &[
        ("j/k", "asset"),
        ("h/l", "scrub"),
        ("Space", "play"),
        ("e", "failure"),
        ("t", "sheet"),
        ("?", "help"),
        ("f", "filter"),
        ("s", "status"),
        ("c", "codes"),
        ("q", "quit"),
    ]
}

/// `▼ 14 new, 3 FAILED · End shows`.
fn news(app: &App, theme: Theme) -> Vec<Part> {
    let unread = app.assets().unread();
    if unread.new == 0 {
        return Vec::new();
    }
    let failed =
        if unread.failed > 0 { format!(", {} FAILED", thousands(unread.failed as u64)) } else { String::new() };
    let (glyph, key) = match app.assets().order().direction {
        Direction::Rising => (Glyph::Below, "End"),
        Direction::Falling => (Glyph::Above, "Home"),
    };
    vec![
        (theme.glyph(glyph), Role::Accent),
        part(format!(" {} new{failed} · ", thousands(unread.new as u64)), Role::Plain),
        part(key, Role::Accent),
        part(" shows ", Role::Dim),
    ]
}
