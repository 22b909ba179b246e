//! Exchanging a pairing code for a token: the one door through which a stranger becomes a device.

use std::time::Duration;

use thiserror::Error;
use tracing::{error, warn};

use super::DaemonPorts;
use super::enrol::{EnrolError, Enrolled, enrol};
use crate::domain::attempts::{Charge, Refusal};
use crate::domain::client_address::ClientAddress;
use crate::domain::code::{CodeError, PairingCode};
use crate::domain::device_name::{DeviceName, NameError};
use crate::domain::session::{CODE_BUDGET, RedeemError, RedeemedCode};
use crate::domain::time::Now;
use crate::ports::attempt_log::AdmitError;
use crate::ports::metrics::Attempt;
use crate::ports::pairing_slot::ReserveError;
use crate::ports::storage::StorageError;

/// What a client asks for, read but not yet counted.
#[derive(Debug)]
pub struct ExchangeRequest {
    code: Option<PairingCode>,
    device_name: Option<String>,
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
    /// The operator wants to confirm the device, which an exchange cannot wait for. Nothing was compared.
    #[error("the operator confirms this pairing, which needs the handshake of netclaw pair")]
    NeedsHandshake,
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
        let ended = self.attempt(client, request).await;
        self.ports.meter.attempted(ended.as_ref().map_or_else(Attempt::from, |_| Attempt::Paired));
        ended
    }

    async fn attempt(&self, client: ClientAddress, request: ExchangeRequest) -> Result<Enrolled, ExchangeError> {
        let now = self.ports.clock.now();
        let charge = self.ports.attempts.admit(client.limit_key(), now.monotonic).await;
        let charge = charge.map_err(|why| refused(why, client))?;
        let redeemed = self.redeem(request, client, now).await;
        settle(&self.ports, charge, matches!(redeemed, Err(ExchangeError::WrongCode))).await;
        let (proof, name) = redeemed?;
        Ok(enrol(&self.ports, proof, &name, client, now).await?)
    }

    async fn redeem(
        &self,
        request: ExchangeRequest,
        client: ClientAddress,
        now: Now,
    ) -> Result<(RedeemedCode, String), ExchangeError> {
        let code = request.code.ok_or(ExchangeError::MissingField("code"))?;
        let name = request.device_name.ok_or(ExchangeError::MissingField("deviceName"))?;
        let redeemed = self.ports.slot.reserve(&code, now.monotonic).await;
        redeemed.map(|proof| (proof, name)).map_err(|why| not_redeemed(why, client))
    }
}

impl From<EnrolError> for ExchangeError {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::InvalidDeviceName(error) => Self::InvalidDeviceName(error),
            EnrolError::NameTaken(name) => Self::NameTaken(name),
            EnrolError::StorageUnavailable => Self::StorageUnavailable,
        }
    }
}

impl From<&ExchangeError> for Attempt {
    fn from(error: &ExchangeError) -> Self {
        match error {
            ExchangeError::RateLimited { .. } => Self::RateLimited,
            ExchangeError::LockedOut { .. } => Self::LockedOut,
            ExchangeError::MissingField(_)
            | ExchangeError::InvalidDeviceName(_)
            | ExchangeError::NameTaken(_)
            | ExchangeError::NeedsHandshake => Self::Refused,
            ExchangeError::NoPairingCode => Self::NoCode,
            ExchangeError::WrongCode => Self::WrongCode,
            ExchangeError::StorageUnavailable => Self::Failed,
        }
    }
}

/// Takes back the failure that an attempt was charged with in advance, unless it was one.
pub(super) async fn settle(ports: &DaemonPorts, charge: Charge, was_wrong: bool) {
    if !was_wrong {
        ports.attempts.take_back(charge).await;
    } else if charge.blocks() {
        ports.meter.locked_out();
    }
}

/// Why a code was not redeemed, in words for the client; the operator's are in the log.
pub(super) fn not_redeemed(why: ReserveError, client: ClientAddress) -> ExchangeError {
    match why {
        ReserveError::Redeem(RedeemError::NoCode) => ExchangeError::NoPairingCode,
        ReserveError::Redeem(RedeemError::NeedsHandshake) => ExchangeError::NeedsHandshake,
        ReserveError::Redeem(RedeemError::WrongCode) => {
            warn!(%client, "wrong pairing code");
            ExchangeError::WrongCode
        }
        ReserveError::Redeem(RedeemError::LastWrongCode) => {
            error!(%client, "{CODE_BUDGET} wrong pairing codes: the code is dead; make another with: netclaw daemon pair");
            ExchangeError::WrongCode
        }
        ReserveError::Storage(error) => unavailable(&error),
    }
}

/// Why an attempt is not looked at.
pub(super) fn refused(why: AdmitError, client: ClientAddress) -> ExchangeError {
    match why {
        AdmitError::Refused(Refusal::RateLimited { retry_after }) => ExchangeError::RateLimited { retry_after },
        AdmitError::Refused(Refusal::LockedOut { retry_after }) => {
            warn!(%client, "an attempt from a blocked address was not looked at");
            ExchangeError::LockedOut { retry_after }
        }
        AdmitError::Storage(error) => unavailable(&error),
    }
}

/// That something inside failed; what, is in the log.
pub(super) fn unavailable(cause: &StorageError) -> ExchangeError {
    error!(%cause, "a pairing request could not be served");
    ExchangeError::StorageUnavailable
}
