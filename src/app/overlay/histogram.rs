//! The overlay of events over time: bars of equal time with the events of each status; Enter filters to the time of one.
//!
//! It counts the thumbnail events of the assets that pass the filter, within the times that the filter names, so that a
//! filter to one bar opens that bar up when the overlay is opened again.

use super::content::{EnterAction, Navigation, OverlayContent, OverlayContext};
use crate::event::{EventKind, Status, Time};
use jiff::tz::{Offset, TimeZone};
use std::time::Duration;

/// The seconds that a bar may have.
pub const STEPS: [i64; 22] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_592_000, 31_536_000,
];
/// The most bars.
const MAX_BARS: usize = 400;
/// The events are counted at most this often, since that takes a pass over all assets.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// The events over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramOverlay {
    /// The bars, the oldest first, without holes.
    pub bars: Vec<HistogramBar>,
    /// The seconds of a bar.
    pub step: i64,
    /// The events that have no time, which are in no bar.
    pub untimed: u64,
    /// The shortest time that tells the times of two events apart, in microseconds.
    resolution: i64,
    /// The thumbnail events of the catalog when they were counted.
    counted: u64,
    /// The time at which they were counted.
    counted_at: Duration,
}

/// The events of one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistogramBar {
    /// The first moment of it.
    pub from: Time,
    /// The first moment after it.
    pub until: Time,
    /// The events in it.
    pub counts: EventCounts,
    /// The number of assets whose newest event is in it.
    pub assets: u64,
}

/// A number of events by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Those that failed.
    pub failed: u64,
    /// Those that succeeded.
    pub succeed: u64,
    /// The others.
    pub other: u64,
}

/// The events that the bars are made of.
#[derive(Debug, Default)]
struct TimedEvents {
    events: Vec<(Time, EventCounts)>,
    /// The times of the newest events of assets.
    newest: Vec<Time>,
    untimed: u64,
}

impl EventCounts {
    /// The number of one event.
    fn one(status: &Status) -> Self {
        let zero = Self::default();
        match status {
            Status::Failed => Self { failed: 1, ..zero },
            Status::Succeed => Self { succeed: 1, ..zero },
            Status::Other(_) => Self { other: 1, ..zero },
        }
    }

    /// The number of all.
    pub fn sum(self) -> u64 {
        self.failed + self.succeed + self.other
    }

    fn add(&mut self, more: Self) {
        self.failed += more.failed;
        self.succeed += more.succeed;
        self.other += more.other;
    }
}

impl HistogramOverlay {
    /// Counts the events that pass the filter.
    pub(in crate::app) fn new(context: &OverlayContext<'_>) -> Self {
        let columns = context.space(&Self::default()).columns();
        let events = TimedEvents::collect(context);
        let counted = context.catalog.tally().events;
        Self {
            counted,
            counted_at: context.now.mono,
            ..Self::of(&events, columns.clamp(1, MAX_BARS), &context.options.zone())
        }
    }

    /// Returns whether there are other events than when they were counted, and it is time to count them again.
    pub(super) fn is_outdated(&self, context: &OverlayContext<'_>) -> bool {
        let is_due = context.now.mono.saturating_sub(self.counted_at) >= COUNT_INTERVAL;
        is_due && self.counted != context.catalog.tally().events
    }

    /// Counts again; returns the bar with the time of the one at `position`.
    pub(super) fn recount(&mut self, position: usize, context: &OverlayContext<'_>) -> usize {
        let from = self.bars.get(position).map(|bar| bar.from);
        *self = Self::new(context);
        let after = from.map_or(0, |from| self.bars.partition_point(|bar| bar.from <= from));
        after.saturating_sub(1)
    }

    /// Puts events into at most `most` bars, which begin at whole steps of the clock of `zone`.
    fn of(timed: &TimedEvents, most: usize, zone: &TimeZone) -> Self {
        let moments = || timed.events.iter().map(|(time, _)| *time);
        let untimed = timed.untimed;
        let (Some(first), Some(last)) = (moments().min(), moments().max()) else {
            return Self { untimed, ..Self::default() };
        };
        let shift = i64::from(zone.to_offset(first.timestamp()).seconds());
        let seconds = |time: Time| time.as_micros().div_euclid(SECOND).saturating_add(shift);
        let index = |time: Time, step: i64| seconds(time).div_euclid(step);
        let count = |step: i64| index(last, step) - index(first, step) + 1;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let longer = (1..).map(|factor| factor * STEPS[STEPS.len() - 1]);
        let step = STEPS.into_iter().chain(longer).find(|step| count(*step) <= most).unwrap_or(i64::MAX);
        let begin = index(first, step);
        let moment = |index: i64| Time::from_micros((index * step - shift).saturating_mul(SECOND));
        let bar = |at: i64| HistogramBar {
            from: moment(begin + at),
            until: moment(begin + at + 1),
            counts: EventCounts::default(),
            assets: 0,
        };
        let mut bars: Vec<HistogramBar> = (0..count(step)).map(bar).collect();
        let place = |time: Time| usize::try_from(index(time, step) - begin).ok();
        for (time, counts) in &timed.events {
            if let Some(bar) = place(*time).and_then(|at| bars.get_mut(at)) {
                bar.counts.add(*counts);
            }
        }
        for time in &timed.newest {
            if let Some(bar) = place(*time).and_then(|at| bars.get_mut(at)) {
                bar.assets += 1;
            }
        }
        let is_whole = moments().all(|time| time.as_micros().rem_euclid(SECOND) == 0);
        let resolution = if is_whole { SECOND } else { 1 };
        Self { bars, step, untimed, resolution, ..Self::default() }
    }

    /// The longest time without an event, as the numbers of its first bar and of the bar behind it.
    pub fn longest_silence(&self) -> Option<(usize, usize)> {
        let mut longest: Option<(usize, usize)> = None;
        let mut begin = 0;
        for (at, bar) in self.bars.iter().enumerate() {
            if bar.counts.sum() > 0 {
                begin = at + 1;
            } else if longest.is_none_or(|(from, until)| at + 1 - begin > until - from) {
                longest = Some((begin, at + 1));
            }
        }
        longest
    }
}

impl TimedEvents {
    fn collect(context: &OverlayContext<'_>) -> Self {
        let (list, catalog) = (context.list, context.catalog);
        let (since, until) = list.filter().time_bounds(context.now.wall);
        let is_within = |time: Time| since.is_none_or(|since| time >= since) && until.is_none_or(|until| time <= until);
        let mut timed = Self::default();
        for asset in catalog.assets().filter(|asset| list.passes_filter(asset.key())) {
            timed.newest.extend(asset.newest().time);
            for event in asset.history().map(|key| catalog.event(key)) {
                match event.time {
                    _ if *event.kind != EventKind::Thumbnail => {}
                    None => timed.untimed += 1,
                    Some(time) if is_within(time) => timed.events.push((time, EventCounts::one(event.status))),
                    Some(_) => {}
                }
            }
        }
        timed
    }
}

impl OverlayContent for HistogramOverlay {
    fn row_count(&self, _: &OverlayContext<'_>) -> usize {
        self.bars.len()
    }

    fn navigation(&self, _: &OverlayContext<'_>) -> Navigation {
        if self.bars.is_empty() { Navigation::Scroll } else { Navigation::SelectBar }
    }

    fn enter(&self, row: usize, context: &OverlayContext<'_>) -> EnterAction {
        let Some(bar) = self.bars.get(row) else { return EnterAction::Close };
        if bar.assets == 0 {
            return EnterAction::Stay;
        }
        let zone = context.options.zone();
        let last = Time::from_micros(bar.until.as_micros().saturating_sub(self.resolution));
        // A bar at an edge reaches beyond the time of the filter, which must not become wider.
        let (since, until) = context.list.filter().time_bounds(context.now.wall);
        let from = since.map_or(bar.from, |since| bar.from.max(since));
        let last = until.map_or(last, |until| last.min(until));
        EnterAction::Filter(vec![format!("since:{}", rfc3339(from, &zone)), format!("until:{}", rfc3339(last, &zone))])
    }
}

/// Formats a time with the offset of a zone.
fn rfc3339(time: Time, zone: &TimeZone) -> String {
    let time = time.timestamp();
    match zone.to_offset(time) {
        Offset::UTC => time.to_string(),
        offset => time.display_with_offset(offset).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(seconds: &[i64]) -> TimedEvents {
        let events = seconds.iter().map(|at| (Time::from_micros(at * SECOND), EventCounts::one(&Status::Failed)));
        TimedEvents { events: events.collect(), newest: Vec::new(), untimed: 3 }
    }

    #[test]
    fn bars_have_a_round_length_and_no_holes() {
        let check = |seconds: &[i64], most, expected: (i64, usize)| {
            let histogram = HistogramOverlay::of(&timed(seconds), most, &TimeZone::UTC);
            assert_eq!((histogram.step, histogram.bars.len()), expected, "{seconds:?} in {most}");
            assert_eq!(histogram.bars.iter().map(|bar| bar.counts.sum()).sum::<u64>(), seconds.len() as u64);
            assert!(histogram.bars.windows(2).all(|pair| pair[0].until == pair[1].from));
        };
        check(&[], 60, (0, 0));
        check(&[1000], 60, (1, 1));
        check(&[0, 59], 60, (1, 60));
        check(&[0, 60], 60, (2, 31));
        check(&[0, 3600], 60, (120, 31));
        check(&[90, 3600], 10, (600, 7));
        check(&[-5, 5], 60, (1, 11));
        check(&[0, 86_400 * 365 * 50], 20, (31_536_000 * 3, 17));
    }

    #[test]
    fn bars_begin_at_whole_steps_of_the_local_clock() {
        let zone = TimeZone::fixed(Offset::from_seconds(5 * 3600 + 1800).unwrap());
        let histogram = HistogramOverlay::of(&timed(&[0, 7200]), 3, &zone);
        // 05:00 at +05:30, which is half an hour before 1970 began in UTC.
        assert_eq!((histogram.step, histogram.bars[0].from), (3600, Time::from_micros(-1800 * SECOND)));
    }

    #[test]
    fn the_longest_silence_is_found() {
        let silence = |seconds: &[i64]| HistogramOverlay::of(&timed(seconds), 60, &TimeZone::UTC).longest_silence();
        assert_eq!(silence(&[0, 1, 2]), None);
        assert_eq!(silence(&[0, 2, 10, 12]), Some((3, 10)));
        assert_eq!(silence(&[]), None);
    }

    #[test]
    fn times_carry_the_offset_of_the_zone() {
        let time = Time::from_micros(1_773_489_660 * SECOND);
        assert_eq!(rfc3339(time, &TimeZone::UTC), "2026-03-14T12:01:00Z");
        let zone = TimeZone::fixed(Offset::from_seconds(8 * 3600).unwrap());
        assert_eq!(rfc3339(time, &zone), "2026-03-14T20:01:00+08:00");
    }
}
