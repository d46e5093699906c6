//! The failure of an event: in the whole pane, or in a banner above pictures.

use crate::{
    app::{App, error_code::meaning},
    catalog::Asset,
    event::{Fault, Reveal},
    text::Safe,
    ui::{
        theme::{Role, StyledText, Theme, part},
        time::clock,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Returns the code, the message, the meaning and the advice.
pub(super) fn failure_lines(fault: Option<&Fault>, reveal: Reveal, area: Rect) -> Vec<Vec<StyledText>> {
    let width = usize::from(area.width.saturating_sub(4)).max(8);
    let (code, message) = (fault.map_or("", |fault| &fault.code), fault.map(|fault| fault.shown(reveal)));
    let message = message.unwrap_or_default();
    let code = if code.is_empty() { "FAILED without a code" } else { code };
    let mut lines = vec![vec![part(code, Role::Bad)]];
    lines.extend(message.wrap(width).into_iter().map(|line| vec![(line, Role::Plain)]));
    if let Some(meaning) = meaning(code) {
        lines.push(Vec::new());
        let sentences = [(meaning.what, Role::Plain), (meaning.advice, Role::Dim)];
        for (text, role) in sentences {
            lines.extend(Safe::new(text).wrap(width).into_iter().map(|line| vec![(line, role)]));
        }
    }
    lines
}

/// Draws the failure of the newest event above the pictures of an earlier success.
pub(super) fn draw_banner(buffer: &mut Buffer, area: Rect, asset: &Asset<'_>, app: &App, theme: Theme) {
    let fault = asset.fault();
    let (code, message) = (fault.map_or("", |fault| &fault.code), fault.map(|fault| fault.shown(app.options().reveal)));
    let message = message.unwrap_or_default();
    let first = [part(format!(" {code} "), Role::Bad), part(message, Role::Plain)];
    let second = meaning(code).map(|meaning| format!(" {}: {}", meaning.what, meaning.advice)).unwrap_or_default();
    let shown = app.shown_event().map(|key| app.catalog().event(key));
    let when = shown.and_then(|event| event.time).map(|time| format!(" of {}", clock(time, app)));
    let third = format!(" pictures of the earlier run{}", when.unwrap_or_default());
    let rows = [first.to_vec(), vec![part(second, Role::Plain)], vec![part(third, Role::Dim)]];
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        theme.print(buffer, Rect { y, height: 1, ..area }, &row);
    }
}
