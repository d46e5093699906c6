//! The weight of verdicts, which the operator may change.

use super::verdict::Verdict;

/// The class that a picture is counted in, the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing is wrong with it.
    Sound,
    /// Nothing is known about it.
    Unchecked,
    /// It deserves a look.
    Warning,
    /// It is not what it should be.
    Bad,
}

/// The grade of each verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grading([Grade; Verdict::ALL.len()]);

impl Default for Grading {
    /// The findings of a server, a connection or a body are bad, those in what a picture shows are warnings; a throttled
    /// picture is unchecked.
    fn default() -> Self {
        Self(Verdict::ALL.map(|verdict| match verdict {
            Verdict::Missing
            | Verdict::Forbidden
            | Verdict::Expired
            | Verdict::Unreachable
            | Verdict::Refused
            | Verdict::NotJpeg
            | Verdict::Truncated
            | Verdict::Damaged
            | Verdict::Foreign => Grade::Bad,
            Verdict::Throttled => Grade::Unchecked,
            Verdict::Black | Verdict::Blank | Verdict::Frozen | Verdict::OddSize | Verdict::Gap | Verdict::Short => {
                Grade::Warning
            }
        }))
    }
}

impl Grading {
    /// Returns the grade of a picture with this verdict alone.
    pub fn of(&self, verdict: Verdict) -> Grade {
        self.0[verdict as usize]
    }

    /// Sets the grade of a verdict.
    pub fn set(&mut self, verdict: Verdict, grade: Grade) {
        self.0[verdict as usize] = grade;
    }

    /// Returns the grade of a picture with these verdicts, the worst of them.
    pub fn worst(&self, verdicts: impl IntoIterator<Item = Verdict>) -> Grade {
        verdicts.into_iter().map(|verdict| self.of(verdict)).max().unwrap_or(Grade::Sound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_grades_a_picture() {
        let mut grading = Grading::default();
        assert_eq!(grading.worst([]), Grade::Sound);
        assert_eq!(grading.worst([Verdict::Gap, Verdict::Missing]), Grade::Bad);
        assert_eq!(grading.worst([Verdict::Throttled]), Grade::Unchecked);
        assert_eq!(grading.worst([Verdict::Throttled, Verdict::Gap]), Grade::Warning);
        grading.set(Verdict::Gap, Grade::Bad);
        grading.set(Verdict::Missing, Grade::Warning);
        assert_eq!(grading.worst([Verdict::Gap]), Grade::Bad);
        assert_eq!(grading.worst([Verdict::Missing]), Grade::Warning);
    }
}
