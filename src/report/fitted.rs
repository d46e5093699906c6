//! The table for a terminal: the columns that people look for, fitted to its width.
//!
//! A row is never wrapped. The message is shortened first; what still does not fit is left out, the least important
//! column first.

use super::asset::{Alignment, code};
use crate::{
    catalog::{Asset, AssetKey, Catalog},
    event::{Fault, PictureKind, Pictures, Reveal},
    text::Safe,
};
use jiff::{civil::Date, tz::TimeZone};
use std::io::{self, Write};

/// The properties of the terminal and of the reader.
#[derive(Clone, Debug)]
pub struct TableLayout {
    /// The width of the terminal in cells.
    pub width: usize,
    /// The zone of the times.
    pub zone: TimeZone,
    /// The day whose times need no date.
    pub today: Date,
}

/// A column of the fitted table.
struct FittedColumn {
    name: &'static str,
    alignment: Alignment,
    /// The order in which columns are left out, the smallest first.
    priority: u8,
    /// The width in cells below which it is left out rather than shortened.
    min_width: usize,
    max_width: usize,
    /// Returns the cell, shortened to a width where it is wider.
    cell: fn(&Asset<'_>, &TableLayout, usize) -> Safe,
}

const COLUMNS: [FittedColumn; 7] = [
    FittedColumn { name: "time", alignment: Alignment::Left, priority: 5, min_width: 11, max_width: 11, cell: time },
    FittedColumn { name: "status", alignment: Alignment::Left, priority: 6, min_width: 8, max_width: 16, cell: status },
    FittedColumn { name: "asset", alignment: Alignment::Left, priority: 7, min_width: 12, max_width: 40, cell: name },
    FittedColumn {
        name: "pictures",
        alignment: Alignment::Right,
        priority: 3,
        min_width: 8,
        max_width: 12,
        cell: pictures,
    },
    FittedColumn { name: "last", alignment: Alignment::Right, priority: 1, min_width: 8, max_width: 12, cell: last },
    FittedColumn {
        name: "code",
        alignment: Alignment::Left,
        priority: 4,
        min_width: 9,
        max_width: 24,
        cell: error_code,
    },
    FittedColumn {
        name: "message",
        alignment: Alignment::Left,
        priority: 2,
        min_width: 20,
        max_width: usize::MAX,
        cell: message,
    },
];

/// The cells between two columns.
const GAP: usize = 2;

/// Writes the assets of `keys` in their order as a table of at most the terminal's width.
pub fn fitted_table(
    out: &mut impl Write,
    catalog: &Catalog,
    keys: &[AssetKey],
    layout: &TableLayout,
) -> io::Result<()> {
    let assets = || keys.iter().filter_map(|key| catalog.asset(*key));
    let mut widths = [0; COLUMNS.len()];
    for asset in assets() {
        for (width, column) in widths.iter_mut().zip(&COLUMNS) {
            *width = (*width).max((column.cell)(&asset, layout, column.max_width).width());
        }
    }
    let columns = fit(&widths, layout.width);
    write_row(out, &columns, |column, width| Safe::new(column.name).fit(width))?;
    assets().try_for_each(|asset| write_row(out, &columns, |column, width| (column.cell)(&asset, layout, width)))
}

/// Chooses the columns and their widths for a line of `available` cells. A column without content is left out, unless
/// all are.
fn fit(widths: &[usize; COLUMNS.len()], available: usize) -> Vec<(&'static FittedColumn, usize)> {
    let is_empty = widths.iter().all(|width| *width == 0);
    let mut columns: Vec<(&FittedColumn, usize)> = COLUMNS
        .iter()
        .zip(widths.iter().copied())
        .filter(|(_, width)| is_empty || *width > 0)
        .map(|(column, width)| (column, width.max(column.name.len())))
        .collect();
    loop {
        let needed = columns.iter().map(|(_, width)| width + GAP).sum::<usize>().saturating_sub(GAP);
        let Some(excess) = needed.checked_sub(available).filter(|excess| *excess > 0) else { return columns };
        // The least important column that can be shortened, if that is enough; else the least important one goes.
        let least = |(_, (column, _)): &(usize, &mut (&FittedColumn, usize))| column.priority;
        let shortened = columns
            .iter_mut()
            .enumerate()
            .filter(|(_, (column, width))| *width >= column.min_width + excess)
            .min_by_key(least);
        if let Some((_, (_, width))) = shortened {
            *width -= excess;
            return columns;
        }
        if columns.len() == 1 {
            columns[0].1 = available;
            return columns;
        }
        let (index, _) = columns.iter_mut().enumerate().min_by_key(least).expect("more than one column is left");
        columns.remove(index);
    }
}

fn write_row(
    out: &mut impl Write,
    columns: &[(&FittedColumn, usize)],
    cell: impl Fn(&FittedColumn, usize) -> Safe,
) -> io::Result<()> {
    let mut line = String::new();
    for (column, width) in columns {
        let cell = cell(column, *width);
        let padding = " ".repeat(width - cell.width());
        let (before, after) = match column.alignment {
            Alignment::Right => (padding.as_str(), ""),
            Alignment::Left => ("", padding.as_str()),
        };
        line.extend([before, cell.as_str(), after, "  "]);
    }
    writeln!(out, "{}", line.trim_end())
}

fn time(asset: &Asset<'_>, layout: &TableLayout, width: usize) -> Safe {
    let (_, last) = asset.seen();
    last.map(|time| Safe::from(time.clock(&layout.zone, layout.today)).fit(width)).unwrap_or_default()
}

fn status(asset: &Asset<'_>, _: &TableLayout, width: usize) -> Safe {
    Safe::new(asset.status().as_str()).fit(width)
}

/// Returns the title, else the id, of which both ends are kept.
fn name(asset: &Asset<'_>, _: &TableLayout, width: usize) -> Safe {
    match asset.title() {
        Some(title) => title.fit(width),
        None => Safe::new(&asset.id().shown(Reveal::Hide)).fit_middle(width),
    }
}

/// Writes samples and dots as `6+3`.
fn pictures(asset: &Asset<'_>, _: &TableLayout, width: usize) -> Safe {
    let count = |kind| asset.pictures().map_or(0, |pictures| pictures.count(kind));
    let text = match (count(PictureKind::Sample), count(PictureKind::Dot)) {
        (0, 0) => Safe::default(),
        (samples, 0) => Safe::from(samples.to_string()),
        (samples, dots) => Safe::from(format!("{samples}+{dots}")),
    };
    text.fit(width)
}

fn last(asset: &Asset<'_>, _: &TableLayout, width: usize) -> Safe {
    let offset = asset.pictures().and_then(Pictures::last_offset);
    offset.map(|offset| Safe::from(offset.to_string()).fit(width)).unwrap_or_default()
}

fn error_code(asset: &Asset<'_>, _: &TableLayout, width: usize) -> Safe {
    asset.fault().and_then(code).map(|code| Safe::new(code).fit_middle(width)).unwrap_or_default()
}

fn message(asset: &Asset<'_>, _: &TableLayout, width: usize) -> Safe {
    asset.fault().map(|fault: &Fault| fault.shown(Reveal::Hide).fit(width)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{FileId, FoundEvents, RecordReader},
        report::newest_first,
    };
    use std::num::NonZeroU32;

    const LOG: [&str; 3] = [
        r#"2026-03-14T01:15:02Z {"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"14d7b2faba0dddd6b4e8936272d6bc3f","status":"SUCCEED","sample":[{"offset":0,"url":"https://h/0.jpg"},{"offset":25,"url":"https://h/25.jpg"}],"dots":[{"offset":12.5,"url":"https://h/d.jpg"}]}}"#,
        r#"2026-03-13T23:00:00Z {"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"9e107d9d372bb6826bd81d3542a419d6","status":"FAILED","error_code":"VOD.10104","error_msg":"the snapshot job failed: the source file could not be decoded"}}"#,
        r#"2026-03-13T22:00:00Z {"event_type":"createComplete","create_info":{"status":"SUCCEED","title":"新品发布会 final cut","asset_id":"9e107d9d372bb6826bd81d3542a419d6"}}"#,
    ];

    fn table(width: usize) -> String {
        let mut found = FoundEvents::default();
        let mut reader = RecordReader::new(FileId::default());
        for (line, record) in (1..).zip(LOG) {
            reader.read(record.as_bytes(), u64::from(line), NonZeroU32::new(line), &mut found);
        }
        reader.finish(&mut found);
        let mut catalog = Catalog::default();
        for event in found.events {
            catalog.apply(event);
        }
        let layout = TableLayout { width, zone: TimeZone::UTC, today: jiff::civil::date(2026, 3, 14) };
        let mut out = Vec::new();
        fitted_table(&mut out, &catalog, &newest_first(&catalog), &layout).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_shortened_and_left_out_by_priority() {
        let check = |width, expected: &[&str]| {
            let table = table(width);
            assert_eq!(table.lines().collect::<Vec<_>>(), expected, "{width}");
        };
        check(
            160,
            &[
                "time         status   asset                             pictures  last  code       message",
                "01:15        SUCCEED  14d7b2faba0dddd6b4e8936272d6bc3f       2+1  0:25",
                "03-13 23:00  FAILED   新品发布会 final cut                              VOD.10104  \
                 the snapshot job failed: the source file could not be decoded",
            ],
        );
        check(
            100,
            &[
                "time         status   asset                             pictures  code       message",
                "01:15        SUCCEED  14d7b2faba0dddd6b4e8936272d6bc3f       2+1",
                "03-13 23:00  FAILED   新品发布会 final cut                        VOD.10104  the snapshot job faile…",
            ],
        );
        check(30, &["status   asset", "SUCCEED  14d7b2faba0ddd…d6bc3f", "FAILED   新品发布会 final cut"]);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 1..180 {
            let table = table(width);
            for line in table.lines() {
                assert!(Safe::new(line).width() <= width, "{width}: {line}");
            }
            assert_eq!(table.lines().count(), 3, "{width}");
        }
    }
}
