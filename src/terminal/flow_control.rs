//! Flow control: how much may be on its way to the terminal, by its acknowledgements, and the rate that they give.
//!
//! The success of a write says nothing over SSH, where megabytes wait in buffers. So a status query is sent now and then
//! after a frame; its answer is the frame's arrival. No clock is read here: times come in. A terminal that never answers
//! is not queried again and is limited by its writes alone.
//!
//! An answer takes a round trip and the time of the bytes. So bytes by the whole time are a lower bound of the rate, and
//! bytes by the time beyond the shortest round trip an upper bound; the estimate is kept between the two.

use std::{collections::VecDeque, time::Duration};

/// The status query (DSR), which every terminal answers.
pub(super) const STATUS_QUERY: &[u8] = b"\x1b[5n";

/// The answer to it. A terminal with a malfunction would answer `CSI 3n`, which has not been seen since the VT100.
pub(super) const STATUS_OK: &[u8] = b"\x1b[0n";

/// The bounds in bytes of the data between two queries: an eighth of a second of the link's.
const MIN_QUERY_INTERVAL: u64 = 512;
const MAX_QUERY_INTERVAL: u64 = 4 * 1024;

/// The bytes below which a frame takes no time of its own: its answer gives the round trip.
const ROUND_TRIP_BYTES: usize = 512;

/// The bytes from which a frame gives the rate.
const RATE_BYTES: usize = 1024;

/// The time-out of an answer while it is not known whether the terminal answers.
const FIRST_TIMEOUT: Duration = Duration::from_millis(300);

/// The time-out of an answer of a terminal that answers, in addition to twice the time that the frame should take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The time after a query from which its answer counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(6);

/// A delay that does not lower the estimate, because it may be jitter.
const TOLERATED_DELAY: Duration = Duration::from_millis(100);

/// One frame of pictures may fill the link for a second divided by this.
const SLICES_PER_SECOND: u64 = 8;

/// The bytes of pictures in a frame until a rate was measured.
const FIRST_SLICE_BYTES: u64 = 16 * 1024;

/// The state of acknowledgement.
#[derive(Debug, Default)]
pub(super) struct FlowControl {
    /// The queries without an answer, the oldest first; answers come in the same order.
    pending: VecDeque<PendingQuery>,
    acknowledgement: Acknowledgement,
    /// The bytes since the last query.
    unacknowledged: usize,
    /// The shortest time in which a small frame was answered.
    round_trip: Option<Duration>,
    /// The link's rate in bytes a second.
    rate: Option<u64>,
}

#[derive(Debug)]
struct PendingQuery {
    /// The bytes of the frame before the query.
    bytes: usize,
    kind: SampleKind,
    sent_at: Duration,
    wait: Wait,
}

/// The use of an answer's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SampleKind {
    /// The frame was nearly all that was on its way: its time gives the rate.
    Rate,
    /// Too little, or too much besides it, was on its way.
    Unusable,
}

/// The effect of a pending query on the next frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// Frames wait for its answer.
    Blocking,
    /// Its time-out has passed.
    TimedOut,
}

/// The terminal's behaviour towards queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Acknowledgement {
    #[default]
    Unknown,
    Answers,
    Mute,
}

impl FlowControl {
    /// Notes a frame of `bytes` bytes; returns true if [`STATUS_QUERY`] is to be sent after it.
    pub(super) fn note_frame(&mut self, bytes: usize, now: Duration) -> bool {
        self.unacknowledged += bytes;
        let unacknowledged = self.unacknowledged as u64;
        let interval = self.rate.map_or(MIN_QUERY_INTERVAL, |rate| {
            (rate / SLICES_PER_SECOND).clamp(MIN_QUERY_INTERVAL, MAX_QUERY_INTERVAL)
        });
        let is_due = match self.acknowledgement {
            Acknowledgement::Unknown => {
                self.pending.is_empty() && bytes >= RATE_BYTES || unacknowledged > MAX_QUERY_INTERVAL
            }
            Acknowledgement::Answers => {
                unacknowledged > interval || self.round_trip.is_none() && bytes < ROUND_TRIP_BYTES
            }
            Acknowledgement::Mute => false,
        };
        if is_due {
            let is_most = bytes >= RATE_BYTES && bytes * 2 >= self.unacknowledged;
            let kind = if is_most { SampleKind::Rate } else { SampleKind::Unusable };
            self.pending.push_back(PendingQuery { bytes, kind, sent_at: now, wait: Wait::Blocking });
            self.unacknowledged = 0;
        }
        is_due
    }

    /// Notes an answer. One after its time-out still shows that the terminal answers.
    pub(super) fn note_answer(&mut self, now: Duration) {
        self.acknowledgement = Acknowledgement::Answers;
        let Some(query) = self.pending.pop_front() else { return };
        let elapsed = now.saturating_sub(query.sent_at);
        if query.bytes < ROUND_TRIP_BYTES {
            self.round_trip = Some(self.round_trip.map_or(elapsed, |known| known.min(elapsed)));
        }
        if query.kind == SampleKind::Rate {
            self.rate = Some(estimate(self.rate, query.bytes, elapsed, self.round_trip.unwrap_or_default()));
        }
    }

    /// Checks the time-outs; returns true if an answer is considered lost.
    pub(super) fn check_timeouts(&mut self, now: Duration) -> bool {
        let (rate, acknowledgement) = (self.rate, self.acknowledgement);
        for query in &mut self.pending {
            let expected_seconds = rate.map_or(0, |rate| 2 * query.bytes as u64 / rate.max(1));
            let timeout = match acknowledgement {
                Acknowledgement::Unknown | Acknowledgement::Mute => FIRST_TIMEOUT,
                Acknowledgement::Answers => {
                    (ANSWER_TIMEOUT + Duration::from_secs(expected_seconds)).min(MAX_ANSWER_TIMEOUT)
                }
            };
            if now.saturating_sub(query.sent_at) >= timeout {
                query.wait = Wait::TimedOut;
            }
        }
        let is_lost =
            |query: &mut PendingQuery| query.wait == Wait::TimedOut && now.saturating_sub(query.sent_at) >= LOST_AFTER;
        let has_lost_one = self.pending.pop_front_if(is_lost).is_some();
        if has_lost_one && self.acknowledgement == Acknowledgement::Unknown {
            self.acknowledgement = Acknowledgement::Mute;
        }
        has_lost_one
    }

    /// Forgets the queries whose answers cannot come any more.
    pub(super) fn reset(&mut self) {
        self.pending.clear();
        self.unacknowledged = 0;
    }

    /// Returns true while the next frame has to wait for an answer.
    pub(super) fn is_waiting(&self) -> bool {
        self.pending.iter().any(|query| query.wait == Wait::Blocking)
    }

    /// Returns twice the time in which the link should carry the frames that are not acknowledged, and an answer.
    pub(super) fn expected_answer(&self) -> Duration {
        let pending = self.pending.iter().map(|query| query.bytes).sum::<usize>() + self.unacknowledged;
        let millis = self.rate.map_or(0, |rate| pending as u64 * 1000 / rate.max(1));
        2 * (self.round_trip.unwrap_or_default() + Duration::from_millis(millis))
    }

    /// Returns the rate of the link in bytes a second; a mute terminal counts as infinitely fast.
    pub(super) fn rate(&self) -> Option<u64> {
        if self.acknowledgement == Acknowledgement::Mute { Some(u64::MAX) } else { self.rate }
    }

    /// Returns the bytes of a picture that one frame may take, so that the next text comes soon: those that the link
    /// carries in an eighth of a second and in the round trip that follows.
    pub(super) fn slice_bytes(&self) -> u64 {
        let Some(rate) = self.rate() else { return FIRST_SLICE_BYTES };
        let round_trip = u64::try_from(self.round_trip.unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
        rate / SLICES_PER_SECOND + rate / 1000 * round_trip.min(1000)
    }
}

/// Returns the rate after a frame took `elapsed`. It at most doubles, as far as the frame allows, and falls only after a
/// delay above [`TOLERATED_DELAY`].
fn estimate(before: Option<u64>, bytes: usize, elapsed: Duration, round_trip: Duration) -> u64 {
    let excess = elapsed.saturating_sub(round_trip);
    let (lower, upper) = (per_second(bytes, elapsed), per_second(bytes, excess));
    let Some(before) = before else { return lower };
    let kept = if excess < TOLERATED_DELAY { before } else { before.min(upper) };
    let risen = upper.min(before.saturating_mul(2));
    lower.max(kept).max(risen)
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

    /// Returns the flow control after frames went one by one over a link of that rate and round trip.
    fn measure(rate: u64, round_trip: u64, frames: &[usize]) -> FlowControl {
        let mut flow = FlowControl::default();
        let mut now = Duration::ZERO;
        for bytes in frames {
            if flow.note_frame(*bytes, now) {
                now += millis(round_trip + *bytes as u64 * 1000 / rate);
                flow.note_answer(now);
            }
        }
        flow
    }

    #[test]
    fn queries_follow_the_rate() {
        let check = |frames: &[usize], bytes, expected| {
            let mut flow = measure(8_000, 10, frames);
            assert_eq!(flow.note_frame(bytes, 100 * SECOND), expected, "{bytes} after {frames:?}");
        };
        check(&[], 1024, true);
        check(&[], 1023, false);
        check(&[2000], 1, true);
        check(&[2000, 100], 900, false);
        check(&[2000, 100], 1001, true);
        check(&[2000, 100, 600], 600, true);
        let mut fast = measure(8_000_000, 0, &[4000, 100]);
        assert!(!fast.note_frame(4 * 1024, SECOND));
    }

    #[test]
    fn the_rate_is_measured() {
        let check = |rate, round_trip, frames: &[usize], (least, most): (u64, u64)| {
            let measured = measure(rate, round_trip, frames).rate().unwrap();
            assert!((least..=most).contains(&measured), "{measured} for {rate} and {round_trip} ms after {frames:?}");
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
    fn a_delay_lowers_the_rate_and_jitter_does_not() {
        let (bytes, trip) = (50_000, millis(20));
        assert_eq!(estimate(Some(1_000_000), bytes, millis(110), trip), 1_000_000);
        assert_eq!(estimate(Some(1_000_000), bytes, millis(1020), trip), 50_000);
        assert_eq!(estimate(Some(10_000), bytes, millis(1020), trip), 49_019);
        assert_eq!(estimate(Some(10_000), bytes, millis(20), trip), 2_500_000);
    }

    #[test]
    fn a_mute_terminal_is_not_queried_again() {
        let mut flow = FlowControl::default();
        assert!(flow.note_frame(10_000, SECOND));
        assert!(flow.is_waiting());
        assert!(!flow.check_timeouts(SECOND + millis(299)));
        assert!(flow.is_waiting());
        assert!(!flow.check_timeouts(SECOND + millis(300)));
        assert!(!flow.is_waiting(), "frames go on");
        assert_eq!(flow.rate(), None);
        assert!(flow.check_timeouts(SECOND + LOST_AFTER));
        assert!(!flow.note_frame(10_000, 10 * SECOND), "not queried again");
        assert_eq!(flow.rate(), Some(u64::MAX));
        flow.note_answer(11 * SECOND);
        assert!(flow.note_frame(10_000, 12 * SECOND), "it was only slow");
    }

    #[test]
    fn a_late_answer_belongs_to_its_own_frame() {
        let mut flow = FlowControl::default();
        flow.note_frame(10_000, Duration::ZERO);
        flow.check_timeouts(SECOND);
        assert!(flow.note_frame(10_000, SECOND), "still unknown");
        flow.note_answer(2 * SECOND);
        assert_eq!(flow.rate(), Some(5_000));
        assert!(flow.is_waiting());
        flow.note_answer(3 * SECOND);
        assert!(!flow.is_waiting());
    }

    #[test]
    fn a_slow_link_gets_the_time_that_its_frame_needs() {
        let mut flow = measure(5_000, 0, &[10_000]);
        flow.note_frame(10_000, 10 * SECOND);
        flow.check_timeouts(15 * SECOND);
        assert!(flow.is_waiting(), "two seconds, and twice the two that the frame should take");
        flow.check_timeouts(16 * SECOND);
        assert!(!flow.is_waiting());
        assert!(flow.note_frame(10_000, 17 * SECOND), "one lost answer does not make it mute");
    }

    #[test]
    fn an_answer_is_expected_after_what_is_under_way() {
        assert_eq!(FlowControl::default().expected_answer(), Duration::ZERO);
        let mut flow = measure(10_000, 50, &[8_000, 40]);
        assert_eq!(flow.expected_answer(), millis(2 * 54));
        flow.note_frame(8_500, 10 * SECOND);
        let expected = flow.expected_answer();
        assert!((millis(1700)..millis(2000)).contains(&expected), "{expected:?}");
    }

    #[test]
    fn slices_leave_room_for_text() {
        assert_eq!(FlowControl::default().slice_bytes(), FIRST_SLICE_BYTES);
        assert_eq!(measure(8_000, 0, &[8_000]).slice_bytes(), 1_000);
        assert_eq!(measure(80_000, 50, &[8_000, 40]).slice_bytes(), 6_666 + 53 * 50);
    }
}
