//! The operator's channel to a daemon that is a few values.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use netclaw::domain::beacon::Beacon;
use netclaw::domain::client_address::LimitKey;
use netclaw::domain::device_name::{DeviceName, NameKey};
use netclaw::domain::key_rotation::Urgency;
use netclaw::domain::pairing_link::PairingLink;
use netclaw::domain::session::Generation;
use netclaw::domain::terms::Terms;
use netclaw::ports::control_channel::{
    ControlChannel, ControlError, DeviceSummary, KeysReport, LockoutSummary, OpenedPairing, OperatorReport,
    PairingOutcome, Revoked, RotationOutcome,
};
use netclaw::ports::daemon_api::DeviceIdentity;

use super::samples::as_link;

/// A daemon that runs while it has a `report`. Openings, outcomes and rotations are scripted; devices and blocks are kept.
#[derive(Debug, Default)]
pub struct FakeControlChannel {
    pub report: Option<OperatorReport>,
    pub openings: Mutex<VecDeque<OpenedPairing>>,
    pub outcomes: Mutex<VecDeque<PairingOutcome>>,
    pub devices: Mutex<Vec<DeviceSummary>>,
    pub lockouts: Mutex<Vec<LockoutSummary>>,
    pub keys: Mutex<Option<KeysReport>>,
    pub rotations: Mutex<VecDeque<RotationOutcome>>,
    pub asked_to_rotate: Mutex<Vec<Urgency>>,
    /// The operator's answers about devices.
    pub decisions: Mutex<Vec<bool>>,
    pub was_stopped: AtomicBool,
}

impl FakeControlChannel {
    fn running(&self) -> Result<&OperatorReport, ControlError> {
        let is_up = !self.was_stopped.load(Ordering::SeqCst);
        self.report.as_ref().filter(|_| is_up).ok_or(ControlError::NotRunning)
    }

    fn next<T>(&self, answers: &Mutex<VecDeque<T>>) -> Result<T, ControlError> {
        self.running()?;
        answers.lock().unwrap().pop_front().ok_or(ControlError::Broken("the script has ended".to_owned()))
    }
}

#[async_trait]
impl ControlChannel for FakeControlChannel {
    async fn open_pairing(&self, terms: &Terms) -> Result<OpenedPairing, ControlError> {
        if let Some(name) =
            terms.name.as_ref().filter(|name| place_of(&self.devices.lock().unwrap(), name.as_str()).is_ok())
        {
            return Err(ControlError::NameTaken(name.clone()));
        }
        Ok(OpenedPairing { terms: terms.clone(), ..self.next(&self.openings)? })
    }

    async fn open_link(&self, terms: &Terms) -> Result<OpenedPairing<PairingLink>, ControlError> {
        self.open_pairing(terms).await.map(as_link)
    }

    async fn open_beacon(&self) -> Result<Beacon, ControlError> {
        self.running().map(|_| Beacon::from_random([7; 20]))
    }

    async fn decide_pairing(&self, _generation: Generation, agrees: bool) -> Result<bool, ControlError> {
        self.running()?;
        self.decisions.lock().unwrap().push(agrees);
        Ok(true)
    }

    async fn pairing_outcome(&self, _generation: Generation) -> Result<PairingOutcome, ControlError> {
        self.next(&self.outcomes)
    }

    async fn devices(&self) -> Result<Vec<DeviceSummary>, ControlError> {
        self.running()?;
        Ok(self.devices.lock().unwrap().clone())
    }

    async fn revoke(&self, name: &str) -> Result<Revoked, ControlError> {
        self.running()?;
        let mut devices = self.devices.lock().unwrap();
        let place = place_of(&devices, name)?;
        let DeviceSummary { device, bootstrap, .. } = devices.remove(place);
        Ok(Revoked { device, was_bootstrap: bootstrap, was_last: devices.is_empty() })
    }

    async fn rename(&self, old: &str, new: &DeviceName) -> Result<DeviceIdentity, ControlError> {
        self.running()?;
        let mut devices = self.devices.lock().unwrap();
        let place = place_of(&devices, old)?;
        if place_of(&devices, new.as_str()).is_ok_and(|other| other != place) {
            return Err(ControlError::NameTaken(new.clone()));
        }
        devices[place].device.name = new.clone();
        Ok(devices[place].device.clone())
    }

    async fn lockouts(&self) -> Result<Vec<LockoutSummary>, ControlError> {
        self.running()?;
        Ok(self.lockouts.lock().unwrap().clone())
    }

    async fn clear_lockouts(&self, only: Option<LimitKey>) -> Result<usize, ControlError> {
        self.running()?;
        let mut lockouts = self.lockouts.lock().unwrap();
        let before = lockouts.len();
        lockouts.retain(|lockout| only.is_some_and(|only| only != lockout.address));
        Ok(before - lockouts.len())
    }

    async fn keys(&self) -> Result<KeysReport, ControlError> {
        self.running()?;
        self.keys.lock().unwrap().clone().ok_or(ControlError::Broken("there are no keys".to_owned()))
    }

    async fn rotate_keys(&self, urgency: Urgency) -> Result<RotationOutcome, ControlError> {
        self.running()?;
        self.asked_to_rotate.lock().unwrap().push(urgency);
        self.next(&self.rotations)
    }

    async fn metrics(&self) -> Result<String, ControlError> {
        self.running().map(|_| "# TYPE netclaw_devices gauge\nnetclaw_devices 1\n".to_owned())
    }

    async fn status(&self) -> Result<OperatorReport, ControlError> {
        self.running().cloned()
    }

    async fn stop(&self) -> Result<(), ControlError> {
        self.running()?;
        self.was_stopped.store(true, Ordering::SeqCst);
        Ok(())
    }
}

fn place_of(devices: &[DeviceSummary], name: &str) -> Result<usize, ControlError> {
    let key = NameKey::of_typed(name);
    let place = devices.iter().position(|summary| summary.device.name.key() == key);
    place.ok_or_else(|| ControlError::NoSuchDevice(name.to_owned()))
}
