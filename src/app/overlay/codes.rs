//! The overlay of error codes: a row for each code of the failed assets that pass the filter; Enter adds it to the filter.

use super::content::{EnterAction, Navigation, OverlayContent, OverlayContext};
use crate::{
    app::list::filter::Filter,
    catalog::{Asset, AssetKey, Rank},
    event::{Reveal, Status, Time},
    text::Safe,
};
use std::collections::BTreeMap;

/// The error codes when the overlay was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodesOverlay {
    /// The rows, the most frequent code first.
    pub rows: Vec<CodeRow>,
    /// The number of failed assets that pass the filter.
    pub failed: u64,
    /// The number of all failed assets.
    pub failed_in_all: u64,
}

/// The failed assets with one error code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// The code; empty for events without one.
    pub code: Safe,
    /// The number of assets whose newest event failed with it.
    pub count: usize,
    /// The time of the first of these events.
    pub first: Option<Time>,
    /// The time of the last of these events.
    pub last: Option<Time>,
    /// The newest of these assets.
    pub example: AssetKey,
    /// The message of that asset's event.
    pub message: Safe,
}

/// Returns the codes of the failed assets, the most frequent first.
fn tabulate<'a>(assets: impl Iterator<Item = Asset<'a>>, reveal: Reveal) -> Vec<CodeRow> {
    let mut rows: BTreeMap<String, (CodeRow, Rank)> = BTreeMap::new();
    for asset in assets.filter(|asset| *asset.status() == Status::Failed) {
        let fault = asset.fault();
        let (code, message) =
            (fault.map_or("", |fault| &fault.code), fault.map(|fault| fault.shown(reveal)).unwrap_or_default());
        let (time, rank) = (asset.newest().time, asset.rank());
        let (row, newest) = rows.entry(code.to_owned()).or_insert_with(|| {
            let row = CodeRow {
                code: Safe::new(&reveal.apply(code)),
                count: 0,
                first: time,
                last: time,
                example: asset.key(),
                message: message.clone(),
            };
            (row, rank)
        });
        row.count += 1;
        row.first = [row.first, time].into_iter().flatten().min();
        row.last = row.last.max(time);
        if rank > *newest {
            *newest = rank;
            row.example = asset.key();
            row.message = message;
        }
    }
    let mut rows: Vec<CodeRow> = rows.into_values().map(|(row, _)| row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}

impl CodesOverlay {
    /// Counts the codes of the failed assets that pass the filter of the list.
    pub(in crate::app) fn new(context: &OverlayContext<'_>) -> Self {
        let passing = context.catalog.assets().filter(|asset| context.list.passes_filter(asset.key()));
        let rows = tabulate(passing, context.options.reveal);
        let failed = rows.iter().map(|row| row.count as u64).sum();
        Self { rows, failed, failed_in_all: context.catalog.tally().failed }
    }
}

impl OverlayContent for CodesOverlay {
    fn row_count(&self, _: &OverlayContext<'_>) -> usize {
        self.rows.len()
    }

    fn least_width(&self) -> u16 {
        34
    }

    fn navigation(&self, _: &OverlayContext<'_>) -> Navigation {
        if self.rows.is_empty() { Navigation::Scroll } else { Navigation::SelectRow }
    }

    fn enter(&self, row: usize, _: &OverlayContext<'_>) -> EnterAction {
        let Some(CodeRow { code, .. }) = self.rows.get(row) else { return EnterAction::Close };
        let others = self.rows.iter().map(|row| row.code.as_str()).filter(|other| *other != code.as_str());
        let code = format!("code:{}", code_pattern(code.as_str(), others));
        EnterAction::Filter(vec!["status:failed".to_owned(), code])
    }
}

/// Returns the pattern of a `code:` term that finds a code: the code itself if it is plain and finds no other one.
fn code_pattern<'a>(code: &str, mut others: impl Iterator<Item = &'a str>) -> String {
    let plain = !code.is_empty() && code.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let test = Filter::parse(&format!("code:{code}"));
    if plain && test.is_ok_and(|test| !others.any(|other| test.finds_code(other))) {
        return code.to_owned();
    }
    // A space would end the term.
    format!("^{}$", regex::escape(code).replace(char::is_whitespace, "."))
}
