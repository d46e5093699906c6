//! Files on this machine's file systems: their first reading, and following them by name.

pub mod access;
pub mod follow;
mod holes;
pub(super) mod load;
pub mod local;
pub(super) mod notifier;
