//! The result of a check: the assets with findings, and the totals.

use super::{
    checked::{CheckReport, CheckRow, CheckedFinding},
    csv,
    event::PictureLine,
    json, junit,
};
use crate::{
    judge::VerdictCounts,
    text::{Safe, number::thousands},
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use std::io;

/// The cells between two columns of the table.
const GAP: usize = 2;

/// The widest name in the table, in cells.
const MAX_NAME: usize = 40;

/// The format of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckFormat {
    /// A row for each asset with findings and a line of totals, at most so many cells wide.
    Table(Option<usize>),
    /// One JSON object.
    Json,
    /// An asset with findings a line.
    Jsonl,
    /// A row for each finding.
    Csv,
    /// A JUnit report.
    Junit,
}

/// Writes the result.
pub fn check(out: &mut impl io::Write, report: CheckReport<'_>, format: CheckFormat) -> io::Result<()> {
    match format {
        CheckFormat::Table(width) => table(out, report, width),
        CheckFormat::Json => json::write_list(out, report.rows(), &CheckSummary(report)),
        CheckFormat::Jsonl => report.rows().try_for_each(|row| json::write_line(out, &row)),
        CheckFormat::Csv => csv::write(out, &CSV_COLUMNS, report.rows().flat_map(csv_rows)),
        CheckFormat::Junit => junit::write(out, report),
    }
}

/// A finding as JSON.
#[derive(Serialize)]
struct FindingLine<'a> {
    #[serde(flatten)]
    line: PictureLine,
    verdict: &'static str,
    reason: &'a str,
}

fn finding_line<'a>(row: &CheckRow<'_>, finding: &'a CheckedFinding) -> FindingLine<'a> {
    let picture = &finding.picture;
    FindingLine {
        line: PictureLine::new(picture.key.kind, picture.offset, &picture.url, row.report.reveal),
        verdict: finding.verdict.as_str(),
        reason: finding.reason.as_str(),
    }
}

/// Returns a row of CSV for each finding.
fn csv_rows(row: CheckRow<'_>) -> Vec<[String; CSV_COLUMNS.len()]> {
    let tally = &row.checked.tally;
    let safe = |text: &str| Safe::new(text).to_string();
    let cells = |finding: &CheckedFinding| {
        let line = finding_line(&row, finding).line;
        [
            safe(&row.id()),
            safe(&row.title().unwrap_or_default()),
            safe(&row.status()),
            tally.pictures.to_string(),
            tally.bad.to_string(),
            tally.warnings.to_string(),
            row.verdicts(),
            line.kind.to_owned(),
            line.offset.to_cell(),
            safe(&line.url),
            finding.verdict.as_str().to_owned(),
            finding.reason.to_string(),
        ]
    };
    row.checked.findings.iter().map(cells).collect()
}

/// The columns of CSV. Scripts rely on the order.
const CSV_COLUMNS: [&str; 12] = [
    "asset_id", "title", "status", "pictures", "bad", "warnings", "verdicts", "kind", "offset", "url", "verdict",
    "reason",
];

impl Serialize for CheckRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tally = &self.checked.tally;
        let findings: Vec<FindingLine<'_>> =
            self.checked.findings.iter().map(|finding| finding_line(self, finding)).collect();
        let mut map = serializer.serialize_map(Some(8))?;
        map.serialize_entry("asset_id", &self.id())?;
        map.serialize_entry("title", &self.title())?;
        map.serialize_entry("status", &self.status())?;
        map.serialize_entry("pictures", &tally.pictures)?;
        map.serialize_entry("bad", &tally.bad)?;
        map.serialize_entry("warnings", &tally.warnings)?;
        map.serialize_entry("verdicts", &Verdicts(&tally.verdicts))?;
        map.serialize_entry("findings", &findings)?;
        map.end()
    }
}

struct CheckSummary<'a>(CheckReport<'a>);

impl Serialize for CheckSummary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(CheckReport { assets, tally, .. }) = self;
        let mut map = serializer.serialize_map(Some(7))?;
        map.serialize_entry("assets", &assets.len())?;
        map.serialize_entry("pictures", &tally.pictures)?;
        map.serialize_entry("sound", &tally.sound)?;
        map.serialize_entry("bad", &tally.bad)?;
        map.serialize_entry("warnings", &tally.warnings)?;
        map.serialize_entry("unchecked", &tally.unchecked)?;
        map.serialize_entry("verdicts", &Verdicts(&tally.verdicts))?;
        map.end()
    }
}

/// The verdicts that occur, as a JSON object.
struct Verdicts<'a>(&'a VerdictCounts);

impl Serialize for Verdicts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(verdict, count)| (verdict.as_str(), count)))
    }
}

/// Writes a row for each asset with findings, then the totals. Where the width is limited, the findings are cut to it.
fn table(out: &mut impl io::Write, report: CheckReport<'_>, width: Option<usize>) -> io::Result<()> {
    const HEADINGS: [&str; 5] = ["asset", "pictures", "bad", "warnings", "findings"];
    let cells = |row: CheckRow<'_>| {
        let tally = &row.checked.tally;
        let name = row.title().unwrap_or_else(|| row.id());
        let name = if width.is_some() { Safe::new(&name).fit(MAX_NAME) } else { full_name(&row) };
        let counts = [tally.pictures, tally.bad, tally.warnings].map(thousands);
        let [pictures, bad, warnings] = counts;
        [name, pictures, bad, warnings, Safe::new(&row.summary())]
    };
    let mut widths = HEADINGS.map(str::len);
    for row in report.rows() {
        for (widest, cell) in widths.iter_mut().zip(cells(row)) {
            *widest = cell.width().max(*widest);
        }
    }
    let used: usize = widths[..4].iter().map(|width| width + GAP).sum();
    let last = width.map_or(usize::MAX, |width| width.saturating_sub(used).max(1));
    let mut write_row = |cells: [Safe; 5]| {
        let mut line = String::new();
        for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            match index {
                0 => line.extend([cell.as_str(), &padding, "  "]),
                4 => line.push_str(if cell.width() > last { cell.fit(last) } else { cell.clone() }.as_str()),
                _ => line.extend([&padding, cell.as_str(), "  "]),
            }
        }
        writeln!(out, "{}", line.trim_end())
    };
    let mut rows = report.rows().map(cells).peekable();
    if rows.peek().is_some() {
        write_row(HEADINGS.map(Safe::from))?;
        rows.try_for_each(&mut write_row)?;
    }
    writeln!(out, "{}", report.totals())
}

/// Returns the id, and the title where there is one.
fn full_name(row: &CheckRow<'_>) -> Safe {
    let title = row.title().map(|title| format!(" {title}")).unwrap_or_default();
    Safe::from(format!("{}{title}", row.id()))
}
