//! The preparation of pictures for the screen, off the loop.
//!
//! [`WORKERS`] threads prepare a picture each, the most urgent first. A new list of jobs replaces the one before, so that
//! pictures which were scrubbed past are never prepared; a job is run once while it is listed.
//!
//! The threads are of this module alone, and a large picture is prepared by one of them at a time, since the allocator
//! keeps for each thread the memory that a job has freed: 30 MB in a huge sixel window, on each of the many threads of the
//! runtime that would take one after the other.

use crate::{
    app::Preparation,
    graphics,
    picture::{Fit, PictureKey, PictureUpdate, Protocol},
};
use std::{
    collections::HashSet,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc as sync},
    thread,
};
use tokio::sync::{mpsc, watch};

/// The number of pictures that are prepared at once.
const WORKERS: usize = 2;

/// The capacity of the channel of prepared pictures.
const UPDATES: usize = 2;

/// The pixels of a pane from which on its sixels are prepared one at a time. The other protocols send no more pixels than
/// the picture has.
const LARGE_PIXELS: u64 = 1 << 20;

/// The handle of the worker task, which ends when the handle is dropped.
#[derive(Debug)]
pub(super) struct Preparer(watch::Sender<Arc<[Preparation]>>);

impl Preparer {
    /// Starts the worker threads, and their task on the current runtime.
    pub(super) fn start() -> io::Result<(Self, mpsc::Receiver<PictureUpdate>)> {
        let (jobs, latest_jobs) = watch::channel(Arc::from([]));
        let (sender, updates) = mpsc::channel(UPDATES);
        let (prepared, finished) = mpsc::channel(WORKERS);
        let workers =
            (0..WORKERS).map(|index| PreparationThread::start(index, prepared.clone())).collect::<io::Result<_>>()?;
        tokio::spawn(run(latest_jobs, workers, finished, sender));
        Ok((Self(jobs), updates))
    }

    /// Replaces the list of jobs, the most urgent first.
    pub(super) fn prepare(&self, jobs: Vec<Preparation>) {
        self.0.send_replace(jobs.into());
    }
}

/// A thread that prepares a picture at a time; it ends when this is dropped.
struct PreparationThread {
    jobs: sync::Sender<Preparation>,
    /// The job that it has.
    fit: Option<Fit>,
}

/// The index of a worker that has finished, with the picture unless the job panicked.
type Finished = (usize, Option<PictureUpdate>);

impl PreparationThread {
    fn start(index: usize, finished: mpsc::Sender<Finished>) -> io::Result<Self> {
        let (jobs, queue) = sync::channel::<Preparation>();
        thread::Builder::new().name("prepare".to_owned()).spawn(move || {
            for Preparation { key, picture, fit } in queue {
                // The panic hook reports a panic; the picture stays unprepared.
                let prepared = catch_unwind(AssertUnwindSafe(|| graphics::prepare(&picture, fit))).ok();
                let update = prepared.map(|prepared| PictureUpdate::Prepared(key, fit, Arc::new(prepared)));
                if finished.blocking_send((index, update)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { jobs, fit: None })
    }
}

async fn run(
    mut jobs: watch::Receiver<Arc<[Preparation]>>,
    mut workers: Vec<PreparationThread>,
    mut finished: mpsc::Receiver<Finished>,
    updates: mpsc::Sender<PictureUpdate>,
) {
    let mut started: HashSet<(PictureKey, Fit)> = HashSet::new();
    loop {
        let listed = Arc::clone(&jobs.borrow_and_update());
        started.retain(|known| listed.iter().any(|job| (job.key, job.fit) == *known));
        for job in listed.iter() {
            if started.contains(&(job.key, job.fit)) {
                continue;
            }
            let is_held = is_large(job.fit) && workers.iter().any(|worker| worker.fit.is_some_and(is_large));
            let Some(worker) = workers.iter_mut().find(|worker| worker.fit.is_none() && !is_held) else { break };
            if worker.jobs.send(job.clone()).is_err() {
                return;
            }
            worker.fit = Some(job.fit);
            started.insert((job.key, job.fit));
        }
        tokio::select! {
            changed = jobs.changed() => if changed.is_err() { return },
            Some((index, update)) = finished.recv() => {
                workers[index].fit = None;
                if let Some(update) = update && updates.send(update).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Returns whether a job takes much memory.
fn is_large(fit: Fit) -> bool {
    let pane = fit.cell.pixels(fit.cells);
    fit.protocol == Protocol::Sixel && u64::from(pane.width) * u64::from(pane.height) >= LARGE_PIXELS
}
