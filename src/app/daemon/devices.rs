//! Listing, renaming and revoking devices.

use std::sync::Arc;

use thiserror::Error;
use tracing::{info, warn};

use super::DaemonPorts;
use crate::domain::device::{Device, DeviceId};
use crate::domain::device_name::{DeviceName, NameKey};
use crate::domain::exposure::ExposureMode;
use crate::ports::control_channel::{DeviceSummary, Revoked};
use crate::ports::daemon_api::DeviceIdentity;
use crate::ports::device_store::StoreNameError;
use crate::ports::storage::StorageError;

/// Looks after the devices that there are.
pub struct Devices {
    ports: DaemonPorts,
    mode: ExposureMode,
}

/// Why a device was not revoked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RevokeError {
    /// There is no such device.
    #[error("no such device")]
    NoSuchDevice,
    /// The change could not be made durable; the device is still paired.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Devices {
    /// The use case of a daemon that is exposed in this mode.
    pub const fn new(ports: DaemonPorts, mode: ExposureMode) -> Self {
        Self { ports, mode }
    }

    /// All devices, in the order they were paired.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store cannot tell.
    pub async fn list(&self) -> Result<Vec<DeviceSummary>, StorageError> {
        let now = self.ports.clock.now().wall;
        let summary = |device: Arc<Device>| DeviceSummary {
            device: identity(&device),
            bootstrap: device.record().bootstrap,
            created_at: device.record().created_at,
            expires_at: device.record().expires_at,
            has_expired: device.has_expired(now),
            last_use: self.ports.activity.last_use(device.id()),
        };
        Ok(self.ports.devices.list().await?.into_iter().map(summary).collect())
    }

    /// Revokes the device with this name, for good: once this has answered, its token is refused.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub async fn revoke_named(&self, name: &str) -> Result<Revoked, RevokeError> {
        let device = self.ports.devices.find_named(&NameKey::of_typed(name)).await?;
        self.revoke(device.ok_or(RevokeError::NoSuchDevice)?.id()).await
    }

    /// Revokes the device with this id.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub async fn revoke(&self, id: DeviceId) -> Result<Revoked, RevokeError> {
        let now = self.ports.clock.now().wall;
        let device = self.ports.devices.remove(id).await?.ok_or(RevokeError::NoSuchDevice)?;
        self.ports.open.end_all_of(id);
        self.ports.activity.forget(id);
        info!(device = %device.name(), %id, "revoked a device");
        let is_needed = !self.mode.profile().trusts_loopback;
        let nobody_is_left = |all: Vec<Arc<Device>>| all.iter().all(|device| device.has_expired(now));
        let was_last = is_needed && self.ports.devices.list().await.is_ok_and(nobody_is_left);
        if was_last {
            warn!("no device is left, and nobody else is served; to pair one: netclaw daemon pair");
        }
        Ok(Revoked { device: identity(&device), was_bootstrap: device.record().bootstrap, was_last })
    }

    /// Gives the device with the name `old` another one.
    ///
    /// # Errors
    ///
    /// [`StoreNameError`].
    pub async fn rename(&self, old: &str, new: DeviceName) -> Result<DeviceIdentity, StoreNameError> {
        let device = self.ports.devices.find_named(&NameKey::of_typed(old)).await?;
        let id = device.ok_or(StoreNameError::NoSuchDevice)?.id();
        self.ports.devices.rename(id, new.clone()).await?;
        info!(device = %new, %id, "renamed a device");
        Ok(DeviceIdentity { id, name: new })
    }
}

fn identity(device: &Device) -> DeviceIdentity {
    DeviceIdentity { id: device.id(), name: device.name().clone() }
}
