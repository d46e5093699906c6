//! The work of a check: pictures are requested, a window of them at a time, and judged as they come.
//!
//! Only the facts of a picture are kept, and of an asset only its counts and findings once all its pictures are known.

use super::interrupt::Interrupts;
use crate::{
    catalog::{AssetKey, Catalog},
    command::progress::{self, Progress},
    diagnostics::info,
    judge::{AssetPictures, CheckRun, CheckTally, Finding, Grading, PictureOutcome},
    media::{self, MediaConfig},
    picture::PictureUpdate,
    report::{CheckedAsset, CheckedFinding},
    text::{Safe, number::thousands},
};
use std::{collections::BTreeMap, num::NonZeroUsize, time::Duration};

/// The requests at a time for each fetch that may run, and their least number.
const WINDOW: usize = 4;
const MIN_WINDOW: usize = 64;

/// The end of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckEnd {
    /// All is known.
    Done,
    /// By a signal, with its exit code.
    Interrupted(u8),
    /// The reader of stdout is gone.
    StdoutClosed,
}

/// A check that is going on.
pub(super) struct Judging<'a> {
    catalog: &'a Catalog,
    keys: &'a [AssetKey],
    sample: Option<NonZeroUsize>,
    grading: Grading,
    /// The result of each asset that is done, by its place in `keys`.
    known: BTreeMap<usize, CheckedAsset>,
    tally: CheckTally,
    /// The pictures of which nothing is known, by reason.
    unchecked: BTreeMap<Safe, u64>,
    /// The pictures that were in the cache, so that no server was asked for them.
    cached: u64,
    /// The pictures of all assets, and those that were answered.
    total: u64,
    done: u64,
}

impl<'a> Judging<'a> {
    pub(super) fn new(
        catalog: &'a Catalog,
        keys: &'a [AssetKey],
        sample: Option<NonZeroUsize>,
        grading: Grading,
    ) -> Self {
        let most = sample.map_or(usize::MAX, NonZeroUsize::get);
        let pictures = keys.iter().filter_map(|key| catalog.asset(*key)?.pictures());
        let total = pictures.map(|pictures| pictures.len().min(most) as u64).sum();
        Self {
            catalog,
            keys,
            sample,
            grading,
            known: BTreeMap::new(),
            tally: CheckTally::default(),
            unchecked: BTreeMap::new(),
            cached: 0,
            total,
            done: 0,
        }
    }

    /// Fetches and judges until all is known, a signal comes, or nobody reads stdout any more.
    pub(super) async fn run(&mut self, config: MediaConfig, stdout_closed: impl Future<Output = ()>) -> CheckEnd {
        let mut interrupts = Interrupts::take_over();
        tokio::pin!(stdout_closed);
        let mut progress = Progress::start();
        let mut run = CheckRun::new((WINDOW * config.jobs).max(MIN_WINDOW), 2 * config.check.per_host);
        let (media, mut updates) = media::spawn(config);
        let mut cache_notice = media.notice();
        let mut assets = (0..self.keys.len()).peekable();
        let ended = loop {
            while run.wants_asset()
                && let Some(place) = assets.next()
            {
                self.add(place, &mut run);
            }
            if run.fill() {
                media.check(run.requests());
            }
            if run.is_done() && assets.peek().is_none() {
                break CheckEnd::Done;
            }
            progress.update(|elapsed| self.describe(elapsed));
            tokio::select! {
                biased;
                code = interrupts.next() => break CheckEnd::Interrupted(code),
                () = &mut stdout_closed => break CheckEnd::StdoutClosed,
                Ok(()) = cache_notice.changed() => {
                    let notice = cache_notice.borrow_and_update().clone();
                    if let Some(notice) = notice {
                        info(notice.as_str());
                    }
                }
                // The rate and the rest of the time change while a host is waited for.
                () = tokio::time::sleep(progress::INTERVAL) => {}
                update = updates.recv() => match update {
                    Some(update) => self.take(&update, &mut run),
                    None => break CheckEnd::Done,
                },
            }
        };
        // The last pictures may still be on their way to the cache.
        drop(media);
        while ended == CheckEnd::Done && updates.recv().await.is_some() {}
        let rest = run.stop();
        for (place, pictures) in rest {
            self.note(place, &pictures);
        }
        for place in assets {
            if let Some(pictures) = self.pictures(place) {
                self.note(place, &pictures);
            }
        }
        ended
    }

    fn pictures(&self, place: usize) -> Option<AssetPictures> {
        let asset = self.catalog.asset(*self.keys.get(place)?)?;
        Some(AssetPictures::new(asset.requests(), self.sample, asset.duration()))
    }

    fn add(&mut self, place: usize, run: &mut CheckRun<usize>) {
        let Some(pictures) = self.pictures(place) else { return };
        let event = pictures.requests().first().map(|request| request.key.event);
        let done = match event {
            Some(event) => run.add(place, event, pictures),
            // An asset without pictures.
            None => Some((place, pictures)),
        };
        if let Some((place, pictures)) = done {
            self.note(place, &pictures);
        }
    }

    fn take(&mut self, update: &PictureUpdate, run: &mut CheckRun<usize>) {
        let (key, outcome) = match update {
            PictureUpdate::Loaded(key, picture) => {
                self.cached += u64::from(picture.fetched.from_cache);
                (*key, PictureOutcome::of_picture(picture))
            }
            PictureUpdate::Failed(key, failure) => (*key, PictureOutcome::of_failure(failure)),
            PictureUpdate::Started(_) | PictureUpdate::Dropped(_) | PictureUpdate::Prepared(..) => return,
        };
        self.done += 1;
        if let PictureOutcome::Unknown(reason) = &outcome {
            *self.unchecked.entry(reason.clone()).or_default() += 1;
        }
        for (place, pictures) in run.take(key, outcome) {
            self.note(place, &pictures);
        }
    }

    /// Notes what is known of an asset.
    fn note(&mut self, place: usize, pictures: &AssetPictures) {
        let findings = pictures.findings();
        let tally = pictures.tally(&findings, &self.grading);
        self.tally.merge(&tally);
        let finding = |finding: Finding| CheckedFinding {
            picture: pictures.requests()[finding.index].clone(),
            verdict: finding.verdict,
            grade: self.grading.worst([finding.verdict]),
            reason: finding.reason,
        };
        let findings = findings.into_iter().map(finding).collect();
        if let Some(asset) = self.keys.get(place) {
            self.known.insert(place, CheckedAsset { asset: *asset, tally, findings });
        }
    }

    /// Returns `1 203 of 5 000 pictures, 96 a second, 12 bad: 24 %, 40 s left`.
    fn describe(&self, elapsed: Duration) -> String {
        let rate = (f64::from(u32::try_from(self.done).unwrap_or(u32::MAX)) / elapsed.as_secs_f64().max(0.001)).round();
        let what = format!(
            "{} of {} pictures, {rate} a second, {} bad",
            thousands(self.done),
            thousands(self.total),
            thousands(self.tally.bad)
        );
        progress::describe(&what, self.done, self.total, elapsed)
    }

    /// Returns the reasons for which nothing is known of pictures, with their numbers.
    pub(super) fn unchecked_reasons(&self) -> impl Iterator<Item = (&Safe, u64)> {
        self.unchecked.iter().map(|(reason, count)| (reason, *count))
    }

    /// The number of pictures that were in the cache.
    pub(super) fn cached(&self) -> u64 {
        self.cached
    }

    /// Returns all assets in their order, and their counts together.
    pub(super) fn finish(self) -> (Vec<CheckedAsset>, CheckTally) {
        (self.known.into_values().collect(), self.tally)
    }
}
