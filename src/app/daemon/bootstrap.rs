//! The host's own credential, seeded at the first start where loopback is not trusted.
//!
//! The token is stored before the device that it belongs to: a crash in between leaves a token that nothing knows and a home
//! without devices, where the next start seeds again.

use std::sync::Arc;

use thiserror::Error;
use tracing::{info, warn};
use zeroize::Zeroizing;

use crate::domain::acquaintance::Acquaintance;
use crate::domain::bootstrap::{self, Decision, Found, NoWayIn};
use crate::domain::daemon_id::DaemonId;
use crate::domain::device::{DEVICE_RANDOM_BYTES, Device, is_authentic};
use crate::domain::device_name::{DeviceName, NameError};
use crate::domain::endpoint::Endpoint;
use crate::domain::settings::Settings;
use crate::domain::time::WallTime;
use crate::domain::token::BearerToken;
use crate::ports::clock::Clock;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Pairing};
use crate::ports::device_store::{DeviceStore, StoreNameError};
use crate::ports::rng::{RandomUnavailable, Rng};
use crate::ports::storage::StorageError;

/// Why the daemon must not start, or the host has no credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BootstrapError {
    /// Nobody could use the daemon.
    #[error(transparent)]
    NoWayIn(#[from] NoWayIn),
    /// The host's own credentials cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialStoreError),
    /// The devices cannot be read or changed.
    #[error("the host's own device could not be stored: {0}")]
    Storage(#[from] StorageError),
    /// There is no randomness to make a token from.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The machine's name gives no device name.
    #[error("no name for the host's own device: {0}")]
    Name(#[from] NameError),
}

/// Looks after the host's own credential.
pub struct Bootstrap {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// The paired devices.
    pub devices: Arc<dyn DeviceStore>,
    /// The host's own pairings, as a client has them.
    pub credentials: Arc<dyn CredentialStore>,
    /// This daemon.
    pub daemon_id: DaemonId,
    /// What its devices know it by.
    pub known: Acquaintance,
    /// The machine's own name.
    pub host_name: String,
}

impl Bootstrap {
    /// Makes sure at a start that someone can authenticate, and seeds the host's own device at the first one.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`]; the daemon must not serve then.
    pub async fn ensure(&self, settings: &Settings) -> Result<(), BootstrapError> {
        let now = self.clock.now().wall;
        let devices = self.devices.list().await?;
        let devices: Vec<&Device> = devices.iter().map(AsRef::as_ref).collect();
        self.settle_rotation(&devices, now)?;
        let own = self.credentials.credential_of(&self.daemon_id)?;
        let device = |token: &BearerToken| devices.iter().find(|device| device.id() == token.device()).copied();
        let now = self.clock.now().wall;
        let found = Found {
            mode: settings.mode,
            is_untouched: self.devices.is_untouched().await?,
            own: own.as_ref().and_then(|(_, token)| Some((token, device(token)?))),
            devices: &devices,
            now,
        };
        match (bootstrap::decide(found)?, own) {
            (Decision::Seed, own) => {
                if own.is_some() {
                    warn!("this host had a credential, but there is no file of devices; a new one is begun");
                }
                self.seed(settings).await
            }
            (Decision::Proceed, Some((pairing, token))) => match device(&token) {
                Some(own) if own.record().bootstrap && is_authentic(&token, Some(own), now) => {
                    self.follow(settings, pairing, own.name(), &token)
                }
                _ => Ok(()),
            },
            (Decision::Proceed, None) => Ok(()),
        }
    }

    /// Gives the host a credential again, whatever became of the old one: a new secret for its device, or a new device.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`].
    pub async fn renew(&self, settings: &Settings) -> Result<(), BootstrapError> {
        let devices = self.devices.list().await?;
        let Some(device) = devices.iter().find(|device| device.record().bootstrap) else {
            return self.seed(settings).await;
        };
        let (salt, token) = device.renewed_secret(&*self.random()?);
        self.store(settings, device.name(), &token)?;
        self.devices.replace_secret(device.id(), salt, token.hash(&salt)).await?;
        info!(device = %device.name(), id = %device.id(), "gave this host a new credential");
        Ok(())
    }

    /// Takes the host's new token where a rotation was interrupted after the daemon had confirmed it: the old one is dead. A
    /// token that is not confirmed is left for the command that confirms it.
    fn settle_rotation(&self, devices: &[&Device], now: WallTime) -> Result<(), BootstrapError> {
        let Some(new) = self.credentials.staged(&self.daemon_id)? else { return Ok(()) };
        let device = devices.iter().find(|device| device.id() == new.device()).copied();
        if is_authentic(&new, device, now) {
            self.credentials.adopt(&self.daemon_id, &new)?;
            info!("a new credential of this host, whose rotation was interrupted, is in use");
        }
        Ok(())
    }

    async fn seed(&self, settings: &Settings) -> Result<(), BootstrapError> {
        let mut name = match bootstrap::name_for(&self.host_name) {
            Some(name) => name,
            None => DeviceName::parse("host")?,
        };
        loop {
            let (device, token) = Device::bootstrap(name.clone(), &*self.random()?, self.clock.now().wall);
            let id = device.id();
            if self.devices.find_named(&name.key()).await?.is_none() {
                self.store(settings, &name, &token)?;
                match self.devices.insert(device).await {
                    Ok(()) => {
                        info!(device = %name, %id, "this host is paired with its own daemon");
                        return Ok(());
                    }
                    Err(StoreNameError::Storage(error)) => return Err(error.into()),
                    Err(StoreNameError::NameTaken | StoreNameError::NoSuchDevice) => {}
                }
            }
            name = name.following()?;
        }
    }

    /// Keeps the host's own pairing at the place where the daemon listens now, and brings one back that a crash has lost.
    fn follow(
        &self,
        settings: &Settings,
        pairing: Option<Pairing>,
        name: &DeviceName,
        token: &BearerToken,
    ) -> Result<(), BootstrapError> {
        let (endpoint, known) = (Endpoint::of_listener(settings.listen_address()), self.known_at(settings));
        match pairing {
            Some(pairing) if pairing.endpoint == endpoint && pairing.known == known => Ok(()),
            Some(pairing) => {
                info!(%endpoint, "this host's own pairing follows the daemon");
                Ok(self.credentials.save_beside(&Pairing { endpoint, known, ..pairing }, token)?)
            }
            None => self.store(settings, name, token),
        }
    }

    /// What the host's own pairing knows. Loopback needs no pins, and does without a repair when the keys change.
    fn known_at(&self, settings: &Settings) -> Acquaintance {
        let pins = self.known.pins.filter(|_| !Endpoint::of_listener(settings.listen_address()).is_loopback());
        Acquaintance { pins, ..self.known.clone() }
    }

    fn store(&self, settings: &Settings, name: &DeviceName, token: &BearerToken) -> Result<(), BootstrapError> {
        let pairing = Pairing {
            daemon_id: self.daemon_id.clone(),
            endpoint: Endpoint::of_listener(settings.listen_address()),
            device_name: name.clone(),
            paired_at: self.clock.now().wall,
            known: self.known_at(settings),
        };
        Ok(self.credentials.save_beside(&pairing, token)?)
    }

    fn random(&self) -> Result<Zeroizing<[u8; DEVICE_RANDOM_BYTES]>, RandomUnavailable> {
        let mut random = Zeroizing::new([0; DEVICE_RANDOM_BYTES]);
        self.rng.fill(&mut *random)?;
        Ok(random)
    }
}
