//! When and from where each device was last seen.

use async_trait::async_trait;

use super::storage::StorageError;
use crate::domain::client_address::ClientAddress;
use crate::domain::device::DeviceId;
use crate::domain::time::WallTime;

/// The last use of a device's credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: WallTime,
    /// From where.
    pub address: ClientAddress,
}

/// Soft data about devices: losing it loses nothing else.
///
/// # Contract
///
/// * `record` returns at once: it does no I/O and takes no lock that all callers share. Storage follows on `flush`.
/// * Only the last use of each device is kept, and `forget` ends that, so that the log never outgrows the device set.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ActivityLog: Send + Sync {
    /// Notes that `device` was used.
    fn record(&self, device: DeviceId, last_use: LastUse);

    /// The last use of `device`, if it was ever used.
    fn last_use(&self, device: DeviceId) -> Option<LastUse>;

    /// Drops what is known of `device`.
    fn forget(&self, device: DeviceId);

    /// Stores what was recorded since the last call, if anything was.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it could not be stored; the next call tries again.
    async fn flush(&self) -> Result<(), StorageError>;
}
