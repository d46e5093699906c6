//! Judges pictures: what is wrong with one, and with the pictures of an asset together.
//!
//! [`PictureFacts`] are measured once in a decoded picture, which is then no longer needed. [`AssetPictures`] collects an
//! outcome for each picture of an asset and derives the [`Finding`]s: one for each [`Verdict`] on each picture. A
//! [`Grading`] says which verdicts are bad and which are warnings; a [`CheckRun`] says which pictures of many assets are
//! to be requested next. Pure: nothing here fetches, prints or knows a clock.

mod asset;
mod facts;
mod grade;
mod intervals;
mod outcome;
mod run;
mod tally;
mod verdict;

pub use asset::{AssetPictures, Finding, sampled};
pub use facts::PictureFacts;
pub use grade::{Grade, Grading};
pub use intervals::{gaps, median_interval};
pub use outcome::PictureOutcome;
pub use run::CheckRun;
pub use tally::{CheckTally, VerdictCounts};
pub use verdict::{UnknownVerdict, Verdict};
