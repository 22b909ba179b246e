//! A daemon that grants what is asked for, unless it is told to refuse.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use netclaw::domain::beacon::{Beacon, Sighting};
use netclaw::domain::client_address::ClientAddress;
use netclaw::domain::code::PairingCode;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::link::{Link, Meeting};
use netclaw::domain::pake::{ClientHello, DaemonHello, FinishAnswer, FinishRequest};
use netclaw::domain::time::WallTime;
use netclaw::domain::token::BearerToken;
use netclaw::ports::daemon_api::{
    ApiError, DaemonApi, DeviceIdentity, Grant, Rejection, StatusReport, TransportReport,
};

use super::samples::{GRANTED, daemon_id, daemon_report, device_id, name, token, unreachable};

/// A daemon that answers exchanges as scripted and then grants; every call is written down in order.
#[derive(Default)]
pub struct FakeApi {
    pub exchanges: Mutex<VecDeque<ApiError>>,
    pub probe_error: Option<ApiError>,
    pub status_error: Option<ApiError>,
    /// When the credential of whoever asks ends.
    pub expires_at: Option<WallTime>,
    pub revoke_error: Option<ApiError>,
    pub transport: Option<TransportReport>,
    pub calls: Mutex<Vec<String>>,
}

impl FakeApi {
    pub fn rejecting(errors: impl IntoIterator<Item = ApiError>) -> Self {
        Self { exchanges: Mutex::new(errors.into_iter().collect()), ..Self::default() }
    }

    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn called(&self, call: String) {
        self.calls.lock().unwrap().push(call);
    }
}

#[async_trait]
impl DaemonApi for FakeApi {
    async fn probe(&self, link: &Link) -> Result<(), ApiError> {
        let endpoint = link.endpoint();
        self.called(format!("probe {endpoint}"));
        self.probe_error.clone().map_or(Ok(()), Err)
    }

    async fn sight(&self, link: &Link, _beacon: &Beacon) -> Result<Sighting, ApiError> {
        let endpoint = link.endpoint();
        self.called(format!("sight {endpoint}"));
        let peer = ClientAddress::of([192, 168, 1, 9].into());
        let sighting = Sighting { peer, client: peer, is_trusted: false, has_header: false };
        self.probe_error.clone().map_or(Ok(sighting), Err)
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
        self.called(format!("exchange {} {} {name}", link.endpoint(), code.reveal()));
        match self.exchanges.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => Ok(Grant {
                token: token(GRANTED),
                device: DeviceIdentity { id: device_id(GRANTED), name: name.clone() },
                daemon_id: daemon_id(GRANTED),
            }),
        }
    }

    async fn status<'a>(&self, link: &Link, token: Option<&'a BearerToken>) -> Result<StatusReport, ApiError> {
        let device = token.map(BearerToken::device);
        self.called(format!("status {} {}", link.endpoint(), device.map_or("nobody".to_owned(), |id| id.to_string())));
        let device = device.map(|id| DeviceIdentity { id, name: name("laptop") });
        let transport = self.transport.clone();
        self.status_error.clone().map_or(
            Ok(StatusReport { daemon: daemon_report(GRANTED), device, expires_at: self.expires_at, transport }),
            Err,
        )
    }

    async fn rotate(&self, link: &Link, _token: &BearerToken) -> Result<BearerToken, ApiError> {
        self.called(format!("rotate {}", link.endpoint()));
        Err(unreachable())
    }

    async fn confirm_rotation(&self, link: &Link, _new: &BearerToken) -> Result<(), ApiError> {
        self.called(format!("confirm {}", link.endpoint()));
        Err(unreachable())
    }

    async fn revoke_self(&self, link: &Link, token: &BearerToken) -> Result<(), ApiError> {
        self.called(format!("revoke {} {}", link.endpoint(), token.device()));
        self.revoke_error.clone().map_or(Ok(()), Err)
    }
}
