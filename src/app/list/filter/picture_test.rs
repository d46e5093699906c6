//! The values of `picture:`: findings that a picture of an asset must have.

use crate::judge::{CheckTally, UnknownVerdict, Verdict};
use std::str::FromStr;

/// A finding that a picture of an asset must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureTest {
    Bad,
    Warning,
    Unchecked,
    Is(Verdict),
}

/// A word that is neither a verdict nor a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has an unknown verdict: {0}; there are also bad, warning and unchecked")]
pub(super) struct UnknownWord(UnknownVerdict);

impl FromStr for PictureTest {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Ok(match word {
            "bad" => Self::Bad,
            "warning" => Self::Warning,
            "unchecked" => Self::Unchecked,
            _ => Self::Is(word.parse().map_err(UnknownWord)?),
        })
    }
}

impl PictureTest {
    /// Returns whether it holds for an asset with these pictures.
    pub(super) fn holds(self, tally: &CheckTally) -> bool {
        match self {
            Self::Bad => tally.bad > 0,
            Self::Warning => tally.warnings > 0,
            Self::Unchecked => tally.unchecked > 0,
            Self::Is(verdict) => tally.verdicts.of(verdict) > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::Filter, judge::VerdictCounts};

    #[test]
    fn pictures_that_were_checked_are_asked_for() {
        let mut verdicts = VerdictCounts::default();
        verdicts.add(Verdict::Black);
        let black = CheckTally { pictures: 2, sound: 1, warnings: 1, verdicts, ..CheckTally::default() };
        for (text, of_black, of_unknown) in [
            ("picture:black", true, false),
            ("picture:warning", true, false),
            ("picture:bad", false, false),
            ("!picture:bad", true, true),
            ("picture:black !picture:missing", true, false),
            ("word", true, true),
        ] {
            let filter = Filter::parse(text).unwrap();
            assert_eq!(filter.matches_check(Some(&black)), of_black, "{text}");
            assert_eq!(filter.matches_check(None), of_unknown, "{text}");
        }
        let error = Filter::parse("picture:green").unwrap_err().to_string();
        assert!(error.starts_with("\"picture:green\" has an unknown verdict: the verdicts are missing, "), "{error}");
    }
}
