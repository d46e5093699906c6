//! The outcome of one picture: drawn, faulty, or unknown.

use super::{facts::PictureFacts, verdict::Verdict};
use crate::{
    picture::{Picture, PictureDamage, PictureFailure},
    text::Safe,
};

/// The outcome of one picture.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureOutcome {
    /// It was fetched and decoded whole.
    Drawn(PictureFacts),
    /// It was not fetched, not decoded, or only in part; with the reason.
    Faulty(Verdict, Safe),
    /// Nothing is known about it; with the reason.
    Unknown(Safe),
}

impl PictureOutcome {
    /// Judges a decoded picture. What a damaged one shows is not measured: the rest may be grey.
    pub fn of_picture(picture: &Picture) -> Self {
        match &picture.damage {
            None => Self::Drawn(PictureFacts::of(picture)),
            Some(PictureDamage::Truncated(text)) => Self::Faulty(Verdict::Truncated, text.clone()),
            Some(PictureDamage::Invalid(text)) => Self::Faulty(Verdict::Damaged, text.clone()),
        }
    }

    /// Judges a failure.
    pub fn of_failure(failure: &PictureFailure) -> Self {
        let reason = failure.what.clone();
        match Verdict::of_failure(failure.kind) {
            Some(verdict) => Self::Faulty(verdict, reason),
            None => Self::Unknown(reason),
        }
    }

    /// Returns the facts of a whole picture.
    pub(super) fn facts(&self) -> Option<&PictureFacts> {
        match self {
            Self::Drawn(facts) => Some(facts),
            Self::Faulty(..) | Self::Unknown(_) => None,
        }
    }
}
