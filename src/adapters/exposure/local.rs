//! Local mode: nothing is in front of the daemon.

use async_trait::async_trait;

use crate::domain::client_address::TrustedHops;
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::ExposureMode;
use crate::ports::exposure::Exposure;

/// The exposure of a daemon that is reached from its own machine: by programs there, or at the end of an SSH tunnel.
#[derive(Debug)]
pub struct LocalExposure {
    public: Endpoint,
}

impl LocalExposure {
    /// A daemon that listens at `listener`; `external` is what the operator says that clients type, if anything.
    pub fn new(listener: Endpoint, external: Option<Endpoint>) -> Self {
        Self { public: external.unwrap_or(listener) }
    }
}

#[async_trait]
impl Exposure for LocalExposure {
    fn mode(&self) -> ExposureMode {
        ExposureMode::Local
    }

    fn trusted_hops(&self) -> &TrustedHops {
        const NONE: &TrustedHops = &TrustedHops::NONE;
        NONE
    }

    async fn public_endpoint(&self) -> Endpoint {
        self.public.clone()
    }
}
