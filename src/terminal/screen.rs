//! The full screen: frames in, bytes out, one at a time.
//!
//! A frame's bytes are the difference to the frame before, so none may be dropped: nothing is drawn until the last frame
//! was written and, if it was large, acknowledged. Meanwhile the program's state moves on, and the next frame shows the
//! latest. Anything that makes the terminal's content uncertain (another size, a stop, a redraw) clears and redraws it.

use super::{
    cells::write_linked_cells,
    error::TerminalError,
    flow_control::{FlowControl, STATUS_OK, STATUS_QUERY},
    guard::{Guard, Holder},
    hyperlink::{self, Hyperlink},
    mouse::Mouse,
    signals,
    tty::{Tty, clamped},
    writer::{TerminalWriter, WriteFinished},
};
use crate::text::Safe;
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

/// Synchronised output: a frame appears at once on terminals that support it; others ignore it.
const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";
const END_FRAME: &[u8] = b"\x1b[?2026l";

/// The most bytes of text that every link carries and every terminal reads in one piece, so that it appears at once without
/// synchronised output.
const SMALL_FRAME_BYTES: usize = 1000;

/// Default colours, an empty screen (ED 2), no cursor.
const CLEAR: &[u8] = b"\x1b[0m\x1b[2J\x1b[?25l";

/// Show and hide the cursor (DECTCEM).
const SHOW_CURSOR: &[u8] = b"\x1b[?25h";
const HIDE_CURSOR: &[u8] = b"\x1b[?25l";

/// The query that ends a probe (DA1).
const ATTRIBUTES_QUERY: &[u8] = b"\x1b[c";

/// The longest wait at the end for bytes to be written.
const WRITE_TIMEOUT: Duration = Duration::from_millis(250);

/// The longest wait at the end for the answer to the last query, counted from the query: what most links need, and at most
/// what a slower one needs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// The full screen.
#[derive(Debug)]
pub struct Screen {
    tty: Tty,
    guard: Arc<Guard>,
    writer: TerminalWriter,
    /// The cells that the terminal shows.
    shown: Buffer,
    /// The cells of the frame that is being drawn; blank between frames.
    next: Buffer,
    /// The hyperlinks of the cells that the terminal shows.
    links: Vec<Hyperlink>,
    /// The cursor's position; `None` while it is hidden.
    cursor: Option<Position>,
    flow_control: FlowControl,
    opened_at: Instant,
    last_query_at: Instant,
    content: ScreenContent,
}

/// The parts of a frame beside its cells.
#[derive(Clone, Debug, Default)]
pub struct FrameExtras {
    /// The position of the cursor; `None` hides it.
    pub cursor: Option<Position>,
    /// The hyperlinks.
    pub links: Vec<Hyperlink>,
}

impl From<Option<Position>> for FrameExtras {
    fn from(cursor: Option<Position>) -> Self {
        Self { cursor, links: Vec::new() }
    }
}

/// The certainty about the terminal's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScreenContent {
    Known,
    Uncertain,
}

impl Screen {
    /// Enters raw mode and the alternate screen, hides the cursor and enables bracketed pastes. The caller listens to
    /// [`signals()`](super::signals()) before, and checks [`is_ready`](Self::is_ready) after each [`WriteFinished`].
    ///
    /// # Errors
    /// If the terminal refuses its modes or is gone; its modes are restored then.
    pub fn open(tty: &Tty, mouse: Mouse) -> Result<(Self, Receiver<WriteFinished>), TerminalError> {
        let guard = Guard::enter(tty.clone(), mouse)?;
        let (written, wake) = channel(16);
        let writer = TerminalWriter::start(tty.clone(), Arc::clone(&guard), written)
            .map_err(|error| TerminalError::Start("writer", error))?;
        let screen = Self {
            shown: blank(tty.size()),
            next: blank(tty.size()),
            links: Vec::new(),
            cursor: None,
            tty: tty.clone(),
            guard,
            writer,
            flow_control: FlowControl::default(),
            opened_at: Instant::now(),
            last_query_at: Instant::now(),
            content: ScreenContent::Uncertain,
        };
        Ok((screen, wake))
    }

    /// Returns true if the last frame is written and acknowledged, so that the next one may be drawn.
    pub fn is_ready(&self) -> bool {
        self.writer.is_idle() && !self.flow_control.is_waiting()
    }

    /// Draws a frame and sends it: `draw` fills a blank buffer and returns what is beside the cells; the cells that differ are
    /// sent, then the bytes that `after` appends, in one write. Returns the number of bytes, 0 if nothing changed. Only to
    /// be called if [`is_ready`](Self::is_ready).
    ///
    /// # Errors
    /// [`TerminalError::HungUp`] if the terminal is gone.
    pub fn draw<R, E: Into<FrameExtras>>(
        &mut self,
        draw: impl FnOnce(&mut Buffer) -> (R, E),
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
        let (drawn, extras) = draw(&mut self.next);
        let FrameExtras { cursor, links } = extras.into();
        hyperlink::invalidate(&mut self.shown, &self.links, &links);
        write_linked_cells(&self.shown, &self.next, &links, &mut frame);
        self.links = links;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.next.reset();
        let text = frame.len();
        after(drawn, &mut frame);
        let is_plain = self.content == ScreenContent::Known && frame.len() == text && text - head <= SMALL_FRAME_BYTES;
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
        if self.flow_control.note_frame(frame.len(), self.opened_at.elapsed()) {
            frame.extend_from_slice(STATUS_QUERY);
            self.note_queries(1);
        }
        let bytes = frame.len();
        self.writer.push(frame);
        Ok(bytes)
    }

    /// Sends bytes that are not a frame (a probe, a copy, the bell), in order with the frames.
    pub fn send(&mut self, bytes: Vec<u8>) {
        self.note_queries(bytes.windows(ATTRIBUTES_QUERY.len()).filter(|part| *part == ATTRIBUTES_QUERY).count());
        self.writer.push(bytes);
    }

    /// Takes an answer if it acknowledges a frame; returns false for any other.
    pub fn acknowledge(&mut self, answer: &[u8]) -> bool {
        let is_acknowledgement = answer == STATUS_OK;
        if is_acknowledgement {
            self.flow_control.note_answer(self.opened_at.elapsed());
        }
        is_acknowledgement
    }

    /// Checks the time-outs of acknowledgements; to be called about once a second. `now` counts from the opening of the
    /// screen.
    pub fn tick(&mut self, now: Duration) {
        if self.flow_control.check_timeouts(now) {
            self.tty.forget_queries();
        }
    }

    /// Returns the link's rate in bytes a second, as measured by acknowledged frames; `None` before the first, `u64::MAX`
    /// for a terminal that does not answer.
    pub fn rate(&self) -> Option<u64> {
        self.flow_control.rate()
    }

    /// Returns the bytes of pictures that one frame may take, so that text stays responsive.
    pub fn slice_bytes(&self) -> usize {
        usize::try_from(self.flow_control.slice_bytes()).unwrap_or(usize::MAX)
    }

    /// Sets the size in cells, limited like [`Tty::size`]. The next frame draws everything.
    pub fn resize(&mut self, size: Size) {
        self.shown = blank(clamped(size));
        self.next = self.shown.clone();
        self.links.clear();
        self.content = ScreenContent::Uncertain;
    }

    /// Makes the next frame draw everything.
    pub fn redraw(&mut self) {
        self.resize(self.shown.area.as_size());
    }

    /// Sets the bytes that restoring the terminal sends first: the deletion of our pictures.
    pub fn set_cleanup(&self, bytes: Vec<u8>) {
        self.guard.set_cleanup(bytes);
    }

    /// Enables or disables the reporting of the mouse.
    pub fn set_mouse(&mut self, mouse: Mouse) {
        let bytes = self.guard.set_mouse(mouse);
        self.writer.push(bytes.to_vec());
    }

    /// Saves the window's title, so that [`set_title`](Self::set_title) takes effect and the end restores it.
    pub fn enable_title(&mut self) {
        self.writer.push(self.guard.enable_title().to_vec());
    }

    /// Sets the window's title, if it is enabled and is not that one.
    pub fn set_title(&mut self, title: &Safe) {
        if let Some(bytes) = self.guard.set_title(title) {
            self.writer.push(bytes);
        }
    }

    /// Gives the terminal to the shell, stops the process group, and returns once it continues, with the screen entered
    /// again in the terminal's new size. Returns at once if no shell could continue the process.
    ///
    /// # Errors
    /// If the stop signal cannot be sent.
    pub fn suspend(&mut self) -> Result<(), TerminalError> {
        self.settle();
        signals::stop_group(&self.guard).map_err(|error| TerminalError::Start("suspension", error))?;
        self.flow_control.reset();
        self.resize(self.tty.size());
        Ok(())
    }

    /// Restores the terminal. To be called while the reader runs, so that answers that are due are not typed into the
    /// shell.
    ///
    /// # Errors
    /// [`TerminalError::HungUp`] if the terminal is gone.
    pub fn close(self) -> Result<(), TerminalError> {
        self.settle();
        self.guard.restore(Holder::Shell);
        if self.writer.is_hung_up() { Err(TerminalError::HungUp) } else { Ok(()) }
    }

    #[cfg(test)]
    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Shows the cursor at a position, again if drawing moved it, or hides it.
    fn place_cursor(&mut self, wanted: Option<Position>, is_moved: bool, out: &mut Vec<u8>) {
        let before = std::mem::replace(&mut self.cursor, wanted);
        if let Some(Position { x, y }) = wanted.filter(|_| is_moved || wanted != before) {
            out.extend_from_slice(format!("\x1b[{};{}H", y + 1, x + 1).as_bytes());
        }
        match (before, wanted) {
            (None, Some(_)) => out.extend_from_slice(SHOW_CURSOR),
            (Some(_), None) => out.extend_from_slice(HIDE_CURSOR),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    fn note_queries(&mut self, count: usize) {
        if count > 0 {
            self.tty.note_queries(count);
            self.last_query_at = Instant::now();
        }
    }

    /// Waits for bytes to be written and for answers that are due, so that they are not typed into the shell.
    fn settle(&self) {
        let started = Instant::now();
        let answer_timeout = ANSWER_TIMEOUT.max(self.flow_control.expected_answer()).min(MAX_ANSWER_TIMEOUT);
        while !self.writer.is_hung_up() {
            let is_written = self.writer.is_idle();
            let is_answered = !self.tty.awaits_answers() || self.last_query_at.elapsed() >= answer_timeout;
            if is_written && is_answered || !is_written && started.elapsed() >= WRITE_TIMEOUT {
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

/// Returns a buffer of blank cells.
fn blank(size: Size) -> Buffer {
    Buffer::empty(Rect::from((Position::ORIGIN, size)))
}
