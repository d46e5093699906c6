//! The two ways along the list and along the timeline.

/// A way along something that has an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Down the list, or to later pictures.
    Forward,
    /// Up the list, or to earlier pictures.
    Backward,
}
