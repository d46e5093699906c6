//! Places in a video.

use std::fmt;

/// A place in a video, in milliseconds. The documents give whole seconds; fractions are kept to the millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(i64);

impl Offset {
    /// From seconds; `None` for what is no number or beyond 30 years.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        (seconds.abs() < 1e9).then(|| Self((seconds * 1000.0).round() as i64))
    }

    /// From milliseconds.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// In milliseconds.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// In seconds.
    #[expect(clippy::cast_precision_loss, reason = "offsets lie far below 2^52 ms")]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

/// Prints as people write it: `0:25`, `1:02:03`, `0:12.5`.
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let millis = self.0.unsigned_abs();
        let (hours, minutes, seconds, rest) =
            (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000);
        let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}") };
        let fraction = fraction.trim_end_matches('0');
        f.pad(&if hours > 0 {
            format!("{sign}{hours}:{minutes:02}:{seconds:02}{fraction}")
        } else {
            format!("{sign}{minutes}:{seconds:02}{fraction}")
        })
    }
}
