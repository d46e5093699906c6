//! The record of one asset: its events in order, and what is cached of them.

use super::store::Rank;
use crate::{
    event::{AssetId, Offset},
    picture::EventKey,
    text::Safe,
};
use std::num::NonZeroU32;

/// An asset in a catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetKey(pub u32);

#[derive(Clone, Debug)]
pub(super) struct AssetEntry {
    pub(super) id: AssetId,
    pub(super) events: AssetEvents,
    /// The newest thumbnail event or API answer.
    pub(super) newest: OptionalEvent,
    /// The newest of these that succeeded, else the newest that has pictures.
    pub(super) pictured: OptionalEvent,
    /// The number of thumbnail events.
    pub(super) thumbnail_events: u32,
    pub(super) facts: Option<Box<AssetFacts>>,
}

/// The events of an asset, oldest first. Most assets have one.
#[derive(Clone, Debug)]
pub(super) enum AssetEvents {
    One(EventKey),
    #[expect(clippy::box_collection, reason = "few assets have several events, and each has this field")]
    Many(Box<Vec<EventKey>>),
}

/// An event or none, in the size of a key: its number plus one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OptionalEvent(Option<NonZeroU32>);

/// The facts that events gave of an asset, each with the event that gave it.
#[derive(Clone, Debug, Default)]
pub(super) struct AssetFacts {
    pub(super) title: Option<(EventKey, Safe)>,
    pub(super) duration: Option<(EventKey, Offset)>,
}

impl OptionalEvent {
    pub(super) fn new(key: EventKey) -> Self {
        Self(NonZeroU32::MIN.checked_add(key.0))
    }

    pub(super) fn get(self) -> Option<EventKey> {
        self.0.map(|number| EventKey(number.get() - 1))
    }
}

impl AssetEvents {
    pub(super) fn insert(&mut self, event: EventKey, rank: impl Fn(EventKey) -> Rank) {
        let many = match self {
            Self::One(first) => {
                *self = Self::Many(Box::new(vec![*first]));
                return self.insert(event, rank);
            }
            Self::Many(many) => many,
        };
        let own = rank(event);
        let at = many.partition_point(|known| rank(*known) < own);
        many.insert(at, event);
    }

    pub(super) fn as_slice(&self) -> &[EventKey] {
        match self {
            Self::One(event) => std::slice::from_ref(event),
            Self::Many(events) => events,
        }
    }
}
