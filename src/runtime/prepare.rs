//! Prepares pictures off the loop, the most urgent first.
//!
//! Two at a time on the blocking pool. The latest list replaces the one before, so what scrubbing passed by is never
//! prepared; a job that is done is not done again while it is still listed.

use crate::{
    app::Preparation,
    graphics,
    picture::{Fit, PictureKey, PictureUpdate},
};
use std::{collections::HashSet, sync::Arc};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

/// How many pictures are prepared at once.
const WORKERS: usize = 2;

/// A hold on the worker. Dropping it ends the worker.
#[derive(Debug)]
pub(super) struct Preparer(watch::Sender<Arc<[Preparation]>>);

impl Preparer {
    /// Starts the worker on the current runtime.
    pub(super) fn start() -> (Self, mpsc::Receiver<PictureUpdate>) {
        let (jobs, jobs_seen) = watch::channel(Arc::from([]));
        let (updates, updates_seen) = mpsc::channel(8);
        tokio::spawn(work(jobs_seen, updates));
        (Self(jobs), updates_seen)
    }

    /// Replaces the list of jobs.
    pub(super) fn prepare(&self, jobs: Vec<Preparation>) {
        self.0.send_replace(jobs.into());
    }
}

async fn work(mut jobs: watch::Receiver<Arc<[Preparation]>>, updates: mpsc::Sender<PictureUpdate>) {
    let mut begun: HashSet<(PictureKey, Fit)> = HashSet::new();
    let mut running: JoinSet<PictureUpdate> = JoinSet::new();
    loop {
        let listed = Arc::clone(&jobs.borrow_and_update());
        begun.retain(|known| listed.iter().any(|job| (job.key, job.fit) == *known));
        for job in listed.iter() {
            if running.len() >= WORKERS {
                break;
            }
            if begun.insert((job.key, job.fit)) {
                let (key, fit, picture) = (job.key, job.fit, Arc::clone(&job.picture));
                running.spawn_blocking(move || {
                    PictureUpdate::Prepared(key, fit, Arc::new(graphics::prepare(&picture, fit)))
                });
            }
        }
        tokio::select! {
            changed = jobs.changed() => if changed.is_err() { return },
            // A panic in a job is recorded by the hook; the picture is simply not prepared.
            Some(done) = running.join_next() => if let Ok(update) = done && updates.send(update).await.is_err() {
                return;
            },
        }
    }
}
