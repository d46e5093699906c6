//! The screen, as a pure function of the state.
//!
//! ```text
//!  thumbview  vod.log  ● live  10 s  220/min           ⚠ 3 unparsed  !      header
//!  All 1 284 │ FAILED 71 │ SUCCEED 1 201 │ other 12        filter [..]      header
//! ┌ Assets 4/4 ───────────┐┌ 14d7b2fa…bc3f  ✓ SUCCEED  6 samples ──────┐
//! │ ✓ c0ffee…001  12  1:00││                                           │    assets, picture
//! │▶✓ 14d7b2…c3f   6  0:25││                the picture                │
//! │                       │├───────────────────────────────────────────┤
//! │                       ││ ●─────────●─────────◆────○─────────○      │    timeline
//! └───────────────────────┘└───────────────────────────────────────────┘
//!  j/k asset   h/l scrub   Space play   ? help       ▼ 14 new · End shows    status
//! ```
//!
//! [`draw`] takes `&App` and returns where pictures go that are not made of cells. One file a box; colours, glyphs and
//! spans are made in `theme` alone.

mod assets;
mod codes;
mod header;
mod help;
mod history;
mod info;
mod journal;
mod picture;
mod sheet;
mod status;
mod theme;
mod timeline;

use crate::{
    app::{
        App, Overlay, OverlayKind,
        panes::{View, overlay_rows},
        raw::{self, Tone},
    },
    picture::Placement,
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use theme::{Glyph, Role, StyledText, Theme, part};

/// What a frame has besides its cells.
#[derive(Debug, Default)]
pub struct Drawn {
    /// The pictures that the painter is to place.
    pub placements: Vec<Placement>,
    /// Where the cursor shows, while something is typed.
    pub cursor: Option<Position>,
}

/// Draws a frame into a blank buffer of the screen's size.
pub fn draw(buffer: &mut Buffer, app: &App) -> Drawn {
    let area = buffer.area;
    let theme = Theme::of(app);
    let panes = app.panes();
    let overlay = app.overlay().map(|overlay| Popup::new(app, overlay, area, theme));
    let covered = overlay.as_ref().map(|overlay| overlay.area);
    if panes == crate::app::panes::Panes::default() {
        theme.print(buffer, Rect { height: 1.min(area.height), ..area }, &[part("too small", Role::Plain)]);
        theme.keep_to_glyphs(buffer);
        return Drawn::default();
    }
    if let Some(header) = panes.header {
        header::draw(buffer, header, app, theme);
    }
    if let Some(tabs) = panes.tabs {
        header::draw_tabs(buffer, tabs, app, theme);
    }
    if let Some(list) = panes.list {
        assets::draw(buffer, list, app, theme);
    }
    if let Some(outer) = panes.frame {
        theme.border(buffer, outer, &picture::title(app, usize::from(outer.width), theme));
        if let Some(timeline) = panes.timeline.filter(|timeline| timeline.height > 1) {
            theme.rule(buffer, outer, timeline.y - 1);
        }
    }
    if let Some(timeline) = panes.timeline {
        timeline::draw(buffer, timeline, app, theme);
    }
    if let Some(history) = panes.history {
        history::draw(buffer, history, app, theme);
    }
    let mut placements = match (app.view(), panes.picture) {
        (View::Sheet, Some(area)) => sheet::draw(buffer, area, app, theme, covered),
        (View::Panes | View::Full, Some(_)) => picture::draw(buffer, app, theme, covered),
        (_, None) => Vec::new(),
    };
    placements.extend(sheet::draw_strip(buffer, app, theme, covered));
    if let Some(overlay) = overlay {
        overlay.draw(buffer, theme);
    }
    // In full screen the picture has all rows; what is said and typed still needs one.
    let bottom = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
    let footer = panes.footer.or((app.prompt().is_some() || app.toast().is_some()).then_some(bottom));
    let cursor = footer.and_then(|footer| {
        Theme::blank(buffer, footer);
        status::draw(buffer, footer, app, theme)
    });
    theme.keep_to_glyphs(buffer);
    Drawn { placements, cursor }
}

/// A row of an event's text: what is said stands out from the signs around it.
fn raw_parts(row: &raw::RawRow) -> Vec<StyledText> {
    let role = |tone: Tone| match tone {
        Tone::Text => Role::Plain,
        Tone::Name => Role::Name,
        Tone::Value => Role::Strong,
        Tone::Mark => Role::Dim,
    };
    let margin = part(" ", Role::Plain);
    let pieces = row.iter().map(|(tone, text)| (text.clone(), role(*tone)));
    [margin].into_iter().chain(pieces).collect()
}

/// An overlay, measured.
struct Popup {
    area: Rect,
    title: &'static str,
    /// What the columns are.
    legend: &'static str,
    /// How many rows there are; the first that was made, and those from there on.
    count: usize,
    first: usize,
    rows: Vec<Vec<StyledText>>,
    at: usize,
    selects: bool,
    /// What is told of the selected row, below all rows.
    foot: Vec<Vec<StyledText>>,
}

impl Popup {
    fn new(app: &App, overlay: &Overlay, screen: Rect, theme: Theme) -> Self {
        let (title, rows) = match &overlay.kind {
            OverlayKind::Help => ("Keys", help::rows()),
            OverlayKind::Info => ("Picture", info::rows(app)),
            OverlayKind::Codes(codes) => ("Error codes", codes::rows(app, codes)),
            OverlayKind::History(runs) => ("History, newest first", history::rows(app, runs, theme)),
            OverlayKind::Journal => ("Unparsed lines and notices", journal::rows(app)),
            OverlayKind::Raw(None) => ("As logged", vec![vec![part(" reading… ", Role::Dim)]]),
            OverlayKind::Raw(Some(Err(why))) => ("As logged", vec![vec![(why.clone(), Role::Warn)]]),
            OverlayKind::Raw(Some(Ok(_))) => ("As logged", Vec::new()),
        };
        let width_of = |row: &Vec<StyledText>| row.iter().map(|(text, _)| text.width()).sum::<usize>();
        let mut widest = rows.iter().map(width_of).max().unwrap_or(0);
        let mut popup = Self {
            area: screen,
            title,
            legend: "",
            count: rows.len(),
            first: 0,
            rows,
            at: overlay.at,
            selects: app.selects_row(),
            foot: Vec::new(),
        };
        if let OverlayKind::Raw(Some(Ok(raw))) = &overlay.kind {
            // Only what is in view is made: there may be a hundred thousand rows.
            let height = overlay_rows(screen.as_size());
            popup.count = raw.rows().len();
            popup.first = overlay.at.min(popup.count.saturating_sub(height));
            popup.rows = raw.rows().iter().skip(popup.first).take(height).map(raw_parts).collect();
            widest = raw.width() + 1;
        }
        let width = u16::try_from(widest + 3).unwrap_or(u16::MAX).clamp(24, screen.width.max(24)).min(screen.width);
        if let OverlayKind::Codes(codes) = &overlay.kind {
            popup.legend = codes::LEGEND;
            popup.foot = codes::foot(codes, overlay.at, usize::from(width.saturating_sub(4)).max(8));
            // A small screen is for the codes themselves.
            popup.foot.truncate(usize::from(screen.height / 4));
        }
        let height =
            u16::try_from(popup.count + popup.foot.len() + 2).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2));
        popup.area = Rect {
            x: (screen.width - width) / 2,
            y: 1.min(screen.height) + screen.height.saturating_sub(2 + height) / 2,
            width,
            height,
        }
        .intersection(screen);
        popup
    }

    fn draw(&self, buffer: &mut Buffer, theme: Theme) {
        Theme::blank(buffer, self.area);
        let foot = u16::try_from(self.foot.len()).unwrap_or(u16::MAX).min(self.area.height.saturating_sub(3));
        let height = usize::from(self.area.height.saturating_sub(2 + foot));
        let hidden = self.count > height;
        // A selected row is kept in view; a page without one begins at its line.
        let lowest = self.count.saturating_sub(height);
        let top = if self.selects { (self.at + 1).saturating_sub(height) } else { self.at.min(lowest) };
        let position = match (hidden, self.selects) {
            (false, _) => String::new(),
            (true, true) => format!(" {}/{}", self.at + 1, self.count),
            (true, false) => format!(" {}–{} of {}", top + 1, top + height, self.count),
        };
        let title = [part(self.title, Role::Strong), part(position, Role::Dim), part(self.legend, Role::Dim)];
        let inner = theme.border(buffer, self.area, &title);
        let end = inner.bottom().saturating_sub(foot);
        for (y, row) in (end..inner.bottom()).zip(&self.foot) {
            theme.print(buffer, Rect { y, height: 1, ..inner }, row);
        }
        let rows = (self.first..).zip(&self.rows).skip(top.saturating_sub(self.first));
        for (y, (at, row)) in (inner.y..end).zip(rows) {
            let line = Rect { y, height: 1, ..inner };
            if self.selects && at == self.at {
                theme.print(buffer, line, &[(theme.glyph(Glyph::Selected), Role::Accent)]);
            }
            let shift = u16::from(self.selects);
            let line = Rect { x: line.x + shift, width: line.width.saturating_sub(shift), ..line };
            theme.print(buffer, line, row);
        }
    }
}
