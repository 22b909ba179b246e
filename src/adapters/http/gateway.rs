//! The gateway: requests of known callers, passed on to the agent and to the targets of the configured routes.
//!
//! Who may come in has been decided before ([`super::public_api`]). Here it is decided where a request goes, what it says of
//! its caller, and what it does not say.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HOST, HeaderValue, LOCATION};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use percent_encoding::utf8_percent_encode;
use rustls::pki_types::ServerName;
use thiserror::Error;

use super::answer::{Answer, AnswerBody};
use super::passage::{Goal, Passage, Way};
use super::problem::{Problem, Reason};
use super::public_routes::ENCODED;
use super::usage::ArrivingBody;
use crate::adapters::relay::RelayError;
use crate::adapters::relay::request::{Hop, Outgoing};
use crate::adapters::relay::trust::{Trust, trusting_the_platform};
use crate::adapters::relay::upstream::{self, Upstream, Waits};
use crate::app::daemon::authenticate::Caller;
use crate::domain::agent::Agent;
use crate::domain::client_address::ClientAddress;
use crate::domain::endpoint::Endpoint;
use crate::domain::gateway::fields::Field;
use crate::domain::gateway::path::PlainPath;
use crate::domain::gateway::{Destination, MAX_ROUTES, Routes};
use crate::domain::provider_key::ProviderKey;
use crate::domain::settings::{Settings, SettingsError};

/// Time for a connection to a server: on this machine it takes none, and from far away a second.
const CONNECT: Duration = Duration::from_secs(10);

/// Time for the target of a route to begin its answer: as long as the agent has by default.
const ANSWER: Duration = Duration::from_mins(10);

/// Silence of the target of a route within an answer, and of both sides within a tunnel, the agent's too: a terminal or a log
/// that is followed may say nothing for long.
const SILENCE: Duration = Duration::from_hours(1);

/// Connections that wait for the next request, to all servers of a gateway: one to each of as many as there can be, and more to
/// each of a few.
pub(super) const MAX_IDLE_OF_ALL: usize = MAX_ROUTES + 1;

/// What the gateway calls itself where proxies do (RFC 9110 section 7.6.3).
const VIA: &[u8] = b"1.1 netclaw";

/// Passes requests on. The default one has nowhere to.
pub struct Gateway {
    routes: Routes,
    /// Those of the routes, in their order.
    targets: Vec<Server>,
    agent: AgentDoor,
}

/// Why requests cannot be passed on.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// The configuration is not good.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The certificates that the operating system trusts cannot be read, and a server is spoken to over TLS.
    #[error("the certificates that this system trusts cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// The host of an `https` URL is no name that a certificate could be for.
    #[error("no certificate can be for the host of {0}")]
    Name(Endpoint),
}

/// A server, and what to call it.
pub(super) struct Server {
    pub(super) upstream: Arc<Upstream>,
    /// The path of its URL, without a slash at its end.
    base: String,
    /// `Host`.
    host: String,
}

/// What `/v1/` leads to.
enum AgentDoor {
    /// A server that speaks the OpenAI API, and the key that it knows this host by.
    Open { server: Server, key: Option<ProviderKey> },
    /// A program, which speaks no HTTP.
    Program,
    /// Nothing is configured.
    Nobody,
}

/// Whose request it is.
pub(super) struct Sender<'a> {
    pub(super) caller: &'a Caller,
    pub(super) client: ClientAddress,
    /// Whether TLS protected it, here or before a trusted hop.
    pub(super) is_https: bool,
}

impl Default for Gateway {
    fn default() -> Self {
        Self { routes: Routes::new(Vec::new()), targets: Vec::new(), agent: AgentDoor::Nobody }
    }
}

impl Gateway {
    /// The gateway of a daemon with these settings; `key` is the agent's provider's.
    ///
    /// # Errors
    ///
    /// [`GatewayError`].
    pub fn new(settings: &Settings, key: Option<ProviderKey>) -> Result<Self, GatewayError> {
        let waits = Waits { connect: CONNECT, answer: ANSWER, silence: SILENCE, tunnel: SILENCE };
        Self::with_waits(settings, key, waits)
    }

    /// Like [`Gateway::new`], with other waits for the targets of the routes. Those for a connection and within a tunnel are
    /// the agent's too.
    ///
    /// # Errors
    ///
    /// [`GatewayError`].
    pub fn with_waits(settings: &Settings, key: Option<ProviderKey>, waits: Waits) -> Result<Self, GatewayError> {
        let routes = Routes::new(settings.gateway.routes.clone());
        let agent = settings.agent.agent()?;
        let base_url = agent.iter().filter_map(|agent| match agent {
            Agent::OpenAi { base_url } => Some(base_url),
            Agent::Command { .. } => None,
        });
        let mut endpoints = routes.all().iter().map(|route| &route.target).chain(base_url);
        // Reading the system's certificates takes time, and most gateways lead to this machine only.
        let trusted = endpoints.any(Endpoint::is_https).then(trusting_the_platform).transpose()?;
        let servers = routes.all().len() + usize::from(agent.is_some());
        let idle = (MAX_IDLE_OF_ALL / servers.max(1)).clamp(1, upstream::MAX_IDLE);
        let server = |endpoint: &Endpoint, waits| Server::keeping(idle, endpoint, trusted.clone(), waits);
        let targets = routes.all().iter().map(|route| server(&route.target, waits));
        let targets = targets.collect::<Result<_, _>>()?;
        let (answer, silence) = (settings.agent.timeout, settings.agent.idle_timeout);
        let agent = match agent {
            None => AgentDoor::Nobody,
            Some(Agent::Command { .. }) => AgentDoor::Program,
            Some(Agent::OpenAi { base_url }) => {
                AgentDoor::Open { server: server(&base_url, Waits { answer, silence, ..waits })?, key }
            }
        };
        Ok(Self { routes, targets, agent })
    }

    /// Whether a route leads somewhere from this path.
    pub(super) fn leads(&self, path: &str) -> bool {
        !matches!(self.routes.find(path), Ok(None))
    }

    /// Where the request of this sender goes by its route.
    pub(super) fn to_target(&self, request: Request<ArrivingBody>, sender: &Sender<'_>) -> Result<Way, Problem> {
        let (parts, body) = request.into_parts();
        let hop = checked(&parts)?;
        let found = self.routes.find(parts.uri.path()).map_err(|error| invalid(error.to_string()))?;
        let (route, rest) = match found.ok_or_else(not_found)? {
            Destination::Target { route, rest } => (route, rest),
            Destination::Slash => return Ok(Way::Answered(with_slash(&parts))),
        };
        let server = self.targets.get(route).ok_or_else(not_found)?;
        let mut head = server.head(&parts, rest);
        head.fields(&parts.headers, &hop, Field::goes_to_targets);
        sender.describe(&mut head, &parts);
        head.end(&parts.headers, &hop, &body);
        let upstream = Arc::clone(&server.upstream);
        Ok(Way::Open(Passage { upstream, head, body: body.of_known_caller(), goal: Goal::Target }))
    }

    /// Where a request below `/v1/` goes.
    pub(super) fn to_agent(&self, request: Request<ArrivingBody>) -> Result<Way, Problem> {
        let (server, key) = self.agent()?;
        let (parts, body) = request.into_parts();
        let hop = checked(&parts)?;
        let path = PlainPath::parse(parts.uri.path()).map_err(|error| invalid(error.to_string()))?;
        let rest = path.as_str().strip_prefix(AGENT_PATH).ok_or_else(not_found)?;
        let mut head = server.head(&parts, rest);
        head.fields(&parts.headers, &hop, Field::goes_to_agents);
        if head.holds_a_token(&hop) {
            let detail = "the request repeats a device's token, which the agent's provider would see: send it in Authorization, \
                          and nowhere else";
            return Err(invalid(detail));
        }
        if let Some(key) = key {
            head.line("authorization", &[b"Bearer ", key.reveal().as_bytes()]);
        }
        head.end(&parts.headers, &hop, &body);
        let upstream = Arc::clone(&server.upstream);
        let goal = if key.is_some() { Goal::AgentWithKey } else { Goal::Agent };
        Ok(Way::Open(Passage { upstream, head, body: body.of_known_caller(), goal }))
    }

    /// Where the agent's API is, and the key for it.
    fn agent(&self) -> Result<(&Server, Option<&ProviderKey>), Problem> {
        let detail = match &self.agent {
            AgentDoor::Open { server, key } => return Ok((server, key.as_ref())),
            AgentDoor::Program => {
                "the agent is a program, which has no OpenAI API; on the daemon's host, set Agent.Kind to \"openai\" and \
                 Agent.BaseUrl to the URL of one, or talk to the program with: netclaw chat"
            }
            AgentDoor::Nobody => {
                "no agent is configured; on the daemon's host, set Agent.Kind to \"openai\" and Agent.BaseUrl to a URL like \
                 http://127.0.0.1:11434/v1, or Agent.Kind to \"command\" and Agent.Command to a program, which is reached \
                 with netclaw chat and not here"
            }
        };
        Err(Problem::new(Reason::NoAgent, detail))
    }
}

/// Where the agent's API is on this port.
pub(super) const AGENT_PATH: &str = "/v1/";

impl Server {
    /// The server at this endpoint; with `trusted`, over TLS where the endpoint says so.
    pub(super) fn new(
        endpoint: &Endpoint,
        trusted: Option<Arc<rustls::ClientConfig>>,
        waits: Waits,
    ) -> Result<Self, GatewayError> {
        Self::keeping(upstream::MAX_IDLE, endpoint, trusted, waits)
    }

    /// The same, to which at most `idle` connections are kept for the next request.
    fn keeping(
        idle: usize,
        endpoint: &Endpoint,
        trusted: Option<Arc<rustls::ClientConfig>>,
        waits: Waits,
    ) -> Result<Self, GatewayError> {
        let host = endpoint.host().unwrap_or_default();
        let trust = match trusted.filter(|_| endpoint.is_https()) {
            None => None,
            Some(config) => {
                // A URL has brackets around an IPv6 address; a certificate has none.
                let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
                let name = ServerName::try_from(name).map_err(|_| GatewayError::Name(endpoint.clone()))?;
                Some(Trust { config, name })
            }
        };
        Ok(Self {
            upstream: Arc::new(Upstream::new(format!("{host}:{}", endpoint.port()), trust, waits).keeping(idle)),
            base: endpoint.path().to_owned(),
            host: endpoint.authority().to_owned(),
        })
    }

    /// The beginning of a request to what follows this server's own path; the query is passed on as it is.
    pub(super) fn head(&self, parts: &Parts, rest: &str) -> Outgoing {
        match parts.uri.query() {
            None => Outgoing::new(&parts.method, &[&self.base, "/", rest], &self.host),
            Some(query) => Outgoing::new(&parts.method, &[&self.base, "/", rest, "?", query], &self.host),
        }
    }
}

impl Sender<'_> {
    /// Says to the target of a route who is calling, and from where.
    fn describe(&self, head: &mut Outgoing, parts: &Parts) {
        if let Caller::Device(device) = self.caller {
            let name = utf8_percent_encode(device.name().as_str(), ENCODED).to_string();
            head.line("x-netclaw-device", &[name.as_bytes()]);
            head.line("x-netclaw-device-id", &[device.id().as_str().as_bytes()]);
        }
        // An address is at most 39 characters (RFC 4291 section 2.2).
        let address = match self.client.ip() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => address.to_string(),
        };
        head.line("x-forwarded-for", &[address.as_bytes()]);
        head.line("x-forwarded-proto", &[if self.is_https { b"https" } else { b"http" }]);
        if let Some(host) = parts.headers.get(HOST) {
            head.field("x-forwarded-host", host);
        }
        head.line("via", &[VIA]);
    }
}

/// What the request asks of its connection, if it can be passed on at all.
pub(super) fn checked(parts: &Parts) -> Result<Hop<'_>, Problem> {
    if parts.uri.authority().is_some() {
        return Err(invalid("the request must name a path, not a whole URL"));
    }
    if matches!(parts.method, Method::CONNECT | Method::TRACE) {
        return Err(Problem::new(
            Reason::MethodNotAllowed { allowed: &[] },
            "requests with this method are not passed on",
        ));
    }
    Hop::of(&parts.headers).ok_or_else(|| invalid("the body has a transfer coding other than chunked"))
}

/// The same path with a slash behind it (RFC 9110 section 15.4.9: with the same method and body).
fn with_slash(parts: &Parts) -> Answer {
    let query = parts.uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let location = HeaderValue::try_from(format!("{}/{query}", parts.uri.path()));
    let mut answer = Answer::new(AnswerBody::Empty);
    *answer.status_mut() = StatusCode::PERMANENT_REDIRECT;
    answer.headers_mut().extend(location.ok().map(|location| (LOCATION, location)));
    answer
}

pub(super) fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(Reason::InvalidRequest, detail)
}

pub(super) fn not_found() -> Problem {
    Problem::new(Reason::NotFound, "there is no such route")
}

pub(super) const fn is_timeout(error: &RelayError) -> bool {
    matches!(error, RelayError::Timeout | RelayError::ConnectTimeout)
}
