//! Bars and sparklines in the style of the theme, by the widgets of ratatui.

use super::{Role, Theme};
use crate::app::Glyphs;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    symbols::bar::{NINE_LEVELS, Set},
    widgets::{Bar, BarChart, BarGroup, Sparkline, Widget as _},
};

/// The levels of a bar in ASCII.
const ASCII_LEVELS: Set<'static> = Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "#",
    five_eighths: "=",
    half: "=",
    three_eighths: "-",
    one_quarter: "-",
    one_eighth: "_",
    empty: " ",
};

impl Theme {
    /// Draws a bar in each column, upwards from the lower edge, the highest over the whole height. Every value above 0 can
    /// be seen.
    pub(in crate::ui) fn columns(self, buffer: &mut Buffer, area: Rect, columns: &[(u64, Role)]) {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        let eighths = u64::from(area.height) * 8;
        let highest = columns.iter().map(|(value, _)| *value).max().unwrap_or(0).max(1);
        let bar = |(value, role): &(u64, Role)| {
            let height = (value.saturating_mul(eighths) / highest).max(u64::from(*value > 0));
            Bar::new(height).text_value(String::new()).style(self.style(*role))
        };
        BarChart::default()
            .data(BarGroup::new(columns.iter().map(bar).collect::<Vec<_>>()))
            .bar_width(1)
            .bar_gap(0)
            .max(eighths)
            .bar_set(self.levels())
            .render(area, buffer);
    }

    /// Draws values in one row, a cell each. Every value above 0 can be seen.
    pub(in crate::ui) fn sparkline(self, buffer: &mut Buffer, area: Rect, values: &[u64], role: Role) {
        let highest = values.iter().max().copied().unwrap_or(0).max(1);
        let height = |value: &u64| (value.saturating_mul(8) / highest).max(u64::from(*value > 0));
        Sparkline::default()
            .data(values.iter().map(height).collect::<Vec<u64>>())
            .max(8)
            .bar_set(self.levels())
            .style(self.style(role))
            .render(area.intersection(buffer.area), buffer);
    }

    fn levels(self) -> Set<'static> {
        match self.glyphs {
            Glyphs::Unicode => NINE_LEVELS,
            Glyphs::Ascii => ASCII_LEVELS,
        }
    }
}
