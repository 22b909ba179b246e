//! A way to the outside that is as it is told to be.

use async_trait::async_trait;
use netclaw::domain::client_address::TrustedHops;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::ports::exposure::Exposure;

#[derive(Debug)]
pub struct FakeExposure {
    pub mode: ExposureMode,
    pub trusted_hops: TrustedHops,
    pub public_endpoint: Endpoint,
}

impl Default for FakeExposure {
    fn default() -> Self {
        Self {
            mode: ExposureMode::Local,
            trusted_hops: TrustedHops::NONE,
            public_endpoint: Endpoint::parse("http://my-server:5199").unwrap(),
        }
    }
}

#[async_trait]
impl Exposure for FakeExposure {
    fn mode(&self) -> ExposureMode {
        self.mode
    }

    fn trusted_hops(&self) -> &TrustedHops {
        &self.trusted_hops
    }

    async fn public_endpoint(&self) -> Endpoint {
        self.public_endpoint.clone()
    }
}
