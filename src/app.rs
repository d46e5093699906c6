//! The state of the screen, and all that can happen to it.
//!
//! Two enums say everything: a [`Message`] goes in, [`Effect`]s come out, and [`App::update`] is the only mutation.
//! No IO, no clock, no async: time comes in as [`Message::Tick`], and what must be done outside is returned as data
//! for `runtime` to perform. What a key does is in `act`, what a typed line does in `entry`, what to fetch and to prepare
//! in `wants`.

mod act;
pub mod album;
pub mod assets;
pub mod codes;
mod entry;
pub mod filter;
pub mod journal;
pub mod keymap;
mod options;
pub mod panes;
pub mod prompt;
pub mod raw;
pub mod sources;
pub mod timeline;
mod wants;
mod write;

pub use entry::parse_offset;
pub use options::{AppOptions, Glyphs, MouseUse, ThemeChoice};
pub use wants::Exhibit;
pub use write::{Overwrite, WriteContent, WriteJob, WriteOutcome};

use crate::{
    catalog::{Asset, AssetKey, Catalog, Event},
    event::{EventKind, LogUpdate, Origin, PictureUrl, ReadMode, Time},
    picture::{Canvas, EventKey, Fit, Link, Picture, PictureKey, PictureRequest, PictureUpdate, Protocol},
    text::Safe,
};
use album::Album;
use assets::AssetList;
use crossterm::event::{KeyEvent, KeyEventKind, MouseEvent};
use journal::Notices;
use panes::{Layout, Panes, View};
use prompt::{Prompt, Purpose};
use ratatui::layout::Size;
use sources::Sources;
use std::{collections::HashMap, sync::Arc, time::Duration};
use timeline::Timeline;

/// How long a toast stands.
const TOAST: Duration = Duration::from_secs(4);
/// A list of more rows than this is settled at most every [`SETTLE`] while its log is being loaded.
const MANY_ROWS: usize = 5_000;
const SETTLE: Duration = Duration::from_millis(50);

/// A moment, by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since the program began; never jumps.
    pub mono: Duration,
    /// The wall clock.
    pub wall: Time,
}

/// What can happen.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key.
    Key(KeyEvent),
    /// The mouse, where it is on.
    Mouse(MouseEvent),
    /// Pasted text.
    Paste(String),
    /// The screen has another size.
    Resize(Size),
    /// A source says something.
    Log(LogUpdate),
    /// A picture came, or did not.
    Picture(PictureUpdate),
    /// More is known of the terminal.
    Canvas(Canvas),
    /// A frame went out. What tells of it is drawn with the next.
    Sent(Link),
    /// The text of an event was read again.
    Raw(Origin, RawPurpose, Result<Vec<u8>, Safe>),
    /// A file was written, or not.
    Wrote(WriteJob, WriteOutcome),
    /// Something to tell the operator.
    Toast(Safe),
    /// Time went on.
    Tick(Now),
}

/// What is to be done outside.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The pictures that are wanted now, the most urgent first; replaces the list before.
    Want(Vec<PictureRequest>),
    /// The pictures to prepare now, the most urgent first; replaces the list before.
    Prepare(Vec<Preparation>),
    /// Fetch this picture from the network when it is wanted next, whatever the cache holds.
    Refetch(PictureKey),
    /// Fetch from this `HOST:PORT` for the rest of the session.
    Allow(Safe),
    /// Follow the files, or stop.
    Follow(ReadMode),
    /// Read an event's text again.
    ReadRaw(Origin, RawPurpose),
    /// Put text into the terminal's clipboard (OSC 52).
    Copy(String),
    /// Open a URL in a browser.
    Open(PictureUrl),
    /// Write a file.
    Write(WriteJob),
    /// Draw pictures otherwise.
    SetProtocol(Protocol),
    /// Have the mouse reported, or not.
    SetMouse(MouseUse),
    /// Clear the screen and draw it whole.
    Redraw,
    /// Give the terminal back until the program is continued.
    Suspend,
    /// End the program.
    Quit,
}

/// A picture to prepare for a box.
#[derive(Clone, Debug)]
pub struct Preparation {
    /// Which.
    pub key: PictureKey,
    /// The picture itself.
    pub picture: Arc<Picture>,
    /// The box.
    pub fit: Fit,
}

/// What an event's text is read again for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawPurpose {
    /// To show it.
    Show,
    /// To copy it.
    Copy,
}

/// A box that covers part of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// What it shows.
    pub kind: OverlayKind,
    /// The selected row, or the first line that is shown.
    pub at: usize,
}

/// What an overlay shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverlayKind {
    /// The keys.
    Help,
    /// What is known of the picture.
    Info,
    /// Error codes.
    Codes(Vec<codes::CodeRow>),
    /// The asset's events, newest first.
    History(Vec<EventKey>),
    /// The event as logged; `None` until it was read.
    Raw(Option<Result<raw::Raw, Safe>>),
    /// Unparsed lines and notices.
    Journal,
}

#[derive(Clone, Debug)]
struct Toast {
    text: Safe,
    until: Duration,
}

/// The state of the screen.
#[derive(Debug)]
pub struct App {
    /// Shared with whoever writes it to a file; what is shared is copied before it changes.
    catalog: Arc<Catalog>,
    assets: AssetList,
    timeline: Timeline,
    album: Album,
    sources: Sources,
    journal: Notices,
    canvas: Canvas,
    link: Link,
    size: Size,
    layout: Layout,
    view: View,
    overlay: Option<Overlay>,
    /// The box that the one over the screen was opened from.
    beneath: Option<Overlay>,
    /// The text that is to be shown when it was read.
    reading: Option<Origin>,
    prompt: Option<Prompt>,
    /// What was entered in prompts, the latest last.
    entered: HashMap<Purpose, Vec<String>>,
    /// What was not written because a file is there, while that is asked about.
    refused: Option<WriteJob>,
    /// Files that are being written.
    writing: usize,
    toast: Option<Toast>,
    options: AppOptions,
    now: Now,
    loaded: bool,
    settled: Duration,
    /// The asset on the timeline, and the run of it that was chosen in the history.
    shown: Option<AssetKey>,
    pinned: Option<EventKey>,
    /// Where the cursor was when another asset was selected.
    places: HashMap<AssetKey, PictureKey>,
    pace: wants::ScrubSpeed,
    wanted: Vec<PictureKey>,
    preparing: Vec<(PictureKey, Fit)>,
    pulse: String,
    dirty: bool,
}

impl App {
    /// A session that has read nothing yet.
    pub fn new(options: AppOptions, size: Size, canvas: Canvas, now: Now) -> Self {
        let mut app = Self {
            catalog: Arc::default(),
            assets: AssetList::default(),
            timeline: Timeline::default(),
            album: Album::default(),
            sources: Sources::new(options.sources.clone()),
            journal: Notices::default(),
            canvas,
            link: Link::default(),
            size,
            layout: Layout::default(),
            view: View::default(),
            overlay: None,
            beneath: None,
            reading: None,
            prompt: None,
            entered: HashMap::new(),
            refused: None,
            writing: 0,
            toast: None,
            now,
            loaded: false,
            settled: Duration::ZERO,
            shown: None,
            pinned: None,
            places: HashMap::new(),
            pace: wants::ScrubSpeed::default(),
            wanted: Vec::new(),
            preparing: Vec::new(),
            pulse: String::new(),
            dirty: true,
            options,
        };
        app.assets.set_filter(app.options.filter.clone(), &app.catalog, now.wall);
        app.measure();
        app
    }

    /// Takes what happened; returns what is to be done outside.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.dirty |= !matches!(message, Message::Tick(_) | Message::Sent(_));
        match message {
            Message::Key(key) if key.kind == KeyEventKind::Release => {}
            Message::Key(key) => self.key(key, &mut effects),
            Message::Mouse(mouse) => self.mouse(mouse),
            Message::Paste(text) => {
                if let Some(prompt) = &mut self.prompt {
                    prompt.insert(&text);
                    self.try_filter();
                }
            }
            Message::Resize(size) => {
                self.size = size;
                if let Some(Overlay { kind: OverlayKind::Raw(Some(Ok(raw))), .. }) = &mut self.overlay {
                    raw.fit(panes::overlay_columns(size));
                }
                let lowest = self.lowest_row();
                if let Some(overlay) = &mut self.overlay {
                    overlay.at = overlay.at.min(lowest);
                }
                self.measure();
            }
            Message::Log(update) => self.log(update),
            Message::Picture(update) => self.album.take(update),
            Message::Canvas(canvas) => self.set_canvas(canvas),
            Message::Sent(link) => self.link = link,
            Message::Raw(origin, purpose, text) => self.raw(origin, purpose, text, &mut effects),
            Message::Wrote(job, written) => self.wrote(job, written),
            Message::Toast(text) => self.say(text),
            Message::Tick(now) => self.tick(now),
        }
        self.settle();
        self.follow_selection();
        self.want(&mut effects);
        effects
    }

    /// Whether something on the screen may have changed since the last call.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// Whether ticks are needed at the frame rate.
    pub fn is_animating(&self) -> bool {
        self.timeline.is_playing() || self.pace.is_settling() || self.assets.is_unsettled()
    }

    /// The assets and events.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The assets and events as they are now, whatever comes later.
    pub fn shared_catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    /// The list pane.
    pub fn assets(&self) -> &AssetList {
        &self.assets
    }

    /// The scrub cursor.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The pictures.
    pub fn album(&self) -> &Album {
        &self.album
    }

    /// The sources.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Unparsed lines and notices.
    pub fn journal(&self) -> &Notices {
        &self.journal
    }

    /// What the terminal can show.
    pub fn canvas(&self) -> &Canvas {
        &self.canvas
    }

    /// What went to the terminal.
    pub fn link(&self) -> Link {
        self.link
    }

    /// The screen in cells.
    pub fn size(&self) -> Size {
        self.size
    }

    /// What fills the body.
    pub fn view(&self) -> View {
        self.view
    }

    /// The box over the screen.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlay.as_ref()
    }

    /// Whether the box over the screen has rows of which one is selected.
    pub fn selects_row(&self) -> bool {
        match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(OverlayKind::Codes(rows)) => !rows.is_empty(),
            Some(OverlayKind::History(runs)) => !runs.is_empty(),
            Some(OverlayKind::Journal) => self.journal.rejected().len() + self.journal.notices().len() > 0,
            None | Some(OverlayKind::Help | OverlayKind::Info | OverlayKind::Raw(_)) => false,
        }
    }

    /// The line being typed.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    /// What was last said to the operator, while it stands.
    pub fn toast(&self) -> Option<&Safe> {
        self.toast.as_ref().map(|toast| &toast.text)
    }

    /// How the session began, and what was changed since.
    pub fn options(&self) -> &AppOptions {
        &self.options
    }

    /// The time of the last tick.
    pub fn now(&self) -> Now {
        self.now
    }

    /// Whether the first reading is over.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// The boxes of the screen.
    pub fn panes(&self) -> Panes {
        Panes::new(self.size, self.layout, self.view)
    }

    /// The selected asset.
    pub fn selected(&self) -> Option<Asset<'_>> {
        self.catalog.asset(self.assets.selected()?)
    }

    /// The snapshot run on the timeline: the one chosen in the history, else the newest successful one.
    pub fn run(&self) -> Option<EventKey> {
        self.pinned.or_else(|| Some(self.selected()?.picture_event()?.key))
    }

    fn log(&mut self, mut update: LogUpdate) {
        let thumbnails = match &update {
            LogUpdate::Batch { events, .. } => {
                events.iter().filter(|event| event.kind == EventKind::Thumbnail).count() as u64
            }
            _ => 0,
        };
        let (assets, loaded) = (&mut self.assets, self.loaded);
        Arc::make_mut(&mut self.catalog).apply_update(&mut update, |catalog, applied| {
            assets.changed(applied.asset);
            let event = catalog.event(applied.event);
            if loaded && *event.kind == EventKind::Thumbnail {
                assets.count_unread(event.status);
            }
        });
        match update {
            LogUpdate::Opened { file, name, .. } => self.sources.name(file.rank, Safe::new(&name)),
            LogUpdate::Batch { rejected, .. } => {
                if self.loaded {
                    self.sources.count(thumbnails, self.now.mono);
                }
                for rejected in rejected {
                    self.journal.reject(rejected);
                }
            }
            LogUpdate::Health { rank, health } => self.sources.set(rank, health),
            LogUpdate::Notice(notice) => {
                self.say(notice.text.clone());
                self.journal.notice(notice);
            }
            LogUpdate::Incomplete { rank, head } => self.sources.set_incomplete(rank, head),
            LogUpdate::Lines { file, lines } => self.journal.number(file, &lines),
            LogUpdate::Loaded => self.loaded = true,
            LogUpdate::Finished => self.sources.finish(),
        }
    }

    fn set_canvas(&mut self, canvas: Canvas) {
        if let Some(hint) = canvas.hint.clone().filter(|_| canvas.hint != self.canvas.hint) {
            self.say(hint);
        }
        self.pace.is_tight = canvas.budget.is_tight();
        self.canvas = canvas;
    }

    fn tick(&mut self, now: Now) {
        self.now = now;
        self.sources.tick(now.mono);
        if self.toast.as_ref().is_some_and(|toast| toast.until <= now.mono) {
            self.toast = None;
            self.dirty = true;
        }
        let ready = self.timeline.current_key().is_none_or(|key| {
            !matches!(self.album.state(key), album::PictureState::Absent | album::PictureState::Loading)
        });
        self.dirty |= self.timeline.advance(now.mono, ready);
        self.dirty |= self.pace.settled(now.mono);
        let pulse = self.pulse();
        self.dirty |= pulse != self.pulse;
        self.pulse = pulse;
    }

    /// What of the header depends on the time alone.
    pub fn pulse(&self) -> String {
        // `live` itself says that the last event is new.
        let age = self.sources.last_event().map(|at| sources::age(self.now.mono.saturating_sub(at)));
        let rate = self.sources.per_minute(self.now.mono);
        match (age, rate) {
            (None, _) => String::new(),
            (Some(age), 0) => format!(" {age}"),
            (Some(age), rate) if age.is_empty() => format!("  {rate}/min"),
            (Some(age), rate) => format!(" {age}  {rate}/min"),
        }
    }

    fn settle(&mut self) {
        let hurry = self.assets.rows().len() < MANY_ROWS || self.loaded;
        if self.assets.is_unsettled() && (hurry || self.now.mono.saturating_sub(self.settled) >= SETTLE) {
            self.settled = self.now.mono;
            self.assets.settle(&self.catalog, self.now.wall);
            self.dirty = true;
        }
    }

    /// Puts the selected asset on the timeline, the cursor where it was when it was last seen.
    fn follow_selection(&mut self) {
        let selected = self.assets.selected();
        if selected != self.shown {
            if let (Some(left), Some(key)) = (self.shown, self.timeline.current_key()) {
                self.places.insert(left, key);
            }
            self.shown = selected;
            self.pinned = None;
        }
        let Some(asset) = selected.and_then(|key| self.catalog.asset(key)) else {
            self.timeline.show(&[], None);
            return;
        };
        let run = self.pinned.or_else(|| Some(asset.picture_event()?.key));
        let cover = asset.history().find(|run| {
            let event = self.catalog.event(*run);
            *event.kind == EventKind::Cover && !event.pictures.is_empty()
        });
        let runs: Vec<Event<'_>> = run.into_iter().chain(cover).map(|run| self.catalog.event(run)).collect();
        let before = self.timeline.run();
        self.timeline.show(&runs, asset.duration());
        let place = self.places.get(&asset.key()).filter(|_| self.timeline.run() != before);
        let marks = self.timeline.marks();
        if let Some(at) = place.and_then(|place| marks.iter().position(|mark| mark.key == *place)) {
            self.timeline.go_to(at);
        }
    }

    /// Says something to the operator for a while.
    fn say(&mut self, text: Safe) {
        self.toast = Some(Toast { text, until: self.now.mono + TOAST });
    }

    /// Tells the list how many rows it has.
    fn measure(&mut self) {
        self.assets.set_height(self.panes().list_rows());
    }
}
