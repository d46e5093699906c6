//! The overlay of the keys.

use super::content::{OverlayContent, OverlayContext};
use crate::app::keymap::TABLE;

/// The keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelpOverlay;

impl OverlayContent for HelpOverlay {
    fn row_count(&self, _: &OverlayContext<'_>) -> usize {
        TABLE.len()
    }
}
