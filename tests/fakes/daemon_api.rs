//! A daemon on the other side of the network, whose answers are scripted.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use netclaw::domain::beacon::{Beacon, Sighting};
use netclaw::domain::code::PairingCode;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::link::{Link, Meeting};
use netclaw::domain::pake::{ClientHello, DaemonHello, FinishAnswer, FinishRequest};
use netclaw::domain::token::BearerToken;
use netclaw::ports::daemon_api::{ApiError, DaemonApi, Grant, Rejection, StatusReport};

/// What reached the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Probe(Endpoint),
    Sight(Endpoint),
    Exchange { endpoint: Endpoint, code: String, name: DeviceName },
    Status { endpoint: Endpoint, token: Option<String> },
    Rotate { endpoint: Endpoint, token: String },
    ConfirmRotation { endpoint: Endpoint, token: String },
    RevokeSelf { endpoint: Endpoint, token: String },
}

/// Gives the answers of each queue in order. With none left, nothing is reachable, apart from `probe` and `revoke_self`,
/// which then succeed.
#[derive(Debug, Default)]
pub struct ScriptedDaemonApi {
    pub probes: Mutex<VecDeque<Result<(), ApiError>>>,
    pub sightings: Mutex<VecDeque<Result<Sighting, ApiError>>>,
    pub exchanges: Mutex<VecDeque<Result<Grant, ApiError>>>,
    pub statuses: Mutex<VecDeque<Result<StatusReport, ApiError>>>,
    pub rotations: Mutex<VecDeque<Result<BearerToken, ApiError>>>,
    pub confirmations: Mutex<VecDeque<Result<(), ApiError>>>,
    pub revocations: Mutex<VecDeque<Result<(), ApiError>>>,
    pub requests: Mutex<Vec<Request>>,
}

impl ScriptedDaemonApi {
    fn note(&self, request: Request) {
        self.requests.lock().unwrap().push(request);
    }
}

fn next<T>(answers: &Mutex<VecDeque<Result<T, ApiError>>>) -> Option<Result<T, ApiError>> {
    answers.lock().unwrap().pop_front()
}

fn unreachable<T>() -> Result<T, ApiError> {
    Err(ApiError::Unreachable { cause: "connection refused".to_owned() })
}

#[async_trait]
impl DaemonApi for ScriptedDaemonApi {
    async fn probe(&self, link: &Link) -> Result<(), ApiError> {
        let endpoint = link.endpoint();
        self.note(Request::Probe(endpoint.clone()));
        next(&self.probes).unwrap_or(Ok(()))
    }

    async fn sight(&self, link: &Link, _beacon: &Beacon) -> Result<Sighting, ApiError> {
        let endpoint = link.endpoint();
        self.note(Request::Sight(endpoint.clone()));
        next(&self.sightings).unwrap_or_else(unreachable)
    }

    async fn meet(&self, endpoint: &Endpoint) -> Result<Meeting, ApiError> {
        let meeting = if endpoint.is_https() { Meeting::PublicCertificate } else { Meeting::Plain };
        self.probe(&Link::of_endpoint(endpoint)).await.map(|()| meeting)
    }

    async fn start_pairing(&self, _link: &Link, _hello: &ClientHello) -> Result<DaemonHello, ApiError> {
        Err(ApiError::Rejected { why: Rejection::NotFound, detail: "there is no such route".to_owned() })
    }

    async fn finish_pairing(&self, _link: &Link, _request: &FinishRequest) -> Result<FinishAnswer, ApiError> {
        Err(ApiError::Rejected { why: Rejection::NotFound, detail: "there is no such route".to_owned() })
    }

    async fn exchange(&self, link: &Link, code: &PairingCode, name: &DeviceName) -> Result<Grant, ApiError> {
        self.note(Request::Exchange { endpoint: link.endpoint().clone(), code: code.reveal(), name: name.clone() });
        next(&self.exchanges).unwrap_or_else(unreachable)
    }

    async fn status<'a>(&self, link: &Link, token: Option<&'a BearerToken>) -> Result<StatusReport, ApiError> {
        let token = token.map(|token| token.reveal().to_owned());
        self.note(Request::Status { endpoint: link.endpoint().clone(), token });
        next(&self.statuses).unwrap_or_else(unreachable)
    }

    async fn rotate(&self, link: &Link, token: &BearerToken) -> Result<BearerToken, ApiError> {
        self.note(Request::Rotate { endpoint: link.endpoint().clone(), token: token.reveal().to_owned() });
        next(&self.rotations).unwrap_or_else(unreachable)
    }

    async fn confirm_rotation(&self, link: &Link, new: &BearerToken) -> Result<(), ApiError> {
        self.note(Request::ConfirmRotation { endpoint: link.endpoint().clone(), token: new.reveal().to_owned() });
        next(&self.confirmations).unwrap_or_else(unreachable)
    }

    async fn revoke_self(&self, link: &Link, token: &BearerToken) -> Result<(), ApiError> {
        self.note(Request::RevokeSelf { endpoint: link.endpoint().clone(), token: token.reveal().to_owned() });
        next(&self.revocations).unwrap_or(Ok(()))
    }
}
