//! The pictures of one asset in the order of their offsets, and the cursor on one of them.
//!
//! Pictures are known by kind and index, since an offset may occur twice. The cursor is always on a picture where there
//! is one. Nothing here knows whether a picture was fetched, except that playing waits for it.

use super::album::PictureState;
use crate::{
    app::{action::Share, direction::Direction},
    catalog::Event,
    event::{Offset, PictureKind, PictureUrl},
    judge,
    picture::{EventKey, PictureKey, PictureRequest},
};
use std::time::Duration;

/// Pictures a second at which playing starts.
const FPS: f32 = 2.0;
/// The lowest and the highest number of pictures a second.
const FPS_RANGE: (f32, f32) = (0.5, 10.0);
/// The time that playing waits for a picture.
const PLAY_WAIT: Duration = Duration::from_secs(1);

/// The pictures of a snapshot event and of a cover event of one asset.
#[derive(Clone, Debug)]
pub struct Timeline {
    events: Vec<EventKey>,
    marks: Vec<PictureRequest>,
    cursor: usize,
    /// The direction of the last move; more pictures are prefetched that way.
    direction: Direction,
    fps: f32,
    playing: Option<Playing>,
    duration: Option<Offset>,
}

#[derive(Clone, Copy, Debug)]
struct Playing {
    /// The time at which the cursor reached its picture.
    since: Duration,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            marks: Vec::new(),
            cursor: 0,
            direction: Direction::Forward,
            fps: FPS,
            playing: None,
            duration: None,
        }
    }
}

impl Timeline {
    /// Shows the pictures of these events. If they are others than before, the cursor stays on its picture, or on the
    /// picture at its offset if the asset is the same, or goes to the first.
    pub fn show(&mut self, events: &[Event<'_>], duration: Option<Offset>) {
        self.duration = duration;
        if self.events.iter().eq(events.iter().map(|event| &event.key)) {
            return;
        }
        let current = self.current().cloned();
        self.events = events.iter().map(|event| event.key).collect();
        self.marks = events.iter().flat_map(Event::requests).collect();
        self.marks.sort_by_key(PictureRequest::order);
        if let Some(at) = current.and_then(|current| self.position_of(&current)) {
            self.cursor = at;
        } else {
            self.cursor = 0;
            self.direction = Direction::Forward;
            self.playing = None;
        }
    }

    /// The index of a picture, or of the picture at its offset in a newer event of the same asset.
    fn position_of(&self, picture: &PictureRequest) -> Option<usize> {
        let position = |is_wanted: &dyn Fn(&PictureRequest) -> bool| self.marks.iter().position(is_wanted);
        position(&|mark| mark.key == picture.key).or_else(|| {
            position(&|mark| {
                mark.asset == picture.asset && mark.offset == picture.offset && mark.key.kind == picture.key.kind
            })
        })
    }

    /// The first of the events that are shown.
    pub fn event(&self) -> Option<EventKey> {
        self.events.first().copied()
    }

    /// The pictures in order.
    pub fn marks(&self) -> &[PictureRequest] {
        &self.marks
    }

    /// The index of the picture under the cursor, from 0.
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

    /// The ends of the axis: 0, or the first offset if that is negative; and the video's end or the last offset.
    pub fn span(&self) -> (Offset, Offset) {
        let zero = Offset::default();
        let first = self.marks.first().map_or(zero, |mark| mark.offset.min(zero));
        let last = self.marks.last().map_or(zero, |mark| mark.offset);
        (first, last.max(self.duration.unwrap_or(zero)))
    }

    /// Moves the cursor by pictures; stops at the ends.
    pub fn step(&mut self, by: i32) {
        self.direction = if by < 0 { Direction::Backward } else { Direction::Forward };
        let last = self.marks.len().saturating_sub(1);
        let distance = by.unsigned_abs() as usize;
        self.cursor =
            if by < 0 { self.cursor.saturating_sub(distance) } else { self.cursor.saturating_add(distance).min(last) };
    }

    /// Moves the cursor to a picture, counted from 0, or to the last one.
    pub fn go_to(&mut self, at: usize) {
        let at = at.min(self.marks.len().saturating_sub(1));
        self.direction = if at < self.cursor { Direction::Backward } else { Direction::Forward };
        self.cursor = at;
    }

    /// Moves the cursor to the picture nearest to `offset`; of two, to the earlier.
    pub fn seek(&mut self, offset: Offset) {
        let distance = |mark: &PictureRequest| (mark.offset.as_millis() - offset.as_millis()).abs();
        if let Some(at) = (0..self.marks.len()).min_by_key(|at| distance(&self.marks[*at])) {
            self.go_to(at);
        }
    }

    /// Moves the cursor to the picture nearest to a share of the axis.
    pub fn seek_share(&mut self, Share { at, of }: Share) {
        let (from, to) = self.span();
        let span = to.as_millis() - from.as_millis();
        self.seek(Offset::from_millis(from.as_millis() + i64::from(at) * span / i64::from(of.max(1))));
    }

    /// The indices of the pictures around the cursor: `ahead` in the direction of the last move, `behind` against it.
    pub fn neighbours(&self, ahead: usize, behind: usize) -> Vec<usize> {
        let forward = |by: usize| Some(self.cursor + by).filter(|at| *at < self.marks.len());
        let backward = |by: usize| self.cursor.checked_sub(by);
        let (with, against): (Vec<_>, Vec<_>) = match self.direction {
            Direction::Forward => ((1..=ahead).map(forward).collect(), (1..=behind).map(backward).collect()),
            Direction::Backward => ((1..=ahead).map(backward).collect(), (1..=behind).map(forward).collect()),
        };
        with.into_iter().chain(against).flatten().collect()
    }

    /// Returns whether it plays.
    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    /// Pictures a second.
    pub fn fps(&self) -> f32 {
        self.fps
    }

    /// Starts or stops playing.
    pub fn toggle_play(&mut self, now: Duration) {
        self.playing = match self.playing {
            None if self.marks.len() > 1 => Some(Playing { since: now }),
            _ => None,
        };
    }

    /// Multiplies the number of pictures a second, within 0.5 to 10.
    pub fn change_fps(&mut self, factor: f32) {
        self.fps = (self.fps * factor).clamp(FPS_RANGE.0, FPS_RANGE.1);
    }

    /// Moves to the next picture if it is time, from the last to the first; returns whether it did. Waits up to
    /// one second for the picture under the cursor, which is in `state`.
    pub fn advance(&mut self, now: Duration, state: &PictureState) -> bool {
        let Some(playing) = self.playing else { return false };
        let shown = now.saturating_sub(playing.since);
        let due = Duration::from_secs_f32(1.0 / self.fps);
        let is_awaited = matches!(state, PictureState::Absent | PictureState::Loading);
        if shown < due || (is_awaited && shown < due + PLAY_WAIT) {
            return false;
        }
        self.cursor = (self.cursor + 1) % self.marks.len().max(1);
        self.direction = Direction::Forward;
        self.playing = Some(Playing { since: now });
        true
    }

    /// The gaps between samples of more than 1.5 times the median interval: first and last offset of each.
    pub fn gaps(&self) -> Vec<(Offset, Offset)> {
        let samples = self.marks.iter().filter(|mark| mark.key.kind == PictureKind::Sample);
        judge::gaps(&samples.map(|mark| mark.offset).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AssetId, EventKind, Oddities, Origin, Status, Templates};
    use crate::picture::{FailureKind, PictureFailure};

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
    fn the_cursor_stays_in_bounds() {
        let mut t = timeline(&[0, 5, 10, 15, 20, 25], &[12]);
        let at = |t: &Timeline| t.current().map(|mark| (mark.offset.as_millis() / 1000, mark.key.kind));
        t.step(-1);
        assert_eq!(at(&t), Some((0, PictureKind::Sample)));
        t.step(3);
        assert_eq!(at(&t), Some((12, PictureKind::Dot)));
        t.step(100);
        assert_eq!(at(&t), Some((25, PictureKind::Sample)));
        t.seek_share(Share { at: 5, of: 10 });
        assert_eq!(at(&t), Some((12, PictureKind::Dot)));
        t.seek(Offset::from_millis(17_600));
        assert_eq!(at(&t), Some((20, PictureKind::Sample)));
    }

    #[test]
    fn neighbours_reach_further_ahead_than_behind() {
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
    fn playing_wraps_and_waits_for_pictures() {
        let mut t = timeline(&[0, 1], &[]);
        let ms = Duration::from_millis;
        t.toggle_play(ms(0));
        let failed = PictureState::Failed(PictureFailure {
            kind: FailureKind::Forbidden,
            what: "HTTP 403".into(),
            advice: Vec::new(),
            allow: None,
        });
        assert!(!t.advance(ms(400), &failed));
        assert!(t.advance(ms(500), &failed));
        assert!(!t.advance(ms(1000), &PictureState::Loading), "waits");
        assert!(t.advance(ms(2001), &PictureState::Loading), "but not for ever");
        assert_eq!(t.cursor(), 0);
    }

    #[test]
    fn an_empty_timeline_accepts_every_step() {
        let mut t = timeline(&[], &[]);
        t.step(1);
        t.seek_share(Share { at: 9, of: 10 });
        t.go_to(5);
        t.toggle_play(Duration::ZERO);
        assert!(t.current().is_none() && !t.is_playing() && t.neighbours(4, 2).is_empty());
    }
}
