//! The overlay of an event as logged.

use crate::{
    app::overlay::event_text::{EventText, TextRow, TokenKind},
    ui::theme::{Role, StyledText, part},
};

/// Returns `count` rows of a text from the row `first` on; a text may have a hundred thousand.
pub(super) fn rows(text: &EventText, first: usize, count: usize) -> Vec<Vec<StyledText>> {
    text.rows().iter().skip(first).take(count).map(row).collect()
}

fn row(row: &TextRow) -> Vec<StyledText> {
    let role = |kind: TokenKind| match kind {
        TokenKind::Text => Role::Plain,
        TokenKind::Name => Role::Name,
        TokenKind::Value => Role::Strong,
        TokenKind::Mark => Role::Dim,
    };
    let margin = part(" ", Role::Plain);
    let pieces = row.iter().map(|(kind, text)| (text.clone(), role(*kind)));
    [margin].into_iter().chain(pieces).collect()
}
