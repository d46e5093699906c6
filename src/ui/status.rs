//! The footer: a prompt, else what was last said, else hints that fit; on the right what is new below.

use super::theme::{Glyph, Role, StyledText, Theme, part, thousands};
use crate::{
    app::{
        App, OverlayKind,
        assets::{Criterion, SortDirection},
        filter::{Filter, FilterError, TextSearch},
        panes::View,
        prompt::{Prompt, Purpose},
    },
    text::Safe,
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
    let shown = Safe::new(&shown);
    let x = area.x + u16::try_from(label.len() + shown.width()).unwrap_or(0);
    let typed = [part(label, Role::Accent), (shown, Role::Plain), (after, Role::Plain)];
    theme.print_both(buffer, area, &typed, &prompt_hint(app, prompt, area));
    Position { x: x.min(area.right().saturating_sub(1)), y: area.y }
}

/// What can be typed, in the longest form that has room beside what was.
fn prompt_hint(app: &App, prompt: &Prompt, area: Rect) -> Vec<StyledText> {
    let key = |key: &str| part(key, Role::Accent);
    let dim = |text: &str| part(text, Role::Dim);
    let wrong = |error: FilterError| {
        let why = Safe::new(&error.to_string());
        vec![vec![(why, Role::Warn), dim(" ")], vec![part("not valid ", Role::Warn)]]
    };
    let text = prompt.text();
    let forms = match prompt.purpose {
        Purpose::Search => TextSearch::new(&text).map_or_else(wrong, |_fine| Vec::new()),
        Purpose::Filter if text.is_empty() => {
            let keys = "status: code: samples< since: until: host:";
            vec![
                vec![dim("words  "), key(keys), dim("  "), key("!"), dim(" negates ")],
                vec![key(keys), dim(" ")],
                vec![dim("words, status: code: … ")],
            ]
        }
        Purpose::Filter => Filter::parse(&text).map_or_else(wrong, |_fine| Vec::new()),
        Purpose::GoTo => vec![vec![dim("1:30, 90, #12 or @id ")]],
        Purpose::Write => {
            let listed = thousands(app.assets().rows().len() as u64);
            let tab = [key("Tab"), dim(" next ")];
            let names = [key(".jpg"), dim(" this picture   "), key(".json .jsonl .csv")];
            let whole = [&names[..], &[dim(&format!(" the {listed} listed   "))], &tab].concat();
            let short = vec![key("Tab"), dim(&format!(" jpg, or the {listed} listed as json, jsonl, csv "))];
            vec![whole, short, vec![key("Tab"), dim(" jpg json jsonl csv ")], tab.to_vec()]
        }
        Purpose::Replace => {
            vec![vec![key("y"), dim(" writes over it, any other key does not ")], vec![key("y"), dim("/n ")]]
        }
    };
    let room = usize::from(area.width).saturating_sub(Safe::new(&text).width() + 12);
    let fits = |parts: &Vec<StyledText>| parts.iter().map(|(text, _)| text.width()).sum::<usize>() <= room;
    forms.into_iter().find(fits).unwrap_or_default()
}

/// A key, what it does, and how many others are of more use: where there are pictures, and where there are none.
type Hint = (&'static str, &'static str, [usize; 2]);

/// As they stand on the screen, so that where all have room an asset with pictures and one without differ in none.
const HINTS: [Hint; 12] = [
    ("j/k", "asset", [0, 0]),
    ("h/l", "scrub", [1, 9]),
    ("Space", "play", [2, 10]),
    ("e", "failure", [3, 1]),
    ("t", "sheet", [4, 11]),
    ("?", "help", [5, 4]),
    ("f", "filter", [6, 6]),
    ("s", "status", [7, 7]),
    ("c", "codes", [8, 2]),
    ("J", "event", [10, 3]),
    ("v", "history", [11, 5]),
    ("q", "quit", [9, 8]),
];

const OVER_CODES: [Hint; 3] = [("Enter", "filter by code", [0, 0]), ("j/k", "move", [1, 1]), ("Esc", "close", [2, 2])];
const OVER_HISTORY: [Hint; 3] = [("Enter", "show this run", [0, 0]), ("j/k", "move", [1, 1]), ("Esc", "close", [2, 2])];
const OVER_JOURNAL: [Hint; 3] = [("Enter", "show the line", [0, 0]), ("j/k", "move", [1, 1]), ("Esc", "close", [2, 2])];
const OVER_INFO: [Hint; 2] = [("h/l", "scrub", [0, 0]), ("Esc", "close", [1, 1])];
const OVER_TEXT: [Hint; 2] = [("j/k", "scroll", [0, 0]), ("Esc", "close", [1, 1])];
const ON_SHEET: [Hint; 5] = [
    ("hjkl", "move", [0, 0]),
    ("t", "close", [1, 1]),
    ("Enter", "to it", [2, 2]),
    ("Space", "play", [3, 3]),
    ("?", "help", [4, 4]),
];
const ON_NOTHING: [Hint; 4] =
    [("f", "filter", [0, 0]), ("s", "status", [1, 1]), ("?", "help", [2, 2]), ("q", "quit", [3, 3])];

/// The hints of most use that fit.
fn hints(app: &App, room: usize) -> Vec<StyledText> {
    let hints: &[Hint] = match app.overlay().map(|overlay| &overlay.kind) {
        Some(OverlayKind::Info) => &OVER_INFO,
        Some(_) if !app.selects_row() => &OVER_TEXT,
        Some(OverlayKind::Codes(_)) => &OVER_CODES,
        Some(OverlayKind::History(_)) => &OVER_HISTORY,
        Some(_) => &OVER_JOURNAL,
        None if app.view() == View::Sheet => &ON_SHEET,
        None if app.selected().is_none() => &ON_NOTHING,
        None => &HINTS,
    };
    let here = usize::from(app.timeline().marks().is_empty());
    let of_most_use = |count| hints.iter().filter(move |(.., before)| before[here] < count);
    let width = |count| of_most_use(count).map(|(key, what, _)| key.len() + what.len() + 4).sum::<usize>();
    // One cell stays free before what is new.
    let count = (0..=hints.len()).rev().find(|count| width(*count) <= room + 1).unwrap_or(0);
    let mut parts = Vec::new();
    for (key, what, _) in of_most_use(count) {
        parts.push(part(if parts.is_empty() { " " } else { "   " }, Role::Plain));
        parts.push(part(*key, Role::Accent));
        parts.push(part(format!(" {what}"), Role::Dim));
    }
    parts
}

/// `▼ 14 new, 3 FAILED · End shows`.
fn news(app: &App, theme: Theme) -> Vec<StyledText> {
    let unread = app.assets().unread();
    if unread.new == 0 {
        return Vec::new();
    }
    let failed =
        if unread.failed > 0 { format!(", {} FAILED", thousands(unread.failed as u64)) } else { String::new() };
    let (glyph, key) = match app.assets().order().direction {
        SortDirection::Rising => (Glyph::Below, "End"),
        SortDirection::Falling => (Glyph::Above, "Home"),
    };
    let new = format!(" {} new{failed} ", thousands(unread.new as u64));
    // In any other order they stand anywhere.
    if app.assets().order().by != Criterion::Time {
        return vec![part(new, Role::Plain)];
    }
    vec![
        (theme.glyph(glyph), Role::Accent),
        part(format!("{new}· "), Role::Plain),
        part(key, Role::Accent),
        part(" shows ", Role::Dim),
    ]
}
