//! The overlay over the screen: a bordered area with a title, rows and a foot.
//!
//! The content of each kind of overlay is made in its own file; here it is measured, placed and drawn.

mod codes;
mod event;
mod help;
mod histogram;
pub(super) mod history;
mod info;
mod notices;

use super::theme::{Glyph, Role, StyledText, Theme, part};
use crate::app::{
    App,
    overlay::{Navigation, OpenOverlay, OverlayKind, event::EventOverlay, histogram::HistogramOverlay},
    panes::{OverlayPlace, OverlaySpace},
};
use ratatui::{buffer::Buffer, layout::Rect};

const AS_LOGGED: &str = "As logged";
/// The least width of an overlay on a screen that is wide enough.
const MIN_WIDTH: u16 = 24;

/// An overlay that was measured.
pub(super) struct OverlayPane<'a> {
    pub(super) area: Rect,
    content: PaneContent<'a>,
    position: usize,
    navigation: Navigation,
}

/// The content of an overlay.
enum PaneContent<'a> {
    Rows(OverlayRows),
    Histogram(&'a HistogramOverlay),
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

    /// The rows of an overlay; `None` for a chart.
    fn of(app: &App, open: &OpenOverlay<'_>, theme: Theme) -> Option<Self> {
        let (overlay, space) = (open.overlay(), open.space());
        let columns = space.columns();
        Some(match &overlay.kind {
            OverlayKind::Help(_) => Self::new("Keys", help::rows(columns)),
            OverlayKind::Info(_) => Self::new("Picture", info::rows(&open.picture_facts(), columns)),
            OverlayKind::Codes(codes) => {
                let content = Self::new("Error codes", codes::rows(app, &codes.rows, columns));
                let width = usize::from(content.width(space).saturating_sub(4)).max(8);
                let mut foot = codes::foot(&codes.rows, overlay.position, width);
                // A small screen is for the codes themselves.
                foot.truncate(space.rows() / 3);
                Self { legend: codes::count(codes) + codes::legend(columns), foot, ..content }
            }
            OverlayKind::Histogram(_) => return None,
            OverlayKind::History(history) => {
                Self::new("History, newest first", history::rows(app, &history.events, theme))
            }
            OverlayKind::Notices(notices) => {
                let content = Self::new("Unparsed lines and notices", notices::rows(app, notices));
                Self { legend: notices::more(app, notices), ..content }
            }
            OverlayKind::Event(EventOverlay::Reading(_)) => {
                Self::new(AS_LOGGED, vec![vec![part(" reading… ", Role::Dim)]])
            }
            OverlayKind::Event(EventOverlay::Failed(why)) => {
                let lines = why.wrap(columns).into_iter();
                Self::new(AS_LOGGED, lines.map(|line| vec![part(" ", Role::Plain), (line, Role::Warn)]).collect())
            }
            OverlayKind::Event(EventOverlay::Text(text)) => {
                let height = space.rows();
                let count = text.rows().len();
                let first = overlay.position.min(count.saturating_sub(height));
                let rows = event::rows(text, first, height);
                Self { count, first, widest: text.width() + 1, ..Self::new(AS_LOGGED, rows) }
            }
        })
    }

    /// The cells across, with the border. Beside the picture it is as wide as the list.
    fn width(&self, space: OverlaySpace) -> u16 {
        let most = space.area.width;
        match space.place {
            OverlayPlace::BesidePicture => most,
            OverlayPlace::OverScreen => {
                let width = u16::try_from(self.widest + 3).unwrap_or(u16::MAX);
                width.clamp(MIN_WIDTH, most.max(MIN_WIDTH)).min(most)
            }
        }
    }

    /// The area within the largest one.
    fn area(&self, space: OverlaySpace) -> Rect {
        let (most, width) = (space.area, self.width(space));
        let height = u16::try_from(self.count + self.foot.len() + 2).unwrap_or(u16::MAX).min(most.height);
        match space.place {
            OverlayPlace::BesidePicture => Rect { height, ..most },
            OverlayPlace::OverScreen => {
                Rect { x: most.x + (most.width - width) / 2, y: most.y + (most.height - height) / 2, width, height }
            }
        }
    }
}

impl<'a> OverlayPane<'a> {
    /// Measures the open overlay.
    pub(super) fn new(app: &App, open: &OpenOverlay<'a>, screen: Rect, theme: Theme) -> Self {
        let space = open.space();
        let (area, content) = match (&open.overlay().kind, OverlayRows::of(app, open, theme)) {
            (_, Some(rows)) => (rows.area(space), PaneContent::Rows(rows)),
            (OverlayKind::Histogram(bars), None) => (histogram::area(bars, space.area), PaneContent::Histogram(bars)),
            (_, None) => (Rect::ZERO, PaneContent::Rows(OverlayRows::new("", Vec::new()))),
        };
        let position = open.overlay().position;
        Self { area: area.intersection(screen), content, position, navigation: open.navigation() }
    }

    /// Draws the overlay over the screen.
    pub(super) fn draw(&self, buffer: &mut Buffer, app: &App, theme: Theme) {
        Theme::blank(buffer, self.area);
        match &self.content {
            PaneContent::Rows(rows) => self.draw_rows(buffer, rows, theme),
            PaneContent::Histogram(bars) => histogram::draw(buffer, self.area, bars, self.position, app, theme),
        }
    }

    fn draw_rows(&self, buffer: &mut Buffer, content: &OverlayRows, theme: Theme) {
        let selects = self.navigation == Navigation::SelectRow;
        let foot = u16::try_from(content.foot.len()).unwrap_or(u16::MAX).min(self.area.height.saturating_sub(3));
        let height = usize::from(self.area.height.saturating_sub(2 + foot));
        let is_cut = content.count > height;
        // A selected row is kept in view; a text begins at the line that it was scrolled to.
        let lowest = content.count.saturating_sub(height);
        let top = if selects { (self.position + 1).saturating_sub(height) } else { self.position.min(lowest) };
        let position = match (is_cut, selects) {
            (false, _) => String::new(),
            (true, true) => format!(" {}/{}", self.position + 1, content.count),
            (true, false) => format!(" {}–{} of {}", top + 1, top + height, content.count),
        };
        let title =
            [part(content.title, Role::Strong), part(position, Role::Dim), part(content.legend.as_str(), Role::Dim)];
        let inner = theme.border(buffer, self.area, &title);
        let end = inner.bottom().saturating_sub(foot);
        for (y, row) in (end..inner.bottom()).zip(&content.foot) {
            theme.print(buffer, Rect { y, height: 1, ..inner }, row);
        }
        let rows = (content.first..).zip(&content.rows).skip(top.saturating_sub(content.first));
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
