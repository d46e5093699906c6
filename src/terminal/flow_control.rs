//! When the next frame may be drawn: acknowledgements, and the rate they tell.
//!
//! That our end of the line took a frame says nothing over SSH, where megabytes wait in buffers. So what is sent ends
//! with a question now and then, and its answer is the arrival at the glass. No clock is read here: moments come in. A
//! terminal that never answers is not asked again and is paced by what it takes.
//!
//! An answer takes a round trip and the time of the bytes. So bytes by the whole time are a rate that the link surely
//! has, and bytes by what exceeds the shortest round trip one that it has at most; the estimate is kept between the two.

use std::{collections::VecDeque, time::Duration};

/// Asks the terminal for its state (DSR); what every terminal answers.
pub(super) const QUESTION: &[u8] = b"\x1b[5n";

/// The terminal's state: well. What is not well (`CSI 3n`) has not been seen since the VT100.
pub(super) const ANSWER: &[u8] = b"\x1b[0n";

/// After so many bytes there is a question: an eighth of a second of the link's, within these bounds.
const LEAST_ASKED: u64 = 512;
const MOST_ASKED: u64 = 4 * 1024;

/// A frame below this many bytes takes no time of its own: its answer tells the round trip.
const SMALL: usize = 512;

/// A frame of fewer bytes than these tells nothing of the rate.
const TELLING: usize = 1024;

/// How long an answer is waited for: while it is not known whether any comes, and when one should, together with twice
/// the time that the frame should take.
const FIRST_PATIENCE: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_PATIENCE: Duration = Duration::from_secs(20);

/// So long after its question an answer that was not waited for any more counts as lost.
const LOST: Duration = Duration::from_secs(6);

/// A delay that nobody minds; it may be jitter, and lowers no estimate.
const HARMLESS: Duration = Duration::from_millis(100);

/// The part of a second for which one frame of pictures may fill the link.
const SLICES_PER_SECOND: u64 = 8;

/// The bytes of pictures in a frame as long as no rate is known.
const FIRST_SLICE: u64 = 16 * 1024;

/// The state of acknowledgement.
#[derive(Debug, Default)]
pub(super) struct FlowControl {
    /// Questions without an answer, the oldest first; answers come in the same order.
    open: VecDeque<PendingQuery>,
    manners: Acknowledgement,
    /// Bytes since the last question.
    unasked: usize,
    /// The shortest time that the answer to a small frame took.
    round_trip: Option<Duration>,
    /// Bytes a second.
    rate: Option<u64>,
}

#[derive(Debug)]
struct PendingQuery {
    /// Bytes of the frame before the question.
    bytes: usize,
    /// Whether they were nearly all that was on its way.
    telling: bool,
    at: Duration,
    /// Whether frames wait for the answer.
    awaited: bool,
}

/// What is known of the terminal's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Acknowledgement {
    #[default]
    Unknown,
    Answers,
    Mute,
}

impl FlowControl {
    /// Notes a frame of so many bytes; true when [`QUESTION`] is to be sent after it.
    pub(super) fn sent(&mut self, bytes: usize, now: Duration) -> bool {
        self.unasked += bytes;
        let most = self.rate.map_or(LEAST_ASKED, |rate| (rate / SLICES_PER_SECOND).clamp(LEAST_ASKED, MOST_ASKED));
        let ask = match self.manners {
            Acknowledgement::Unknown => self.open.is_empty() && bytes >= TELLING || self.unasked as u64 > MOST_ASKED,
            Acknowledgement::Answers => self.unasked as u64 > most || self.round_trip.is_none() && bytes < SMALL,
            Acknowledgement::Mute => false,
        };
        if ask {
            let telling = bytes >= TELLING && bytes * 2 >= self.unasked;
            self.open.push_back(PendingQuery { bytes, telling, at: now, awaited: true });
            self.unasked = 0;
        }
        ask
    }

    /// Notes an answer. A late one shows at least that answers come.
    pub(super) fn answered(&mut self, now: Duration) {
        self.manners = Acknowledgement::Answers;
        let Some(frame) = self.open.pop_front() else { return };
        let elapsed = now.saturating_sub(frame.at);
        if frame.bytes < SMALL {
            self.round_trip = Some(self.round_trip.map_or(elapsed, |known| known.min(elapsed)));
        }
        if frame.telling {
            self.rate = Some(estimate(self.rate, frame.bytes, elapsed, self.round_trip.unwrap_or_default()));
        }
    }

    /// Looks whether answers are overdue; true when one is given up for good.
    pub(super) fn tick(&mut self, now: Duration) -> bool {
        let (rate, manners) = (self.rate, self.manners);
        for frame in &mut self.open {
            let expected = rate.map_or(0, |rate| 2 * frame.bytes as u64 / rate.max(1));
            let patience = match manners {
                Acknowledgement::Unknown | Acknowledgement::Mute => FIRST_PATIENCE,
                Acknowledgement::Answers => (PATIENCE + Duration::from_secs(expected)).min(LONGEST_PATIENCE),
            };
            frame.awaited &= now.saturating_sub(frame.at) < patience;
        }
        let is_lost = |frame: &mut PendingQuery| !frame.awaited && now.saturating_sub(frame.at) >= LOST;
        let lost = self.open.pop_front_if(is_lost).is_some();
        if lost && self.manners == Acknowledgement::Unknown {
            self.manners = Acknowledgement::Mute;
        }
        lost
    }

    /// Forgets frames whose answers cannot come any more.
    pub(super) fn forget(&mut self) {
        self.open.clear();
        self.unasked = 0;
    }

    /// Whether a frame has not arrived yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.open.iter().any(|frame| frame.awaited)
    }

    /// Bytes a second of the link; a mute terminal is taken for a fast one.
    pub(super) fn rate(&self) -> Option<u64> {
        if self.manners == Acknowledgement::Mute { Some(u64::MAX) } else { self.rate }
    }

    /// The bytes of a picture that one frame may take, so that the next text comes soon: what the link carries in an
    /// eighth of a second, and in the round trip for which a frame is waited.
    pub(super) fn slice(&self) -> u64 {
        let Some(rate) = self.rate() else { return FIRST_SLICE };
        let round_trip = u64::try_from(self.round_trip.unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
        rate / SLICES_PER_SECOND + rate / 1000 * round_trip.min(1000)
    }
}

/// The rate after a frame took so long. It rises at most twofold at once, as far as the frame allows, and falls only for
/// a delay that is felt: what looks slow may be the jitter of the way.
fn estimate(before: Option<u64>, bytes: usize, elapsed: Duration, round_trip: Duration) -> u64 {
    let excess = elapsed.saturating_sub(round_trip);
    let (least, most) = (per_second(bytes, elapsed), per_second(bytes, excess));
    let Some(before) = before else { return least };
    let kept = if excess < HARMLESS { before } else { before.min(most) };
    let risen = most.min(before.saturating_mul(2));
    least.max(kept).max(risen)
}

fn per_second(bytes: usize, time: Duration) -> u64 {
    u64::try_from(bytes as u128 * 1_000_000 / time.as_micros().max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A link of so many bytes a second and such a round trip, over which frames go one by one.
    fn learn(rate: u64, round_trip: u64, frames: &[usize]) -> FlowControl {
        let mut pace = FlowControl::default();
        let mut now = Duration::ZERO;
        for bytes in frames {
            if pace.sent(*bytes, now) {
                now += millis(round_trip + *bytes as u64 * 1000 / rate);
                pace.answered(now);
            }
        }
        pace
    }

    #[test]
    fn questions_follow_what_the_link_carries() {
        let check = |frames: &[usize], bytes, expected| {
            let mut pace = learn(8_000, 10, frames);
            assert_eq!(pace.sent(bytes, 100 * SECOND), expected, "{bytes} after {frames:?}");
        };
        check(&[], 1024, true);
        check(&[], 1023, false);
        check(&[2000], 1, true);
        check(&[2000, 100], 900, false);
        check(&[2000, 100], 1001, true);
        check(&[2000, 100, 600], 600, true);
        let mut fast = learn(8_000_000, 0, &[4000, 100]);
        assert!(!fast.sent(4 * 1024, SECOND));
    }

    #[test]
    fn the_rate_is_learnt() {
        let check = |rate, round_trip, frames: &[usize], (least, most): (u64, u64)| {
            let learnt = learn(rate, round_trip, frames).rate().unwrap();
            assert!((least..=most).contains(&learnt), "{learnt} for {rate} and {round_trip} ms after {frames:?}");
        };
        check(64_000, 0, &[5_000], (63_000, 65_000));
        check(64_000, 20, &[5_000, 100, 30_000], (60_000, 66_000));
        check(64_000, 20, &[5_000, 100, 5_000, 5_000, 5_000], (60_000, 66_000));
        check(8_000, 300, &[5_000, 100, 4_000], (7_000, 8_300));
        // A fast link far away looks slow until it was filled.
        check(10_000_000, 200, &[5_000], (24_000, 26_000));
        check(10_000_000, 200, &[5_000, 100, 20_000, 40_000, 80_000, 160_000], (700_000, 10_000_000));
    }

    #[test]
    fn jitter_does_not_lower_the_rate_and_a_delay_does() {
        let (bytes, trip) = (50_000, millis(20));
        assert_eq!(estimate(Some(1_000_000), bytes, millis(110), trip), 1_000_000);
        assert_eq!(estimate(Some(1_000_000), bytes, millis(1020), trip), 50_000);
        assert_eq!(estimate(Some(10_000), bytes, millis(1020), trip), 49_019);
        assert_eq!(estimate(Some(10_000), bytes, millis(20), trip), 2_500_000);
    }

    #[test]
    fn a_mute_terminal_is_not_asked_again() {
        let mut pace = FlowControl::default();
        assert!(pace.sent(10_000, SECOND));
        assert!(pace.is_waiting());
        assert!(!pace.tick(SECOND + millis(299)));
        assert!(pace.is_waiting());
        assert!(!pace.tick(SECOND + millis(300)));
        assert!(!pace.is_waiting(), "frames go on");
        assert_eq!(pace.rate(), None);
        assert!(pace.tick(SECOND + LOST));
        assert!(!pace.sent(10_000, 10 * SECOND), "not asked again");
        assert_eq!(pace.rate(), Some(u64::MAX));
        pace.answered(11 * SECOND);
        assert!(pace.sent(10_000, 12 * SECOND), "it was only slow");
    }

    #[test]
    fn a_late_answer_belongs_to_its_own_frame() {
        let mut pace = FlowControl::default();
        pace.sent(10_000, Duration::ZERO);
        pace.tick(SECOND);
        assert!(pace.sent(10_000, SECOND), "still unknown");
        pace.answered(2 * SECOND);
        assert_eq!(pace.rate(), Some(5_000));
        assert!(pace.is_waiting());
        pace.answered(3 * SECOND);
        assert!(!pace.is_waiting());
    }

    #[test]
    fn a_slow_link_gets_the_time_its_frame_needs() {
        let mut pace = learn(5_000, 0, &[10_000]);
        pace.sent(10_000, 10 * SECOND);
        pace.tick(15 * SECOND);
        assert!(pace.is_waiting(), "two seconds, and twice the two that the frame should take");
        pace.tick(16 * SECOND);
        assert!(!pace.is_waiting());
        assert!(pace.sent(10_000, 17 * SECOND), "one lost answer does not make it mute");
    }

    #[test]
    fn slices_leave_room_for_text() {
        assert_eq!(FlowControl::default().slice(), FIRST_SLICE);
        assert_eq!(learn(8_000, 0, &[8_000]).slice(), 1_000);
        assert_eq!(learn(80_000, 50, &[8_000, 40]).slice(), 6_666 + 53 * 50);
    }
}
