//! The scrub cursor: which picture of the selected asset is looked at.
//!
//! Pictures stand in order of their offsets, a sample before a dot before a cover, and are known by kind and index,
//! since one offset may be there twice. The cursor is always on a picture where there is one.

use crate::{
    catalog::Event,
    event::{Offset, PictureKind, PictureUrl},
    picture::{EventKey, PictureKey, PictureRequest},
};
use std::time::Duration;

/// Pictures a second at which playing starts.
const FPS: f32 = 2.0;
/// The slowest and the fastest pace.
const FPS_RANGE: (f32, f32) = (0.5, 10.0);
/// How long playing waits for a picture that is not there yet.
const PATIENCE: Duration = Duration::from_secs(1);

/// The timeline of one run of one asset, with the covers that other events brought.
#[derive(Clone, Debug)]
pub struct Timeline {
    runs: Vec<EventKey>,
    marks: Vec<PictureRequest>,
    cursor: usize,
    direction: ScrubDirection,
    fps: f32,
    playing: Option<Playing>,
    duration: Option<Offset>,
}

/// Which way the cursor moved last; prefetching looks further that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScrubDirection {
    /// To later pictures.
    On,
    /// To earlier ones.
    Back,
}

#[derive(Clone, Copy, Debug)]
struct Playing {
    /// When the picture now shown was reached.
    since: Duration,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            runs: Vec::new(),
            marks: Vec::new(),
            cursor: 0,
            direction: ScrubDirection::On,
            fps: FPS,
            playing: None,
            duration: None,
        }
    }
}

impl Timeline {
    /// Shows the pictures of these events: a snapshot run, and covers. Nothing changes where they are the same ones;
    /// where they are others, the cursor stays on its picture or goes to the first.
    pub fn show(&mut self, events: &[Event<'_>], duration: Option<Offset>) {
        self.duration = duration;
        if self.runs.iter().eq(events.iter().map(|event| &event.key)) {
            return;
        }
        let current = self.current_key();
        self.runs = events.iter().map(|event| event.key).collect();
        self.marks = events.iter().flat_map(Event::requests).collect();
        self.marks.sort_by_key(PictureRequest::order);
        if let Some(at) = self.marks.iter().position(|mark| Some(mark.key) == current) {
            self.cursor = at;
        } else {
            self.cursor = 0;
            self.direction = ScrubDirection::On;
            self.playing = None;
        }
    }

    /// The first of the events that are shown.
    pub fn run(&self) -> Option<EventKey> {
        self.runs.first().copied()
    }

    /// The pictures in order.
    pub fn marks(&self) -> &[PictureRequest] {
        &self.marks
    }

    /// Where the cursor is, from 0.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The picture under the cursor.
    pub fn current(&self) -> Option<&PictureRequest> {
        self.marks.get(self.cursor)
    }

    /// The key of the picture under the cursor.
    pub fn current_key(&self) -> Option<PictureKey> {
        self.current().map(|mark| mark.key)
    }

    /// The address of the picture under the cursor.
    pub fn url(&self) -> Option<&PictureUrl> {
        self.current().map(|mark| &mark.url)
    }

    /// First and last second of the axis: 0, or the first offset where that is negative, to the video's end or the
    /// last offset.
    pub fn span(&self) -> (Offset, Offset) {
        let zero = Offset::default();
        let first = self.marks.first().map_or(zero, |mark| mark.offset.min(zero));
        let last = self.marks.last().map_or(zero, |mark| mark.offset);
        (first, last.max(self.duration.unwrap_or(zero)))
    }

    /// Pictures on or back; stays at the ends.
    pub fn step(&mut self, by: i32) {
        self.direction = if by < 0 { ScrubDirection::Back } else { ScrubDirection::On };
        let last = self.marks.len().saturating_sub(1);
        let distance = by.unsigned_abs() as usize;
        self.cursor =
            if by < 0 { self.cursor.saturating_sub(distance) } else { self.cursor.saturating_add(distance).min(last) };
    }

    /// To a mark, counted from 0.
    pub fn go_to(&mut self, at: usize) {
        let at = at.min(self.marks.len().saturating_sub(1));
        self.direction = if at < self.cursor { ScrubDirection::Back } else { ScrubDirection::On };
        self.cursor = at;
    }

    /// To the picture nearest to `offset`; of two, the earlier.
    pub fn seek(&mut self, offset: Offset) {
        let distance = |mark: &PictureRequest| (mark.offset.as_millis() - offset.as_millis()).abs();
        if let Some(at) = (0..self.marks.len()).min_by_key(|at| distance(&self.marks[*at])) {
            self.go_to(at);
        }
    }

    /// To so many tenths of the axis.
    pub fn tenth(&mut self, tenth: u8) {
        let (from, to) = self.span();
        let millis = from.as_millis() + (to.as_millis() - from.as_millis()) * i64::from(tenth) / 10;
        self.seek(Offset::from_millis(millis));
    }

    /// The marks to fetch after the current one: further in the direction of travel than against it.
    pub fn neighbours(&self, ahead: usize, behind: usize) -> Vec<usize> {
        let on = |by: usize| Some(self.cursor + by).filter(|at| *at < self.marks.len());
        let back = |by: usize| self.cursor.checked_sub(by);
        let (forth, against): (Vec<_>, Vec<_>) = match self.direction {
            ScrubDirection::On => ((1..=ahead).map(on).collect(), (1..=behind).map(back).collect()),
            ScrubDirection::Back => ((1..=ahead).map(back).collect(), (1..=behind).map(on).collect()),
        };
        forth.into_iter().chain(against).flatten().collect()
    }

    /// Whether it plays.
    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    /// Pictures a second.
    pub fn fps(&self) -> f32 {
        self.fps
    }

    /// Plays, or pauses.
    pub fn toggle(&mut self, now: Duration) {
        self.playing = match self.playing {
            None if self.marks.len() > 1 => Some(Playing { since: now }),
            _ => None,
        };
    }

    /// Doubles the pace, or halves it.
    pub fn pace(&mut self, factor: f32) {
        self.fps = (self.fps * factor).clamp(FPS_RANGE.0, FPS_RANGE.1);
    }

    /// Goes on to the next picture when it is time, from the last to the first. Waits up to a second for a picture
    /// that is not `ready`. Returns whether the cursor moved.
    pub fn advance(&mut self, now: Duration, ready: bool) -> bool {
        let Some(playing) = self.playing else { return false };
        let shown = now.saturating_sub(playing.since);
        let due = Duration::from_secs_f32(1.0 / self.fps);
        if shown < due || (!ready && shown < due + PATIENCE) {
            return false;
        }
        self.cursor = (self.cursor + 1) % self.marks.len().max(1);
        self.direction = ScrubDirection::On;
        self.playing = Some(Playing { since: now });
        true
    }

    /// Gaps of more than 1.5 times the median interval between samples: first and last offset of each.
    pub fn gaps(&self) -> Vec<(Offset, Offset)> {
        let samples: Vec<Offset> =
            self.marks.iter().filter(|mark| mark.key.kind == PictureKind::Sample).map(|mark| mark.offset).collect();
        let mut steps: Vec<i64> =
            samples.windows(2).map(|pair| pair[1].as_millis() - pair[0].as_millis()).filter(|step| *step > 0).collect();
        steps.sort_unstable();
        let Some(median) = steps.get(steps.len() / 2).copied() else { return Vec::new() };
        samples
            .windows(2)
            .filter(|pair| (pair[1].as_millis() - pair[0].as_millis()) * 2 > median * 3)
            .map(|pair| (pair[0], pair[1]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AssetId, EventKind, Oddities, Origin, Status, Templates};

    fn timeline(samples: &[i64], dots: &[i64]) -> Timeline {
        let asset = AssetId::new("a").unwrap();
        let all: Vec<(PictureKind, Offset, String)> = samples
            .iter()
            .map(|s| (PictureKind::Sample, *s))
            .chain(dots.iter().map(|s| (PictureKind::Dot, *s)))
            .map(|(kind, s)| (kind, Offset::from_millis(s * 1000), format!("http://h/{s}.jpg")))
            .collect();
        let pictures = Templates::default().pictures(&asset, all.iter().map(|(k, o, u)| (*k, *o, u.as_str())));
        let event = Event {
            key: EventKey(0),
            kind: &EventKind::Thumbnail,
            asset: &asset,
            status: &Status::Succeed,
            time: None,
            origin: Origin::default(),
            pictures: &pictures,
            fault: None,
            facts: None,
            oddities: Oddities::default(),
        };
        let mut timeline = Timeline::default();
        timeline.show(&[event], None);
        timeline
    }

    #[test]
    fn moves_and_stays_in_bounds() {
        let mut t = timeline(&[0, 5, 10, 15, 20, 25], &[12]);
        let at = |t: &Timeline| t.current().map(|mark| (mark.offset.as_millis() / 1000, mark.key.kind));
        t.step(-1);
        assert_eq!(at(&t), Some((0, PictureKind::Sample)));
        t.step(3);
        assert_eq!(at(&t), Some((12, PictureKind::Dot)));
        t.step(100);
        assert_eq!(at(&t), Some((25, PictureKind::Sample)));
        t.tenth(5);
        assert_eq!(at(&t), Some((12, PictureKind::Dot)));
        t.seek(Offset::from_millis(17_600));
        assert_eq!(at(&t), Some((20, PictureKind::Sample)));
    }

    #[test]
    fn looks_further_ahead_than_back() {
        let mut t = timeline(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[]);
        t.step(5);
        assert_eq!(t.neighbours(4, 2), [6, 7, 8, 9, 4, 3]);
        t.step(-1);
        assert_eq!(t.neighbours(4, 2), [3, 2, 1, 0, 5, 6]);
    }

    #[test]
    fn finds_gaps() {
        let gaps = |samples: &[i64]| timeline(samples, &[]).gaps().len();
        assert_eq!(gaps(&[0, 5, 10, 15]), 0);
        assert_eq!(gaps(&[0, 5, 10, 25, 30]), 1);
        assert_eq!(gaps(&[0]), 0);
    }

    #[test]
    fn plays_round_and_waits_for_pictures() {
        let mut t = timeline(&[0, 1], &[]);
        let ms = Duration::from_millis;
        t.toggle(ms(0));
        assert!(!t.advance(ms(400), true));
        assert!(t.advance(ms(500), true));
        assert!(!t.advance(ms(1000), false), "waits");
        assert!(t.advance(ms(2001), false), "but not for ever");
        assert_eq!(t.cursor(), 0);
    }

    #[test]
    fn an_empty_timeline_bears_every_step() {
        let mut t = timeline(&[], &[]);
        t.step(1);
        t.tenth(9);
        t.go_to(5);
        t.toggle(Duration::ZERO);
        assert!(t.current().is_none() && !t.is_playing() && t.neighbours(4, 2).is_empty());
    }
}
