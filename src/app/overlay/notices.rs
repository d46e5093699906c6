//! The overlay of unparsed lines and notices, newest first; Enter shows the whole text of a row.

use super::{
    content::{EnterAction, Navigation, OverlayContent, OverlayContext},
    event_text::EventText,
};
use crate::{app::panes::overlay_columns, event::Reveal, text::Safe};
use ratatui::layout::Size;

/// The unparsed lines by reason, then the notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticesOverlay;

impl OverlayContent for NoticesOverlay {
    fn row_count(&self, context: &OverlayContext<'_>) -> usize {
        let notices = context.notices;
        // The last row tells how many were dropped.
        notices.rejected().len() + notices.notices().len() + usize::from(notices.dropped() > 0)
    }

    fn navigation(&self, context: &OverlayContext<'_>) -> Navigation {
        let is_empty = context.notices.rejected().len() + context.notices.notices().len() == 0;
        if is_empty { Navigation::Scroll } else { Navigation::SelectRow }
    }

    fn enter(&self, row: usize, context: &OverlayContext<'_>) -> EnterAction {
        let notices = context.notices;
        if let Some(folded) = notices.rejected().rev().nth(row) {
            return EnterAction::Read(folded.latest.origin);
        }
        match notices.notices().rev().nth(row - notices.rejected().len()) {
            Some(notice) => EnterAction::Show(whole_text(&notice.text, context.screen)),
            None => EnterAction::Stay,
        }
    }
}

fn whole_text(text: &Safe, screen: Size) -> EventText {
    EventText::new(&Safe::default(), text.as_str().as_bytes(), Reveal::Show, overlay_columns(screen))
}
