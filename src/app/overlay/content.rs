//! The interface of an overlay: its rows, the meaning of a step in it, and the action of Enter.

use super::event_text::EventText;
use crate::{
    app::{
        list::AssetList,
        message::Now,
        notices::Notices,
        options::AppOptions,
        panes::OverlaySpace,
        screen::ScreenState,
        viewer::{check::PictureCheck, pane::PicturePane},
    },
    catalog::{Asset, Catalog},
    event::Origin,
    picture::EventKey,
};

/// The state that overlays show.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct OverlayContext<'a> {
    pub(in crate::app) catalog: &'a Catalog,
    pub(in crate::app) list: &'a AssetList,
    pub(in crate::app) notices: &'a Notices,
    pub(in crate::app) pane: PicturePane<'a>,
    pub(in crate::app) check: &'a PictureCheck,
    pub(in crate::app) screen: &'a ScreenState,
    pub(in crate::app) options: &'a AppOptions,
    pub(in crate::app) now: Now,
}

/// The meaning of a step in an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Navigation {
    /// Up and down select another row.
    SelectRow,
    /// Left and right select another bar, and so do up and down.
    SelectBar,
    /// Up and down scroll.
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

    /// The least cells across for which it stands beside the picture rather than over it.
    fn least_width(&self) -> u16 {
        56
    }

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

impl<'a> OverlayContext<'a> {
    /// The largest area of an overlay.
    pub(in crate::app) fn space(&self, overlay: &dyn OverlayContent) -> OverlaySpace {
        self.screen.panes().overlay_space(self.screen.size, overlay.least_width())
    }

    /// The selected asset.
    pub(in crate::app) fn selected(&self) -> Option<Asset<'a>> {
        self.catalog.asset(self.list.selected()?)
    }
}
