//! Requests to the server, and what is wrong with its answers.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{AUTHORIZATION, HeaderValue};
use ::http::{Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::form::refusal;
use crate::domain::endpoint::Endpoint;
use crate::domain::provider_key::ProviderKey;
use crate::domain::text::shown_safely;
use crate::ports::agent::AgentError;

/// Largest list of models, in bytes: the largest market's has half a mebibyte.
pub(super) const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of a refusal that are looked at.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// Time for a connection. Whoever is there answers within it, even across the world.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The server.
pub(super) struct Api {
    base_url: Endpoint,
    key: Option<ProviderKey>,
    /// Made by the first request: the system's certificates are only read where they are needed.
    client: OnceCell<Client>,
}

impl Api {
    pub(super) const fn new(base_url: Endpoint, key: Option<ProviderKey>) -> Self {
        Self { base_url, key, client: OnceCell::const_new() }
    }

    pub(super) const fn base_url(&self) -> &Endpoint {
        &self.base_url
    }

    /// A request for `path`, with the key.
    pub(super) async fn request(&self, method: &'static str, path: &str) -> Result<RequestBuilder, AgentError> {
        let client = self.client.get_or_try_init(async || self.build()).await?;
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let request = client.request(method, self.base_url.join(path));
        let Some(key) = &self.key else { return Ok(request) };
        let value = Zeroizing::new(["Bearer ", key.reveal()].concat());
        let mut value = HeaderValue::from_str(&value).map_err(|_| self.failed("the key cannot be sent"))?;
        value.set_sensitive(true);
        Ok(request.header(AUTHORIZATION, value))
    }

    /// The answer to a request, unless it is a refusal.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, AgentError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status if status.is_redirection() => {
                Err(self.failed(&format!("answered {status}, and redirects are not followed")))
            }
            status => {
                let body = self.body(response, MAX_REFUSAL_BYTES).await.unwrap_or_default();
                let reason = refusal(&body).map(|reason| format!(": {}", self.shown(&reason))).unwrap_or_default();
                Err(self.failed(&format!("answered {status}{reason}")))
            }
        }
    }

    /// All of an answer's body, which may have `limit` bytes.
    pub(super) async fn body(&self, mut response: Response, limit: usize) -> Result<Vec<u8>, AgentError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error))? {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(self.failed("gives an answer that is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// What is there does not speak the API.
    pub(super) fn not_understood(&self) -> AgentError {
        self.failed("gives an answer that is not the OpenAI API's")
    }

    /// The answer has ended before its end.
    pub(super) fn cut_off(&self) -> AgentError {
        self.failed("ended in the middle of its answer")
    }

    /// Words of the server, safe to show: without the key, which some servers repeat.
    pub(super) fn shown(&self, words: &str) -> String {
        match &self.key {
            Some(key) => shown_safely(&words.replace(key.reveal(), "[key]")),
            None => shown_safely(words),
        }
    }

    /// The server does `what`, and that is no answer.
    pub(super) fn failed(&self, what: &str) -> AgentError {
        AgentError::Failed(format!("the agent at {} {what}", self.base_url))
    }

    /// The answer has not come to its end.
    pub(super) fn lost(&self, error: &reqwest::Error) -> AgentError {
        self.failed(&format!("broke off in the middle of its answer: {}", self.shown(&innermost(error))))
    }

    /// The connection cannot be made.
    pub(super) fn unreachable(&self, error: &reqwest::Error) -> AgentError {
        if error.is_timeout() {
            let seconds = CONNECT_TIMEOUT.as_secs();
            return AgentError::TimedOut(format!(
                "no connection to the agent at {} in {seconds} seconds",
                self.base_url
            ));
        }
        let refused = |error: &&(dyn Error + 'static)| {
            let error = error.downcast_ref::<io::Error>();
            error.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        };
        if chain(error).any(|error| refused(&error)) {
            return self.failed("cannot be reached: connection refused, nothing listens there");
        }
        // The outer errors repeat the URL.
        self.failed(&format!("cannot be reached: {}", self.shown(&innermost(error))))
    }

    fn build(&self) -> Result<Client, AgentError> {
        let unusable = |error: &dyn Error| self.failed(&format!("cannot be asked: {}", self.shown(&error.to_string())));
        let builder = Client::builder()
            .tls_backend_preconfigured(self.tls().map_err(|error| unusable(&error))?)
            .user_agent(concat!("netclaw/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT);
        let builder = if self.base_url.is_loopback() { builder.no_proxy() } else { builder };
        builder.build().map_err(|error| unusable(&error))
    }

    /// The certificates that the system trusts, which are only read for `https`.
    fn tls(&self) -> Result<ClientConfig, rustls::Error> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?;
        Ok(match self.base_url.is_https() {
            true => builder.with_platform_verifier()?.with_no_client_auth(),
            false => builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth(),
        })
    }
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |error| Error::source(*error))
}

/// The words of the cause of all causes.
fn innermost(error: &reqwest::Error) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
