//! A network in which each step ends as it is told to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use async_trait::async_trait;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::time::WallTime;
use netclaw::ports::network_probe::{Certified, ListenError, NetworkProbe, StepError};

#[derive(Clone, Debug)]
pub struct FakeNetwork {
    pub resolve: Result<(), StepError>,
    pub connect: Result<(), StepError>,
    pub handshake: Result<Certified, StepError>,
    pub time: Option<WallTime>,
    pub listen: Result<(), ListenError>,
}

impl Default for FakeNetwork {
    /// Every way is open, every port is free, and nobody tells the time.
    fn default() -> Self {
        let handshake = Ok(Certified { expires_at: None });
        Self { resolve: Ok(()), connect: Ok(()), handshake, time: None, listen: Ok(()) }
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

    async fn handshake(&self, _endpoint: &Endpoint) -> Result<Certified, StepError> {
        self.handshake.clone()
    }

    async fn time_at(&self, _endpoint: &Endpoint) -> Option<WallTime> {
        self.time
    }

    async fn can_listen(&self, _address: SocketAddr) -> Result<(), ListenError> {
        self.listen.clone()
    }
}
