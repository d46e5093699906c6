//! The result of a check as data: its assets, their findings, and the rows of a report.

use crate::{
    catalog::{Asset, AssetKey, Catalog},
    event::{PictureKind, Reveal},
    judge::{CheckTally, Grade, Verdict},
    picture::PictureRequest,
    text::{
        Safe,
        number::{counted, thousands},
    },
};
use std::{collections::BTreeMap, fmt::Write as _};

/// The offsets of one verdict that a row of the table lists.
const LISTED_OFFSETS: usize = 6;

/// One asset that was checked.
#[derive(Clone, Debug)]
pub struct CheckedAsset {
    /// The asset.
    pub asset: AssetKey,
    /// The counts of its pictures.
    pub tally: CheckTally,
    /// The findings, by offset.
    pub findings: Vec<CheckedFinding>,
}

/// One verdict on one picture.
#[derive(Clone, Debug)]
pub struct CheckedFinding {
    /// The picture.
    pub picture: PictureRequest,
    /// The verdict.
    pub verdict: Verdict,
    /// The grade of the verdict in this check.
    pub grade: Grade,
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
    /// The use of secrets in URLs.
    pub reveal: Reveal,
}

impl<'a> CheckReport<'a> {
    /// Returns a row for each asset with findings.
    pub(super) fn rows(self) -> impl Iterator<Item = CheckRow<'a>> {
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
    pub(super) report: CheckReport<'a>,
}

impl CheckRow<'_> {
    /// Returns the id as it may be shown.
    pub(super) fn id(&self) -> String {
        self.asset.id().shown(self.report.reveal).into_owned()
    }

    /// Returns the title as it may be shown.
    pub(super) fn title(&self) -> Option<String> {
        self.asset.title_text().map(|title| self.report.reveal.apply(title).into_owned())
    }

    /// Returns the status as it may be shown.
    pub(super) fn status(&self) -> String {
        self.report.reveal.apply(self.asset.status().as_str()).into_owned()
    }

    /// Returns the address of a picture as it may be shown.
    pub(super) fn url(&self, finding: &CheckedFinding) -> String {
        finding.picture.url.shown(self.report.reveal)
    }

    /// Returns the counts by verdict as words: `missing=1 black=2`.
    pub(super) fn verdicts(&self) -> String {
        let words = self.checked.tally.verdicts.iter().map(|(verdict, count)| format!("{verdict}={count}"));
        words.collect::<Vec<_>>().join(" ")
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
