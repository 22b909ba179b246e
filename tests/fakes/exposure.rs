//! A way to the outside that is as it is told to be.

use async_trait::async_trait;
use netclaw::domain::endpoint::Endpoint;
use netclaw::ports::exposure::{Exposure, ExposureFault};

#[derive(Debug)]
pub struct FakeExposure(pub Result<Option<Endpoint>, ExposureFault>);

impl Default for FakeExposure {
    fn default() -> Self {
        Self(Ok(Some(Endpoint::parse("http://my-server:5199").unwrap())))
    }
}

#[async_trait]
impl Exposure for FakeExposure {
    async fn inspect(&self) -> Result<Option<Endpoint>, ExposureFault> {
        self.0.clone()
    }
}
