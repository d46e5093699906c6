//! The loop of a session: takes what happens, updates the application, draws when something changed.
//!
//! All that is ready is handled before the next frame is drawn, up to [`DRAIN_LIMIT`] events or [`DRAIN_TIME`], so that
//! neither a flood of log events nor one of keys starves the other; the last change is always drawn.

use super::{
    alert::{Alert, Alerter, CommandOutput},
    channels::{Channels, SessionEvent},
    display::{Display, FRAME_INTERVAL},
    effects::{EffectOutcome, EffectPerformer},
    log_file,
    memory::MemoryGauge,
    plan::SessionPlan,
    preparation::Preparer,
    resume_file::ResumeFile,
    state_file::StateFile,
};
use crate::{
    app::{App, Effect, Message, Now, ResumePoint},
    event::{EventKind, LogUpdate, Time, redact},
    graphics::Environment,
    media,
    picture::Canvas,
    source,
    terminal::{Input, Signal, TerminalError, Tty},
    text::Safe,
};
use std::{
    collections::VecDeque,
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::{MissedTickBehavior, interval, sleep_until},
};

/// The most events that are handled before a frame is drawn.
const DRAIN_LIMIT: usize = 64;

/// The longest time that events are handled before a frame is drawn.
const DRAIN_TIME: Duration = Duration::from_millis(4);

/// The number of answers that may wait.
const MESSAGES: usize = 16;

/// A running session.
#[derive(Debug)]
pub(super) struct EventLoop {
    app: App,
    display: Display,
    performer: EffectPerformer,
    /// Messages of the session to itself, handled after the present one.
    posted: VecDeque<Message>,
    is_dirty: bool,
    started: Instant,
    /// The last time that was told to the application.
    ticked: Instant,
    ends_at: Option<Instant>,
    environment: Sender<Environment>,
    alerter: Alerter,
    state_file: Option<StateFile>,
    resume_file: Option<ResumeFile>,
    memory: MemoryGauge,
}

/// The next thing to do.
enum LoopStep {
    Event(SessionEvent),
    Second,
    Tick,
    Draw,
    End,
}

impl EventLoop {
    /// Opens the screen, then starts everything else.
    pub(super) fn start(
        tty: Tty,
        plan: SessionPlan,
        signals: Receiver<Signal>,
    ) -> Result<(Self, Channels), TerminalError> {
        let SessionPlan { source, media, drawing, mut options, state_file, resume_file, alerts, feed, notice, limit } =
            plan;
        let started = Instant::now();
        let commands = source.commands.iter().map(|command| Safe::new(&redact(command)));
        options.sources = source.files.iter().map(|file| file_name(file)).chain(commands).collect();
        let app = App::new(options, tty.size(), Canvas::default(), now(started));
        let (display, opened) = Display::open(tty, &app, drawing)?;
        let (source, log) = source::spawn(source);
        let (media, pictures) = media::spawn(media);
        let cache_notice = media.notice();
        let (preparer, ready) =
            Preparer::start().map_err(|error| TerminalError::Start("threads that prepare pictures", error))?;
        let (message_sender, messages) = channel(MESSAGES);
        let (environment_sender, environment) = channel(1);
        let alerter = Alerter::new(alerts, CommandOutput::Screen(message_sender.clone()))
            .map_err(|error| TerminalError::Start("thread of --exec", error))?;
        let mut session = Self {
            app,
            display,
            performer: EffectPerformer { source: Arc::new(source), media, preparer, messages: message_sender },
            posted: VecDeque::new(),
            is_dirty: true,
            started,
            ticked: started,
            ends_at: limit.map(|limit| Instant::now() + limit),
            environment: environment_sender,
            alerter,
            state_file,
            resume_file,
            memory: MemoryGauge::new(),
        };
        session.post_canvas();
        session.posted.extend(notice.map(Message::Toast));
        let channels = Channels {
            inputs: opened.inputs,
            written: opened.written,
            signals,
            log,
            pictures,
            prepared: ready,
            messages,
            // Without a sender it is closed, and never waited for.
            feed: feed.unwrap_or_else(|| channel(1).1),
            environment,
            cache_notice,
        };
        Ok((session, channels))
    }

    /// Runs until the session ends; returns the exit code.
    pub(super) async fn run(&mut self, mut channels: Channels) -> Result<ExitCode, TerminalError> {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let may_draw = self.is_dirty && self.display.is_ready();
            let is_animating = self.app.is_animating();
            let animation_at = self.ticked + 2 * FRAME_INTERVAL;
            let ends_at = self.ends_at.unwrap_or(self.ticked);
            // A frame that is due comes first: while a log is loading there is always another event.
            let step = tokio::select! {
                biased;
                () = sleep_until(self.display.next_frame_at().into()), if may_draw => LoopStep::Draw,
                () = sleep_until(ends_at.into()), if self.ends_at.is_some() => LoopStep::End,
                _ = second.tick() => LoopStep::Second,
                () = sleep_until(animation_at.into()), if is_animating => LoopStep::Tick,
                event = channels.next() => LoopStep::Event(event),
            };
            if let Some(code) = self.take(step)? {
                return Ok(code);
            }
            let drain_started = Instant::now();
            for _ in 0..DRAIN_LIMIT {
                let Some(event) = channels.try_next() else { break };
                if let Some(code) = self.take(LoopStep::Event(event))? {
                    return Ok(code);
                }
                if drain_started.elapsed() > DRAIN_TIME {
                    break;
                }
            }
        }
    }

    /// Performs a step; returns the exit code when it ends the session.
    fn take(&mut self, step: LoopStep) -> Result<Option<ExitCode>, TerminalError> {
        match step {
            LoopStep::Event(event) => return self.handle(event),
            LoopStep::Second => {
                self.posted.extend(self.memory.read().map(Message::Memory));
                return self.take(LoopStep::Tick);
            }
            LoopStep::Tick => {
                self.display.tick();
                self.post_canvas();
                if self.display.probe_again() {
                    self.read_environment();
                }
                self.save_state();
                self.ticked = Instant::now();
                return self.update(Message::Tick(now(self.started)));
            }
            LoopStep::Draw => {
                let link = self.display.draw(&self.app)?;
                self.posted.push_back(Message::Sent(link));
                self.is_dirty = self.display.is_sending();
            }
            LoopStep::End => return Ok(Some(ExitCode::SUCCESS)),
        }
        self.update_posted()
    }

    fn handle(&mut self, event: SessionEvent) -> Result<Option<ExitCode>, TerminalError> {
        match event {
            SessionEvent::Input(Input::Key(key)) => return self.update(Message::Key(key)),
            SessionEvent::Input(Input::Mouse(mouse)) => {
                let tab = self.display.tab_at(mouse);
                return self.update(tab.map_or(Message::Mouse(mouse), Message::Tab));
            }
            SessionEvent::Input(Input::Paste(text)) => return self.update(Message::Paste(text)),
            SessionEvent::Input(Input::Reply(bytes)) => {
                self.display.reply(&bytes);
                self.post_canvas();
            }
            SessionEvent::Input(Input::HungUp) => return Err(TerminalError::HungUp),
            SessionEvent::Written => {}
            SessionEvent::Signal(Signal::Resized | Signal::Continued) => self.post_size(),
            SessionEvent::Signal(Signal::Quit(code)) => {
                return Ok(Some(ExitCode::from(u8::try_from(code).unwrap_or(1))));
            }
            SessionEvent::Environment(environment) => {
                self.display.set_environment(environment);
                self.post_canvas();
            }
            SessionEvent::Log(update) => {
                let code = self.update(Message::Log(update))?;
                self.state_file.iter_mut().for_each(StateFile::update_handled);
                return Ok(code);
            }
            SessionEvent::Message(message) => return self.update(message),
        }
        self.update_posted()
    }

    /// Hands a message to the application and performs its effects.
    fn update(&mut self, message: Message) -> Result<Option<ExitCode>, TerminalError> {
        if matches!(message, Message::Key(_)) {
            // Tells the application when the key was pressed: keys that repeat are handled faster.
            let effects = self.app.update(Message::Tick(now(self.started)));
            if let Some(code) = self.perform(effects)? {
                return Ok(Some(code));
            }
        }
        log_file::record(&message, self.app.catalog());
        if let Message::Log(update) = &message
            && self.alert(update) == Alert::Exit
        {
            return Ok(Some(ExitCode::SUCCESS));
        }
        let effects = self.app.update(message);
        self.is_dirty |= self.app.take_dirty();
        if let Some(code) = self.perform(effects)? {
            return Ok(Some(code));
        }
        if self.has_nothing_to_show() {
            return Ok(Some(ExitCode::FAILURE));
        }
        self.update_posted()
    }

    /// Saves where reading stopped, and shows a problem.
    fn save_state(&mut self) {
        let problem = self.state_file.as_mut().and_then(|file| file.save(&self.performer.source, |_| None));
        self.posted.extend(problem.map(Message::Toast));
    }

    /// Alerts about the events of an update that pass the screen's filter.
    fn alert(&mut self, update: &LogUpdate) -> Alert {
        self.alerter.observe(update);
        let LogUpdate::Batch { events, .. } = update else { return Alert::None };
        let mut alert = Alert::None;
        for event in events.iter().filter(|event| event.kind == EventKind::Thumbnail) {
            let catalog = self.app.catalog();
            let title = catalog.find(&event.asset).and_then(|asset| asset.title_text());
            match self.alerter.take(catalog.raw_file_name(event.origin.file), event, title) {
                Alert::None => {}
                Alert::Bell => alert = Alert::Bell,
                Alert::Exit => return Alert::Exit,
            }
        }
        if alert == Alert::Bell {
            self.display.ring();
        }
        alert
    }

    /// Performs effects in their order.
    fn perform(&mut self, effects: Vec<Effect>) -> Result<Option<ExitCode>, TerminalError> {
        for effect in effects {
            match self.performer.perform(effect, &self.app, &mut self.display)? {
                EffectOutcome::Done => {}
                EffectOutcome::CanvasChanged => self.post_canvas(),
                EffectOutcome::Message(message) => self.posted.push_back(message),
                EffectOutcome::Continued => {
                    self.is_dirty = true;
                    self.post_size();
                }
                EffectOutcome::Quit => return Ok(Some(ExitCode::SUCCESS)),
            }
        }
        Ok(None)
    }

    /// Returns whether every file failed before anything was read from it.
    fn has_nothing_to_show(&self) -> bool {
        self.app.sources().are_lost() && self.app.catalog().assets().next().is_none()
    }

    fn update_posted(&mut self) -> Result<Option<ExitCode>, TerminalError> {
        match self.posted.pop_front() {
            Some(message) => self.update(message),
            None => Ok(None),
        }
    }

    fn post_canvas(&mut self) {
        if let Some(canvas) = self.display.take_canvas() {
            self.posted.push_back(Message::Canvas(canvas));
        }
    }

    fn post_size(&mut self) {
        if let Some(size) = self.display.resized(self.app.screen().size) {
            self.posted.push_back(Message::Resize(size));
            self.post_canvas();
        }
    }

    /// Reads the environment again on the blocking pool: that asks tmux, which may take long.
    fn read_environment(&self) {
        let sender = self.environment.clone();
        tokio::task::spawn_blocking(move || drop(sender.blocking_send(Environment::from_process())));
    }

    /// Returns the sources that failed, with their reasons.
    pub(super) fn source_failures(&self) -> Vec<String> {
        self.app.sources().failures().map(|(name, reason)| format!("{name}: {reason}")).collect()
    }

    /// Saves the point at which another session may resume; returns the reason if that failed.
    pub(super) fn save_resume_point(&self) -> Option<String> {
        let problem = self.resume_file.as_ref()?.write(ResumePoint::of(self.app.list(), self.app.catalog())).err()?;
        Some(format!("this session cannot be resumed: {problem}"))
    }

    /// Gives the terminal back. A terminal that hung up is no error: the exit code is that of SIGHUP.
    pub(super) fn close(mut self, outcome: Result<ExitCode, TerminalError>) -> Result<ExitCode, TerminalError> {
        self.save_state();
        match outcome {
            Err(TerminalError::HungUp) => Ok(ExitCode::from(129)),
            outcome => {
                let closed = self.display.close();
                drop(closed);
                outcome
            }
        }
    }
}

/// Returns the time by both clocks.
fn now(started: Instant) -> Now {
    Now { mono: started.elapsed(), wall: Time::from(jiff::Timestamp::now()) }
}

/// Returns the name of a file argument as the header shows it.
fn file_name(file: &Path) -> Safe {
    match file.as_os_str().as_encoded_bytes() {
        b"-" => Safe::new("stdin"),
        name => Safe::from_bytes(name),
    }
}
