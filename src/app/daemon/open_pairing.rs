//! Opening a pairing session, and watching what becomes of it.

use std::sync::Arc;

use thiserror::Error;
use tracing::{info, warn};

use super::DaemonPorts;
use super::public_endpoint::{PublicEndpoint, Reached};
use crate::domain::device_name::DeviceName;
use crate::domain::pairing_link::PairingLink;
use crate::domain::session::{
    CODE_LIFE, Generation, LINK_SESSION_RANDOM_BYTES, PairingSession, Phase, SESSION_RANDOM_BYTES,
};
use crate::domain::settings::Settings;
use crate::domain::terms::Terms;
use crate::ports::control_channel::{OpenedPairing, PairingOutcome};
use crate::ports::daemon_api::DeviceIdentity;
use crate::ports::rng::RandomUnavailable;
use crate::ports::storage::StorageError;
use crate::ports::tls_keys::TlsKeyStore;

/// Why no session was opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenPairingError {
    /// The name that the device is to have is in use, perhaps by a device whose credential has expired.
    #[error("another device is already named \"{0}\"")]
    NameTaken(DeviceName),
    /// There is no randomness to make a code from.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The slot is out of reach.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Opens pairing sessions for the operator.
pub struct OpenPairing {
    ports: DaemonPorts,
    public: PublicEndpoint,
    /// Its own TLS keys, which links pin.
    keys: Arc<dyn TlsKeyStore>,
    /// Whether the fresh code is logged (`Daemon.LogPairingCode`).
    log_code: bool,
}

impl OpenPairing {
    /// The use case of a daemon with these settings and TLS keys.
    pub fn new(ports: DaemonPorts, settings: &Settings, keys: Arc<dyn TlsKeyStore>) -> Self {
        let public = PublicEndpoint::new(Arc::clone(&ports.exposure), settings);
        Self { ports, public, keys, log_code: settings.log_pairing_code }
    }

    /// Opens a session in the place of any other, whose code is dead from then on, for a device under these terms.
    ///
    /// A name that becomes taken afterwards is refused when the device is stored.
    ///
    /// # Errors
    ///
    /// [`OpenPairingError`]; an earlier session may live on.
    ///
    /// # Security
    ///
    /// The one place where a code reaches a log, and only if the configuration wants it.
    pub async fn open(&self, terms: Terms) -> Result<OpenedPairing, OpenPairingError> {
        let Reached { endpoint, caveats } = self.prepare(&terms).await?;
        let now = self.ports.clock.now();
        let mut random = zeroize::Zeroizing::new([0; SESSION_RANDOM_BYTES]);
        self.ports.rng.fill(random.as_mut_slice())?;
        let opened = PairingSession::open(*random, terms.clone(), now);
        self.ports.slot.replace(opened.session).await?;
        self.ports.meter.code_opened();
        if self.log_code {
            info!("Pairing code: {} (run: netclaw pair {endpoint})", opened.code.reveal());
        } else {
            info!("a pairing session was opened");
        }
        let (code, generation, expires_at) = (opened.code, opened.generation, opened.expires_at);
        Ok(OpenedPairing { code, generation, expires_at, expires_in: CODE_LIFE, endpoint, caveats, terms })
    }

    /// Opens a session for a link in the place of any other, as [`OpenPairing::open`] does for a code.
    ///
    /// # Errors
    ///
    /// [`OpenPairingError`]; an earlier session may live on.
    ///
    /// # Security
    ///
    /// The link is never logged, whatever the configuration says of codes.
    pub async fn open_link(&self, terms: Terms) -> Result<OpenedPairing<PairingLink>, OpenPairingError> {
        let Reached { endpoint, caveats } = self.prepare(&terms).await?;
        let now = self.ports.clock.now();
        let mut random = zeroize::Zeroizing::new([0; LINK_SESSION_RANDOM_BYTES]);
        self.ports.rng.fill(random.as_mut_slice())?;
        let opened = PairingSession::open_link(&random, terms.clone(), now);
        self.ports.slot.replace(opened.session).await?;
        self.ports.meter.code_opened();
        info!("a pairing session was opened for a link");
        let (generation, expires_at) = (opened.generation, opened.expires_at);
        let code = PairingLink::new(endpoint.clone(), self.keys.keys().current.pin, opened.code);
        Ok(OpenedPairing { code, generation, expires_at, expires_in: CODE_LIFE, endpoint, caveats, terms })
    }

    /// Sees that the terms can be kept, and where the daemon is reached. Asking a tunnel takes time, which must not be taken
    /// from the code's.
    async fn prepare(&self, terms: &Terms) -> Result<Reached, OpenPairingError> {
        match &terms.name {
            Some(name) if self.ports.devices.find_named(&name.key()).await?.is_some() => {
                Err(OpenPairingError::NameTaken(name.clone()))
            }
            _ => Ok(self.public.find().await),
        }
    }

    /// What became of the session with this name. Whoever asks is the operator, who is there.
    pub async fn outcome(&self, generation: Generation) -> PairingOutcome {
        let now = self.ports.clock.now().monotonic;
        let applicant = self.ports.slot.attend(generation, now).await;
        match self.ports.slot.current(now).await {
            Some((current, Phase::Asking { remaining })) if current == generation => match applicant {
                Some(applicant) => PairingOutcome::Asking { applicant, remaining },
                None => PairingOutcome::Phase(Phase::Asking { remaining }),
            },
            Some((current, phase)) if current == generation => self.outcome_of(phase).await,
            _ => PairingOutcome::Replaced,
        }
    }

    /// Takes the operator's answer about the device that asks, and says whether it was in time.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the slot is out of reach.
    pub async fn decide(&self, generation: Generation, agrees: bool) -> Result<bool, StorageError> {
        let was_taken = self.ports.slot.decide(generation, agrees, self.ports.clock.now().monotonic).await?;
        info!(agrees, in_time = was_taken, "the operator has answered about a device");
        Ok(was_taken)
    }

    async fn outcome_of(&self, phase: Phase) -> PairingOutcome {
        let Phase::Paired { device: id } = phase else { return PairingOutcome::Phase(phase) };
        let found = self.ports.devices.find(id).await.unwrap_or_else(|error| {
            warn!(%error, "the device that was just paired cannot be read");
            None
        });
        let name = found.map(|device| device.name().clone());
        name.map_or(PairingOutcome::Phase(phase), |name| PairingOutcome::Paired(DeviceIdentity { id, name }))
    }
}
