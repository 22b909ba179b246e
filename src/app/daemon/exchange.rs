//! Exchanging a pairing code for a token: the one door through which a stranger becomes a device.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use futures_util::FutureExt;
use thiserror::Error;
use tracing::{error, info, warn};
use zeroize::Zeroizing;

use super::DaemonPorts;
use crate::domain::attempts::Refusal;
use crate::domain::client_address::ClientAddress;
use crate::domain::code::{CodeError, PairingCode};
use crate::domain::device::{DEVICE_RANDOM_BYTES, Device};
use crate::domain::device_name::{DeviceName, NameError};
use crate::domain::session::{CODE_BUDGET, RedeemError, RedeemedCode};
use crate::domain::time::Now;
use crate::domain::token::BearerToken;
use crate::ports::attempt_log::AdmitError;
use crate::ports::daemon_api::DeviceIdentity;
use crate::ports::device_store::StoreNameError;
use crate::ports::pairing_slot::ReserveError;
use crate::ports::storage::StorageError;

/// What a client asks for, read but not yet counted.
#[derive(Debug)]
pub struct ExchangeRequest {
    code: Option<PairingCode>,
    device_name: Option<String>,
}

/// What a client is given.
#[derive(Debug)]
pub struct Enrolled {
    /// The credential, shown this once.
    pub token: BearerToken,
    /// The new device.
    pub device: DeviceIdentity,
}

/// Why there is no token. In the order in which it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExchangeError {
    /// Too many attempts from this address in the last minute.
    #[error("too many attempts from this address")]
    RateLimited {
        /// When the next one would be admitted.
        retry_after: Duration,
    },
    /// The address is blocked.
    #[error("too many wrong pairing codes from this address")]
    LockedOut {
        /// Time left of the block.
        retry_after: Duration,
    },
    /// A field is absent or blank.
    #[error("the field \"{0}\" is missing or blank")]
    MissingField(&'static str),
    /// No code is active, or it is not any more.
    #[error("no pairing code is active")]
    NoPairingCode,
    /// Another code is active.
    #[error("wrong pairing code")]
    WrongCode,
    /// Right code, impossible name; the code stays valid.
    #[error(transparent)]
    InvalidDeviceName(#[from] NameError),
    /// Right code, name in use; the code stays valid.
    #[error("another device is already named \"{0}\"")]
    NameTaken(DeviceName),
    /// The device could not be made or stored; the code stays valid. The cause is in the log.
    #[error("the device could not be stored")]
    StorageUnavailable,
}

impl ExchangeRequest {
    /// Reads the fields of a request. Blank ones count as absent.
    ///
    /// # Errors
    ///
    /// [`CodeError`] when the code cannot be any code: refused before an attempt is spent.
    pub fn read(code: Option<&str>, device_name: Option<String>) -> Result<Self, CodeError> {
        let is_present = |text: &&str| !text.trim().is_empty();
        let code = code.filter(is_present).map(PairingCode::parse).transpose()?;
        Ok(Self { code, device_name: device_name.filter(|name| is_present(&name.as_str())) })
    }
}

/// Exchanges codes for tokens.
pub struct Exchange {
    ports: DaemonPorts,
}

impl Exchange {
    /// The use case over these ports.
    pub const fn new(ports: DaemonPorts) -> Self {
        Self { ports }
    }

    /// Exchanges a code.
    ///
    /// Run it to its end even when the client goes away: a code may be reserved while it runs.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`], the first that applies in the order of its variants.
    ///
    /// # Security
    ///
    /// The attempt is counted, as a failure in advance, before its code is looked at. Nothing about names is said unless
    /// the code is right.
    pub async fn run(&self, client: ClientAddress, request: ExchangeRequest) -> Result<Enrolled, ExchangeError> {
        let now = self.ports.clock.now();
        let charge = self.ports.attempts.admit(client.limit_key(), now.monotonic).await;
        let charge = charge.map_err(|why| refused(why, client))?;
        let redeemed = self.redeem(request, client, now).await;
        if !matches!(redeemed, Err(ExchangeError::WrongCode)) {
            self.ports.attempts.take_back(charge).await;
        }
        let (proof, name) = redeemed?;
        let generation = proof.generation();
        // What panics in there does so before the store is asked, whose own failures are errors: there is no device yet.
        match AssertUnwindSafe(self.enrol(proof, &name, now)).catch_unwind().await {
            Ok(Ok(enrolled)) => {
                self.ports.slot.commit(generation, enrolled.device.id).await;
                info!(device = %enrolled.device.name, id = %enrolled.device.id, %client, "paired a device");
                Ok(enrolled)
            }
            Ok(Err(why)) => {
                self.ports.slot.release(generation).await;
                info!(%client, "a right pairing code led to no device: {why}; the code stays valid");
                Err(why)
            }
            Err(panic) => {
                self.ports.slot.release(generation).await;
                resume_unwind(panic)
            }
        }
    }

    async fn redeem(
        &self,
        request: ExchangeRequest,
        client: ClientAddress,
        now: Now,
    ) -> Result<(RedeemedCode, String), ExchangeError> {
        let code = request.code.ok_or(ExchangeError::MissingField("code"))?;
        let name = request.device_name.ok_or(ExchangeError::MissingField("deviceName"))?;
        let refused = match self.ports.slot.reserve(&code, now.monotonic).await {
            Ok(proof) => return Ok((proof, name)),
            Err(refused) => refused,
        };
        Err(match refused {
            ReserveError::Redeem(RedeemError::NoCode) => ExchangeError::NoPairingCode,
            ReserveError::Redeem(RedeemError::WrongCode) => {
                warn!(%client, "wrong pairing code");
                ExchangeError::WrongCode
            }
            ReserveError::Redeem(RedeemError::LastWrongCode) => {
                error!(%client, "{CODE_BUDGET} wrong pairing codes: the code is dead; make another with: netclaw daemon pair");
                ExchangeError::WrongCode
            }
            ReserveError::Storage(error) => unavailable(&error),
        })
    }

    async fn enrol(&self, proof: RedeemedCode, name: &str, now: Now) -> Result<Enrolled, ExchangeError> {
        let name = DeviceName::parse(name)?;
        let mut random = Zeroizing::new([0; DEVICE_RANDOM_BYTES]);
        self.ports.rng.fill(&mut *random).map_err(|error| unavailable(&StorageError(error.to_string())))?;
        let (device, token) = Device::enrol(proof, name, &random, now.wall);
        let identity = DeviceIdentity { id: device.id(), name: device.name().clone() };
        match self.ports.devices.insert(device).await {
            Ok(()) => Ok(Enrolled { token, device: identity }),
            Err(StoreNameError::NameTaken) => Err(ExchangeError::NameTaken(identity.name)),
            Err(StoreNameError::NoSuchDevice) => Err(unavailable(&StorageError("the device vanished".into()))),
            Err(StoreNameError::Storage(error)) => Err(unavailable(&error)),
        }
    }
}

fn refused(why: AdmitError, client: ClientAddress) -> ExchangeError {
    match why {
        AdmitError::Refused(Refusal::RateLimited { retry_after }) => ExchangeError::RateLimited { retry_after },
        AdmitError::Refused(Refusal::LockedOut { retry_after }) => {
            warn!(%client, "an attempt from a blocked address was not looked at");
            ExchangeError::LockedOut { retry_after }
        }
        AdmitError::Storage(error) => unavailable(&error),
    }
}

fn unavailable(cause: &StorageError) -> ExchangeError {
    error!(%cause, "a pairing request could not be served");
    ExchangeError::StorageUnavailable
}
