//! The JSON documents of the contract, as a client reads and writes them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::answer::not_a_daemon;
use crate::adapters::wire::moment;
use crate::domain::code::PairingCode;
use crate::domain::daemon_id::DaemonId;
use crate::domain::device::DeviceId;
use crate::domain::device_name::DeviceName;
use crate::domain::text::shown_safely;
use crate::domain::time::WallTime;
use crate::domain::token::BearerToken;
use crate::ports::daemon_api::{ApiError, DaemonReport, DeviceIdentity, Grant, StatusReport};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeRequest<'a> {
    code: &'a str,
    device_name: &'a str,
}

#[derive(Deserialize)]
struct Health {
    status: String,
}

/// Borrows the token from the answer, which is wiped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeAnswer<'a> {
    token: &'a str,
    device: DeviceDocument,
    daemon_id: String,
}

#[derive(Deserialize)]
struct DeviceDocument {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct StatusAnswer {
    daemon: DaemonDocument,
    device: Option<DeviceDocument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DaemonDocument {
    id: String,
    version: String,
    exposure_mode: String,
    #[serde(with = "moment")]
    started_at: WallTime,
    uptime_seconds: u64,
}

/// The body of an exchange.
pub(super) fn exchange(code: &PairingCode, name: &DeviceName) -> String {
    let request = ExchangeRequest { code: &code.reveal(), device_name: name.as_str() };
    // A struct of two strings cannot fail to be written.
    serde_json::to_string(&request).unwrap_or_default()
}

/// Checks that a daemon says of itself that it is ready.
///
/// # Errors
///
/// [`ApiError::NotADaemon`] when it is something else.
pub(super) fn health(json: &[u8]) -> Result<(), ApiError> {
    serde_json::from_slice::<Health>(json).ok().filter(|health| health.status == "ok").map(drop).ok_or_else(foreign)
}

/// Reads the answer to an exchange.
///
/// # Errors
///
/// [`ApiError::NotADaemon`] when a part is missing or malformed, or the token is not the device's.
pub(super) fn grant(json: &[u8]) -> Result<Grant, ApiError> {
    let answer: ExchangeAnswer<'_> = serde_json::from_slice(json).map_err(|_| foreign())?;
    let token = BearerToken::parse(answer.token).map_err(|_| foreign())?;
    let device = identity(answer.device)?;
    if token.device() != device.id {
        return Err(foreign());
    }
    let daemon_id = DaemonId::parse(&answer.daemon_id).ok_or_else(foreign)?;
    Ok(Grant { token, device, daemon_id })
}

/// Reads the answer to a status request.
///
/// # Errors
///
/// [`ApiError::NotADaemon`] when a part is missing or malformed.
pub(super) fn status(json: &[u8]) -> Result<StatusReport, ApiError> {
    let StatusAnswer { daemon, device } = serde_json::from_slice(json).map_err(|_| foreign())?;
    let daemon = DaemonReport {
        id: DaemonId::parse(&daemon.id).ok_or_else(foreign)?,
        version: shown_safely(&daemon.version),
        exposure_mode: shown_safely(&daemon.exposure_mode),
        started_at: daemon.started_at,
        uptime: Duration::from_secs(daemon.uptime_seconds),
    };
    Ok(StatusReport { daemon, device: device.map(identity).transpose()? })
}

fn identity(device: DeviceDocument) -> Result<DeviceIdentity, ApiError> {
    let id = DeviceId::parse(&device.id).ok_or_else(foreign)?;
    let name = DeviceName::parse(&device.name).map_err(|_| foreign())?;
    Ok(DeviceIdentity { id, name })
}

/// Never says what was there instead: it may be a token.
fn foreign() -> ApiError {
    not_a_daemon("its answer is not one that a netclaw daemon gives".to_owned())
}
