//! The limits of the requests of a check to one host, by its answers so far.
//!
//! A check asks a host for thousands of pictures, so it leaves room between requests, stops where the host limits it, and
//! does not wait for a time-out for each picture of a host that is down. Requests for pictures that are looked at are
//! not held back. Pure: the time is an argument, and no request is made here.

use super::config::CheckLimits;
use crate::event::AssetId;
use tokio::time::{Duration, Instant};

/// The failures in a row after which a host is paused.
const MAX_FAILURES: u32 = 10;

/// The pauses before one more request is made, each after the request before has failed.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];

/// The denials (403) in a row, over two assets or more, by which a host limits how often it may be asked. Huawei's CDN
/// answers so for 10 minutes to an address that asks too fast.
const MAX_DENIALS: u32 = 5;

/// The record of one host.
#[derive(Debug, Default)]
pub(super) struct HostRecord {
    state: HostState,
    /// The time before which no request is made.
    ready_at: Option<Instant>,
    /// The requests in a row that had no usable response.
    failures: u32,
    /// A picture came from it.
    has_succeeded: bool,
    denials: Denials,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum HostState {
    #[default]
    Open,
    /// It has failed too often and is asked once more later; with the index in [`PAUSES`].
    Paused { until: Instant, pause: usize },
    /// The request after the pause of this index is being made.
    Probed { pause: usize },
    /// It is asked no more.
    Closed(HostClosure),
}

/// The reason for which a host is asked no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostClosure {
    /// It had no usable response for too long.
    Down,
    /// It limits how often it may be asked.
    Limits,
}

/// Denials in a row.
#[derive(Debug, Default)]
struct Denials {
    count: u32,
    first: Option<AssetId>,
    /// They concern another asset than the first as well.
    of_several: bool,
}

/// A host's answer to a request, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostAnswer {
    /// A picture, whole or not.
    Picture,
    /// A usable response without a picture.
    NoPicture,
    /// 403.
    Denied,
    /// 429 to the last attempt for a picture.
    Limited,
    /// No usable response.
    None,
}

/// The permission for the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostGate {
    /// It may be made now.
    Open,
    /// It may be made at this time.
    At(Instant),
    /// It may be made when another request to the host has ended.
    AfterOthers,
    /// It is not made.
    Closed(HostClosure),
}

impl HostRecord {
    /// Returns whether a request may be made while `running` others are.
    pub(super) fn gate(&self, now: Instant, running: usize, limits: CheckLimits) -> HostGate {
        match self.state {
            HostState::Closed(closure) => return HostGate::Closed(closure),
            HostState::Paused { until, .. } if now < until => return HostGate::At(until),
            HostState::Paused { .. } | HostState::Probed { .. } if running > 0 => return HostGate::AfterOthers,
            HostState::Paused { .. } | HostState::Probed { .. } | HostState::Open => {}
        }
        match self.ready_at {
            _ if running >= limits.per_host.max(1) => HostGate::AfterOthers,
            Some(ready_at) if now < ready_at => HostGate::At(ready_at),
            Some(_) | None => HostGate::Open,
        }
    }

    /// Notes that a request was started.
    pub(super) fn note_start(&mut self, now: Instant, limits: CheckLimits) {
        self.not_before(now + limits.interval);
        if let HostState::Paused { until, pause } = self.state
            && now >= until
        {
            self.state = HostState::Probed { pause };
        }
    }

    /// Makes no request before a time, as the host asked (`Retry-After`).
    pub(super) fn not_before(&mut self, time: Instant) {
        self.ready_at = Some(self.ready_at.map_or(time, |ready_at| ready_at.max(time)));
    }

    /// Notes the answer to a request for a picture of `asset`.
    pub(super) fn note_answer(&mut self, answer: HostAnswer, asset: &AssetId, now: Instant) {
        match answer {
            HostAnswer::None => return self.note_failure(now),
            HostAnswer::Picture => {
                self.has_succeeded = true;
                self.denials = Denials::default();
            }
            HostAnswer::NoPicture => self.denials = Denials::default(),
            HostAnswer::Denied if self.has_succeeded => self.denials.add(asset),
            HostAnswer::Denied | HostAnswer::Limited => {}
        }
        self.failures = 0;
        let is_limited = answer == HostAnswer::Limited || self.denials.are_a_limit();
        self.state = match self.state {
            _ if is_limited => HostState::Closed(HostClosure::Limits),
            HostState::Closed(HostClosure::Limits) => self.state,
            HostState::Open
            | HostState::Paused { .. }
            | HostState::Probed { .. }
            | HostState::Closed(HostClosure::Down) => HostState::Open,
        };
    }

    fn note_failure(&mut self, now: Instant) {
        self.failures += 1;
        self.state = match self.state {
            HostState::Open if self.failures >= MAX_FAILURES => HostState::Paused { until: now + PAUSES[0], pause: 0 },
            HostState::Probed { pause } => match PAUSES.get(pause + 1) {
                Some(length) => HostState::Paused { until: now + *length, pause: pause + 1 },
                None => HostState::Closed(HostClosure::Down),
            },
            // Requests that were made before the pause may still fail.
            HostState::Open | HostState::Paused { .. } | HostState::Closed(_) => self.state,
        };
    }

    /// Returns whether the host limits how often it may be asked.
    pub(super) fn is_limiting(&self) -> bool {
        self.state == HostState::Closed(HostClosure::Limits)
    }
}

impl Denials {
    fn add(&mut self, asset: &AssetId) {
        self.count += 1;
        self.of_several |= self.first.as_ref().is_some_and(|first| first != asset);
        self.first.get_or_insert_with(|| asset.clone());
    }

    fn are_a_limit(&self) -> bool {
        self.count >= MAX_DENIALS && self.of_several
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: CheckLimits = CheckLimits { per_host: 4, interval: Duration::from_millis(50) };

    fn asset(id: &str) -> AssetId {
        AssetId::new(id).unwrap()
    }

    #[test]
    fn requests_keep_their_distance_and_their_number() {
        let (mut host, now) = (HostRecord::default(), Instant::now());
        assert_eq!(host.gate(now, 0, LIMITS), HostGate::Open);
        host.note_start(now, LIMITS);
        let next = now + LIMITS.interval;
        assert_eq!(host.gate(now, 1, LIMITS), HostGate::At(next));
        assert_eq!(host.gate(next, 3, LIMITS), HostGate::Open);
        assert_eq!(host.gate(next, 4, LIMITS), HostGate::AfterOthers);
        let later = now + Duration::from_secs(9);
        host.not_before(later);
        host.note_start(next, LIMITS);
        assert_eq!(host.gate(next, 0, LIMITS), HostGate::At(later), "Retry-After is obeyed");
        let unlimited = CheckLimits { per_host: 32, interval: Duration::ZERO };
        let (mut host, now) = (HostRecord::default(), Instant::now());
        host.note_start(now, unlimited);
        assert_eq!(host.gate(now, 31, unlimited), HostGate::Open);
    }

    #[test]
    fn a_host_that_is_down_is_asked_twice_more_and_given_up() {
        let (mut host, mut now) = (HostRecord::default(), Instant::now());
        let fail = |host: &mut HostRecord, now| host.note_answer(HostAnswer::None, &asset("a"), now);
        (0..9).for_each(|_| fail(&mut host, now));
        assert_eq!(host.gate(now, 0, LIMITS), HostGate::Open);
        fail(&mut host, now);
        for pause in PAUSES {
            assert_eq!(host.gate(now, 0, LIMITS), HostGate::At(now + pause));
            // Requests of before the pause end without effect.
            (0..3).for_each(|_| fail(&mut host, now));
            now += pause;
            assert_eq!(host.gate(now, 1, LIMITS), HostGate::AfterOthers, "one request only");
            assert_eq!(host.gate(now, 0, LIMITS), HostGate::Open);
            host.note_start(now, LIMITS);
            assert_eq!(host.gate(now + pause, 1, LIMITS), HostGate::AfterOthers);
            fail(&mut host, now);
        }
        assert_eq!(host.gate(now, 0, LIMITS), HostGate::Closed(HostClosure::Down));
        host.note_answer(HostAnswer::Picture, &asset("a"), now);
        assert_ne!(host.gate(now, 0, LIMITS), HostGate::Closed(HostClosure::Down), "a retry by hand opens it");
    }

    #[test]
    fn a_host_that_comes_back_is_open() {
        let (mut host, now) = (HostRecord::default(), Instant::now());
        (0..10).for_each(|_| host.note_answer(HostAnswer::None, &asset("a"), now));
        let later = now + PAUSES[0];
        host.note_start(later, LIMITS);
        host.note_answer(HostAnswer::NoPicture, &asset("a"), later);
        assert_eq!(host.gate(later + LIMITS.interval, 3, LIMITS), HostGate::Open);
        (0..9).for_each(|_| host.note_answer(HostAnswer::None, &asset("a"), later));
        assert_eq!(host.gate(later + LIMITS.interval, 0, LIMITS), HostGate::Open, "the count began anew");
    }

    #[test]
    fn denials_in_a_row_over_two_assets_after_a_success_are_a_limit() {
        use HostAnswer::{Denied, Limited, NoPicture, Picture};
        let now = Instant::now();
        let is_limiting = |answers: &[(HostAnswer, &str)]| {
            let mut host = HostRecord::default();
            for (answer, id) in answers {
                host.note_answer(*answer, &asset(id), now);
            }
            host.is_limiting()
        };
        let (p, n, d, e) = ((Picture, "a"), (NoPicture, "a"), (Denied, "a"), (Denied, "b"));
        assert!(is_limiting(&[p, d, d, d, d, e]));
        assert!(!is_limiting(&[p, d, d, d, e]));
        assert!(!is_limiting(&[p, d, d, d, d, d, d]), "one asset may be forbidden");
        assert!(!is_limiting(&[d, d, d, d, e, e]), "all may be forbidden");
        assert!(!is_limiting(&[p, d, d, d, n, d, e]));
        assert!(!is_limiting(&[p, d, d, d, p, d, e]));
        assert!(is_limiting(&[(Limited, "a")]));
        assert!(is_limiting(&[(Limited, "a"), p]), "an answer that was on its way changes nothing");
    }
}
