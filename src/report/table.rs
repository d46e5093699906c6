//! The table: aligned columns for people, as plain text.

use super::asset::{Alignment, AssetRow, COLUMNS};
use crate::text::Safe;
use std::io::{self, Write};

/// The widest column, in cells.
const MAX_WIDTH: usize = 60;

/// Writes a table of all columns. The rows are made twice, so that they need not be kept.
pub(super) fn write<'a, I: Iterator<Item = AssetRow<'a>>>(
    out: &mut impl Write,
    rows: impl Fn() -> I,
) -> io::Result<()> {
    let fit = |cell: String| match Safe::new(&cell).fit(MAX_WIDTH) {
        cell if cell.is_empty() => Safe::new("-"),
        cell => cell,
    };
    let mut widths = COLUMNS.each_ref().map(|column| column.name.len());
    for row in rows() {
        for (width, cell) in widths.iter_mut().zip(row.cells()) {
            *width = fit(cell).width().max(*width);
        }
    }
    let header = COLUMNS.each_ref().map(|column| column.name.to_owned());
    for cells in std::iter::once(header).chain(rows().map(|row| row.cells())) {
        let mut line = String::new();
        for ((cell, width), column) in cells.into_iter().zip(widths).zip(&COLUMNS) {
            let cell = fit(cell);
            let padding = " ".repeat(width - cell.width());
            let (before, after) = match column.alignment {
                Alignment::Right => (padding.as_str(), ""),
                Alignment::Left => ("", padding.as_str()),
            };
            line.extend([before, cell.as_str(), after, "  "]);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
