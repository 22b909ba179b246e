//! A client's pairings in memory.

use std::sync::Mutex;

use netclaw::domain::acquaintance::Acquaintance;
use netclaw::domain::daemon_id::DaemonId;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::token::BearerToken;
use netclaw::ports::credential_store::{CredentialStore, CredentialStoreError, Pairing};

use super::faults::Faults;

/// The latest pairing is the last, and the current one: the port makes no other pairing current.
#[derive(Debug, Default)]
pub struct FakeCredentialStore {
    pairings: Mutex<Vec<(Pairing, BearerToken)>>,
    pub faults: Faults,
}

impl CredentialStore for FakeCredentialStore {
    fn prepare(&self) -> Result<(), CredentialStoreError> {
        Ok(self.faults.check()?)
    }

    fn save(&self, pairing: &Pairing, token: &BearerToken) -> Result<(), CredentialStoreError> {
        self.faults.check()?;
        let mut pairings = self.pairings.lock().unwrap();
        pairings.retain(|(old, _)| old.daemon_id != pairing.daemon_id && old.endpoint != pairing.endpoint);
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

    fn forget(&self, daemon_id: &DaemonId) -> Result<(), CredentialStoreError> {
        self.faults.check()?;
        self.pairings.lock().unwrap().retain(|(pairing, _)| pairing.daemon_id != *daemon_id);
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
