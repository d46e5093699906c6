//! The counts of a check.

use super::{
    grade::{Grade, Grading},
    verdict::Verdict,
};

/// The number of findings by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts([u64; Verdict::ALL.len()]);

impl VerdictCounts {
    /// Counts a finding.
    pub fn add(&mut self, verdict: Verdict) {
        self.0[verdict as usize] += 1;
    }

    /// Returns the verdicts that occur with their numbers, in the order of [`Verdict::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Verdict, u64)> + Clone + '_ {
        Verdict::ALL.into_iter().map(|verdict| (verdict, self.0[verdict as usize])).filter(|(_, count)| *count > 0)
    }

    /// Returns the number of findings of a verdict.
    pub fn of(&self, verdict: Verdict) -> u64 {
        self.0[verdict as usize]
    }
}

/// The pictures that were checked, each in the class of its worst verdict: `sound`, `bad`, `warnings` and `unchecked` add
/// up to `pictures`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckTally {
    /// All of them.
    pub pictures: u64,
    /// Those with no finding.
    pub sound: u64,
    /// The bad ones.
    pub bad: u64,
    /// Those with warnings.
    pub warnings: u64,
    /// Those of which nothing is known.
    pub unchecked: u64,
    /// The findings; a picture may have several.
    pub verdicts: VerdictCounts,
}

impl CheckTally {
    /// Counts a picture with these verdicts; one of which nothing is known is [`Grade::Unchecked`] at least.
    pub(super) fn add(&mut self, grading: &Grading, at_least: Grade, verdicts: &[Verdict]) {
        self.pictures += 1;
        *match grading.worst(verdicts.iter().copied()).max(at_least) {
            Grade::Sound => &mut self.sound,
            Grade::Unchecked => &mut self.unchecked,
            Grade::Warning => &mut self.warnings,
            Grade::Bad => &mut self.bad,
        } += 1;
        for verdict in verdicts {
            self.verdicts.add(*verdict);
        }
    }

    /// Adds the counts of another asset.
    pub fn merge(&mut self, other: &Self) {
        self.pictures += other.pictures;
        self.sound += other.sound;
        self.bad += other.bad;
        self.warnings += other.warnings;
        self.unchecked += other.unchecked;
        for (verdict, count) in other.verdicts.iter() {
            self.verdicts.0[verdict as usize] += count;
        }
    }
}
