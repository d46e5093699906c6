//! The reason why no picture is shown: no asset, no event, no pictures.

use crate::{
    app::{App, list::tab::StatusTab, sources::LoadPhase},
    text::{Safe, number::counted},
};

/// Returns the reason in lines.
pub(super) fn reason(app: &App) -> Vec<Safe> {
    if app.selected().is_some() {
        return vec!["this event has no pictures".into()];
    }
    if app.catalog().tally().assets > 0 { nothing_listed(app) } else { nothing_read(app) }
}

fn nothing_listed(app: &App) -> Vec<Safe> {
    let status = match app.list().tab() {
        StatusTab::All => "",
        StatusTab::Failed => "FAILED ",
        StatusTab::Succeed => "SUCCEED ",
        StatusTab::Other => "other ",
    };
    let is_filtered = !app.list().filter().is_empty();
    let (what, keys) = match (is_filtered, app.list().tab() == StatusTab::All) {
        (false, _) => (format!("there are no {status}assets"), "`s` shows the next status, `Esc` all of them"),
        (true, true) => ("no asset passes the filter".to_owned(), "`Esc` clears it"),
        (true, false) => (format!("no {status}asset passes the filter"), "`Esc` clears it, `s` shows the next status"),
    };
    vec![Safe::from(what), keys.into()]
}

fn nothing_read(app: &App) -> Vec<Safe> {
    let lines = app.catalog().tally().counts.lines;
    if app.sources().phase() == LoadPhase::Loading {
        return vec!["reading…".into()];
    }
    if lines == 0 {
        return vec!["nothing has been read yet".into()];
    }
    let mut words = vec![Safe::new(&format!("no snapshot event in {}", counted(lines, "line")))];
    if let Some(folded) = app.notices().rejected().last() {
        words.push(Safe::new(&format!("what comes closest: {}", folded.latest.reason)));
        words.push("`!` shows it".into());
    }
    words
}
