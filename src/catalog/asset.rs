//! One asset as others see it.

use super::{
    entry::{AssetEntry, AssetKey},
    store::{Event, EventStore, Rank},
};
use crate::{
    event::{AssetId, Fault, FileId, Offset, Origin, Pictures, Status, Time},
    picture::{EventKey, PictureRequest},
    text::Safe,
};
use std::{collections::BTreeMap, sync::Arc};

/// One asset of a catalog.
#[derive(Clone, Copy, Debug)]
pub struct Asset<'a> {
    events: &'a EventStore,
    files: &'a BTreeMap<FileId, Arc<str>>,
    key: AssetKey,
    entry: &'a AssetEntry,
    newest: EventKey,
}

impl<'a> Asset<'a> {
    /// Returns `None` for an asset of which only other events are known.
    pub(super) fn new(
        events: &'a EventStore,
        files: &'a BTreeMap<FileId, Arc<str>>,
        key: AssetKey,
        entry: &'a AssetEntry,
    ) -> Option<Self> {
        Some(Self { events, files, key, entry, newest: entry.newest.get()? })
    }

    /// Its key.
    pub fn key(&self) -> AssetKey {
        self.key
    }

    /// Its id.
    pub fn id(&self) -> &'a AssetId {
        &self.entry.id
    }

    /// Its newest thumbnail event or API answer.
    pub fn newest(&self) -> Event<'a> {
        self.events.event(self.newest, &self.entry.id)
    }

    /// The key by which assets are sorted.
    pub fn rank(&self) -> Rank {
        self.events.rank(self.newest)
    }

    /// The status of its newest event.
    pub fn status(&self) -> &'a Status {
        self.events.status(self.newest)
    }

    /// The fault of its newest event.
    pub fn fault(&self) -> Option<&'a Fault> {
        self.events.fault(self.newest)
    }

    /// The event whose pictures are shown, listed and exported: the newest that succeeded, else the newest that has
    /// pictures, whatever its status.
    pub fn picture_event(&self) -> Option<Event<'a>> {
        Some(self.events.event(self.entry.pictured.get()?, &self.entry.id))
    }

    /// The pictures of [`Self::picture_event`].
    pub fn pictures(&self) -> Option<&'a Pictures> {
        Some(self.events.pictures(self.entry.pictured.get()?))
    }

    /// The number of these pictures whose URLs name another asset.
    pub fn foreign(&self) -> u32 {
        self.picture_event().map_or(0, |event| event.oddities.foreign)
    }

    /// Requests for these pictures, in order; see [`Event::requests`].
    pub fn requests(&self) -> Vec<PictureRequest> {
        self.picture_event().map_or_else(Vec::new, |event| event.requests())
    }

    /// The first of [`Self::requests`].
    pub fn first_request(&self) -> Option<PictureRequest> {
        self.picture_event()?.first_request()
    }

    /// Its events, newest first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = EventKey> + ExactSizeIterator + use<'a> {
        self.entry.events.as_slice().iter().rev().copied()
    }

    /// The number of its thumbnail events.
    pub fn thumbnail_events(&self) -> usize {
        self.entry.thumbnail_events as usize
    }

    /// The times of its first and its last event.
    pub fn seen(&self) -> (Option<Time>, Option<Time>) {
        let time = |event| self.events.event(event, &self.entry.id).time;
        // Timed events are ordered by their time, so the first from either end is the one.
        (self.history().rev().find_map(time), self.history().find_map(time))
    }

    /// Its title, from the newest event that gives one.
    pub fn title(&self) -> Option<&'a Safe> {
        self.entry.facts.as_ref()?.title.as_ref().map(|(_, title)| title)
    }

    /// [`Self::title`] as it came, for machine output.
    pub fn title_text(&self) -> Option<&'a str> {
        let (event, _) = self.entry.facts.as_ref()?.title.as_ref()?;
        self.events.facts(*event)?.title.as_deref()
    }

    /// The video's length, from the newest event that gives one.
    pub fn duration(&self) -> Option<Offset> {
        Some(self.entry.facts.as_ref()?.duration?.1)
    }

    /// The record of its newest event.
    pub fn origin(&self) -> Origin {
        self.newest().origin
    }

    /// The name of the file of that record as the user gave it, for machine output; empty if it is not known.
    pub fn file_name(&self) -> &'a str {
        self.files.get(&self.origin().file).map_or("", |name| name)
    }
}
