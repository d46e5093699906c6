//! The overlay of facts about the picture under the cursor. It changes with the cursor and does not scroll.

use super::content::{OverlayContent, OverlayContext};

/// The facts about the picture under the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoOverlay;

impl OverlayContent for InfoOverlay {
    fn row_count(&self, _: &OverlayContext<'_>) -> usize {
        0
    }
}
