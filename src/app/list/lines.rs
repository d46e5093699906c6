//! The lines of the list on the screen: assets, and the days on which they were logged.

use crate::{
    catalog::{AssetKey, Catalog},
    event::Time,
};
use jiff::{civil::Date, tz::TimeZone};

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListLine {
    /// The assets below it are of this day.
    Day(Date),
    /// An asset.
    Asset(AssetKey),
}

/// Returns at most `height` lines for rows in the order of time: the rows, the day of the first unless that is today, and
/// each change of the day. The selected asset is always among them.
pub(super) fn lines(
    rows: &[AssetKey],
    selected: Option<AssetKey>,
    height: usize,
    catalog: &Catalog,
    now: Time,
    zone: &TimeZone,
) -> Vec<ListLine> {
    let date = |time: Time| time.timestamp().to_zoned(zone.clone()).date();
    let mut day = date(now);
    let mut lines = Vec::with_capacity(rows.len() + 2);
    for key in rows {
        let time = catalog.asset(*key).and_then(|asset| asset.newest().time);
        if let Some(next) = time.map(date).filter(|next| *next != day) {
            lines.push(ListLine::Day(next));
            day = next;
        }
        lines.push(ListLine::Asset(*key));
    }
    let selected = selected.map(ListLine::Asset);
    let at = lines.iter().position(|line| Some(*line) == selected).unwrap_or(0);
    let hidden = (at + 1).saturating_sub(height);
    lines.drain(..hidden.min(lines.len()));
    lines.truncate(height);
    lines
}
