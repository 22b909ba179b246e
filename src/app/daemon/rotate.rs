//! Giving a device a new secret, in two steps that survive a crash between and within them.
//!
//! What is answered has been stored: after the first step the new secret, still without power, beside the old one; after the
//! second step the new one alone. A device that loses an answer asks again, with the secret that it has.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tracing::{error, info};
use zeroize::Zeroizing;

use super::DaemonPorts;
use crate::domain::device::{DEVICE_RANDOM_BYTES, Device};
use crate::domain::rotation::Standing;
use crate::domain::rotation_limit::RotationTable;
use crate::domain::time::{MonotonicTime, WallTime};
use crate::domain::token::BearerToken;
use crate::ports::storage::StorageError;

/// A secret that waits for its confirmation.
#[derive(Debug)]
pub struct Staged {
    /// The token, shown this once.
    pub token: BearerToken,
    /// When it can no longer be confirmed.
    pub confirm_before: WallTime,
}

/// Why a step was not taken. The secret that was good before still is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RotateError {
    /// The secret that was shown is no longer the device's, or the device was revoked just now.
    #[error("a valid bearer token is needed")]
    Unauthorized,
    /// The change could not be made or stored. The cause is in the log.
    #[error("the new secret could not be stored; the old one is still good")]
    StorageUnavailable,
    /// The device has asked too often lately.
    #[error("this device asks for new secrets too often; the one that it has is still good")]
    RateLimited {
        /// Whoever waits so long is admitted; never zero.
        retry_after: Duration,
    },
}

/// Replaces the secrets of devices.
pub struct Rotate {
    ports: DaemonPorts,
    asked: Mutex<RotationTable>,
}

impl Rotate {
    /// The use case over these ports.
    pub fn new(ports: DaemonPorts) -> Self {
        Self { ports, asked: Mutex::default() }
    }

    /// Makes a new secret for `device`, which has just shown its current one. An earlier one that was never confirmed is dead.
    ///
    /// # Errors
    ///
    /// [`RotateError`].
    pub async fn stage(&self, device: &Device) -> Result<Staged, RotateError> {
        let now = self.ports.clock.now();
        self.admit(device, now.monotonic)?;
        let now = now.wall;
        let mut random = Zeroizing::new([0; DEVICE_RANDOM_BYTES]);
        self.ports.rng.fill(&mut *random).map_err(|error| unavailable(&StorageError(error.to_string())))?;
        let (pending, token) = device.next_secret(&random, now);
        let current = device.record().token_hash;
        let is_staged = self.ports.devices.stage_secret(device.id(), current, pending).await;
        if !is_staged.map_err(|cause| unavailable(&cause))? {
            return Err(RotateError::Unauthorized);
        }
        info!(device = %device.name(), id = %device.id(), "made a new secret for a device; it waits for its confirmation");
        Ok(Staged { token, confirm_before: pending.confirm_before })
    }

    /// Counts the request, whatever comes of it.
    fn admit(&self, device: &Device, now: MonotonicTime) -> Result<(), RotateError> {
        // What a panic left behind is counted too little at most.
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.admit(device.id(), now).map_err(|retry_after| RotateError::RateLimited { retry_after })
    }

    /// Makes the pending secret that `device` has shown its only one. Nothing is left to do for one that has shown its current
    /// secret: an answer was lost, and it asks again.
    ///
    /// # Errors
    ///
    /// [`RotateError`].
    pub async fn confirm(&self, device: &Device, shown: Standing) -> Result<(), RotateError> {
        let Standing::Pending(hash) = shown else { return Ok(()) };
        let id = device.id();
        if self.ports.devices.confirm_secret(id, hash).await.map_err(|cause| unavailable(&cause))? {
            // What is open was opened with the old secret, perhaps by whoever has stolen it.
            self.ports.open.end_all_of(id);
            info!(device = %device.name(), %id, "a device has a new secret; the old one is refused");
            return Ok(());
        }
        // The same request may have been faster on another connection.
        let found = self.ports.devices.find(id).await.map_err(|cause| unavailable(&cause))?;
        let is_current = found.is_some_and(|device| device.record().token_hash.matches(&hash));
        if is_current { Ok(()) } else { Err(RotateError::Unauthorized) }
    }
}

fn unavailable(cause: &StorageError) -> RotateError {
    error!(%cause, "the secret of a device could not be replaced");
    RotateError::StorageUnavailable
}
