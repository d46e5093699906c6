//! The options of a session: chosen on the command line, some of them changed by keys later.

use super::{
    choices::{Glyphs, MouseUse, ThemeChoice, TitleUse},
    list::filter::Filter,
    listening::Listening,
    message::Effect,
    outcome::ActionOutcome,
    resume::ResumePoint,
};
use crate::{
    event::{ReadMode, Reveal},
    picture::FetchMode,
    text::Safe,
};
use jiff::tz::TimeZone;
use std::num::NonZeroUsize;

/// The options of a session.
#[derive(Clone, Debug, Default)]
pub struct AppOptions {
    /// The names of the sources.
    pub sources: Vec<Safe>,
    /// The reading of the sources: once, or following them.
    pub read_mode: ReadMode,
    /// A badge in the header, such as `DEMO`.
    pub badge: Option<Safe>,
    /// The server whose journal is shown.
    pub listening: Option<Listening>,
    /// The initial filter.
    pub filter: Filter,
    /// The colours.
    pub theme: ThemeChoice,
    /// The characters.
    pub glyphs: Glyphs,
    /// The pictures that are fetched.
    pub fetch_mode: FetchMode,
    /// The use of the mouse.
    pub mouse: MouseUse,
    /// The use of the window's title.
    pub title: TitleUse,
    /// The display of secrets in URLs.
    pub reveal: Reveal,
    /// The number of newest assets to keep; all without one.
    pub keep: Option<NonZeroUsize>,
    /// The point at which the last session ended.
    pub resume: Option<ResumePoint>,
    /// The zone in which times are shown; UTC without one.
    pub zone: Option<TimeZone>,
}

impl AppOptions {
    /// The zone in which times are shown.
    pub fn zone(&self) -> TimeZone {
        self.zone.clone().unwrap_or(TimeZone::UTC)
    }

    /// Starts or stops following the files.
    pub(super) fn toggle_following(&mut self) -> ActionOutcome {
        let (mode, text) = match self.read_mode {
            ReadMode::Follow => (ReadMode::Once, "no longer following the files"),
            ReadMode::Once => (ReadMode::Follow, "following the files"),
        };
        self.read_mode = mode;
        ActionOutcome::say(text).with(Effect::Follow(mode))
    }

    /// Turns the mouse on or off.
    pub(super) fn toggle_mouse(&mut self) -> ActionOutcome {
        self.mouse = self.mouse.toggled();
        let text = match self.mouse {
            MouseUse::On => "mouse: on",
            MouseUse::Off => "mouse: off",
        };
        ActionOutcome::say(text).with(Effect::SetMouse(self.mouse))
    }

    /// Shows the next theme.
    pub(super) fn next_theme(&mut self) -> ActionOutcome {
        self.theme = self.theme.next();
        ActionOutcome::say(format!("theme: {}", self.theme.as_str()))
    }
}
