//! The pictures of one asset: what became of each, and what is wrong with them together.

use super::{
    facts::PictureFacts,
    grade::{Grade, Grading},
    intervals::{gaps, median_interval},
    outcome::PictureOutcome,
    tally::CheckTally,
    verdict::Verdict,
};
use crate::{
    event::{Offset, PictureKind},
    picture::{PictureKey, PictureRequest, PixelSize},
    text::Safe,
};
use std::num::NonZeroUsize;

/// The neighbours that must look alike to be frozen.
const FROZEN_RUN: usize = 3;

/// The intervals by which the last offset is before the end of the video at least, for the pictures to be short of it.
const SHORT_INTERVALS: i64 = 2;

/// One verdict on one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The index of the picture in [`AssetPictures::requests`].
    pub index: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// The reason, such as `HTTP 404`.
    pub reason: Safe,
}

/// The pictures of one asset in the order of their offsets, with what became of each.
#[derive(Clone, Debug)]
pub struct AssetPictures {
    requests: Vec<PictureRequest>,
    outcomes: Vec<Option<PictureOutcome>>,
    /// The offsets of all samples, also of those that are not checked.
    samples: Vec<Offset>,
    duration: Option<Offset>,
}

impl AssetPictures {
    /// Takes the pictures of an asset, in order, of which at most `sample` are checked; and the video's length if known.
    pub fn new(requests: Vec<PictureRequest>, sample: Option<NonZeroUsize>, duration: Option<Offset>) -> Self {
        let samples = requests.iter().filter(|one| one.key.kind == PictureKind::Sample).map(|one| one.offset).collect();
        let requests = match sample {
            Some(count) if count.get() < requests.len() => {
                let chosen = sampled(requests.len(), count);
                let mut requests: Vec<Option<PictureRequest>> = requests.into_iter().map(Some).collect();
                chosen.filter_map(|index| requests[index].take()).collect()
            }
            Some(_) | None => requests,
        };
        Self { outcomes: vec![None; requests.len()], requests, samples, duration }
    }

    /// The pictures that are checked, in order.
    pub fn requests(&self) -> &[PictureRequest] {
        &self.requests
    }

    /// Notes what became of the picture at an index.
    pub fn set(&mut self, index: usize, outcome: PictureOutcome) {
        if let Some(slot) = self.outcomes.get_mut(index) {
            *slot = Some(outcome);
        }
    }

    /// Notes what became of a picture; returns whether it is one of these.
    pub fn set_by_key(&mut self, key: PictureKey, outcome: PictureOutcome) -> bool {
        let index = self.requests.iter().position(|request| request.key == key);
        index.map(|index| self.set(index, outcome)).is_some()
    }

    /// Returns what became of the picture at an index.
    pub fn outcome(&self, index: usize) -> Option<&PictureOutcome> {
        self.outcomes.get(index)?.as_ref()
    }

    /// Returns whether nothing is known yet of a picture, which is one of these.
    pub(super) fn lacks(&self, key: PictureKey) -> bool {
        let index = self.requests.iter().position(|request| request.key == key);
        index.is_some_and(|index| self.outcome(index).is_none())
    }

    /// Returns whether it is known of every picture what became of it.
    pub fn is_complete(&self) -> bool {
        self.outcomes.iter().all(Option::is_some)
    }

    /// Returns the findings by picture and verdict. Of pictures of which nothing is known yet nothing is said.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.find_faults(&mut findings);
        self.find_dark_and_frozen(&mut findings);
        self.find_odd_sizes(&mut findings);
        self.find_gaps(&mut findings);
        findings.sort_by_key(|finding| (finding.index, finding.verdict));
        findings
    }

    /// Counts the pictures, each in the class of its worst verdict.
    pub fn tally(&self, findings: &[Finding], grading: &Grading) -> CheckTally {
        let mut tally = CheckTally::default();
        let mut rest = findings;
        for (index, outcome) in self.outcomes.iter().enumerate() {
            let end = rest.iter().position(|finding| finding.index != index).unwrap_or(rest.len());
            let (own, others) = rest.split_at(end);
            rest = others;
            let verdicts: Vec<Verdict> = own.iter().map(|finding| finding.verdict).collect();
            let at_least = match outcome {
                Some(PictureOutcome::Drawn(_) | PictureOutcome::Faulty(..)) => Grade::Sound,
                Some(PictureOutcome::Unknown(_)) | None => Grade::Unchecked,
            };
            tally.add(grading, at_least, &verdicts);
        }
        tally
    }

    fn find_faults(&self, findings: &mut Vec<Finding>) {
        for (index, (request, outcome)) in self.requests.iter().zip(&self.outcomes).enumerate() {
            let Some(outcome) = outcome else { continue };
            if let PictureOutcome::Faulty(verdict, reason) = outcome {
                findings.push(Finding { index, verdict: *verdict, reason: reason.clone() });
            }
            if request.url.is_foreign(&request.asset) {
                let reason = "the URL names another asset".into();
                findings.push(Finding { index, verdict: Verdict::Foreign, reason });
            }
        }
    }

    /// Finds black, blank and frozen pictures; each picture is at most one of these.
    fn find_dark_and_frozen(&self, findings: &mut Vec<Finding>) {
        let drawn: Vec<(usize, &PictureFacts)> = self.drawn().collect();
        let all_are_black = self.is_complete() && drawn.iter().all(|(_, facts)| facts.is_black());
        let last = self.requests.len().saturating_sub(1);
        let frozen = self.frozen_runs(&drawn);
        for (index, facts) in drawn {
            let run = frozen.iter().find(|run| run.binary_search(&index).is_ok());
            let found = if facts.is_black() {
                // Videos begin and end in black.
                let is_told = all_are_black || (index != 0 && index != last);
                is_told.then(|| (Verdict::Black, format!("{} of its pixels are dark", percent(facts.dark_share))))
            } else if facts.is_blank() {
                Some((Verdict::Blank, format!("one colour: its luma deviates by {:.1}", facts.deviation)))
            } else if let Some([first, .., last]) = run.map(Vec::as_slice) {
                let [from, to] = [first, last].map(|index| self.requests[*index].offset);
                Some((Verdict::Frozen, format!("looks the same from {from} to {to}")))
            } else {
                None
            };
            findings.extend(found.map(|(verdict, reason)| Finding { index, verdict, reason: reason.into() }));
        }
    }

    /// Returns the runs of neighbours that look alike, long enough to be frozen. Pictures at one offset count once, and
    /// one that failed does not end a run; one of which nothing is known does.
    fn frozen_runs(&self, drawn: &[(usize, &PictureFacts)]) -> Vec<Vec<usize>> {
        let is_known = |from: usize, to: usize| self.outcomes[from..to].iter().all(Option::is_some);
        let mut runs: Vec<Vec<usize>> = Vec::new();
        let mut first: Option<&PictureFacts> = None;
        for (index, facts) in drawn.iter().filter(|(_, facts)| !facts.is_black() && !facts.is_blank()) {
            let extends = first.is_some_and(|first| first.is_like(facts));
            match runs.last_mut() {
                Some(run) if extends && is_known(run[run.len() - 1], *index) => run.push(*index),
                Some(_) | None => {
                    runs.push(vec![*index]);
                    first = Some(facts);
                }
            }
        }
        let offsets = |run: &[usize]| {
            let mut offsets: Vec<Offset> = run.iter().map(|index| self.requests[*index].offset).collect();
            offsets.dedup();
            offsets.len()
        };
        let is_whole = self.is_complete() && runs.len() == 1;
        let enough = if is_whole && runs[0].len() == drawn.len() { 2 } else { FROZEN_RUN };
        runs.retain(|run| offsets(run) >= enough);
        runs
    }

    /// Finds pictures of another size than most; of sizes that are equally frequent the first is taken for the usual.
    fn find_odd_sizes(&self, findings: &mut Vec<Finding>) {
        let mut sizes: Vec<(PixelSize, usize)> = Vec::new();
        for (_, facts) in self.drawn() {
            match sizes.iter_mut().find(|(size, _)| *size == facts.size) {
                Some((_, count)) => *count += 1,
                None => sizes.push((facts.size, 1)),
            }
        }
        let most = sizes.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let Some((usual, _)) = sizes.iter().find(|(_, count)| *count == most).copied() else { return };
        for (index, facts) in self.drawn().filter(|(_, facts)| facts.size != usual) {
            let reason = format!("{}, the others {usual}", facts.size).into();
            findings.push(Finding { index, verdict: Verdict::OddSize, reason });
        }
    }

    /// Finds gaps among the samples, each told of the next checked picture once that is known, and pictures that end long
    /// before the video.
    fn find_gaps(&self, findings: &mut Vec<Finding>) {
        let Some(interval) = median_interval(&self.samples) else { return };
        let checked: Vec<(Offset, usize)> = self.checked_samples().collect();
        let seconds = |millis: i64| Offset::from_millis(millis).as_seconds();
        for (from, to) in gaps(&self.samples) {
            let first = checked.partition_point(|(offset, _)| *offset < to);
            if let Some((_, index)) = checked.get(first).filter(|(_, index)| self.outcomes[*index].is_some()) {
                let distance = seconds(to.as_millis() - from.as_millis());
                let reason = format!("{distance} s after {from}, usually {} s", seconds(interval)).into();
                findings.push(Finding { index: *index, verdict: Verdict::Gap, reason });
            }
        }
        let (Some(last), Some(end)) = (self.samples.last(), self.duration) else { return };
        let missing = end.as_millis() - last.as_millis();
        if missing > SHORT_INTERVALS * interval
            && let Some((_, index)) = checked.last()
            && self.outcomes[*index].is_some()
        {
            let reason = format!("the last one is at {last}, the video ends at {end}").into();
            findings.push(Finding { index: *index, verdict: Verdict::Short, reason });
        }
    }

    /// Returns the samples that are checked, with their indices.
    fn checked_samples(&self) -> impl Iterator<Item = (Offset, usize)> {
        let requests = self.requests.iter().enumerate();
        let samples = requests.filter(|(_, request)| request.key.kind == PictureKind::Sample);
        samples.map(|(index, request)| (request.offset, index))
    }

    fn drawn(&self) -> impl Iterator<Item = (usize, &PictureFacts)> {
        let outcomes = self.outcomes.iter().enumerate();
        outcomes.filter_map(|(index, outcome)| Some((index, outcome.as_ref()?.facts()?)))
    }
}

/// Returns `count` of `length` indices, evenly spread from the first to the last.
pub fn sampled(length: usize, count: NonZeroUsize) -> impl Iterator<Item = usize> {
    let count = count.get().min(length);
    let last = length.saturating_sub(1);
    // A single one is taken from the middle: the first is often black.
    (0..count).map(move |at| if count == 1 { last / 2 } else { at * last / (count - 1) })
}

/// Formats a share as percent, rounded down so that 100 % means all.
fn percent(share: f32) -> String {
    format!("{} %", (f64::from(share) * 1000.0).floor() / 10.0)
}

#[cfg(test)]
mod tests;
