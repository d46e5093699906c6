//! Where thumbview may connect to.
//!
//! The addresses come from a log, which an attacker may write, and the operator's host sees the internal network. So
//! the judge acts on the parsed URL and on resolved addresses, never on text, and knows three verdicts: open to all,
//! open where the operator named it, closed for good. It is pure; `connect` and `fetch` ask it before they act.

use ipnet::IpNet;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};
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
            Verdict::Open => Ok(()),
            Verdict::OnRequest if trust == Trust::Listed => Ok(()),
            Verdict::OnRequest if self.allow_nets.iter().any(|net| net.contains(&ip)) => Ok(()),
            Verdict::OnRequest | Verdict::Never => Err(class),
        }
    }

    /// Adds a host for this session.
    pub fn allow(&mut self, host: HostPort) -> Result<(), Refusal> {
        if let Some(ip) = host.ip() {
            let class = Class::of(ip);
            if class.verdict() == Verdict::Never {
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
            Self::Address { site, class, .. } => (class.verdict() == Verdict::OnRequest).then_some(site),
            Self::NotAHost(_)
            | Self::NotAUrl(_)
            | Self::Scheme(_)
            | Self::UserInfo
            | Self::NoHost
            | Self::Downgrade => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Open,
    OnRequest,
    Never,
}

/// What is special about an address (IANA's special-purpose registries, RFC 6890).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Anybody's.
    Public,
    /// This host.
    Loopback,
    /// RFC 1918, `fc00::/7`, `fec0::/10`.
    Private,
    /// `100.64.0.0/10`, RFC 6598.
    CarrierNat,
    /// `198.18.0.0/15`, RFC 2544; what the fake DNS of Clash and of TUN proxies hands out.
    Benchmark,
    /// `192.0.0.0/24`, RFC 6890.
    Protocol,
    /// Printed in documents, routed nowhere: RFC 5737, RFC 3849, RFC 9637.
    Documentation,
    /// A cloud's metadata service, which hands out keys.
    Metadata,
    /// `169.254.0.0/16`, `fe80::/10`.
    LinkLocal,
    /// `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// `0.0.0.0/8`, `::`.
    Unspecified,
    /// `240.0.0.0/4` and IPv6 that nobody was given.
    Reserved,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::CarrierNat => "a carrier's inner address (100.64.0.0/10)",
            Self::Benchmark => "an address of 198.18.0.0/15: a proxy's fake DNS (Clash, TUN)?",
            Self::Protocol => "an address of 192.0.0.0/24",
            Self::Documentation => "an address for documents only",
            Self::Metadata => "a cloud's metadata service",
            Self::LinkLocal => "a link-local address",
            Self::Multicast => "a multicast address",
            Self::Unspecified => "the unspecified address",
            Self::Reserved => "a reserved address",
        })
    }
}

/// Metadata services outside the link-local network: Alibaba, Oracle, Azure's wire server.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(168, 63, 129, 16)];

/// Metadata services over IPv6: AWS, Google.
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

impl Class {
    fn verdict(self) -> Verdict {
        match self {
            Self::Public => Verdict::Open,
            Self::Loopback
            | Self::Private
            | Self::CarrierNat
            | Self::Benchmark
            | Self::Protocol
            | Self::Documentation => Verdict::OnRequest,
            Self::Metadata | Self::LinkLocal | Self::Multicast | Self::Unspecified | Self::Reserved => Verdict::Never,
        }
    }

    /// Classifies an address. An IPv6 address that carries an IPv4 one is as bad as the worse of the two.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => carried(ip)
                .into_iter()
                .flatten()
                .map(Self::of_v4)
                .chain([Self::of_v6(ip)])
                .max_by_key(|class| class.verdict())
                .unwrap_or(Self::Reserved),
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        if METADATA_V4.contains(&ip) {
            return Self::Metadata;
        }
        match ip.octets() {
            [169, 254, 169, 254] => Self::Metadata,
            [0, ..] => Self::Unspecified,
            [127, ..] => Self::Loopback,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Self::Private,
            [100, 64..=127, ..] => Self::CarrierNat,
            [169, 254, ..] => Self::LinkLocal,
            [192, 0, 0, _] => Self::Protocol,
            [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Self::Documentation,
            [198, 18..=19, ..] => Self::Benchmark,
            [224..=239, ..] => Self::Multicast,
            [192, 88, 99, _] | [240..=255, ..] => Self::Reserved,
            _ => Self::Public,
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        if METADATA_V6.contains(&ip) {
            return Self::Metadata;
        }
        match ip.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0x64, 0xff9b, 1, ..] | [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Self::Private,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xff00..=0xffff, ..] => Self::Multicast,
            [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Self::Documentation,
            // Benchmarks (RFC 5180) and ORCHIDs (RFC 4843, RFC 7343), which are no locators.
            [0x2001, 2, 0, ..] | [0x2001, 0x10..=0x2f, ..] => Self::Reserved,
            // The last two only wrap an IPv4 address, and that one decides.
            [0x2000..=0x3fff, ..] | [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Self::Public,
            _ => Self::Reserved,
        }
    }
}

/// The IPv4 addresses within an IPv6 one.
fn carried(ip: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None, None],
        // IPv4-compatible and IPv4-mapped (RFC 4291), NAT64 (RFC 6052, RFC 8215), ISATAP (RFC 5214), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [_, _, _, _, 0 | 0x200, 0x5efe, high, low]
        | [0x2002, high, low, ..] => [v4(high, low), None],
        // Teredo (RFC 4380): the server, and the client with its bits turned.
        [0x2001, 0, high, low, _, _, client_high, client_low] => [v4(high, low), v4(!client_high, !client_low)],
        _ => [None, None],
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
    fn addresses() {
        let check = |ip: &str, expected: Class| assert_eq!(Class::of(ip.parse().unwrap()), expected, "{ip}");
        for ip in ["1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "2606:4700::1111"] {
            check(ip, Class::Public);
        }
        for ip in ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"] {
            check(ip, Class::Loopback);
        }
        check("2002:7f00:1::", Class::Loopback);
        check("2001:0:7f00:1:0:0:fefe:fefe", Class::Loopback);
        check("2001:0:101:101:0:0:80ff:fffe", Class::Loopback);
        check("2606:4700::5efe:7f00:1", Class::Loopback);
        check("2606:4700::200:5efe:7f00:1", Class::Loopback);
        for ip in ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1", "fec0::1"] {
            check(ip, Class::Private);
        }
        check("64:ff9b:1::101:101", Class::Private);
        check("100.64.0.1", Class::CarrierNat);
        check("198.19.0.1", Class::Benchmark);
        check("192.0.0.8", Class::Protocol);
        check("2001:db8::1", Class::Documentation);
        for ip in ["100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "::ffff:100.100.100.200"] {
            check(ip, Class::Metadata);
        }
        for ip in ["169.254.0.1", "fe80::1", "febf::1", "2002:a9fe:1::"] {
            check(ip, Class::LinkLocal);
        }
        check("224.0.0.1", Class::Multicast);
        check("ff02::1", Class::Multicast);
        check("0.1.2.3", Class::Unspecified);
        check("::", Class::Unspecified);
        for ip in ["255.255.255.255", "240.0.0.1", "4000::1", "100::1", "2001:20::1"] {
            check(ip, Class::Reserved);
        }
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
