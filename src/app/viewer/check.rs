//! The check of the listed assets' pictures, and what was found in pictures that were looked at.
//!
//! A check requests its pictures behind those that are looked at, and keeps none of them. Of an event in which nothing was
//! found only its key remains once all its pictures are known.

use super::ActionOutcome;
use crate::{
    catalog::{Asset, AssetKey, Catalog},
    judge::{AssetPictures, CheckRun, CheckTally, Finding, Grading, PictureOutcome, Verdict},
    picture::{EventKey, PictureKey, PictureRequest},
    text::{
        Safe,
        number::{counted, thousands},
    },
};
use std::{
    collections::{HashMap, HashSet},
    vec,
};

/// The pictures that are requested at once, and of one host. The limits of the scheduler lie below.
const WINDOW: usize = 64;
const WINDOW_OF_HOST: usize = 8;

/// The findings in pictures, and the check that is going on.
#[derive(Clone, Debug, Default)]
pub struct PictureCheck {
    run: Option<RunningCheck>,
    /// The events whose pictures are known in part, or in which something was found.
    known: HashMap<EventKey, KnownPictures>,
    /// The events of which all pictures are known, and nothing was found in them.
    sound: HashSet<EventKey>,
    grading: Grading,
    /// The requests have changed since they were last taken.
    is_changed: bool,
}

/// The progress of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckProgress {
    /// The pictures that were answered.
    pub done: u64,
    /// All pictures.
    pub total: u64,
    /// The bad ones, as far as all pictures of their asset are known.
    pub bad: u64,
}

/// The pictures of one event.
#[derive(Clone, Debug)]
struct KnownPictures {
    pictures: AssetPictures,
    /// The findings on each picture that has any, the worst verdict first.
    findings: HashMap<PictureKey, Vec<Finding>>,
}

impl KnownPictures {
    fn new(pictures: AssetPictures, findings: Vec<Finding>) -> Self {
        let mut by_key: HashMap<PictureKey, Vec<Finding>> = HashMap::new();
        for finding in findings {
            by_key.entry(pictures.requests()[finding.index].key).or_default().push(finding);
        }
        Self { pictures, findings: by_key }
    }
}

/// The place that a picture came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureOrigin {
    /// The server, also where it failed.
    Server,
    /// The disk cache.
    Cache,
}

/// A check that is going on.
#[derive(Clone, Debug)]
struct RunningCheck {
    check: CheckRun<AssetKey>,
    /// The assets that are still to be added.
    assets: vec::IntoIter<AssetKey>,
    progress: CheckProgress,
    tally: CheckTally,
    /// The pictures that were in the cache, so that no server was asked for them.
    cached: u64,
}

/// The counts of an asset's pictures of one event, as they have become known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct CheckedEvent {
    pub(in crate::app) asset: AssetKey,
    pub(in crate::app) event: EventKey,
    pub(in crate::app) tally: CheckTally,
}

impl PictureCheck {
    /// The progress of the check that is going on.
    pub fn progress(&self) -> Option<CheckProgress> {
        self.run.as_ref().map(|run| run.progress)
    }

    /// The verdicts on a picture with their reasons, the worst first.
    pub fn findings(&self, key: PictureKey) -> impl Iterator<Item = (Verdict, &Safe)> {
        let known = self.known.get(&key.event);
        let findings = known.and_then(|known| known.findings.get(&key)).into_iter().flatten();
        findings.map(|finding| (finding.verdict, &finding.reason))
    }

    /// The grade of each verdict.
    pub fn grading(&self) -> &Grading {
        &self.grading
    }

    /// Starts a check of these assets, or stops the one that is going on. Returns what became known by that.
    pub(super) fn toggle(&mut self, assets: &[AssetKey], catalog: &Catalog) -> (ActionOutcome, Vec<CheckedEvent>) {
        if let Some(run) = self.run.take() {
            self.is_changed = true;
            let outcome = ActionOutcome::say(format!("check stopped: {}", totals(&run)));
            let rest = run.check.stop();
            return (outcome, rest.into_iter().filter_map(|(asset, pictures)| self.keep(asset, pictures)).collect());
        }
        let pictures = assets.iter().filter_map(|key| catalog.asset(*key)?.pictures());
        let total = pictures.map(|pictures| pictures.len() as u64).sum();
        if total == 0 {
            return (ActionOutcome::say("the listed assets have no pictures to check"), Vec::new());
        }
        // The newest first: it is what was asked for last.
        let assets: Vec<AssetKey> = assets.iter().rev().copied().collect();
        self.run = Some(RunningCheck {
            check: CheckRun::new(WINDOW, WINDOW_OF_HOST),
            assets: assets.into_iter(),
            progress: CheckProgress { done: 0, total, bad: 0 },
            tally: CheckTally::default(),
            cached: 0,
        });
        let outcome = ActionOutcome::say(format!("checking {} · `C` stops", counted(total, "picture")));
        let (ended, known) = self.advance(catalog);
        (ended.unwrap_or(outcome), known)
    }

    /// Returns whether a picture is requested for the check.
    pub fn is_requested(&self, key: PictureKey) -> bool {
        self.run.as_ref().is_some_and(|run| run.check.has_requested(key))
    }

    /// Takes what became of a picture; returns what became known by that, and a sentence where the check has ended.
    pub(super) fn take(
        &mut self,
        key: PictureKey,
        outcome: PictureOutcome,
        origin: PictureOrigin,
        catalog: &Catalog,
    ) -> (ActionOutcome, Vec<CheckedEvent>) {
        let Some(run) = self.run.as_mut().filter(|run| run.check.has_open(key.event)) else {
            return (ActionOutcome::default(), self.take_viewed(key, outcome, catalog).into_iter().collect());
        };
        run.cached += u64::from(origin == PictureOrigin::Cache && run.check.has_requested(key));
        run.progress.done += u64::from(run.check.awaits(key));
        let done = run.check.take(key, outcome);
        let mut known: Vec<CheckedEvent> =
            done.into_iter().filter_map(|(asset, pictures)| self.complete(asset, pictures)).collect();
        let (ended, more) = self.advance(catalog);
        known.extend(more);
        (ended.unwrap_or_default(), known)
    }

    /// Returns the pictures that the check requests, if they have changed since this was last called.
    pub(super) fn take_requests(&mut self) -> Option<Vec<PictureRequest>> {
        std::mem::take(&mut self.is_changed)
            .then(|| self.run.as_ref().map(|run| run.check.requests()).unwrap_or_default())
    }

    /// Adds assets and requests pictures, as many as there is room for; ends the check when all is known.
    fn advance(&mut self, catalog: &Catalog) -> (Option<ActionOutcome>, Vec<CheckedEvent>) {
        let mut known = Vec::new();
        while let Some(run) = self.run.as_mut().filter(|run| run.check.wants_asset())
            && let Some(asset) = run.assets.next()
        {
            let Some((event, pictures)) = catalog.asset(asset).and_then(|asset| self.known_or_new(&asset)) else {
                continue;
            };
            let Some(run) = &mut self.run else { break };
            let answered = (0..pictures.requests().len()).filter(|index| pictures.outcome(*index).is_some()).count();
            run.progress.done += answered as u64;
            if let Some((asset, pictures)) = run.check.add(asset, event, pictures) {
                known.extend(self.complete(asset, pictures));
            }
        }
        let Some(run) = &mut self.run else { return (None, known) };
        self.is_changed |= run.check.fill();
        if !run.check.is_done() || run.assets.len() > 0 {
            return (None, known);
        }
        let ended = self.run.take().map(|run| ActionOutcome::say(format!("checked {}", totals(&run))));
        self.is_changed = true;
        (ended, known)
    }

    /// Returns the pictures of an asset with what is known of them. Failures are forgotten: they may be over.
    fn known_or_new(&self, asset: &Asset<'_>) -> Option<(EventKey, AssetPictures)> {
        let event = asset.picture_event()?;
        let mut pictures = AssetPictures::new(event.requests(), None, asset.duration());
        if let Some(known) = self.known.get(&event.key) {
            for index in 0..pictures.requests().len() {
                if let Some(outcome @ PictureOutcome::Drawn(_)) = known.pictures.outcome(index) {
                    pictures.set(index, outcome.clone());
                }
            }
        }
        Some((event.key, pictures))
    }

    /// Counts an asset of which all is known in the check that is going on.
    fn complete(&mut self, asset: AssetKey, pictures: AssetPictures) -> Option<CheckedEvent> {
        let checked = self.keep(asset, pictures);
        if let (Some(run), Some(checked)) = (&mut self.run, &checked) {
            run.tally.merge(&checked.tally);
            run.progress.bad = run.tally.bad;
        }
        checked
    }

    /// Keeps what is known of the pictures of an event, if that is of use.
    fn keep(&mut self, asset: AssetKey, pictures: AssetPictures) -> Option<CheckedEvent> {
        let event = pictures.requests().first()?.key.event;
        let findings = pictures.findings();
        let tally = pictures.tally(&findings, &self.grading);
        if findings.is_empty() && pictures.is_complete() {
            self.known.remove(&event);
            self.sound.insert(event);
        } else {
            self.sound.remove(&event);
            self.known.insert(event, KnownPictures::new(pictures, findings));
        }
        Some(CheckedEvent { asset, event, tally })
    }

    /// Forgets what is known of events.
    pub(super) fn forget(&mut self, events: impl IntoIterator<Item = EventKey>) {
        for event in events {
            self.known.remove(&event);
            self.sound.remove(&event);
        }
    }

    /// Takes what became of a picture that was looked at; the asset may have been dropped since.
    fn take_viewed(&mut self, key: PictureKey, outcome: PictureOutcome, catalog: &Catalog) -> Option<CheckedEvent> {
        let event = catalog.event_if_kept(key.event)?;
        let asset = catalog.find(event.asset)?;
        if self.sound.contains(&key.event) && matches!(outcome, PictureOutcome::Drawn(_)) {
            return None;
        }
        let mut pictures = match self.known.remove(&key.event) {
            Some(known) => known.pictures,
            None => AssetPictures::new(event.requests(), None, asset.duration()),
        };
        pictures.set_by_key(key, outcome);
        self.keep(asset.key(), pictures)
    }
}

/// Returns the totals of a check in words, and the filter that lists what was found.
fn totals(run: &RunningCheck) -> String {
    let CheckProgress { done, total, .. } = run.progress;
    let of = if done < total { format!("{} of ", thousands(done)) } else { String::new() };
    let tally = &run.tally;
    let cached = if run.cached > 0 { format!(", {} from the cache", thousands(run.cached)) } else { String::new() };
    let filter = match (tally.bad, tally.warnings) {
        (1.., _) => " · `f` picture:bad lists them",
        (0, 1..) => " · `f` picture:warning lists them",
        (0, 0) => "",
    };
    format!(
        "{of}{}: {} bad, {}, {} unchecked{cached}{filter}",
        counted(total, "picture"),
        thousands(tally.bad),
        counted(tally.warnings, "warning"),
        thousands(tally.unchecked)
    )
}
