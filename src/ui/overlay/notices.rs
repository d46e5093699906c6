//! The overlay of unparsed lines by reason, of events with pictures of another asset, and of notices.

use crate::{
    app::{App, overlay::notices::NoticesOverlay},
    event::Origin,
    text::number::{counted, thousands},
    ui::{
        sentence::sentence,
        theme::{Role, StyledText, part},
        time::clock,
    },
};

/// Returns how many came since the overlay was opened: `  3 more since it was opened`.
pub(super) fn more(app: &App, overlay: &NoticesOverlay) -> String {
    match app.notices().received() - overlay.received {
        0 => String::new(),
        more => format!("  {} more since it was opened", thousands(more)),
    }
}

/// Returns a row for each reason with its latest line, one for events with pictures of another asset with the first of
/// them, then one for each notice, the newest first.
pub(super) fn rows(app: &App, overlay: &NoticesOverlay) -> Vec<Vec<StyledText>> {
    let mut rows: Vec<Vec<StyledText>> = Vec::new();
    for folded in &overlay.rejected {
        let place = format!("{}:{}", place(app, folded.latest.origin), folded.latest.column);
        rows.push(vec![
            part(format!(" {:>5}× ", thousands(folded.count)), Role::Warn),
            part(format!("{}  ", folded.latest.reason), Role::Plain),
            part(format!("{place}  "), Role::Dim),
            (folded.latest.raw.clone(), Role::Dim),
        ]);
    }
    if let Some(foreign) = overlay.foreign {
        let words = if foreign.count == 1 { "event has pictures" } else { "events have pictures" };
        rows.push(vec![
            part(format!(" {:>5}× ", thousands(foreign.count)), Role::Warn),
            part(format!("{words} of another asset  "), Role::Plain),
            part(format!("first {}  ", place(app, foreign.first)), Role::Dim),
        ]);
    }
    for notice in &overlay.notices {
        let mut row = vec![part(format!(" {:>6} ", clock(notice.time, app)), Role::Dim)];
        row.extend(sentence(&notice.text, Role::Plain));
        rows.push(row);
    }
    if overlay.dropped > 0 {
        rows.push(vec![part(format!(" {} no longer kept ", counted(overlay.dropped, "older row")), Role::Dim)]);
    }
    if rows.is_empty() {
        rows.push(vec![part(" no unparsed lines and no notices ", Role::Dim)]);
    }
    rows
}

/// Writes a place of a log: `vod.log:12`.
fn place(app: &App, origin: Origin) -> String {
    format!("{}:{}", app.catalog().file_name(origin.file), origin.place())
}
