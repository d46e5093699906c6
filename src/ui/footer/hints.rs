//! The hints in the footer: the keys that are most useful now.

use crate::{
    app::{
        App,
        overlay::{Navigation, OverlayKind},
        panes::View,
    },
    ui::theme::{Role, StyledText, part},
};

/// A key, its action, and its rank by usefulness: for an asset with pictures, and for one without.
type Hint = (&'static str, &'static str, [usize; 2]);

/// The hints in the order of the screen, which is the same with and without pictures.
const HINTS: [Hint; 13] = [
    ("j/k", "asset", [0, 0]),
    ("h/l", "scrub", [1, 9]),
    ("Space", "play", [2, 10]),
    ("e", "failure", [3, 1]),
    ("t", "sheet", [4, 11]),
    ("?", "help", [5, 4]),
    ("f", "filter", [6, 6]),
    ("s", "status", [7, 7]),
    ("c", "codes", [8, 2]),
    ("b", "over time", [12, 12]),
    ("J", "event", [10, 3]),
    ("v", "history", [11, 5]),
    ("q", "quit", [9, 8]),
];

const OVER_CODES: [Hint; 3] =
    [("Enter", "add to the filter", [0, 0]), ("j/k", "move", [1, 1]), ("Esc", "close", [2, 2])];
const OVER_HISTOGRAM: [Hint; 3] =
    [("h/l", "pick a bar", [0, 0]), ("Enter", "filter to its time", [1, 1]), ("Esc", "close", [2, 2])];
const OVER_HISTORY: [Hint; 3] =
    [("Enter", "show its pictures", [0, 0]), ("j/k", "move", [1, 1]), ("Esc", "close", [2, 2])];
const OVER_NOTICES: [Hint; 3] = [("Enter", "show the line", [0, 0]), ("j/k", "move", [1, 1]), ("Esc", "close", [2, 2])];
const OVER_INFO: [Hint; 2] = [("h/l", "scrub", [0, 0]), ("Esc", "close", [1, 1])];
const OVER_TEXT: [Hint; 2] = [("j/k", "scroll", [0, 0]), ("Esc", "close", [1, 1])];
const ON_SHEET: [Hint; 5] = [
    ("hjkl", "move", [0, 0]),
    ("t", "close", [1, 1]),
    ("Enter", "go to it", [2, 2]),
    ("Space", "play", [3, 3]),
    ("?", "help", [4, 4]),
];
const ON_NOTHING: [Hint; 4] =
    [("f", "filter", [0, 0]), ("s", "status", [1, 1]), ("?", "help", [2, 2]), ("q", "quit", [3, 3])];

/// Returns the most useful hints that fit into `room` cells.
pub(super) fn hints(app: &App, room: usize) -> Vec<StyledText> {
    let hints = candidates(app);
    let column = usize::from(app.timeline().marks().is_empty());
    let most_useful = |count| hints.iter().filter(move |(.., ranks)| ranks[column] < count);
    let width = |count| most_useful(count).map(|(key, what, _)| key.len() + what.len() + 4).sum::<usize>();
    // One cell stays free before the text on the right.
    let count = (0..=hints.len()).rev().find(|count| width(*count) <= room + 1).unwrap_or(0);
    let mut parts = Vec::new();
    for (key, what, _) in most_useful(count) {
        parts.push(part(if parts.is_empty() { " " } else { "   " }, Role::Plain));
        parts.push(part(*key, Role::Accent));
        parts.push(part(format!(" {what}"), Role::Dim));
    }
    parts
}

fn candidates(app: &App) -> &'static [Hint] {
    let Some(open) = app.open_overlay() else {
        return match app.selected() {
            _ if app.screen().view == View::Sheet => &ON_SHEET,
            None => &ON_NOTHING,
            Some(_) => &HINTS,
        };
    };
    match (&open.overlay().kind, open.navigation()) {
        (OverlayKind::Info(_), _) => &OVER_INFO,
        (OverlayKind::Histogram(_), Navigation::SelectBar) => &OVER_HISTOGRAM,
        (OverlayKind::Codes(_), Navigation::SelectRow) => &OVER_CODES,
        (OverlayKind::History(_), Navigation::SelectRow) => &OVER_HISTORY,
        (OverlayKind::Notices(_), Navigation::SelectRow) => &OVER_NOTICES,
        (
            OverlayKind::Help(_)
            | OverlayKind::Event(_)
            | OverlayKind::Codes(_)
            | OverlayKind::Histogram(_)
            | OverlayKind::History(_)
            | OverlayKind::Notices(_),
            _,
        ) => &OVER_TEXT,
    }
}
