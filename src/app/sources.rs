//! How the sources fare: what the header says of them.

use crate::{
    event::{Health, redact_urls},
    text::Safe,
};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// The span over which events are counted for the rate.
const MINUTE: Duration = Duration::from_mins(1);

/// All sources of the session.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    names: Vec<Safe>,
    health: Vec<Health>,
    last_event: Option<Duration>,
    seconds: VecDeque<(u64, u64)>,
    incomplete: BTreeMap<u16, Safe>,
    finished: bool,
}

impl Sources {
    /// Sources by their names, in the order of the arguments.
    pub fn new(names: Vec<Safe>) -> Self {
        Self { names, ..Self::default() }
    }

    /// Notes the name of a file that was found later, or again.
    pub fn name(&mut self, rank: u16, name: Safe) {
        let rank = usize::from(rank);
        if self.names.len() <= rank {
            self.names.resize(rank + 1, Safe::default());
        }
        self.names[rank] = name;
    }

    /// Notes a source's state.
    pub fn set(&mut self, rank: u16, health: Health) {
        let rank = usize::from(rank);
        if self.health.len() <= rank {
            self.health.resize(rank + 1, Health::Loading { read: 0, total: None });
        }
        self.health[rank] = health;
    }

    /// Counts events that came just now.
    pub fn count(&mut self, events: u64, now: Duration) {
        if events == 0 {
            return;
        }
        self.last_event = Some(now);
        match self.seconds.back_mut() {
            Some((second, count)) if *second == now.as_secs() => *count += events,
            _ => self.seconds.push_back((now.as_secs(), events)),
        }
    }

    /// Notes the head of a last line that lacks its newline, or that there is none any more.
    pub fn set_incomplete(&mut self, rank: u16, head: Option<Safe>) {
        match head {
            Some(head) => self.incomplete.insert(rank, Safe::from(redact_urls(head.as_str()))),
            None => self.incomplete.remove(&rank),
        };
    }

    /// The head of a last line that has lacked its newline for a while.
    pub fn incomplete(&self) -> Option<&Safe> {
        self.incomplete.values().next()
    }

    /// Notes that nothing more will come.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Whether nothing more will come.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// The names in the order of the arguments.
    pub fn names(&self) -> &[Safe] {
        &self.names
    }

    /// Whether some source is still in its first reading.
    pub fn is_loading(&self) -> bool {
        self.progress().is_some()
    }

    /// How much of the first reading is done, in percent; `None` when it is over.
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

    /// The state that matters most: what is wrong before what is well.
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

    /// The sources that were given up, and why.
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

    /// Whether every source was given up.
    pub fn are_lost(&self) -> bool {
        !self.names.is_empty() && self.failures().count() == self.names.len()
    }

    /// When the last event came.
    pub fn last_event(&self) -> Option<Duration> {
        self.last_event
    }

    /// Events in the last minute. Drops what is older.
    pub fn per_minute(&self, now: Duration) -> u64 {
        let from = now.saturating_sub(MINUTE).as_secs();
        self.seconds.iter().filter(|(second, _)| *second >= from).map(|(_, count)| count).sum()
    }

    /// Forgets seconds that no rate needs any more.
    pub fn tick(&mut self, now: Duration) {
        let from = now.saturating_sub(MINUTE).as_secs();
        while self.seconds.front().is_some_and(|(second, _)| *second < from) {
            self.seconds.pop_front();
        }
    }
}

/// An age in steps, so that an idle screen has nothing new to say: empty, `10 s`, `1 m`, `2 m`, `1 h`.
pub fn age(since: Duration) -> String {
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
    fn trouble_comes_first() {
        let mut sources = Sources::new(vec!["a".into(), "b".into()]);
        sources.set(0, Health::Live);
        sources.set(1, Health::Waiting("not there yet".into()));
        assert_eq!(sources.worst().map(|(name, _)| name.as_str()), Some("b"));
        sources.set(1, Health::Loading { read: 5, total: Some(10) });
        assert_eq!(sources.progress(), Some(50));
    }
}
