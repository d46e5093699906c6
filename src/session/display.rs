//! The terminal of a session: frames and pictures out, sizes and abilities in.
//!
//! It knows nothing of logs. A frame is drawn only when the one before it is out, and no sooner than
//! [`FRAME_INTERVAL`] after it.

use crate::{
    app::{App, MouseUse, list::tab::StatusTab},
    graphics::{Environment, Painter, Probe, budget, clipboard, rounded_rate},
    picture::{Canvas, DrawingChoice, Link, PixelSize},
    terminal::{self, FrameExtras, Hyperlink, Input, InputReader, Mouse, Screen, TerminalError, Tty, WriteFinished},
    text::Safe,
    ui,
};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect, Size},
};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, channel};

/// The least time between two frames.
pub(super) const FRAME_INTERVAL: Duration = Duration::from_millis(16);

/// The delay of the second probe: a tmux that started with this program drops the first one.
const SECOND_PROBE: Duration = Duration::from_secs(1);

/// The number of inputs that may wait.
const INPUTS: usize = 64;

/// The terminal and what is known about it.
#[derive(Debug)]
pub(super) struct Display {
    screen: Screen,
    painter: Painter,
    probe: Probe,
    tty: Tty,
    opened: Instant,
    /// The canvas that was last returned by [`Self::take_canvas`].
    canvas: Canvas,
    /// The link's rate for which pictures are made, in bytes per second.
    rate: Option<u64>,
    /// The bytes of all frames.
    sent: u64,
    probes: Probes,
    last_frame: Option<Instant>,
    /// The status tabs of the last frame.
    tabs: Vec<(Rect, StatusTab)>,
    // Dropped with the display: that ends the reader's thread.
    _reader: InputReader,
}

/// The number of probes that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probes {
    One,
    Both,
}

/// The channels of a display.
#[derive(Debug)]
pub(super) struct DisplayChannels {
    pub(super) inputs: Receiver<Input>,
    pub(super) written: Receiver<WriteFinished>,
}

impl Display {
    /// Opens the screen, draws the first frame, and only then starts what takes time: the reader and the probe.
    pub(super) fn open(tty: Tty, app: &App, drawing: DrawingChoice) -> Result<(Self, DisplayChannels), TerminalError> {
        let opened = Instant::now();
        let (mut screen, written) = Screen::open(&tty, mouse(app.options().mouse))?;
        screen.draw(|buffer| ((), ui::draw(buffer, app).cursor), |(), _| {})?;
        let (sender, inputs) = channel(INPUTS);
        let reader = terminal::read(&tty, sender);
        let environment = Environment::from_process();
        let sets_title = environment.has_titles() && title(app).is_some();
        let mut probe = Probe::new(environment, drawing);
        probe.set_window(app.screen().size, pixels(&tty));
        if sets_title {
            screen.enable_title();
        }
        screen.send(probe.query());
        let display = Self {
            screen,
            painter: Painter::new(),
            probe,
            tty,
            opened,
            canvas: Canvas::default(),
            rate: None,
            sent: 0,
            probes: Probes::One,
            last_frame: None,
            tabs: Vec::new(),
            _reader: reader,
        };
        Ok((display, DisplayChannels { inputs, written }))
    }

    /// Returns the canvas if it changed since the last call.
    pub(super) fn take_canvas(&mut self) -> Option<Canvas> {
        self.rate = self.screen.rate().map(|rate| rounded_rate(rate, self.rate));
        let mut canvas = self.probe.canvas();
        canvas.budget = budget(self.rate, canvas.protocol);
        (canvas != self.canvas).then(|| {
            self.canvas = canvas.clone();
            canvas
        })
    }

    /// Takes an answer of the terminal.
    pub(super) fn reply(&mut self, bytes: &[u8]) {
        if !self.screen.acknowledge(bytes) {
            self.probe.answer(bytes);
        }
    }

    /// Takes what the environment says now.
    pub(super) fn set_environment(&mut self, environment: Environment) {
        self.probe.set_environment(environment);
    }

    /// Gives up overdue acknowledgements; called about once per second.
    pub(super) fn tick(&mut self) {
        self.screen.tick(self.opened.elapsed());
    }

    /// Sends the second probe when it is due; returns whether the environment should be read again as well.
    pub(super) fn probe_again(&mut self) -> bool {
        if self.probes == Probes::Both || self.opened.elapsed() < SECOND_PROBE {
            return false;
        }
        self.probes = Probes::Both;
        let query = self.probe.repeat_query();
        let is_sent = query.is_some();
        if let Some(query) = query {
            self.screen.send(query);
        }
        is_sent
    }

    /// Reads the window's size; returns it if it is no longer `known`.
    pub(super) fn resized(&mut self, known: Size) -> Option<Size> {
        let size = self.tty.size();
        if size == known {
            return None;
        }
        self.probe.set_window(size, pixels(&self.tty));
        self.painter.forget();
        self.screen.resize(size);
        // The font may have changed with the size.
        self.screen.send(self.probe.query_sizes());
        Some(size)
    }

    /// Returns the status tab on which a click is.
    pub(super) fn tab_at(&self, mouse: MouseEvent) -> Option<StatusTab> {
        let is_click = mouse.kind == MouseEventKind::Down(MouseButton::Left);
        let at = Position::new(mouse.column, mouse.row);
        let tab = self.tabs.iter().find(|(area, _)| is_click && area.contains(at))?;
        Some(tab.1)
    }

    /// Returns whether the last frame is out.
    pub(super) fn is_ready(&self) -> bool {
        self.screen.is_ready()
    }

    /// Returns the earliest time for the next frame.
    pub(super) fn next_frame_at(&self) -> Instant {
        self.last_frame.map_or_else(Instant::now, |last| last + FRAME_INTERVAL)
    }

    /// Draws a frame; returns what the link has carried.
    pub(super) fn draw(&mut self, app: &App) -> Result<Link, TerminalError> {
        let size: Size = app.screen().size;
        self.painter.limit_frame_bytes(self.screen.slice_bytes());
        let draw = |buffer: &mut Buffer| {
            let ui::Drawn { placements, cursor, links, tabs } = ui::draw(buffer, app);
            let links = links.into_iter().map(|(area, target)| Hyperlink { area, target }).collect();
            ((placements, tabs), FrameExtras { cursor, links })
        };
        let (painter, tabs) = (&mut self.painter, &mut self.tabs);
        let bytes = self.screen.draw(draw, |(placements, drawn), out| {
            *tabs = drawn;
            painter.reconcile(&placements, size, out);
        })?;
        if let Some(title) = title(app) {
            self.screen.set_title(&title);
        }
        self.sent += bytes as u64;
        self.screen.set_cleanup(self.painter.cleanup());
        self.last_frame = Some(Instant::now());
        Ok(Link { sent: self.sent, rate: self.rate.filter(|_| self.canvas.budget.is_tight()) })
    }

    /// Returns whether a picture is being sent in slices, so that another frame is needed.
    pub(super) fn is_sending(&self) -> bool {
        self.painter.is_sending()
    }

    /// Puts a text into the terminal's clipboard.
    pub(super) fn copy(&mut self, text: &str) {
        self.screen.send(clipboard(text.as_bytes(), self.canvas.multiplexer));
    }

    /// Rings the bell.
    pub(super) fn ring(&mut self) {
        self.screen.send(b"\x07".to_vec());
    }

    pub(super) fn set_drawing(&mut self, choice: DrawingChoice) {
        self.probe.choose(choice);
    }

    pub(super) fn set_mouse(&mut self, use_: MouseUse) {
        self.screen.set_mouse(mouse(use_));
    }

    /// Draws everything anew with the next frame.
    pub(super) fn redraw(&mut self) {
        self.painter.forget();
        self.screen.redraw();
    }

    /// Gives the terminal to the shell until the program is continued.
    pub(super) fn suspend(&mut self) -> Result<(), TerminalError> {
        let mut bytes = Vec::new();
        self.painter.clear(&mut bytes);
        self.screen.send(bytes);
        self.screen.suspend()?;
        self.painter.forget();
        Ok(())
    }

    /// Deletes the pictures and gives the terminal back.
    pub(super) fn close(mut self) -> Result<(), TerminalError> {
        let mut bytes = Vec::new();
        self.painter.clear(&mut bytes);
        if !bytes.is_empty() {
            self.screen.send(bytes);
        }
        self.screen.close()
    }
}

/// Translates between two enums that are the same by intent: the terminal and the state of the screen may not import
/// each other.
fn mouse(use_: MouseUse) -> Mouse {
    match use_ {
        MouseUse::On => Mouse::On,
        MouseUse::Off => Mouse::Off,
    }
}

fn title(app: &App) -> Option<Safe> {
    app.screen().title(app.options(), app.sources())
}

fn pixels(tty: &Tty) -> PixelSize {
    let (width, height) = tty.pixels();
    PixelSize { width, height }
}
