//! The preparation of pictures for the screen, off the loop.
//!
//! [`WORKERS`] pictures at a time are prepared on the blocking pool, the most urgent first. A new list of jobs replaces
//! the one before, so that pictures which were scrubbed past are never prepared; a job is run once while it is listed.

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

/// The number of pictures that are prepared at once.
const WORKERS: usize = 2;

/// The capacity of the channel of prepared pictures.
const UPDATES: usize = 8;

/// The handle of the worker task, which ends when the handle is dropped.
#[derive(Debug)]
pub(super) struct Preparer(watch::Sender<Arc<[Preparation]>>);

impl Preparer {
    /// Starts the worker task on the current runtime.
    pub(super) fn start() -> (Self, mpsc::Receiver<PictureUpdate>) {
        let (jobs, latest_jobs) = watch::channel(Arc::from([]));
        let (sender, updates) = mpsc::channel(UPDATES);
        tokio::spawn(run(latest_jobs, sender));
        (Self(jobs), updates)
    }

    /// Replaces the list of jobs, the most urgent first.
    pub(super) fn prepare(&self, jobs: Vec<Preparation>) {
        self.0.send_replace(jobs.into());
    }
}

async fn run(mut jobs: watch::Receiver<Arc<[Preparation]>>, updates: mpsc::Sender<PictureUpdate>) {
    let mut started: HashSet<(PictureKey, Fit)> = HashSet::new();
    let mut running: JoinSet<PictureUpdate> = JoinSet::new();
    loop {
        let listed = Arc::clone(&jobs.borrow_and_update());
        started.retain(|known| listed.iter().any(|job| (job.key, job.fit) == *known));
        for job in listed.iter() {
            if running.len() >= WORKERS {
                break;
            }
            if started.insert((job.key, job.fit)) {
                let (key, fit, picture) = (job.key, job.fit, Arc::clone(&job.picture));
                running.spawn_blocking(move || {
                    PictureUpdate::Prepared(key, fit, Arc::new(graphics::prepare(&picture, fit)))
                });
            }
        }
        tokio::select! {
            changed = jobs.changed() => if changed.is_err() { return },
            // The panic hook reports a panic in a job; its picture stays unprepared.
            Some(done) = running.join_next() => if let Ok(update) = done && updates.send(update).await.is_err() {
                return;
            },
        }
    }
}
