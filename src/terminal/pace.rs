//! When the next frame may be drawn: acknowledgements, and the rate they tell.
//!
//! That our end of the line took a frame says nothing over SSH, where megabytes wait in buffers. So a large frame ends
//! with a question, and its answer is the frame's arrival at the glass. No clock is read here; a terminal that never
//! answers is not asked again and is paced by what it takes.

use std::{collections::VecDeque, time::Duration};

/// Asks the terminal for its state (DSR); what every terminal answers.
pub(super) const QUESTION: &[u8] = b"\x1b[5n";

/// The terminal's state: well. What is not well (`CSI 3n`) has not been seen since the VT100.
pub(super) const ANSWER: &[u8] = b"\x1b[0n";

/// Frames above this size, in bytes, are acknowledged.
const ACKNOWLEDGED_BYTES: usize = 4 * 1024;

/// How long an answer is waited for; with the time that the frame should take, where the rate is known.
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_PATIENCE: Duration = Duration::from_secs(20);

/// The rate is the best of so many frames: a round trip makes small frames look slower than the link is.
const RATES: usize = 8;

/// The state of acknowledgement.
#[derive(Debug, Default)]
pub(super) struct Pace {
    waiting: Option<Waiting>,
    manners: Manners,
    /// Bytes a second of the last frames.
    rates: VecDeque<u64>,
}

#[derive(Debug)]
struct Waiting {
    bytes: usize,
    /// When a tick first saw the frame waiting, by the clock of the ticks.
    since: Option<Duration>,
}

/// What is known of the terminal's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Manners {
    #[default]
    Unknown,
    Answers,
    Mute,
}

impl Pace {
    /// Notes a frame of so many bytes; true when [`QUESTION`] is to be sent after it.
    pub(super) fn sent(&mut self, bytes: usize) -> bool {
        let ask = bytes > ACKNOWLEDGED_BYTES && self.manners != Manners::Mute;
        if ask {
            self.waiting = Some(Waiting { bytes, since: None });
        }
        ask
    }

    /// Notes the answer, `elapsed` after its frame was handed over. A late one shows at least that answers come.
    pub(super) fn answered(&mut self, elapsed: Duration) {
        self.manners = Manners::Answers;
        let Some(frame) = self.waiting.take() else { return };
        let micros = elapsed.as_micros().max(1);
        let rate = u64::try_from(frame.bytes as u128 * 1_000_000 / micros).unwrap_or(u64::MAX);
        if self.rates.len() == RATES {
            self.rates.pop_front();
        }
        self.rates.push_back(rate);
    }

    /// Looks whether the answer is overdue; true when it was given up.
    pub(super) fn tick(&mut self, now: Duration) -> bool {
        let rate = self.rate();
        let Some(frame) = &mut self.waiting else { return false };
        let since = *frame.since.get_or_insert(now);
        let expected = rate.map_or(Duration::ZERO, |rate| Duration::from_secs(2 * frame.bytes as u64 / rate.max(1)));
        if now.saturating_sub(since) < (PATIENCE + expected).min(LONGEST_PATIENCE) {
            return false;
        }
        self.waiting = None;
        if self.manners == Manners::Unknown {
            self.manners = Manners::Mute;
        }
        true
    }

    /// Forgets a frame whose answer cannot come any more.
    pub(super) fn forget(&mut self) {
        self.waiting = None;
    }

    /// Whether a frame has not arrived yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Bytes a second of the link.
    pub(super) fn rate(&self) -> Option<u64> {
        self.rates.iter().copied().max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = 10_000;
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn only_large_frames_are_acknowledged() {
        let mut pace = Pace::default();
        assert!(!pace.sent(ACKNOWLEDGED_BYTES));
        assert!(!pace.is_waiting());
        assert!(pace.sent(ACKNOWLEDGED_BYTES + 1));
        assert!(pace.is_waiting());
    }

    #[test]
    fn the_rate_is_the_best_of_the_last_frames() {
        let mut pace = Pace::default();
        assert_eq!(pace.rate(), None);
        for elapsed in [4, 1, 2] {
            pace.sent(LARGE);
            pace.answered(elapsed * SECOND);
        }
        assert_eq!(pace.rate(), Some(10_000));
        for _ in 0..RATES {
            pace.sent(LARGE);
            pace.answered(10 * SECOND);
        }
        assert_eq!(pace.rate(), Some(1_000));
    }

    #[test]
    fn a_mute_terminal_is_asked_once() {
        let mut pace = Pace::default();
        pace.sent(LARGE);
        assert!(!pace.tick(5 * SECOND), "the wait begins with the first tick");
        assert!(!pace.tick(6 * SECOND));
        assert!(pace.tick(7 * SECOND));
        assert!(!pace.is_waiting());
        assert!(!pace.sent(LARGE), "not asked again");
        pace.answered(9 * SECOND);
        assert!(pace.sent(LARGE), "it was only slow");
    }

    #[test]
    fn a_slow_link_gets_the_time_its_frame_needs() {
        let mut pace = Pace::default();
        pace.sent(LARGE);
        pace.answered(2 * SECOND);
        pace.sent(LARGE);
        assert!(!pace.tick(SECOND));
        assert!(!pace.tick(4 * SECOND), "two seconds, and twice the two that the frame before took");
        assert!(pace.tick(7 * SECOND));
        assert!(pace.sent(LARGE), "one lost answer does not make it mute");
    }
}
