//! The overlay over the screen: a bordered area with a title, rows and a foot.
//!
//! The content of each kind of overlay is made in its own file; here it is measured, placed and drawn.

mod codes;
mod event;
mod help;
pub(super) mod history;
mod info;
mod notices;

use super::theme::{Glyph, Role, StyledText, Theme, part};
use crate::app::{
    App,
    overlay::{Navigation, Overlay, OverlayKind, event::EventOverlay},
    panes::overlay_rows,
};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
};

const AS_LOGGED: &str = "As logged";
/// The least width of an overlay on a screen that is wide enough.
const MIN_WIDTH: u16 = 24;

/// An overlay that was measured.
pub(super) struct OverlayPane {
    pub(super) area: Rect,
    content: OverlayRows,
    position: usize,
    navigation: Navigation,
}

/// The content of an overlay.
struct OverlayRows {
    title: &'static str,
    /// The names of the columns.
    legend: String,
    /// The number of all rows.
    count: usize,
    /// The index of the first of `rows`.
    first: usize,
    rows: Vec<Vec<StyledText>>,
    /// The cells of the widest of all rows.
    widest: usize,
    /// Lines about the selected row, below all rows.
    foot: Vec<Vec<StyledText>>,
}

impl OverlayRows {
    fn new(title: &'static str, rows: Vec<Vec<StyledText>>) -> Self {
        let width_of = |row: &Vec<StyledText>| row.iter().map(|(text, _)| text.width()).sum::<usize>();
        let widest = rows.iter().map(width_of).max().unwrap_or(0);
        Self { title, legend: String::new(), count: rows.len(), first: 0, rows, widest, foot: Vec::new() }
    }

    fn of(app: &App, overlay: &Overlay, screen: Size, theme: Theme) -> Self {
        match &overlay.kind {
            OverlayKind::Help(_) => Self::new("Keys", help::rows()),
            OverlayKind::Info(_) => Self::new("Picture", info::rows(app)),
            OverlayKind::Codes(codes) => {
                let content = Self::new("Error codes", codes::rows(app, &codes.rows));
                let columns = usize::from(content.width(screen).saturating_sub(4)).max(8);
                let mut foot = codes::foot(&codes.rows, overlay.position, columns);
                // A small screen is for the codes themselves.
                foot.truncate(usize::from(screen.height / 4));
                Self { legend: codes::count(codes) + codes::LEGEND, foot, ..content }
            }
            OverlayKind::History(history) => {
                Self::new("History, newest first", history::rows(app, &history.events, theme))
            }
            OverlayKind::Notices(_) => Self::new("Unparsed lines and notices", notices::rows(app)),
            OverlayKind::Event(EventOverlay::Reading(_)) => {
                Self::new(AS_LOGGED, vec![vec![part(" reading… ", Role::Dim)]])
            }
            OverlayKind::Event(EventOverlay::Failed(why)) => {
                Self::new(AS_LOGGED, vec![vec![(why.clone(), Role::Warn)]])
            }
            OverlayKind::Event(EventOverlay::Text(text)) => {
                let height = overlay_rows(screen);
                let count = text.rows().len();
                let first = overlay.position.min(count.saturating_sub(height));
                let rows = event::rows(text, first, height);
                Self { count, first, widest: text.width() + 1, ..Self::new(AS_LOGGED, rows) }
            }
        }
    }

    /// The cells across, with the border.
    fn width(&self, screen: Size) -> u16 {
        let width = u16::try_from(self.widest + 3).unwrap_or(u16::MAX);
        width.clamp(MIN_WIDTH, screen.width.max(MIN_WIDTH)).min(screen.width)
    }
}

impl OverlayPane {
    /// Measures the open overlay.
    pub(super) fn new(app: &App, overlay: &Overlay, screen: Rect, theme: Theme) -> Self {
        let content = OverlayRows::of(app, overlay, screen.as_size(), theme);
        let width = content.width(screen.as_size());
        let height = u16::try_from(content.count + content.foot.len() + 2).unwrap_or(u16::MAX);
        let height = height.min(screen.height.saturating_sub(2));
        let area = Rect {
            x: (screen.width - width) / 2,
            y: 1.min(screen.height) + screen.height.saturating_sub(2 + height) / 2,
            width,
            height,
        };
        let navigation = app.overlay_navigation().unwrap_or(Navigation::Scroll);
        Self { area: area.intersection(screen), content, position: overlay.position, navigation }
    }

    /// Draws the overlay over the screen.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: Theme) {
        let selects = self.navigation == Navigation::SelectRow;
        Theme::blank(buffer, self.area);
        let foot = u16::try_from(self.content.foot.len()).unwrap_or(u16::MAX).min(self.area.height.saturating_sub(3));
        let height = usize::from(self.area.height.saturating_sub(2 + foot));
        let is_cut = self.content.count > height;
        // A selected row is kept in view; a text begins at the line that it was scrolled to.
        let lowest = self.content.count.saturating_sub(height);
        let top = if selects { (self.position + 1).saturating_sub(height) } else { self.position.min(lowest) };
        let position = match (is_cut, selects) {
            (false, _) => String::new(),
            (true, true) => format!(" {}/{}", self.position + 1, self.content.count),
            (true, false) => format!(" {}–{} of {}", top + 1, top + height, self.content.count),
        };
        let title = [
            part(self.content.title, Role::Strong),
            part(position, Role::Dim),
            part(self.content.legend.as_str(), Role::Dim),
        ];
        let inner = theme.border(buffer, self.area, &title);
        let end = inner.bottom().saturating_sub(foot);
        for (y, row) in (end..inner.bottom()).zip(&self.content.foot) {
            theme.print(buffer, Rect { y, height: 1, ..inner }, row);
        }
        let rows = (self.content.first..).zip(&self.content.rows).skip(top.saturating_sub(self.content.first));
        for (y, (index, row)) in (inner.y..end).zip(rows) {
            let line = Rect { y, height: 1, ..inner };
            if selects && index == self.position {
                theme.print(buffer, line, &[(theme.glyph(Glyph::Selected), Role::Accent)]);
            }
            let shift = u16::from(selects);
            let line = Rect { x: line.x + shift, width: line.width.saturating_sub(shift), ..line };
            theme.print(buffer, line, row);
        }
    }
}
