//! The forwarder of a paired device: requests of this machine, passed on to the daemon with the device's credential.
//!
//! On loopback, every user of the machine and every web page in its browsers can send requests here. So each must show the
//! forwarder's key, which is taken off and goes nowhere, and none may come from a page of another site. The Unix socket needs
//! neither: the system says who is at its other end, and no page reaches it.

pub mod door;
mod places;
mod stray_key;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, ORIGIN, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};
use rustls::ClientConfig;
use tokio::time::sleep;

use self::places::Places;
use super::answer::{Answer, AnswerBody, OpenTunnel, Streamed, routed};
use super::connections::{ConnectionLimits, Handler, OTHER_FILES};
use super::gateway::{AGENT_PATH, Server, checked, invalid, is_timeout};
use super::listener::Peer;
use super::problem::{Problem, Reason};
use super::public_api::with_our_headers;
use super::request_head::only;
use super::usage::ArrivingBody;
use crate::adapters::relay::RelayError;
use crate::adapters::relay::request::Hop;
use crate::adapters::relay::upstream::{self, Waits};
use crate::app::client::forward::{Closed, Forwarding, Passage};
use crate::domain::forward::guard::{Claims, Guard};
use crate::domain::forward::key::ForwardKey;
use crate::domain::forward::reserved::{self, RefusedPath};
use crate::domain::link::{Guard as Belief, Link};

/// How long the daemon is waited for. It has limits of its own for whoever is behind it, by default of ten minutes and an
/// hour, and says so when they are over; these are for a daemon that is gone.
const WAITS: Waits = Waits {
    connect: Duration::from_secs(10),
    answer: Duration::from_hours(2),
    silence: Duration::from_hours(2),
    tunnel: Duration::from_hours(2),
};

/// Time between two questions whether the daemon has announced another key, or revoked this device.
const LOOK: Duration = Duration::from_hours(1);

/// Connections at once: the tools of one user, each with a handful of them.
const CONNECTIONS: usize = 256;

/// Open files that a forwarder takes, where each of its connections has one to the daemon. Usually they may be open anyway, but
/// not on macOS; and a command that is run with them has no more than `select(2)` bears.
pub const OPEN_FILES: u64 = 2 * CONNECTIONS as u64 + OTHER_FILES;

/// The limits of a forwarder that may have this many files open.
pub fn limits(open_files: u64) -> ConnectionLimits {
    let connections = ConnectionLimits::with_open_files(open_files).connections.min(CONNECTIONS);
    ConnectionLimits { connections, drain: Duration::from_secs(2), ..ConnectionLimits::DAEMON }
}

/// TLS to the daemon at the end of a link; `None` where none is spoken.
pub type LinkTls = fn(&Link) -> Result<Option<Arc<ClientConfig>>, rustls::Error>;

/// What connections over TCP have to show.
#[derive(Debug)]
pub struct Lock {
    /// That they come from no web page of another site.
    pub guard: Guard,
    /// That they come from someone who was told the key.
    pub key: ForwardKey,
}

/// Passes requests on to the daemon.
pub struct Forwarder {
    forwarding: Arc<Forwarding>,
    lock: Option<Lock>,
    tls: LinkTls,
    waits: Waits,
    /// The daemon at the end of the latest link.
    server: Mutex<Option<(Link, Arc<Server>)>>,
}

impl Forwarder {
    /// Passes requests on as `forwarding` has it. Without a lock, nothing that comes over TCP is let in.
    pub const fn new(forwarding: Arc<Forwarding>, lock: Option<Lock>, tls: LinkTls) -> Self {
        Self::with_waits(forwarding, lock, tls, WAITS)
    }

    /// Like [`Forwarder::new`], with other waits for the daemon.
    pub const fn with_waits(forwarding: Arc<Forwarding>, lock: Option<Lock>, tls: LinkTls, waits: Waits) -> Self {
        Self { forwarding, lock, tls, waits, server: Mutex::new(None) }
    }

    /// Asks the daemon now and then how it is. Never ends.
    pub async fn tend(&self) {
        loop {
            sleep(LOOK).await;
            self.forwarding.look().await;
        }
    }

    async fn forward(&self, request: Request<ArrivingBody>, peer: Peer) -> Result<Answer, Problem> {
        let (mut parts, body) = request.into_parts();
        match peer {
            Peer::Operator => {}
            Peer::Remote(_) => self.let_in(&mut parts)?,
        }
        let hop = checked(&parts)?;
        reserved::check(parts.uri.path())?;
        let passage = self.forwarding.passage_by_now().await.map_err(|closed| self.is_closed(closed))?;
        let again = body.once_more();
        let answer = self.send(&parts, &hop, body, &passage).await?;
        if !is_refusal(&answer) {
            return Ok(answer);
        }
        self.forwarding.doubt(&passage).await;
        // A rotation had ended the credential, and not stored the new one yet.
        let passage = self.forwarding.passage().ok().filter(|now| !now.token.is_same(&passage.token));
        match again.zip(passage) {
            Some((body, passage)) => self.send(&parts, &hop, body, &passage).await,
            None => Ok(answer),
        }
    }

    /// Sends a request this way.
    async fn send(
        &self,
        parts: &Parts,
        hop: &Hop<'_>,
        body: ArrivingBody,
        passage: &Passage,
    ) -> Result<Answer, Problem> {
        let server = self.server(&passage.link)?;
        let places = Places::of(parts, &passage.link);
        let mut head = server.head(parts, parts.uri.path().trim_start_matches('/'));
        places.put_fields(&mut head, parts, hop);
        head.line("authorization", &[b"Bearer ", passage.token.reveal().as_bytes()]);
        head.end(&parts.headers, hop, &body);
        let answer = match server.upstream.exchange(head, body.of_known_caller()).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.has_failed(&error, &passage.link).await),
        };
        Ok(match answer {
            upstream::Answer::Response(mut response) => {
                places.clean(response.headers_mut());
                response.map(|body| AnswerBody::Streamed(Box::new(Streamed::to_its_end(body))))
            }
            upstream::Answer::Tunnel(response, tunnel) => {
                response.map(|()| AnswerBody::Tunnel(Box::new(OpenTunnel::to_its_end(tunnel))))
            }
        })
    }

    /// Lets a request in that came over TCP, and takes the key off it. Pages are sent away first: they are not told whether a
    /// key is right.
    fn let_in(&self, parts: &mut Parts) -> Result<(), Problem> {
        let headers = &parts.headers;
        let forbidden = || Problem::new(Reason::ForbiddenOrigin, "this forwarder is reached through its socket only");
        let Lock { guard, key } = self.lock.as_ref().ok_or_else(forbidden)?;
        guard.check(&claims(headers)).map_err(|error| Problem::new(Reason::ForbiddenOrigin, error.to_string()))?;
        if only(headers, AUTHORIZATION).is_some_and(|shown| key.is_shown_by(shown)) {
            return stray_key::take_out(key, parts);
        }
        let what = if headers.contains_key(AUTHORIZATION) { "this is not the key" } else { "there is no key" };
        let detail = format!(
            "{what} of this forwarder: send the value that `netclaw forward` has shown for OPENAI_API_KEY as the API key, or \
             as the password of any user"
        );
        Err(Problem::new(Reason::InvalidKey, detail))
    }

    /// The daemon at the end of this link, with its connections.
    fn server(&self, link: &Link) -> Result<Arc<Server>, Problem> {
        let mut kept = self.kept_server();
        if let Some((of, server)) = &*kept
            && of == link
        {
            return Ok(Arc::clone(server));
        }
        let unusable = |error: String| Problem::new(Reason::BadGateway, error);
        let tls = (self.tls)(link).map_err(|error| unusable(error.to_string()))?;
        let server = Server::new(&link.place(), tls, self.waits).map_err(|error| unusable(error.to_string()))?;
        let (_, server) = kept.insert((link.clone(), Arc::new(server)));
        Ok(Arc::clone(server))
    }

    fn kept_server(&self) -> MutexGuard<'_, Option<(Link, Arc<Server>)>> {
        // It is replaced whole, so a lock that a panic left behind is as good as new.
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self, closed: Closed) -> Problem {
        let endpoint = &self.forwarding.choice().endpoint;
        Problem::new(Reason::Unauthorized, format!("{closed}; on this machine, run: netclaw pair {endpoint}"))
    }

    async fn has_failed(&self, error: &RelayError, link: &Link) -> Problem {
        let of_tls = tls_error(error);
        if of_tls.is_some() {
            // Another key than the stored one, perhaps: then someone has to be told.
            self.forwarding.look().await;
        }
        let reason = match error {
            RelayError::Client => return invalid(error.to_string()),
            error if is_timeout(error) => Reason::GatewayTimeout,
            _ => Reason::BadGateway,
        };
        let endpoint = &self.forwarding.choice().endpoint;
        let detail = match of_tls {
            Some(rustls::Error::InvalidCertificate(_)) if matches!(link.guard(), Belief::Pinned(_)) => {
                format!("another key answers at {endpoint}; the forwarder's terminal has both fingerprints")
            }
            // What it says of a certificate is for those who know its source.
            Some(rustls::Error::InvalidCertificate(_)) => {
                format!("the certificate of {endpoint} is not valid here; `netclaw status` has the reason")
            }
            _ => format!("the daemon at {endpoint} has no answer: {error}"),
        };
        Problem::new(reason, detail)
    }
}

impl Handler for Forwarder {
    async fn handle(&self, request: Request<ArrivingBody>, peer: Peer) -> Answer {
        let is_openai = request.uri().path().starts_with(AGENT_PATH);
        self.forward(request, peer).await.unwrap_or_else(|problem| {
            with_our_headers(routed(if is_openai { problem.into_openai_response() } else { problem.into_response() }))
        })
    }
}

fn claims(headers: &HeaderMap) -> Claims<'_> {
    // What is there more than once is nothing that a browser sends.
    let claimed = |name: HeaderName| headers.contains_key(&name).then(|| only(headers, name).unwrap_or_default());
    let fetch_site = HeaderName::from_static("sec-fetch-site");
    Claims { host: only(headers, HOST), origin: claimed(ORIGIN), fetch_site: claimed(fetch_site) }
}

/// Whether an answer looks like the daemon's own word that the credential is not good. A service behind it may say the same.
fn is_refusal(answer: &Answer) -> bool {
    answer.status() == StatusCode::UNAUTHORIZED
        && only(answer.headers(), WWW_AUTHENTICATE).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"))
}

/// What was wrong with TLS, where that is why there is no connection.
fn tls_error(error: &RelayError) -> Option<&rustls::Error> {
    match error {
        RelayError::Unreachable(error) => error.get_ref()?.downcast_ref(),
        RelayError::ConnectTimeout
        | RelayError::Closed
        | RelayError::Broken(_)
        | RelayError::BadAnswer(_)
        | RelayError::Timeout
        | RelayError::Client => None,
    }
}

impl From<RefusedPath> for Problem {
    fn from(error: RefusedPath) -> Self {
        match error {
            RefusedPath::Ambiguous(why) => invalid(why.to_string()),
            RefusedPath::Reserved => {
                let hint = "use `netclaw pair`, `netclaw rotate` and `netclaw unpair`";
                Self::new(Reason::NotForwarded, format!("{error}; {hint}"))
            }
        }
    }
}
