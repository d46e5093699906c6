//! Events as they were logged, whatever wrapped them.

use super::{
    asset_id::AssetId,
    kind::EventKind,
    offset::Offset,
    origin::Origin,
    pictures::{list::Pictures, oddities::Oddities},
    redact::Reveal,
    status::Status,
    time::Time,
};
use crate::text::Safe;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// One event of one asset.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEvent {
    /// Its kind.
    pub kind: EventKind,
    /// Its asset.
    pub asset: AssetId,
    /// The status of the job.
    pub status: Status,
    /// The time given by the innermost envelope that has one.
    pub time: Option<Time>,
    /// For sorting only: `time`, else the time of the nearest earlier timed record that the reader saw.
    pub clock: Option<Time>,
    /// The place of its record.
    pub origin: Origin,
    /// The hash of the SMN `message_id`, which redeliveries share.
    pub delivery: Option<u64>,
    /// Samples and dots of a thumbnail event, covers of a cover event.
    pub pictures: Pictures,
    /// Code and message of a failure.
    pub fault: Option<Box<Fault>>,
    /// Title, duration and the like.
    pub facts: Option<Box<Facts>>,
    /// The defects of its picture lists.
    pub oddities: Oddities,
}

impl LogEvent {
    /// Returns the hash of what a redelivery shares with the first delivery; `None` without a message id. A message id
    /// alone may be used twice.
    pub fn delivery_key(&self) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        (self.delivery?, &self.kind, &self.asset, &self.status).hash(&mut hasher);
        Some(hasher.finish())
    }
}

/// `error_code` and `error_msg` as they came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Such as `VOD.10104`; may be empty.
    pub code: Box<str>,
    /// In words, often Chinese; may be empty.
    pub message: Box<str>,
}

impl Fault {
    /// The message as a screen may show it.
    pub fn shown(&self, reveal: Reveal) -> Safe {
        Safe::new(&reveal.apply(&self.message))
    }

    /// The code as a screen may show it.
    pub fn shown_code(&self, reveal: Reveal) -> Safe {
        Safe::new(&reveal.apply(&self.code))
    }
}

/// Facts of an asset that other events give.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The video's title.
    pub title: Option<Box<str>>,
    /// The video's length.
    pub duration: Option<Offset>,
    /// The video's size in bytes.
    pub bytes: Option<u64>,
    /// Width and height of the video in pixels.
    pub frame: Option<(u32, u32)>,
    /// `suggestion` of a review: `PASS`, `BLOCK`, `REVIEW`.
    pub verdict: Option<Box<str>>,
}
