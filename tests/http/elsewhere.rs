//! Connections that seem to come from another machine.

use std::io;
use std::net::IpAddr;

use netclaw::adapters::http::listener::{Accept, Arrival, Peer, Remote};

/// A listener whose connections have another peer, or their own.
pub struct Elsewhere<A> {
    pub listener: A,
    pub peer: Option<IpAddr>,
}

pub struct ElsewhereArrival<R> {
    arrival: R,
    peer: Option<IpAddr>,
}

impl<A: Accept> Accept for Elsewhere<A> {
    type Arrival = ElsewhereArrival<A::Arrival>;

    async fn accept(&self) -> io::Result<Self::Arrival> {
        Ok(ElsewhereArrival { arrival: self.listener.accept().await?, peer: self.peer })
    }
}

impl<R: Arrival> Arrival for ElsewhereArrival<R> {
    type Stream = R::Stream;

    async fn open(self) -> io::Result<(Self::Stream, Peer)> {
        let (stream, peer) = self.arrival.open().await?;
        let peer = match (peer, self.peer) {
            (Peer::Remote(remote), Some(ip)) => {
                let address = (ip, remote.address.port()).into();
                Peer::Remote(Remote { address, ..remote })
            }
            (peer, _) => peer,
        };
        Ok((stream, peer))
    }
}
