//! The progress of long work, on stderr where that is a terminal: one line, drawn anew and erased at the end.

use crate::diagnostics;
use std::time::{Duration, Instant};

/// The time before the line appears: shorter work needs none.
const DELAY: Duration = Duration::from_secs(1);

/// The least time between two drawings.
pub(super) const INTERVAL: Duration = Duration::from_millis(200);

/// The progress of some work.
#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    /// The last drawing.
    drawn: Option<Instant>,
}

impl Progress {
    /// Starts the clock.
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), drawn: None }
    }

    /// Draws the line if it is due; `describe` gets the time since the start.
    pub(super) fn update(&mut self, describe: impl FnOnce(Duration) -> String) {
        let elapsed = self.started.elapsed();
        let is_due = elapsed >= DELAY && self.drawn.is_none_or(|drawn| drawn.elapsed() >= INTERVAL);
        if is_due && diagnostics::shows_progress() {
            self.drawn = Some(Instant::now());
            diagnostics::show_progress(&describe(elapsed));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        diagnostics::clear_progress();
    }
}

/// Describes how much of some work is done, and the time that is left at the speed so far.
pub(super) fn describe(what: &str, done: u64, total: u64, elapsed: Duration) -> String {
    let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100).min(100);
    let left = (done > 0 && done < total).then(|| elapsed.as_secs().saturating_mul(total - done) / done);
    let left = left.map(|seconds| match seconds {
        0..60 => format!(", {seconds} s left"),
        60.. => format!(", {} min left", seconds.div_ceil(60)),
    });
    format!("{what}: {percent} %{}", left.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_speed() {
        let check = |done, total, seconds, expected| {
            assert_eq!(describe("pictures", done, total, Duration::from_secs(seconds)), expected);
        };
        check(0, 10, 2, "pictures: 0 %");
        check(5, 10, 20, "pictures: 50 %, 20 s left");
        check(1, 10, 20, "pictures: 10 %, 3 min left");
        check(10, 10, 20, "pictures: 100 %");
        check(0, 0, 1, "pictures: 100 %");
    }
}
