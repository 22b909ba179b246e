//! The paired devices.

use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use super::storage::StorageError;
use crate::domain::device::{Device, DeviceId};
use crate::domain::device_name::{DeviceName, NameKey};
use crate::domain::rotation::PendingSecret;
use crate::domain::token::{Salt, TokenHash};

/// Why a device was not inserted or renamed. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreNameError {
    /// Another device has this name, without regard to case.
    #[error("the name is taken")]
    NameTaken,
    /// There is no such device.
    #[error("no such device")]
    NoSuchDevice,
    /// The change could not be made durable.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The set of paired devices.
///
/// # Contract
///
/// * Every method is atomic, and changes are serialised: of two inserts with one name, one succeeds.
/// * A change is durable before its method returns `Ok`, and visible to every later call. After an error nothing has
///   changed, in memory or in storage, and no later restart brings the change about.
/// * `find` does no I/O when the set is kept in memory, takes no lock that all callers share, and costs the same however
///   many devices there are.
/// * Storage that is damaged or not private is an error, never an empty set.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DeviceStore: Send + Sync {
    /// Adds a device if no other has its name.
    ///
    /// # Errors
    ///
    /// [`StoreNameError::NameTaken`] or [`StoreNameError::Storage`].
    async fn insert(&self, device: Device) -> Result<(), StoreNameError>;

    /// The device with this id.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the storage cannot tell.
    async fn find(&self, id: DeviceId) -> Result<Option<Arc<Device>>, StorageError>;

    /// The device with this name, without regard to case.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the storage cannot tell.
    async fn find_named(&self, name: &NameKey) -> Result<Option<Arc<Device>>, StorageError>;

    /// Removes a device; `None` when there is none with this id.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the removal could not be made durable.
    async fn remove(&self, id: DeviceId) -> Result<Option<Arc<Device>>, StorageError>;

    /// Gives a device another name, if no other device has it. A change of case only is allowed.
    ///
    /// # Errors
    ///
    /// Each variant of [`StoreNameError`].
    async fn rename(&self, id: DeviceId, name: DeviceName) -> Result<(), StoreNameError>;

    /// Replaces the salt and token hash of a device, by [`Device::with_secret`]: the old token and a pending one are refused
    /// from then on. `false` when there is no device with this id.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the change could not be made durable.
    async fn replace_secret(&self, id: DeviceId, salt: Salt, token_hash: TokenHash) -> Result<bool, StorageError>;

    /// Keeps `pending` beside the secret of a device, by [`Device::staging`]. `false` when there is no device with this id, or
    /// its secret is no longer `current`.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the change could not be made durable.
    async fn stage_secret(
        &self,
        id: DeviceId,
        current: TokenHash,
        pending: PendingSecret,
    ) -> Result<bool, StorageError>;

    /// Makes the pending secret of a device its only one, by [`Device::confirming`]: the old token is refused from then on.
    /// `false` when there is no device with this id, or `confirmed` is not its pending secret.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the change could not be made durable.
    async fn confirm_secret(&self, id: DeviceId, confirmed: TokenHash) -> Result<bool, StorageError>;

    /// Whether no device was ever stored here. A set that has become empty is not untouched.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the storage cannot tell.
    async fn is_untouched(&self) -> Result<bool, StorageError>;

    /// All devices, in the order they were paired.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the storage cannot tell.
    async fn list(&self) -> Result<Vec<Arc<Device>>, StorageError>;
}
