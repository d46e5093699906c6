//! The HTTP server whose journal is shown.

use crate::text::Safe;

/// The state of the server, as the header shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// The address that callbacks are posted to.
    pub address: Safe,
    /// The proof that callbacks have of their origin.
    pub origin: CallbackOrigin,
    /// The number of refused callbacks since the start.
    pub refused: u64,
}

/// The proof that callbacks have of their origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackOrigin {
    /// Each was verified.
    Signed,
    /// Anybody may have sent them.
    Unsigned,
}
