//! A client's pairings in `client/config.json` and their tokens in `config/secrets.json`.
//!
//! Two files, so that the one with secrets stays small and the other one can be looked at. They are written one after the
//! other: the token first when a pairing is made, the pairing first when it is forgotten. A crash in between leaves a token
//! that nothing refers to, and the next write drops it.

mod damage;
mod pairings;
mod secrets;

use std::fs::File;
use std::io;

use self::damage::{missing_token, storage};
use self::pairings::Pairings;
use self::secrets::Secrets;
use super::home::Home;
use super::private_file;
use crate::adapters::platform;
use crate::domain::acquaintance::Acquaintance;
use crate::domain::daemon_id::DaemonId;
use crate::domain::endpoint::Endpoint;
use crate::domain::provider_key::ProviderKey;
use crate::domain::token::BearerToken;
use crate::ports::agent_key_store::AgentKeyStore;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Held, Over, Pairing};
use crate::ports::home_inspection::Credentials;

/// Room for one more pairing, in bytes, when the disk is tried.
const ONE_MORE: usize = 4096;

/// The version of both files that this program reads and writes.
const VERSION: u64 = 1;

/// The two files.
pub struct FileCredentialStore {
    home: Home,
    /// Whose files they are.
    owner: u32,
}

impl FileCredentialStore {
    /// The pairings of this home, which is of this process's user. Nothing is read yet.
    pub fn new(home: Home) -> Self {
        Self::of(home, platform::user_id())
    }

    /// Those of a home of `owner`, for root to look at.
    pub(super) const fn of(home: Home, owner: u32) -> Self {
        Self { home, owner }
    }

    /// Keeps other processes from writing, and from reading both files, in between. A reader of one file needs no lock,
    /// because it is replaced as a whole.
    fn lock(&self) -> Result<File, CredentialStoreError> {
        let path = self.home.client_lock_file();
        private_file::lock(&path).map_err(|error| storage("lock", &path, &error))
    }

    /// Keeps other processes from writing in between, so that an old place never goes with a new token.
    fn lock_shared(&self) -> Result<Option<File>, CredentialStoreError> {
        let path = self.home.client_lock_file();
        private_file::lock_shared(&path).map_err(|error| storage("lock", &path, &error))
    }

    fn pairings(&self) -> Result<Pairings, CredentialStoreError> {
        Pairings::read(&self.home.client_file(), self.owner)
    }

    fn secrets(&self) -> Result<Secrets, CredentialStoreError> {
        Secrets::read(&self.home.secrets_file(), self.owner)
    }

    /// Everything that both files hold, read without any other effect; `None` when there is neither.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`] for the first file that cannot be used.
    pub(super) fn look(&self) -> Result<Option<Credentials>, CredentialStoreError> {
        let _lock = self.lock_shared()?;
        let (pairings, secrets) = (self.pairings()?, self.secrets()?);
        let is_there = self.home.client_file().exists() || self.home.secrets_file().exists();
        let current = pairings.current().map(|pairing| pairing.daemon_id.clone());
        let (tokens, staged) = (secrets.all(), secrets.all_staged());
        let look = || Credentials { current, pairings: pairings.into_all(), tokens, staged };
        Ok(is_there.then(look))
    }

    /// Drops the token of a daemon that no pairing refers to.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`].
    pub(super) fn drop_orphan(&self, orphan: &DaemonId) -> Result<(), CredentialStoreError> {
        let _lock = self.lock()?;
        let (pairings, mut secrets) = (self.pairings()?, self.secrets()?);
        secrets.keep(|daemon| daemon != orphan || pairings.with(daemon).is_some());
        self.write_secrets(&secrets)
    }

    /// Adds a pairing in the way of `saved`, or leaves everything as it was.
    fn replace(
        &self,
        pairing: &Pairing,
        token: &BearerToken,
        saved: fn(Pairings, Pairing) -> Pairings,
    ) -> Result<(), CredentialStoreError> {
        let _lock = self.lock()?;
        let (pairings, secrets) = (self.pairings()?, self.secrets()?);
        let after = saved(pairings.clone(), pairing.clone());
        self.write_saved(&pairings, &after, secrets, pairing, token)
    }

    /// Token first, pairing second. A daemon that has moved is forgotten at its old place before that, so that a new token
    /// never stands beside the old place. What a failed write leaves is put back as well as the disk allows; the error is the
    /// first one.
    fn write_saved(
        &self,
        before: &Pairings,
        after: &Pairings,
        old_secrets: Secrets,
        pairing: &Pairing,
        token: &BearerToken,
    ) -> Result<(), CredentialStoreError> {
        let is_kept = old_secrets.of(&pairing.daemon_id).is_some_and(|old| old.reveal() == token.reveal());
        if !is_kept && before.with(&pairing.daemon_id).is_some_and(|old| old.endpoint != pairing.endpoint) {
            self.write_pairings(&before.clone().forgotten(&pairing.daemon_id))?;
        }
        let mut secrets = old_secrets.clone();
        secrets.keep(|daemon| before.with(daemon).is_some());
        secrets.insert(pairing.daemon_id.clone(), token.clone());
        if let Err(error) = self.write_secrets(&secrets) {
            // The tokens are as they were, so the pairings may be too.
            let _ = self.write_pairings(before);
            return Err(error);
        }
        self.write_pairings(after).inspect_err(|_| {
            // Back together or not at all: an old place must not meet the new token.
            let _ = self.write_secrets(&old_secrets).and_then(|()| self.write_pairings(before));
        })
    }

    /// Pairing first, token second.
    fn write_forgotten(
        &self,
        pairings: Pairings,
        mut secrets: Secrets,
        daemon: &DaemonId,
    ) -> Result<(), CredentialStoreError> {
        let pairings = pairings.forgotten(daemon);
        self.write_pairings(&pairings)?;
        secrets.keep(|daemon| pairings.with(daemon).is_some());
        self.write_secrets(&secrets)
    }

    /// Ends what was begun with `new`, if that is still what is staged.
    fn change_staged(
        &self,
        daemon: &DaemonId,
        new: &BearerToken,
        change: impl FnOnce(&mut Secrets),
    ) -> Result<(), CredentialStoreError> {
        let _lock = self.lock()?;
        let mut secrets = self.secrets()?;
        if !secrets.staged(daemon).is_some_and(|staged| staged.is_same(new)) {
            return Ok(());
        }
        change(&mut secrets);
        self.write_secrets(&secrets)
    }

    fn write_pairings(&self, pairings: &Pairings) -> Result<(), CredentialStoreError> {
        let path = self.home.client_file();
        pairings.write(&path).map_err(|error| storage("write", &path, &error))
    }

    fn write_secrets(&self, secrets: &Secrets) -> Result<(), CredentialStoreError> {
        let path = self.home.secrets_file();
        secrets.write(&path).map_err(|error| storage("write", &path, &error))
    }
}

impl AgentKeyStore for FileCredentialStore {
    fn agent_key(&self) -> Result<Option<ProviderKey>, CredentialStoreError> {
        Ok(self.secrets()?.agent_key().cloned())
    }

    fn set_agent_key(&self, key: Option<&ProviderKey>) -> Result<(), CredentialStoreError> {
        let _lock = self.lock()?;
        let mut secrets = self.secrets()?;
        secrets.set_agent_key(key.cloned());
        self.write_secrets(&secrets)
    }
}

impl CredentialStore for FileCredentialStore {
    fn prepare(&self) -> Result<(), CredentialStoreError> {
        let _lock = self.lock()?;
        let size = self.pairings()?.len().max(self.secrets()?.len()).saturating_add(1).saturating_mul(ONE_MORE);
        for path in [self.home.secrets_file(), self.home.client_file()] {
            let tried: io::Result<()> =
                private_file::remove_leftovers(&path).and_then(|()| private_file::rehearse(&path, size));
            tried.map_err(|error| storage("write", &path, &error))?;
        }
        Ok(())
    }

    fn save(&self, pairing: &Pairing, token: &BearerToken) -> Result<(), CredentialStoreError> {
        self.replace(pairing, token, Pairings::saved)
    }

    fn save_beside(&self, pairing: &Pairing, token: &BearerToken) -> Result<(), CredentialStoreError> {
        self.replace(pairing, token, Pairings::saved_beside)
    }

    fn stage(&self, daemon_id: &DaemonId, new: &BearerToken) -> Result<bool, CredentialStoreError> {
        let _lock = self.lock()?;
        let mut secrets = self.secrets()?;
        if self.pairings()?.with(daemon_id).is_none() || secrets.staged(daemon_id).is_some() {
            return Ok(false);
        }
        secrets.stage(daemon_id.clone(), new.clone());
        self.write_secrets(&secrets)?;
        Ok(true)
    }

    fn staged(&self, daemon_id: &DaemonId) -> Result<Option<BearerToken>, CredentialStoreError> {
        Ok(self.secrets()?.staged(daemon_id).cloned())
    }

    fn adopt(&self, daemon_id: &DaemonId, new: &BearerToken) -> Result<(), CredentialStoreError> {
        self.change_staged(daemon_id, new, |secrets| secrets.insert(daemon_id.clone(), new.clone()))
    }

    fn discard(&self, daemon_id: &DaemonId, new: &BearerToken) -> Result<(), CredentialStoreError> {
        self.change_staged(daemon_id, new, |secrets| secrets.unstage(daemon_id))
    }

    fn held(&self, daemon_id: &DaemonId) -> Result<Option<Held>, CredentialStoreError> {
        let _lock = self.lock_shared()?;
        let (pairings, secrets) = (self.pairings()?, self.secrets()?);
        let stored = pairings.with(daemon_id).zip(secrets.of(daemon_id));
        Ok(stored.map(|(pairing, token)| Held {
            pairing: pairing.clone(),
            token: token.clone(),
            staged: secrets.staged(daemon_id).cloned(),
        }))
    }

    fn forget_if(&self, daemon_id: &DaemonId, over: &Over) -> Result<bool, CredentialStoreError> {
        let _lock = self.lock()?;
        let (pairings, secrets) = (self.pairings()?, self.secrets()?);
        let is_over = |token| over.covers(token, secrets.staged(daemon_id));
        if !secrets.of(daemon_id).is_none_or(is_over) {
            return Ok(false);
        }
        self.write_forgotten(pairings, secrets, daemon_id)?;
        Ok(true)
    }

    fn forget(&self, daemon_id: &DaemonId) -> Result<(), CredentialStoreError> {
        let _lock = self.lock()?;
        self.write_forgotten(self.pairings()?, self.secrets()?, daemon_id)
    }

    fn make_current(&self, daemon_id: &DaemonId) -> Result<(), CredentialStoreError> {
        let _lock = self.lock()?;
        self.write_pairings(&self.pairings()?.chosen(daemon_id))
    }

    fn remember(&self, daemon_id: &DaemonId, known: &Acquaintance) -> Result<(), CredentialStoreError> {
        let _lock = self.lock()?;
        self.write_pairings(&self.pairings()?.acquainted(daemon_id, known))
    }

    fn all(&self) -> Result<Vec<Pairing>, CredentialStoreError> {
        let mut all = self.pairings()?.into_all();
        all.sort_by_key(|pairing| pairing.paired_at);
        Ok(all)
    }

    fn current(&self) -> Result<Option<Pairing>, CredentialStoreError> {
        Ok(self.pairings()?.current().cloned())
    }

    fn paired_with(&self, daemon_id: &DaemonId) -> Result<Option<Pairing>, CredentialStoreError> {
        Ok(self.pairings()?.with(daemon_id).cloned())
    }

    fn credential_of(
        &self,
        daemon_id: &DaemonId,
    ) -> Result<Option<(Option<Pairing>, BearerToken)>, CredentialStoreError> {
        let _lock = self.lock_shared()?;
        let (pairings, secrets) = (self.pairings()?, self.secrets()?);
        Ok(secrets.of(daemon_id).map(|token| (pairings.with(daemon_id).cloned(), token.clone())))
    }

    fn paired_at(&self, endpoint: &Endpoint) -> Result<Option<(Pairing, BearerToken)>, CredentialStoreError> {
        let _lock = self.lock_shared()?;
        let pairings = self.pairings()?;
        let Some(pairing) = pairings.at(endpoint) else { return Ok(None) };
        match self.secrets()?.of(&pairing.daemon_id) {
            Some(token) => Ok(Some((pairing.clone(), token.clone()))),
            None => Err(missing_token(&self.home.secrets_file(), pairing)),
        }
    }
}
