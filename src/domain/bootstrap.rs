//! The host's own credential: where loopback is not trusted, the host needs one like everybody else.

use alloc::string::String;

use thiserror::Error;

use super::device::{Device, is_authentic};
use super::device_name::{DeviceName, MAX_NAME_CHARS};
use super::exposure::ExposureMode;
use super::time::WallTime;
use super::token::BearerToken;

/// What the name of a bootstrap device ends with.
const NAME_SUFFIX: &str = "-host";

/// What a host is called whose own name cannot be used.
const NAMELESS: &str = "daemon";

/// What a start finds.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// How the daemon will be exposed.
    pub mode: ExposureMode,
    /// Whether no device was ever stored on this home.
    pub is_untouched: bool,
    /// The device of the host's own token, if there is a token and it names one.
    pub own: Option<(&'a BearerToken, &'a Device)>,
    /// All devices.
    pub devices: &'a [&'a Device],
    /// The time of the start.
    pub now: WallTime,
}

/// What a start does about the host's own credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: everyone who has to can authenticate.
    Proceed,
    /// This is the first start: seed a bootstrap device.
    Seed,
}

/// Nobody could use the daemon (S8 of the design).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoWayIn {
    /// There is a set of devices, and no live one in it.
    #[error("no device can authenticate: config/devices.json has none that is still valid")]
    NoDevice,
    /// There is a bootstrap device, but no token of it.
    #[error("the credential of this host is gone: config/secrets.json has no token that config/devices.json knows")]
    CredentialGone,
}

/// Decides what a start does.
///
/// # Errors
///
/// [`NoWayIn`] in a mode that serves nobody without a token.
pub fn decide(found: Found<'_>) -> Result<Decision, NoWayIn> {
    if found.mode.profile().trusts_loopback {
        return Ok(Decision::Proceed);
    }
    if found.is_untouched {
        return Ok(Decision::Seed);
    }
    if found.devices.iter().all(|device| device.has_expired(found.now)) {
        return Err(NoWayIn::NoDevice);
    }
    let has_credential = found.own.is_some_and(|(token, device)| is_authentic(token, Some(device), found.now));
    let is_bootstrapped = found.devices.iter().any(|device| device.record().bootstrap);
    if is_bootstrapped && !has_credential { Err(NoWayIn::CredentialGone) } else { Ok(Decision::Proceed) }
}

/// The name of the bootstrap device of the machine `host_name`: its first label and `-host`.
pub fn name_for(host_name: &str) -> Option<DeviceName> {
    let label = host_name.split('.').next().unwrap_or_default();
    let stem = DeviceName::nearest(label).map_or_else(|| String::from(NAMELESS), |name| name.as_str().into());
    let room = MAX_NAME_CHARS - NAME_SUFFIX.len();
    DeviceName::parse(&(stem.chars().take(room).collect::<String>() + NAME_SUFFIX)).ok()
}
