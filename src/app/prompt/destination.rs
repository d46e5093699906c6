//! The destination that is typed after `:`.

use crate::event::Offset;

/// A destination.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// A time in the video: `90`, `1:30`.
    Offset(Offset),
    /// The number of a picture, from 1: `#12`.
    Number(usize),
    /// The id or the title of an asset, or the beginning of either: `@14d7`.
    Asset(String),
}

impl Destination {
    /// Parses a destination.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(number) = text.strip_prefix('#') {
            return number.parse().ok().map(Self::Number);
        }
        if let Some(name) = text.strip_prefix('@') {
            return Some(Self::Asset(name.to_owned()));
        }
        parse_offset(text).map(Self::Offset)
    }
}

/// Parses a time in a video: seconds, `M:SS` or `H:MM:SS`, of which minutes after hours and seconds after minutes are
/// below 60.
pub fn parse_offset(text: &str) -> Option<Offset> {
    let mut seconds = 0.0;
    for (index, part) in text.split(':').enumerate() {
        let value: f64 = part.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0)?;
        if index > 2 || index > 0 && value >= 60.0 {
            return None;
        }
        seconds = seconds * 60.0 + value;
    }
    Offset::from_seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_as_people_write_them() {
        let check = |text: &str, seconds: Option<f64>| {
            assert_eq!(parse_offset(text).map(Offset::as_seconds), seconds, "{text}");
        };
        check("90", Some(90.0));
        check("1:30", Some(90.0));
        check("1:02:03.5", Some(3723.5));
        check("", None);
        check("x", None);
        check("-5", None);
        check("9:99", None);
        check("1:60:00", None);
        check("1:2:3:4", None);
    }
}
