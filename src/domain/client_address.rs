//! Who is asking: one canonical address for every spelling, and the right one behind trusted hops.

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4};
use core::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

/// Entries of forwarding headers that are looked at, from the right: far more hops than any real set-up has.
const MAX_FORWARDED_ENTRIES: usize = 32;

/// The address of a client: IPv4, or IPv6 that is not an IPv4 address in disguise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientAddress(IpAddr);

/// What limits are counted by: an IPv4 address, or the /64 network that a single IPv6 customer rotates in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey(IpAddr);

/// The text is not an IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an IP address")]
pub struct NotAnAddress;

/// Proxies and tunnels whose word on the client's address is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedHops(Vec<IpNet>);

impl ClientAddress {
    /// The canonical form of `ip`: IPv4-mapped (RFC 4291 section 2.5.5.2) and NAT64 (RFC 6052, `64:ff9b::/96`)
    /// addresses become the IPv4 address they stand for.
    pub fn of(ip: IpAddr) -> Self {
        let nat64 = |v6: Ipv6Addr| match v6.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
            _ => None,
        };
        Self(match ip.to_canonical() {
            IpAddr::V6(v6) => nat64(v6).map_or(IpAddr::V6(v6), IpAddr::V4),
            v4 => v4,
        })
    }

    /// The client of a request that came from `peer`, given the values of the forwarding header, first line first.
    ///
    /// The peer itself, unless it is a trusted hop; then the right-most entry that is not one. Entries to the left of
    /// that were written by the client and are not read. An entry that is no address ends the search at the hop that
    /// sent it, so that nonsense is counted against a hop and never against someone else.
    pub fn behind<'a>(
        peer: IpAddr,
        trusted: &TrustedHops,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
    ) -> Self {
        let mut nearest = Self::of(peer);
        let entries = forwarded.rev().flat_map(|line| line.rsplit(','));
        for entry in entries.take(MAX_FORWARDED_ENTRIES) {
            if !trusted.contains(nearest) {
                break;
            }
            match Self::from_str(entry) {
                Ok(address) => nearest = address,
                Err(NotAnAddress) => break,
            }
        }
        nearest
    }

    /// The address itself.
    pub const fn ip(self) -> IpAddr {
        self.0
    }

    /// What the limits of this client are counted by.
    pub fn limit_key(self) -> LimitKey {
        LimitKey(match self.0 {
            IpAddr::V6(v6) => Ipv6Net::new(v6, 64).map_or(self.0, |net| IpAddr::V6(net.network())),
            v4 => v4,
        })
    }

    /// Whether it is an address of this machine's own loopback.
    pub const fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }

    /// Whether it lies in one of these networks, which are made canonical as addresses are.
    pub fn is_in(self, networks: &[IpNet]) -> bool {
        networks.iter().any(|network| canonical(*network).contains(&self.0))
    }
}

impl FromStr for ClientAddress {
    type Err = NotAnAddress;

    /// Reads an address with or without brackets, port and zone, as proxies and people write them.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim().trim_matches('"');
        let Some((inside, port)) = text.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) else {
            let socket = || text.parse().map(|socket: SocketAddrV4| IpAddr::V4(*socket.ip()));
            return without_zone(text).parse().or_else(|_| socket()).map(Self::of).map_err(|_| NotAnAddress);
        };
        let is_port = |port: &str| port.strip_prefix(':').is_some_and(|number| number.parse::<u16>().is_ok());
        let address = without_zone(inside).parse().map_err(|_| NotAnAddress)?;
        if port.is_empty() || is_port(port) { Ok(Self::of(address)) } else { Err(NotAnAddress) }
    }
}

impl FromStr for LimitKey {
    type Err = NotAnAddress;

    /// Reads an address, or the `/64` that [`LimitKey`] is shown as.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let network = text.strip_suffix("/64").filter(|network| network.contains(':'));
        match network.map(str::parse::<Ipv6Addr>) {
            // The first address of a network may stand for an IPv4 address (`64:ff9b::`); the network does not.
            Some(Ok(first)) if matches!(first.segments(), [.., 0, 0, 0, 0]) => Ok(Self(IpAddr::V6(first))),
            _ => network.unwrap_or(text).parse().map(ClientAddress::limit_key),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => f.pad(&alloc::format!("{v6}/64")),
        }
    }
}

impl TrustedHops {
    /// No hop is trusted: every request comes from its peer, whatever its headers say.
    pub const NONE: Self = Self(Vec::new());

    /// The hops in these networks, which are made canonical as addresses are.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into_iter().map(canonical).collect())
    }

    /// This machine's own loopback, from where a tunnel's program connects.
    pub fn loopback() -> Self {
        let v4 = Ipv4Net::new(Ipv4Addr::LOCALHOST, 8).map(IpNet::V4);
        Self(v4.into_iter().chain([IpNet::from(IpAddr::V6(Ipv6Addr::LOCALHOST))]).collect())
    }

    /// Whether `address` is one of them.
    pub fn contains(&self, address: ClientAddress) -> bool {
        self.0.iter().any(|network| network.contains(&address.0))
    }
}

/// The IPv4 network that an IPv6 one stands for, if it lies in a range of IPv4 addresses in disguise.
fn canonical(network: IpNet) -> IpNet {
    match (ClientAddress::of(network.addr()).0, network.prefix_len().checked_sub(96)) {
        (IpAddr::V4(address), Some(length)) => Ipv4Net::new(address, length).map_or(network, IpNet::V4),
        _ => network,
    }
}

/// An IPv6 address means the same with the name of the interface it was seen on (RFC 4007 section 11).
fn without_zone(text: &str) -> &str {
    text.split_once('%').map_or(text, |(address, _zone)| address)
}
