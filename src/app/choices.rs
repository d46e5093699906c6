//! The choices that options offer.

/// The use of the mouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseUse {
    /// It is reported to the program.
    On,
    /// It is left to the terminal, which selects text with it.
    #[default]
    Off,
}

/// The use of the title of the terminal's window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TitleUse {
    /// It tells of new failures.
    Set,
    /// It is left alone.
    #[default]
    Leave,
}

/// The colours of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// Chosen by the terminal's background.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// Without colours.
    Mono,
}

/// The characters that are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Box drawing, geometric shapes and marks.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
}

impl MouseUse {
    /// Returns the other setting.
    #[must_use]
    pub(super) fn toggled(self) -> Self {
        match self {
            Self::On => Self::Off,
            Self::Off => Self::On,
        }
    }
}

impl ThemeChoice {
    /// Returns the next theme; the first after the last.
    #[must_use]
    pub(super) fn next(self) -> Self {
        match self {
            Self::Auto => Self::Dark,
            Self::Dark => Self::Light,
            Self::Light => Self::Mono,
            Self::Mono => Self::Auto,
        }
    }

    /// The word on the screen.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
        }
    }
}
