//! Where JPEGs are decoded, and how much memory that may take.

use super::{
    Decoder,
    jpeg::{self, Decoded, JpegFault, Outline},
};
use std::{num::NonZero, sync::Arc, thread};
use tokio::{sync::Semaphore, task};

/// Bytes that all decoding together may take. [`Outline::cost`] is at most 320 MB, so one picture always fits.
const BUDGET: u64 = 512 << 20;

/// The budget is counted in these, because a semaphore counts in `u32`.
const UNIT: u64 = 1 << 10;

/// The most pictures that are decoded at once.
const MAX_WORKERS: usize = 4;

/// Decodes a few pictures at a time.
pub(super) struct Workers {
    budget: Semaphore,
    places: Semaphore,
}

impl Workers {
    pub(super) fn new(_decoder: &Decoder) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            budget: Semaphore::new(usize::try_from(BUDGET / UNIT).unwrap_or(usize::MAX)),
            places: Semaphore::new(cores.min(MAX_WORKERS)),
        }
    }

    /// Decodes one picture. Dropping the future gives up the picture, not what a thread has begun.
    pub(super) async fn decode(&self, bytes: Arc<[u8]>, outline: Outline) -> Result<Decoded, JpegFault> {
        let cost = u32::try_from(outline.cost() / UNIT + 1).unwrap_or(u32::MAX);
        let closed = |_closed| JpegFault::Decoder("closed".to_owned());
        let _place = self.places.acquire().await.map_err(closed)?;
        let _budget = self.budget.acquire_many(cost).await.map_err(closed)?;
        task::spawn_blocking(move || jpeg::decode(&bytes, outline))
            .await
            .unwrap_or_else(|_panic| Err(JpegFault::Decoder("it panicked".to_owned())))
    }
}
