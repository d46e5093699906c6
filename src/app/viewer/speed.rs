//! The speed of scrubbing: whether steps follow each other so fast that previews do.

use crate::picture::PictureKey;
use std::time::Duration;

/// Two steps within this time count as scrubbing.
const REPEAT_INTERVAL: Duration = Duration::from_millis(150);
/// This long after the last step the cursor rests.
const REST_INTERVAL: Duration = Duration::from_millis(170);

/// The speed of scrubbing.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScrubSpeed {
    link: LinkSpeed,
    state: ScrubState,
    cursor: Option<PictureKey>,
    last_step: Option<Duration>,
}

/// The speed of the link to the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkSpeed {
    /// A full picture is sent at once.
    #[default]
    Fast,
    /// Each picture begins as a preview.
    Slow,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ScrubState {
    #[default]
    Resting,
    Moving,
}

impl ScrubSpeed {
    /// Sets the speed of the link.
    pub(super) fn set_link(&mut self, link: LinkSpeed) {
        self.link = link;
    }

    /// The speed of the link.
    pub fn link(self) -> LinkSpeed {
        self.link
    }

    /// Notes a step of the cursor.
    pub(super) fn note_step(&mut self, now: Duration) {
        let is_repeated = self.last_step.is_some_and(|last| now.saturating_sub(last) < REPEAT_INTERVAL);
        self.state = if is_repeated { ScrubState::Moving } else { ScrubState::Resting };
        self.last_step = Some(now);
    }

    /// Notes the picture under the cursor. On a slow link a change counts as scrubbing, whatever caused it.
    pub(super) fn note_cursor(&mut self, cursor: Option<PictureKey>, now: Duration) {
        if self.cursor != cursor {
            self.cursor = cursor;
            if self.link == LinkSpeed::Slow {
                self.state = ScrubState::Moving;
                self.last_step = Some(now);
            }
        }
    }

    /// Returns whether the cursor moves fast.
    pub fn is_moving(self) -> bool {
        self.state == ScrubState::Moving
    }

    /// Updates the state once the cursor rests; returns whether it just came to rest.
    pub(super) fn tick(&mut self, now: Duration) -> bool {
        let is_over = self.last_step.is_some_and(|last| now.saturating_sub(last) >= REST_INTERVAL);
        let comes_to_rest = self.is_moving() && is_over;
        if comes_to_rest {
            self.state = ScrubState::Resting;
        }
        comes_to_rest
    }
}
