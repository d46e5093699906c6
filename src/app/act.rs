//! What keys and the mouse do.

use super::{
    App, Effect, MouseUse, Overlay, OverlayKind, RawPurpose, ThemeChoice,
    album::PictureState,
    assets::{Hit, SortOrder, Stick},
    codes::tabulate,
    filter::{Filter, StatusTab},
    keymap::{self, Action, Move, Scrub},
    panes::{Layout, View, overlay_columns, overlay_rows},
    prompt::Purpose,
    raw::Raw,
};
use crate::{
    catalog::{AssetKey, Event},
    event::{Offset, Origin, ReadMode, Reveal, Status},
    picture::{Multiplexer, Protocol},
    text::Safe,
};
use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// Bytes that are put into the clipboard; terminals take no more in one OSC 52.
const COPY_MAX: usize = 74_000;

impl App {
    pub(super) fn key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        if self.prompt.is_some() {
            if !self.write_key(key, effects) {
                self.type_key(key, effects);
            }
        } else if let Some(action) = keymap::action(key) {
            // What can be seen is meant. The box that tells of the picture goes along with it; any other keeps keys from
            // the pictures that it covers, and gives way to what acts on the list.
            let covers = self.overlay.as_ref().is_some_and(|overlay| overlay.kind != OverlayKind::Info);
            if covers && is_of_picture(action) {
                return;
            }
            if acts_on_list(action) || covers && finds(action) {
                (self.overlay, self.beneath) = (None, None);
            }
            // What was said was read by who presses the next key.
            self.toast = None;
            self.act(action, effects);
        }
    }

    fn act(&mut self, action: Action, effects: &mut Vec<Effect>) {
        match action {
            Action::Move(step) => self.step(step),
            Action::Scrub(scrub) => self.scrub(scrub),
            Action::Play => self.timeline.toggle(self.now.mono),
            Action::Slower => self.set_pace(0.5),
            Action::Faster => self.set_pace(2.0),
            Action::NextFailure | Action::PreviousFailure => self.find_failure(action == Action::NextFailure),
            Action::NextHit | Action::PreviousHit => self.find_hit(action == Action::NextHit),
            Action::Search => self.ask(Purpose::Search, String::new()),
            Action::Filter => self.ask(Purpose::Filter, self.assets.filter().to_string()),
            Action::GoTo => self.ask(Purpose::GoTo, String::new()),
            Action::StatusTab => self.assets.set_tab(self.assets.tab().next(), &self.catalog, self.now.wall),
            Action::Sort => {
                let order = self.assets.order();
                self.sort(SortOrder { by: order.by.next(), ..order });
            }
            Action::Invert => {
                let order = self.assets.order();
                self.sort(SortOrder { direction: order.direction.other(), ..order });
            }
            Action::Back => self.back(),
            Action::Enter => self.enter(effects),
            Action::Layout => self.next_layout(),
            Action::Sheet => self.toggle_view(View::Sheet),
            Action::Help => self.toggle(OverlayKind::Help),
            Action::Info => self.toggle(OverlayKind::Info),
            Action::Journal => self.toggle(OverlayKind::Journal),
            Action::Codes => self.toggle(OverlayKind::Codes(tabulate(self.catalog.assets(), self.options.reveal))),
            Action::History => self.toggle_history(),
            Action::Raw => self.toggle_raw(effects),
            Action::CopyId | Action::CopyUrl | Action::CopyEvent | Action::Open => self.hand_on(action, effects),
            Action::Write => self.propose_write(),
            Action::Allow => self.allow(effects),
            Action::Retry => self.retry(effects),
            Action::RetryAll => self.retry_all(),
            Action::Follow => self.switch_following(effects),
            Action::Protocol => self.switch_protocol(effects),
            Action::Theme => self.switch_theme(),
            Action::Mouse => self.switch_mouse(effects),
            Action::Redraw => effects.push(Effect::Redraw),
            Action::Suspend => effects.push(Effect::Suspend),
            Action::Quit if self.overlay.is_some() || self.view != View::Panes => self.back(),
            Action::Quit if self.writing > 0 => {
                self.say("a file is still being written · Ctrl-c quits without it".into());
            }
            Action::Quit | Action::QuitNow => effects.push(Effect::Quit),
        }
    }

    /// Up and down: in the overlay, in the sheet, else in the list.
    fn step(&mut self, step: Move) {
        let page = isize::try_from(self.page()).unwrap_or(isize::MAX);
        let by = match step {
            Move::Down => 1,
            Move::Up => -1,
            Move::HalfDown => (page / 2).max(1),
            Move::HalfUp => -(page / 2).max(1),
            Move::PageDown => page,
            Move::PageUp => -page,
            Move::Top => isize::MIN,
            Move::Bottom => isize::MAX,
        };
        let lowest = self.lowest_row();
        if let Some(overlay) = &mut self.overlay {
            overlay.at = overlay.at.saturating_add_signed(by).min(lowest);
        } else if let Some((grid, _)) = self.sheet() {
            let columns = isize::try_from(grid.columns).unwrap_or(1);
            let at = self.timeline.cursor().saturating_add_signed(by.saturating_mul(columns));
            self.pace.step(self.now.mono);
            self.timeline.go_to(at);
        } else {
            self.assets.step(by);
        }
    }

    /// Rows that a page has.
    fn page(&self) -> usize {
        if self.overlay.is_some() {
            return usize::from(self.size.height.saturating_sub(6)).max(1);
        }
        self.sheet().map_or_else(|| self.assets.height(), |(grid, _)| grid.rows).max(1)
    }

    /// The last row of the overlay that can be selected, or the one on top when the end of its text is in view.
    pub(super) fn lowest_row(&self) -> usize {
        let rows = match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            None | Some(OverlayKind::Info | OverlayKind::Raw(None | Some(Err(_)))) => 0,
            Some(OverlayKind::Help) => keymap::TABLE.len(),
            Some(OverlayKind::Raw(Some(Ok(raw)))) => raw.rows().len(),
            Some(OverlayKind::Codes(rows)) => rows.len(),
            Some(OverlayKind::History(rows)) => rows.len(),
            // The last one says how many were dropped.
            Some(OverlayKind::Journal) => {
                let kept = self.journal.rejected().len() + self.journal.notices().len();
                kept + usize::from(self.journal.dropped() > 0)
            }
        };
        rows.saturating_sub(if self.selects_row() { 1 } else { overlay_rows(self.size) })
    }

    fn scrub(&mut self, scrub: Scrub) {
        self.pace.step(self.now.mono);
        match scrub {
            Scrub::Step(by) => self.timeline.step(by),
            Scrub::Tenth(tenth) => self.timeline.tenth(tenth),
            Scrub::First => self.timeline.go_to(0),
            Scrub::Last => self.timeline.go_to(usize::MAX),
        }
        if let Some(key) = self.timeline.current_key() {
            self.album.touch(key);
        }
    }

    fn set_pace(&mut self, factor: f32) {
        self.timeline.pace(factor);
        self.say(Safe::new(&format!("{} pictures a second", self.timeline.fps())));
    }

    fn find_failure(&mut self, on: bool) {
        let catalog = &self.catalog;
        let failed = |key: AssetKey| catalog.asset(key).is_some_and(|asset| *asset.status() == Status::Failed);
        let found = self.assets.find(on, failed);
        self.say(match found {
            Some(hit) => told("FAILED", hit, on),
            None => "no FAILED asset is listed".into(),
        });
    }

    fn find_hit(&mut self, on: bool) {
        let Some((search, _)) = self.assets.search().cloned() else {
            self.say("nothing was searched for: / searches".into());
            return;
        };
        let catalog = &self.catalog;
        let found = self.assets.find(on, |key| catalog.asset(key).is_some_and(|asset| search.matches(&asset)));
        self.say(match found {
            Some(hit) => told("hit", hit, on),
            None => Safe::new(&format!("no hit for {}", search.pattern())),
        });
    }

    fn sort(&mut self, order: SortOrder) {
        self.assets.set_order(order, &self.catalog, self.now.wall);
        self.say(Safe::new(&format!("sorted {order}")));
    }

    /// Closes or clears one thing: overlay, view, playing, search, filter, tab.
    fn back(&mut self) {
        let (catalog, wall) = (&self.catalog, self.now.wall);
        if self.overlay.take().is_some() {
            self.overlay = self.beneath.take();
        } else if self.view != View::Panes {
            self.set_view(View::Panes);
        } else if self.timeline.is_playing() {
            self.timeline.toggle(self.now.mono);
        } else if self.assets.search().is_some() {
            self.assets.set_search(None, catalog);
        } else if !self.assets.filter().is_empty() {
            self.assets.set_filter(Filter::default(), catalog, wall);
        } else if self.pinned.take().is_none() {
            self.assets.set_tab(StatusTab::default(), catalog, wall);
        }
    }

    fn enter(&mut self, effects: &mut Vec<Effect>) {
        let Some(overlay) = self.overlay.take() else {
            self.toggle_view(if self.view == View::Panes { View::Full } else { self.view });
            return;
        };
        match overlay.kind {
            OverlayKind::Codes(rows) => {
                let Some(row) = rows.get(overlay.at) else { return };
                let others = rows.iter().map(|row| row.code.as_str()).filter(|code| *code != row.code.as_str());
                self.filter_by_code(row.code.as_str(), others);
            }
            OverlayKind::History(runs) => {
                let chosen = runs.get(overlay.at).copied();
                let has_pictures = |run| !self.catalog.event(run).pictures.is_empty();
                match chosen {
                    Some(run) if has_pictures(run) => self.pinned = Some(run),
                    // There is its text at least.
                    Some(run) => {
                        let origin = self.catalog.event(run).origin;
                        self.overlay = Some(Overlay { kind: OverlayKind::History(runs), ..overlay });
                        self.show_raw(origin, effects);
                    }
                    None => {}
                }
            }
            OverlayKind::Journal => {
                let latest = self.journal.rejected().rev().nth(overlay.at).map(|folded| folded.latest.origin);
                let notices = overlay.at.saturating_sub(self.journal.rejected().len());
                let notice = self.journal.notices().rev().nth(notices).map(|notice| notice.text.clone());
                let columns = overlay_columns(self.size);
                self.overlay = Some(overlay);
                match (latest, notice) {
                    (Some(origin), _) => self.show_raw(origin, effects),
                    (None, Some(text)) => {
                        let text = Raw::new(&Safe::default(), text.as_str().as_bytes(), Reveal::Show, columns);
                        self.open_above(OverlayKind::Raw(Some(Ok(text))));
                    }
                    (None, None) => {}
                }
            }
            OverlayKind::Help | OverlayKind::Info | OverlayKind::Raw(_) => {}
        }
    }

    fn next_layout(&mut self) {
        // Where one pane fills the screen, Tab goes between the list and the picture.
        let small = self.panes().picture.is_none() && self.layout == Layout::Both;
        self.layout = if small { Layout::Picture } else { self.layout.next() };
        self.set_view(View::Panes);
    }

    fn set_view(&mut self, view: View) {
        self.view = view;
        self.measure();
    }

    fn toggle_view(&mut self, view: View) {
        self.set_view(if self.view == view { View::Panes } else { view });
    }

    fn toggle(&mut self, kind: OverlayKind) {
        let same = self
            .overlay
            .as_ref()
            .is_some_and(|open| std::mem::discriminant(&open.kind) == std::mem::discriminant(&kind));
        (self.overlay, self.beneath) = ((!same).then_some(Overlay { kind, at: 0 }), None);
    }

    fn toggle_history(&mut self) {
        match self.selected().map(|asset| asset.history().collect()) {
            Some(runs) => self.toggle(OverlayKind::History(runs)),
            None => self.say("no asset is selected".into()),
        }
    }

    fn toggle_raw(&mut self, effects: &mut Vec<Effect>) {
        let listed = match &self.overlay {
            Some(Overlay { kind: OverlayKind::Raw(_), .. }) => return self.back(),
            Some(Overlay { kind: OverlayKind::History(runs), at }) => runs.get(*at).copied(),
            _ => None,
        };
        let event = listed.map(|run| self.catalog.event(run)).or_else(|| self.shown_event());
        match event.map(|event| event.origin) {
            Some(origin) => self.show_raw(origin, effects),
            None => self.say("no asset is selected".into()),
        }
    }

    fn show_raw(&mut self, origin: Origin, effects: &mut Vec<Effect>) {
        self.reading = Some(origin);
        self.open_above(OverlayKind::Raw(None));
        effects.push(Effect::ReadRaw(origin, RawPurpose::Show));
    }

    /// Opens a box that closes to the one it was opened from.
    fn open_above(&mut self, kind: OverlayKind) {
        self.beneath = self.overlay.take();
        self.overlay = Some(Overlay { kind, at: 0 });
    }

    /// Where a text stands in its file, and why it could not be read where that is so.
    fn head_of(&self, origin: Origin) -> Safe {
        let line = origin.line.map_or_else(|| format!("@{}", origin.byte), |line| line.to_string());
        let place = format!("{}:{line}", self.catalog.file_name(origin.file));
        let rejected = self.journal.rejected().find(|folded| folded.latest.origin == origin);
        let why = rejected.map(|folded| format!(":{}  {}", folded.latest.column, folded.latest.reason));
        Safe::new(&format!("{place}{}", why.unwrap_or_default()))
    }

    /// The event that `J` and `Y` mean: the run chosen in the history, else the asset's newest.
    fn shown_event(&self) -> Option<Event<'_>> {
        let run = self.pinned.or_else(|| Some(self.selected()?.newest().key))?;
        Some(self.catalog.event(run))
    }

    pub(super) fn raw(
        &mut self,
        origin: Origin,
        purpose: RawPurpose,
        text: Result<Vec<u8>, Safe>,
        effects: &mut Vec<Effect>,
    ) {
        let head = self.head_of(origin);
        match (purpose, text) {
            // Another one may have been asked for meanwhile.
            (RawPurpose::Show, _) if self.reading != Some(origin) => {}
            (RawPurpose::Show, text) => {
                if let Some(Overlay { kind: OverlayKind::Raw(shown), .. }) = &mut self.overlay {
                    let columns = overlay_columns(self.size);
                    *shown = Some(text.map(|bytes| Raw::new(&head, &bytes, self.options.reveal, columns)));
                }
            }
            (RawPurpose::Copy, Ok(bytes)) => {
                let told = format!("{} bytes", bytes.len());
                self.copy("event", &told, String::from_utf8_lossy(&bytes).into_owned(), effects);
            }
            (RawPurpose::Copy, Err(why)) => self.say(why),
        }
    }

    fn hand_on(&mut self, action: Action, effects: &mut Vec<Effect>) {
        let url = self.timeline.url().cloned();
        let id = self.selected().map(|asset| asset.id().to_string());
        let origin = self.shown_event().map(|event| event.origin);
        match (action, id, url, origin) {
            (Action::CopyId, Some(id), ..) => self.copy("asset id", &id, id.clone(), effects),
            (Action::CopyUrl, _, Some(url), _) => {
                self.copy("URL", &url.shown(self.options.reveal), url.reveal().to_owned(), effects);
            }
            (Action::Open, _, Some(url), _) => effects.push(Effect::Open(url)),
            (Action::CopyEvent, .., Some(origin)) => effects.push(Effect::ReadRaw(origin, RawPurpose::Copy)),
            (Action::CopyId | Action::CopyEvent, ..) => self.say("no asset is selected".into()),
            _ => self.say("no picture is selected".into()),
        }
    }

    /// Copies a text, and tells it, so that it can still be selected by hand where the terminal takes no copy.
    fn copy(&mut self, what: &str, told: &str, text: String, effects: &mut Vec<Effect>) {
        if text.len() > COPY_MAX {
            let kib = text.len() / 1024;
            self.say(Safe::new(&format!("not copied: {what} of {kib} KiB is too long for the terminal's clipboard")));
            return;
        }
        if self.canvas.multiplexer == Multiplexer::Screen {
            self.say(Safe::new(&format!("GNU screen passes no copy on · {what}: {told}")));
            return;
        }
        self.say(Safe::new(&format!("{what} copied (OSC 52): {told}")));
        effects.push(Effect::Copy(text));
    }

    fn allow(&mut self, effects: &mut Vec<Effect>) {
        let key = self.timeline.current_key();
        let trouble = key.and_then(|key| match self.album.state(key) {
            PictureState::Failed(trouble) => trouble.allow.clone(),
            PictureState::Absent | PictureState::Loading | PictureState::Ready(_) => None,
        });
        let Some(host) = trouble else {
            self.say("nothing here waits to be allowed".into());
            return;
        };
        self.say(Safe::new(&format!("{host} is allowed for this session")));
        effects.push(Effect::Allow(host));
        self.album.retry_all();
    }

    fn retry(&mut self, effects: &mut Vec<Effect>) {
        match self.timeline.current_key() {
            Some(key) if self.album.retry(key) => {
                effects.push(Effect::Refetch(key));
                self.say("fetching it again".into());
            }
            Some(_) => self.say("this picture is on its way".into()),
            None => self.say("no picture to fetch again".into()),
        }
    }

    fn retry_all(&mut self) {
        let count = self.album.retry_all();
        self.say(Safe::new(&format!("{count} failed pictures will be tried again when looked at")));
    }

    fn switch_following(&mut self, effects: &mut Vec<Effect>) {
        let (mode, said) = match self.options.read_mode {
            ReadMode::Follow => (ReadMode::Once, "not following"),
            ReadMode::Once => (ReadMode::Follow, "following"),
        };
        self.options.read_mode = mode;
        self.say(said.into());
        effects.push(Effect::Follow(mode));
    }

    fn switch_protocol(&mut self, effects: &mut Vec<Effect>) {
        let protocol = self.next_protocol();
        self.say(Safe::new(&format!("pictures: {}", protocol.as_str())));
        effects.push(Effect::SetProtocol(protocol));
    }

    fn switch_theme(&mut self) {
        let (theme, said) = match self.options.theme {
            ThemeChoice::Auto => (ThemeChoice::Dark, "theme: dark"),
            ThemeChoice::Dark => (ThemeChoice::Light, "theme: light"),
            ThemeChoice::Light => (ThemeChoice::Mono, "theme: mono"),
            ThemeChoice::Mono => (ThemeChoice::Auto, "theme: auto"),
        };
        self.options.theme = theme;
        self.say(said.into());
    }

    fn switch_mouse(&mut self, effects: &mut Vec<Effect>) {
        let (mouse, said) = match self.options.mouse {
            MouseUse::On => (MouseUse::Off, "mouse: off"),
            MouseUse::Off => (MouseUse::On, "mouse: on"),
        };
        self.options.mouse = mouse;
        self.say(said.into());
        effects.push(Effect::SetMouse(mouse));
    }

    /// The protocol after the present one among those that the terminal offers.
    fn next_protocol(&self) -> Protocol {
        let mut offered = self.canvas.offered.clone();
        for always in [Protocol::Blocks, Protocol::None] {
            if !offered.contains(&always) {
                offered.push(always);
            }
        }
        let at = offered.iter().position(|protocol| *protocol == self.canvas.protocol).map_or(0, |at| at + 1);
        offered[at % offered.len()]
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what a mouse does elsewhere means nothing here")]
    pub(super) fn mouse(&mut self, mouse: MouseEvent) {
        let at = Position::new(mouse.column, mouse.row);
        let panes = self.panes();
        let over = |area: Option<Rect>| area.filter(|area| area.contains(at) && self.overlay.is_none());
        match mouse.kind {
            MouseEventKind::ScrollDown if over(panes.timeline.or(panes.picture)).is_some() => {
                self.scrub(Scrub::Step(1));
            }
            MouseEventKind::ScrollUp if over(panes.timeline.or(panes.picture)).is_some() => self.scrub(Scrub::Step(-1)),
            MouseEventKind::ScrollDown => self.step(Move::Down),
            MouseEventKind::ScrollUp => self.step(Move::Up),
            MouseEventKind::Down(MouseButton::Left) | MouseEventKind::Drag(MouseButton::Left) => {
                if let Some(area) = over(panes.timeline) {
                    let (from, to) = self.timeline.span();
                    let span = to.as_millis() - from.as_millis();
                    let share = i64::from(at.x - area.x) * span / i64::from(area.width.saturating_sub(1).max(1));
                    self.pace.step(self.now.mono);
                    self.timeline.seek(Offset::from_millis(from.as_millis() + share));
                } else if let Some(area) = over(panes.list).filter(|area| at.y > area.y) {
                    let row = usize::from(at.y - area.y - 1);
                    if let Some(key) = self.assets.visible().get(row).copied() {
                        self.assets.select(key);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether the list sticks to its newest row.
    pub fn sticks(&self) -> bool {
        self.assets.stick() == Stick::ToNewest
    }
}

/// What is done to the picture.
fn is_of_picture(action: Action) -> bool {
    matches!(
        action,
        Action::Scrub(_)
            | Action::Play
            | Action::Slower
            | Action::Faster
            | Action::Allow
            | Action::Retry
            | Action::RetryAll
    )
}

fn finds(action: Action) -> bool {
    matches!(action, Action::NextFailure | Action::PreviousFailure | Action::NextHit | Action::PreviousHit)
}

fn acts_on_list(action: Action) -> bool {
    matches!(
        action,
        Action::Search
            | Action::Filter
            | Action::GoTo
            | Action::StatusTab
            | Action::Sort
            | Action::Invert
            | Action::Layout
            | Action::Sheet
    )
}

/// Which of the rows that were looked for was found, and that the way led over an end of the list: who stands on the
/// newest row did not mean the oldest failure.
fn told(what: &str, Hit { number, count, round }: Hit, on: bool) -> Safe {
    let from = match (round, on) {
        (false, _) => "",
        (true, true) => "  from the top again",
        (true, false) => "  from the bottom again",
    };
    Safe::new(&format!("{what} {number}/{count}{from}"))
}
