//! The viewer: the pictures of the selected asset, the cursor among them, and their state.
//!
//! It follows the selection of the list and remembers the cursor of each asset. The lists of pictures to fetch and to
//! prepare are derived from it and sent only when they change.

pub mod album;
pub mod check;
pub mod comparison;
pub mod exhibit;
pub mod pane;
mod prefetch;
pub mod speed;
pub mod timeline;
pub mod zoom;

use super::{
    action::{Move, PictureAction, Scrub},
    list::AssetList,
    message::Effect,
    outcome::ActionOutcome,
    prompt::destination::Destination,
    screen::ScreenState,
};
use crate::{
    catalog::{Asset, AssetKey, Catalog, Event},
    event::EventKind,
    judge::PictureOutcome,
    picture::{EventKey, FetchMode, Fit, PictureKey, PictureUpdate},
    text::number::counted,
};
use album::{Album, PictureState};
use check::{CheckedEvent, PictureCheck, PictureOrigin};
use comparison::{Comparison, ComparisonMode};
use pane::PicturePane;
use speed::{LinkSpeed, ScrubSpeed};
use std::{collections::HashMap, time::Duration};
use timeline::Timeline;
use zoom::{Pan, Zoom};

/// The pictures of the selected asset.
#[derive(Debug, Default)]
pub struct Viewer {
    timeline: Timeline,
    album: Album,
    speed: ScrubSpeed,
    zoom: Zoom,
    comparison: Comparison,
    check: PictureCheck,
    /// The asset on the timeline.
    asset: Option<AssetKey>,
    /// The event that was chosen in the history of the asset.
    pinned: Option<EventKey>,
    /// The cursor of each asset when another one was selected.
    cursors: HashMap<AssetKey, PictureKey>,
    /// The lists that were sent last.
    requested: Vec<PictureKey>,
    preparing: Vec<(PictureKey, Fit)>,
}

impl Viewer {
    /// The pictures of the asset and the cursor.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The pictures of the session.
    pub fn album(&self) -> &Album {
        &self.album
    }

    /// The findings in pictures, and the check that is going on.
    pub fn check(&self) -> &PictureCheck {
        &self.check
    }

    /// Takes a change in the state of a picture: judges it, and keeps it unless it was fetched for the check alone.
    pub(super) fn take(&mut self, update: PictureUpdate, list: &mut AssetList, catalog: &Catalog) -> ActionOutcome {
        let judged = match &update {
            PictureUpdate::Loaded(key, picture) => {
                let from_cache = picture.fetched.from_cache;
                let origin = if from_cache { PictureOrigin::Cache } else { PictureOrigin::Server };
                Some((*key, PictureOutcome::of_picture(picture), origin))
            }
            PictureUpdate::Failed(key, failure) => {
                Some((*key, PictureOutcome::of_failure(failure), PictureOrigin::Server))
            }
            PictureUpdate::Started(_) | PictureUpdate::Dropped(_) | PictureUpdate::Prepared(..) => None,
        };
        let is_viewed = match &update {
            PictureUpdate::Started(key) | PictureUpdate::Loaded(key, _) | PictureUpdate::Failed(key, _) => {
                self.requested.contains(key) || !self.check.is_requested(*key)
            }
            PictureUpdate::Dropped(_) | PictureUpdate::Prepared(..) => true,
        };
        if is_viewed {
            self.album.apply(update);
        }
        let Some((key, outcome, origin)) = judged else { return ActionOutcome::default() };
        let (outcome, known) = self.check.take(key, outcome, origin, catalog);
        note_all(&known, list);
        outcome
    }

    /// Starts or stops the check of the listed assets.
    pub(super) fn toggle_check(&mut self, list: &mut AssetList, catalog: &Catalog) -> ActionOutcome {
        let (outcome, known) = self.check.toggle(list.rows(), catalog);
        note_all(&known, list);
        outcome
    }

    /// The picture pane on a screen.
    pub(super) fn pane<'a>(
        &'a self,
        screen: &'a ScreenState,
        asset: Option<Asset<'a>>,
        fetch_mode: FetchMode,
    ) -> PicturePane<'a> {
        PicturePane {
            timeline: &self.timeline,
            album: &self.album,
            speed: self.speed,
            zoom: self.zoom,
            comparison: &self.comparison,
            screen,
            asset,
            fetch_mode,
        }
    }

    /// The event that was chosen in the history of the asset.
    pub(super) fn pinned(&self) -> Option<EventKey> {
        self.pinned
    }

    /// Shows the pictures of an event of the asset.
    pub(super) fn pin(&mut self, event: EventKey) {
        self.pinned = Some(event);
    }

    /// Shows the newest pictures again; returns whether others were shown.
    pub(super) fn unpin(&mut self) -> bool {
        self.pinned.take().is_some()
    }

    /// Forgets what is known of assets, which are about to be dropped.
    pub(super) fn forget(&mut self, assets: &[AssetKey], catalog: &Catalog) {
        for asset in assets {
            self.cursors.remove(asset);
            self.check.forget(catalog.asset(*asset).iter().flat_map(Asset::history));
        }
    }

    /// Returns whether ticks at the frame rate are needed.
    pub(super) fn is_animating(&self) -> bool {
        self.timeline.is_playing() || self.speed.is_moving()
    }

    /// Carries out an action.
    pub(super) fn act(&mut self, action: PictureAction, now: Duration) -> ActionOutcome {
        match action {
            PictureAction::Scrub(scrub) => self.scrub(scrub, now),
            PictureAction::Play => self.toggle_play(now),
            PictureAction::Slower => return self.change_fps(0.5),
            PictureAction::Faster => return self.change_fps(2.0),
            PictureAction::AllowHost => return self.allow_host(),
            PictureAction::Retry => return self.retry(),
            PictureAction::RetryAll => return self.retry_all(),
            PictureAction::Mark => return self.mark(),
            PictureAction::Compare => return self.compare(),
            PictureAction::Nearer | PictureAction::Farther if self.comparison.mode() != ComparisonMode::Off => {
                return ActionOutcome::say("a comparison shows whole pictures · `d` ends it, then `+` zooms in");
            }
            PictureAction::Nearer => self.zoom.nearer(),
            PictureAction::Farther => self.zoom.farther(),
        }
        ActionOutcome::default()
    }

    /// Moves the cursor.
    pub(super) fn scrub(&mut self, scrub: Scrub, now: Duration) {
        self.speed.note_step(now);
        match scrub {
            Scrub::Step(by) => self.timeline.step(by),
            Scrub::Share(share) => self.timeline.seek_share(share),
            Scrub::First => self.timeline.go_to(0),
            Scrub::Last => self.timeline.go_to(usize::MAX),
            Scrub::Picture(at) => self.timeline.go_to(at),
        }
        if let Some(key) = self.timeline.current_key() {
            self.album.touch(key);
        }
    }

    /// Moves in a magnified picture; returns whether the picture is magnified.
    pub(super) fn pan(&mut self, step: Move) -> bool {
        let pan = match step {
            Move::Left => Pan::Left,
            Move::Right => Pan::Right,
            Move::Up | Move::HalfUp | Move::PageUp | Move::Top => Pan::Up,
            Move::Down | Move::HalfDown | Move::PageDown | Move::Bottom => Pan::Down,
        };
        if self.zoom.is_near() {
            self.zoom.pan(pan);
        }
        self.zoom.is_near()
    }

    /// Shows the whole picture again; returns whether a part of it was shown.
    pub(super) fn reset_zoom(&mut self) -> bool {
        std::mem::take(&mut self.zoom).is_near()
    }

    /// Ends a comparison; returns whether one was shown.
    pub(super) fn close_comparison(&mut self) -> bool {
        self.comparison.close()
    }

    /// Marks the picture under the cursor.
    fn mark(&mut self) -> ActionOutcome {
        let Some(mark) = self.timeline.current().cloned() else {
            return ActionOutcome::say("there is no picture to mark");
        };
        let offset = mark.offset;
        self.comparison.mark(mark);
        ActionOutcome::say(format!("{offset} is marked · go to another picture, `d` compares them"))
    }

    /// Shows the next display of the comparison.
    fn compare(&mut self) -> ActionOutcome {
        let current = self.timeline.current_key();
        match self.comparison.marked() {
            None => {
                return ActionOutcome::say("no picture is marked · `m` marks one, then `d` compares another with it");
            }
            Some(marked) if Some(marked.key) == current && self.comparison.mode() == ComparisonMode::Off => {
                return ActionOutcome::say("this is the marked picture · go to another one, `d` compares them");
            }
            Some(_) => {}
        }
        self.comparison.next_mode();
        self.zoom = Zoom::default();
        ActionOutcome::say(match self.comparison.mode() {
            ComparisonMode::Off => "comparison off",
            ComparisonMode::SideBySide => "the marked picture beside this one · `d` shows their difference",
            ComparisonMode::Difference => "the difference, with its contrast stretched · `d` ends the comparison",
        })
    }

    /// Moves the cursor by rows of the contact sheet.
    pub(super) fn step_rows(&mut self, rows: isize, columns: usize, now: Duration) {
        let columns = isize::try_from(columns).unwrap_or(1);
        self.speed.note_step(now);
        self.timeline.go_to(self.timeline.cursor().saturating_add_signed(rows.saturating_mul(columns)));
    }

    /// Moves the cursor to an offset or a number, or says that there is no such picture.
    pub(super) fn go_to(&mut self, destination: &Destination) -> ActionOutcome {
        let count = self.timeline.marks().len();
        if count == 0 {
            return ActionOutcome::say("this asset has no pictures");
        }
        match destination {
            Destination::Number(number) if *number == 0 || *number > count => {
                ActionOutcome::say(format!("there is no picture #{number}: the last one is #{count}"))
            }
            Destination::Number(number) => {
                self.timeline.go_to(number - 1);
                ActionOutcome::default()
            }
            Destination::Offset(offset) => {
                self.timeline.seek(*offset);
                match self.timeline.current().filter(|mark| mark.offset != *offset) {
                    Some(mark) => ActionOutcome::say(format!("no picture at {offset} · nearest: {}", mark.offset)),
                    None => ActionOutcome::default(),
                }
            }
            Destination::Asset(_) => ActionOutcome::default(),
        }
    }

    /// Starts or stops playing.
    pub(super) fn toggle_play(&mut self, now: Duration) {
        self.timeline.toggle_play(now);
    }

    /// Multiplies the number of pictures a second.
    fn change_fps(&mut self, factor: f32) -> ActionOutcome {
        self.timeline.change_fps(factor);
        let fps = self.timeline.fps();
        let noun = if (fps - 1.0).abs() < f32::EPSILON { "picture" } else { "pictures" };
        ActionOutcome::say(format!("{fps} {noun} per second"))
    }

    /// Adapts to the speed of the link.
    pub(super) fn set_link(&mut self, link: LinkSpeed) {
        self.speed.set_link(link);
    }

    /// Advances what plays; returns whether the screen changes.
    pub(super) fn tick(&mut self, now: Duration) -> bool {
        let state = self.timeline.current_key().map_or(&PictureState::Absent, |key| self.album.state(key));
        let is_moved = self.timeline.advance(now, state);
        self.speed.tick(now) || is_moved
    }

    /// Puts the selected asset on the timeline, with the cursor where it was when the asset was last selected.
    pub(super) fn show_selection(&mut self, selected: Option<AssetKey>, catalog: &Catalog) {
        if selected != self.asset {
            if let (Some(left), Some(key)) = (self.asset, self.timeline.current_key()) {
                self.cursors.insert(left, key);
            }
            self.asset = selected;
            self.pinned = None;
        }
        let Some(asset) = selected.and_then(|key| catalog.asset(key)) else {
            self.timeline.show(&[], None);
            return;
        };
        let cover = asset.history().find(|key| {
            let event = catalog.event(*key);
            *event.kind == EventKind::Cover && !event.pictures.is_empty()
        });
        let shown = self.pinned.or_else(|| Some(asset.picture_event()?.key));
        let events: Vec<Event<'_>> = shown.into_iter().chain(cover).map(|key| catalog.event(key)).collect();
        let before = self.timeline.event();
        self.timeline.show(&events, asset.duration());
        let cursor = self.cursors.get(&asset.key()).filter(|_| self.timeline.event() != before);
        let marks = self.timeline.marks();
        if let Some(at) = cursor.and_then(|cursor| marks.iter().position(|mark| mark.key == *cursor)) {
            self.timeline.go_to(at);
        }
    }

    /// Returns the lists of pictures to fetch and to prepare, each if it has changed since it was last returned.
    pub(super) fn update_requests(
        &mut self,
        screen: &ScreenState,
        list: &AssetList,
        catalog: &Catalog,
        fetch_mode: FetchMode,
        now: Duration,
    ) -> Vec<Effect> {
        self.speed.note_cursor(self.timeline.current_key(), now);
        self.comparison.update(self.timeline.current_key(), &self.album);
        if let Some(marked) = self.comparison.marked().map(|marked| marked.key) {
            self.album.touch(marked);
        }
        let asset = list.selected().and_then(|key| catalog.asset(key));
        let next: Vec<Asset<'_>> = list.neighbours().filter_map(|key| catalog.asset(key)).collect();
        let pane = self.pane(screen, asset, fetch_mode);
        let (requests, preparations) = (prefetch::requests(&pane, &next), prefetch::preparations(&pane, &next));
        let mut effects = Vec::new();
        let keys: Vec<PictureKey> = requests.iter().map(|request| request.key).collect();
        if keys != self.requested {
            self.requested = keys;
            effects.push(Effect::Want(requests));
        }
        let keys: Vec<(PictureKey, Fit)> = preparations.iter().map(|job| (job.key, job.fit)).collect();
        if keys != self.preparing {
            self.preparing = keys;
            if !preparations.is_empty() {
                effects.push(Effect::Prepare(preparations));
            }
        }
        effects.extend(self.check.take_requests().map(Effect::Check));
        effects
    }

    /// Allows the host that the policy refused for the picture under the cursor.
    fn allow_host(&mut self) -> ActionOutcome {
        let state = self.timeline.current_key().map(|key| self.album.state(key));
        let Some(PictureState::Failed(failure)) = state else { return nothing_to_allow() };
        let Some(host) = failure.allow.clone() else { return nothing_to_allow() };
        self.album.retry_all();
        ActionOutcome::say(format!("{host} is allowed for this session")).with(Effect::Allow(host))
    }

    /// Requests the picture under the cursor again, bypassing the cache.
    fn retry(&mut self) -> ActionOutcome {
        match self.timeline.current_key() {
            Some(key) if self.album.retry(key) => {
                ActionOutcome::say("fetching the picture again").with(Effect::Refetch(key))
            }
            Some(_) => ActionOutcome::say("this picture is already being fetched"),
            None => ActionOutcome::say("there is no picture to fetch again"),
        }
    }

    /// Forgets all failures.
    fn retry_all(&mut self) -> ActionOutcome {
        let count = self.album.retry_all();
        ActionOutcome::say(match count {
            0 => "no picture has failed".to_owned(),
            count => format!("{} will be fetched again when shown", counted(count as u64, "failed picture")),
        })
    }
}

/// Tells the list what is known of assets.
fn note_all(known: &[CheckedEvent], list: &mut AssetList) {
    for checked in known {
        list.note_checked(checked.asset, checked.event, checked.tally);
    }
}

fn nothing_to_allow() -> ActionOutcome {
    ActionOutcome::say("this picture's host does not need to be allowed")
}
