//! Times of events.

use jiff::{civil::Date, tz::TimeZone};
use std::fmt;

/// A time in microseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// From microseconds since 1970 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In microseconds since 1970 UTC.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Formats the time as `12:01`, or as `03-14 12:01` on another day than `today`.
    pub fn clock(self, zone: &TimeZone, today: Date) -> String {
        self.format(zone, today, "%H:%M")
    }

    /// Formats the time by `clock`, a format of strftime, with the day before it on another day than `today`.
    pub fn format(self, zone: &TimeZone, today: Date, clock: &str) -> String {
        let then = self.timestamp().to_zoned(zone.clone());
        let day = if then.date() == today { "" } else { "%m-%d " };
        then.strftime(&format!("{day}{clock}")).to_string()
    }

    /// As a timestamp; times beyond jiff's range are clamped to 1970.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or_default()
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

/// Prints RFC 3339 in UTC: `2026-03-14T01:15:02Z`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp())
    }
}
