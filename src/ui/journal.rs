//! Lines that could not be read, folded by reason, and what happened to the sources.

use super::{
    assets::clock,
    theme::{Role, StyledText, part, thousands},
};
use crate::app::App;

/// One row a reason with its latest line, then one a notice, the newest first.
pub(super) fn rows(app: &App) -> Vec<Vec<StyledText>> {
    let journal = app.journal();
    let mut rows: Vec<Vec<StyledText>> = Vec::new();
    for folded in journal.rejected().rev() {
        let origin = folded.latest.origin;
        let line = origin.line.map_or_else(|| format!("@{}", origin.byte), |line| line.to_string());
        let place = format!("{}:{line}:{}", app.catalog().file_name(origin.file), folded.latest.column);
        rows.push(vec![
            part(format!(" {:>5}× ", thousands(folded.count)), Role::Warn),
            part(format!("{}  ", folded.latest.reason), Role::Plain),
            part(format!("{place}  "), Role::Dim),
            (folded.latest.raw.clone(), Role::Dim),
        ]);
    }
    for notice in journal.notices().rev() {
        rows.push(vec![
            part(format!(" {:>6} ", clock(notice.time, app)), Role::Dim),
            (notice.text.clone(), Role::Plain),
        ]);
    }
    if journal.dropped() > 0 {
        rows.push(vec![part(format!(" {} older rows are not kept ", journal.dropped()), Role::Dim)]);
    }
    if rows.is_empty() {
        rows.push(vec![part(" every line that looked like an event was read ", Role::Dim)]);
    }
    rows
}
