//! The overlay over the screen, and the one beneath it that it was opened from.
//!
//! Each kind of overlay is a file of its own with its rows, the meaning of a step and the action of Enter, which
//! `OverlayKind::content` gives.

pub mod codes;
pub(super) mod content;
pub mod event;
pub mod event_text;
pub mod help;
pub mod history;
pub mod info;
pub mod notices;

use super::panes::overlay_rows;
use crate::picture::EventKey;
use codes::CodesOverlay;
pub use content::Navigation;
use content::{EnterAction, OverlayContent, OverlayContext};
use event::EventOverlay;
use help::HelpOverlay;
use history::HistoryOverlay;
use info::InfoOverlay;
use notices::NoticesOverlay;

/// An overlay and the place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// Its content.
    pub kind: OverlayKind,
    /// The selected row, or the first line that is shown.
    pub position: usize,
}

/// The content of an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverlayKind {
    /// The keys.
    Help(HelpOverlay),
    /// The facts about the picture.
    Info(InfoOverlay),
    /// The error codes.
    Codes(CodesOverlay),
    /// The events of the asset.
    History(HistoryOverlay),
    /// An event as logged.
    Event(EventOverlay),
    /// The unparsed lines and notices.
    Notices(NoticesOverlay),
}

impl OverlayKind {
    fn content(&self) -> &dyn OverlayContent {
        match self {
            Self::Help(help) => help,
            Self::Info(info) => info,
            Self::Codes(codes) => codes,
            Self::History(history) => history,
            Self::Event(event) => event,
            Self::Notices(notices) => notices,
        }
    }
}

/// The overlays that are open.
#[derive(Clone, Debug, Default)]
pub struct Overlays {
    open: Option<Overlay>,
    beneath: Option<Overlay>,
}

impl Overlays {
    /// The overlay over the screen.
    pub fn top(&self) -> Option<&Overlay> {
        self.open.as_ref()
    }

    /// Returns whether an overlay is open that hides the pictures. The facts about the picture go along with it.
    pub(super) fn covers_pictures(&self) -> bool {
        self.open.as_ref().is_some_and(|overlay| !matches!(overlay.kind, OverlayKind::Info(_)))
    }

    /// The meaning of a step in the open overlay.
    pub(super) fn navigation(&self, context: &OverlayContext<'_>) -> Option<Navigation> {
        self.open.as_ref().map(|overlay| overlay.kind.content().navigation(context))
    }

    /// Moves in the open overlay, which must not pass its last row.
    pub(super) fn step(&mut self, by: isize, context: &OverlayContext<'_>) {
        if let Some(overlay) = &mut self.open {
            let rows = overlay.kind.content().row_count(context);
            let last = match overlay.kind.content().navigation(context) {
                Navigation::SelectRow => rows.saturating_sub(1),
                Navigation::Scroll => rows.saturating_sub(overlay_rows(context.screen)),
            };
            overlay.position = overlay.position.saturating_add_signed(by).min(last);
        }
    }

    /// Applies Enter to the open overlay; `None` without one.
    pub(super) fn enter(&mut self, context: &OverlayContext<'_>) -> Option<EnterAction> {
        let overlay = self.open.as_ref()?;
        let action = overlay.kind.content().enter(overlay.position, context);
        match action {
            EnterAction::Close | EnterAction::Filter(_) | EnterAction::Pin(_) => self.close_all(),
            EnterAction::Stay | EnterAction::Read(_) | EnterAction::Show(_) => {}
        }
        Some(action)
    }

    /// The event in the selected row of the open overlay.
    pub(super) fn selected_event(&self) -> Option<EventKey> {
        let overlay = self.open.as_ref()?;
        overlay.kind.content().event(overlay.position)
    }

    /// Closes the open overlay; returns whether there was one. The one beneath it opens again.
    pub(super) fn close(&mut self) -> bool {
        let is_closed = self.open.is_some();
        self.open = self.beneath.take();
        is_closed
    }

    /// Closes all overlays.
    pub(super) fn close_all(&mut self) {
        (self.open, self.beneath) = (None, None);
    }

    /// Opens an overlay in place of all others, or closes it if one of its kind is open.
    pub(super) fn toggle(&mut self, kind: OverlayKind) {
        let is_open =
            self.open.as_ref().is_some_and(|open| std::mem::discriminant(&open.kind) == std::mem::discriminant(&kind));
        (self.open, self.beneath) = ((!is_open).then_some(Overlay { kind, position: 0 }), None);
    }

    /// Opens the overlay of a text above the open one, which opens again when it is closed.
    pub(super) fn open_text(&mut self, text: EventOverlay) {
        self.beneath = self.open.take();
        self.open = Some(Overlay { kind: OverlayKind::Event(text), position: 0 });
    }

    /// The open overlay of a text.
    pub(super) fn text(&mut self) -> Option<&mut EventOverlay> {
        match self.open.as_mut().map(|overlay| &mut overlay.kind) {
            Some(OverlayKind::Event(event)) => Some(event),
            _ => None,
        }
    }

    /// Adapts the open overlay to the size of the screen.
    pub(super) fn resize(&mut self, context: &OverlayContext<'_>) {
        if let Some(text) = self.text() {
            text.resize(context.screen);
        }
        self.step(0, context);
    }
}
