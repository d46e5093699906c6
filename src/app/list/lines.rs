//! The lines of the list on the screen: assets, and the days on which they were logged.

use super::{AssetList, order::Criterion};
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

impl AssetList {
    /// The lines on the screen. While the list is sorted by time, a line tells the day of the first asset unless that is
    /// today, and each change of the day. The selected asset is always among them.
    pub fn lines(&self, catalog: &Catalog, now: Time, zone: &TimeZone) -> Vec<ListLine> {
        let rows = self.visible();
        if self.order().by != Criterion::Time {
            return rows.iter().copied().map(ListLine::Asset).collect();
        }
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
        let selected = self.selected().map(ListLine::Asset);
        let at = lines.iter().position(|line| Some(*line) == selected).unwrap_or(0);
        let hidden = (at + 1).saturating_sub(self.height());
        lines.drain(..hidden.min(lines.len()));
        lines.truncate(self.height());
        lines
    }
}
