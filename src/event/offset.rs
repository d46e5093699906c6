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

    /// From text: seconds (`90`, `12.5`) or a time of day's form (`1:30`, `0:01:30.5`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
        let mut seconds = 0.0;
        for (at, part) in digits.split(':').enumerate() {
            let plain = part.bytes().all(|b| b.is_ascii_digit() || b == b'.') && (at == 0 || part.len() >= 2);
            if at > 2 || !plain && digits.contains(':') {
                return None;
            }
            let number = part.parse::<f64>().ok().filter(|number| number.is_finite())?;
            // `1:30` has whole minutes, and at most 59 seconds after them.
            if at > 0 && number >= 60.0 {
                return None;
            }
            seconds = seconds * 60.0 + number;
        }
        Self::from_seconds(sign * seconds)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_as_people_write_them() {
        let check = |text: &str, millis: Option<i64>| {
            assert_eq!(Offset::parse(text).map(Offset::as_millis), millis, "{text}");
        };
        check("90", Some(90_000));
        check(" 12.5 ", Some(12_500));
        check("1e1", Some(10_000));
        check("1:30", Some(90_000));
        check("01:02:03.25", Some(3_723_250));
        check("-0:05", Some(-5000));
        check("1:75", None);
        check("1:3", None);
        check("1:2:3:4", None);
        check("soon", None);
        check("", None);
        check("inf", None);
    }
}
