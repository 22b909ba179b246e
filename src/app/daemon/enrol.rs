//! Making a device of a redeemed code: what every way of proving a code ends with.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt;
use thiserror::Error;
use tracing::{error, info};
use zeroize::Zeroizing;

use super::DaemonPorts;
use crate::domain::client_address::ClientAddress;
use crate::domain::device::{DEVICE_RANDOM_BYTES, Device};
use crate::domain::device_name::{DeviceName, NameError};
use crate::domain::session::{Generation, RedeemedCode};
use crate::domain::time::Now;
use crate::domain::token::BearerToken;
use crate::ports::daemon_api::DeviceIdentity;
use crate::ports::device_store::StoreNameError;
use crate::ports::storage::StorageError;

/// What a client is given.
#[derive(Debug)]
pub struct Enrolled {
    /// The credential, shown this once.
    pub token: BearerToken,
    /// The new device.
    pub device: DeviceIdentity,
}

/// Why a right code led to no device. The code stays valid.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EnrolError {
    /// The name is not allowed.
    #[error(transparent)]
    InvalidDeviceName(#[from] NameError),
    /// The name is in use.
    #[error("another device is already named \"{0}\"")]
    NameTaken(DeviceName),
    /// The device could not be made or stored. The cause is in the log.
    #[error("the device could not be stored")]
    StorageUnavailable,
}

/// Makes a device and stores it, then commits the code; releases the code if there is no device.
pub(super) async fn enrol(
    ports: &DaemonPorts,
    proof: RedeemedCode,
    name: &str,
    client: ClientAddress,
    now: Now,
) -> Result<Enrolled, EnrolError> {
    let generation = proof.generation();
    // What panics in there does so before the store is asked, whose own failures are errors: there is no device yet.
    match or_release(ports, generation, store(ports, proof, name, now)).await {
        Ok(enrolled) => {
            ports.slot.commit(generation, enrolled.device.id).await;
            info!(device = %enrolled.device.name, id = %enrolled.device.id, %client, "paired a device");
            Ok(enrolled)
        }
        Err(why) => {
            ports.slot.release(generation).await;
            info!(%client, "a right pairing code led to no device: {why}; the code stays valid");
            Err(why)
        }
    }
}

/// Does what a reserved code waits for. A panic in it releases the code and goes on.
async fn or_release<T>(ports: &DaemonPorts, generation: Generation, work: impl Future<Output = T>) -> T {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => done,
        Err(panic) => {
            ports.slot.release(generation).await;
            resume_unwind(panic)
        }
    }
}

async fn store(ports: &DaemonPorts, proof: RedeemedCode, name: &str, now: Now) -> Result<Enrolled, EnrolError> {
    let name = proof.terms().name_for(name)?;
    let mut random = Zeroizing::new([0; DEVICE_RANDOM_BYTES]);
    ports.rng.fill(&mut *random).map_err(|error| unavailable(&StorageError(error.to_string())))?;
    let (device, token) = Device::enrol(proof, name, &random, now.wall);
    let identity = DeviceIdentity { id: device.id(), name: device.name().clone() };
    match ports.devices.insert(device).await {
        Ok(()) => Ok(Enrolled { token, device: identity }),
        Err(StoreNameError::NameTaken) => Err(EnrolError::NameTaken(identity.name)),
        Err(StoreNameError::NoSuchDevice) => Err(unavailable(&StorageError("the device vanished".into()))),
        Err(StoreNameError::Storage(error)) => Err(unavailable(&error)),
    }
}

fn unavailable(cause: &StorageError) -> EnrolError {
    error!(%cause, "a device could not be stored");
    EnrolError::StorageUnavailable
}
