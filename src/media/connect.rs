//! The HTTP clients, and the one place where a name becomes addresses.
//!
//! Each client filters what the resolver gives by the policy, so that the connection uses an address that was judged,
//! with no second look-up. There are two of them, one for hosts that the operator named and one for all others: a
//! connection that one of them keeps is never used by the other. Neither follows redirects, sends a Referer, or reads
//! the environment's proxy.

use super::{
    MediaConfig,
    address::Class,
    fetch::FetchError,
    policy::{Policy, Trust},
};
use reqwest::{
    Certificate, Client, Proxy,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

/// What servers see of us.
const USER_AGENT: &str = concat!("thumbview/", env!("CARGO_PKG_VERSION"));

/// Builds a client. Takes some milliseconds and reads files, so it runs on a blocking thread.
pub(super) fn client(config: &MediaConfig, trust: Trust) -> Result<Client, FetchError> {
    let connecting = config.silence / 2;
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(connecting)
        .pool_max_idle_per_host(config.jobs)
        .tls_certs_merge(extra_roots(config.ca_file.as_deref())?);
    let builder = match &config.proxy {
        // The proxy is the operator's word and does the look-up; only literal addresses are still judged.
        Some(proxy) => builder.proxy(Proxy::all(proxy.clone()).map_err(|error| setup(&error.without_url()))?),
        None => builder.dns_resolver(Arc::new(Judged {
            policy: config.policy.clone(),
            trust,
            // Less than connecting may take, so that the operator learns which of the two took too long.
            limit: connecting * 4 / 5,
            look_up: system,
        })),
    };
    builder.build().map_err(|error| setup(&error.without_url()))
}

fn setup(error: &dyn std::error::Error) -> FetchError {
    FetchError::Setup(super::fetch::chain(error))
}

fn extra_roots(file: Option<&Path>) -> Result<Vec<Certificate>, FetchError> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let unusable = |why: String| FetchError::Setup(format!("--ca-file {}: {why}", file.display()));
    let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
    let roots = Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
    if roots.is_empty() {
        return Err(unusable("holds no certificate".to_owned()));
    }
    Ok(roots)
}

/// The system's resolver, less the addresses that the policy refuses.
struct Judged {
    policy: Policy,
    trust: Trust,
    limit: Duration,
    look_up: fn(Name) -> LookUp,
}

/// The addresses of a name, on their way.
type LookUp = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

fn system(name: Name) -> LookUp {
    Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
}

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, trust, limit) = (self.policy.clone(), self.trust, self.limit);
        let addresses = (self.look_up)(name);
        Box::pin(async move {
            let found = tokio::time::timeout(limit, addresses)
                .await
                .map_err(|_elapsed| LookupError::Slow(limit))?
                .map_err(LookupError::System)?;
            let good = sift(&policy, trust, found.into_iter())?;
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// Why a name gave no address to connect to. Found again in the chain of the client's error.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    #[error("the name look-up took more than {0:?}")]
    Slow(Duration),
    #[error("{0}")]
    System(io::Error),
    #[error("{ip} is {class}")]
    Refused { ip: IpAddr, class: Class },
    #[error("the name has no address")]
    Nothing,
}

/// Keeps the addresses that the policy admits. Where none is left, the first refusal says why.
fn sift(
    policy: &Policy,
    trust: Trust,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, LookupError> {
    let mut refused = None;
    let mut good = Vec::new();
    for address in found {
        match policy.admit(trust, address.ip()) {
            Ok(()) => good.push(address),
            Err(class) => refused = refused.or(Some(LookupError::Refused { ip: address.ip(), class })),
        }
    }
    if good.is_empty() { Err(refused.unwrap_or(LookupError::Nothing)) } else { Ok(good) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU16, Ordering};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    fn sifted(trust: Trust, ips: &[&str]) -> Result<usize, String> {
        let found = ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0));
        sift(&Policy::default(), trust, found).map(|good| good.len()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_address_is_judged() {
        let check = |trust, ips: &[&str], expected: Result<usize, &str>| {
            assert_eq!(sifted(trust, ips), expected.map_err(str::to_owned), "{ips:?}");
        };
        check(Trust::Unlisted, &["1.1.1.1", "2606:4700::1111"], Ok(2));
        check(Trust::Unlisted, &["127.0.0.1", "1.1.1.1"], Ok(1));
        check(Trust::Unlisted, &["127.0.0.1", "10.0.0.1"], Err("127.0.0.1 is a loopback address"));
        check(Trust::Listed, &["127.0.0.1", "10.0.0.1"], Ok(2));
        check(Trust::Listed, &["169.254.169.254"], Err("169.254.169.254 is a cloud's metadata service"));
        check(Trust::Listed, &["::ffff:169.254.1.1"], Err("::ffff:169.254.1.1 is a link-local address"));
        check(Trust::Unlisted, &[], Err("the name has no address"));
    }
    /// A name that is first at an address that is allowed and then at one that is not, as an attacker's server gives it.
    #[tokio::test]
    async fn a_name_that_moves_is_judged_each_time() {
        static LOOK_UPS: AtomicU16 = AtomicU16::new(0);
        fn flips(_name: Name) -> LookUp {
            let host = if LOOK_UPS.fetch_add(1, Ordering::Relaxed) == 0 { [127, 0, 0, 2] } else { [127, 0, 0, 1] };
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
        let judged = Judged { policy, trust: Trust::Unlisted, limit: Duration::from_secs(5), look_up: flips };
        let client = Client::builder().no_proxy().dns_resolver(Arc::new(judged)).build().unwrap();
        let get = || client.get(format!("http://flips.example:{port}/")).send();
        assert_eq!(get().await.unwrap().text().await.unwrap(), "ok");
        answers.await.unwrap();
        let refused = super::super::fetch::chain(&get().await.unwrap_err().without_url());
        assert!(refused.contains("127.0.0.1 is a loopback address"), "{refused}");
        let asked = tokio::time::timeout(Duration::from_millis(50), forbidden.accept()).await;
        assert!(asked.is_err(), "no connection was made");
        assert_eq!(LOOK_UPS.load(Ordering::Relaxed), 2);
    }
}
