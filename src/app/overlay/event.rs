//! The overlay of an event as logged, or of the text of a notice.

use super::{
    content::{OverlayContent, OverlayContext},
    event_text::EventText,
};
use crate::{
    app::panes::overlay_columns,
    event::{Origin, Reveal},
    text::Safe,
};
use ratatui::layout::Size;

/// A text as logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventOverlay {
    /// The text at this place is being read.
    Reading(Origin),
    /// The text was read.
    Text(EventText),
    /// The text could not be read, for this reason.
    Failed(Safe),
}

impl EventOverlay {
    /// Wraps the text for another size of the screen.
    pub(super) fn resize(&mut self, screen: Size) {
        if let Self::Text(text) = self {
            text.fit(overlay_columns(screen));
        }
    }

    /// Takes the text that was read at a place, below a heading; ignores it if another one is awaited.
    pub(in crate::app) fn take(
        &mut self,
        origin: Origin,
        heading: &Safe,
        text: Result<Vec<u8>, Safe>,
        reveal: Reveal,
        screen: Size,
    ) {
        if *self == Self::Reading(origin) {
            *self = match text {
                Ok(bytes) => Self::Text(EventText::new(heading, &bytes, reveal, overlay_columns(screen))),
                Err(why) => Self::Failed(why),
            };
        }
    }
}

impl OverlayContent for EventOverlay {
    fn row_count(&self, _: &OverlayContext<'_>) -> usize {
        match self {
            Self::Text(text) => text.rows().len(),
            Self::Reading(_) | Self::Failed(_) => 0,
        }
    }
}
