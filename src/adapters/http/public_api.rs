//! The gate in front of the public routes: the one place that decides whether a request may come in, and as whom.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use hyper::header::{CACHE_CONTROL, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::service::Service;
use hyper::{Method, Request};
use hyper_util::service::TowerToHyperService;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::chat;
use super::connections::Handler;
use super::listener::{Peer, Remote};
use super::problem::{Problem, Reason};
use super::public_routes::{Audience, Route, Services, routes};
use super::request_head::{self, Credential};
use super::usage::ArrivingBody;
use crate::adapters::wire::sighting::BEACON_HEADER;
use crate::app::daemon::DaemonPorts;
use crate::app::daemon::authenticate::{Authenticate, Caller, Renewing, Unauthorized};
use crate::app::daemon::beacons::Beacons;
use crate::app::daemon::chat::Chat;
use crate::app::daemon::devices::Devices;
use crate::app::daemon::exchange::Exchange;
use crate::app::daemon::pair_v2::PairV2;
use crate::app::daemon::rotate::Rotate;
use crate::app::daemon::status::Status;
use crate::app::daemon::tls_rotation::TlsRotation;
use crate::domain::access::{AccessPolicy, RequestOrigin};
use crate::domain::beacon::{Beacon, Sighting};
use crate::domain::client_address::ClientAddress;

/// Answers requests on the TCP port.
pub struct PublicApi {
    policy: AccessPolicy,
    authenticate: Authenticate,
    beacons: Arc<Beacons>,
    routes: BoxedFilter<(Response,)>,
}

impl PublicApi {
    /// The port of a daemon with these ports, policy, status and TLS keys, which pairs by handshakes with `pair` and recognises
    /// these beacons; `ready` is what `GET /api/health/ready` answers.
    pub fn new(
        ports: &DaemonPorts,
        policy: AccessPolicy,
        status: Arc<Status>,
        pair: Arc<PairV2>,
        rotation: Arc<TlsRotation>,
        beacons: Arc<Beacons>,
        ready: Arc<AtomicBool>,
    ) -> Self {
        let exchange = Arc::new(Exchange::new(ports.clone()));
        let devices = Arc::new(Devices::new(ports.clone(), policy.mode()));
        let rotate = Arc::new(Rotate::new(ports.clone()));
        Self {
            policy,
            authenticate: Authenticate::new(ports.clone()),
            beacons,
            routes: routes(Services { exchange, pair, devices, rotate, status, rotation, ready }),
        }
    }

    /// The same port, at which devices also talk to the agent.
    #[must_use]
    pub fn with_chat(self, chat: &Arc<Chat>) -> Self {
        Self { routes: self.routes.or(chat::routes(chat)).unify().boxed(), ..self }
    }

    async fn admit(&self, mut request: Request<ArrivingBody>, remote: &Remote) -> Result<Response, Problem> {
        let origin = request_head::origin(&request, remote, self.policy.client_header());
        self.policy.check_site(&origin)?;
        let route =
            Route::at(request.uri().path()).ok_or_else(|| Problem::new(Reason::NotFound, "there is no such route"))?;
        check_method(route, request.method())?;
        if route.takes_a_code() || request_head::credential(request.headers()) != Credential::None {
            // Before anyone looks at the code or the token, which may be known to others by now.
            self.policy.check_transport(&origin)?;
        }
        let client = self.policy.client(&origin);
        let caller = self.caller(route, &request, &origin, client).await?;
        let renewing = self.renewing(route, &request, client).await?;
        let sighting = self.sighting(route, &request, &origin, client);
        if request.method() == Method::HEAD {
            // Answered like GET; hyper leaves the body out.
            *request.method_mut() = Method::GET;
        }
        if let Some(sighting) = sighting {
            request.extensions_mut().insert(sighting);
        }
        request.extensions_mut().insert(client);
        if let Some(renewing) = renewing {
            request.extensions_mut().insert(renewing);
        }
        if let Some(caller) = caller {
            if let Caller::Device(device) = &caller {
                request.extensions_mut().insert(Arc::clone(device));
            }
            request.extensions_mut().insert(caller);
        }
        let Ok(response) = TowerToHyperService::new(warp::service(self.routes.clone())).call(request).await;
        Ok(response)
    }

    /// What the operator, who sent a beacon along the way from outside, wants to know of the request.
    fn sighting<B>(
        &self,
        route: Route,
        request: &Request<B>,
        origin: &RequestOrigin<'_>,
        client: ClientAddress,
    ) -> Option<Sighting> {
        let beacon = request.headers().get(BEACON_HEADER).filter(|_| route == Route::Live)?;
        let beacon = Beacon::parse(beacon.to_str().ok()?)?;
        let (peer, is_trusted) = (origin.peer, self.policy.trusts(origin.peer));
        let has_header = !origin.forwarded_for.is_empty();
        self.beacons.recognises(&beacon).then_some(Sighting { peer, client, is_trusted, has_header })
    }

    /// Which device shows a secret that may not be confirmed yet, or `None` when the route is another.
    async fn renewing<B>(
        &self,
        route: Route,
        request: &Request<B>,
        client: ClientAddress,
    ) -> Result<Option<Renewing>, Problem> {
        if route.audience() != Audience::RenewingDevices {
            return Ok(None);
        }
        let renewing = match request_head::credential(request.headers()) {
            Credential::Bearer(token) => self.authenticate.renewing(token, client).await,
            Credential::None | Credential::Unusable => Err(Unauthorized),
        };
        renewing.map(Some).map_err(|error| Problem::new(Reason::Unauthorized, error.to_string()))
    }

    /// Who is calling, or `None` when the route serves everyone, or a device that [`PublicApi::renewing`] looks at.
    async fn caller<B>(
        &self,
        route: Route,
        request: &Request<B>,
        origin: &RequestOrigin<'_>,
        client: ClientAddress,
    ) -> Result<Option<Caller>, Problem> {
        let audience = route.audience();
        let credential = request_head::credential(request.headers());
        let caller = match (audience, credential) {
            (Audience::Everyone | Audience::RenewingDevices, _) => return Ok(None),
            (_, Credential::Bearer(token)) => self.authenticate.device(token, client).await.map(Caller::Device),
            (_, Credential::Unusable) => Err(Unauthorized),
            (Audience::DevicesAndThisMachine, Credential::None) if self.policy.needs_no_token(origin) => {
                Ok(Caller::ThisMachine)
            }
            (_, Credential::None) => Err(Unauthorized),
        };
        caller.map(Some).map_err(|error| Problem::new(Reason::Unauthorized, error.to_string()))
    }
}

fn check_method(route: Route, method: &Method) -> Result<(), Problem> {
    match route.methods() {
        Some(allowed) if !allowed.contains(method) => {
            Err(Problem::new(Reason::MethodNotAllowed { allowed }, "the route does not answer this method"))
        }
        _ => Ok(()),
    }
}

#[async_trait]
impl Handler for PublicApi {
    async fn handle(&self, request: Request<ArrivingBody>, peer: Peer) -> Response {
        let admitted = match peer {
            Peer::Remote(remote) => self.admit(request, &remote).await,
            Peer::Operator => Err(Problem::new(Reason::NotFound, "there is no such route")),
        };
        let mut response = admitted.unwrap_or_else(Problem::into_response);
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
