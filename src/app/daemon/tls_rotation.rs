//! The daemon's TLS keys: what clients are told of them, and changing them.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tracing::info;

use super::own_pins::OwnPins;
use crate::domain::identity::IdentityKey;
use crate::domain::key_rotation::{Announcement, Step, Urgency, next_step};
use crate::ports::clock::Clock;
use crate::ports::control_channel::{KeyReport, KeysReport, RotationOutcome};
use crate::ports::daemon_api::{NextKey, TransportReport};
use crate::ports::storage::StorageError;
use crate::ports::tls_keys::{TlsKey, TlsKeyStore, TlsKeys, TlsTerminator};

/// Looks after the daemon's TLS keys.
pub struct TlsRotation {
    clock: Arc<dyn Clock>,
    store: Arc<dyn TlsKeyStore>,
    terminator: Arc<dyn TlsTerminator>,
    identity: Arc<IdentityKey>,
    /// What clients are told, signed once and not at each request.
    told: RwLock<TransportReport>,
    /// Who knows of every change at once.
    own: Option<OwnPins>,
    /// Held over a rotation, so that two at once act one after the other.
    turn: Mutex<()>,
}

impl TlsRotation {
    /// The use case of the daemon with this identity.
    pub fn new(
        clock: Arc<dyn Clock>,
        store: Arc<dyn TlsKeyStore>,
        terminator: Arc<dyn TlsTerminator>,
        identity: Arc<IdentityKey>,
    ) -> Self {
        let told = RwLock::new(told(&identity, &store.keys()));
        Self { clock, store, terminator, identity, told, own: None, turn: Mutex::new(()) }
    }

    /// The same, which also keeps the host's own pairing at the keys that there are.
    #[must_use]
    pub fn followed_by(self, own: OwnPins) -> Self {
        Self { own: Some(own), ..self }
    }

    /// What paired devices are told. No I/O, and no signature is made.
    pub fn report(&self) -> TransportReport {
        // It is replaced whole, so a lock that a panic left behind is as good as new.
        self.told.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the operator is told.
    pub fn keys(&self) -> KeysReport {
        let TlsKeys { current, next } = self.store.keys();
        KeysReport { current: self.key_report(&current), next: next.map(|next| self.key_report(&next)) }
    }

    /// Takes the next step of a rotation: announces a next key, or switches to it. The next handshake is made with the new
    /// key; connections that are open stay. This writes files.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when a key could not be made, put in use or stored: everything is as it was.
    pub fn rotate(&self, urgency: Urgency) -> Result<RotationOutcome, StorageError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now().wall;
        let next = self.store.keys().next;
        match next_step(urgency, next.map(|next| now.since(next.created_at))) {
            Err(why) => Ok(RotationOutcome::NotYet(why)),
            Ok(Step::Announce) => {
                let keys = self.store.prepare_next()?;
                self.tell(&keys);
                let next = keys.next.unwrap_or(keys.current);
                info!(pin = %next.pin, "announced the next TLS key");
                Ok(RotationOutcome::Announced(self.key_report(&next)))
            }
            Ok(Step::Switch) => {
                let keys = self.switch()?;
                self.tell(&keys);
                info!(pin = %keys.current.pin, "switched to the next TLS key");
                Ok(RotationOutcome::Switched(self.key_report(&keys.current)))
            }
        }
    }

    /// Puts the next key in use, and then makes that durable: what cannot be used is never stored as the one in use. Clients
    /// know both keys in between.
    fn switch(&self) -> Result<TlsKeys, StorageError> {
        let TlsKeys { current, next } = self.store.keys();
        if let Some(next) = next {
            self.terminator.present(&next)?;
        }
        self.store.switch().inspect_err(|_| {
            // It was in use a moment ago.
            let _ = self.terminator.present(&current);
        })
    }

    fn tell(&self, keys: &TlsKeys) {
        *self.told.write().unwrap_or_else(PoisonError::into_inner) = told(&self.identity, keys);
        self.own.iter().for_each(|own| own.follow(keys));
    }

    fn key_report(&self, key: &TlsKey) -> KeyReport {
        let age = self.clock.now().wall.since(key.created_at);
        KeyReport { pin: key.pin, created_at: key.created_at, age }
    }
}

fn told(identity: &IdentityKey, keys: &TlsKeys) -> TransportReport {
    let current = keys.current.pin;
    let next = keys.next.as_ref().map(|key| {
        let announcement = Announcement { daemon: identity.id(), current, next: key.pin };
        NextKey { pin: key.pin, signature: announcement.sign(identity) }
    });
    let key_created_at = keys.current.created_at;
    TransportReport { pin: current, next, identity_key: identity.public_key(), key_created_at }
}
