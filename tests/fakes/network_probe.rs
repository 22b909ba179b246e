//! A network in which each step ends as it is told to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use async_trait::async_trait;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::link::{Guard, Link};
use netclaw::domain::pin::Pin;
use netclaw::domain::time::WallTime;
use netclaw::ports::network_probe::{HandshakeError, ListenError, NetworkProbe, Proof, StepError};

#[derive(Clone, Debug)]
pub struct FakeNetwork {
    pub resolve: Result<(), StepError>,
    pub connect: Result<(), StepError>,
    /// How TLS by certificate ends.
    pub handshake: Result<Proof, HandshakeError>,
    /// The key of whoever answers, where the key counts; without one TLS is not spoken there.
    pub key: Option<Pin>,
    pub proxy: Option<String>,
    pub time: Option<WallTime>,
    pub listen: Result<(), ListenError>,
}

impl Default for FakeNetwork {
    /// Every way is open, every port is free, and nobody tells the time.
    fn default() -> Self {
        let handshake = Ok(Proof::Certificate { expires_at: None });
        Self { resolve: Ok(()), connect: Ok(()), handshake, key: None, proxy: None, time: None, listen: Ok(()) }
    }
}

#[async_trait]
impl NetworkProbe for FakeNetwork {
    async fn resolve(&self, _endpoint: &Endpoint) -> Result<Vec<IpAddr>, StepError> {
        self.resolve.clone().map(|()| vec![IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))])
    }

    async fn connect(&self, _endpoint: &Endpoint) -> Result<(), StepError> {
        self.connect.clone()
    }

    async fn handshake(&self, link: &Link) -> Result<Proof, HandshakeError> {
        let Guard::Pinned(expected) = link.guard() else { return self.handshake.clone() };
        match self.key {
            Some(key) if expected.accept(&key) => Ok(Proof::Key(key)),
            Some(found) => Err(HandshakeError::WrongKey { expected, found }),
            None => Err(StepError("it does not speak TLS".to_owned()).into()),
        }
    }

    fn proxy(&self, _link: &Link) -> Option<String> {
        self.proxy.clone()
    }

    async fn time_at(&self, _link: &Link) -> Option<WallTime> {
        self.time
    }

    async fn can_listen(&self, _address: SocketAddr) -> Result<(), ListenError> {
        self.listen.clone()
    }
}
