//! The boundary at which a panic of a reading thread ends.
//!
//! A thread that died unseen would leave a screen that says `live` for ever. Its panic becomes the failed state of the
//! ranks that it read, and a notice.

use crate::{
    event::{Health, LogUpdate},
    source::{error::Stopped, outlet::Outlet},
    text::Safe,
};
use std::{
    any::Any,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs `work`; where it panics, reports the ranks that it read as failed. Returns `None` after a panic.
pub(super) fn guard<T>(
    outlet: &Outlet,
    ranks: impl FnOnce() -> Range<u16>,
    work: impl FnOnce() -> Result<T, Stopped>,
) -> Result<Option<T>, Stopped> {
    // Nothing that `work` may have left half changed is used again.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map(Some),
        Err(panic) => {
            let why = Safe::new(&format!("reading ended by a bug in thumbview: {}", message(&*panic)));
            for rank in ranks() {
                outlet.send(LogUpdate::Health { rank, health: Health::Failed(why.clone()) })?;
            }
            Ok(None)
        }
    }
}

/// Returns the message of a panic.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::ReadMode, source::state::SharedState};
    use std::sync::{Arc, mpsc::sync_channel};

    #[test]
    fn a_panic_is_the_failed_state_of_its_ranks() {
        let (updates, mut receiver) = tokio::sync::mpsc::channel(8);
        let outlet = Outlet::new(updates, Arc::new(SharedState::new(ReadMode::Follow, sync_channel(1).0)));
        let ended = guard(&outlet, || 2..4, || -> Result<(), Stopped> { panic!("at {}", 7) });
        assert_eq!(ended, Ok(None));
        assert_eq!(guard(&outlet, || 0..9, || Ok(1)), Ok(Some(1)));
        assert_eq!(guard(&outlet, || 0..9, || Err::<(), _>(Stopped)), Err(Stopped));
        drop(outlet);
        let why = Safe::new("reading ended by a bug in thumbview: at 7");
        for rank in 2..4 {
            let health = Health::Failed(why.clone());
            assert_eq!(receiver.try_recv(), Ok(LogUpdate::Health { rank, health }));
        }
        assert!(receiver.try_recv().is_err());
    }
}
