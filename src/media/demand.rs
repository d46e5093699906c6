//! The pictures that are wanted now, as the screen and a check hand them to the scheduler.
//!
//! A list replaces the one before it and may do so before the scheduler has seen that one. Each demand therefore carries
//! the revision since which it has been on the list without a break: a key that left and returned between two looks has
//! another revision, and is fetched again.

use crate::picture::{PictureKey, PictureRequest};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// The latest lists of wanted pictures, and what is known about their keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Demands {
    /// The number of lists so far.
    revision: u64,
    /// The pictures that are looked at, or soon will be.
    viewed: Vec<PictureRequest>,
    /// The pictures to check.
    checked: Vec<PictureRequest>,
    /// All wanted pictures, most urgent first, each once.
    pub(super) list: Arc<[Demand]>,
    /// Keys that must come from the network although the cache may hold them.
    bypass_cache: HashSet<PictureKey>,
}

/// One wanted picture.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// The revision since which the key has been on the list without a break.
    pub(super) since: u64,
    pub(super) source: FetchSource,
    pub(super) priority: Priority,
    /// The host and port of the URL; empty if it has none.
    pub(super) host: Arc<str>,
    pub(super) request: PictureRequest,
}

/// The purpose of a picture, which decides about its order and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Priority {
    /// It is looked at, or soon will be.
    View,
    /// It is judged only.
    Check,
}

/// The places that a picture may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FetchSource {
    /// The cache, or else the network.
    CacheOrNetwork,
    /// The network alone.
    Network,
}

impl Demands {
    /// Replaces the list of one priority.
    pub(super) fn replace(&mut self, priority: Priority, wanted: Vec<PictureRequest>) {
        match priority {
            Priority::View => self.viewed = wanted,
            Priority::Check => self.checked = wanted,
        }
        self.revision += 1;
        let revision = self.revision;
        let previous: HashMap<PictureKey, &Demand> =
            self.list.iter().map(|demand| (demand.request.key, demand)).collect();
        let viewed = self.viewed.iter().map(|request| (Priority::View, request));
        let checked = self.checked.iter().map(|request| (Priority::Check, request));
        let mut listed = HashSet::new();
        let mut list = Vec::with_capacity(self.viewed.len() + self.checked.len());
        for (priority, request) in viewed.chain(checked).filter(|(_, request)| listed.insert(request.key)) {
            let previous = previous.get(&request.key);
            let is_network_only = self.bypass_cache.contains(&request.key);
            list.push(Demand {
                since: previous.map_or(revision, |previous| previous.since),
                source: if is_network_only { FetchSource::Network } else { FetchSource::CacheOrNetwork },
                priority,
                host: previous.map_or_else(|| request.url.host_key(), |previous| previous.host.clone()),
                request: request.clone(),
            });
        }
        self.bypass_cache.retain(|key| listed.contains(key));
        self.list = list.into();
    }

    /// Has the next fetch of a key bypass the cache.
    pub(super) fn bypass_cache(&mut self, key: PictureKey) {
        self.bypass_cache.insert(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{AssetId, Offset, PictureKind, PictureUrl},
        picture::EventKey,
    };

    fn key(index: u32) -> PictureKey {
        PictureKey { event: EventKey(0), kind: PictureKind::Sample, index }
    }

    fn request(index: u32) -> PictureRequest {
        PictureRequest {
            key: key(index),
            asset: AssetId::new("a").unwrap(),
            offset: Offset::from_millis(0),
            url: PictureUrl::new("https://h/0.jpg"),
        }
    }

    fn listed(demands: &Demands) -> Vec<(u32, u64, FetchSource)> {
        demands.list.iter().map(|demand| (demand.request.key.index, demand.since, demand.source)).collect()
    }

    #[test]
    fn a_key_that_returns_has_a_new_revision() {
        use FetchSource::CacheOrNetwork;
        let mut demands = Demands::default();
        demands.replace(Priority::View, vec![request(0), request(1)]);
        demands.replace(Priority::View, vec![request(1)]);
        demands.replace(Priority::View, vec![request(0), request(1)]);
        assert_eq!(listed(&demands), [(0, 3, CacheOrNetwork), (1, 1, CacheOrNetwork)]);
    }

    #[test]
    fn the_cache_is_bypassed_while_the_key_is_listed() {
        use FetchSource::{CacheOrNetwork, Network};
        let mut demands = Demands::default();
        demands.bypass_cache(key(0));
        demands.replace(Priority::View, vec![request(0), request(1)]);
        assert_eq!(listed(&demands), [(0, 1, Network), (1, 1, CacheOrNetwork)]);
        demands.replace(Priority::View, vec![]);
        demands.replace(Priority::View, vec![request(0)]);
        assert_eq!(listed(&demands), [(0, 3, CacheOrNetwork)]);
    }

    #[test]
    fn what_is_looked_at_goes_before_what_is_checked() {
        let mut demands = Demands::default();
        demands.replace(Priority::Check, vec![request(0), request(1), request(2)]);
        demands.replace(Priority::View, vec![request(1)]);
        let listed: Vec<_> =
            demands.list.iter().map(|demand| (demand.request.key.index, demand.since, demand.priority)).collect();
        assert_eq!(listed, [(1, 1, Priority::View), (0, 1, Priority::Check), (2, 1, Priority::Check)]);
        demands.replace(Priority::Check, vec![request(2)]);
        demands.replace(Priority::View, vec![]);
        assert_eq!(demands.list.iter().map(|demand| demand.since).collect::<Vec<_>>(), [1]);
    }
}
