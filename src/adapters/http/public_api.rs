//! The gate in front of the public routes: the one place that decides whether a request may come in, and as whom.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hyper::header::{CACHE_CONTROL, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::service::Service;
use hyper::{Method, Request};
use hyper_util::service::TowerToHyperService;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::answer::{Answer, routed};
use super::chat;
use super::connections::Handler;
use super::gateway::{AGENT_PATH, Gateway, Sender, Way, not_found};
use super::listener::{Peer, Remote};
use super::problem::{Problem, Reason};
use super::public_routes::{Audience, Route, Services, routes, verified};
use super::request_head::{self, Credential};
use super::usage::ArrivingBody;
use crate::adapters::wire::sighting::BEACON_HEADER;
use crate::app::daemon::DaemonPorts;
use crate::app::daemon::authenticate::{Authenticate, Caller, Renewing, Unauthorized};
use crate::app::daemon::beacons::Beacons;
use crate::app::daemon::chat::Chat;
use crate::app::daemon::devices::Devices;
use crate::app::daemon::exchange::Exchange;
use crate::app::daemon::metrics::Metrics;
use crate::app::daemon::open_requests::{OpenError, OpenRequest, OpenRequests};
use crate::app::daemon::pair_v2::PairV2;
use crate::app::daemon::rotate::Rotate;
use crate::app::daemon::status::Status;
use crate::app::daemon::tls_rotation::TlsRotation;
use crate::domain::access::{AccessPolicy, RequestOrigin};
use crate::domain::beacon::{Beacon, Sighting};
use crate::domain::client_address::ClientAddress;
use crate::domain::transport::Transport;
use crate::ports::clock::Clock;
use crate::ports::metrics::{Meter, RouteClass};

/// Answers requests on the TCP port.
pub struct PublicApi {
    policy: AccessPolicy,
    authenticate: Authenticate,
    beacons: Arc<Beacons>,
    gateway: Gateway,
    open: Arc<OpenRequests>,
    clock: Arc<dyn Clock>,
    meter: Arc<dyn Meter>,
    routes: BoxedFilter<(Response,)>,
}

impl PublicApi {
    /// The port of a daemon with these ports, policy, status and TLS keys, which pairs by handshakes with `pair` and
    /// recognises these beacons; `ready` is what `GET /api/health/ready` answers.
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
        let metrics = Arc::new(Metrics::new(ports.clone(), Arc::clone(&status)));
        Self {
            policy,
            authenticate: Authenticate::new(ports.clone()),
            beacons,
            gateway: Gateway::default(),
            open: Arc::clone(&ports.open),
            clock: Arc::clone(&ports.clock),
            meter: Arc::clone(&ports.meter),
            routes: routes(Services { exchange, pair, devices, rotate, status, rotation, metrics, ready }),
        }
    }

    /// The same port, at which devices also talk to the agent.
    #[must_use]
    pub fn with_chat(self, chat: &Arc<Chat>) -> Self {
        Self { routes: self.routes.or(chat::routes(chat)).unify().boxed(), ..self }
    }

    /// The same port, passing requests on through `gateway`.
    #[must_use]
    pub fn with_gateway(self, gateway: Gateway) -> Self {
        Self { gateway, ..self }
    }

    /// What a request for this path is counted as, and answered by.
    fn class(&self, path: &str) -> RouteClass {
        match Route::at(path) {
            Some(route) => route.class(),
            None if path.starts_with(AGENT_PATH) => RouteClass::Agent,
            None if self.gateway.leads(path) => RouteClass::Gateway,
            None => RouteClass::Unknown,
        }
    }

    /// The answer, and what it is counted as. What is asked most often does not carry the room that the other routes need.
    async fn answer(&self, request: Request<ArrivingBody>, remote: &Remote) -> (RouteClass, Answer) {
        let class = self.class(request.uri().path());
        let answered = match class {
            RouteClass::Agent | RouteClass::Gateway => match self.way(class, request, remote).await {
                Ok((Way::Open(passage), open)) => match passage.answer(open).await {
                    Ok(answer) => return (class, answer),
                    Err(problem) => Err(problem),
                },
                Ok((Way::Answered(answer), _)) => Ok(answer),
                Err(problem) => Err(problem),
            },
            RouteClass::Verify => self.verify(request, remote).await,
            _ => Box::pin(self.admit(request, remote)).await,
        };
        let answer = answered.unwrap_or_else(|problem| {
            let is_for_agent = class == RouteClass::Agent;
            routed(if is_for_agent { problem.into_openai_response() } else { problem.into_response() })
        });
        (class, with_our_headers(answer))
    }

    /// Answers whether a token is good.
    async fn verify(&self, request: Request<ArrivingBody>, remote: &Remote) -> Result<Answer, Problem> {
        let origin = request_head::origin(&request, remote, self.policy.client_header());
        self.policy.check_site(&origin)?;
        let credential = request_head::credential(request.headers());
        match self.caller(Audience::Devices, credential, &origin).await? {
            Some(Caller::Device(device)) => Ok(verified(&device)),
            Some(Caller::ThisMachine) | None => Err(unauthorized(Unauthorized)),
        }
    }

    /// Where a request goes that is passed on, and its place among those that stay open.
    async fn way(
        &self,
        class: RouteClass,
        request: Request<ArrivingBody>,
        remote: &Remote,
    ) -> Result<(Way, OpenRequest), Problem> {
        let origin = request_head::origin(&request, remote, self.policy.client_header());
        self.policy.check_site(&origin)?;
        let (caller, open) = self.open(&request, &origin).await?;
        if class == RouteClass::Agent {
            return Ok((self.gateway.to_agent(request)?, open));
        }
        let client = self.policy.client(&origin);
        let is_https = matches!(self.policy.transport(&origin), Transport::OwnTls | Transport::HopTls);
        Ok((self.gateway.to_target(request, &Sender { caller: &caller, client, is_https })?, open))
    }

    /// Who is calling, and the place of the request among those that stay open.
    async fn open<B>(
        &self,
        request: &Request<B>,
        origin: &RequestOrigin<'_>,
    ) -> Result<(Caller, OpenRequest), Problem> {
        loop {
            let turn = self.open.turn();
            let credential = request_head::credential(request.headers());
            let caller = self.caller(Audience::DevicesAndThisMachine, credential, origin).await?;
            let caller = caller.ok_or_else(|| unauthorized(Unauthorized))?;
            match self.open.open(&caller, turn) {
                Ok(open) => {
                    self.meter.request_opened();
                    return Ok((caller, open));
                }
                Err(error @ OpenError::TooMany) => {
                    return Err(Problem::new(Reason::TooManyRequests, error.to_string()));
                }
                // A credential has ended since the turn: it may have been this one.
                Err(OpenError::Outdated) => {}
            }
        }
    }

    async fn admit(&self, mut request: Request<ArrivingBody>, remote: &Remote) -> Result<Answer, Problem> {
        let origin = request_head::origin(&request, remote, self.policy.client_header());
        self.policy.check_site(&origin)?;
        let route = Route::at(request.uri().path()).ok_or_else(not_found)?;
        check_method(route, request.method())?;
        if route.takes_a_code() {
            // Before anyone looks at the code, which may be known to others by now.
            self.policy.check_transport(&origin)?;
        }
        let client = self.policy.client(&origin);
        let credential = request_head::credential(request.headers());
        let caller = self.caller(route.audience(), credential, &origin).await?;
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
        Ok(routed(response))
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
    async fn caller(
        &self,
        audience: Audience,
        credential: Credential<'_>,
        origin: &RequestOrigin<'_>,
    ) -> Result<Option<Caller>, Problem> {
        if credential != Credential::None {
            // Before anyone looks at the token, which may be known to others by now.
            self.policy.check_transport(origin)?;
        }
        let client = self.policy.client(origin);
        let caller = match (audience, credential) {
            (Audience::Everyone | Audience::RenewingDevices, _) => return Ok(None),
            (_, Credential::Bearer(token)) => self.authenticate.device(token, client).await.map(Caller::Device),
            (_, Credential::Unusable) => Err(Unauthorized),
            (Audience::DevicesAndThisMachine, Credential::None) if self.policy.needs_no_token(origin) => {
                Ok(Caller::ThisMachine)
            }
            (_, Credential::None) => Err(Unauthorized),
        };
        caller.map(Some).map_err(unauthorized)
    }
}

fn unauthorized(error: Unauthorized) -> Problem {
    Problem::new(Reason::Unauthorized, error.to_string())
}

fn check_method(route: Route, method: &Method) -> Result<(), Problem> {
    match route.methods() {
        Some(allowed) if !allowed.contains(method) => {
            Err(Problem::new(Reason::MethodNotAllowed { allowed }, "the route does not answer this method"))
        }
        _ => Ok(()),
    }
}

impl Handler for PublicApi {
    async fn handle(&self, request: Request<ArrivingBody>, peer: Peer) -> Answer {
        let Peer::Remote(remote) = peer else { return with_our_headers(routed(not_found().into_response())) };
        let arrived = self.clock.fine();
        let (class, answer) = self.answer(request, &remote).await;
        self.meter.answered(class, answer.status().as_u16(), self.clock.fine().saturating_sub(arrived));
        answer
    }
}

/// Every answer of the daemon's own says this. What was passed on is its server's.
pub(super) fn with_our_headers(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
