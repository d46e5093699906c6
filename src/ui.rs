//! The screen, as a pure function of the state.
//!
//! ```text
//!  thumbview  vod.log  ● live  10 s  220/min           ⚠ 3 unparsed  !      header
//!  All 1 284 │ FAILED 71 │ SUCCEED 1 201 │ other 12        filter [..]      header
//! ┌ Assets 4/4 ───────────┐┌ 14d7b2fa…bc3f  ✓ SUCCEED  6 samples ──────┐
//! │ ✓ c0ffee…001  12  1:00││                                           │    list, picture
//! │▶✓ 14d7b2…c3f   6  0:25││                the picture                │
//! │                       │├───────────────────────────────────────────┤
//! │                       ││ ●─────────●─────────◆────○─────────○      │    timeline
//! └───────────────────────┘└───────────────────────────────────────────┘
//!  j/k asset   h/l scrub   Space play   ? help       ▼ 14 new · End shows    footer
//! ```
//!
//! [`draw`] takes `&App` and returns the pictures that are not made of cells. Each part of the screen has a file; colours,
//! glyphs and spans are made in `theme` alone.

mod asset;
mod footer;
mod header;
mod hyperlinks;
mod list;
mod overlay;
mod picture;
mod sentence;
mod sheet;
mod theme;
mod time;
mod timeline;

use crate::{
    app::{
        App,
        list::tab::StatusTab,
        panes::{Panes, View},
    },
    picture::Placement,
    text::Safe,
};
use overlay::OverlayPane;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use theme::{Role, Theme, part};

/// The parts of a frame that are not cells.
#[derive(Debug, Default)]
pub struct Drawn {
    /// The pictures that the painter is to place.
    pub placements: Vec<Placement>,
    /// The place of the cursor, while something is typed.
    pub cursor: Option<Position>,
    /// The cells of addresses, and the addresses that they open, where the terminal has hyperlinks.
    pub links: Vec<(Rect, Safe)>,
    /// The status tabs that can be clicked, and their places.
    pub tabs: Vec<(Rect, StatusTab)>,
}

/// Draws a frame into a blank buffer of the screen's size.
pub fn draw(buffer: &mut Buffer, app: &App) -> Drawn {
    let area = buffer.area;
    let theme = Theme::of(app);
    let panes = app.panes();
    let overlay = app.open_overlay().map(|open| OverlayPane::new(app, &open, area, theme));
    // In the full view the picture has all rows; a prompt or a toast covers the last one.
    let bottom = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
    let footer = panes.footer.or((app.prompt().is_some() || app.toast().is_some()).then_some(bottom));
    let footer = footer.map(|footer| footer::area(app, footer, area));
    let covered: Vec<Rect> = overlay.iter().map(|overlay| overlay.area).chain(footer).collect();
    if panes == Panes::default() {
        theme.print(buffer, Rect { height: 1.min(area.height), ..area }, &[part("too small", Role::Plain)]);
        theme.restrict_to_glyphs(buffer);
        return Drawn::default();
    }
    if let Some(header) = panes.header {
        header::draw(buffer, header, app, theme);
    }
    let mut tabs = panes.tabs.map(|row| header::draw_tabs(buffer, row, app, theme)).unwrap_or_default();
    tabs.retain(|(area, _)| !covered.iter().any(|over| over.intersects(*area)));
    if let Some(list) = panes.list {
        list::draw(buffer, list, app, theme);
    }
    let is_failure = picture::failed_without_pictures(app).is_some();
    if let Some(outer) = panes.frame {
        theme.border(buffer, outer, &picture::title::title(app, usize::from(outer.width), theme));
        let timeline = panes.timeline.filter(|timeline| timeline.height > 1);
        if let Some(timeline) = timeline.filter(|_| !is_failure) {
            theme.rule(buffer, outer, timeline.y - 1);
        }
    }
    if let Some(timeline) = panes.timeline.filter(|_| !is_failure) {
        timeline::draw(buffer, timeline, app, theme);
    }
    if let Some(history) = panes.history {
        overlay::history::draw(buffer, history, app, theme);
    }
    let mut placements = match app.screen().view {
        View::Sheet => sheet::draw(buffer, app, theme, &covered),
        View::Panes | View::Full => picture::draw(buffer, app, theme, &covered),
    };
    placements.extend(sheet::draw_strip(buffer, app, theme, &covered));
    let linked = overlay.as_ref().map(|overlay| overlay.area).filter(|_| app.screen().canvas.has_hyperlinks);
    if let Some(overlay) = overlay {
        overlay.draw(buffer, app, theme);
    }
    let cursor = footer.and_then(|footer| {
        Theme::blank(buffer, footer);
        footer::draw(buffer, footer, app, theme)
    });
    theme.restrict_to_glyphs(buffer);
    let links = linked.map(|area| hyperlinks::find(buffer, area, app)).unwrap_or_default();
    Drawn { placements, cursor, links, tabs }
}
