//! The overlay of an event as logged, or of the text of a notice.

use super::{
    content::{OverlayContent, OverlayContext},
    event_text::EventText,
};
use crate::{event::Origin, text::Safe};

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
    pub(super) fn resize(&mut self, context: &OverlayContext<'_>) {
        let columns = context.space(self).columns();
        if let Self::Text(text) = self {
            text.fit(columns);
        }
    }

    /// Takes the text that was read at a place, below a heading; ignores it if another one is awaited.
    pub(in crate::app) fn take(
        &mut self,
        origin: Origin,
        heading: &Safe,
        text: Result<Vec<u8>, Safe>,
        context: &OverlayContext<'_>,
    ) {
        if *self == Self::Reading(origin) {
            let columns = context.space(self).columns();
            *self = match text {
                Ok(bytes) => Self::Text(EventText::new(heading, &bytes, context.options.reveal, columns)),
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
