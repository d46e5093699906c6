//! Where thumbview may connect to.
//!
//! The addresses come from a log, which an attacker may write, and the operator's host sees the internal network. So
//! the judge acts on the parsed URL and on resolved addresses, never on text, and knows three verdicts: open to all,
//! open where the operator named it, closed for good. It is pure; `connect` and `fetch` ask it before they act.

use super::address::{AddressVerdict, Class};
use ipnet::IpNet;
use std::{fmt, net::IpAddr, str::FromStr};
use url::{Host, Url};

/// What the operator allowed beyond public addresses on ports 80 and 443.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Hosts, each with one port or with both usual ones (`--allow-host`, the key `a`).
    pub allow_hosts: Vec<HostPort>,
    /// Networks (`--allow-cidr`).
    pub allow_nets: Vec<IpNet>,
}

/// Whether the operator named the host of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nobody vouched for it: public addresses and allowed networks only.
    Unlisted,
    /// Named: private addresses too.
    Listed,
}

impl Policy {
    /// Judges a URL before each request, redirects included. A host name passes here on the strength of its name and
    /// port; its addresses are judged by [`Self::admit`] when they are known.
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
        if trust == Trust::Unlisted && !is_usual(port) {
            return Err(Refusal::Port(site));
        }
        Ok(trust)
    }

    /// Judges one address.
    pub(super) fn admit(&self, trust: Trust, ip: IpAddr) -> Result<(), Class> {
        let class = Class::of(ip);
        let ip = ip.to_canonical();
        match class.verdict() {
            AddressVerdict::Open => Ok(()),
            AddressVerdict::OnRequest if trust == Trust::Listed => Ok(()),
            AddressVerdict::OnRequest if self.allow_nets.iter().any(|net| net.contains(&ip)) => Ok(()),
            AddressVerdict::OnRequest | AddressVerdict::Never => Err(class),
        }
    }

    /// Adds a host for this session.
    pub fn allow(&mut self, host: HostPort) -> Result<(), Refusal> {
        if let Some(ip) = host.ip() {
            let class = Class::of(ip);
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

fn is_usual(port: u16) -> bool {
    matches!(port, 80 | 443)
}

/// `HOST` or `HOST:PORT`. Without a port it means 80 and 443.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// As the URL parser spells it: lower case, punycode, addresses in their usual form; no dot at the end.
    host: Host<String>,
    port: Option<u16>,
}

impl HostPort {
    /// Whether a request to `host` and `port` is one to this host.
    pub(super) fn covers(&self, host: &Host<&str>, port: u16) -> bool {
        self.host == undotted(host) && self.port.map_or(is_usual(port), |own| own == port)
    }

    /// Whether a request to `url` is one to this host.
    pub(super) fn covers_url(&self, url: &Url) -> bool {
        url.host().zip(url.port_or_known_default()).is_some_and(|(host, port)| self.covers(&host, port))
    }

    /// The host and port of a URL; without the port where it is a usual one.
    pub(super) fn of(host: &Host<&str>, port: u16) -> Self {
        Self { host: undotted(host), port: (!is_usual(port)).then_some(port) }
    }

    fn ip(&self) -> Option<IpAddr> {
        match self.host {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
        }
    }
}

/// `localhost.` and `localhost` are one name.
fn undotted(host: &Host<&str>) -> Host<String> {
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

    /// Reads `example.com`, `example.com:8080`, `10.0.0.1:80`, `[::1]:8787`.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let not_a_host = || Refusal::NotAHost(text.to_owned());
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_no_port: std::num::ParseIntError| not_a_host())?))
            }
            Some(_) | None => (text, None),
        };
        let host = Host::parse(host).map_err(|_no_host: url::ParseError| not_a_host())?;
        Ok(Self { host: undotted(&borrowed(&host)), port })
    }
}

fn borrowed(host: &Host<String>) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(ip) => Host::Ipv4(*ip),
        Host::Ipv6(ip) => Host::Ipv6(*ip),
    }
}

/// Why a connection is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Text that is no host.
    #[error("{0:?} is neither HOST nor HOST:PORT")]
    NotAHost(String),
    /// A URL that the parser does not take: its own words.
    #[error("not a URL: {0}")]
    NotAUrl(String),
    /// Neither http nor https.
    #[error("{0}: is not fetched, only http: and https: are")]
    Scheme(String),
    /// A user name or a password stands before the host.
    #[error("the URL holds a user name or a password")]
    UserInfo,
    /// No host.
    #[error("the URL names no host")]
    NoHost,
    /// A port that web servers do not use.
    #[error("{0} is neither on port 80 nor on 443")]
    Port(HostPort),
    /// An address that is not public.
    #[error("{}", describe_address(site, *ip, *class))]
    Address {
        /// The host and port of the URL.
        site: HostPort,
        /// The address itself, or what the name stands for.
        ip: IpAddr,
        /// What is special about it.
        class: Class,
    },
    /// A redirect from https to http.
    #[error("a redirect from https to http is not followed")]
    Downgrade,
}

fn describe_address(site: &HostPort, ip: IpAddr, class: Class) -> String {
    match site.ip() {
        Some(_) => format!("{site} is {class}"),
        None => format!("{site} is at {ip}, {class}"),
    }
}

impl Refusal {
    /// The `HOST` or `HOST:PORT` that would be let through if the operator named it.
    pub fn allow(&self) -> Option<&HostPort> {
        match self {
            Self::Port(site) => Some(site),
            Self::Address { site, class, .. } => (class.verdict() == AddressVerdict::OnRequest).then_some(site),
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
            Ok(Err(refusal)) => match refusal.allow() {
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
        check("http://169.254.169.254/latest/", "169.254.169.254 is a cloud's metadata service");
        check("http://169。254。169。254/", "169.254.169.254 is a cloud's metadata service");
        check("http://[::ffff:169.254.169.254]/", "[::ffff:a9fe:a9fe] is a cloud's metadata service");
        check("http://[::1]/", "[::1] is a loopback address | [::1]");
        check("http://0/", "0.0.0.0 is the unspecified address");
        check("http://1.2.3.4.5/", "no URL");
        // A name passes here; its addresses are judged when they are known.
        check("http://localhost./", "Unlisted");
    }

    #[test]
    fn what_the_operator_named() {
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
        check("http://169.254.169.254/", "169.254.169.254 is a cloud's metadata service");
    }

    #[test]
    fn hosts_are_read_and_printed() {
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
    fn what_is_closed_for_good_stays_closed() {
        let mut policy = Policy::default();
        assert!(policy.allow("169.254.169.254".parse().unwrap()).is_err());
        assert_eq!(policy, Policy::default());
        policy.allow("127.0.0.1:1".parse().unwrap()).unwrap();
        policy.allow("127.0.0.1:1".parse().unwrap()).unwrap();
        assert_eq!(policy.allow_hosts.len(), 1);
        let metadata = "169.254.169.254".parse().unwrap();
        assert_eq!(policy.admit(Trust::Listed, metadata), Err(Class::Metadata));
    }
}
