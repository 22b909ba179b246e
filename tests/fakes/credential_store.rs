//! A client's pairings in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use netclaw::domain::acquaintance::Acquaintance;
use netclaw::domain::daemon_id::DaemonId;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::token::BearerToken;
use netclaw::ports::credential_store::{CredentialStore, CredentialStoreError, Held, Over, Pairing};

use super::faults::Faults;

/// The latest pairing is the last, and the current one: the port makes no other pairing current.
#[derive(Debug, Default)]
pub struct FakeCredentialStore {
    pub pairings: Mutex<Vec<(Pairing, BearerToken)>>,
    pub staged: Mutex<BTreeMap<DaemonId, BearerToken>>,
    pub faults: Faults,
    /// Why one operation fails, while the others work.
    pub prepare_error: Option<CredentialStoreError>,
    pub save_error: Option<CredentialStoreError>,
    pub forget_error: Option<CredentialStoreError>,
}

impl FakeCredentialStore {
    pub fn with(pairings: Vec<(Pairing, BearerToken)>) -> Self {
        Self { pairings: Mutex::new(pairings), ..Self::default() }
    }

    /// With a new token of this daemon, whose rotation was interrupted.
    pub fn and_staged(self, daemon: DaemonId, new: BearerToken) -> Self {
        self.staged.lock().unwrap().insert(daemon, new);
        self
    }

    pub fn pairings(&self) -> Vec<Pairing> {
        self.pairings.lock().unwrap().iter().map(|(pairing, _)| pairing.clone()).collect()
    }
}

impl CredentialStore for FakeCredentialStore {
    fn prepare(&self) -> Result<(), CredentialStoreError> {
        self.faults.check()?;
        self.prepare_error.clone().map_or(Ok(()), Err)
    }

    fn save(&self, pairing: &Pairing, token: &BearerToken) -> Result<(), CredentialStoreError> {
        self.faults.check()?;
        self.save_error.clone().map_or(Ok(()), Err)?;
        let mut pairings = self.pairings.lock().unwrap();
        pairings.retain(|(old, _)| old.daemon_id != pairing.daemon_id && old.endpoint != pairing.endpoint);
        self.staged.lock().unwrap().remove(&pairing.daemon_id);
        pairings.push((pairing.clone(), token.clone()));
        Ok(())
    }

    fn save_beside(&self, pairing: &Pairing, token: &BearerToken) -> Result<(), CredentialStoreError> {
        let current = self.pairings.lock().unwrap().pop();
        let saved = self.save(pairing, token);
        let replaces = |other: &Pairing| other.daemon_id == pairing.daemon_id || other.endpoint == pairing.endpoint;
        self.pairings.lock().unwrap().extend(current.filter(|(other, _)| saved.is_err() || !replaces(other)));
        saved
    }

    fn stage(&self, daemon_id: &DaemonId, new: &BearerToken) -> Result<bool, CredentialStoreError> {
        self.faults.check()?;
        if self.credential_of(daemon_id)?.is_none() || self.staged(daemon_id)?.is_some() {
            return Ok(false);
        }
        self.staged.lock().unwrap().insert(daemon_id.clone(), new.clone());
        Ok(true)
    }

    fn staged(&self, daemon_id: &DaemonId) -> Result<Option<BearerToken>, CredentialStoreError> {
        Ok(self.staged.lock().unwrap().get(daemon_id).cloned())
    }

    fn adopt(&self, daemon_id: &DaemonId, new: &BearerToken) -> Result<(), CredentialStoreError> {
        self.faults.check()?;
        if self.staged(daemon_id)?.is_some_and(|staged| staged.is_same(new)) {
            self.staged.lock().unwrap().remove(daemon_id);
            let mut pairings = self.pairings.lock().unwrap();
            let of_daemon = pairings.iter_mut().filter(|(pairing, _)| pairing.daemon_id == *daemon_id);
            of_daemon.for_each(|(_, token)| *token = new.clone());
        }
        Ok(())
    }

    fn discard(&self, daemon_id: &DaemonId, new: &BearerToken) -> Result<(), CredentialStoreError> {
        self.faults.check()?;
        self.staged.lock().unwrap().retain(|daemon, staged| daemon != daemon_id || !staged.is_same(new));
        Ok(())
    }

    fn held(&self, daemon_id: &DaemonId) -> Result<Option<Held>, CredentialStoreError> {
        let staged = self.staged(daemon_id)?;
        let all = self.pairings.lock().unwrap();
        let found = all.iter().find(|(pairing, _)| pairing.daemon_id == *daemon_id).cloned();
        Ok(found.map(|(pairing, token)| Held { pairing, token, staged }))
    }

    fn forget_if(&self, daemon_id: &DaemonId, over: &Over) -> Result<bool, CredentialStoreError> {
        let is_over = |held: Held| over.covers(&held.token, held.staged.as_ref());
        let is_over = self.held(daemon_id)?.is_none_or(is_over);
        if is_over {
            self.forget(daemon_id)?;
        }
        Ok(is_over)
    }

    fn forget(&self, daemon_id: &DaemonId) -> Result<(), CredentialStoreError> {
        self.faults.check()?;
        self.forget_error.clone().map_or(Ok(()), Err)?;
        self.pairings.lock().unwrap().retain(|(pairing, _)| pairing.daemon_id != *daemon_id);
        self.staged.lock().unwrap().remove(daemon_id);
        Ok(())
    }

    fn make_current(&self, daemon_id: &DaemonId) -> Result<(), CredentialStoreError> {
        self.pairings.lock().unwrap().sort_by_key(|(pairing, _)| pairing.daemon_id == *daemon_id);
        Ok(())
    }

    fn remember(&self, daemon_id: &DaemonId, known: &Acquaintance) -> Result<(), CredentialStoreError> {
        let mut all = self.pairings.lock().unwrap();
        all.iter_mut().filter(|(pairing, _)| pairing.daemon_id == *daemon_id).for_each(|(pairing, _)| {
            pairing.known = known.clone();
        });
        Ok(())
    }

    fn all(&self) -> Result<Vec<Pairing>, CredentialStoreError> {
        Ok(self.pairings.lock().unwrap().iter().map(|(pairing, _)| pairing.clone()).collect())
    }

    fn current(&self) -> Result<Option<Pairing>, CredentialStoreError> {
        Ok(self.pairings.lock().unwrap().last().map(|(pairing, _)| pairing.clone()))
    }

    fn paired_with(&self, daemon_id: &DaemonId) -> Result<Option<Pairing>, CredentialStoreError> {
        let pairings = self.pairings.lock().unwrap();
        Ok(pairings.iter().map(|(pairing, _)| pairing).find(|pairing| pairing.daemon_id == *daemon_id).cloned())
    }

    fn credential_of(
        &self,
        daemon_id: &DaemonId,
    ) -> Result<Option<(Option<Pairing>, BearerToken)>, CredentialStoreError> {
        let all = self.pairings.lock().unwrap();
        let found = all.iter().find(|(pairing, _)| pairing.daemon_id == *daemon_id).cloned();
        Ok(found.map(|(pairing, token)| (Some(pairing), token)))
    }

    fn paired_at(&self, endpoint: &Endpoint) -> Result<Option<(Pairing, BearerToken)>, CredentialStoreError> {
        Ok(self.pairings.lock().unwrap().iter().find(|(pairing, _)| pairing.endpoint == *endpoint).cloned())
    }
}
