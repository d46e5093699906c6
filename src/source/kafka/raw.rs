//! The text of a topic's record, read once more from the broker.

use super::update::RawRequest;
use crate::event::Origin;
use tokio::sync::{mpsc, oneshot};

/// The place where the records of a partition can be read again.
#[derive(Clone, Debug)]
pub(in crate::source) struct RawTopic {
    requests: mpsc::Sender<RawRequest>,
    partition: i32,
}

impl RawTopic {
    pub(super) fn new(requests: mpsc::Sender<RawRequest>, partition: i32) -> Self {
        Self { requests, partition }
    }

    /// Reads the text of a record; waits for the broker. The error is a sentence.
    pub(in crate::source) fn read(&self, origin: Origin) -> Result<Vec<u8>, String> {
        const GONE: &str = "the topic is not read any more";
        let (answer, text) = oneshot::channel();
        let offset = i64::try_from(origin.byte).unwrap_or(i64::MAX);
        let len = usize::try_from(origin.len).unwrap_or(usize::MAX);
        let request = RawRequest { partition: self.partition, offset, len, answer };
        self.requests.blocking_send(request).map_err(|_gone| GONE.to_owned())?;
        text.blocking_recv().map_err(|_gone| GONE.to_owned())?
    }
}
