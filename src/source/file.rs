//! Files on this machine's file systems: their first reading, and following them by name.

pub mod follow;
mod holes;
pub(super) mod load;
pub(super) mod notifier;
pub(super) mod open;
