//! The interface of an overlay: its rows, the meaning of a step in it, and the action of Enter.

use super::event_text::EventText;
use crate::{app::notices::Notices, catalog::Catalog, event::Origin, picture::EventKey};
use ratatui::layout::Size;

/// The state that overlays show.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct OverlayContext<'a> {
    pub(in crate::app) catalog: &'a Catalog,
    pub(in crate::app) notices: &'a Notices,
    pub(in crate::app) screen: Size,
}

/// The meaning of a step up or down in an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Navigation {
    /// It selects another row.
    SelectRow,
    /// It scrolls.
    Scroll,
}

/// The action of Enter in an overlay.
#[derive(Clone, Debug)]
pub(in crate::app) enum EnterAction {
    /// Close the overlay.
    Close,
    /// Do nothing.
    Stay,
    /// Close the overlay, and add these terms to the filter.
    Filter(Vec<String>),
    /// Close the overlay, and show the pictures of an event.
    Pin(EventKey),
    /// Read the text of an event or of a line, and show it above.
    Read(Origin),
    /// Show a text above.
    Show(EventText),
}

/// An overlay.
pub(in crate::app) trait OverlayContent {
    /// The number of rows.
    fn row_count(&self, context: &OverlayContext<'_>) -> usize;

    /// The meaning of a step.
    fn navigation(&self, _: &OverlayContext<'_>) -> Navigation {
        Navigation::Scroll
    }

    /// The action of Enter on a row.
    fn enter(&self, _row: usize, _: &OverlayContext<'_>) -> EnterAction {
        EnterAction::Close
    }

    /// The event in a row, for the key that shows events as logged.
    fn event(&self, _row: usize) -> Option<EventKey> {
        None
    }
}
