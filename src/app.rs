//! The state of the screen, and everything that can happen to it.
//!
//! A [`Message`] goes in, [`Effect`]s come out, and [`App::update`] is the only mutation. It does no IO and reads no
//! clock: time comes in as [`Message::Tick`], and work for the session goes out as data. Each part of the screen has its
//! own module; this one holds the parts and routes messages and actions to them.

pub mod action;
pub mod asset_limit;
mod choices;
mod clipboard;
pub mod direction;
pub mod error_code;
pub mod grid;
pub mod keymap;
pub mod list;
mod listening;
mod log;
mod message;
mod mouse;
pub mod notices;
mod options;
mod outcome;
pub mod overlay;
pub mod panes;
pub mod prompt;
mod resume;
mod screen;
pub mod sources;
mod title;
mod toast;
pub mod viewer;
mod write_job;
mod writes;

pub use choices::{Glyphs, MouseUse, ThemeChoice, TitleUse};
pub use list::{
    filter::{Filter, FilterError},
    grammar::{FILTER_RULE, FILTER_WORDS, FilterWord, filter_words},
};
pub use listening::{CallbackOrigin, Listening};
pub use message::{Effect, Message, Now, Preparation, RawPurpose};
pub use options::AppOptions;
pub use prompt::destination::parse_offset;
pub use resume::ResumePoint;
pub use screen::ScreenState;
pub use write_job::{Overwrite, WriteContent, WriteJob, WriteOutcome};

use crate::{
    catalog::{Asset, Catalog, Event},
    event::{LogUpdate, Origin},
    picture::{Canvas, EventKey},
    text::Safe,
};
use action::{Action, Move, OverlayAction, PictureAction, Scrub, Setting, ShareAction};
use clipboard::{NO_ASSET, Shared};
use crossterm::event::{KeyEvent, KeyEventKind, MouseEvent};
use list::{AssetList, lines::ListLine, search::HitCount, tab::StatusTab};
use log::LogParts;
use mouse::{MouseAction, MouseAreas};
use notices::Notices;
use outcome::ActionOutcome;
use overlay::{
    OpenOverlay, Overlay, OverlayKind, Overlays,
    content::{EnterAction, OverlayContext},
    event::EventOverlay,
};
use panes::{Panes, View};
use prompt::{
    PromptEvent, Prompts,
    destination::Destination,
    line::{Prompt, Purpose},
};
use ratatui::layout::Size;
use sources::Sources;
use std::{mem, sync::Arc};
use toast::Toast;
use viewer::{Viewer, album::Album, check::PictureCheck, pane::PicturePane, speed::LinkSpeed, timeline::Timeline};
use writes::{FileWrites, PromptState, WriteFollowUp, proposals};

/// The state of the screen.
#[derive(Debug)]
pub struct App {
    /// Shared with the writers of files; it is copied before it changes while it is shared.
    catalog: Arc<Catalog>,
    list: AssetList,
    viewer: Viewer,
    overlays: Overlays,
    prompts: Prompts,
    writes: FileWrites,
    sources: Sources,
    notices: Notices,
    screen: ScreenState,
    options: AppOptions,
    now: Now,
    toast: Option<Toast>,
    /// The effects of the message that is being handled.
    effects: Vec<Effect>,
    /// The screen may have changed since [`Self::take_dirty`].
    is_dirty: bool,
}

impl App {
    /// Creates a session that has read nothing yet.
    pub fn new(options: AppOptions, size: Size, canvas: Canvas, now: Now) -> Self {
        let mut app = Self {
            catalog: Arc::default(),
            list: AssetList::default(),
            viewer: Viewer::default(),
            overlays: Overlays::default(),
            prompts: Prompts::default(),
            writes: FileWrites::default(),
            sources: Sources::new(options.sources.clone()),
            notices: Notices::default(),
            screen: ScreenState::new(size, canvas),
            now,
            toast: None,
            effects: Vec::new(),
            is_dirty: true,
            options,
        };
        app.list.asset_limit = app.options.keep.into();
        app.list.set_filter(app.options.filter.clone(), &app.catalog, now.wall);
        if let Some(point) = app.options.resume.take() {
            point.restore(&mut app.list, &app.catalog, now.wall);
        }
        app.set_list_height();
        app
    }

    /// Applies a message; returns the work for the session.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        self.is_dirty |= !matches!(message, Message::Tick(_) | Message::Sent(_) | Message::Memory(_));
        self.screen.title.observe(&message);
        match message {
            Message::Key(key) if key.kind == KeyEventKind::Release => {}
            Message::Key(key) => self.key(key),
            Message::Mouse(mouse) => self.mouse(mouse),
            Message::Tab(tab) => {
                self.toast = None;
                self.overlays.uncover_list();
                self.list.set_tab(tab, &self.catalog, self.now.wall);
            }
            Message::Paste(text) => {
                let event = self.prompts.paste(&text);
                self.prompt_event(event);
            }
            Message::Resize(size) => self.resize(size),
            Message::Log(update) => self.log(update),
            Message::Picture(update) => {
                let outcome = self.viewer.take(update, &mut self.list, &self.catalog);
                self.carry_out(outcome);
            }
            Message::Canvas(canvas) => self.set_canvas(canvas),
            Message::Sent(link) => self.screen.link = link,
            Message::Memory(memory) => {
                let outcome = self.list.limit_by_memory(memory, self.now.wall, &mut self.notices);
                self.carry_out(outcome);
            }
            Message::Raw(origin, purpose, text) => self.event_text(origin, purpose, text),
            Message::Wrote(job, outcome) => self.wrote(job, outcome),
            Message::Listening(listening) => self.options.listening = Some(listening),
            Message::Toast(text) => self.say(text),
            Message::Tick(now) => self.tick(now),
        }
        self.is_dirty |= self.list.update_if_due(&self.catalog, self.now);
        let dropped = self.list.remove_oldest(&self.catalog);
        if !dropped.is_empty() {
            self.is_dirty = true;
            self.viewer.forget(&dropped, &self.catalog);
            Arc::make_mut(&mut self.catalog).drop_assets(&dropped);
        }
        self.viewer.show_selection(self.list.selected(), &self.catalog);
        let fetch_mode = self.options.fetch_mode;
        let requests = self.viewer.update_requests(&self.screen, &self.list, &self.catalog, fetch_mode, self.now.mono);
        self.effects.extend(requests);
        mem::take(&mut self.effects)
    }

    /// Returns whether the screen may have changed since the last call.
    pub fn take_dirty(&mut self) -> bool {
        mem::take(&mut self.is_dirty)
    }

    /// Returns whether ticks at the frame rate are needed.
    pub fn is_animating(&self) -> bool {
        self.viewer.is_animating() || self.list.has_pending_changes() || self.prompts.is_counting()
    }

    /// The assets and events.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// A snapshot of the assets and events.
    pub fn shared_catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    /// The list of assets.
    pub fn list(&self) -> &AssetList {
        &self.list
    }

    /// The pictures of the selected asset and the cursor among them.
    pub fn timeline(&self) -> &Timeline {
        self.viewer.timeline()
    }

    /// The pictures of the session.
    pub fn album(&self) -> &Album {
        self.viewer.album()
    }

    /// The findings in pictures, and the check that is going on.
    pub fn check(&self) -> &PictureCheck {
        self.viewer.check()
    }

    /// The picture pane.
    pub fn pane(&self) -> PicturePane<'_> {
        self.viewer.pane(&self.screen, self.selected(), self.options.fetch_mode)
    }

    /// The lines of the list on the screen.
    pub fn list_lines(&self) -> Vec<ListLine> {
        self.list.lines(&self.catalog, self.now.wall, &self.options.zone())
    }

    /// The sources.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The unparsed lines and notices.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// The screen and its terminal.
    pub fn screen(&self) -> &ScreenState {
        &self.screen
    }

    /// The areas of the screen.
    pub fn panes(&self) -> Panes {
        self.screen.panes()
    }

    /// The overlay over the screen.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlays.top()
    }

    /// The overlay over the screen, with what it shows.
    pub fn open_overlay(&self) -> Option<OpenOverlay<'_>> {
        Some(OpenOverlay::new(self.overlays.top()?, self.overlay_context()))
    }

    /// The line that is being typed.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompts.open()
    }

    /// The hits of the search that is being typed.
    pub fn typed_hits(&self) -> Option<&HitCount> {
        self.prompts.hits()
    }

    /// The sentence that is shown to the operator.
    pub fn toast(&self) -> Option<&Safe> {
        self.toast.as_ref().map(|toast| &toast.text)
    }

    /// The options, as changed by keys.
    pub fn options(&self) -> &AppOptions {
        &self.options
    }

    /// The time of the last tick.
    pub fn now(&self) -> Now {
        self.now
    }

    /// The selected asset.
    pub fn selected(&self) -> Option<Asset<'_>> {
        self.catalog.asset(self.list.selected()?)
    }

    /// The event whose pictures are shown: the one chosen in the history, else the newest with pictures.
    pub fn shown_event(&self) -> Option<EventKey> {
        self.viewer.pinned().or_else(|| Some(self.selected()?.picture_event()?.key))
    }

    fn overlay_context(&self) -> OverlayContext<'_> {
        OverlayContext {
            catalog: &self.catalog,
            list: &self.list,
            notices: &self.notices,
            pane: self.pane(),
            check: self.check(),
            screen: &self.screen,
            options: &self.options,
            now: self.now,
        }
    }

    /// Changes the overlays, which may look at everything else.
    fn with_overlays<T>(&mut self, change: impl FnOnce(&mut Overlays, &OverlayContext<'_>) -> T) -> T {
        let mut overlays = mem::take(&mut self.overlays);
        let outcome = change(&mut overlays, &self.overlay_context());
        self.overlays = overlays;
        outcome
    }

    fn say(&mut self, text: impl Into<Safe>) {
        self.toast = Some(Toast::new(text.into(), self.now.mono));
    }

    fn carry_out(&mut self, outcome: ActionOutcome) {
        if let Some(text) = outcome.toast {
            self.say(text);
        }
        self.effects.extend(outcome.effects);
    }

    fn log(&mut self, update: LogUpdate) {
        let outcome = LogParts {
            catalog: Arc::make_mut(&mut self.catalog),
            list: &mut self.list,
            sources: &mut self.sources,
            notices: &mut self.notices,
            title: &mut self.screen.title,
        }
        .apply(update, self.now);
        self.carry_out(outcome);
    }

    fn set_canvas(&mut self, canvas: Canvas) {
        if let Some(hint) = canvas.hint.clone().filter(|_| canvas.hint != self.screen.canvas.hint) {
            self.say(hint);
        }
        self.viewer.set_link(if canvas.budget.is_tight() { LinkSpeed::Slow } else { LinkSpeed::Fast });
        self.screen.canvas = canvas;
    }

    fn tick(&mut self, now: Now) {
        self.now = now;
        self.is_dirty |= self.toast.take_if(|toast| toast.is_over(now.mono)).is_some();
        self.is_dirty |= self.viewer.tick(now.mono);
        self.is_dirty |= self.sources.tick(now.mono);
        self.is_dirty |= self.with_overlays(Overlays::refresh) | self.prompts.count_more_hits(&self.catalog);
    }

    fn resize(&mut self, size: Size) {
        self.screen.size = size;
        self.set_list_height();
        self.with_overlays(Overlays::resize);
    }

    fn set_view(&mut self, view: View) {
        self.screen.view = view;
        self.set_list_height();
    }

    fn set_list_height(&mut self) {
        self.list.set_height(self.panes().list_rows());
    }

    fn key(&mut self, key: KeyEvent) {
        if keymap::action(key) == Some(Action::QuitNow) {
            self.effects.push(Effect::Quit);
        } else if self.prompts.open().is_some() {
            let event = self.prompts.key(key);
            self.prompt_event(event);
        } else if let Some(action) = keymap::action(key) {
            // Keys act on what can be seen: covered pictures do not change, and the list changes without its overlay.
            if matches!(action, Action::Picture(_)) && self.overlays.covers_pictures(&self.overlay_context()) {
                return;
            }
            if action.closes_overlays() {
                self.overlays.close_all();
            } else if matches!(action, Action::List(_)) {
                self.overlays.uncover_list();
            }
            // The operator has read the last sentence by now.
            self.toast = None;
            if action.holds() {
                self.list.hold();
            }
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        let outcome = match action {
            Action::Move(step) => return self.step(step),
            Action::List(action) => self.list.act(action, &self.catalog, self.now.wall),
            Action::Picture(PictureAction::Nearer | PictureAction::Farther) if self.screen.view != View::Full => {
                ActionOutcome::say("`z` shows the full picture, where `+` and `-` zoom")
            }
            Action::Picture(action) => self.viewer.act(action, self.now.mono),
            Action::Overlay(overlay) => return self.toggle_overlay(overlay),
            Action::Prompt(Purpose::Filter) => {
                return self.prompts.ask(Purpose::Filter, self.list.filter().to_string());
            }
            Action::Prompt(Purpose::Write) => return self.prompts.propose(Purpose::Write, proposals(&self.viewer)),
            Action::Prompt(purpose) => return self.prompts.ask(purpose, String::new()),
            Action::Share(action) => self.share(action),
            Action::Setting(Setting::Follow) => self.options.toggle_following(),
            Action::Setting(Setting::Theme) => self.options.next_theme(),
            Action::Setting(Setting::Mouse) => self.options.toggle_mouse(),
            Action::Setting(Setting::Protocol) => self.screen.next_drawing(),
            Action::Layout => {
                self.screen.next_layout();
                return self.set_list_height();
            }
            Action::Sheet => return self.set_view(self.screen.toggled(View::Sheet)),
            Action::Back => return self.back(),
            Action::Enter => return self.enter(),
            Action::Check => self.viewer.toggle_check(&mut self.list, &self.catalog),
            Action::Redraw => Effect::Redraw.into(),
            Action::Suspend => Effect::Suspend.into(),
            Action::Quit if self.overlay().is_some() || self.screen.view != View::Panes => return self.back(),
            Action::Quit if self.writes.is_busy() => {
                ActionOutcome::say("a file is still being written · `Ctrl-c` quits without finishing it")
            }
            Action::Quit | Action::QuitNow => Effect::Quit.into(),
        };
        self.carry_out(outcome);
    }

    fn share(&self, action: ShareAction) -> ActionOutcome {
        let (asset, event, url) = (self.selected(), self.newest_or_pinned(), self.timeline().url());
        let (reveal, multiplexer) = (self.options.reveal, self.screen.canvas.multiplexer);
        Shared { asset, event: event.map(|event| event.origin), url, reveal, multiplexer }.act(action)
    }

    fn toggle_overlay(&mut self, overlay: OverlayAction) {
        match OverlayKind::new(overlay, &self.overlay_context()) {
            _ if overlay == OverlayAction::Event => self.toggle_event(),
            Some(kind) => self.overlays.toggle(kind),
            None => self.say(NO_ASSET),
        }
    }

    /// Moves in the overlay, else in the sheet, else in the list.
    fn step(&mut self, step: Move) {
        if self.overlay().is_none() && self.screen.view == View::Full && self.viewer.pan(step) {
            return;
        }
        if let Some(by) = step.pictures() {
            let is_picked = self.with_overlays(|overlays, context| overlays.pick(by, context));
            if !is_picked && !self.overlays.covers_pictures(&self.overlay_context()) {
                self.viewer.scrub(Scrub::Step(by), self.now.mono);
            }
            return;
        }
        let sheet = self.pane().sheet().map(|page| page.grid);
        let page = match (self.overlay(), sheet) {
            (Some(_), _) => self.open_overlay().map_or(1, |open| open.space().rows().saturating_sub(2)),
            (None, Some(grid)) => grid.rows,
            (None, None) => self.list.height(),
        };
        let by = step.rows(page);
        match (self.overlays.top(), sheet) {
            (Some(_), _) => self.with_overlays(|overlays, context| overlays.step(by, context)),
            (None, Some(grid)) => self.viewer.step_rows(by, grid.columns, self.now.mono),
            (None, None) => self.list.step(by),
        }
    }

    /// Closes or clears one thing: overlay, view, playing, search, filter, chosen event, tab.
    fn back(&mut self) {
        if self.overlays.close() || self.viewer.reset_zoom() || self.viewer.close_comparison() {
        } else if self.screen.view != View::Panes {
            self.set_view(View::Panes);
        } else if self.timeline().is_playing() {
            self.viewer.toggle_play(self.now.mono);
        } else if !self.list.clear_search_or_filter(&self.catalog, self.now.wall) && !self.viewer.unpin() {
            self.list.set_tab(StatusTab::default(), &self.catalog, self.now.wall);
        }
    }

    fn enter(&mut self) {
        match self.with_overlays(Overlays::enter) {
            None => {
                self.list.hold();
                if !self.viewer.reset_zoom() {
                    self.set_view(if self.screen.view == View::Panes { View::Full } else { View::Panes });
                }
            }
            Some(EnterAction::Close | EnterAction::Stay) => {}
            Some(EnterAction::Filter(terms)) => {
                let text = self.list.filter().with_terms(&terms);
                self.list.set_tab(StatusTab::All, &self.catalog, self.now.wall);
                self.prompts.remember(Purpose::Filter, &text);
                let outcome = self.list.enter_filter(&text, &self.catalog, self.now.wall);
                self.carry_out(outcome);
            }
            Some(EnterAction::Pin(event)) => self.viewer.pin(event),
            Some(EnterAction::Read(origin)) => self.read_event(origin),
            Some(EnterAction::Show(text)) => self.overlays.open_text(EventOverlay::Text(text)),
        }
    }

    fn toggle_event(&mut self) {
        if self.overlays.text().is_some() {
            return self.back();
        }
        let listed = self.overlays.selected_event().map(|key| self.catalog.event(key));
        match listed.or_else(|| self.newest_or_pinned()).map(|event| event.origin) {
            Some(origin) => self.read_event(origin),
            None => self.say(NO_ASSET),
        }
    }

    fn read_event(&mut self, origin: Origin) {
        self.overlays.open_text(EventOverlay::Reading(origin));
        self.effects.push(Effect::ReadRaw(origin, RawPurpose::Show));
    }

    /// The event chosen in the history, else the newest of the asset.
    fn newest_or_pinned(&self) -> Option<Event<'_>> {
        let key = self.viewer.pinned().or_else(|| Some(self.selected()?.newest().key))?;
        Some(self.catalog.event(key))
    }

    fn event_text(&mut self, origin: Origin, purpose: RawPurpose, text: Result<Vec<u8>, Safe>) {
        match (purpose, text) {
            (RawPurpose::Show, text) => {
                let heading = self.notices.heading(origin, &self.catalog.file_name(origin.file));
                self.with_overlays(|overlays, context| overlays.take_text(origin, &heading, text, context));
            }
            (RawPurpose::Copy, Ok(bytes)) => {
                self.carry_out(clipboard::copy_event(&bytes, self.screen.canvas.multiplexer));
            }
            (RawPurpose::Copy, Err(why)) => self.say(why),
        }
    }

    fn mouse(&mut self, mouse: MouseEvent) {
        let areas = self.overlay().is_none().then(|| MouseAreas::new(self.panes(), &self.pane(), self.timeline()));
        match mouse::action(mouse, &areas.unwrap_or_default(), &mut self.screen.drag) {
            Some(MouseAction::Act(action)) => self.act(action),
            Some(MouseAction::Scrub(scrub)) => {
                self.list.hold();
                self.viewer.scrub(scrub, self.now.mono);
            }
            Some(MouseAction::SelectLine(line)) => {
                if let Some(ListLine::Asset(key)) = self.list_lines().get(line) {
                    self.list.select(*key);
                }
            }
            None => {}
        }
    }

    fn prompt_event(&mut self, event: PromptEvent) {
        let (catalog, wall) = (&self.catalog, self.now.wall);
        let outcome = match event {
            PromptEvent::None | PromptEvent::Submitted(Purpose::Replace, _) => return,
            PromptEvent::FilterEdited(text) => {
                return self.list.set_filter(Filter::parse_valid_terms(&text), catalog, wall);
            }
            PromptEvent::SearchEdited(text) => return self.prompts.count_hits(&text, &self.list, catalog),
            PromptEvent::FilterCancelled(text) | PromptEvent::Submitted(Purpose::Filter, text) => {
                self.list.enter_filter(&text, catalog, wall)
            }
            PromptEvent::Submitted(Purpose::Search, text) => {
                self.list.search_for(&text, self.prompts.take_hits(), catalog)
            }
            PromptEvent::Submitted(Purpose::GoTo, text) => self.go_to(text.trim()),
            PromptEvent::Submitted(Purpose::Write, path) => self.writes.start(path.trim(), &self.viewer, &self.list),
            PromptEvent::Answered(answer) => self.writes.answer(answer),
        };
        self.carry_out(outcome);
    }

    fn go_to(&mut self, text: &str) -> ActionOutcome {
        match Destination::parse(text) {
            Some(Destination::Asset(name)) => self.list.select_named(&name, &self.catalog),
            Some(destination) => {
                self.list.hold();
                self.viewer.go_to(&destination)
            }
            None => ActionOutcome::say(format!(
                "\"{text}\" is not a time (1:30 or 90), a picture (#12) or an asset (@id or @title)"
            )),
        }
    }

    fn wrote(&mut self, job: WriteJob, outcome: WriteOutcome) {
        let prompt = if self.prompts.open().is_some() { PromptState::Open } else { PromptState::Closed };
        match self.writes.finish(job, outcome, prompt) {
            WriteFollowUp::Say(outcome) => self.carry_out(outcome),
            WriteFollowUp::AskToReplace(path) => self.prompts.ask(Purpose::Replace, path),
        }
    }
}
