//! The overlay over the screen, and the one beneath it that it was opened from.
//!
//! Each kind of overlay is a file of its own with its rows, the meaning of a step and the action of Enter, which
//! `OverlayKind::content` gives.

pub mod codes;
pub(super) mod content;
pub mod event;
pub mod event_text;
pub mod help;
pub mod histogram;
pub mod history;
pub mod info;
pub mod notices;

use super::{
    action::OverlayAction,
    panes::{OverlayPlace, OverlaySpace},
};
use crate::{event::Origin, picture::EventKey, text::Safe};
use codes::CodesOverlay;
pub use content::Navigation;
use content::{EnterAction, OverlayContent, OverlayContext};
use event::EventOverlay;
use help::HelpOverlay;
use histogram::HistogramOverlay;
use history::HistoryOverlay;
use info::{Fact, InfoOverlay, facts};
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
    /// The events over time.
    Histogram(HistogramOverlay),
    /// The events of the asset.
    History(HistoryOverlay),
    /// An event as logged.
    Event(EventOverlay),
    /// The unparsed lines and notices.
    Notices(NoticesOverlay),
}

impl OverlayKind {
    /// Makes the content of an overlay; `None` if it needs a selected asset and there is none, and for the text of an
    /// event, which is read first.
    pub(super) fn new(action: OverlayAction, context: &OverlayContext<'_>) -> Option<Self> {
        Some(match action {
            OverlayAction::Help => Self::Help(HelpOverlay),
            OverlayAction::Info => Self::Info(InfoOverlay),
            OverlayAction::Notices => Self::Notices(NoticesOverlay::new(context.notices)),
            OverlayAction::Codes => Self::Codes(CodesOverlay::new(context)),
            OverlayAction::Histogram => Self::Histogram(HistogramOverlay::new(context)),
            OverlayAction::History => Self::History(HistoryOverlay { events: context.selected()?.history().collect() }),
            OverlayAction::Event => return None,
        })
    }

    fn content(&self) -> &dyn OverlayContent {
        match self {
            Self::Help(help) => help,
            Self::Info(info) => info,
            Self::Codes(codes) => codes,
            Self::Histogram(histogram) => histogram,
            Self::History(history) => history,
            Self::Event(event) => event,
            Self::Notices(notices) => notices,
        }
    }
}

/// An open overlay with what it shows.
#[derive(Debug)]
pub struct OpenOverlay<'a> {
    overlay: &'a Overlay,
    context: OverlayContext<'a>,
}

impl<'a> OpenOverlay<'a> {
    pub(super) fn new(overlay: &'a Overlay, context: OverlayContext<'a>) -> Self {
        Self { overlay, context }
    }

    /// Its content and the place in it.
    pub fn overlay(&self) -> &'a Overlay {
        self.overlay
    }

    /// The meaning of a step.
    pub fn navigation(&self) -> Navigation {
        self.overlay.kind.content().navigation(&self.context)
    }

    /// Its largest area.
    pub fn space(&self) -> OverlaySpace {
        self.context.space(self.overlay.kind.content())
    }

    /// The facts about the picture under the cursor.
    pub fn picture_facts(&self) -> Vec<Fact> {
        facts(&self.context)
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
    pub(super) fn covers_pictures(&self, context: &OverlayContext<'_>) -> bool {
        let is_over_screen = |open: &Overlay| context.space(open.kind.content()).place == OverlayPlace::OverScreen;
        self.covers_list() && self.open.as_ref().is_some_and(is_over_screen)
    }

    /// Returns whether an overlay is open that does not change with the selected asset.
    pub(super) fn covers_list(&self) -> bool {
        self.open.as_ref().is_some_and(|overlay| !matches!(overlay.kind, OverlayKind::Info(_)))
    }

    /// Selects another bar of the open overlay; returns whether it has bars.
    pub(super) fn pick(&mut self, by: i32, context: &OverlayContext<'_>) -> bool {
        let navigation = self.open.as_ref().map(|overlay| overlay.kind.content().navigation(context));
        let has_bars = navigation == Some(Navigation::SelectBar);
        if has_bars {
            self.step(isize::try_from(by).unwrap_or(0), context);
        }
        has_bars
    }

    /// Moves in the open overlay, which must not pass its last row.
    pub(super) fn step(&mut self, by: isize, context: &OverlayContext<'_>) {
        if let Some(overlay) = &mut self.open {
            let rows = overlay.kind.content().row_count(context);
            let last = match overlay.kind.content().navigation(context) {
                Navigation::SelectRow | Navigation::SelectBar => rows.saturating_sub(1),
                Navigation::Scroll => rows.saturating_sub(context.space(overlay.kind.content()).rows()),
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

    /// Closes all overlays if the open one does not change with the selected asset.
    pub(super) fn uncover_list(&mut self) {
        if self.covers_list() {
            self.close_all();
        }
    }

    /// Opens an overlay in place of all others, or closes it if one of its kind is open.
    pub(super) fn toggle(&mut self, kind: OverlayKind) {
        let is_open =
            self.open.as_ref().is_some_and(|open| std::mem::discriminant(&open.kind) == std::mem::discriminant(&kind));
        let position = match &kind {
            OverlayKind::Histogram(histogram) => histogram.bars.len().saturating_sub(1),
            OverlayKind::Help(_)
            | OverlayKind::Info(_)
            | OverlayKind::Codes(_)
            | OverlayKind::History(_)
            | OverlayKind::Event(_)
            | OverlayKind::Notices(_) => 0,
        };
        (self.open, self.beneath) = ((!is_open).then_some(Overlay { kind, position }), None);
    }

    /// Counts the events over time again if there are more; returns whether there are.
    pub(super) fn refresh(&mut self, context: &OverlayContext<'_>) -> bool {
        let Some(Overlay { kind: OverlayKind::Histogram(histogram), position }) = &mut self.open else { return false };
        let is_due = histogram.is_outdated(context);
        if is_due {
            *position = histogram.recount(*position, context);
        }
        is_due
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

    /// Takes the text that was read at a place, below a heading; ignores it if another one is awaited.
    pub(super) fn take_text(
        &mut self,
        origin: Origin,
        heading: &Safe,
        text: Result<Vec<u8>, Safe>,
        context: &OverlayContext<'_>,
    ) {
        if let Some(overlay) = self.text() {
            overlay.take(origin, heading, text, context);
        }
    }

    /// Adapts the open overlay to the size of the screen.
    pub(super) fn resize(&mut self, context: &OverlayContext<'_>) {
        if let Some(text) = self.text() {
            text.resize(context);
        }
        if let Some(Overlay { kind: OverlayKind::Histogram(histogram), position }) = &mut self.open {
            *position = histogram.recount(*position, context);
        }
        self.step(0, context);
    }
}
