//! The JSON documents of the contract, as a client reads and writes them.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::answer::not_a_daemon;
use crate::adapters::wire::handshake::{FinishForm, FinishedForm, FormError, StartForm, StartedForm};
use crate::adapters::wire::report::{DeviceForm, StatusForm};
use crate::adapters::wire::sighting::SightingForm;
use crate::domain::beacon::Sighting;
use crate::domain::code::PairingCode;
use crate::domain::daemon_id::DaemonId;
use crate::domain::device::DeviceId;
use crate::domain::device_name::DeviceName;
use crate::domain::pake::{ClientHello, DaemonHello, FinishAnswer, FinishRequest};
use crate::domain::token::BearerToken;
use crate::ports::daemon_api::{ApiError, Grant, StatusReport};

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
    device: DeviceForm,
    daemon_id: String,
}

/// Borrows the token from the answer, which is wiped.
#[derive(Deserialize)]
struct StagedAnswer<'a> {
    token: &'a str,
}

#[derive(Deserialize)]
struct Sighted {
    sighting: SightingForm,
}

/// Room for the body of an exchange: a code, and a name of 64 characters of four bytes.
const EXCHANGE_BYTES: usize = 512;

/// The body of an exchange, wiped on drop.
pub(super) fn exchange(code: &PairingCode, name: &DeviceName) -> Zeroizing<Vec<u8>> {
    let code = Zeroizing::new(code.reveal());
    let request = ExchangeRequest { code: &code, device_name: name.as_str() };
    let mut body = Zeroizing::new(Vec::with_capacity(EXCHANGE_BYTES));
    // A struct of two strings cannot fail to be written to memory.
    let _ = serde_json::to_writer(&mut *body, &request);
    body
}

/// Checks that a daemon says of itself that it is ready.
///
/// # Errors
///
/// [`ApiError::NotADaemon`] when it is something else.
pub(super) fn health(json: &[u8]) -> Result<(), ApiError> {
    serde_json::from_slice::<Health>(json).ok().filter(|health| health.status == "ok").map(drop).ok_or_else(foreign)
}

/// The body that begins a handshake.
pub(super) fn start(hello: &ClientHello) -> Vec<u8> {
    written(&StartForm::from(hello))
}

/// Reads the answer to it.
///
/// # Errors
///
/// * [`ApiError::NotADaemon`] when a part is missing or malformed.
/// * [`ApiError::Forged`] when its point is none to compute with.
pub(super) fn started(json: &[u8]) -> Result<DaemonHello, ApiError> {
    let form: StartedForm = serde_json::from_slice(json).map_err(|_| foreign())?;
    form.read().map_err(|error| match error {
        FormError::Message(why) => ApiError::Forged { what: why.to_string() },
        FormError::Bytes(..) | FormError::Suite | FormError::BindingKind | FormError::Origin(_) => foreign(),
    })
}

/// The body that asks for a name.
pub(super) fn finish(request: &FinishRequest) -> Vec<u8> {
    written(&FinishForm::from(request))
}

/// Reads the answer to it.
///
/// # Errors
///
/// [`ApiError::NotADaemon`] when a part is missing or malformed.
pub(super) fn finished(json: &[u8]) -> Result<FinishAnswer, ApiError> {
    let form: FinishedForm = serde_json::from_slice(json).map_err(|_| foreign())?;
    form.read().map_err(|_| foreign())
}

/// A struct of strings and numbers cannot fail to be written to memory.
fn written(form: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(form).unwrap_or_default()
}

/// Reads the answer to an exchange.
///
/// # Errors
///
/// [`ApiError::NotADaemon`] when a part is missing or malformed, or the token is not the device's.
pub(super) fn grant(json: &[u8]) -> Result<Grant, ApiError> {
    let answer: ExchangeAnswer<'_> = serde_json::from_slice(json).map_err(|_| foreign())?;
    let token = BearerToken::parse(answer.token).map_err(|_| foreign())?;
    let device = answer.device.read().ok_or_else(foreign)?;
    if token.device() != device.id {
        return Err(foreign());
    }
    let daemon_id = DaemonId::parse(&answer.daemon_id).ok_or_else(foreign)?;
    Ok(Grant { token, device, daemon_id })
}

/// Reads the answer to a rotation of this device's secret.
///
/// # Errors
///
/// [`ApiError::NotADaemon`] when the token is missing or malformed, or not the device's.
pub(super) fn staged(json: &[u8], device: DeviceId) -> Result<BearerToken, ApiError> {
    let answer: StagedAnswer<'_> = serde_json::from_slice(json).map_err(|_| foreign())?;
    BearerToken::parse(answer.token).ok().filter(|token| token.device() == device).ok_or_else(foreign)
}

/// Reads the answer to a status request.
///
/// # Errors
///
/// [`ApiError::NotADaemon`] when a part is missing or malformed.
pub(super) fn status(json: &[u8]) -> Result<StatusReport, ApiError> {
    let form: StatusForm = serde_json::from_slice(json).map_err(|_| foreign())?;
    form.read().ok_or_else(foreign)
}

/// Reads what a daemon saw of a request with a beacon.
///
/// # Errors
///
/// [`ApiError::NotADaemon`] when it did not recognise the beacon: it is another daemon, or none.
pub(super) fn sighting(json: &[u8]) -> Result<Sighting, ApiError> {
    health(json)?;
    let sighted = serde_json::from_slice::<Sighted>(json).ok().and_then(|sighted| sighted.sighting.read());
    sighted.ok_or_else(|| not_a_daemon("another daemon answers there".to_owned()))
}

/// Never says what was there instead: it may be a token.
pub(super) fn foreign() -> ApiError {
    not_a_daemon("its answer is not one that a netclaw daemon gives".to_owned())
}
