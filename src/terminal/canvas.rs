//! ratatui's backend into memory.
//!
//! A frame is collected here and written by nobody else than the writer. Where crossterm's backend asks the terminal,
//! for its size (which can start `tput`) or its cursor (which reads keys), this one knows the answer: nothing here
//! touches a device, so nothing can fail.

use super::write_cells;
use crossterm::{
    Command,
    cursor::{Hide, MoveTo, Show},
    queue,
    terminal::{Clear, ClearType as Region},
};
use ratatui::{
    backend::{Backend, ClearType, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use std::convert::Infallible;

/// The bytes of a frame in the making.
#[derive(Debug)]
pub(super) struct Canvas {
    /// What was drawn since it was last taken.
    pub(super) bytes: Vec<u8>,
    size: Size,
    /// Where the cursor shows, if it does.
    cursor: Option<Position>,
}

impl Canvas {
    /// An empty canvas, the cursor hidden.
    pub(super) fn new(size: Size) -> Self {
        Self { bytes: Vec::new(), size, cursor: None }
    }

    /// Puts a visible cursor back to where it was, after pictures have moved it.
    pub(super) fn replace_cursor(&mut self) {
        if let Some(at) = self.cursor {
            self.queue(MoveTo(at.x, at.y));
        }
    }

    fn queue(&mut self, command: impl Command) {
        queue!(self.bytes, command).expect("memory takes every command");
    }
}

impl Backend for Canvas {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_some() {
            self.hide_cursor()?;
            write_cells(content, &mut self.bytes);
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        if self.cursor.take().is_some() {
            self.queue(Hide);
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        if self.cursor.is_none() {
            self.cursor = Some(Position::ORIGIN);
            self.queue(MoveTo(0, 0));
            self.queue(Show);
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        let position = position.into();
        if self.cursor != Some(position) {
            self.queue(MoveTo(position.x, position.y));
            self.cursor = self.cursor.map(|_| position);
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> Result<(), Infallible> {
        let region = match region {
            ClearType::All => Region::All,
            ClearType::AfterCursor => Region::FromCursorDown,
            ClearType::BeforeCursor => Region::FromCursorUp,
            ClearType::CurrentLine => Region::CurrentLine,
            ClearType::UntilNewLine => Region::UntilNewLine,
        };
        self.queue(Clear(region));
        Ok(())
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
