//! The screen: frames in, bytes out, one at a time.
//!
//! ratatui's bytes are a difference against the frame before, so none may ever be dropped: nothing is drawn until the
//! last frame is out and, if it was large, acknowledged. Meanwhile the state moves on, and the next frame is the
//! latest. Whatever makes the terminal's content uncertain (another size, a stop, a redraw) clears it and draws all.

use super::{
    Mouse, Options, TerminalError,
    canvas::Canvas,
    guard::{Guard, Holder},
    pace::{ANSWER, Pace, QUESTION},
    signals,
    tty::{Tty, clamped},
    writer::{Writer, Written},
};
use ratatui::{
    Frame, Terminal, TerminalOptions, Viewport,
    layout::{Position, Rect, Size},
};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::sync::mpsc::{Receiver, channel};

/// A frame appears at once on terminals that know synchronised output; the others ignore this.
const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";
const END_FRAME: &[u8] = b"\x1b[?2026l";

/// Default colours, then an empty screen (ED 2).
const CLEAR: &[u8] = b"\x1b[0m\x1b[2J";

/// The question that ends a probe (DA1).
const ATTRIBUTES: &[u8] = b"\x1b[c";

/// When an answer is not waited for any more; the terminal is mute to that question then.
const LATE: Duration = Duration::from_secs(5);

/// How long leaving waits for bytes to go out and for answers to come in.
const SETTLE: Duration = Duration::from_millis(250);

/// The full screen.
#[derive(Debug)]
pub struct Screen {
    tty: Tty,
    guard: Arc<Guard>,
    writer: Writer,
    terminal: Terminal<Canvas>,
    pace: Pace,
    begun: Instant,
    last_question: Instant,
    content: Content,
}

/// Whether the terminal shows what we think it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Known,
    Uncertain,
}

impl Screen {
    /// Enters raw mode and the alternate screen, hides the cursor and has pastes marked. [`signals()`](super::signals())
    /// should be listened to before. Each [`Written`] is a reason to look at [`is_ready`](Self::is_ready) again.
    ///
    /// # Errors
    /// When the terminal refuses its modes or is gone; it is as before then.
    pub fn open(tty: &Tty, options: Options) -> Result<(Self, Receiver<Written>), TerminalError> {
        let guard = Guard::enter(tty.clone(), options.mouse)?;
        let (written, wake) = channel(16);
        let writer = Writer::start(tty.clone(), Arc::clone(&guard), written)
            .map_err(|error| TerminalError::Start("writer", error))?;
        let screen = Self {
            terminal: canvas(tty.size()),
            tty: tty.clone(),
            guard,
            writer,
            pace: Pace::default(),
            begun: Instant::now(),
            last_question: Instant::now(),
            content: Content::Uncertain,
        };
        Ok((screen, wake))
    }

    /// Whether the last frame is out and acknowledged, so that the next one may be drawn.
    pub fn is_ready(&self) -> bool {
        self.writer.is_idle() && !self.pace.is_waiting()
    }

    /// Draws a frame and sends it: ratatui's difference, then what `after` appends, in one write. Gives the number of
    /// bytes, 0 when nothing changed. To be called only when [`is_ready`](Self::is_ready).
    ///
    /// # Errors
    /// [`TerminalError::HungUp`] when the terminal is gone.
    pub fn draw<R>(
        &mut self,
        draw: impl FnOnce(&mut Frame<'_>) -> R,
        after: impl FnOnce(R, &mut Vec<u8>),
    ) -> Result<usize, TerminalError> {
        if self.writer.is_hung_up() {
            return Err(TerminalError::HungUp);
        }
        let mut frame = BEGIN_FRAME.to_vec();
        if self.content == Content::Uncertain {
            frame.extend_from_slice(CLEAR);
        }
        let head = frame.len();
        self.terminal.backend_mut().bytes = frame;
        let mut drawn = None;
        let Ok(_) = self.terminal.draw(|frame| drawn = Some(draw(frame)));
        let canvas = self.terminal.backend_mut();
        let text = canvas.bytes.len();
        if let Some(drawn) = drawn {
            after(drawn, &mut canvas.bytes);
        }
        if canvas.bytes.len() > text {
            canvas.replace_cursor();
        }
        let mut frame = std::mem::take(&mut canvas.bytes);
        if frame.len() == head && self.content == Content::Known {
            return Ok(0);
        }
        self.content = Content::Known;
        frame.extend_from_slice(END_FRAME);
        if self.pace.sent(frame.len(), self.begun.elapsed()) {
            frame.extend_from_slice(QUESTION);
            self.asked(1);
        }
        let bytes = frame.len();
        self.writer.push(frame);
        Ok(bytes)
    }

    /// Sends bytes that are no frame (a probe, a copy, the bell), in order with the frames.
    pub fn send(&mut self, bytes: Vec<u8>) {
        self.asked(bytes.windows(ATTRIBUTES.len()).filter(|part| *part == ATTRIBUTES).count());
        self.writer.push(bytes);
    }

    /// Takes the answer that acknowledges a frame; false when the reply is somebody else's.
    pub fn reply(&mut self, bytes: &[u8]) -> bool {
        let ours = bytes == ANSWER;
        if ours {
            self.pace.answered(self.begun.elapsed());
        }
        ours
    }

    /// Gives up acknowledgements that are overdue; to be called about once a second. `now` counts from the screen's
    /// opening.
    pub fn tick(&mut self, now: Duration) {
        if self.pace.tick(now) {
            self.tty.forget_questions();
        }
    }

    /// Bytes a second of the link, as acknowledged frames tell; `None` before the first, without end where the terminal
    /// is mute.
    pub fn rate(&self) -> Option<u64> {
        self.pace.rate()
    }

    /// The bytes of pictures that one frame may take, so that text stays live.
    pub fn slice(&self) -> usize {
        usize::try_from(self.pace.slice()).unwrap_or(usize::MAX)
    }

    /// Takes another size, in cells; clamped like [`Tty::size`]. The next frame draws everything.
    pub fn resize(&mut self, size: Size) {
        self.terminal = canvas(clamped(size));
        self.content = Content::Uncertain;
    }

    /// Has the next frame draw everything.
    pub fn redraw(&mut self) {
        let size = self.terminal.current_buffer_mut().area.as_size();
        self.resize(size);
    }

    /// Sets what restoring sends first: the deletion of our pictures.
    pub fn farewell(&self, bytes: Vec<u8>) {
        self.guard.set_farewell(bytes);
    }

    /// Takes the mouse or gives it back.
    pub fn set_mouse(&mut self, mouse: Mouse) {
        let bytes = self.guard.set_mouse(mouse);
        self.writer.push(bytes.to_vec());
    }

    /// Gives the terminal to the shell, stops the whole process group, and returns with the screen entered again, in
    /// the size that the terminal has then. Returns at once where no shell could continue us.
    ///
    /// # Errors
    /// When the stop signal cannot be sent.
    pub fn suspend(&mut self) -> Result<(), TerminalError> {
        self.settle();
        signals::stop_group(&self.guard).map_err(|error| TerminalError::Start("suspension", error))?;
        self.pace.forget();
        self.resize(self.tty.size());
        Ok(())
    }

    /// Gives the terminal back as it was. To be called while the reader still runs, so that answers on their way are
    /// not typed into the shell.
    ///
    /// # Errors
    /// [`TerminalError::HungUp`] when there is no terminal any more.
    pub fn close(self) -> Result<(), TerminalError> {
        self.settle();
        self.guard.restore(Holder::Shell);
        if self.writer.is_hung_up() { Err(TerminalError::HungUp) } else { Ok(()) }
    }

    #[cfg(test)]
    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }

    fn asked(&mut self, questions: usize) {
        if questions > 0 {
            self.tty.asked(questions);
            self.last_question = Instant::now();
        }
    }

    /// Waits for bytes to go out and for answers to come in.
    fn settle(&self) {
        let begun = Instant::now();
        let answers_may_come = self.last_question.elapsed() < LATE;
        while begun.elapsed() < SETTLE && !self.writer.is_hung_up() {
            if self.writer.is_idle() && !(answers_may_come && self.tty.is_asking()) {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.guard.restore(Holder::Shell);
    }
}

/// ratatui's terminal of a fixed size: it never asks anybody for another.
fn canvas(size: Size) -> Terminal<Canvas> {
    let viewport = Viewport::Fixed(Rect::from((Position::ORIGIN, size)));
    let Ok(terminal) = Terminal::with_options(Canvas::new(size), TerminalOptions { viewport });
    terminal
}
