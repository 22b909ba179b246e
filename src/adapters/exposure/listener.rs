//! The listener itself: nothing is in front of the daemon, or nothing that could be asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use async_trait::async_trait;

use crate::domain::endpoint::Endpoint;
use crate::ports::exposure::{Exposure, ExposureFault, FaultKind};

/// Addresses that belong to nobody (RFC 5737, RFC 3849): asking for the way to them sends nothing.
const ELSEWHERE: [(IpAddr, IpAddr); 2] = [
    (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
    (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
];

/// The exposure of a daemon that clients, or a proxy that knows nothing of it, connect to.
#[derive(Debug)]
pub struct ListenerExposure {
    listening: SocketAddr,
}

impl ListenerExposure {
    /// A daemon that listens here.
    pub const fn new(listening: SocketAddr) -> Self {
        Self { listening }
    }
}

#[async_trait]
impl Exposure for ListenerExposure {
    async fn inspect(&self) -> Result<Option<Endpoint>, ExposureFault> {
        if !self.listening.ip().is_unspecified() {
            return Ok(Some(Endpoint::of_listener(self.listening)));
        }
        let address = network_address(self.listening.is_ipv4()).ok_or_else(|| ExposureFault {
            kind: FaultKind::NotSetUp,
            what: "this machine has no network address but loopback".to_owned(),
            fix: "connect it to a network, or set Daemon.ExternalUrl".to_owned(),
        })?;
        Ok(Some(Endpoint::of_listener(SocketAddr::new(address, self.listening.port()))))
    }
}

/// The address that other machines most likely reach this one by: that of the way out, else the first of its networks. An IPv4
/// one if there is any, because a wildcard of either family serves those and they are easier to type.
fn network_address(v4_only: bool) -> Option<IpAddr> {
    let usable = |address: &IpAddr| !address.is_loopback() && !address.is_unspecified() && !is_link_local(*address);
    let ways_out = ELSEWHERE.iter().filter_map(|(any, there)| way_to(*any, *there));
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> =
        ways_out.chain(interfaces.iter().map(if_addrs::Interface::ip)).filter(usable).collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.into_iter().find(|address| address.is_ipv4() || !v4_only)
}

/// The own address on the way to `there`. Connecting a datagram socket only chooses the way.
fn way_to(any: IpAddr, there: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((there, 9)).ok()?;
    socket.local_addr().ok().map(|own| own.ip())
}

/// IPv6 link-local addresses mean nothing without an interface, IPv4 ones are a sign of a network without addresses.
const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}
