//! The operator's requests on the control socket. Whoever can open it is the operator: there is no credential.

use std::sync::Arc;

use hyper::service::Service;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::watch;
use tracing::{error, info};
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Reply};

use super::answer::routed;
use super::body::read_json;
use super::connections::Handler;
use super::listener::Peer;
use super::metrics;
use super::problem::Problem;
use super::to_the_end::{Panicked, to_the_end};
use super::usage::ArrivingBody;
use crate::adapters::wire::control::{
    ClearForm, ClearedForm, DeviceSummaryForm, LockoutForm, Offered, OpenedPairingForm, OperatorReportForm,
    RefusedForm, RenameForm, RevokeForm, RevokedForm, TermsForm,
};
use crate::adapters::wire::keys::{KeysForm, RotateForm, RotatedForm};
use crate::adapters::wire::outcome::{DecidedForm, DecisionForm, OutcomeForm};
use crate::adapters::wire::report::DeviceForm;
use crate::adapters::wire::sighting::BeaconForm;
use crate::app::daemon::DaemonPorts;
use crate::app::daemon::beacons::Beacons;
use crate::app::daemon::devices::{Devices, RevokeError};
use crate::app::daemon::lockouts::Lockouts;
use crate::app::daemon::metrics::Metrics;
use crate::app::daemon::open_pairing::{OpenPairing, OpenPairingError};
use crate::app::daemon::status::Status;
use crate::app::daemon::tls_rotation::TlsRotation;
use crate::domain::attempts::Lockout;
use crate::domain::client_address::NotAnAddress;
use crate::domain::device_name::DeviceName;
use crate::domain::session::Generation;
use crate::domain::terms::Terms;
use crate::ports::control_channel::{LockoutSummary, OpenedPairing};
use crate::ports::device_store::StoreNameError;

/// Answers requests on the control socket.
pub struct ControlApi {
    routes: BoxedFilter<(Response,)>,
}

/// What the operator's routes call.
struct Services {
    open_pairing: OpenPairing,
    beacons: Arc<Beacons>,
    devices: Devices,
    lockouts: Lockouts,
    status: Arc<Status>,
    rotation: Arc<TlsRotation>,
    stop: watch::Sender<bool>,
}

/// Why a request was not done, in words for the operator.
struct Refused(StatusCode, String);

type Answer = Result<Response, Refused>;

impl ControlApi {
    /// The control socket of a daemon with these ports. Sending true through `stop` ends the daemon.
    pub fn new(
        ports: &DaemonPorts,
        open_pairing: OpenPairing,
        status: Arc<Status>,
        rotation: Arc<TlsRotation>,
        beacons: Arc<Beacons>,
        stop: watch::Sender<bool>,
    ) -> Self {
        let devices = Devices::new(ports.clone(), status.mode());
        let lockouts = Lockouts::new(ports.clone());
        let metrics = Arc::new(Metrics::new(ports.clone(), Arc::clone(&status)));
        let services = Services { open_pairing, beacons, devices, lockouts, status, rotation, stop };
        let routes = routes(&Arc::new(services)).or(metrics::route(&metrics)).unify().boxed();
        Self { routes }
    }
}

impl Handler for ControlApi {
    async fn handle(&self, request: Request<ArrivingBody>, peer: Peer) -> super::answer::Answer {
        match peer {
            Peer::Operator => {
                let Ok(response) = TowerToHyperService::new(warp::service(self.routes.clone())).call(request).await;
                routed(response)
            }
            Peer::Remote(_) => routed(StatusCode::FORBIDDEN.into_response()),
        }
    }
}

fn routes(services: &Arc<Services>) -> BoxedFilter<(Response,)> {
    let pairing = command(services, warp::path!("pairing").and(warp::post()).boxed(), open_pairing)
        .or(command(services, warp::path!("pairing" / "link").and(warp::post()).boxed(), open_link))
        .unify()
        .or(outcome_route(services))
        .unify()
        .or(decision_route(services))
        .unify()
        .or(query(services, warp::path!("beacon").and(warp::post()).boxed(), open_beacon))
        .unify()
        .boxed();
    let devices = query(services, warp::path!("devices").and(warp::get()).boxed(), list_devices)
        .or(command(services, warp::path!("devices" / "revoke").and(warp::post()).boxed(), revoke))
        .unify()
        .or(command(services, warp::path!("devices" / "rename").and(warp::post()).boxed(), rename))
        .unify()
        .boxed();
    let lockouts = query(services, warp::path!("lockouts").and(warp::get()).boxed(), list_lockouts)
        .or(command(services, warp::path!("lockouts" / "clear").and(warp::post()).boxed(), clear_lockouts))
        .unify()
        .boxed();
    let daemon = query(services, warp::path!("status").and(warp::get()).boxed(), status)
        .or(query(services, warp::path!("stop").and(warp::post()).boxed(), stop))
        .unify()
        .boxed();
    let keys = query(services, warp::path!("keys").and(warp::get()).boxed(), show_keys)
        .or(command(services, warp::path!("keys" / "rotate").and(warp::post()).boxed(), rotate_keys))
        .unify()
        .boxed();
    let operation = lockouts.or(daemon).unify().boxed().or(keys).unify().boxed();
    pairing.or(devices).unify().boxed().or(operation).unify().boxed()
}

/// A route without a body.
fn query<F, Fut>(services: &Arc<Services>, route: BoxedFilter<()>, act: F) -> BoxedFilter<(Response,)>
where
    F: Fn(Arc<Services>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    let services = Arc::clone(services);
    route.then(move || answered(act(Arc::clone(&services)))).boxed()
}

/// A route with a JSON body.
fn command<T, F, Fut>(services: &Arc<Services>, route: BoxedFilter<()>, act: F) -> BoxedFilter<(Response,)>
where
    T: DeserializeOwned + Send + 'static,
    F: Fn(Arc<Services>, T) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    let services = Arc::clone(services);
    let body = warp::header::headers_cloned().and(warp::body::stream());
    let run = move |headers: HeaderMap, body| {
        let (services, act) = (Arc::clone(&services), act.clone());
        async move {
            match read_json(&headers, body).await {
                Ok(form) => answered(act(services, form)).await,
                Err(problem) => Problem::into_response(problem),
            }
        }
    };
    route.and(body).then(run).boxed()
}

fn outcome_route(services: &Arc<Services>) -> BoxedFilter<(Response,)> {
    let services = Arc::clone(services);
    warp::path!("pairing" / u64)
        .and(warp::get())
        .then(move |number| {
            let services = Arc::clone(&services);
            answered(async move {
                let outcome = services.open_pairing.outcome(Generation::from_number(number)).await;
                json(&OutcomeForm::from(&outcome))
            })
        })
        .boxed()
}

fn decision_route(services: &Arc<Services>) -> BoxedFilter<(Response,)> {
    let services = Arc::clone(services);
    warp::path!("pairing" / u64 / "decision")
        .and(warp::post())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |number, headers: HeaderMap, body| {
            let services = Arc::clone(&services);
            async move {
                match read_json(&headers, body).await {
                    Ok(form) => answered(decide(services, Generation::from_number(number), form)).await,
                    Err(problem) => Problem::into_response(problem),
                }
            }
        })
        .boxed()
}

/// The answer to a command, which is not left half-done when it is interrupted.
async fn answered(operation: impl Future<Output = Answer> + Send + 'static) -> Response {
    let ended = to_the_end(operation).await;
    let failed =
        |Panicked| Refused(StatusCode::INTERNAL_SERVER_ERROR, "the daemon failed; its log says why".to_owned());
    ended.map_err(failed).and_then(|answer| answer).unwrap_or_else(|Refused(status, error)| {
        warp::reply::with_status(warp::reply::json(&RefusedForm { error }), status).into_response()
    })
}

async fn open_pairing(services: Arc<Services>, form: Option<TermsForm>) -> Answer {
    opened(services.open_pairing.open(terms(form)?).await)
}

async fn open_link(services: Arc<Services>, form: Option<TermsForm>) -> Answer {
    opened(services.open_pairing.open_link(terms(form)?).await)
}

fn terms(form: Option<TermsForm>) -> Result<Terms, Refused> {
    form.unwrap_or_default().read().map_err(|why| Refused(StatusCode::BAD_REQUEST, why))
}

fn opened<S: Offered>(opened: Result<OpenedPairing<S>, OpenPairingError>) -> Answer {
    match opened {
        Ok(opened) => json(&OpenedPairingForm::from(&opened)),
        Err(error @ OpenPairingError::NameTaken(_)) => Err(Refused(StatusCode::CONFLICT, error.to_string())),
        Err(error @ (OpenPairingError::Random(_) | OpenPairingError::Storage(_))) => Err(failed(&error)),
    }
}

async fn decide(services: Arc<Services>, generation: Generation, form: DecisionForm) -> Answer {
    let was_taken = services.open_pairing.decide(generation, form.agrees).await.map_err(|error| failed(&error))?;
    json(&DecidedForm { was_taken })
}

async fn open_beacon(services: Arc<Services>) -> Answer {
    let beacon = services.beacons.open().map_err(|error| failed(&error))?;
    json(&BeaconForm { beacon: beacon.as_str().to_owned() })
}

async fn list_devices(services: Arc<Services>) -> Answer {
    let devices = services.devices.list().await.map_err(|error| failed(&error))?;
    json(&devices.iter().map(DeviceSummaryForm::from).collect::<Vec<_>>())
}

async fn revoke(services: Arc<Services>, form: RevokeForm) -> Answer {
    match services.devices.revoke_named(&form.name).await {
        Ok(revoked) => json(&RevokedForm::from(&revoked)),
        Err(RevokeError::NoSuchDevice) => Err(Refused(StatusCode::NOT_FOUND, RevokeError::NoSuchDevice.to_string())),
        Err(RevokeError::Storage(error)) => Err(failed(&error)),
    }
}

async fn rename(services: Arc<Services>, form: RenameForm) -> Answer {
    let name = DeviceName::parse(&form.new).map_err(|why| Refused(StatusCode::BAD_REQUEST, why.to_string()))?;
    match services.devices.rename(&form.old, name).await {
        Ok(device) => json(&DeviceForm::from(&device)),
        Err(error @ StoreNameError::NoSuchDevice) => Err(Refused(StatusCode::NOT_FOUND, error.to_string())),
        Err(error @ StoreNameError::NameTaken) => Err(Refused(StatusCode::CONFLICT, error.to_string())),
        Err(StoreNameError::Storage(error)) => Err(failed(&error)),
    }
}

async fn list_lockouts(services: Arc<Services>) -> Answer {
    let form =
        |lockout: &Lockout| LockoutForm::from(&LockoutSummary { address: lockout.key, remaining: lockout.remaining });
    json(&services.lockouts.list().await.iter().map(form).collect::<Vec<_>>())
}

async fn clear_lockouts(services: Arc<Services>, form: ClearForm) -> Answer {
    let only = form.address.map(|address| address.parse()).transpose();
    let only = only.map_err(|error: NotAnAddress| Refused(StatusCode::BAD_REQUEST, error.to_string()))?;
    json(&ClearedForm { lifted: services.lockouts.clear(only).await })
}

async fn show_keys(services: Arc<Services>) -> Answer {
    json(&KeysForm::from(&services.rotation.keys()))
}

async fn rotate_keys(services: Arc<Services>, form: RotateForm) -> Answer {
    // It writes files.
    let rotated = tokio::task::spawn_blocking(move || services.rotation.rotate(form.read())).await;
    let outcome = rotated.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    json(&RotatedForm::from(&outcome))
}

async fn status(services: Arc<Services>) -> Answer {
    let report = services.status.operator_report().await.map_err(|error| failed(&error))?;
    json(&OperatorReportForm::from(&report))
}

async fn stop(services: Arc<Services>) -> Answer {
    info!("the operator asked the daemon to stop");
    services.stop.send_replace(true);
    json(&json!({}))
}

fn failed(error: &dyn std::error::Error) -> Refused {
    error!(%error, "a request of the operator could not be served");
    Refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "it ends an operation that may have been refused before")]
fn json(form: &impl Serialize) -> Answer {
    Ok(warp::reply::json(form).into_response())
}
