//! Classes of IP addresses, and who may connect to them.
//!
//! A pure table of IANA's special-purpose registries and of the metadata services of clouds. An IPv6 address that
//! embeds an IPv4 address has the stricter class of the two, so that no notation circumvents the policy.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The rule for connections to an address, from lenient to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AddressVerdict {
    /// Always admitted.
    Open,
    /// Admitted if the operator allowed the host or the network.
    IfAllowed,
    /// Never admitted.
    Never,
}

/// The class of an address (IANA's special-purpose registries, RFC 6890).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressClass {
    /// Globally reachable.
    Public,
    /// `127.0.0.0/8`, `::1`.
    Loopback,
    /// RFC 1918, `fc00::/7`, `fec0::/10`.
    Private,
    /// `100.64.0.0/10`, RFC 6598.
    CarrierNat,
    /// `198.18.0.0/15`, RFC 2544; also the addresses that the fake DNS of Clash and of TUN proxies returns.
    Benchmark,
    /// `192.0.0.0/24`, RFC 6890.
    Protocol,
    /// For documents only: RFC 5737, RFC 3849, RFC 9637.
    Documentation,
    /// A cloud's metadata service, which gives credentials to its callers.
    Metadata,
    /// `169.254.0.0/16`, `fe80::/10`.
    LinkLocal,
    /// `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// `0.0.0.0/8`, `::`.
    Unspecified,
    /// `240.0.0.0/4` and IPv6 that is not assigned.
    Reserved,
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::CarrierNat => "an address inside a carrier's network (100.64.0.0/10)",
            Self::Benchmark => "an address of 198.18.0.0/15: a proxy's fake DNS (Clash, TUN)?",
            Self::Protocol => "an address of 192.0.0.0/24",
            Self::Documentation => "an address reserved for documentation",
            Self::Metadata => "a cloud metadata service",
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

impl AddressClass {
    pub(super) fn verdict(self) -> AddressVerdict {
        match self {
            Self::Public => AddressVerdict::Open,
            Self::Loopback
            | Self::Private
            | Self::CarrierNat
            | Self::Benchmark
            | Self::Protocol
            | Self::Documentation => AddressVerdict::IfAllowed,
            Self::Metadata | Self::LinkLocal | Self::Multicast | Self::Unspecified | Self::Reserved => {
                AddressVerdict::Never
            }
        }
    }

    /// Classifies an address. An IPv6 address that embeds IPv4 addresses has the strictest class of them all.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => embedded_v4(ip)
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
            // The last two only embed an IPv4 address, which decides.
            [0x2000..=0x3fff, ..] | [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Self::Public,
            _ => Self::Reserved,
        }
    }
}

/// Returns the IPv4 addresses that an IPv6 address embeds.
fn embedded_v4(ip: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
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
        // Teredo (RFC 4380): the server, and the client with its bits inverted.
        [0x2001, 0, high, low, _, _, client_high, client_low] => [v4(high, low), v4(!client_high, !client_low)],
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_addresses() {
        let check =
            |ip: &str, expected: AddressClass| assert_eq!(AddressClass::of(ip.parse().unwrap()), expected, "{ip}");
        for ip in ["1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "2606:4700::1111"] {
            check(ip, AddressClass::Public);
        }
        for ip in ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"] {
            check(ip, AddressClass::Loopback);
        }
        check("2002:7f00:1::", AddressClass::Loopback);
        check("2001:0:7f00:1:0:0:fefe:fefe", AddressClass::Loopback);
        check("2001:0:101:101:0:0:80ff:fffe", AddressClass::Loopback);
        check("2606:4700::5efe:7f00:1", AddressClass::Loopback);
        check("2606:4700::200:5efe:7f00:1", AddressClass::Loopback);
        for ip in ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1", "fec0::1"] {
            check(ip, AddressClass::Private);
        }
        check("64:ff9b:1::101:101", AddressClass::Private);
        check("100.64.0.1", AddressClass::CarrierNat);
        check("198.19.0.1", AddressClass::Benchmark);
        check("192.0.0.8", AddressClass::Protocol);
        check("2001:db8::1", AddressClass::Documentation);
        for ip in ["100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "::ffff:100.100.100.200"] {
            check(ip, AddressClass::Metadata);
        }
        for ip in ["169.254.0.1", "fe80::1", "febf::1", "2002:a9fe:1::"] {
            check(ip, AddressClass::LinkLocal);
        }
        check("224.0.0.1", AddressClass::Multicast);
        check("ff02::1", AddressClass::Multicast);
        check("0.1.2.3", AddressClass::Unspecified);
        check("::", AddressClass::Unspecified);
        for ip in ["255.255.255.255", "240.0.0.1", "4000::1", "100::1", "2001:20::1"] {
            check(ip, AddressClass::Reserved);
        }
    }
}
