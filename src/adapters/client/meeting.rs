//! Finding out what is at an endpoint, before anything is sent that is worth protecting.

use http::StatusCode;
use http::header::ACCEPT;
use reqwest::{Client, Response};

use super::key_verifier::{KeyVerifier, Seen};
use super::{ACCEPTED, HttpDaemonApi, answer, cause, documents, tls};
use crate::domain::endpoint::Endpoint;
use crate::domain::link::{Link, Meeting};
use crate::ports::daemon_api::ApiError;

/// What is asked: whether there is a daemon. Needs no credential.
const PATH: &str = "/api/health/ready";

impl HttpDaemonApi {
    /// Meets whatever is at `endpoint`.
    pub(super) async fn meet_at(&self, endpoint: &Endpoint) -> Result<Meeting, ApiError> {
        if endpoint.is_https() {
            match self.greet(&self.client_for(&Link::of_endpoint(endpoint))?, endpoint).await {
                Ok(response) => return self.is_daemon(response).await.map(|()| Meeting::PublicCertificate),
                Err(error) if cause::is_untrusted(&error) => {}
                Err(error) => return Err(cause::of(&error, self.patience)),
            }
        }
        match self.meet_key(&endpoint.over_tls()).await? {
            Some(meeting) => Ok(meeting),
            None if endpoint.is_https() => Err(cause::no_tls()),
            None => {
                let response = self.greet(&self.client_for(&Link::of_endpoint(endpoint))?, endpoint).await;
                self.is_daemon(response.map_err(|error| cause::of(&error, self.patience))?).await?;
                Ok(Meeting::Plain)
            }
        }
    }

    /// Meets whoever speaks TLS there; `None` when nobody does.
    async fn meet_key(&self, endpoint: &Endpoint) -> Result<Option<Meeting>, ApiError> {
        let seen = Seen::default();
        let client = self.build(tls::trusting_keys(KeyVerifier::recording(&seen)), endpoint.is_loopback())?;
        match self.greet(&client, endpoint).await {
            Ok(response) => self.is_daemon(response).await?,
            Err(error) if cause::is_no_tls(&error) => return Ok(None),
            Err(error) => return Err(cause::of(&error, self.patience)),
        }
        Ok(seen.pin().map(Meeting::Key))
    }

    async fn greet(&self, client: &Client, endpoint: &Endpoint) -> Result<Response, reqwest::Error> {
        client.get(endpoint.join(PATH)).header(ACCEPT, ACCEPTED).send().await
    }

    async fn is_daemon(&self, response: Response) -> Result<(), ApiError> {
        documents::health(answer::read(response, self.patience).await?.json(StatusCode::OK)?)
    }
}
