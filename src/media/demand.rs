//! The pictures that are wanted now, as the screen hands them to the scheduler.
//!
//! A list replaces the one before it and may do so before the scheduler has seen that one. Each demand therefore carries
//! the revision since which it has been on the list without a break: a key that left and returned between two looks has
//! another revision, and is fetched again.

use crate::picture::{PictureKey, PictureRequest};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// The latest list of wanted pictures, and what is known about its keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Demands {
    /// The number of lists so far.
    revision: u64,
    /// The wanted pictures, most urgent first.
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
    pub(super) request: PictureRequest,
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
    /// Replaces the list.
    pub(super) fn replace(&mut self, wanted: Vec<PictureRequest>) {
        self.revision += 1;
        let revision = self.revision;
        let previous: HashMap<PictureKey, u64> =
            self.list.iter().map(|demand| (demand.request.key, demand.since)).collect();
        let listed: HashSet<PictureKey> = wanted.iter().map(|request| request.key).collect();
        self.bypass_cache.retain(|key| listed.contains(key));
        let demand = |request: PictureRequest| Demand {
            since: previous.get(&request.key).copied().unwrap_or(revision),
            source: if self.bypass_cache.contains(&request.key) {
                FetchSource::Network
            } else {
                FetchSource::CacheOrNetwork
            },
            request,
        };
        self.list = wanted.into_iter().map(demand).collect();
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
        demands.replace(vec![request(0), request(1)]);
        demands.replace(vec![request(1)]);
        demands.replace(vec![request(0), request(1)]);
        assert_eq!(listed(&demands), [(0, 3, CacheOrNetwork), (1, 1, CacheOrNetwork)]);
    }

    #[test]
    fn the_cache_is_bypassed_while_the_key_is_listed() {
        use FetchSource::{CacheOrNetwork, Network};
        let mut demands = Demands::default();
        demands.bypass_cache(key(0));
        demands.replace(vec![request(0), request(1)]);
        assert_eq!(listed(&demands), [(0, 1, Network), (1, 1, CacheOrNetwork)]);
        demands.replace(vec![]);
        demands.replace(vec![request(0)]);
        assert_eq!(listed(&demands), [(0, 3, CacheOrNetwork)]);
    }
}
