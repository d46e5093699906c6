//! The result of a check: the assets with findings, and the totals.

use super::{csv, event::PictureLine, json, junit};
use crate::{
    catalog::{Asset, AssetKey, Catalog},
    event::{PictureKind, Reveal},
    judge::{CheckTally, Verdict, VerdictCounts},
    picture::PictureRequest,
    text::{
        Safe,
        number::{counted, thousands},
    },
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use std::{collections::BTreeMap, fmt::Write as _, io};

/// The offsets of one verdict that a row of the table lists.
const LISTED_OFFSETS: usize = 6;

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

/// One asset that was checked.
#[derive(Clone, Debug)]
pub struct CheckedAsset {
    /// The asset.
    pub asset: AssetKey,
    /// The counts of its pictures.
    pub tally: CheckTally,
    /// What was found, by offset.
    pub findings: Vec<CheckedFinding>,
}

/// One verdict on one picture.
#[derive(Clone, Debug)]
pub struct CheckedFinding {
    /// The picture.
    pub picture: PictureRequest,
    /// The verdict.
    pub verdict: Verdict,
    /// The reason.
    pub reason: Safe,
}

/// The result of a check.
#[derive(Clone, Copy, Debug)]
pub struct CheckReport<'a> {
    /// The catalog of the assets.
    pub catalog: &'a Catalog,
    /// All assets that were checked, worst first.
    pub assets: &'a [CheckedAsset],
    /// Their counts together.
    pub tally: &'a CheckTally,
    /// Whether secrets in URLs are shown.
    pub reveal: Reveal,
}

/// Writes the result.
pub fn check(out: &mut impl io::Write, report: CheckReport<'_>, format: CheckFormat) -> io::Result<()> {
    match format {
        CheckFormat::Table(width) => table(out, report, width),
        CheckFormat::Json => json::write_list(out, report.rows(), &CheckSummary(report)),
        CheckFormat::Jsonl => report.rows().try_for_each(|row| json::write_line(out, &row)),
        CheckFormat::Csv => csv::write(out, &CSV_COLUMNS, report.rows().flat_map(CheckRow::csv_rows)),
        CheckFormat::Junit => junit::write(out, report),
    }
}

impl<'a> CheckReport<'a> {
    fn rows(self) -> impl Iterator<Item = CheckRow<'a>> {
        self.all_rows().filter(|row| !row.checked.findings.is_empty())
    }

    /// Returns a row for each asset, also for those without findings.
    pub(super) fn all_rows(self) -> impl Iterator<Item = CheckRow<'a>> {
        let row = move |checked: &'a CheckedAsset| {
            Some(CheckRow { asset: self.catalog.asset(checked.asset)?, checked, report: self })
        };
        self.assets.iter().filter_map(row)
    }

    /// Returns the totals as one line.
    pub fn totals(self) -> String {
        let tally = self.tally;
        let mut text = format!(
            "{}, {}: {} sound, {} bad, {}, {} unchecked",
            counted(self.assets.len() as u64, "asset"),
            counted(tally.pictures, "picture"),
            thousands(tally.sound),
            thousands(tally.bad),
            counted(tally.warnings, "warning"),
            thousands(tally.unchecked)
        );
        let verdicts: Vec<String> =
            tally.verdicts.iter().map(|(verdict, count)| format!("{verdict} {}", thousands(count))).collect();
        if !verdicts.is_empty() {
            // Writing into a String cannot fail.
            let _ = write!(text, " ({})", verdicts.join(", "));
        }
        text
    }
}

/// One asset of a report.
#[derive(Clone, Copy)]
pub(super) struct CheckRow<'a> {
    pub(super) asset: Asset<'a>,
    pub(super) checked: &'a CheckedAsset,
    report: CheckReport<'a>,
}

/// A finding as JSON.
#[derive(Serialize)]
struct FindingLine<'a> {
    #[serde(flatten)]
    line: PictureLine,
    verdict: &'static str,
    reason: &'a str,
}

impl<'a> CheckRow<'a> {
    /// Returns the id as it may be shown.
    pub(super) fn id(&self) -> String {
        self.asset.id().shown(self.report.reveal).into_owned()
    }

    /// Returns the title as it may be shown.
    pub(super) fn title(&self) -> Option<String> {
        self.asset.title_text().map(|title| self.report.reveal.apply(title).into_owned())
    }

    fn status(&self) -> String {
        self.report.reveal.apply(self.asset.status().as_str()).into_owned()
    }

    /// Returns the address of a picture as it may be shown.
    pub(super) fn url(&self, finding: &CheckedFinding) -> String {
        finding.picture.url.shown(self.report.reveal)
    }

    fn line(&self, finding: &'a CheckedFinding) -> FindingLine<'a> {
        let picture = &finding.picture;
        FindingLine {
            line: PictureLine::new(picture.key.kind, picture.offset, &picture.url, self.report.reveal),
            verdict: finding.verdict.as_str(),
            reason: finding.reason.as_str(),
        }
    }

    /// Returns the counts by verdict as words: `missing=1 black=2`.
    fn verdicts(&self) -> String {
        let words = self.checked.tally.verdicts.iter().map(|(verdict, count)| format!("{verdict}={count}"));
        words.collect::<Vec<_>>().join(" ")
    }

    /// Returns a row of CSV for each finding.
    fn csv_rows(self) -> Vec<[String; CSV_COLUMNS.len()]> {
        let tally = &self.checked.tally;
        let safe = |text: &str| Safe::new(text).to_string();
        let row = |finding: &CheckedFinding| {
            let line = self.line(finding).line;
            [
                safe(&self.id()),
                safe(&self.title().unwrap_or_default()),
                safe(&self.status()),
                tally.pictures.to_string(),
                tally.bad.to_string(),
                tally.warnings.to_string(),
                self.verdicts(),
                line.kind.to_owned(),
                line.offset.to_cell(),
                safe(&line.url),
                finding.verdict.as_str().to_owned(),
                finding.reason.to_string(),
            ]
        };
        self.checked.findings.iter().map(row).collect()
    }

    /// Returns the findings in words: `missing 0:05 0:10 · black 0:15`.
    pub(super) fn summary(&self) -> String {
        let mut offsets: BTreeMap<Verdict, Vec<String>> = BTreeMap::new();
        for finding in &self.checked.findings {
            let key = finding.picture.key;
            let kind = if key.kind == PictureKind::Sample { String::new() } else { format!("{} ", key.kind.as_str()) };
            offsets.entry(finding.verdict).or_default().push(format!("{kind}{}", finding.picture.offset));
        }
        let clause = |(verdict, offsets): (&Verdict, &Vec<String>)| match offsets.len().checked_sub(LISTED_OFFSETS) {
            None | Some(0) => format!("{verdict} {}", offsets.join(" ")),
            Some(more) => format!("{verdict} {} and {more} more", offsets[..LISTED_OFFSETS].join(" ")),
        };
        offsets.iter().map(clause).collect::<Vec<_>>().join(" · ")
    }
}

/// The columns of CSV. Scripts rely on the order.
const CSV_COLUMNS: [&str; 12] = [
    "asset_id", "title", "status", "pictures", "bad", "warnings", "verdicts", "kind", "offset", "url", "verdict",
    "reason",
];

impl Serialize for CheckRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tally = &self.checked.tally;
        let findings: Vec<FindingLine<'_>> = self.checked.findings.iter().map(|finding| self.line(finding)).collect();
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
