//! The policy that decides which hosts may be connected to.
//!
//! The URLs come from a log, which an attacker may write, and this host may reach an internal network. The policy acts
//! on the parsed URL and on resolved addresses, never on text. Public addresses are admitted, internal ones if the
//! operator allowed them, and metadata services never. It is pure; `client` and `fetch` consult it before they connect.

use super::address::{AddressClass, AddressVerdict};
use ipnet::IpNet;
use std::{fmt, net::IpAddr, str::FromStr};
use url::{Host, Url};

/// The hosts and networks that the operator allowed in addition to public addresses on ports 80 and 443.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Allowed hosts (`--allow-host`, the key `a`).
    pub allow_hosts: Vec<HostPort>,
    /// Allowed networks (`--allow-cidr`).
    pub allow_nets: Vec<IpNet>,
}

/// The trust in the host of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Not listed: public addresses and allowed networks only.
    Unlisted,
    /// Listed by the operator: private addresses too.
    Listed,
}

impl Policy {
    /// Checks a URL before each request, redirects included. A host name is checked by its name and port here; its
    /// addresses are checked by [`Self::admit`] after the look-up.
    pub(super) fn judge(&self, url: &Url) -> Result<Trust, Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Refusal::NoHost);
        };
        let listed = self.allow_hosts.iter().any(|allowed| allowed.covers(&host, port));
        let trust = if listed { Trust::Listed } else { Trust::Unlisted };
        let site = HostPort::of(&host, port);
        let literal = match host {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        };
        if let Some(ip) = literal {
            self.admit(trust, ip).map_err(|class| Refusal::Address { site: site.clone(), ip, class })?;
        }
        if trust == Trust::Unlisted && !is_default_port(port) {
            return Err(Refusal::Port(site));
        }
        Ok(trust)
    }

    /// Checks one address.
    pub(super) fn admit(&self, trust: Trust, ip: IpAddr) -> Result<(), AddressClass> {
        let class = AddressClass::of(ip);
        let ip = ip.to_canonical();
        match class.verdict() {
            AddressVerdict::Open => Ok(()),
            AddressVerdict::IfAllowed if trust == Trust::Listed => Ok(()),
            AddressVerdict::IfAllowed if self.allow_nets.iter().any(|net| net.contains(&ip)) => Ok(()),
            AddressVerdict::IfAllowed | AddressVerdict::Never => Err(class),
        }
    }

    /// Returns whether the operator allowed the host of a URL by name.
    pub fn lists(&self, url: &Url) -> bool {
        self.allow_hosts.iter().any(|host| host.covers_url(url))
    }

    /// Allows a host. Fails for addresses that are always refused.
    pub fn allow(&mut self, host: HostPort) -> Result<(), Refusal> {
        if let Some(ip) = host.ip() {
            let class = AddressClass::of(ip);
            if class.verdict() == AddressVerdict::Never {
                return Err(Refusal::Address { site: host, ip, class });
            }
        }
        if !self.allow_hosts.contains(&host) {
            self.allow_hosts.push(host);
        }
        Ok(())
    }
}

fn is_default_port(port: u16) -> bool {
    matches!(port, 80 | 443)
}

/// `HOST` or `HOST:PORT`. Without a port it covers 80 and 443.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// Normalized by the URL parser (lower case, punycode, canonical addresses), without a trailing dot.
    host: Host<String>,
    port: Option<u16>,
}

impl HostPort {
    /// Returns whether `host` and `port` are this host.
    pub(super) fn covers(&self, host: &Host<&str>, port: u16) -> bool {
        self.host == without_trailing_dot(host) && self.port.map_or(is_default_port(port), |own| own == port)
    }

    /// Returns whether `url` is at this host.
    pub(super) fn covers_url(&self, url: &Url) -> bool {
        url.host().zip(url.port_or_known_default()).is_some_and(|(host, port)| self.covers(&host, port))
    }

    /// Returns the host and port of a URL, or `None` if it has no host.
    pub(super) fn of_url(url: &Url) -> Option<Self> {
        url.host().zip(url.port_or_known_default()).map(|(host, port)| Self::of(&host, port))
    }

    fn of(host: &Host<&str>, port: u16) -> Self {
        Self { host: without_trailing_dot(host), port: (!is_default_port(port)).then_some(port) }
    }

    fn ip(&self) -> Option<IpAddr> {
        match self.host {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
        }
    }
}

/// Removes the trailing dot of a name: `localhost.` and `localhost` are the same.
fn without_trailing_dot(host: &Host<&str>) -> Host<String> {
    match host {
        Host::Domain(name) => Host::Domain(name.strip_suffix('.').unwrap_or(name).to_owned()),
        Host::Ipv4(ip) => Host::Ipv4(*ip),
        Host::Ipv6(ip) => Host::Ipv6(*ip),
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl FromStr for HostPort {
    type Err = Refusal;

    /// Parses `example.com`, `example.com:8080`, `10.0.0.1:80`, `[::1]:8787`.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let not_a_host = || Refusal::NotAHost(text.to_owned());
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_no_port: std::num::ParseIntError| not_a_host())?))
            }
            Some(_) | None => (text, None),
        };
        let host = Host::parse(host).map_err(|_no_host: url::ParseError| not_a_host())?;
        Ok(Self { host: without_trailing_dot(&borrowed(&host)), port })
    }
}

fn borrowed(host: &Host<String>) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(ip) => Host::Ipv4(*ip),
        Host::Ipv6(ip) => Host::Ipv6(*ip),
    }
}

/// The reason why a connection is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A text that is not a host.
    #[error("{0:?} is neither HOST nor HOST:PORT")]
    NotAHost(String),
    /// A text that is not a URL, with the parser's message.
    #[error("not a URL: {0}")]
    NotAUrl(String),
    /// Neither http nor https.
    #[error("{0}: is not fetched, only http: and https: are")]
    Scheme(String),
    /// A URL with a user name or a password.
    #[error("the URL holds a user name or a password")]
    UserInfo,
    /// A URL without a host.
    #[error("the URL names no host")]
    NoHost,
    /// A port other than 80 and 443.
    #[error("{0} is neither on port 80 nor on 443")]
    Port(HostPort),
    /// An address that is not public.
    #[error("{}", describe_address(site, *ip, *class))]
    Address {
        /// The host and port of the URL.
        site: HostPort,
        /// The literal address, or one that the name resolved to.
        ip: IpAddr,
        /// The class of the address.
        class: AddressClass,
    },
    /// A redirect from https to http.
    #[error("a redirect from https to http is not followed")]
    Downgrade,
}

fn describe_address(site: &HostPort, ip: IpAddr, class: AddressClass) -> String {
    match site.ip() {
        Some(_) => format!("{site} is {class}"),
        None => format!("{site} is at {ip}, {class}"),
    }
}

impl Refusal {
    /// Returns the host that the operator may allow, if any.
    pub fn allowable(&self) -> Option<&HostPort> {
        match self {
            Self::Port(site) => Some(site),
            Self::Address { site, class, .. } => (class.verdict() == AddressVerdict::IfAllowed).then_some(site),
            Self::NotAHost(_)
            | Self::NotAUrl(_)
            | Self::Scheme(_)
            | Self::UserInfo
            | Self::NoHost
            | Self::Downgrade => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(hosts: &[&str], nets: &[&str]) -> Policy {
        Policy {
            allow_hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
            allow_nets: nets.iter().map(|net| net.parse().unwrap()).collect(),
        }
    }

    fn judged(policy: &Policy, url: &str) -> String {
        match Url::parse(url).map(|url| policy.judge(&url)) {
            Ok(Ok(trust)) => format!("{trust:?}"),
            Ok(Err(refusal)) => match refusal.allowable() {
                Some(host) => format!("{refusal} | {host}"),
                None => refusal.to_string(),
            },
            Err(_) => "no URL".to_owned(),
        }
    }

    #[test]
    fn urls_without_any_flag() {
        let check = |url: &str, expected: &str| assert_eq!(judged(&Policy::default(), url), expected, "{url}");
        check("https://179.cdn-vod.huaweicloud.com/asset/x/0.jpg", "Unlisted");
        check("http://example.com:443/", "Unlisted");
        check("http://example.com:8080/", "example.com:8080 is neither on port 80 nor on 443 | example.com:8080");
        check("http://1.1.1.1/", "Unlisted");
        check("file:///etc/passwd", "file: is not fetched, only http: and https: are");
        check("ftp://example.com/", "ftp: is not fetched, only http: and https: are");
        check("javascript:alert(1)", "javascript: is not fetched, only http: and https: are");
        check("http://user:pw@example.com/", "the URL holds a user name or a password");
        check("http://example.com@127.0.0.1/", "the URL holds a user name or a password");
        check("http://127.0.0.1:8787/", "127.0.0.1:8787 is a loopback address | 127.0.0.1:8787");
        let loopback = "127.0.0.1 is a loopback address | 127.0.0.1";
        for spelling in [
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "127.1",
            "①②⑦.0.0.1",
            "127。0。0。1",
            "127.0.0.1.",
            "0x7f000001",
            "%31%32%37.0.0.1",
            "12\t7.0.0.1",
            "12\n7.0.0.1",
        ] {
            check(&format!("http://{spelling}/"), loopback);
        }
        check("http:\\\\127.0.0.1\\", loopback);
        check("http:127.0.0.1", loopback);
        check("http://169.254.169.254/latest/", "169.254.169.254 is a cloud metadata service");
        check("http://169。254。169。254/", "169.254.169.254 is a cloud metadata service");
        check("http://[::ffff:169.254.169.254]/", "[::ffff:a9fe:a9fe] is a cloud metadata service");
        check("http://[::1]/", "[::1] is a loopback address | [::1]");
        check("http://0/", "0.0.0.0 is the unspecified address");
        check("http://1.2.3.4.5/", "no URL");
        // A name passes here; its addresses are checked after the look-up.
        check("http://localhost./", "Unlisted");
    }

    #[test]
    fn urls_with_allowed_hosts_and_networks() {
        let policy = policy(&["127.0.0.1:8787", "minio.local", "[::1]:9000", "169.254.169.254"], &["10.1.0.0/16"]);
        let check = |url: &str, expected: &str| assert_eq!(judged(&policy, url), expected, "{url}");
        check("http://127.0.0.1:8787/", "Listed");
        check("http://127.1:8787/", "Listed");
        check("http://127.0.0.1/", "127.0.0.1 is a loopback address | 127.0.0.1");
        check("http://127.0.0.1:8788/", "127.0.0.1:8788 is a loopback address | 127.0.0.1:8788");
        check("https://MINIO.local./", "Listed");
        check("https://minio.local:9000/", "minio.local:9000 is neither on port 80 nor on 443 | minio.local:9000");
        check("https://x.minio.local/", "Unlisted");
        check("http://[0:0::1]:9000/", "Listed");
        check("http://10.1.2.3/", "Unlisted");
        check("http://[::ffff:10.1.2.3]/", "Unlisted");
        check("http://10.2.2.3/", "10.2.2.3 is a private address | 10.2.2.3");
        check("http://169.254.169.254/", "169.254.169.254 is a cloud metadata service");
    }

    #[test]
    fn hosts_are_parsed_and_printed() {
        let check = |text: &str, expected: Option<&str>| {
            let host = text.parse::<HostPort>().ok().map(|host| host.to_string());
            assert_eq!(host.as_deref(), expected, "{text}");
        };
        check("Example.COM", Some("example.com"));
        check("example.com.:8080", Some("example.com:8080"));
        check("[::1]:8787", Some("[::1]:8787"));
        check("[::1]", Some("[::1]"));
        check("127.1:80", Some("127.0.0.1:80"));
        check("::1", None);
        check("a b", None);
        check("host:port", None);
        check("http://example.com", None);
        check("", None);
    }

    #[test]
    fn metadata_services_cannot_be_allowed() {
        let mut policy = Policy::default();
        assert!(policy.allow("169.254.169.254".parse().unwrap()).is_err());
        assert_eq!(policy, Policy::default());
        policy.allow("127.0.0.1:1".parse().unwrap()).unwrap();
        policy.allow("127.0.0.1:1".parse().unwrap()).unwrap();
        assert_eq!(policy.allow_hosts.len(), 1);
        let metadata = "169.254.169.254".parse().unwrap();
        assert_eq!(policy.admit(Trust::Listed, metadata), Err(AddressClass::Metadata));
    }
}
