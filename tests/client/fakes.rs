//! Small stand-ins for the client's and the operator's ports.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use netclaw::domain::acquaintance::Acquaintance;
use netclaw::domain::beacon::{Beacon, Sighting};
use netclaw::domain::client_address::ClientAddress;
use netclaw::domain::client_address::LimitKey;
use netclaw::domain::code::PairingCode;
use netclaw::domain::daemon_id::DaemonId;
use netclaw::domain::device::{DeviceId, ID_BYTES};
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::key_rotation::Urgency;
use netclaw::domain::link::{Link, Meeting};
use netclaw::domain::pake::{ClientHello, DaemonHello, FinishAnswer, FinishRequest};
use netclaw::domain::session::Generation;
use netclaw::domain::terms::Terms;
use netclaw::domain::time::{MonotonicTime, Now, WallTime};
use netclaw::domain::token::{BearerToken, SECRET_BYTES};
use netclaw::ports::clock::Clock;
use netclaw::ports::control_channel::{
    ControlChannel, ControlError, DeviceSummary, KeysReport, LockoutSummary, OpenedPairing, OperatorReport,
    PairingOutcome, Revoked, RotationOutcome,
};
use netclaw::ports::credential_store::{CredentialStore, CredentialStoreError, Pairing};
use netclaw::ports::daemon_api::{
    ApiError, DaemonApi, DaemonReport, DeviceIdentity, Grant, Rejection, StatusReport, TransportReport,
};
use netclaw::ports::daemon_process::{DaemonProcess, HostCredential, StartError};
use netclaw::ports::prompter::{PromptError, Prompter};

pub use crate::fakes::settings_store::FakeSettingsStore as FakeSettings;

pub fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text).unwrap()
}

pub fn daemon_id(number: u8) -> DaemonId {
    DaemonId::of_public_key(&[number; 32])
}

pub fn device_id(number: u8) -> DeviceId {
    DeviceId::from_random([number; ID_BYTES])
}

pub fn token(number: u8) -> BearerToken {
    BearerToken::issue(device_id(number), &[number; SECRET_BYTES])
}

pub fn name(text: &str) -> DeviceName {
    DeviceName::parse(text).unwrap()
}

pub fn pairing(daemon: u8, at: &str) -> Pairing {
    Pairing {
        daemon_id: daemon_id(daemon),
        endpoint: endpoint(at),
        device_name: name("laptop"),
        paired_at: WallTime::from_unix_millis(1_790_000_000_000 + i64::from(daemon)),
        known: Acquaintance::default(),
    }
}

pub fn rejected(why: Rejection) -> ApiError {
    ApiError::Rejected { why, detail: "the daemon's words".to_owned() }
}

pub fn unreachable() -> ApiError {
    ApiError::Unreachable { cause: "connection refused".to_owned() }
}

pub fn daemon_report(daemon: u8) -> DaemonReport {
    DaemonReport {
        id: daemon_id(daemon),
        version: "0.1.0".to_owned(),
        exposure_mode: "local".to_owned(),
        started_at: WallTime::from_unix_millis(1_790_000_000_000),
        uptime: Duration::from_secs(3700),
        restart_pending: false,
    }
}

pub struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Now {
        Now { wall: WallTime::from_unix_millis(1_790_000_000_000), monotonic: MonotonicTime::from_millis(0) }
    }
}

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

/// The number of the device, token and daemon that [`FakeApi`] grants.
pub const GRANTED: u8 = 9;

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
    async fn probe(&self, endpoint: &Endpoint) -> Result<(), ApiError> {
        self.called(format!("probe {endpoint}"));
        self.probe_error.clone().map_or(Ok(()), Err)
    }

    async fn sight(&self, endpoint: &Endpoint, _beacon: &Beacon) -> Result<Sighting, ApiError> {
        self.called(format!("sight {endpoint}"));
        let peer = ClientAddress::of([192, 168, 1, 9].into());
        let sighting = Sighting { peer, client: peer, is_trusted: false, has_header: false };
        self.probe_error.clone().map_or(Ok(sighting), Err)
    }

    async fn meet(&self, endpoint: &Endpoint) -> Result<Meeting, ApiError> {
        let meeting = if endpoint.is_https() { Meeting::PublicCertificate } else { Meeting::Plain };
        self.probe(endpoint).await.map(|()| meeting)
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

/// Pairings in memory.
#[derive(Default)]
pub struct FakeCredentials {
    pub all: Mutex<Vec<(Pairing, BearerToken)>>,
    pub prepare_error: Option<CredentialStoreError>,
    pub save_error: Option<CredentialStoreError>,
    /// The new token of a rotation that was interrupted.
    pub staged: Option<BearerToken>,
    pub forget_error: Option<CredentialStoreError>,
}

impl FakeCredentials {
    pub fn with(all: Vec<(Pairing, BearerToken)>) -> Self {
        Self { all: Mutex::new(all), ..Self::default() }
    }

    pub fn pairings(&self) -> Vec<Pairing> {
        self.all.lock().unwrap().iter().map(|(pairing, _)| pairing.clone()).collect()
    }
}

impl CredentialStore for FakeCredentials {
    fn prepare(&self) -> Result<(), CredentialStoreError> {
        self.prepare_error.clone().map_or(Ok(()), Err)
    }

    fn save(&self, pairing: &Pairing, token: &BearerToken) -> Result<(), CredentialStoreError> {
        if let Some(error) = &self.save_error {
            return Err(error.clone());
        }
        let mut all = self.all.lock().unwrap();
        all.retain(|(other, _)| other.daemon_id != pairing.daemon_id && other.endpoint != pairing.endpoint);
        all.push((pairing.clone(), token.clone()));
        Ok(())
    }

    fn save_beside(&self, pairing: &Pairing, token: &BearerToken) -> Result<(), CredentialStoreError> {
        let current = self.all.lock().unwrap().pop();
        let saved = self.save(pairing, token);
        let replaces = |other: &Pairing| other.daemon_id == pairing.daemon_id || other.endpoint == pairing.endpoint;
        self.all.lock().unwrap().extend(current.filter(|(other, _)| saved.is_err() || !replaces(other)));
        saved
    }

    fn stage(&self, _daemon_id: &DaemonId, _new: &BearerToken) -> Result<bool, CredentialStoreError> {
        Ok(false)
    }

    fn staged(&self, _daemon_id: &DaemonId) -> Result<Option<BearerToken>, CredentialStoreError> {
        Ok(self.staged.clone())
    }

    fn adopt(&self, _daemon_id: &DaemonId, _new: &BearerToken) -> Result<(), CredentialStoreError> {
        Ok(())
    }

    fn discard(&self, _daemon_id: &DaemonId, _new: &BearerToken) -> Result<(), CredentialStoreError> {
        Ok(())
    }

    fn forget(&self, daemon_id: &DaemonId) -> Result<(), CredentialStoreError> {
        if let Some(error) = &self.forget_error {
            return Err(error.clone());
        }
        self.all.lock().unwrap().retain(|(pairing, _)| pairing.daemon_id != *daemon_id);
        Ok(())
    }

    fn make_current(&self, daemon_id: &DaemonId) -> Result<(), CredentialStoreError> {
        self.all.lock().unwrap().sort_by_key(|(pairing, _)| pairing.daemon_id == *daemon_id);
        Ok(())
    }

    fn remember(&self, daemon_id: &DaemonId, known: &Acquaintance) -> Result<(), CredentialStoreError> {
        let mut all = self.all.lock().unwrap();
        all.iter_mut().filter(|(pairing, _)| pairing.daemon_id == *daemon_id).for_each(|(pairing, _)| {
            pairing.known = known.clone();
        });
        Ok(())
    }

    fn all(&self) -> Result<Vec<Pairing>, CredentialStoreError> {
        Ok(self.all.lock().unwrap().iter().map(|(pairing, _)| pairing.clone()).collect())
    }

    fn current(&self) -> Result<Option<Pairing>, CredentialStoreError> {
        Ok(self.pairings().pop())
    }

    fn paired_with(&self, daemon_id: &DaemonId) -> Result<Option<Pairing>, CredentialStoreError> {
        Ok(self.pairings().into_iter().find(|pairing| pairing.daemon_id == *daemon_id))
    }

    fn credential_of(
        &self,
        daemon_id: &DaemonId,
    ) -> Result<Option<(Option<Pairing>, BearerToken)>, CredentialStoreError> {
        let all = self.all.lock().unwrap();
        let found = all.iter().find(|(pairing, _)| pairing.daemon_id == *daemon_id).cloned();
        Ok(found.map(|(pairing, token)| (Some(pairing), token)))
    }

    fn paired_at(&self, endpoint: &Endpoint) -> Result<Option<(Pairing, BearerToken)>, CredentialStoreError> {
        Ok(self.all.lock().unwrap().iter().find(|(pairing, _)| pairing.endpoint == *endpoint).cloned())
    }
}

/// Answers in order; the end of them is the end of the input.
#[derive(Default)]
pub struct FakePrompter {
    pub interactive: bool,
    pub answers: VecDeque<String>,
    pub explained: Vec<String>,
    pub defaults: Vec<String>,
}

impl FakePrompter {
    pub fn person(answers: &[&str]) -> Self {
        Self { interactive: true, ..Self::script(answers) }
    }

    pub fn script(answers: &[&str]) -> Self {
        Self { answers: answers.iter().map(ToString::to_string).collect(), ..Self::default() }
    }

    fn next(&mut self) -> Result<String, PromptError> {
        self.answers.pop_front().ok_or(PromptError::EndOfInput)
    }
}

impl Prompter for FakePrompter {
    fn is_interactive(&self) -> bool {
        self.interactive
    }

    fn code(&mut self) -> Result<String, PromptError> {
        self.next()
    }

    fn device_name(&mut self, default: &DeviceName) -> Result<String, PromptError> {
        self.defaults.push(default.to_string());
        let is_first = self.defaults.len() == 1;
        match self.next() {
            Ok(answer) if answer.is_empty() => Ok(default.to_string()),
            Err(_) if is_first && !self.interactive => Ok(default.to_string()),
            answer => answer,
        }
    }

    fn explain(&mut self, text: &str) {
        self.explained.push(text.to_owned());
    }
}

/// A daemon and its process. It runs or not, and answers as scripted.
#[derive(Default)]
pub struct FakeHost {
    pub running: Mutex<bool>,
    pub start_error: Option<StartError>,
    pub never_ends: bool,
    /// Requests that it does not answer yet, because it is starting.
    pub unanswered: AtomicU32,
    /// Whether the daemon of another command is there when the own one fails to start.
    pub loses_race: bool,
    pub devices: Vec<DeviceSummary>,
    pub lockouts: Vec<LockoutSummary>,
    pub outcomes: Mutex<VecDeque<PairingOutcome>>,
    pub keys: Option<KeysReport>,
    pub rotation: Option<RotationOutcome>,
    /// How the last rotation was asked for.
    pub urgency: Mutex<Option<Urgency>>,
    pub external: Option<Endpoint>,
    pub needs_devices: bool,
}

impl FakeHost {
    pub fn running() -> Self {
        Self { running: Mutex::new(true), ..Self::default() }
    }

    fn check(&self) -> Result<(), ControlError> {
        let step = |unanswered: u32| unanswered.checked_sub(1);
        let is_starting = self.unanswered.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step).is_ok();
        if *self.running.lock().unwrap() && !is_starting { Ok(()) } else { Err(ControlError::NotRunning) }
    }
}

#[async_trait]
impl ControlChannel for FakeHost {
    async fn open_pairing(&self, terms: &Terms) -> Result<OpenedPairing, ControlError> {
        self.check()?;
        Ok(OpenedPairing {
            code: PairingCode::parse("ABCD-EF23").unwrap(),
            generation: Generation::from_number(1),
            expires_at: WallTime::from_unix_millis(1_790_000_300_000),
            expires_in: Duration::from_secs(300),
            terms: terms.clone(),
            endpoint: self.external.clone().unwrap_or_default(),
            caveats: self
                .external
                .is_none()
                .then(|| "this endpoint is reached from this machine only".to_owned())
                .into_iter()
                .collect(),
        })
    }

    async fn keys(&self) -> Result<KeysReport, ControlError> {
        self.check().map(|()| self.keys.clone().unwrap())
    }

    async fn rotate_keys(&self, urgency: Urgency) -> Result<RotationOutcome, ControlError> {
        self.check()?;
        *self.urgency.lock().unwrap() = Some(urgency);
        Ok(self.rotation.clone().unwrap())
    }

    async fn open_beacon(&self) -> Result<Beacon, ControlError> {
        self.check().map(|()| Beacon::from_random([7; 20]))
    }

    async fn pairing_outcome(&self, _generation: Generation) -> Result<PairingOutcome, ControlError> {
        self.check()?;
        Ok(self.outcomes.lock().unwrap().pop_front().unwrap_or(PairingOutcome::Replaced))
    }

    async fn devices(&self) -> Result<Vec<DeviceSummary>, ControlError> {
        self.check().map(|()| self.devices.clone())
    }

    async fn revoke(&self, name: &str) -> Result<Revoked, ControlError> {
        self.check()?;
        let found = self.devices.iter().find(|summary| summary.device.name.as_str() == name);
        let found = found.ok_or_else(|| ControlError::NoSuchDevice(name.to_owned()))?;
        let was_last = self.devices.len() == 1 && self.needs_devices;
        Ok(Revoked { device: found.device.clone(), was_bootstrap: found.bootstrap, was_last })
    }

    async fn rename(&self, old: &str, new: &DeviceName) -> Result<DeviceIdentity, ControlError> {
        self.revoke(old).await.map(|revoked| DeviceIdentity { name: new.clone(), ..revoked.device })
    }

    async fn lockouts(&self) -> Result<Vec<LockoutSummary>, ControlError> {
        self.check().map(|()| self.lockouts.clone())
    }

    async fn clear_lockouts(&self, only: Option<LimitKey>) -> Result<usize, ControlError> {
        self.check()?;
        Ok(self.lockouts.iter().filter(|lockout| only.is_none_or(|key| key == lockout.address)).count())
    }

    async fn metrics(&self) -> Result<String, ControlError> {
        Ok(String::new())
    }

    async fn status(&self) -> Result<OperatorReport, ControlError> {
        self.check()?;
        Ok(OperatorReport {
            daemon: daemon_report(GRANTED),
            pid: 4711,
            listening: Endpoint::default(),
            devices: self.devices.len(),
            lockouts: self.lockouts.len(),
            pairing: None,
        })
    }

    async fn stop(&self) -> Result<(), ControlError> {
        self.check()?;
        *self.running.lock().unwrap() = self.never_ends;
        Ok(())
    }
}

#[async_trait]
impl DaemonProcess for FakeHost {
    async fn start(&self, _credential: HostCredential) -> Result<(), StartError> {
        if let Some(error) = &self.start_error {
            *self.running.lock().unwrap() = self.loses_race;
            return Err(error.clone());
        }
        *self.running.lock().unwrap() = true;
        Ok(())
    }

    fn running(&self) -> Option<u32> {
        self.running.lock().unwrap().then_some(4711)
    }

    async fn wait_until_gone(&self, _at_most: Duration) -> bool {
        self.running().is_none()
    }
}
