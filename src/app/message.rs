//! The messages that [`App::update`](super::App::update) takes, and the effects that it returns.
//!
//! Both are closed enums of plain data: everything that can happen to the screen, and everything that it can ask of the
//! session, stands here.

use super::{
    asset_limit::MemoryUse,
    choices::MouseUse,
    list::tab::StatusTab,
    listening::Listening,
    write_job::{WriteJob, WriteOutcome},
};
use crate::{
    event::{LogUpdate, Origin, PictureUrl, ReadMode, Time},
    picture::{Canvas, DrawingChoice, Fit, Link, Picture, PictureKey, PictureRequest, PictureUpdate},
    text::Safe,
};
use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::Size;
use std::{sync::Arc, time::Duration};

/// A moment, by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since the program began; never jumps.
    pub mono: Duration,
    /// The wall clock.
    pub wall: Time,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Message {
    /// A key was pressed, repeated or released.
    Key(KeyEvent),
    /// The mouse moved, scrolled or clicked.
    Mouse(MouseEvent),
    /// A status tab was clicked.
    Tab(StatusTab),
    /// Text was pasted.
    Paste(String),
    /// The screen changed its size.
    Resize(Size),
    /// A source read something or changed its state.
    Log(LogUpdate),
    /// The state of a picture changed.
    Picture(PictureUpdate),
    /// More became known about the terminal.
    Canvas(Canvas),
    /// A frame was sent. Shown with the next frame, so it causes none.
    Sent(Link),
    /// The text of an event was read again, or could not be.
    Raw(Origin, RawPurpose, Result<Vec<u8>, Safe>),
    /// A file was written, or not.
    Wrote(WriteJob, WriteOutcome),
    /// The server whose journal is shown changed its state.
    Listening(Listening),
    /// The memory of the program was measured. Changes nothing on the screen unless assets are dropped.
    Memory(MemoryUse),
    /// A sentence for the operator.
    Toast(Safe),
    /// Time passed.
    Tick(Now),
}

/// Work for the session.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Fetch these pictures, the most urgent first; replaces the previous list.
    Want(Vec<PictureRequest>),
    /// Check these pictures, behind those that are wanted; replaces the previous list.
    Check(Vec<PictureRequest>),
    /// Prepare these pictures, the most urgent first; replaces the previous list.
    Prepare(Vec<Preparation>),
    /// Bypass the cache when this picture is fetched next.
    Refetch(PictureKey),
    /// Fetch from this `HOST:PORT` for the rest of the session.
    Allow(Safe),
    /// Start or stop following the files.
    Follow(ReadMode),
    /// Read the text of an event again.
    ReadRaw(Origin, RawPurpose),
    /// Put text into the terminal's clipboard (OSC 52).
    Copy(String),
    /// Open a URL in a browser.
    Open(PictureUrl),
    /// Write a file.
    Write(WriteJob),
    /// Draw pictures in another way.
    SetDrawing(DrawingChoice),
    /// Turn mouse reports on or off.
    SetMouse(MouseUse),
    /// Clear the screen and draw all of it.
    Redraw,
    /// Give the terminal back until the program is continued.
    Suspend,
    /// End the program.
    Quit,
}

/// A picture to prepare for an area of the screen.
#[derive(Clone, Debug)]
pub struct Preparation {
    /// The picture's key.
    pub key: PictureKey,
    /// The decoded picture.
    pub picture: Arc<Picture>,
    /// The size and form that it is prepared for.
    pub fit: Fit,
}

/// The use of an event's text once it was read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawPurpose {
    /// It is shown in an overlay.
    Show,
    /// It is copied to the clipboard.
    Copy,
}
