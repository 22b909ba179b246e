//! `config/secrets.json`: the tokens, by daemon.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::VERSION;
use super::damage::{malformed, read};
use crate::adapters::file::private_file;
use crate::domain::daemon_id::DaemonId;
use crate::domain::token::BearerToken;
use crate::ports::credential_store::CredentialStoreError;

/// All tokens, wiped on drop.
#[derive(Clone, Default)]
pub(super) struct Secrets(BTreeMap<DaemonId, BearerToken>);

/// Borrows the tokens, from the content of the file or from memory, so that no copy outlives either.
#[derive(Serialize, Deserialize)]
struct Document<'a> {
    version: u64,
    #[serde(borrow)]
    tokens: BTreeMap<&'a str, &'a str>,
}

impl Secrets {
    /// Reads the file of `owner`; no file is no tokens.
    ///
    /// # Errors
    ///
    /// [`CredentialStoreError`], whose text never quotes the file.
    pub(super) fn read(path: &Path, owner: u32) -> Result<Self, CredentialStoreError> {
        let Some(content) = read(path, owner)? else { return Ok(Self::default()) };
        let document: Document<'_> =
            serde_json::from_slice(&content).map_err(|_| malformed(path, "it is not valid"))?;
        let parse = |(id, token): (&str, &str)| Some((DaemonId::parse(id)?, BearerToken::parse(token).ok()?));
        let tokens: Option<_> = document.tokens.into_iter().map(parse).collect();
        tokens.map(Self).ok_or_else(|| malformed(path, "an entry in it is not valid"))
    }

    /// Replaces the file.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let tokens = self.0.iter().map(|(id, token)| (id.as_str(), token.reveal())).collect();
        let document = Document { version: VERSION, tokens };
        private_file::write(path, |file| {
            serde_json::to_writer_pretty(&mut *file, &document)?;
            file.write_all(b"\n")
        })
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn into_all(self) -> Vec<(DaemonId, BearerToken)> {
        self.0.into_iter().collect()
    }

    pub(super) fn of(&self, daemon: &DaemonId) -> Option<&BearerToken> {
        self.0.get(daemon)
    }

    pub(super) fn insert(&mut self, daemon: DaemonId, token: BearerToken) {
        self.0.insert(daemon, token);
    }

    /// Drops the tokens of all other daemons.
    pub(super) fn keep(&mut self, of: impl Fn(&DaemonId) -> bool) {
        self.0.retain(|daemon, _| of(daemon));
    }
}
