//! The HTTP clients of a session and the connections that they keep open.
//!
//! There is a client for hosts that the operator listed and one for all others, so that neither uses a connection that
//! the other keeps open. Both keep idle connections to a limited number of hosts, so that at most half of the process's
//! descriptors are idle; further hosts, and requests whose connection was lost, are served by a client that keeps none.

use super::{
    client::{self, Connections},
    config::MediaConfig,
    error::FetchError,
    policy::{HostPort, Trust},
};
use reqwest::Client;
use rustix::process::{Resource, getrlimit};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

/// The state of the connections to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// No response has come from it.
    Asked,
    /// A response came, so that its connection may be used again.
    Answered,
}

/// Builds clients when they are needed; see the module.
pub(super) struct Clients {
    config: MediaConfig,
    unlisted: Slot,
    listed: Slot,
    /// Hosts to which connections are kept open.
    kept: Mutex<HashMap<String, Host>>,
    max_kept: usize,
}

/// The clients for one degree of trust.
#[derive(Default)]
struct Slot {
    kept: AsyncMutex<Option<Client>>,
    fresh: AsyncMutex<Option<Client>>,
}

impl Clients {
    pub(super) fn new(config: MediaConfig) -> Self {
        let limit = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
        let max_kept = max_kept_hosts(limit, config.jobs);
        Self { config, unlisted: Slot::default(), listed: Slot::default(), kept: Mutex::default(), max_kept }
    }

    /// Returns the client for a request, and builds it at first use.
    pub(super) async fn get(&self, trust: Trust, connections: Connections) -> Result<Client, FetchError> {
        let slot = self.slot(trust);
        let mut client = match connections {
            Connections::Kept => slot.kept.lock().await,
            Connections::Fresh => slot.fresh.lock().await,
        };
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let config = self.config.clone();
        let built = tokio::task::spawn_blocking(move || client::build(&config, trust, connections))
            .await
            .unwrap_or_else(|error| Err(FetchError::Setup(error.to_string())))?;
        Ok(client.insert(built).clone())
    }

    /// Closes the idle connections of a client. One on which a request got no response may be in any state: a server
    /// that floods it costs time until it is closed.
    pub(super) async fn close(&self, trust: Trust) {
        let slot = self.slot(trust);
        *slot.kept.lock().await = None;
        *slot.fresh.lock().await = None;
    }

    fn slot(&self, trust: Trust) -> &Slot {
        match trust {
            Trust::Unlisted => &self.unlisted,
            Trust::Listed => &self.listed,
        }
    }

    /// Returns the kind of connection for a request to `url`.
    pub(super) fn connections(&self, url: &Url) -> Connections {
        let Some(host) = host_key(url) else { return Connections::Fresh };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.contains_key(&host) {
            return Connections::Kept;
        }
        if kept.len() >= self.max_kept {
            return Connections::Fresh;
        }
        kept.insert(host, Host::Asked);
        Connections::Kept
    }

    /// Notes that a response came from the host of `url`.
    pub(super) fn note_response(&self, url: &Url) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = host_key(url).and_then(|host| kept.get_mut(&host)) {
            *host = Host::Answered;
        }
    }

    /// Returns whether a request to `url` may have used a connection that had served another one before.
    pub(super) fn may_reuse(&self, url: &Url) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        host_key(url).is_some_and(|host| kept.get(&host) == Some(&Host::Answered))
    }
}

fn host_key(url: &Url) -> Option<String> {
    HostPort::of_url(url).map(|host| format!("{}://{host}", url.scheme()))
}

/// Returns the number of hosts to which connections may be kept open, each of which may have `jobs`.
fn max_kept_hosts(descriptors: Option<usize>, jobs: usize) -> usize {
    descriptors.map_or(usize::MAX, |limit| (limit / 2 / jobs.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_connections_take_half_of_the_descriptors() {
        assert_eq!(max_kept_hosts(Some(1024), 6), 85);
        assert_eq!(max_kept_hosts(Some(1024), 0), 512);
        assert_eq!(max_kept_hosts(Some(4), 6), 1);
        assert_eq!(max_kept_hosts(None, 6), usize::MAX);
    }

    #[test]
    fn connections_are_kept_to_the_first_hosts_only() {
        let clients = Clients { max_kept: 2, ..Clients::new(MediaConfig::default()) };
        let check = |url: &str, expected, may_reuse| {
            let url = Url::parse(url).unwrap();
            assert_eq!((clients.connections(&url), clients.may_reuse(&url)), (expected, may_reuse), "{url}");
        };
        check("http://a/", Connections::Kept, false);
        check("https://a/", Connections::Kept, false);
        check("http://b/", Connections::Fresh, false);
        clients.note_response(&Url::parse("http://a/0.jpg").unwrap());
        clients.note_response(&Url::parse("http://b/0.jpg").unwrap());
        check("http://a/1.jpg", Connections::Kept, true);
        check("https://a/1.jpg", Connections::Kept, false);
        check("http://b/1.jpg", Connections::Fresh, false);
    }
}
