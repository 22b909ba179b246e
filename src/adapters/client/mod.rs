//! A daemon reached over HTTP.

mod answer;
mod cause;
mod chat;
mod documents;
mod key_verifier;
mod meeting;
mod network_probe;
mod problem;
pub mod tls;
mod turn_stream;

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Body, Client, RequestBuilder};
use rustls::ClientConfig;
use zeroize::Zeroizing;

use crate::adapters::wire::sighting::BEACON_HEADER;
use crate::domain::beacon::{Beacon, Sighting};
use crate::domain::code::PairingCode;
use crate::domain::device_name::DeviceName;
use crate::domain::endpoint::Endpoint;
use crate::domain::link::{Guard, Link, Meeting};
use crate::domain::pake::{ClientHello, DaemonHello, FinishAnswer, FinishRequest};
use crate::domain::token::BearerToken;
use crate::ports::daemon_api::{ApiError, DaemonApi, Grant, StatusReport};

/// How long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until there is a connection. A machine that is off should not use up all the time there is.
    pub connect: Duration,
    /// Until the last byte of the answer.
    pub answer: Duration,
}

impl Patience {
    /// For looking whether an endpoint works, while a person waits: 3 and 5 seconds.
    pub const BRIEF: Self = Self { connect: Duration::from_secs(3), answer: Duration::from_secs(5) };
}

impl Default for Patience {
    /// 5 and 15 seconds.
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), answer: Duration::from_secs(15) }
    }
}

/// What is asked for everywhere.
const ACCEPTED: &str = "application/json, application/problem+json";

/// What makes one HTTP client unfit for another link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    loopback: bool,
    guard: Guard,
}

/// The routes of a daemon, over HTTP.
///
/// # Security
///
/// Redirects are not followed, loopback is never reached through a proxy, and the `Authorization` header is marked as
/// sensitive so that no debugging output of the HTTP stack shows it.
pub struct HttpDaemonApi {
    patience: Patience,
    /// The client of the last link: commands talk over one, and its connection is worth keeping.
    client: Mutex<Option<(Kind, Client)>>,
}

impl HttpDaemonApi {
    /// Ready to ask. Nothing is loaded before the first request, and trusted roots only for `https`.
    pub const fn new(patience: Patience) -> Self {
        Self { patience, client: Mutex::new(None) }
    }

    fn request(&self, method: Method, link: &Link, path: &str) -> Result<RequestBuilder, ApiError> {
        Ok(self.client_for(link)?.request(method, link.url(path)).header(ACCEPT, ACCEPTED))
    }

    fn post(&self, link: &Link, path: &str, body: impl Into<Body>) -> Result<RequestBuilder, ApiError> {
        Ok(self.request(Method::POST, link, path)?.header(CONTENT_TYPE, "application/json").body(body))
    }

    fn client_for(&self, link: &Link) -> Result<Client, ApiError> {
        let kind = Kind { loopback: link.endpoint().is_loopback(), guard: link.guard() };
        // A client is whole at every moment, so a lock that a panic left behind is as good as new.
        let mut kept = self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(match &*kept {
            Some((of, client)) if *of == kind => client.clone(),
            _ => kept.insert((kind, self.build(tls::guarding(kind.guard), kind.loopback)?)).1.clone(),
        })
    }

    fn build(&self, tls: Result<ClientConfig, rustls::Error>, loopback: bool) -> Result<Client, ApiError> {
        let unusable = |cause: String| ApiError::Unreachable { cause };
        let builder = Client::builder()
            .tls_backend_preconfigured(tls.map_err(|error| unusable(error.to_string()))?)
            .user_agent(concat!("netclaw/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            // Which certificate it was, for the doctor.
            .tls_info(true)
            .connect_timeout(self.patience.connect)
            .timeout(self.patience.answer);
        let builder = if loopback { builder.no_proxy() } else { builder };
        builder.build().map_err(|error| unusable(cause::of(&error, self.patience).to_string()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<answer::Answer, ApiError> {
        let response = request.send().await.map_err(|error| cause::of(&error, self.patience))?;
        answer::read(response, self.patience).await
    }
}

#[async_trait]
impl DaemonApi for HttpDaemonApi {
    async fn probe(&self, link: &Link) -> Result<(), ApiError> {
        let answer = self.send(self.request(Method::GET, link, "/api/health/ready")?).await?;
        documents::health(answer.json(StatusCode::OK)?)
    }

    async fn sight(&self, link: &Link, beacon: &Beacon) -> Result<Sighting, ApiError> {
        let request = self.request(Method::GET, link, "/api/health/live")?;
        documents::sighting(self.send(request.header(BEACON_HEADER, beacon.as_str())).await?.json(StatusCode::OK)?)
    }

    async fn meet(&self, endpoint: &Endpoint) -> Result<Meeting, ApiError> {
        self.meet_at(endpoint).await
    }

    async fn start_pairing(&self, link: &Link, hello: &ClientHello) -> Result<DaemonHello, ApiError> {
        let answer = self.send(self.post(link, "/api/pair/v2/start", documents::start(hello))?).await?;
        documents::started(answer.json(StatusCode::OK)?)
    }

    async fn finish_pairing(&self, link: &Link, request: &FinishRequest) -> Result<FinishAnswer, ApiError> {
        let answer = self.send(self.post(link, "/api/pair/v2/finish", documents::finish(request))?).await?;
        documents::finished(answer.json(StatusCode::OK)?)
    }

    async fn exchange(&self, link: &Link, code: &PairingCode, name: &DeviceName) -> Result<Grant, ApiError> {
        link.check()?;
        let body = Bytes::from_owner(documents::exchange(code, name));
        let answer = self.send(self.post(link, "/api/pair/exchange", body)?).await?;
        documents::grant(answer.json(StatusCode::OK)?)
    }

    async fn status<'a>(&self, link: &Link, token: Option<&'a BearerToken>) -> Result<StatusReport, ApiError> {
        let request = self.request(Method::GET, link, "/api/status")?;
        let request = match token {
            Some(token) => authorized(request, link, token)?,
            None => request,
        };
        documents::status(self.send(request).await?.json(StatusCode::OK)?)
    }

    async fn rotate(&self, link: &Link, token: &BearerToken) -> Result<BearerToken, ApiError> {
        let request = authorized(self.request(Method::POST, link, "/api/device/rotate")?, link, token)?;
        documents::staged(self.send(request).await?.json(StatusCode::OK)?, token.device())
    }

    async fn confirm_rotation(&self, link: &Link, new: &BearerToken) -> Result<(), ApiError> {
        let request = authorized(self.request(Method::POST, link, "/api/device/rotate/confirm")?, link, new)?;
        self.send(request).await?.empty(StatusCode::NO_CONTENT)
    }

    async fn revoke_self(&self, link: &Link, token: &BearerToken) -> Result<(), ApiError> {
        let request = authorized(self.request(Method::DELETE, link, "/api/pair/device")?, link, token)?;
        self.send(request).await?.empty(StatusCode::NO_CONTENT)
    }
}

fn authorized(request: RequestBuilder, link: &Link, token: &BearerToken) -> Result<RequestBuilder, ApiError> {
    link.check()?;
    let value = Zeroizing::new(["Bearer ", token.reveal()].concat());
    // A token is ASCII by construction.
    let mut value = HeaderValue::from_str(&value)
        .map_err(|_| ApiError::Unreachable { cause: "the token cannot be sent".to_owned() })?;
    value.set_sensitive(true);
    Ok(request.header(http::header::AUTHORIZATION, value))
}
