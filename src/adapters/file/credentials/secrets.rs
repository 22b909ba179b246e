//! `config/secrets.json`: the tokens, by daemon, and those that are to replace them; on a host also the key of its agent.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::VERSION;
use super::damage::{malformed, read};
use crate::adapters::file::private_file;
use crate::domain::daemon_id::DaemonId;
use crate::domain::provider_key::ProviderKey;
use crate::domain::token::BearerToken;
use crate::ports::credential_store::CredentialStoreError;

/// All tokens, wiped on drop.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    tokens: BTreeMap<DaemonId, BearerToken>,
    /// New ones that are not known to be confirmed.
    staged: BTreeMap<DaemonId, BearerToken>,
    /// What the agent's provider knows this host by.
    agent_key: Option<ProviderKey>,
}

/// Borrows the tokens, from the content of the file or from memory, so that no copy outlives either.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: u64,
    #[serde(borrow)]
    tokens: BTreeMap<&'a str, &'a str>,
    /// Written only during a rotation.
    #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
    staged: BTreeMap<&'a str, &'a str>,
    /// Only on hosts whose agent needs one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    agent_key: Option<Cow<'a, str>>,
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
        let staged: Option<_> = document.staged.into_iter().map(parse).collect();
        let no_key = || malformed(path, "the agentKey in it is not valid");
        let key = |key: Cow<'_, str>| ProviderKey::parse(&Zeroizing::new(key.into_owned())).ok_or_else(no_key);
        let agent_key = document.agent_key.map(key).transpose()?;
        let all = tokens.zip(staged).map(|(tokens, staged)| Self { tokens, staged, agent_key });
        all.ok_or_else(|| malformed(path, "an entry in it is not valid"))
    }

    /// Replaces the file.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let document = Document {
            version: VERSION,
            tokens: revealed(&self.tokens),
            staged: revealed(&self.staged),
            agent_key: self.agent_key.as_ref().map(|key| Cow::Borrowed(key.reveal())),
        };
        private_file::write(path, |file| {
            serde_json::to_writer_pretty(&mut *file, &document)?;
            file.write_all(b"\n")
        })
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// All tokens.
    pub(super) fn all(&self) -> Vec<(DaemonId, BearerToken)> {
        listed(&self.tokens)
    }

    /// All tokens that are to replace one.
    pub(super) fn all_staged(&self) -> Vec<(DaemonId, BearerToken)> {
        listed(&self.staged)
    }

    pub(super) fn of(&self, daemon: &DaemonId) -> Option<&BearerToken> {
        self.tokens.get(daemon)
    }

    /// The new token of this daemon, which may be confirmed or not.
    pub(super) fn staged(&self, daemon: &DaemonId) -> Option<&BearerToken> {
        self.staged.get(daemon)
    }

    /// Keeps this token of a new pairing and no other of the daemon.
    pub(super) fn insert(&mut self, daemon: DaemonId, token: BearerToken) {
        self.staged.remove(&daemon);
        self.tokens.insert(daemon, token);
    }

    /// Keeps this token beside the one of the daemon.
    pub(super) fn stage(&mut self, daemon: DaemonId, token: BearerToken) {
        self.staged.insert(daemon, token);
    }

    /// Drops the new token of this daemon.
    pub(super) fn unstage(&mut self, daemon: &DaemonId) {
        self.staged.remove(daemon);
    }

    /// What the agent's provider knows this host by.
    pub(super) const fn agent_key(&self) -> Option<&ProviderKey> {
        self.agent_key.as_ref()
    }

    /// Keeps this key, or none.
    pub(super) fn set_agent_key(&mut self, key: Option<ProviderKey>) {
        self.agent_key = key;
    }

    /// Drops the tokens of all other daemons.
    pub(super) fn keep(&mut self, of: impl Fn(&DaemonId) -> bool) {
        self.tokens.retain(|daemon, _| of(daemon));
        self.staged.retain(|daemon, _| of(daemon));
    }
}

fn listed(tokens: &BTreeMap<DaemonId, BearerToken>) -> Vec<(DaemonId, BearerToken)> {
    tokens.iter().map(|(id, token)| (id.clone(), token.clone())).collect()
}

fn revealed(tokens: &BTreeMap<DaemonId, BearerToken>) -> BTreeMap<&str, &str> {
    tokens.iter().map(|(id, token)| (id.as_str(), token.reveal())).collect()
}
