//! The overlay of unparsed lines, of events with pictures of another asset, and of notices, newest first; Enter shows the
//! whole text of a row.
//!
//! It holds what there was when it was opened, so that its rows stay where they are while more come.

use super::{
    content::{EnterAction, Navigation, OverlayContent, OverlayContext},
    event_text::EventText,
};
use crate::{
    app::notices::{FoldedNotice, ForeignEvents, Notices},
    event::{Notice, Reveal},
    text::Safe,
};

/// The unparsed lines by reason, the events with pictures of another asset, then the notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticesOverlay {
    /// The unparsed lines by reason, the latest first.
    pub rejected: Vec<FoldedNotice>,
    /// The events with pictures of another asset.
    pub foreign: Option<ForeignEvents>,
    /// The notices, the newest first.
    pub notices: Vec<Notice>,
    /// The number of entries that were dropped.
    pub dropped: u64,
    /// The number of all that came before the overlay was opened.
    pub received: u64,
}

impl NoticesOverlay {
    /// Takes what there is now.
    pub(in crate::app) fn new(notices: &Notices) -> Self {
        Self {
            rejected: notices.rejected().rev().cloned().collect(),
            foreign: notices.foreign(),
            notices: notices.notices().rev().cloned().collect(),
            dropped: notices.dropped(),
            received: notices.received(),
        }
    }

    /// Returns the number of rows that stand for lines of the log.
    fn lines(&self) -> usize {
        self.rejected.len() + usize::from(self.foreign.is_some())
    }
}

impl OverlayContent for NoticesOverlay {
    fn row_count(&self, _: &OverlayContext<'_>) -> usize {
        // The last row tells how many were dropped.
        self.lines() + self.notices.len() + usize::from(self.dropped > 0)
    }

    fn navigation(&self, _: &OverlayContext<'_>) -> Navigation {
        let is_empty = self.lines() + self.notices.len() == 0;
        if is_empty { Navigation::Scroll } else { Navigation::SelectRow }
    }

    fn enter(&self, row: usize, context: &OverlayContext<'_>) -> EnterAction {
        if let Some(folded) = self.rejected.get(row) {
            return EnterAction::Read(folded.latest.origin);
        }
        if let Some(foreign) = self.foreign.filter(|_| row == self.rejected.len()) {
            return EnterAction::Read(foreign.first);
        }
        let columns = context.space(self).columns();
        match self.notices.get(row - self.lines()) {
            Some(notice) => EnterAction::Show(whole_text(&notice.text, columns)),
            None => EnterAction::Stay,
        }
    }
}

fn whole_text(text: &Safe, columns: usize) -> EventText {
    EventText::new(&Safe::default(), text.as_str().as_bytes(), Reveal::Show, columns)
}
