//! The host's own pairing knows the daemon's own keys, without having to be told.

use std::sync::Arc;

use tracing::warn;

use crate::domain::acquaintance::Acquaintance;
use crate::domain::daemon_id::DaemonId;
use crate::domain::link::Pins;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError};
use crate::ports::tls_keys::TlsKeys;

/// The host's own pairing, as far as it is about keys.
pub struct OwnPins {
    credentials: Arc<dyn CredentialStore>,
    daemon: DaemonId,
}

impl OwnPins {
    /// The pairing with `daemon` among those of this home.
    pub const fn new(credentials: Arc<dyn CredentialStore>, daemon: DaemonId) -> Self {
        Self { credentials, daemon }
    }

    /// Stores that these are the keys now. A pairing without pins, over loopback, needs none. That it fails is for the log:
    /// the keys are what they are, and the next start tries again.
    pub fn follow(&self, keys: &TlsKeys) {
        if let Err(error) = self.store(keys) {
            warn!(%error, "this host's own pairing does not know the new TLS key; after a restart it does");
        }
    }

    fn store(&self, keys: &TlsKeys) -> Result<(), CredentialStoreError> {
        let Some(pairing) = self.credentials.paired_with(&self.daemon)? else { return Ok(()) };
        let pins = Pins { current: keys.current.pin, next: keys.next.as_ref().map(|next| next.pin) };
        if pairing.known.pins.is_none_or(|known| known == pins) {
            return Ok(());
        }
        self.credentials.remember(&self.daemon, &Acquaintance { pins: Some(pins), ..pairing.known })
    }
}
