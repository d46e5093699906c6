//! The result of an action, which the parts of the screen return and [`App`](super::App) carries out.

use super::message::Effect;
use crate::text::Safe;

/// The result of an action: at most one sentence for the operator, and effects for the session.
#[derive(Clone, Debug, Default)]
#[must_use]
pub(super) struct ActionOutcome {
    pub(super) toast: Option<Safe>,
    pub(super) effects: Vec<Effect>,
}

impl ActionOutcome {
    /// A sentence and nothing else.
    pub(super) fn say(text: impl Into<Safe>) -> Self {
        Self { toast: Some(text.into()), effects: Vec::new() }
    }

    /// The same with an effect.
    pub(super) fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

impl From<Effect> for ActionOutcome {
    fn from(effect: Effect) -> Self {
        Self::default().with(effect)
    }
}
