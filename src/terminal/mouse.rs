//! The mouse: left to the terminal, or reported to us.

/// The receiver of clicks and the wheel. Reporting them takes the terminal's own text selection away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mouse {
    /// The terminal keeps the mouse.
    #[default]
    Off,
    /// Clicks, drags and the wheel are reported.
    On,
}
