//! The routes of the TCP port (the README's section on HTTP lists them), as data for the gate and as warp filters.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Buf;
use futures_util::Stream;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::answer::{Answer, AnswerBody};
use super::body::read_json;
use super::chat::ChatPath;
use super::metrics;
use super::pair_v2;
use super::problem::{Problem, Reason};
use super::rotation;
use super::to_the_end::{Panicked, to_the_end};
use crate::adapters::wire::report::{DeviceForm, StatusForm};
use crate::adapters::wire::sighting::SightingForm;
use crate::app::daemon::authenticate::Caller;
use crate::app::daemon::devices::{Devices, RevokeError};
use crate::app::daemon::exchange::{Exchange, ExchangeRequest};
use crate::app::daemon::metrics::Metrics;
use crate::app::daemon::pair_v2::PairV2;
use crate::app::daemon::rotate::Rotate;
use crate::app::daemon::status::Status;
use crate::app::daemon::tls_rotation::TlsRotation;
use crate::domain::beacon::Sighting;
use crate::domain::client_address::ClientAddress;
use crate::domain::device::Device;
use crate::ports::daemon_api::{DeviceIdentity, StatusReport};
use crate::ports::metrics::RouteClass;

/// What may stay as it is in a percent-encoded name (RFC 3986 section 2.3).
pub(super) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name of the device that calls, percent-encoded.
const DEVICE_HEADER: HeaderName = HeaderName::from_static("x-netclaw-device");

/// The id of the device that calls.
const DEVICE_ID_HEADER: HeaderName = HeaderName::from_static("x-netclaw-device-id");

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Live,
    Ready,
    Exchange,
    PairStart,
    PairFinish,
    Status,
    Verify,
    OwnDevice,
    Rotate,
    ConfirmRotation,
    Metrics,
    Agent,
    Models,
    ChatSessions,
    ChatSession,
    ChatTurns,
    ChatTurn,
}

/// Whom a route serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Anyone.
    Everyone,
    /// Paired devices, and this machine without a token where the mode trusts it.
    DevicesAndThisMachine,
    /// Paired devices: the answer is about the device itself.
    Devices,
    /// Paired devices that show the secret which is to replace theirs.
    RenewingDevices,
}

impl Route {
    /// The route at this path.
    pub(super) fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/api/health/live" => Self::Live,
            "/api/health/ready" => Self::Ready,
            "/api/pair/exchange" => Self::Exchange,
            "/api/pair/v2/start" => Self::PairStart,
            "/api/pair/v2/finish" => Self::PairFinish,
            "/api/status" => Self::Status,
            "/api/auth/verify" => Self::Verify,
            "/api/pair/device" => Self::OwnDevice,
            "/api/device/rotate" => Self::Rotate,
            "/api/device/rotate/confirm" => Self::ConfirmRotation,
            "/metrics" => Self::Metrics,
            _ => return ChatPath::of(path).map(|path| path.route()),
        })
    }

    /// The methods that it answers, or `None` when it answers all of them.
    pub(super) const fn methods(self) -> Option<&'static [Method]> {
        match self {
            Self::Live | Self::Ready | Self::Status | Self::Metrics => Some(&[Method::GET, Method::HEAD]),
            Self::Exchange | Self::PairStart | Self::PairFinish => Some(&[Method::POST]),
            Self::Rotate | Self::ConfirmRotation => Some(&[Method::POST]),
            Self::OwnDevice => Some(&[Method::DELETE]),
            Self::Agent | Self::Models => Some(&[Method::GET, Method::HEAD]),
            Self::ChatSessions => Some(&[Method::GET, Method::HEAD, Method::POST]),
            Self::ChatSession => Some(&[Method::GET, Method::HEAD, Method::PATCH, Method::DELETE]),
            Self::ChatTurns => Some(&[Method::POST]),
            Self::ChatTurn => Some(&[Method::GET, Method::DELETE]),
            Self::Verify => None,
        }
    }

    /// Whether its requests carry a pairing code, as readable as it was typed.
    pub(super) const fn takes_a_code(self) -> bool {
        match self {
            Self::Exchange => true,
            // Handshakes show neither the code nor the token.
            Self::Live
            | Self::Ready
            | Self::PairStart
            | Self::PairFinish
            | Self::Status
            | Self::Verify
            | Self::Rotate
            | Self::ConfirmRotation
            | Self::Metrics
            | Self::OwnDevice
            | Self::Agent
            | Self::Models
            | Self::ChatSessions
            | Self::ChatSession
            | Self::ChatTurns
            | Self::ChatTurn => false,
        }
    }

    /// What its requests are counted as.
    pub(super) const fn class(self) -> RouteClass {
        match self {
            Self::Live | Self::Ready => RouteClass::Health,
            Self::Exchange | Self::PairStart | Self::PairFinish => RouteClass::Pairing,
            Self::Status => RouteClass::Status,
            Self::Verify => RouteClass::Verify,
            Self::OwnDevice | Self::Rotate | Self::ConfirmRotation => RouteClass::Device,
            Self::Metrics => RouteClass::Metrics,
            Self::Agent | Self::Models | Self::ChatSessions | Self::ChatSession | Self::ChatTurns | Self::ChatTurn => {
                RouteClass::Chat
            }
        }
    }

    /// Whom it serves.
    pub(super) const fn audience(self) -> Audience {
        match self {
            Self::Live | Self::Ready | Self::Exchange | Self::PairStart | Self::PairFinish => Audience::Everyone,
            Self::Status => Audience::DevicesAndThisMachine,
            Self::Agent | Self::Models | Self::ChatSessions | Self::ChatSession | Self::ChatTurns | Self::ChatTurn => {
                Audience::DevicesAndThisMachine
            }
            Self::Verify | Self::OwnDevice | Self::Rotate | Self::Metrics => Audience::Devices,
            Self::ConfirmRotation => Audience::RenewingDevices,
        }
    }
}

/// What the routes call.
pub(super) struct Services {
    pub(super) exchange: Arc<Exchange>,
    pub(super) pair: Arc<PairV2>,
    pub(super) devices: Arc<Devices>,
    pub(super) rotate: Arc<Rotate>,
    pub(super) status: Arc<Status>,
    pub(super) rotation: Arc<TlsRotation>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) ready: Arc<AtomicBool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeForm {
    code: Option<String>,
    device_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrantForm<'a> {
    token: &'a str,
    device: DeviceForm,
    daemon_id: &'a str,
}

/// All routes but those of chat. The gate has checked path, method and credential, and put the client's address and the caller into the
/// request's extensions.
pub(super) fn routes(services: Services) -> BoxedFilter<(Response,)> {
    let Services { exchange, pair, devices, rotate, status, rotation, metrics, ready } = services;
    let grantor = Arc::clone(&status);
    let live = warp::path!("api" / "health" / "live").and(warp::ext::optional::<Sighting>()).map(sighted);
    let ready = warp::path!("api" / "health" / "ready").map(move || health(ready.load(Ordering::Acquire)));
    let exchange = warp::path!("api" / "pair" / "exchange")
        .and(warp::ext::get::<ClientAddress>())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |client, headers, body| {
            let (exchange, grantor) = (Arc::clone(&exchange), Arc::clone(&grantor));
            async move { answer(exchanged(exchange, &grantor, client, headers, body).await) }
        });
    let report = warp::path!("api" / "status")
        .and(warp::ext::get::<Caller>())
        .map(move |caller| json(&StatusForm::from(&status_report(&status, &rotation, &caller))));
    let own_device = warp::path!("api" / "pair" / "device").and(warp::ext::get::<Arc<Device>>()).then(move |device| {
        let devices = Arc::clone(&devices);
        async move { answer(revoked(devices, device).await) }
    });
    // Boxed one by one: the type of many joined filters is more than the compiler bears.
    let health = live.boxed().or(ready.boxed()).unify().boxed().or(metrics::route(&metrics)).unify().boxed();
    let pairing = exchange.boxed().or(pair_v2::routes(&pair)).unify().boxed().or(own_device.boxed()).unify().boxed();
    let identity = report.boxed().or(rotation::routes(&rotate)).unify().boxed();
    health.or(pairing).unify().boxed().or(identity).unify().boxed()
}

fn health(good: bool) -> Response {
    let (status, word) = if good { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    warp::reply::with_status(warp::reply::json(&json!({ "status": word })), status).into_response()
}

/// That the daemon lives, and to whoever holds a beacon also what it sees.
fn sighted(sighting: Option<Sighting>) -> Response {
    let Some(sighting) = sighting else { return health(true) };
    json(&json!({ "status": "ok", "sighting": SightingForm::from(&sighting) }))
}

async fn exchanged<B: Buf>(
    exchange: Arc<Exchange>,
    status: &Status,
    client: ClientAddress,
    headers: HeaderMap,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Response, Problem> {
    let form: ExchangeForm = read_json(&headers, body).await?;
    let code = form.code.map(zeroize::Zeroizing::new);
    let request = ExchangeRequest::read(code.as_deref().map(String::as_str), form.device_name)
        .map_err(|error| Problem::new(Reason::InvalidRequest, error.to_string()))?;
    // A client that goes away must not leave the code reserved.
    let ended = to_the_end(async move { exchange.run(client, request).await }).await;
    let failed = |Panicked| Problem::new(Reason::StorageUnavailable, "the request failed; the daemon's log says why");
    let enrolled = ended.map_err(failed)??;
    let token = enrolled.token.reveal();
    Ok(json(&GrantForm { token, device: (&enrolled.device).into(), daemon_id: status.id().as_str() }))
}

async fn revoked(devices: Arc<Devices>, device: Arc<Device>) -> Result<Response, Problem> {
    match to_the_end(async move { devices.revoke(device.id()).await }).await {
        // Someone else was faster; the device is gone either way.
        Ok(Ok(_) | Err(RevokeError::NoSuchDevice)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(Err(RevokeError::Storage(cause))) => {
            tracing::error!(%cause, "a device could not revoke itself");
            Err(Problem::new(Reason::StorageUnavailable, "the device is still paired: the change could not be stored"))
        }
        Err(Panicked) => Err(Problem::new(Reason::StorageUnavailable, "the request failed; the daemon's log says why")),
    }
}

/// Which device has shown its token.
pub(super) fn verified(device: &Device) -> Answer {
    let name = Cow::from(utf8_percent_encode(device.name().as_str(), ENCODED));
    let mut answer = Answer::new(AnswerBody::Empty);
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    // These two, and what every answer says.
    headers.reserve(4);
    // Both are letters, digits and a few signs.
    headers.extend(HeaderValue::from_str(&name).ok().map(|name| (DEVICE_HEADER, name)));
    headers.extend(HeaderValue::from_str(device.id().as_str()).ok().map(|id| (DEVICE_ID_HEADER, id)));
    answer
}

/// What the caller may know.
fn status_report(status: &Status, rotation: &TlsRotation, caller: &Caller) -> StatusReport {
    let daemon = status.report();
    match caller {
        Caller::Device(device) => StatusReport {
            daemon,
            device: Some(DeviceIdentity { id: device.id(), name: device.name().clone() }),
            expires_at: device.record().expires_at,
            transport: Some(rotation.report()),
        },
        Caller::ThisMachine => {
            StatusReport { daemon, device: None, expires_at: None, transport: Some(rotation.report()) }
        }
    }
}

fn json(form: &impl Serialize) -> Response {
    warp::reply::json(form).into_response()
}

fn answer(result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(Problem::into_response)
}
