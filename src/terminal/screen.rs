//! The screen: frames in, bytes out, one at a time.
//!
//! A frame's bytes are a difference against the frame before, so none may ever be dropped: nothing is drawn until the
//! last frame is out and, if it was large, acknowledged. Meanwhile the state moves on, and the next frame is the
//! latest. Whatever makes the terminal's content uncertain (another size, a stop, a redraw) clears it and draws all.

use super::{
    Mouse, ScreenOptions, TerminalError,
    cells::write_cells,
    flow_control::{ANSWER, FlowControl, QUESTION},
    guard::{Guard, Holder},
    signals,
    tty::{Tty, clamped},
    writer::{TerminalWriter, WriteFinished},
};
use ratatui::{
    buffer::Buffer,
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

/// Text of so many bytes goes through every link in one piece and is read in one, so that it appears at once anyway.
const ONE_PIECE: usize = 1000;

/// Default colours, an empty screen (ED 2), no cursor.
const CLEAR: &[u8] = b"\x1b[0m\x1b[2J\x1b[?25l";

/// Show and hide the cursor (DECTCEM).
const SHOW: &[u8] = b"\x1b[?25h";
const HIDE: &[u8] = b"\x1b[?25l";

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
    writer: TerminalWriter,
    /// The cells that the terminal shows, and those of the frame in the making, which are blank between frames.
    shown: Buffer,
    next: Buffer,
    /// Where the cursor shows, if it does.
    cursor: Option<Position>,
    pace: FlowControl,
    begun: Instant,
    last_question: Instant,
    content: ScreenContent,
}

/// Whether the terminal shows what we think it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScreenContent {
    Known,
    Uncertain,
}

impl Screen {
    /// Enters raw mode and the alternate screen, hides the cursor and has pastes marked. [`signals()`](super::signals())
    /// should be listened to before. Each [`WriteFinished`] is a reason to look at [`is_ready`](Self::is_ready) again.
    ///
    /// # Errors
    /// When the terminal refuses its modes or is gone; it is as before then.
    pub fn open(tty: &Tty, options: ScreenOptions) -> Result<(Self, Receiver<WriteFinished>), TerminalError> {
        let guard = Guard::enter(tty.clone(), options.mouse)?;
        let (written, wake) = channel(16);
        let writer = TerminalWriter::start(tty.clone(), Arc::clone(&guard), written)
            .map_err(|error| TerminalError::Start("writer", error))?;
        let screen = Self {
            shown: blank(tty.size()),
            next: blank(tty.size()),
            cursor: None,
            tty: tty.clone(),
            guard,
            writer,
            pace: FlowControl::default(),
            begun: Instant::now(),
            last_question: Instant::now(),
            content: ScreenContent::Uncertain,
        };
        Ok((screen, wake))
    }

    /// Whether the last frame is out and acknowledged, so that the next one may be drawn.
    pub fn is_ready(&self) -> bool {
        self.writer.is_idle() && !self.pace.is_waiting()
    }

    /// Draws a frame and sends it: `draw` fills a blank buffer and says where the cursor shows; the cells that differ go
    /// out, then what `after` appends, in one write. Gives the number of bytes, 0 when nothing changed. To be called
    /// only when [`is_ready`](Self::is_ready).
    ///
    /// # Errors
    /// [`TerminalError::HungUp`] when the terminal is gone.
    pub fn draw<R>(
        &mut self,
        draw: impl FnOnce(&mut Buffer) -> (R, Option<Position>),
        after: impl FnOnce(R, &mut Vec<u8>),
    ) -> Result<usize, TerminalError> {
        if self.writer.is_hung_up() {
            return Err(TerminalError::HungUp);
        }
        let mut frame = BEGIN_FRAME.to_vec();
        if self.content == ScreenContent::Uncertain {
            frame.extend_from_slice(CLEAR);
            self.cursor = None;
        }
        let head = frame.len();
        let (drawn, cursor) = draw(&mut self.next);
        write_cells(&self.shown, &self.next, &mut frame);
        std::mem::swap(&mut self.shown, &mut self.next);
        self.next.reset();
        let text = frame.len();
        after(drawn, &mut frame);
        let is_plain = self.content == ScreenContent::Known && frame.len() == text && text - head <= ONE_PIECE;
        self.place_cursor(cursor, frame.len() > head, &mut frame);
        if frame.len() == head && self.content == ScreenContent::Known {
            return Ok(0);
        }
        self.content = ScreenContent::Known;
        if is_plain {
            frame.drain(..BEGIN_FRAME.len());
        } else {
            frame.extend_from_slice(END_FRAME);
        }
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
        self.shown = blank(clamped(size));
        self.next = self.shown.clone();
        self.content = ScreenContent::Uncertain;
    }

    /// Has the next frame draw everything.
    pub fn redraw(&mut self) {
        self.resize(self.shown.area.as_size());
    }

    /// Sets what restoring sends first: the deletion of our pictures.
    pub fn cleanup(&self, bytes: Vec<u8>) {
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

    /// Shows the cursor where it is wanted, again after drawing has moved it, or hides it.
    fn place_cursor(&mut self, wanted: Option<Position>, moved: bool, out: &mut Vec<u8>) {
        let before = std::mem::replace(&mut self.cursor, wanted);
        if let Some(Position { x, y }) = wanted.filter(|_| moved || wanted != before) {
            out.extend_from_slice(format!("\x1b[{};{}H", y + 1, x + 1).as_bytes());
        }
        match (before, wanted) {
            (None, Some(_)) => out.extend_from_slice(SHOW),
            (Some(_), None) => out.extend_from_slice(HIDE),
            (None, None) | (Some(_), Some(_)) => {}
        }
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

/// Cells without anything in them.
fn blank(size: Size) -> Buffer {
    Buffer::empty(Rect::from((Position::ORIGIN, size)))
}
