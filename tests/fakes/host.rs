//! A daemon and its process in one, for the commands of the host.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use netclaw::domain::beacon::Beacon;
use netclaw::domain::client_address::LimitKey;
use netclaw::domain::code::PairingCode;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::key_rotation::Urgency;
use netclaw::domain::pairing_link::PairingLink;
use netclaw::domain::session::Generation;
use netclaw::domain::terms::Terms;
use netclaw::domain::time::WallTime;
use netclaw::ports::control_channel::{
    ControlChannel, ControlError, DeviceSummary, KeysReport, LockoutSummary, OpenedPairing, OperatorReport,
    PairingOutcome, Revoked, RotationOutcome,
};
use netclaw::ports::daemon_api::DeviceIdentity;
use netclaw::ports::daemon_process::{DaemonProcess, HostCredential, StartError};

use super::consent::ScriptedConsent;
use super::samples::{GRANTED, as_link, daemon_report};

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
    /// The operator's answers about devices.
    pub decisions: Mutex<Vec<bool>>,
    /// What they are.
    pub consent: ScriptedConsent,
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

    async fn open_link(&self, terms: &Terms) -> Result<OpenedPairing<PairingLink>, ControlError> {
        self.open_pairing(terms).await.map(as_link)
    }

    async fn keys(&self) -> Result<KeysReport, ControlError> {
        self.check()?;
        self.keys.clone().ok_or(ControlError::Broken("there are no keys".to_owned()))
    }

    async fn rotate_keys(&self, urgency: Urgency) -> Result<RotationOutcome, ControlError> {
        self.check()?;
        *self.urgency.lock().unwrap() = Some(urgency);
        Ok(self.rotation.clone().unwrap())
    }

    async fn open_beacon(&self) -> Result<Beacon, ControlError> {
        self.check().map(|()| Beacon::from_random([7; 20]))
    }

    async fn decide_pairing(&self, _generation: Generation, agrees: bool) -> Result<bool, ControlError> {
        self.check()?;
        self.decisions.lock().unwrap().push(agrees);
        Ok(true)
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
        self.check().map(|()| String::new())
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
