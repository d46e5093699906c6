//! The events of a stream that are printed, and the title of each.
//!
//! Memory is bounded: the titles of the last [`REMEMBERED`] assets that had one, and as many deliveries.

use super::recent::RecentMap;
use crate::{
    app::Filter,
    event::{AssetId, EventKind, LogEvent, Status, Time},
};
use std::sync::Arc;

/// The number of titles, and of deliveries, that are remembered.
const REMEMBERED: usize = 100_000;

/// The most undocumented statuses that are remembered.
const OTHER_STATUSES: usize = 64;

/// A filter of events that remembers titles and deliveries.
#[derive(Debug)]
pub(super) struct EventStream {
    filter: Filter,
    titles: RecentMap<AssetId, Arc<str>>,
    deliveries: RecentMap<u64, ()>,
    /// The undocumented statuses that occurred.
    other_statuses: Vec<Status>,
}

impl EventStream {
    pub(super) fn new(filter: Filter) -> Self {
        Self {
            filter,
            titles: RecentMap::new(REMEMBERED),
            deliveries: RecentMap::new(REMEMBERED),
            other_statuses: Vec::new(),
        }
    }

    /// Returns the undocumented statuses that occurred.
    pub(super) fn other_statuses(&self) -> &[Status] {
        &self.other_statuses
    }

    /// Returns the event, which was read from `file`, and its asset's title if it is to be printed: a snapshot event that
    /// passes the filter and is no redelivery.
    pub(super) fn take(&mut self, event: LogEvent, file: &str) -> Option<(LogEvent, Option<Arc<str>>)> {
        if let Some(key) = event.delivery_key()
            && self.deliveries.insert(key, ()).is_some()
        {
            return None;
        }
        if let Some(title) = event.facts.as_ref().and_then(|facts| facts.title.as_deref()) {
            self.titles.insert(event.asset.clone(), title.into());
        }
        if event.kind != EventKind::Thumbnail {
            return None;
        }
        if matches!(event.status, Status::Other(_))
            && self.other_statuses.len() < OTHER_STATUSES
            && !self.other_statuses.contains(&event.status)
        {
            self.other_statuses.push(event.status.clone());
        }
        let title = self.titles.get(&event.asset).cloned();
        let now = Time::from(jiff::Timestamp::now());
        let passes = self.filter.matches_event(&event, file, title.as_deref(), now);
        passes.then_some((event, title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FileId, FoundEvents, RecordReader};
    use std::num::NonZeroU32;

    fn events(text: &str) -> Vec<LogEvent> {
        let mut found = FoundEvents::default();
        let mut reader = RecordReader::new(FileId::default());
        for (line, record) in (1..).zip(text.lines()) {
            reader.read(record.as_bytes(), 0, NonZeroU32::new(line), &mut found);
        }
        reader.finish(&mut found);
        found.events
    }

    fn printed(filter: &str, text: &str) -> Vec<(String, Option<String>)> {
        let mut stream = EventStream::new(Filter::parse(filter).unwrap());
        let taken = events(text).into_iter().filter_map(|event| stream.take(event, "web1.log"));
        taken.map(|(event, title)| (event.asset.to_string(), title.map(|title| title.to_string()))).collect()
    }

    const LOG: &str = r#"{"event_type":"createComplete","create_info":{"status":"SUCCEED","title":"Kick-off","asset_id":"a"}}
{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"a","status":"FAILED","error_code":"VOD.1"}}
{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"b","status":"SUCCEED","sample":[{"offset":0,"url":"https://h/asset/b/0.jpg"}]}}
"#;

    #[test]
    fn a_filter_is_applied_to_each_event() {
        let ids = |filter| printed(filter, LOG).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids("status:failed"), ["a"]);
        assert_eq!(ids("!status:failed"), ["b"]);
        assert_eq!(ids("code:VOD"), ["a"]);
        assert_eq!(ids("source:web1"), ["a", "b"]);
        assert_eq!(ids("source:web2"), Vec::<String>::new());
        assert_eq!(ids("nothing"), Vec::<String>::new());
        assert_eq!(printed("kick-off", LOG), [("a".to_owned(), Some("Kick-off".to_owned()))]);
    }

    #[test]
    fn redeliveries_are_left_out() {
        let message = |id: &str| {
            format!(
                r#"{{"type":"Notification","message_id":"{id}","message":"{{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{{\"asset_id\":\"a\",\"status\":\"SUCCEED\"}}}}"}}"#
            ) + "\n"
        };
        let text = [message("1"), message("1"), message("2")].concat();
        assert_eq!(events(&text).len(), 3);
        assert_eq!(printed("a", &text).len(), 2);
    }
}
