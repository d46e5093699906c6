//! How a session begins: what the command line decided, and what keys may change later.

use super::filter::Filter;
use crate::{
    event::{ReadMode, Reveal},
    picture::FetchMode,
    text::Safe,
};

/// Whether the mouse is reported to the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseUse {
    /// It clicks and scrolls here.
    On,
    /// It belongs to the terminal, which selects text with it.
    #[default]
    Off,
}

/// How the screen is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// By the terminal's background, where it tells.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// Without colours.
    Mono,
}

/// Which glyphs may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Boxes, circles, marks.
    #[default]
    Unicode,
    /// ASCII alone.
    Ascii,
}

/// How a session begins.
#[derive(Clone, Debug, Default)]
pub struct AppOptions {
    /// Names of the sources.
    pub sources: Vec<Safe>,
    /// Whether they are followed.
    pub read_mode: ReadMode,
    /// A badge that stands in the header all the time, such as `DEMO`.
    pub badge: Option<Safe>,
    /// The filter to begin with.
    pub filter: Filter,
    /// Colours.
    pub theme: ThemeChoice,
    /// Glyphs.
    pub glyphs: Glyphs,
    /// Which pictures are fetched.
    pub fetch_mode: FetchMode,
    /// Whether the mouse is on.
    pub mouse: MouseUse,
    /// Whether secrets in URLs are shown.
    pub reveal: Reveal,
    /// The zone in which times are shown.
    pub zone: Option<jiff::tz::TimeZone>,
}
