//! The overlay of an asset's events; Enter shows the pictures of one, or its text if it has none.

use super::content::{EnterAction, Navigation, OverlayContent, OverlayContext};
use crate::picture::EventKey;

/// The events of an asset when the overlay was opened, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryOverlay {
    /// The events.
    pub events: Vec<EventKey>,
}

impl OverlayContent for HistoryOverlay {
    fn row_count(&self, _: &OverlayContext<'_>) -> usize {
        self.events.len()
    }

    fn navigation(&self, _: &OverlayContext<'_>) -> Navigation {
        if self.events.is_empty() { Navigation::Scroll } else { Navigation::SelectRow }
    }

    fn enter(&self, row: usize, context: &OverlayContext<'_>) -> EnterAction {
        let Some(key) = self.event(row) else { return EnterAction::Close };
        let event = context.catalog.event(key);
        if event.pictures.is_empty() { EnterAction::Read(event.origin) } else { EnterAction::Pin(key) }
    }

    fn event(&self, row: usize) -> Option<EventKey> {
        self.events.get(row).copied()
    }
}
