//! The faults that a picture can have.

use crate::picture::FailureKind;
use std::{fmt, str::FromStr};

/// Something that is wrong with a picture, in the order of its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The server does not have it.
    Missing,
    /// The server denies access.
    Forbidden,
    /// The server denies access, and the signature of the URL has expired.
    Expired,
    /// No usable response came.
    Unreachable,
    /// The fetch policy or a limit forbids it.
    Refused,
    /// The body is no JPEG.
    NotJpeg,
    /// The body ends too early.
    Truncated,
    /// The body is a JPEG with invalid data.
    Damaged,
    /// The URL names another asset.
    Foreign,
    /// The host asks for fewer requests.
    Throttled,
    /// It is black.
    Black,
    /// It has one colour.
    Blank,
    /// It looks like its neighbours.
    Frozen,
    /// It has another size than the asset's other pictures.
    OddSize,
    /// It comes long after the one before.
    Gap,
    /// It is the last one, long before the end of the video.
    Short,
}

impl Verdict {
    /// All verdicts, in their order.
    pub const ALL: [Self; 16] = [
        Self::Missing,
        Self::Forbidden,
        Self::Expired,
        Self::Unreachable,
        Self::Refused,
        Self::NotJpeg,
        Self::Truncated,
        Self::Damaged,
        Self::Foreign,
        Self::Throttled,
        Self::Black,
        Self::Blank,
        Self::Frozen,
        Self::OddSize,
        Self::Gap,
        Self::Short,
    ];

    /// Returns the word for it in options, filters and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Forbidden => "forbidden",
            Self::Expired => "expired",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::NotJpeg => "not-jpeg",
            Self::Truncated => "truncated",
            Self::Damaged => "damaged",
            Self::Foreign => "foreign",
            Self::Throttled => "throttled",
            Self::Black => "black",
            Self::Blank => "blank",
            Self::Frozen => "frozen",
            Self::OddSize => "odd-size",
            Self::Gap => "gap",
            Self::Short => "short",
        }
    }

    /// Returns the verdict on a picture that failed in this way; `None` if nothing is known about the picture.
    pub fn of_failure(kind: FailureKind) -> Option<Self> {
        match kind {
            FailureKind::Missing => Some(Self::Missing),
            FailureKind::Forbidden => Some(Self::Forbidden),
            FailureKind::Expired => Some(Self::Expired),
            FailureKind::Throttled => Some(Self::Throttled),
            FailureKind::Unreachable => Some(Self::Unreachable),
            FailureKind::Refused => Some(Self::Refused),
            FailureKind::NotJpeg => Some(Self::NotJpeg),
            FailureKind::Truncated => Some(Self::Truncated),
            FailureKind::Damaged => Some(Self::Damaged),
            FailureKind::Unknown => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownVerdict;

impl fmt::Display for UnknownVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Verdict::ALL.into_iter().map(Verdict::as_str).collect();
        write!(f, "the verdicts are {}", words.join(", "))
    }
}

impl std::error::Error for UnknownVerdict {}

impl FromStr for Verdict {
    type Err = UnknownVerdict;

    fn from_str(text: &str) -> Result<Self, UnknownVerdict> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == text).ok_or(UnknownVerdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parsed_as_they_are_printed() {
        for (at, verdict) in Verdict::ALL.into_iter().enumerate() {
            assert_eq!(verdict.as_str().parse(), Ok(verdict));
            assert_eq!(verdict as usize, at, "the table of a grading and of counts is in this order");
        }
        assert!("bad".parse::<Verdict>().is_err());
        assert!(UnknownVerdict.to_string().ends_with("gap, short"));
    }
}
