//! The body of a response that begins like a JPEG, and how much of it has arrived.
//!
//! Plain data that the fetcher fills in. A body that ended too early is kept: what arrived may still be shown, with a
//! mark that says how it ended.

use crate::picture::FetchInfo;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// A body that begins like a JPEG.
#[derive(Debug)]
pub(super) struct HttpBody {
    pub(super) bytes: Vec<u8>,
    pub(super) info: FetchInfo,
    pub(super) truncated: Option<Truncation>,
}

/// The end of a body that ended too early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Truncation {
    /// `Content-Length`, if the server sent one.
    pub(super) expected: Option<u64>,
    pub(super) cause: TruncationCause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TruncationCause {
    /// The connection was closed.
    Closed,
    /// The connection was reset (RST), by the server or by something between.
    Reset,
    /// No byte arrived for this long.
    IdleTimeout(Duration),
    /// The whole fetch took this long.
    TotalTimeout(Duration),
    /// The bytes are not valid HTTP.
    InvalidHttp,
    /// The data of its content encoding ends early or is invalid.
    InvalidEncoding,
    /// The server sent the first part only (status 206).
    Partial,
}

/// The state of a fetch. Written by the fetch, read when its picture is no longer wanted.
#[derive(Debug, Default)]
pub(super) struct FetchProgress(AtomicBool);

impl FetchProgress {
    pub(super) fn is_nearly_done(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set_nearly_done(&self, nearly_done: bool) {
        self.0.store(nearly_done, Ordering::Relaxed);
    }
}
