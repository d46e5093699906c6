//! The reason why no picture is shown: no asset, no event, no pictures.

use crate::{
    app::{App, list::tab::StatusTab, sources::LoadPhase},
    text::Safe,
};

/// Returns the reason in lines.
pub(super) fn reason(app: &App) -> Vec<Safe> {
    if app.selected().is_some() {
        return vec!["this event holds no pictures".into()];
    }
    if app.catalog().tally().assets > 0 { nothing_listed(app) } else { nothing_read(app) }
}

fn nothing_listed(app: &App) -> Vec<Safe> {
    let words: &[&str] = match (app.list().filter().is_empty(), app.list().tab() == StatusTab::All) {
        (true, _) => &["no asset has such a status", "s shows the next, Esc all"],
        (false, true) => &["no asset passes the filter", "Esc clears it"],
        (false, false) => &["no asset of such a status passes the filter", "Esc clears it, s shows the next status"],
    };
    words.iter().copied().map(Safe::from).collect()
}

fn nothing_read(app: &App) -> Vec<Safe> {
    let lines = app.catalog().tally().counts.lines;
    if app.sources().phase() == LoadPhase::Loading {
        return vec!["reading…".into()];
    }
    if lines == 0 {
        return vec!["nothing was read yet".into()];
    }
    let mut words = vec![Safe::new(&format!("no snapshot event in {lines} lines"))];
    if let Some(folded) = app.notices().rejected().last() {
        words.push(Safe::new(&format!("the nearest miss: {}", folded.latest.reason)));
        words.push("! shows it".into());
    }
    words
}
