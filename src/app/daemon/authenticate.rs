//! Who is calling.

use std::sync::Arc;

use thiserror::Error;
use tracing::error;

use super::DaemonPorts;
use crate::domain::client_address::ClientAddress;
use crate::domain::device::{Device, is_authentic};
use crate::domain::rotation::{Standing, standing};
use crate::domain::token::BearerToken;
use crate::ports::activity_log::LastUse;

/// The caller of a request that needs a credential.
#[derive(Clone, Debug)]
pub enum Caller {
    /// A paired device.
    Device(Arc<Device>),
    /// Someone on this machine, in a mode that trusts it, without a token.
    ThisMachine,
}

/// A device that has shown one of its secrets, perhaps the one that is not confirmed yet.
#[derive(Clone, Debug)]
pub struct Renewing {
    /// The device, as it was found.
    pub device: Arc<Device>,
    /// Which of them it has shown.
    pub shown: Standing,
}

/// The credential is missing, malformed, unknown, expired or revoked. From outside these look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a valid bearer token is needed")]
pub struct Unauthorized;

/// Checks bearer tokens.
pub struct Authenticate {
    ports: DaemonPorts,
}

impl Authenticate {
    /// The use case over these ports.
    pub const fn new(ports: DaemonPorts) -> Self {
        Self { ports }
    }

    /// The device whose live credential `token` is, and notes that it was used from `client`.
    ///
    /// One map access and one SHA-256, however many devices there are. No I/O.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`], also when the store cannot tell.
    pub async fn device(&self, token: &str, client: ClientAddress) -> Result<Arc<Device>, Unauthorized> {
        let found = self.live(token, client).await;
        self.ports.meter.authenticated(found.is_ok());
        found
    }

    async fn live(&self, token: &str, client: ClientAddress) -> Result<Arc<Device>, Unauthorized> {
        let token = BearerToken::parse(token).map_err(|_| Unauthorized)?;
        let now = self.ports.clock.now().wall;
        let found = self.find(&token).await;
        let authentic = is_authentic(&token, found.as_deref(), now);
        let device = found.filter(|_| authentic).ok_or(Unauthorized)?;
        self.ports.activity.record(device.id(), LastUse { at: now, address: client });
        Ok(device)
    }

    /// The device whose `token` is its live credential, or the one that is to replace it. Only for the confirmation: whoever
    /// shows a pending secret is served nothing else.
    ///
    /// Like [`Authenticate::device`], and a second SHA-256 for a device that has a pending secret.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`], also when the store cannot tell.
    pub async fn renewing(&self, token: &str, client: ClientAddress) -> Result<Renewing, Unauthorized> {
        let found = self.live_or_pending(token, client).await;
        self.ports.meter.authenticated(found.is_ok());
        found
    }

    async fn live_or_pending(&self, token: &str, client: ClientAddress) -> Result<Renewing, Unauthorized> {
        let token = BearerToken::parse(token).map_err(|_| Unauthorized)?;
        let now = self.ports.clock.now().wall;
        let found = self.find(&token).await;
        let shown = standing(&token, found.as_deref(), now).ok_or(Unauthorized)?;
        let device = found.ok_or(Unauthorized)?;
        self.ports.activity.record(device.id(), LastUse { at: now, address: client });
        Ok(Renewing { device, shown })
    }

    async fn find(&self, token: &BearerToken) -> Option<Arc<Device>> {
        self.ports.devices.find(token.device()).await.unwrap_or_else(|cause| {
            error!(%cause, "a token could not be checked");
            None
        })
    }
}
