//! The sentence that is shown to the operator for a few seconds.

use crate::text::Safe;
use std::time::Duration;

/// The time for which a toast is shown.
const TOAST_TIME: Duration = Duration::from_secs(4);

/// A sentence with the time at which it goes.
#[derive(Clone, Debug)]
pub(super) struct Toast {
    pub(super) text: Safe,
    until: Duration,
}

impl Toast {
    /// A toast that appears now.
    pub(super) fn new(text: Safe, now: Duration) -> Self {
        Self { text, until: now + TOAST_TIME }
    }

    /// Returns whether its time is over.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        self.until <= now
    }
}
