//! Lines of a log as records: what stores them is taken off, and what belongs together is joined.
//!
//! Containers write each line with a stream and a time of their own and cut long ones; pretty printers spread one
//! object over many lines. Nothing here knows what an event is.

pub(super) mod assembler;
mod brackets;
pub(super) mod colours;
pub(super) mod container;
pub(super) mod heading;
pub(super) mod outline;
pub(super) mod partial;
pub(super) mod place;
pub(super) mod pretty;
pub(super) mod stamps;
pub(super) mod stream;
pub(super) mod times;
pub(super) mod writer;
