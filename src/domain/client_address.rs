//! Who is asking: one canonical address for every spelling, and the right one behind trusted hops.

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::str::FromStr;

use ipnet::{IpNet, Ipv6Net};
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
}

impl FromStr for ClientAddress {
    type Err = NotAnAddress;

    /// Reads an address with or without brackets, port and zone, as proxies and people write them.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim().trim_matches('"');
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let without_zone = bare.split_once('%').map_or(bare, |(address, _zone)| address);
        let socket = || text.parse::<SocketAddr>().map(|socket| socket.ip());
        without_zone.parse::<IpAddr>().or_else(|_| socket()).map(Self::of).map_err(|_| NotAnAddress)
    }
}

impl FromStr for LimitKey {
    type Err = NotAnAddress;

    /// Reads an address, or the `/64` that [`LimitKey`] is shown as.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        text.strip_suffix("/64").unwrap_or(text).parse::<ClientAddress>().map(ClientAddress::limit_key)
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

    /// The hops in these networks.
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether `address` is one of them.
    pub fn contains(&self, address: ClientAddress) -> bool {
        self.0.iter().any(|network| network.contains(&address.0))
    }
}
