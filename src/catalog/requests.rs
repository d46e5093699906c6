//! The pictures of an event as requests, in the one order in which they are shown, listed and exported.

use super::store::Event;
use crate::picture::PictureRequest;

impl Event<'_> {
    /// Returns a request for each picture, sorted by [`Snapshot::order`](crate::event::Snapshot::order).
    pub fn requests(&self) -> Vec<PictureRequest> {
        let snapshots = self.pictures.sorted(self.asset);
        snapshots.into_iter().map(|one| PictureRequest::new(self.key, self.asset, one)).collect()
    }

    /// Returns the first of [`Self::requests`] without making the others.
    pub fn first_request(&self) -> Option<PictureRequest> {
        let (kind, index, _) = self.pictures.offsets().min_by_key(|(kind, index, offset)| (*offset, *kind, *index))?;
        Some(PictureRequest::new(self.key, self.asset, self.pictures.get(self.asset, kind, index)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{
            AssetId, EventKind, Oddities, Offset, Origin,
            PictureKind::{Dot, Sample},
            Status, Templates,
        },
        picture::EventKey,
    };

    #[test]
    fn requests_are_sorted_by_offset_then_kind() {
        let asset = AssetId::new("a").unwrap();
        let list = [(Sample, 10, "b"), (Sample, 0, "a"), (Sample, 10, "c"), (Dot, 0, "d"), (Dot, 5, "e")];
        let list = list.map(|(kind, seconds, url)| (kind, Offset::from_millis(seconds * 1000), url));
        let pictures = Templates::default().pictures(&asset, list);
        let event = Event {
            key: EventKey(7),
            kind: &EventKind::Thumbnail,
            asset: &asset,
            status: &Status::Succeed,
            time: None,
            origin: Origin::default(),
            pictures: &pictures,
            fault: None,
            facts: None,
            oddities: Oddities::default(),
        };
        let requests = event.requests();
        let urls: Vec<_> = requests.iter().map(|request| request.url.reveal()).collect();
        assert_eq!(urls, ["a", "d", "e", "b", "c"]);
        assert_eq!(event.first_request().as_ref(), requests.first());
        assert_eq!((requests[3].key.event, requests[3].key.index), (EventKey(7), 0));
    }
}
