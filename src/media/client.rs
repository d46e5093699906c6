//! Builds the HTTP clients; the only place where a name is resolved.
//!
//! Each client filters the resolver's addresses by the policy, so that a connection uses an address that was checked,
//! without a second look-up. Clients follow no redirects, send no Referer, and ignore the environment's proxy.

use super::{
    config::MediaConfig,
    error::{FetchError, LookupError, error_chain},
    policy::{Policy, Trust},
    roots::TrustedRoots,
};
use crate::regular_file::{self, SymbolicLink};
use reqwest::{
    Certificate, Client, Proxy,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use std::{io, net::SocketAddr, path::Path, pin::Pin, sync::Arc, time::Duration};

/// The value of the `User-Agent` header.
const USER_AGENT: &str = concat!("thumbview/", env!("CARGO_PKG_VERSION"));

/// The connections of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// Idle connections are kept open and used again.
    Kept,
    /// Each request has a connection of its own.
    Fresh,
}

/// Builds a client. Blocks: it reads the certificate files, which takes some milliseconds.
pub(super) fn build(config: &MediaConfig, trust: Trust, connections: Connections) -> Result<Client, FetchError> {
    let connect_timeout = config.idle_timeout / 2;
    let of_file = roots_of_file(config.ca_file.as_deref())?;
    let mut roots = match TrustedRoots::find().beside_system() {
        Err(_) if !of_file.is_empty() => Vec::new(),
        roots => roots.map_err(FetchError::Setup)?,
    };
    roots.extend(of_file);
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(connect_timeout)
        .pool_max_idle_per_host(match connections {
            Connections::Kept => config.jobs,
            Connections::Fresh => 0,
        })
        .tls_certs_merge(roots);
    let builder = match &config.proxy {
        // The proxy resolves the names; only literal addresses are still checked.
        Some(proxy) => builder.proxy(Proxy::all(proxy.clone()).map_err(|error| setup(&error.without_url()))?),
        None => builder.dns_resolver(Arc::new(PolicyResolver {
            policy: config.policy.clone(),
            trust,
            // Less than the time to connect, so that the error tells which of the two took too long.
            timeout: connect_timeout * 4 / 5,
            lookup: system_lookup,
        })),
    };
    builder.build().map_err(|error| setup(&error.without_url()))
}

fn setup(error: &dyn std::error::Error) -> FetchError {
    FetchError::Setup(error_chain(error))
}

/// The largest file of certificate authorities, in bytes; that of a system has about 250 KB.
const MAX_CA_BYTES: u64 = 16 << 20;

fn roots_of_file(file: Option<&Path>) -> Result<Vec<Certificate>, FetchError> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let unusable = |cause: String| FetchError::Setup(format!("--ca-file {}: {cause}", file.display()));
    let pem =
        regular_file::read(file, SymbolicLink::Followed, MAX_CA_BYTES).map_err(|error| unusable(error.to_string()))?;
    let roots = Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
    if roots.is_empty() {
        return Err(unusable("holds no certificate".to_owned()));
    }
    Ok(roots)
}

/// The system's resolver without the addresses that the policy refuses.
struct PolicyResolver {
    policy: Policy,
    trust: Trust,
    timeout: Duration,
    lookup: fn(Name) -> LookupFuture,
}

/// A name look-up in progress.
type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

fn system_lookup(name: Name) -> LookupFuture {
    Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
}

impl Resolve for PolicyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, trust, timeout) = (self.policy.clone(), self.trust, self.timeout);
        let addresses = (self.lookup)(name);
        Box::pin(async move {
            let found = tokio::time::timeout(timeout, addresses)
                .await
                .map_err(|_elapsed| LookupError::Timeout(timeout))?
                .map_err(LookupError::System)?;
            let admitted = admitted(&policy, trust, found.into_iter())?;
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

/// Returns the addresses that the policy admits, or the first refusal if none is left.
fn admitted(
    policy: &Policy,
    trust: Trust,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, LookupError> {
    let mut refused = None;
    let mut admitted = Vec::new();
    for address in found {
        match policy.admit(trust, address.ip()) {
            Ok(()) => admitted.push(address),
            Err(class) => refused = refused.or(Some(LookupError::Refused { ip: address.ip(), class })),
        }
    }
    if admitted.is_empty() { Err(refused.unwrap_or(LookupError::NoAddress)) } else { Ok(admitted) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU16, Ordering};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    fn count_admitted(trust: Trust, ips: &[&str]) -> Result<usize, String> {
        let found = ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0));
        admitted(&Policy::default(), trust, found).map(|admitted| admitted.len()).map_err(|error| error.to_string())
    }

    #[test]
    fn refused_addresses_are_left_out() {
        let check = |trust, ips: &[&str], expected: Result<usize, &str>| {
            assert_eq!(count_admitted(trust, ips), expected.map_err(str::to_owned), "{ips:?}");
        };
        check(Trust::Unlisted, &["1.1.1.1", "2606:4700::1111"], Ok(2));
        check(Trust::Unlisted, &["127.0.0.1", "1.1.1.1"], Ok(1));
        check(Trust::Unlisted, &["127.0.0.1", "10.0.0.1"], Err("127.0.0.1 is a loopback address"));
        check(Trust::Listed, &["127.0.0.1", "10.0.0.1"], Ok(2));
        check(Trust::Listed, &["169.254.169.254"], Err("169.254.169.254 is a cloud metadata service"));
        check(Trust::Listed, &["::ffff:169.254.1.1"], Err("::ffff:169.254.1.1 is a link-local address"));
        check(Trust::Unlisted, &[], Err("the name has no address"));
    }

    /// A name that first resolves to an allowed address and then to a refused one (DNS rebinding).
    #[tokio::test]
    async fn each_lookup_is_checked() {
        static LOOKUPS: AtomicU16 = AtomicU16::new(0);
        fn flips(_name: Name) -> LookupFuture {
            let host = if LOOKUPS.fetch_add(1, Ordering::Relaxed) == 0 { [127, 0, 0, 2] } else { [127, 0, 0, 1] };
            Box::pin(std::future::ready(Ok(vec![SocketAddr::from((host, 0))])))
        }
        let Ok(allowed) = TcpListener::bind("127.0.0.2:0").await else {
            eprintln!("skipped: this system has no 127.0.0.2");
            return;
        };
        let port = allowed.local_addr().unwrap().port();
        let forbidden = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let answers = tokio::spawn(async move {
            let (mut peer, _) = allowed.accept().await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            let request = peer.read(&mut [0; 1024]).await.unwrap();
            assert!(request > 0);
            peer.write_all(answer).await.unwrap();
        });
        let policy = Policy { allow_nets: vec!["127.0.0.2/32".parse().unwrap()], ..Policy::default() };
        let resolver =
            PolicyResolver { policy, trust: Trust::Unlisted, timeout: Duration::from_secs(5), lookup: flips };
        let client = Client::builder().no_proxy().dns_resolver(Arc::new(resolver)).build().unwrap();
        let get = || client.get(format!("http://flips.example:{port}/")).send();
        assert_eq!(get().await.unwrap().text().await.unwrap(), "ok");
        answers.await.unwrap();
        let refused = error_chain(&get().await.unwrap_err().without_url());
        assert!(refused.contains("127.0.0.1 is a loopback address"), "{refused}");
        let asked = tokio::time::timeout(Duration::from_millis(50), forbidden.accept()).await;
        assert!(asked.is_err(), "no connection was made");
        assert_eq!(LOOKUPS.load(Ordering::Relaxed), 2);
    }
}
