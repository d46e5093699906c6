//! Following a name through rotations.
//!
//! A [`Follower`] reads the file that a name stands for, and goes on when that changes: renamed and created anew, copied
//! and truncated, rewritten, deleted, linked elsewhere, locked. Each [`Follower::poll`] asks `stat`; whatever wakes the
//! caller sooner only saves time. Lines go to a [`Sink`](crate::source::sink::Sink); events are unknown here. The
//! invariant: a line that stood on disk at two polls comes out exactly once, and every restart or gap is a notice.

pub mod anchor;
mod archive;
mod context;
pub mod decision;
mod follower;
pub mod history;
mod incomplete;
pub mod observation;
mod open_file;
mod retry;
mod rotated_file;
mod saved_place;
mod sibling_scan;
pub(in crate::source) mod siblings;
pub mod writers;

pub use context::FollowContext;
pub use follower::{Discovery, Follower, PollOutcome};
pub use incomplete::INCOMPLETE;
pub use rotated_file::{GRACE, GRACE_DELETED};
