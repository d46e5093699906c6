//! The state of the sources, as the header shows it.
//!
//! It counts arriving events for the rate and knows which sources are loading, live or lost. It reads nothing itself.

mod failures;

use crate::{
    event::{Health, Status, Time, redact},
    text::Safe,
};
use failures::FailureBins;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// The span over which events are counted for the rate.
const RATE_SPAN: Duration = Duration::from_mins(1);

/// The progress of the first reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadPhase {
    /// More is being read.
    #[default]
    Loading,
    /// All that was there at the start has been read.
    Loaded,
}

/// The sources of the session.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    names: Vec<Safe>,
    health: Vec<Health>,
    last_event: Option<Duration>,
    seconds: VecDeque<(u64, u64)>,
    incomplete: BTreeMap<u16, Safe>,
    phase: LoadPhase,
    activity: String,
    failed_events: FailureBins,
}

impl Sources {
    /// Creates sources from their names, in the order of the arguments.
    pub fn new(names: Vec<Safe>) -> Self {
        Self { names, ..Self::default() }
    }

    /// Sets the name of a source.
    pub fn set_name(&mut self, rank: u16, name: Safe) {
        let rank = usize::from(rank);
        if self.names.len() <= rank {
            self.names.resize(rank + 1, Safe::default());
        }
        self.names[rank] = name;
    }

    /// Sets the state of a source.
    pub fn set_health(&mut self, rank: u16, health: Health) {
        let rank = usize::from(rank);
        if self.health.len() <= rank {
            self.health.resize(rank + 1, Health::Loading { read: 0, total: None });
        }
        self.health[rank] = health;
    }

    /// Counts events that arrived now.
    pub fn count(&mut self, events: u64, now: Duration) {
        if events == 0 {
            return;
        }
        self.last_event = Some(now);
        match self.seconds.back_mut() {
            Some((second, count)) if *second == now.as_secs() => *count += events,
            _ => self.seconds.push_back((now.as_secs(), events)),
        }
        self.activity = self.current_activity(now);
    }

    /// Takes the time of a snapshot event.
    pub(super) fn note_event(&mut self, time: Time, status: &Status) {
        self.failed_events.note(time, status);
    }

    /// The FAILED events that were read, over time.
    pub fn failed_events(&self) -> &FailureBins {
        &self.failed_events
    }

    /// Sets the head of a last line or event that is incomplete; `None` when there is none any more.
    pub fn set_incomplete(&mut self, rank: u16, head: Option<Safe>) {
        match head {
            Some(head) => self.incomplete.insert(rank, Safe::new(&redact(head.as_str()))),
            None => self.incomplete.remove(&rank),
        };
    }

    /// The head of a last line or event that has been incomplete for a while.
    pub fn incomplete(&self) -> Option<&Safe> {
        self.incomplete.values().next()
    }

    /// Notes that the first reading is over.
    pub fn set_loaded(&mut self) {
        self.phase = LoadPhase::Loaded;
    }

    /// The progress of the first reading.
    pub fn phase(&self) -> LoadPhase {
        self.phase
    }

    /// The names in the order of the arguments.
    pub fn names(&self) -> &[Safe] {
        &self.names
    }

    /// The share of the first reading that is done, in percent; `None` when it is over.
    pub fn progress(&self) -> Option<u8> {
        let mut loading = false;
        let (mut done, mut all) = (0, 0);
        for health in &self.health {
            if let Health::Loading { read, total } = health {
                loading = true;
                done += read;
                all += total.unwrap_or(*read);
            }
        }
        loading.then(|| u8::try_from(done * 100 / all.max(1)).unwrap_or(100).min(100))
    }

    /// The source whose state matters most: troubles before progress.
    pub fn worst(&self) -> Option<(&Safe, &Health)> {
        let weight = |health: &Health| match health {
            Health::Failed(_) => 6,
            Health::Waiting(_) => 5,
            Health::Loading { .. } => 4,
            Health::Marked(_) => 3,
            Health::Live => 2,
            Health::Ended => 1,
            Health::Loaded => 0,
        };
        let at = (0..self.health.len()).max_by_key(|at| weight(&self.health[*at]))?;
        Some((self.names.get(at)?, &self.health[at]))
    }

    /// The sources that were given up, with the reason.
    pub fn failures(&self) -> impl Iterator<Item = (&Safe, &Safe)> {
        self.names.iter().zip(&self.health).filter_map(|(name, health)| match health {
            Health::Failed(why) => Some((name, why)),
            Health::Waiting(_)
            | Health::Loading { .. }
            | Health::Live
            | Health::Marked(_)
            | Health::Ended
            | Health::Loaded => None,
        })
    }

    /// Returns whether every source was given up.
    pub fn are_lost(&self) -> bool {
        !self.names.is_empty() && self.failures().count() == self.names.len()
    }

    /// The age of the last event and the rate: ` 10 s  220/min`. Empty before the first event.
    pub fn activity(&self) -> &str {
        &self.activity
    }

    fn current_activity(&self, now: Duration) -> String {
        // `live` alone says that the last event is new.
        let age = self.last_event.map(|at| age(now.saturating_sub(at)));
        match (age, self.per_minute(now)) {
            (None, _) => String::new(),
            (Some(age), 0) => format!(" {age}"),
            (Some(age), rate) if age.is_empty() => format!("  {rate}/min"),
            (Some(age), rate) => format!(" {age}  {rate}/min"),
        }
    }

    /// The number of events in the last minute.
    fn per_minute(&self, now: Duration) -> u64 {
        let from = now.saturating_sub(RATE_SPAN).as_secs();
        self.seconds.iter().filter(|(second, _)| *second >= from).map(|(_, count)| count).sum()
    }

    /// Updates [`Self::activity`]; returns whether it changed.
    pub fn tick(&mut self, now: Duration) -> bool {
        let from = now.saturating_sub(RATE_SPAN).as_secs();
        while self.seconds.front().is_some_and(|(second, _)| *second < from) {
            self.seconds.pop_front();
        }
        let activity = self.current_activity(now);
        let is_changed = activity != self.activity;
        self.activity = activity;
        is_changed
    }
}

/// An age in steps, so that an idle screen seldom changes: empty, `10 s`, `1 m`, `2 m`, `1 h`.
fn age(since: Duration) -> String {
    let seconds = since.as_secs();
    match seconds {
        0..10 => String::new(),
        10..60 => format!("{} s", seconds / 10 * 10),
        60..3600 => format!("{} m", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_go_in_steps() {
        let check = |seconds, expected| assert_eq!(age(Duration::from_secs(seconds)), expected);
        check(3, "");
        check(19, "10 s");
        check(61, "1 m");
        check(7300, "2 h");
        check(90_000, "1 d");
    }

    #[test]
    fn counts_the_last_minute() {
        let mut sources = Sources::default();
        for second in 0..120 {
            sources.count(2, Duration::from_secs(second));
        }
        sources.tick(Duration::from_secs(119));
        assert_eq!(sources.per_minute(Duration::from_secs(119)), 122);
        assert_eq!(sources.per_minute(Duration::from_secs(500)), 0);
    }

    #[test]
    fn the_worst_state_is_shown() {
        let mut sources = Sources::new(vec!["a".into(), "b".into()]);
        sources.set_health(0, Health::Live);
        sources.set_health(1, Health::Waiting("not there yet".into()));
        assert_eq!(sources.worst().map(|(name, _)| name.as_str()), Some("b"));
        sources.set_health(1, Health::Loading { read: 5, total: Some(10) });
        assert_eq!(sources.progress(), Some(50));
    }
}
