//! A daemon reached over HTTP.

mod answer;
mod cause;
mod documents;
mod network_probe;
mod problem;
mod tls;

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use zeroize::Zeroizing;

use crate::adapters::wire::sighting::BEACON_HEADER;
use crate::domain::beacon::{Beacon, Sighting};
use crate::domain::code::PairingCode;
use crate::domain::device_name::DeviceName;
use crate::domain::endpoint::Endpoint;
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

/// What makes one HTTP client unfit for another endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    loopback: bool,
    https: bool,
}

/// The routes of a daemon, over HTTP.
///
/// # Security
///
/// Redirects are not followed, loopback is never reached through a proxy, and the `Authorization` header is marked as
/// sensitive so that no debugging output of the HTTP stack shows it.
pub struct HttpDaemonApi {
    patience: Patience,
    /// The client of the last endpoint: commands talk to one, and its connection is worth keeping.
    client: Mutex<Option<(Kind, Client)>>,
}

impl HttpDaemonApi {
    /// Ready to ask. Nothing is loaded before the first request, and trusted roots only for `https`.
    pub const fn new(patience: Patience) -> Self {
        Self { patience, client: Mutex::new(None) }
    }

    fn request(&self, method: Method, endpoint: &Endpoint, path: &str) -> Result<RequestBuilder, ApiError> {
        let kind = Kind { loopback: endpoint.is_loopback(), https: endpoint.is_https() };
        // A client is whole at every moment, so a lock that a panic left behind is as good as new.
        let mut kept = self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let client = match &*kept {
            Some((of, client)) if *of == kind => client.clone(),
            _ => kept.insert((kind, self.build(kind)?)).1.clone(),
        };
        Ok(client.request(method, endpoint.join(path)).header(ACCEPT, "application/json, application/problem+json"))
    }

    fn build(&self, kind: Kind) -> Result<Client, ApiError> {
        let unusable = |cause: String| ApiError::Unreachable { cause };
        let tls = if kind.https { tls::trusting_the_platform() } else { tls::trusting_nobody() };
        let builder = Client::builder()
            .tls_backend_preconfigured(tls.map_err(|error| unusable(error.to_string()))?)
            .user_agent(concat!("netclaw/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(self.patience.connect)
            .timeout(self.patience.answer);
        let builder = if kind.loopback { builder.no_proxy() } else { builder };
        builder.build().map_err(|error| unusable(cause::of(&error, self.patience).to_string()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<answer::Answer, ApiError> {
        let response = request.send().await.map_err(|error| cause::of(&error, self.patience))?;
        answer::read(response, self.patience).await
    }
}

#[async_trait]
impl DaemonApi for HttpDaemonApi {
    async fn probe(&self, endpoint: &Endpoint) -> Result<(), ApiError> {
        let answer = self.send(self.request(Method::GET, endpoint, "/api/health/ready")?).await?;
        documents::health(answer.json(StatusCode::OK)?)
    }

    async fn sight(&self, endpoint: &Endpoint, beacon: &Beacon) -> Result<Sighting, ApiError> {
        let request = self.request(Method::GET, endpoint, "/api/health/live")?;
        documents::sighting(self.send(request.header(BEACON_HEADER, beacon.as_str())).await?.json(StatusCode::OK)?)
    }

    async fn exchange(&self, endpoint: &Endpoint, code: &PairingCode, name: &DeviceName) -> Result<Grant, ApiError> {
        let request = self.request(Method::POST, endpoint, "/api/pair/exchange")?;
        let body = Bytes::from_owner(documents::exchange(code, name));
        let answer = self.send(request.header(CONTENT_TYPE, "application/json").body(body)).await?;
        documents::grant(answer.json(StatusCode::OK)?)
    }

    async fn status<'a>(&self, endpoint: &Endpoint, token: Option<&'a BearerToken>) -> Result<StatusReport, ApiError> {
        let request = self.request(Method::GET, endpoint, "/api/status")?;
        let request = match token {
            Some(token) => authorized(request, token)?,
            None => request,
        };
        documents::status(self.send(request).await?.json(StatusCode::OK)?)
    }

    async fn rotate(&self, endpoint: &Endpoint, token: &BearerToken) -> Result<BearerToken, ApiError> {
        let request = authorized(self.request(Method::POST, endpoint, "/api/device/rotate")?, token)?;
        documents::staged(self.send(request).await?.json(StatusCode::OK)?, token.device())
    }

    async fn confirm_rotation(&self, endpoint: &Endpoint, new: &BearerToken) -> Result<(), ApiError> {
        let request = authorized(self.request(Method::POST, endpoint, "/api/device/rotate/confirm")?, new)?;
        self.send(request).await?.empty(StatusCode::NO_CONTENT)
    }

    async fn revoke_self(&self, endpoint: &Endpoint, token: &BearerToken) -> Result<(), ApiError> {
        let request = authorized(self.request(Method::DELETE, endpoint, "/api/pair/device")?, token)?;
        self.send(request).await?.empty(StatusCode::NO_CONTENT)
    }
}

fn authorized(request: RequestBuilder, token: &BearerToken) -> Result<RequestBuilder, ApiError> {
    let value = Zeroizing::new(["Bearer ", token.reveal()].concat());
    // A token is ASCII by construction.
    let mut value = HeaderValue::from_str(&value)
        .map_err(|_| ApiError::Unreachable { cause: "the token cannot be sent".to_owned() })?;
    value.set_sensitive(true);
    Ok(request.header(http::header::AUTHORIZATION, value))
}
