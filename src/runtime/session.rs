//! The full screen: one loop that takes what happens, updates the state, and draws when something changed.
//!
//! No work is done here but update and draw. A frame is drawn at most every [`FRAME`], and only when the frame before
//! is out; the last change is always drawn. What is ready is drained before drawing, up to a cap, so that neither a
//! flood of events nor a flood of keys starves the other.

use super::{
    diary::{self, error},
    locale,
    perform::AfterEffects,
    prepare::Preparer,
};
use crate::{
    app::{App, AppOptions, Message, Now},
    event::{LogUpdate, Notice, Time},
    graphics::{Environment, Painter, Probe, budget, rounded_rate},
    media::{self, Media},
    picture::{Canvas, Link, PictureUpdate, PixelSize, Protocol},
    source::{self, Source},
    terminal::{self, Input, InputReader, Screen, Signal, TerminalError, Tty, WriteFinished},
    text::Safe,
    ui,
};
use anyhow::Result;
use ratatui::{buffer::Buffer, layout::Size};
use std::{
    collections::VecDeque,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{
        mpsc::{Receiver, Sender, channel},
        watch,
    },
    time::{MissedTickBehavior, interval, sleep_until},
};

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(16);
/// Messages that are taken before a frame is drawn, and the time they may take.
const DRAIN: usize = 64;
const DRAIN_TIME: Duration = Duration::from_millis(4);
/// When the terminal is asked a second time.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// What a session needs.
#[derive(Debug)]
pub(super) struct SessionPlan {
    /// Where events come from.
    pub(super) source: source::SourceConfig,
    /// What may be fetched, and how.
    pub(super) media: media::MediaConfig,
    /// The protocol that was forced.
    pub(super) forced: Option<Protocol>,
    /// How the screen begins.
    pub(super) options: AppOptions,
    /// When to end by itself.
    pub(super) limit: Option<Duration>,
}

/// All that a running session holds.
pub(super) struct Session {
    pub(super) app: App,
    pub(super) screen: Screen,
    pub(super) painter: Painter,
    pub(super) probe: Probe,
    pub(super) source: Arc<Source>,
    pub(super) media: Media,
    pub(super) preparer: Preparer,
    pub(super) messages: Sender<Message>,
    posted: VecDeque<Message>,
    tty: Tty,
    begun: Instant,
    canvas: Canvas,
    /// The rate of the link for which pictures are made, in bytes a second, and all bytes of frames.
    rate: Option<u64>,
    sent: u64,
    dirty: bool,
    looked: ProbeRound,
    /// When the state was last told the time.
    ticked: Instant,
    environment: Sender<Environment>,
    last_frame: Option<Instant>,
    // Ends the reader's thread with the session.
    _reader: InputReader,
}

/// What the loop listens to besides the session's own parts.
struct Channels {
    inputs: Receiver<Input>,
    written: Receiver<WriteFinished>,
    signals: Receiver<Signal>,
    log: Receiver<LogUpdate>,
    pictures: Receiver<PictureUpdate>,
    prepared: Receiver<PictureUpdate>,
    messages: Receiver<Message>,
    cache: watch::Receiver<Option<Safe>>,
    learnt: Receiver<Environment>,
}

/// How often the terminal was asked what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProbeRound {
    Once,
    Twice,
}

/// One thing that happened.
enum SessionEvent {
    Input(Input),
    Written,
    Signal(Signal),
    Learnt(Environment),
    Message(Message),
    Tick,
    Draw,
    End,
}

/// Runs a session to its end. The first frame is drawn before anything is read, asked or fetched.
pub(super) async fn run(plan: SessionPlan) -> Result<ExitCode> {
    terminal::install_panic_hook();
    let signals = terminal::signals()?;
    let tty = Tty::open()?;
    let limit = plan.limit;
    let (mut session, mut channels) = Session::open(tty, plan, signals)?;
    let end = limit.map(|limit| tokio::time::Instant::now() + limit);
    let outcome = session.cycle(&mut channels, end).await;
    let failures: Vec<String> = session.app.sources().failures().map(|(name, why)| format!("{name}: {why}")).collect();
    let code = session.close(outcome)?;
    // Told where it stays: on the screen it is gone.
    for failure in &failures {
        error(failure);
    }
    Ok(if code == ExitCode::SUCCESS && !failures.is_empty() { ExitCode::FAILURE } else { code })
}

impl Session {
    fn open(tty: Tty, plan: SessionPlan, signals: Receiver<Signal>) -> Result<(Self, Channels), TerminalError> {
        let SessionPlan { source, media, forced, mut options, limit: _ } = plan;
        let begun = Instant::now();
        let size = tty.size();
        options.sources = source.files.iter().map(|file| Safe::new(if file == "-" { "stdin" } else { file })).collect();
        let mouse = match options.mouse {
            crate::app::MouseUse::On => terminal::Mouse::On,
            crate::app::MouseUse::Off => terminal::Mouse::Off,
        };
        let app = App::new(options, size, Canvas::default(), now(begun));
        let (mut screen, written) = Screen::open(&tty, mouse)?;
        screen.draw(|buffer| ((), ui::draw(buffer, &app).cursor), |(), _| {})?;
        // Only now, with a frame on its way, what takes time: threads, queries, channels.
        let (input, inputs) = channel(64);
        let reader = terminal::read(&tty, input);
        let mut probe = Probe::new(Environment::from_process(), forced);
        probe.set_window(size, pixels(&tty));
        screen.send(probe.query());
        let (source, log) = source::spawn(source);
        let (media, pictures) = media::spawn(media);
        let cache = media.notice();
        let (preparer, ready) = Preparer::start();
        let (sender, messages) = channel(16);
        let (environment, learnt) = channel(1);
        let mut session = Self {
            app,
            screen,
            painter: Painter::new(),
            probe,
            source: Arc::new(source),
            media,
            preparer,
            messages: sender,
            posted: VecDeque::new(),
            tty,
            begun,
            canvas: Canvas::default(),
            rate: None,
            sent: 0,
            dirty: true,
            looked: ProbeRound::Once,
            ticked: begun,
            environment,
            last_frame: None,
            _reader: reader,
        };
        session.canvas_changed();
        if !locale::is_utf8() {
            session.post(Message::Toast(locale::NOTICE.into()));
        }
        Ok((session, Channels { inputs, written, signals, log, pictures, prepared: ready, messages, cache, learnt }))
    }

    async fn cycle(
        &mut self,
        channels: &mut Channels,
        end: Option<tokio::time::Instant>,
    ) -> Result<ExitCode, TerminalError> {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let may_draw = self.dirty && self.screen.is_ready();
            let frame_at = self.last_frame.map_or_else(Instant::now, |last| last + FRAME);
            let animating = self.app.is_animating();
            let animation_at = self.ticked + 2 * FRAME;
            let end_at = end.unwrap_or_else(|| tokio::time::Instant::now() + Duration::from_hours(1));
            // A frame that is due comes first: while a log is being loaded there is always something else to do.
            let happening = tokio::select! {
                biased;
                () = sleep_until(frame_at.into()), if may_draw => SessionEvent::Draw,
                () = sleep_until(end_at), if end.is_some() => SessionEvent::End,
                _ = second.tick() => SessionEvent::Tick,
                () = sleep_until(animation_at.into()), if animating => SessionEvent::Tick,
                happening = channels.next() => happening,
            };
            if let Some(code) = self.take(happening)? {
                return Ok(code);
            }
            let begun = Instant::now();
            for _ in 0..DRAIN {
                let Some(happening) = channels.ready() else { break };
                if let Some(code) = self.take(happening)? {
                    return Ok(code);
                }
                if begun.elapsed() > DRAIN_TIME {
                    break;
                }
            }
        }
    }

    /// Takes one thing that happened; returns the exit code where it ends the session.
    fn take(&mut self, happening: SessionEvent) -> Result<Option<ExitCode>, TerminalError> {
        match happening {
            SessionEvent::Input(Input::Key(key)) => return self.update(Message::Key(key)),
            SessionEvent::Input(Input::Mouse(mouse)) => return self.update(Message::Mouse(mouse)),
            SessionEvent::Input(Input::Paste(text)) => return self.update(Message::Paste(text)),
            SessionEvent::Input(Input::Reply(bytes)) => {
                if self.screen.acknowledge(&bytes) || self.probe.answer(&bytes) {
                    self.canvas_changed();
                }
            }
            SessionEvent::Input(Input::HungUp) => return Err(TerminalError::HungUp),
            SessionEvent::Written => {}
            SessionEvent::Signal(Signal::Resized | Signal::Continued) => self.resized(),
            SessionEvent::Signal(Signal::Quit(code)) => {
                return Ok(Some(ExitCode::from(u8::try_from(code).unwrap_or(1))));
            }
            SessionEvent::Learnt(environment) => {
                self.probe.set_environment(environment);
                self.canvas_changed();
            }
            SessionEvent::Message(message) => return self.update(message),
            SessionEvent::Tick => {
                self.screen.tick(self.begun.elapsed());
                self.canvas_changed();
                self.look_again();
                self.ticked = Instant::now();
                return self.update(Message::Tick(now(self.begun)));
            }
            SessionEvent::Draw => self.draw()?,
            SessionEvent::End => return Ok(Some(ExitCode::SUCCESS)),
        }
        self.drain_posted()
    }

    /// Asks once more, a second after the start: a tmux that started with us dropped the first questions.
    fn look_again(&mut self) {
        if self.begun.elapsed() < SECOND_LOOK
            || std::mem::replace(&mut self.looked, ProbeRound::Twice) == ProbeRound::Twice
        {
            return;
        }
        if let Some(query) = self.probe.repeat_query() {
            self.screen.send(query);
            let messages = self.environment.clone();
            // It asks tmux, which may take its time.
            tokio::task::spawn_blocking(move || drop(messages.blocking_send(Environment::from_process())));
        }
    }

    /// Hands a message to the state and performs what it asks for.
    fn update(&mut self, message: Message) -> Result<Option<ExitCode>, TerminalError> {
        if matches!(message, Message::Key(_)) {
            // Keys are dated, so that a hurry is known as one.
            let effects = self.app.update(Message::Tick(now(self.begun)));
            self.perform(effects)?;
        }
        diary::record(&message, self.app.catalog());
        let effects = self.app.update(message);
        self.dirty |= self.app.take_dirty();
        match self.perform(effects)? {
            AfterEffects::Quit => Ok(Some(ExitCode::SUCCESS)),
            AfterEffects::On if self.has_nothing_to_show() => Ok(Some(ExitCode::FAILURE)),
            AfterEffects::On => self.drain_posted(),
        }
    }

    /// Whether every file was given up before anything was read from it.
    fn has_nothing_to_show(&self) -> bool {
        self.app.sources().are_lost() && self.app.catalog().assets().next().is_none()
    }

    fn drain_posted(&mut self) -> Result<Option<ExitCode>, TerminalError> {
        match self.posted.pop_front() {
            Some(message) => self.update(message),
            None => Ok(None),
        }
    }

    /// Has a message taken after the present one.
    pub(super) fn post(&mut self, message: Message) {
        self.posted.push_back(message);
    }

    /// Tells the state what is now known of the terminal.
    pub(super) fn canvas_changed(&mut self) {
        self.rate = self.screen.rate().map(|rate| rounded_rate(rate, self.rate));
        let mut canvas = self.probe.canvas();
        canvas.budget = budget(self.rate, canvas.protocol);
        if canvas != self.canvas {
            self.canvas = canvas.clone();
            self.post(Message::Canvas(canvas));
        }
    }

    fn resized(&mut self) {
        let size = self.tty.size();
        if size == self.app.size() {
            return;
        }
        self.probe.set_window(size, pixels(&self.tty));
        self.painter.forget();
        self.screen.resize(size);
        // Another font may have come with another size.
        self.screen.send(self.probe.query_sizes());
        self.post(Message::Resize(size));
        self.canvas_changed();
    }

    /// Gives the terminal to the shell until the program is continued.
    pub(super) fn suspend(&mut self) -> Result<(), TerminalError> {
        let mut bytes = Vec::new();
        self.painter.clear(&mut bytes);
        self.screen.send(bytes);
        self.screen.suspend()?;
        self.painter.forget();
        self.dirty = true;
        self.resized();
        Ok(())
    }

    fn draw(&mut self) -> Result<(), TerminalError> {
        let (app, painter) = (&self.app, &mut self.painter);
        let size: Size = app.size();
        painter.limit_frame_bytes(self.screen.slice_bytes());
        let draw = |buffer: &mut Buffer| {
            let ui::Drawn { placements, cursor } = ui::draw(buffer, app);
            (placements, cursor)
        };
        let bytes = self.screen.draw(draw, |placements, out| painter.reconcile(&placements, size, out))?;
        self.sent += bytes as u64;
        let rate = self.rate.filter(|_| self.canvas.budget.is_tight());
        self.post(Message::Sent(Link { sent: self.sent, rate }));
        self.screen.set_cleanup(self.painter.cleanup());
        // A picture that is sent in slices has more to come.
        self.dirty = self.painter.is_sending();
        self.last_frame = Some(Instant::now());
        Ok(())
    }

    /// Gives the terminal back; a terminal that is gone is no failure of ours.
    fn close(mut self, outcome: Result<ExitCode, TerminalError>) -> Result<ExitCode> {
        let mut bytes = Vec::new();
        self.painter.clear(&mut bytes);
        if !bytes.is_empty() && !matches!(outcome, Err(TerminalError::HungUp)) {
            self.screen.send(bytes);
        }
        let closed = self.screen.close();
        match (outcome, closed) {
            (Err(TerminalError::HungUp), _) => Ok(ExitCode::from(129)),
            (outcome, _) => Ok(outcome?),
        }
    }
}

impl Channels {
    /// The next thing that happens.
    async fn next(&mut self) -> SessionEvent {
        loop {
            tokio::select! {
                Some(input) = self.inputs.recv() => return SessionEvent::Input(input),
                Some(_) = self.written.recv() => return SessionEvent::Written,
                Some(signal) = self.signals.recv() => return SessionEvent::Signal(signal),
                Some(update) = self.log.recv() => return SessionEvent::Message(Message::Log(update)),
                Some(update) = self.pictures.recv() => return SessionEvent::Message(Message::Picture(update)),
                Some(update) = self.prepared.recv() => return SessionEvent::Message(Message::Picture(update)),
                Some(message) = self.messages.recv() => return SessionEvent::Message(message),
                Some(environment) = self.learnt.recv() => return SessionEvent::Learnt(environment),
                Ok(()) = self.cache.changed() => return self.cache_notice(),
                // All are closed: nothing can happen but time.
                else => std::future::pending().await,
            }
        }
    }

    /// The cache's one notice, kept where the sources' notices are.
    fn cache_notice(&mut self) -> SessionEvent {
        let text = self.cache.borrow_and_update().clone().unwrap_or_default();
        let time = Time::from(jiff::Timestamp::now());
        SessionEvent::Message(Message::Log(LogUpdate::Notice(Notice { time, text })))
    }

    /// What has happened already, keys before all else.
    fn ready(&mut self) -> Option<SessionEvent> {
        None.or_else(|| self.inputs.try_recv().ok().map(SessionEvent::Input))
            .or_else(|| self.signals.try_recv().ok().map(SessionEvent::Signal))
            .or_else(|| self.pictures.try_recv().ok().map(Message::Picture).map(SessionEvent::Message))
            .or_else(|| self.prepared.try_recv().ok().map(Message::Picture).map(SessionEvent::Message))
            .or_else(|| self.messages.try_recv().ok().map(SessionEvent::Message))
            .or_else(|| self.log.try_recv().ok().map(Message::Log).map(SessionEvent::Message))
    }
}

/// The moment, by both clocks.
fn now(begun: Instant) -> Now {
    Now { mono: begun.elapsed(), wall: Time::from(jiff::Timestamp::now()) }
}

fn pixels(tty: &Tty) -> PixelSize {
    let (width, height) = tty.pixels();
    PixelSize { width, height }
}
